"""The dates, amounts and names of a document as a Qt list: chosen by kind and words, sorted, each with a snippet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, Qt
from PySide6.QtWidgets import QWidget

from app.style.row_delegate import AnyIndex
from app.style.translation import mark, tr
from app.style.widgets import plain_tip
from app.style.words import page_words
from engine.library.records import LedgerEntry

ENTRY = Qt.ItemDataRole.UserRole
SNIPPET = Qt.ItemDataRole.UserRole + 1
KIND_TITLES = {"date": mark("Date"), "amount": mark("Amount"), "name": mark("Name")}
SHOWN = 60
"""Entries of one kind that are shown at first, the most important ones."""
ORDERS = (("weight", mark("By importance")), ("page", mark("By page")), ("value", mark("By date or name")))


class EntitiesModel(QAbstractListModel):
    """The entries of one kind that contain the searched words, in one order."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._all: list[LedgerEntry] = []
        self._entries: list[LedgerEntry] = []
        self._snippets: dict[tuple[int, str], str] = {}
        self._kind = ""
        self._order = "weight"
        self._words: list[str] = []
        self._shows_all = False

    @property
    def shows_all(self) -> bool:
        return self._shows_all

    @property
    def hidden_count(self) -> int:
        """Number of entries that are shown only on request."""
        return 0 if self._shows_all else sum(max(count - SHOWN, 0) for count in self._counts().values())

    @property
    def wanted_snippets(self) -> list[tuple[int, str]]:
        """(first page, text) of every entry."""
        return [(entry.pages[0], entry.text) for entry in self._all if entry.pages]

    def set_entries(self, entries: list[LedgerEntry]) -> bool:
        """Show these entries; returns whether they differ from the shown ones."""
        if entries == self._all:
            return False
        self._all = list(entries)
        self._choose()
        return True

    def set_snippets(self, snippets: dict[tuple[int, str], str]) -> None:
        """Set the sentences that entries stand in, by (page, text)."""
        self._snippets = snippets
        if self._entries:
            self.dataChanged.emit(self.index(0), self.index(len(self._entries) - 1))

    def set_kind(self, kind: str) -> None:
        """Show dates, amounts or names only; "" for all."""
        self._kind = kind
        self._choose()

    def set_order(self, order: str) -> None:
        """Sort by weight (as they come), page or value. Dates alone are sorted by value unless told otherwise."""
        self._order = order
        self._choose()

    def set_words(self, text: str) -> None:
        self._words = text.casefold().split()
        self._choose()

    def show_all(self, shown: bool) -> None:
        """Show all entries, or the most important ones of each kind."""
        self._shows_all = shown
        self._choose()

    def entry(self, index: AnyIndex) -> LedgerEntry | None:
        return self._entries[index.row()] if index.isValid() else None

    def _choose(self) -> None:
        self.beginResetModel()
        wanted = [entry for entry in self._first() if self._is_wanted(entry)]
        if self._order == "page":
            wanted.sort(key=lambda entry: entry.pages[0] if entry.pages else 0)
        elif self._order == "value" or self._kind == "date":
            wanted.sort(key=lambda entry: (entry.kind, entry.value.casefold()))
        self._entries = wanted
        self.endResetModel()

    def _counts(self) -> Counter[str]:
        return Counter(entry.kind for entry in self._all)

    def _first(self) -> Iterator[LedgerEntry]:
        """Yield the first entries of each kind; all of them on request, and while words are searched for."""
        seen: Counter[str] = Counter()
        for entry in self._all:
            seen[entry.kind] += 1
            if seen[entry.kind] <= SHOWN or self._shows_all or self._words:
                yield entry

    def _is_wanted(self, entry: LedgerEntry) -> bool:
        text = f"{entry.text} {entry.value} {self._snippet(entry)}".casefold()
        return self._kind in ("", entry.kind) and all(word in text for word in self._words)

    def _snippet(self, entry: LedgerEntry) -> str:
        return self._snippets.get((entry.pages[0], entry.text), "") if entry.pages else ""

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._entries)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        entry = self.entry(index)
        if entry is None:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return entry.text
            case Qt.ItemDataRole.ToolTipRole:
                value = f" ({entry.value})" if entry.value != entry.text else ""
                lines = (entry.text + value, page_words(entry.pages), self._snippet(entry))
                return plain_tip("\n".join(line for line in lines if line))
            case Qt.ItemDataRole.AccessibleTextRole:
                kind = tr(KIND_TITLES.get(entry.kind, entry.kind))
                return f"{kind} {entry.text}, {page_words(entry.pages)}. {self._snippet(entry)}".strip()
        return {ENTRY: entry, SNIPPET: self._snippet(entry)}.get(role)
