"""The keyboard shortcuts."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.style.screen import fit_to_screen
from app.style.translation import tr
from app.style.widgets import button, label
from app.window.actions import key_groups

COLUMNS = 3
Group = tuple[str, list[tuple[str, str]]]


class KeysDialog(QDialog):
    """Every key by group, in columns of about the same length."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("keysDialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Keyboard shortcuts"))
        body = QWidget()
        body.setObjectName("dialogBody")
        inside = QHBoxLayout(body)
        inside.setContentsMargins(0, 0, 10, 0)
        inside.setSpacing(44)
        for groups in _in_columns(key_groups()):
            inside.addLayout(_column(groups))
        scroll = QScrollArea()
        scroll.setObjectName("dialogScroll")
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setWidget(body)
        column = QVBoxLayout(self)
        column.setContentsMargins(30, 24, 20, 22)
        column.setSpacing(16)
        column.addWidget(label(tr("Keyboard shortcuts"), "title"))
        column.addWidget(scroll, 1)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(button(tr("Close"), self.accept, "primary"))
        column.addLayout(row)
        hint = body.sizeHint()
        fit_to_screen(self, hint.width() + 80, hint.height() + 170)


def _in_columns(groups: list[Group]) -> list[list[Group]]:
    """Return the groups in their order, broken where the columns are most even."""
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
