"""The keyboard map, and what this program is."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.actions import key_table
from app.icons import pixmap
from app.widgets import button, label

ABOUT = (
    "Reads long documents through, once, on your own machine.",
    "A document goes page by page into the memory of a Falcon Mamba model, which has the same size however long the "
    "document is. Summaries and answers come from that memory; nothing leaves this computer.",
    "Pages are drawn by PDFium. Apache License 2.0.",
)


class KeysDialog(QDialog):
    """Every key, in two columns."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Keyboard")
        column = QVBoxLayout(self)
        column.setContentsMargins(28, 22, 28, 22)
        column.setSpacing(14)
        column.addWidget(label("Keyboard", "title"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(18)
        grid.setVerticalSpacing(6)
        grid.setColumnMinimumWidth(2, 26)
        rows = key_table()
        half = -(-len(rows) // 2)
        for place, (words, keys) in enumerate(rows):
            at = 0 if place < half else 3
            grid.addWidget(label(words), place % half, at)
            grid.addWidget(label(keys, "caption"), place % half, at + 1)
        column.addLayout(grid)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(button("Close", self.accept, "primary"))
        column.addLayout(row)


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
        picture = pixmap("readthrough", "#000000", 96)
        picture.setDevicePixelRatio(2.0)
        mark.setPixmap(picture)
        column.addWidget(mark)
        column.addWidget(label("Readthrough", "title"))
        for words in ABOUT:
            column.addWidget(label(words, wrap=True))
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(button("Close", self.accept, "primary"))
        column.addLayout(row)
