"""Beside the document: its bookmarks or headings, or small pictures of its pages; a click goes there."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QHeaderView,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.pages.source import OutlineEntry
from app.pages.thumbnails import Thumbnails
from app.style.theme import Theme
from app.style.translation import tr
from app.style.widgets import FlowLayout, label, plain_tip

PLACE = Qt.ItemDataRole.UserRole
OPEN_LEVELS = 1
"""Levels that are open at first, where there are many entries."""
FEW = 40
"""Entries that are all shown open."""


class OutlinePanel(QWidget):
    """A tree of headings, or the pages of a PDF. The current one, by the page that is shown, is selected."""

    place_requested = Signal(int, float)
    """(page from 1, points from its top)"""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("outlinePanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._items: list[tuple[int, QTreeWidgetItem]] = []
        """(page, item), in the order of the outline"""
        self.tree = QTreeWidget()
        self.tree.setObjectName("outline")
        self.tree.setAccessibleName(tr("Contents"))
        self.tree.setColumnCount(2)
        self.tree.setHeaderHidden(True)
        self.tree.setUniformRowHeights(True)
        self.tree.setFrameShape(QTreeWidget.Shape.NoFrame)
        self.tree.setIndentation(14)
        self.tree.header().setStretchLastSection(False)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.itemClicked.connect(self._go)
        self.tree.itemActivated.connect(self._go)
        self._empty = label(tr("This document has no bookmarks or headings."), "muted", wrap=True, name="outlineEmpty")
        self._empty.setMargin(12)
        self.thumbnails = Thumbnails(theme)
        self.thumbnails.page_requested.connect(lambda page: self.place_requested.emit(page, 0.0))
        self.thumbnails.hide()
        self._choices = QWidget()
        choices = FlowLayout(self._choices, 4)
        self._kinds = QButtonGroup(self)
        for place, words in enumerate((tr("Contents"), tr("Pages"))):
            choice = QToolButton()
            choice.setText(words)
            choice.setCheckable(True)
            choice.setChecked(place == 0)
            choice.setProperty("role", "segment")
            self._kinds.addButton(choice, place)
            choices.addWidget(choice)
        self._kinds.idClicked.connect(lambda _place: self._choose())
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 8, 2, 6)
        column.addWidget(self._choices)
        column.addWidget(self._empty)
        column.addWidget(self.tree, 1)
        column.addWidget(self.thumbnails, 1)
        column.addStretch()
        self.show_entries([])

    @property
    def is_empty(self) -> bool:
        return not self._items

    @property
    def shows_pages(self) -> bool:
        """Return whether the pictures of the pages are shown."""
        return not self.thumbnails.isHidden()

    def set_file(self, path: str, password: str | None) -> None:
        """Offer the pages of this PDF; "" where the document has none to draw."""
        self.thumbnails.set_file(path, password)
        self._kinds.button(1).setVisible(bool(path))
        if not path:
            self._kinds.button(0).setChecked(True)
        self._choose()

    def _choose(self) -> None:
        """Show what is chosen: contents or pages."""
        pages = self._kinds.checkedId() == 1
        self.thumbnails.setVisible(pages)
        self.tree.setVisible(not pages and not self.is_empty)
        self._empty.setVisible(not pages and self.is_empty)

    def show_entries(self, entries: list[OutlineEntry]) -> None:
        """Show these bookmarks or headings; their pages count from 0."""
        self.tree.clear()
        self._items = []
        parents: list[tuple[int, QTreeWidgetItem]] = []
        for entry in entries:
            page = entry.page + 1
            item = QTreeWidgetItem([entry.title, str(page) if page > 0 else ""])
            item.setToolTip(0, plain_tip(entry.title))
            item.setData(0, PLACE, (page, entry.top))
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            while parents and parents[-1][0] >= entry.level:
                parents.pop()
            if parents:
                parents[-1][1].addChild(item)
            else:
                self.tree.addTopLevelItem(item)
            parents.append((entry.level, item))
            if page > 0:
                self._items.append((page, item))
        if len(entries) <= FEW:
            self.tree.expandAll()
        else:
            self.tree.expandToDepth(OPEN_LEVELS - 1)
        self._choose()

    def show_page(self, page: int) -> None:
        """Select the last heading at or before a page, unless the reader is going through the outline."""
        self.thumbnails.show_page(page)
        if self.tree.hasFocus() or not self.isVisible():
            return
        before = [item for at, item in self._items if at <= page]
        if before and self.tree.currentItem() is not before[-1]:
            self.tree.setCurrentItem(before[-1])

    def _go(self, item: QTreeWidgetItem) -> None:
        page, top = item.data(0, PLACE)
        if page > 0:
            self.place_requested.emit(page, top)
