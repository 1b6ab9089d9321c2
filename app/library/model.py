"""The library's documents as a Qt list: title, how far each is read, where a search was found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractListModel, QDateTime, QLocale, QModelIndex, Qt, Signal
from PySide6.QtWidgets import QWidget

from app.library.text_search import Found
from app.style.row_delegate import AnyIndex
from app.style.translation import tr, tr_count
from app.style.widgets import plain_tip
from app.style.words import pages_count
from engine.library.records import Document
from engine.units import size_text

PATH = Qt.ItemDataRole.UserRole
ENTRY = Qt.ItemDataRole.UserRole + 1


@dataclass(frozen=True)
class Entry:
    """One row of the library. A document that is open but not in the library yet has no id."""

    path: str
    title: str
    document_id: int | None
    coverage: str
    """Reading progress, current activity, or the reason why the document could not be read."""
    fraction: float
    """Share of the document that was read, 0 to 1."""
    busy: bool = False
    failed: bool = False
    facts: str = ""
    """Size and date, for the tooltip."""
    found: Found | None = None
    """The best place of the search."""
    tags: tuple[str, ...] = ()
    cached: int = 0
    """Bytes of saved states."""

    @classmethod
    def of_row(cls, row: Document) -> Entry:
        """Return the entry of a document of the library."""
        fraction = 1.0 if row.state == "done" else (row.pages_read / row.n_pages if row.n_pages else 0.0)
        title = row.title or Path(row.path).name
        moment = QDateTime.fromSecsSinceEpoch(int(row.opened))
        opened = QLocale().toString(moment, QLocale.FormatType.ShortFormat)
        facts = tr("{size} · last opened {date}", size=size_text(row.size), date=opened)
        if row.snapshot_bytes:
            facts += "\n" + tr("{size} of cached data", size=size_text(row.snapshot_bytes))
        return cls(
            row.path, title, row.id, coverage_words(row), fraction,
            facts=facts, tags=tuple(row.tags), cached=row.snapshot_bytes,
        )  # fmt: skip

    @property
    def second_line(self) -> str:
        """The place of the search, else kind and coverage."""
        if self.found is not None:
            return tr("p. {page}: {text}", page=self.found.page, text=self.found.snippet)
        if self.failed:
            return self.coverage
        kind = Path(self.path).suffix.lstrip(".").upper()
        return " · ".join(part for part in (kind, self.coverage, ", ".join(self.tags)) if part)


def coverage_words(row: Document) -> str:
    """Return how much of a document is read."""
    pages = row.n_pages or row.pages_read
    if not row.pages_read:
        return tr("{pages}, not read yet", pages=pages_count(pages)) if pages else tr("not read yet")
    if row.state == "done":
        words = tr("{pages} read", pages=pages_count(row.pages_read))
    else:
        words = tr("{page} of {pages} read", page=f"{row.pages_read:,}", pages=pages_count(pages))
    if row.state == "stale":
        words += ", " + tr("the file has changed")
    if row.pages_with_problem:
        words += ", " + tr_count("{count} without text", "{count} without text", row.pages_with_problem)
    return words


class LibraryModel(QAbstractListModel):
    """Rows of the library, with the open documents' progress over them. Editing a row renames its document."""

    renamed = Signal(int, str)
    """(document id, the title that was typed)"""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._rows: list[Entry] = []
        self._live: dict[str, Entry] = {}
        self._by_path: dict[str, Entry] = {}
        self._entries: list[Entry] = []
        self._places: dict[str, int] = {}
        self._words: list[str] = []
        self._found: dict[str, Found] = {}
        self._hidden = ""
        self._tag = ""

    @property
    def tags(self) -> list[str]:
        """The tags that documents have, in order."""
        return sorted({tag for entry in self._rows for tag in entry.tags}, key=str.casefold)

    @property
    def is_empty(self) -> bool:
        """Return whether the library has no document, regardless of the search."""
        return not self._rows and not self._live

    def set_words(self, text: str) -> None:
        """Show only documents whose title, file name or text contains every word; `set_found` follows for texts."""
        self._words = text.casefold().split()
        self._found = {}
        self._merge()

    def set_found(self, found: dict[str, Found]) -> None:
        """Set the documents whose text contains the words."""
        self._found = found if self._words else {}
        self._merge()

    def set_tag(self, tag: str) -> None:
        """Show only documents with this tag; "" for all."""
        self._tag = tag
        self._merge()

    def set_hidden(self, path: str) -> None:
        """Leave this document out; "" for none."""
        self._hidden = path
        self._merge()

    def set_documents(self, rows: list[Document]) -> None:
        """Set the library's documents, last used first."""
        self._rows = [Entry.of_row(row) for row in rows]
        self._by_path = {entry.path: entry for entry in self._rows}
        self._merge()

    def set_live(self, path: str, entry: Entry | None) -> None:
        """Show an open document's progress or problem over its row; None: show the row alone."""
        before = self._live.get(path)
        if entry is None:
            if before is None:
                return
            del self._live[path]
        else:
            self._live[path] = entry
        place, row = self._places.get(path), self._by_path.get(path)
        if place is None or row is None or self._words or (before is None) != (entry is None):
            self._merge()
            return
        merged = self._over(row)
        if merged != self._entries[place]:
            self._entries[place] = merged
            self.dataChanged.emit(self.index(place), self.index(place))

    def place_of(self, path: str | None) -> int:
        """Return the row of a document; -1 when it is not shown."""
        return self._places.get(path or "", -1)

    def entry(self, index: AnyIndex) -> Entry | None:
        return self._entries[index.row()] if index.isValid() else None

    def _merge(self) -> None:
        known = {entry.path for entry in self._rows}
        fresh = [entry for path, entry in self._live.items() if path not in known]
        entries = fresh + [self._over(entry) for entry in self._rows]
        merged = [replace(entry, found=self._found.get(entry.path)) for entry in entries if self._is_wanted(entry)]
        if [entry.path for entry in merged] != [entry.path for entry in self._entries]:
            self.beginResetModel()
            self._entries = merged
            self._places = {entry.path: place for place, entry in enumerate(merged)}
            self.endResetModel()
            return
        for place, (old, new) in enumerate(zip(self._entries, merged, strict=True)):
            if old != new:
                self._entries[place] = new
                self.dataChanged.emit(self.index(place), self.index(place))

    def _is_wanted(self, entry: Entry) -> bool:
        if entry.path == self._hidden or (self._tag and self._tag not in entry.tags):
            return False
        text = f"{entry.title} {Path(entry.path).name} {' '.join(entry.tags)}".casefold()
        return entry.path in self._found or all(word in text for word in self._words)

    def _over(self, row: Entry) -> Entry:
        live = self._live.get(row.path)
        if live is None:
            return row
        return replace(row, coverage=live.coverage, fraction=live.fraction, busy=live.busy, failed=live.failed)

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._entries)

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        entry = self.entry(index)
        editable = Qt.ItemFlag.ItemIsEditable if entry is not None and entry.document_id is not None else None
        return super().flags(index) | editable if editable else super().flags(index)

    def setData(self, index: AnyIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        entry = self.entry(index)
        if entry is None or entry.document_id is None or str(value).strip() == entry.title:
            return False
        self.renamed.emit(entry.document_id, str(value).strip())
        return True

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        entry = self.entry(index)
        if entry is None:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return entry.title
            case Qt.ItemDataRole.ToolTipRole:
                lines = (entry.title, entry.path, entry.facts, entry.coverage if entry.failed else "")
                return plain_tip("\n".join(line for line in lines if line))
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{entry.title}. {entry.second_line}"
        return {PATH: entry.path, ENTRY: entry}.get(role)
