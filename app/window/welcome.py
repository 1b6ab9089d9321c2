"""The window without a document: what the program does, what the model can do, and a place to drop a file."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from app.style.icons import pixmap
from app.style.translation import mark, tr
from app.style.widgets import FlowLayout, button, label, restyle

LINES = (
    mark(
        "Drop a PDF, Word, EPUB, text or log file here. It is read from the first page to the last, on this computer "
        "only."
    ),
    mark("Get a summary, section by section, with the page of every line."),
    mark("Ask questions. Answers quote the document and link to the page."),
)


class Welcome(QWidget):
    """Explains the program and offers the sample and a model."""

    browse_requested = Signal()
    sample_requested = Signal()
    model_requested = Signal()

    def __init__(self, has_sample: bool):
        super().__init__()
        self.setObjectName("welcome")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        card = self._card = QFrame()
        card.setObjectName("welcomeCard")
        card.setMaximumWidth(600)
        column = QVBoxLayout(card)
        column.setContentsMargins(40, 34, 40, 32)
        column.setSpacing(12)
        column.addWidget(self._logo())
        column.addWidget(label(tr("Understand long documents, privately"), "title", wrap=True))
        column.addSpacing(2)
        for number, words in enumerate(LINES, 1):
            row = QHBoxLayout()
            row.setSpacing(14)
            count = label(str(number), "number")
            count.setFixedSize(26, 26)
            count.setAlignment(Qt.AlignmentFlag.AlignCenter)
            row.addWidget(count, 0, Qt.AlignmentFlag.AlignTop)
            row.addWidget(label(tr(words), "lede", wrap=True), 1)
            column.addLayout(row)
        column.addSpacing(6)
        buttons = QWidget()
        flow = FlowLayout(buttons, 10)
        self.open_button = button(tr("Open a document…"), self.browse_requested.emit, "primary", "welcomeOpen")
        self.sample_button = button(tr("Try the sample"), self.sample_requested.emit, name="welcomeSample")
        self.sample_button.setToolTip(tr("A document that comes with the program"))
        self.sample_button.setVisible(has_sample)
        flow.addWidget(self.open_button)
        flow.addWidget(self.sample_button)
        column.addWidget(buttons)
        column.addWidget(self._make_notice())
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        scroll = QScrollArea()
        scroll.setObjectName("dialogScroll")
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        body = QWidget()
        body.setObjectName("dialogBody")
        inside = QVBoxLayout(body)
        inside.setContentsMargins(16, 16, 16, 16)
        inside.addStretch(3)
        across = QHBoxLayout()
        across.addStretch(1)
        across.addWidget(card, 20)
        across.addStretch(1)
        inside.addLayout(across)
        inside.addStretch(4)
        scroll.setWidget(body)
        outer.addWidget(scroll)

    def _logo(self) -> QLabel:
        logo = QLabel()
        scale = self.devicePixelRatioF()
        picture = pixmap("readthrough", "#000000", round(52 * scale))
        picture.setDevicePixelRatio(scale)
        logo.setPixmap(picture)
        return logo

    def _make_notice(self) -> QFrame:
        """Return the notice about the included model, shown while that one is chosen."""
        self._notice = QFrame()
        self._notice.setObjectName("welcomeModel")
        self._notice.setProperty("role", "notice")
        words = tr(
            "The included model is small: it finds and quotes passages. A larger model writes better answers and "
            "summaries."
        )
        row = QVBoxLayout(self._notice)
        row.setContentsMargins(14, 10, 12, 10)
        row.setSpacing(8)
        row.addWidget(label(words, wrap=True, name="welcomeModelText"))
        get = button(tr("Get a larger model…"), self.model_requested.emit, name="welcomeGetModel")
        row.addWidget(get, 0, Qt.AlignmentFlag.AlignLeft)
        return self._notice

    def set_demo(self, demo: bool) -> None:
        """Show what the included model can do while it is the one in use."""
        self._notice.setVisible(demo)

    def show_drop(self, over: bool) -> None:
        """Show that a file can be dropped."""
        restyle(self, "drop", over)
        self._card.style().unpolish(self._card)
        self._card.style().polish(self._card)
