"""The library's documents as a Qt list, with how far each is read; drawing of one entry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QFont, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from app.style.theme import Theme, scaled
from app.style.widgets import counted

PATH = Qt.ItemDataRole.UserRole
DOCUMENT_ID = Qt.ItemDataRole.UserRole + 1
COVERAGE = Qt.ItemDataRole.UserRole + 2
FRACTION = Qt.ItemDataRole.UserRole + 3
BUSY = Qt.ItemDataRole.UserRole + 4
AnyIndex = QModelIndex | QPersistentModelIndex


class Entry:
    """One line of the library. A document that is open but not in the library yet has no id."""

    def __init__(
        self, path: str, title: str, document_id: int | None, coverage: str, fraction: float, busy: bool = False
    ):
        self.path, self.title, self.document_id = path, title, document_id
        self.coverage, self.fraction, self.busy = coverage, fraction, busy

    @classmethod
    def of_row(cls, row: Any) -> Entry:
        """From a row of engine.library.records.Document."""
        fraction = 1.0 if row.state == "done" else (row.pages_read / row.n_pages if row.n_pages else 0.0)
        return cls(row.path, row.title or Path(row.path).name, row.id, coverage_words(row), fraction)

    @property
    def key(self) -> tuple:
        return (self.path, self.title, self.document_id, self.coverage, round(self.fraction, 3), self.busy)


def coverage_words(row: Any) -> str:
    """How much of a document is read, honestly."""
    pages = row.n_pages or row.pages_read
    if not row.pages_read:
        return f"{counted(pages, 'page')}, not read yet" if pages else "Not read yet"
    if row.state == "done":
        words = f"{counted(pages, 'page')} read"
    else:
        words = f"{row.pages_read:,} of {pages:,} pages read"
    if row.state == "stale":
        words += ", the file has changed"
    if row.pages_with_problem:
        words += f", {row.pages_with_problem:,} without text"
    return words


class LibraryModel(QAbstractListModel):
    """Rows of the library, with the open documents' progress over them."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._rows: list[Entry] = []
        self._live: dict[str, Entry] = {}
        self._by_path: dict[str, Entry] = {}
        self._entries: list[Entry] = []
        self._places: dict[str, int] = {}
        self._words: list[str] = []
        self._hidden = ""

    @property
    def is_empty(self) -> bool:
        """Whether there is no document at all, whatever the search."""
        return not self._rows and not self._live

    def set_words(self, text: str) -> None:
        """Show only documents whose title or file name holds every word."""
        self._words = text.casefold().split()
        self._merge()

    def set_hidden(self, path: str) -> None:
        """Leave this document out; "" for none."""
        self._hidden = path
        self._merge()

    def set_documents(self, rows: list[Any]) -> None:
        """The library's documents, last used first."""
        self._rows = [Entry.of_row(row) for row in rows]
        self._by_path = {entry.path: entry for entry in self._rows}
        self._merge()

    def set_live(self, path: str, entry: Entry | None) -> None:
        """What the window knows better than the library of one document; None: nothing any more."""
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
        if merged.key != self._entries[place].key:
            self._entries[place] = merged
            self.dataChanged.emit(self.index(place), self.index(place))

    def place_of(self, path: str | None) -> int:
        """The row of a document; -1 when it is not shown."""
        return self._places.get(path or "", -1)

    def _merge(self) -> None:
        known = {entry.path for entry in self._rows}
        fresh = [entry for path, entry in self._live.items() if path not in known and entry.busy]
        merged = [entry for entry in fresh + [self._over(entry) for entry in self._rows] if self._is_wanted(entry)]
        if [entry.path for entry in merged] != [entry.path for entry in self._entries]:
            self.beginResetModel()
            self._entries = merged
            self._places = {entry.path: place for place, entry in enumerate(merged)}
            self.endResetModel()
            return
        for place, (old, new) in enumerate(zip(self._entries, merged, strict=True)):
            if old.key != new.key:
                self._entries[place] = new
                self.dataChanged.emit(self.index(place), self.index(place))

    def _is_wanted(self, entry: Entry) -> bool:
        if entry.path == self._hidden:
            return False
        text = f"{entry.title} {Path(entry.path).name}".casefold()
        return all(word in text for word in self._words)

    def _over(self, row: Entry) -> Entry:
        live = self._live.get(row.path)
        if live is None or not live.busy:
            return row
        return Entry(row.path, row.title, row.document_id, live.coverage, live.fraction, busy=True)

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._entries)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        entry = self._entries[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return entry.title
            case Qt.ItemDataRole.ToolTipRole:
                return f"{entry.title}\n{entry.path}"
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{entry.title}. {entry.coverage}"
        return {
            PATH: entry.path,
            DOCUMENT_ID: entry.document_id,
            COVERAGE: entry.coverage,
            FRACTION: entry.fraction,
            BUSY: entry.busy,
        }.get(role)


class EntryDelegate(QStyledItemDelegate):
    """Title, coverage in words, coverage as a hairline."""

    def __init__(self, theme: Theme, parent: QWidget | None = None):
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        return QSize(120, option.fontMetrics.height() * 2 + 24)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(option.rect).adjusted(2, 1, -2, -1)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        if chosen or hovered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.color("accent_soft" if chosen else "hover"))
            painter.drawRoundedRect(box, 8, 8)
        if option.state & QStyle.StateFlag.State_HasFocus and chosen:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(self._theme.color("accent"))
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        inside = box.adjusted(12, 9, -12, -8)
        title_font = scaled(option.font, 1.0, QFont.Weight.DemiBold if chosen else QFont.Weight.Medium)
        painter.setFont(title_font)
        painter.setPen(self._theme.color("text"))
        height = option.fontMetrics.height()
        title = painter.fontMetrics().elidedText(index.data(), Qt.TextElideMode.ElideMiddle, int(inside.width()))
        painter.drawText(inside, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, title)
        painter.setFont(scaled(option.font, 0.88))
        painter.setPen(self._theme.color("accent_text" if index.data(BUSY) else "muted"))
        words = painter.fontMetrics().elidedText(index.data(COVERAGE), Qt.TextElideMode.ElideRight, int(inside.width()))
        painter.drawText(
            inside.adjusted(0, height + 1, 0, 0), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, words
        )
        fraction = index.data(FRACTION)
        if 0 < fraction < 1:
            track = QRectF(inside.left(), box.bottom() - 6, inside.width(), 2.5)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.color("border_strong" if chosen else "border"))
            painter.drawRoundedRect(track, 1.2, 1.2)
            painter.setBrush(self._theme.color("accent"))
            painter.drawRoundedRect(
                QRectF(track.topLeft(), track.size()).adjusted(0, 0, -track.width() * (1 - fraction), 0), 1.2, 1.2
            )
        painter.restore()
