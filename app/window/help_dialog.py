"""The keyboard map, and what this program is."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.style.icons import pixmap
from app.style.widgets import button, label
from app.window.actions import key_groups

COLUMNS = 3
ABOUT = (
    "Reads long documents through, once, on your own machine.",
    "A document goes page by page into the memory of a Falcon Mamba model, which has the same size however long the "
    "document is. Summaries and answers come from that memory; nothing leaves this computer.",
    "Pages are drawn by PDFium. Apache License 2.0.",
)


class KeysDialog(QDialog):
    """Every key, under what it is about, in columns of about the same length."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Keyboard")
        column = QVBoxLayout(self)
        column.setContentsMargins(30, 24, 30, 22)
        column.setSpacing(16)
        column.addWidget(label("Keyboard", "title"))
        across = QHBoxLayout()
        across.setSpacing(44)
        for groups in _in_columns(key_groups()):
            across.addLayout(_column(groups))
        column.addLayout(across)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(button("Close", self.accept, "primary"))
        column.addLayout(row)


Group = tuple[str, list[tuple[str, str]]]


def _in_columns(groups: list[Group]) -> list[list[Group]]:
    """The groups in their order, broken where the columns come out most even."""
    whole = sum(len(rows) + 2 for _, rows in groups)
    columns: list[list[Group]] = [[]]
    length = 0
    for group in groups:
        rows = len(group[1]) + 2
        if columns[-1] and length + rows / 2 > whole * len(columns) / COLUMNS and len(columns) < COLUMNS:
            columns.append([])
        columns[-1].append(group)
        length += rows
    return columns


def _column(groups: list[Group]) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(8)
    for place, (title, rows) in enumerate(groups):
        if place:
            column.addSpacing(12)
        column.addWidget(label(title, "caption"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(22)
        grid.setVerticalSpacing(5)
        grid.setColumnStretch(0, 1)
        for at, (words, keys) in enumerate(rows):
            grid.addWidget(label(words), at, 0)
            caps = QHBoxLayout()
            caps.setSpacing(4)
            caps.addStretch(1)
            for key in keys.split("  "):
                caps.addWidget(label(key, "key"))
            grid.addLayout(caps, at, 1)
        column.addLayout(grid)
    column.addStretch(1)
    return column


class AboutDialog(QDialog):
    """Three paragraphs."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("About Readthrough")
        self.setFixedWidth(440)
        column = QVBoxLayout(self)
        column.setContentsMargins(30, 26, 30, 22)
        column.setSpacing(12)
        mark = QLabel()
        scale = self.devicePixelRatioF()
        picture = pixmap("readthrough", "#000000", round(48 * scale))
        picture.setDevicePixelRatio(scale)
        mark.setPixmap(picture)
        column.addWidget(mark)
        column.addWidget(label("Readthrough", "title"))
        for words in ABOUT:
            column.addWidget(label(words, wrap=True))
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(button("Close", self.accept, "primary"))
        column.addLayout(row)
