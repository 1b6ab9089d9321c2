"""The dates, amounts and names of a document, each with the sentence it stands in and all its pages."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.state.session import DocumentSession
from app.style.row_delegate import AnyIndex, RowDelegate
from app.style.theme import Theme
from app.style.translation import mark, tr, tr_count
from app.style.widgets import FlowLayout, button, label
from app.style.words import pages_count
from app.summary.entities_model import ENTRY, ORDERS, SNIPPET, EntitiesModel
from engine.grounding.page_references import page_numbers
from engine.library.records import LedgerEntry

KINDS = (("", mark("All")), ("date", mark("Dates")), ("amount", mark("Amounts")), ("name", mark("Names")))
SHOWN_RUNS = 3
"""Runs of pages shown in a row."""


class EntityDelegate(RowDelegate):
    """The entry on the left, its pages on the right, its sentence below."""

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        return QSize(120, round(option.fontMetrics.height() * 1.9) + 14)

    def paint_row(
        self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex, box: QRectF, chosen: bool
    ) -> None:
        entry: LedgerEntry = index.data(ENTRY)
        inside = box.adjusted(8, 5, -8, -4)
        small = self.sized(option, 0.9)
        pages = tr("p. {pages}", pages=page_numbers(entry.pages, SHOWN_RUNS)) if entry.pages else ""
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop
        width = self.draw_text(painter, inside, pages, "accent_text", small, right)
        text = self.sized(option, 1.0, QFont.Weight.Medium)
        self.draw_text(painter, inside.adjusted(0, 0, -width - 14, 0), entry.text, "text", text)
        below = inside.adjusted(0, option.fontMetrics.height() + 1, 0, 0)
        self.draw_text(painter, below, index.data(SNIPPET), "muted", small)


class _EntryList(QListView):
    """`activated` differs by style: with some a click is one already."""

    entered_by_key = Signal(QModelIndex)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.entered_by_key.emit(self.currentIndex())
        else:
            super().keyPressEvent(event)


class EntitiesView(QWidget):
    """Entries to look through; a click goes to a page that contains the entry, the next click to the next one."""

    entry_requested = Signal(int, str)
    """(page, the words to mark on it)"""
    snippets_wanted = Signal(int, object)
    """(document id, list[(page, text)])"""

    def __init__(self, theme: Theme):
        super().__init__()
        self._visited: tuple[LedgerEntry | None, int] = (None, 0)
        self._document: int | None = None
        self._session: DocumentSession | None = None
        self._asked: tuple[int, int] | None = None
        self.model = EntitiesModel(self)
        self.search = QLineEdit()
        self.search.setObjectName("entitySearch")
        self.search.setPlaceholderText(tr("Search"))
        self.search.setAccessibleName(tr("Search dates, amounts and names"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self.model.set_words)
        self._order = QComboBox()
        self._order.setObjectName("entityOrder")
        self._order.setAccessibleName(tr("Order"))
        for value, words in ORDERS:
            self._order.addItem(tr(words), value)
        self._order.currentIndexChanged.connect(lambda _place: self.model.set_order(self._order.currentData()))
        kinds = self._make_kinds()
        self._bar = QWidget()
        above = QVBoxLayout(self._bar)
        above.setContentsMargins(0, 0, 0, 0)
        above.setSpacing(6)
        fields = QHBoxLayout()
        fields.addWidget(self.search, 1)
        fields.addWidget(self._order)
        above.addLayout(fields)
        above.addWidget(kinds)
        self.list = _EntryList()
        self.list.setObjectName("entities")
        self.list.setAccessibleName(tr("Dates, amounts and names"))
        self.list.setModel(self.model)
        self.list.setItemDelegate(EntityDelegate(theme, self.list))
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.clicked.connect(self._visit)
        self.list.entered_by_key.connect(self._visit)
        self._basis = label(role="small", wrap=True, name="entityBasis")
        self._more = button(tr("Show all"), self._toggle_all, "link", "entitiesAll")
        self._more.setProperty("small", "true")
        self._empty = label(role="muted", wrap=True, name="entityEmpty")
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 14, 12, 10)
        column.setSpacing(8)
        column.addWidget(self._bar)
        column.addWidget(self._empty)
        column.addWidget(self.list, 1)
        below = QHBoxLayout()
        below.addWidget(self._basis, 1)
        below.addWidget(self._more, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(below)
        column.addStretch()

    def _make_kinds(self) -> QWidget:
        """Return the buttons that choose dates, amounts or names."""
        self._kinds = QButtonGroup(self)
        kinds = QWidget()
        row = FlowLayout(kinds, 4)
        for place, (kind, words) in enumerate(KINDS):
            choice = QToolButton()
            choice.setText(tr(words))
            choice.setCheckable(True)
            choice.setChecked(place == 0)
            choice.setProperty("role", "segment")
            choice.clicked.connect(lambda _checked=False, kind=kind: self.model.set_kind(kind))
            self._kinds.addButton(choice)
            row.addWidget(choice)
        return kinds

    def show_session(self, session: DocumentSession) -> None:
        """Show the dates, amounts and names that are known."""
        ledger = session.ledger
        if session.document_id != self._document:
            self.model.show_all(False)
        self._document, self._session = session.document_id, session
        entries = ledger.entries if ledger is not None else []
        self.model.set_entries(entries)
        if self._document is not None and entries:
            wanted = (self._document, len(entries))
            if wanted != self._asked:
                self._asked = wanted
                self.snippets_wanted.emit(self._document, self.model.wanted_snippets)
        there = bool(entries)
        for part in (self._bar, self.list):
            part.setVisible(there)
        self._empty.setText(
            tr("No dates, amounts or names were recognised in this document.")
            if ledger is not None
            else tr("Dates, amounts and names appear here when the document is summarised.")
        )
        self._empty.setVisible(not there)
        self._show_basis()

    def _show_basis(self) -> None:
        """Say how many entries are hidden, and offer to show them."""
        if self._session is not None:
            hidden = self.model.hidden_count
            self._basis.setText(basis_words(self._session, hidden))
            self._more.setText(tr("Show all") if hidden else tr("Show fewer"))
            self._more.setVisible(bool(hidden) or self.model.shows_all)
            self._basis.setVisible(self._session.ledger is not None and bool(self._session.ledger.entries))

    def _toggle_all(self) -> None:
        self.model.show_all(not self.model.shows_all)
        self._show_basis()

    def show_snippets(self, document: int, snippets: dict[tuple[int, str], str]) -> None:
        """Show the sentences that the entries of a document stand in."""
        if document == self._document:
            self.model.set_snippets(snippets)

    def focus_chain(self) -> list[QWidget]:
        """Return the widgets in the order of the screen, for the tab key."""
        return [self.search, self._order, *self._kinds.buttons(), self.list, self._more]

    def _visit(self, index: QModelIndex) -> None:
        entry = self.model.entry(index)
        if entry is None or not entry.pages:
            return
        before, place = self._visited
        place = (place + 1) % len(entry.pages) if before == entry else 0
        self._visited = (entry, place)
        self.entry_requested.emit(entry.pages[place], entry.text)


def basis_words(session: DocumentSession, hidden: int = 0) -> str:
    """Return how the entries were found, how many are hidden, and how many were not kept at all."""
    if session.ledger is None:
        return ""
    words = tr("Found by text search on {pages}.", pages=pages_count(session.ledger.pages or session.pages))
    if hidden:
        words += " " + tr_count("{count} less frequent entry hidden.", "{count} less frequent entries hidden.", hidden)
    left_out = session.ledger.left_out
    if left_out:
        words += " " + tr_count(
            "{count} less frequent entry is not listed.", "{count} less frequent entries are not listed.", left_out
        )
    return words
