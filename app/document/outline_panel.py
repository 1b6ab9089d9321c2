"""The outline of the shown document: its bookmarks, or its headings; a click goes there."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from app.pages.source import OutlineEntry
from app.style.translation import tr
from app.style.widgets import label, plain_tip

PLACE = Qt.ItemDataRole.UserRole
OPEN_LEVELS = 1
"""Levels that are open at first, where there are many entries."""
FEW = 40
"""Entries that are all shown open."""


class OutlinePanel(QWidget):
    """A tree of headings. The current one, by the page that is shown, is selected."""

    place_requested = Signal(int, float)
    """(page from 1, points from its top)"""

    def __init__(self) -> None:
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
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 8, 2, 6)
        column.addWidget(label(tr("Contents"), "caption"))
        column.addWidget(self._empty)
        column.addWidget(self.tree, 1)
        column.addStretch()
        self.show_entries([])

    @property
    def is_empty(self) -> bool:
        return not self._items

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
        self._empty.setVisible(not entries)
        self.tree.setVisible(bool(entries))

    def show_page(self, page: int) -> None:
        """Select the last heading at or before a page, unless the reader is going through the outline."""
        if self.tree.hasFocus() or not self.isVisible():
            return
        before = [item for at, item in self._items if at <= page]
        if before and self.tree.currentItem() is not before[-1]:
            self.tree.setCurrentItem(before[-1])

    def _go(self, item: QTreeWidgetItem) -> None:
        page, top = item.data(0, PLACE)
        if page > 0:
            self.place_requested.emit(page, top)
