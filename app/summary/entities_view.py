"""The dates, amounts and names of a document, with every page they stand on."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.state.session import DocumentSession
from app.state.words import counted
from app.style.theme import Theme, scaled
from app.style.widgets import label, page_spans, spans_words
from engine.library.records import LedgerEntry

KINDS = (("", "All"), ("date", "Dates"), ("amount", "Amounts"), ("name", "Names"))
SHOWN_PAGES = 3
ENTRY = Qt.ItemDataRole.UserRole
AnyIndex = QModelIndex | QPersistentModelIndex


class LedgerModel(QAbstractListModel):
    """The entries of one kind that hold the words that are looked for: dates by themselves in their order, others as
    they come, most important first.
    """

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._all: list[LedgerEntry] = []
        self._entries: list[LedgerEntry] = []
        self._kind = ""
        self._words: list[str] = []

    def set_entries(self, entries: list[LedgerEntry]) -> None:
        if entries != self._all:
            self._all = list(entries)
            self._choose()

    def set_kind(self, kind: str) -> None:
        """date, amount or name; "" for all."""
        self._kind = kind
        self._choose()

    def set_words(self, text: str) -> None:
        self._words = text.casefold().split()
        self._choose()

    def _choose(self) -> None:
        self.beginResetModel()
        wanted = [entry for entry in self._all if self._is_wanted(entry)]
        self._entries = sorted(wanted, key=lambda entry: entry.value) if self._kind == "date" else wanted
        self.endResetModel()

    def _is_wanted(self, entry: LedgerEntry) -> bool:
        text = f"{entry.text} {entry.value}".casefold()
        return self._kind in ("", entry.kind) and all(word in text for word in self._words)

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._entries)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        entry = self._entries[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return entry.text
            case Qt.ItemDataRole.ToolTipRole:
                value = f" ({entry.value})" if entry.value != entry.text else ""
                return f"{entry.text}{value}\nOn {spans_words(page_spans(entry.pages))}"
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{entry.kind} {entry.text}, on {spans_words(page_spans(entry.pages))}"
        return entry if role == ENTRY else None


class LedgerDelegate(QStyledItemDelegate):
    """The entry on the left, its pages on the right."""

    def __init__(self, theme: Theme, parent: QWidget | None = None):
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        return QSize(120, option.fontMetrics.height() + 12)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(option.rect).adjusted(0, 1, -2, -1)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.color("accent_soft" if chosen else "hover"))
            painter.drawRoundedRect(box, 6, 6)
        entry: LedgerEntry = index.data(ENTRY)
        inside = box.adjusted(8, 0, -8, 0)
        painter.setFont(scaled(option.font, 0.9))
        painter.setPen(self._theme.color("accent_text"))
        pages = pages_words(entry.pages)
        width = painter.fontMetrics().horizontalAdvance(pages)
        painter.drawText(inside, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, pages)
        painter.setFont(scaled(option.font, 1.0, QFont.Weight.Medium if chosen else None))
        painter.setPen(self._theme.color("text"))
        room = max(int(inside.width() - width - 16), 20)
        text = painter.fontMetrics().elidedText(entry.text, Qt.TextElideMode.ElideRight, room)
        painter.drawText(inside, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()


def pages_words(pages: list[int]) -> str:
    """The first pages, and how many more there are."""
    more = f" +{len(pages) - SHOWN_PAGES}" if len(pages) > SHOWN_PAGES else ""
    return f"p. {', '.join(str(page) for page in pages[:SHOWN_PAGES])}{more}"


class _EntryList(QListView):
    """`activated` differs by style: with some a click is one already."""

    entered_by_key = Signal(QModelIndex)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.entered_by_key.emit(self.currentIndex())
        else:
            super().keyPressEvent(event)


class LedgerView(QWidget):
    """Entries to look through; a click goes to a page that holds the entry, the next click to the next one."""

    entry_requested = Signal(int, str)
    """(page, the words to mark on it)"""

    def __init__(self, theme: Theme):
        super().__init__()
        self._visited: tuple[LedgerEntry | None, int] = (None, 0)
        self.model = LedgerModel(self)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search")
        self.search.setAccessibleName("Search dates, amounts and names")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self.model.set_words)
        self._kinds = QButtonGroup(self)
        row = QHBoxLayout()
        row.setSpacing(4)
        for place, (kind, words) in enumerate(KINDS):
            choice = QToolButton()
            choice.setText(words)
            choice.setCheckable(True)
            choice.setChecked(place == 0)
            choice.setProperty("role", "segment")
            choice.clicked.connect(lambda _checked=False, kind=kind: self.model.set_kind(kind))
            self._kinds.addButton(choice)
            row.addWidget(choice)
        row.addStretch(1)
        self._bar = QWidget()
        above = QVBoxLayout(self._bar)
        above.setContentsMargins(0, 0, 0, 0)
        above.setSpacing(6)
        above.addWidget(self.search)
        above.addLayout(row)
        self.list = _EntryList()
        self.list.setAccessibleName("Dates, amounts and names")
        self.list.setModel(self.model)
        self.list.setItemDelegate(LedgerDelegate(theme, self.list))
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.clicked.connect(self._visit)
        self.list.entered_by_key.connect(self._visit)
        self._basis = label(role="small", wrap=True)
        self._empty = label(role="muted", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 14, 12, 10)
        column.setSpacing(8)
        column.addWidget(self._bar)
        column.addWidget(self._empty)
        column.addWidget(self.list, 1)
        column.addWidget(self._basis)
        column.addStretch()

    def show_session(self, session: DocumentSession) -> None:
        """Show what there is of the ledger."""
        ledger = session.ledger
        entries = ledger.entries if ledger is not None else []
        self.model.set_entries(entries)
        there = bool(entries)
        for part in (self._bar, self.list):
            part.setVisible(there)
        self._empty.setText(
            "This document holds no dates, amounts or names that were recognised."
            if ledger is not None
            else "The dates, amounts and names of the document stand here, with their pages, once it is summarised."
        )
        self._empty.setVisible(not there)
        left_out = f" {ledger.left_out:,} less frequent entries hidden." if ledger and ledger.left_out else ""
        basis = f"Found by text search on {counted(ledger.pages, 'page', 'pages')}." if ledger and ledger.pages else ""
        self._basis.setText((basis + left_out).strip())
        self._basis.setVisible(there and bool(self._basis.text()))

    def focus_chain(self) -> list[QWidget]:
        """What the tab key goes through, in the order of the screen."""
        return [self.search, *self._kinds.buttons(), self.list]

    def _visit(self, index: QModelIndex) -> None:
        entry: LedgerEntry | None = index.data(ENTRY)
        if entry is None or not entry.pages:
            return
        before, place = self._visited
        place = (place + 1) % len(entry.pages) if before == entry else 0
        self._visited = (entry, place)
        self.entry_requested.emit(entry.pages[place], entry.text)
