"""The window before there is a document: three lines and a place to drop one."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.style.icons import pixmap
from app.style.theme import Theme
from app.style.widgets import button, label, restyle

LINES = (
    "Drop a PDF or a long record here. It is read from the first page to the last, on this computer only.",
    "See what has been read, page by page, while the summary is written.",
    "Ask questions. Each answer names the pages it rests on. Nothing is read twice.",
)


class Welcome(QWidget):
    """Explains itself and offers the sample."""

    browse_requested = Signal()
    sample_requested = Signal()

    def __init__(self, theme: Theme, has_sample: bool):
        super().__init__()
        self.setObjectName("welcome")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        card = self._card = QFrame()
        card.setObjectName("welcomeCard")
        card.setMaximumWidth(560)
        mark = QLabel()
        scale = self.devicePixelRatioF()
        picture = pixmap("readthrough", "#000000", round(56 * scale))
        picture.setDevicePixelRatio(scale)
        mark.setPixmap(picture)
        title = label("Read it through, once", "title")
        column = QVBoxLayout(card)
        column.setContentsMargins(44, 40, 44, 38)
        column.setSpacing(14)
        column.addWidget(mark)
        column.addSpacing(4)
        column.addWidget(title)
        column.addSpacing(4)
        for number, words in enumerate(LINES, 1):
            row = QHBoxLayout()
            row.setSpacing(14)
            count = label(str(number), "number")
            count.setFixedSize(26, 26)
            count.setAlignment(Qt.AlignmentFlag.AlignCenter)
            row.addWidget(count, 0, Qt.AlignmentFlag.AlignTop)
            row.addWidget(label(words, "lede", wrap=True), 1)
            column.addLayout(row)
        column.addSpacing(10)
        buttons = QHBoxLayout()
        buttons.setSpacing(10)
        self.open_button = button("Open a document…", self.browse_requested.emit, "primary")
        self.sample_button = button("Try the sample", self.sample_requested.emit)
        self.sample_button.setToolTip("A made-up incident record that comes with the program")
        self.sample_button.setVisible(has_sample)
        buttons.addWidget(self.open_button)
        buttons.addWidget(self.sample_button)
        buttons.addStretch(1)
        column.addLayout(buttons)
        outer = QVBoxLayout(self)
        outer.addStretch(3)
        across = QHBoxLayout()
        across.addStretch(1)
        across.addWidget(card, 20)
        across.addStretch(1)
        outer.addLayout(across)
        outer.addStretch(4)

    def show_drop(self, over: bool) -> None:
        """A file hovers over the window."""
        restyle(self, "drop", over)
        self._card.style().unpolish(self._card)
        self._card.style().polish(self._card)
