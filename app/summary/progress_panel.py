"""How the reading goes: what is being done, how far, how fast, how long still, and the memory it takes."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.jobs.worker_supervisor import WorkerFacts
from app.state.session import DocumentSession, Phase
from app.style.icons import IconButton
from app.style.theme import Theme
from app.style.widgets import ElidedLine, button, counted, label, time_words
from app.summary.memory_plot import MemoryPlot


class ThinBar(QWidget):
    """A share of the way. Unlike QProgressBar it never paints before the window's turn to paint comes."""

    def __init__(self, theme: Theme):
        super().__init__()
        self._theme = theme
        self._share = -1.0
        self.setFixedHeight(6)
        self.setAccessibleName("Share of the document in memory")
        theme.changed.connect(self.update)

    def set_share(self, share: float) -> None:
        """share: 0 to 1."""
        share = min(max(share, 0.0), 1.0)
        if share != self._share:
            self._share = share
            self.setAccessibleDescription(f"{share:.0%}")
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        box = QRectF(self.rect())
        painter.setBrush(self._theme.color("border"))
        painter.drawRoundedRect(box, 3, 3)
        if self._share > 0:
            box.setWidth(max(box.width() * self._share, 6))
            painter.setBrush(self._theme.color("accent"))
            painter.drawRoundedRect(box, 3, 3)
        painter.end()


class ProgressPanel(QWidget):
    """Shown while something goes on, and while a reading is unfinished."""

    pause_requested = Signal()
    resume_requested = Signal()
    stop_requested = Signal()
    read_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("progressPanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._paused = False
        self._phase = ElidedLine("strong")
        self._bar = ThinBar(theme)
        self._tokens = label(role="figure")
        self._speed = label(role="figure")
        self._left = label(role="figure")
        self._extra = label(role="figure", wrap=True)
        self._plot = MemoryPlot(theme)
        self._hold = IconButton("pause", "Pause the reading (Ctrl+P)", theme)
        self._stop = IconButton("stop", "Stop; what was read is kept (Ctrl+.)", theme)
        self._go = button("Continue reading", self.read_requested.emit, "primary")
        self._hold.clicked.connect(self._toggle)
        self._stop.clicked.connect(self.stop_requested)
        top = QHBoxLayout()
        top.setSpacing(4)
        top.addWidget(self._phase, 1)
        top.addWidget(self._speed)
        top.addSpacing(4)
        top.addWidget(self._hold)
        top.addWidget(self._stop)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 12, 12)
        column.setSpacing(7)
        column.addLayout(top)
        column.addWidget(self._bar)
        numbers = QHBoxLayout()
        numbers.addWidget(self._tokens, 1)
        numbers.addWidget(self._left)
        column.addLayout(numbers)
        column.addWidget(self._extra)
        column.addWidget(self._plot)
        column.addWidget(self._go, 0, Qt.AlignmentFlag.AlignLeft)

    def show_session(self, session: DocumentSession, worker: WorkerFacts) -> None:
        """Show where the document stands."""
        progress, phase = session.progress, session.phase
        self._paused = session.paused
        unfinished = not phase.busy and session.opened and not session.fully_read and session.trouble is None
        self.setVisible(phase.busy or unfinished)
        self._phase.set_text(phase_words(session, worker))
        waiting = phase in (Phase.OPENING, Phase.WAITING, Phase.LOADING) and not session.fraction
        self._bar.set_share(0.0 if waiting else share(session))
        for part, words in zip((self._tokens, self._speed, self._left), figures(session), strict=True):
            part.setText(words)
            part.setVisible(bool(words))
        extra = reused_words(session)
        self._extra.setText(extra)
        self._extra.setVisible(bool(extra))
        self._plot.setVisible(phase.busy and len(progress.memory) > 1)
        self._plot.show_points(progress.memory, progress.total_tokens or 0)
        reading = phase.busy and phase is not Phase.OPENING
        self._hold.setVisible(reading)
        self._stop.setVisible(reading)
        self._hold.set_icon(
            "play" if self._paused else "pause", "Go on (Ctrl+P)" if self._paused else "Pause the reading (Ctrl+P)"
        )
        self._go.setVisible(unfinished)
        self._go.setText("Continue reading" if progress.tokens else "Read and summarise")

    def _toggle(self) -> None:
        (self.resume_requested if self._paused else self.pause_requested).emit()


def share(session: DocumentSession) -> float:
    """How far the bar stands: of the reading, then of the section notes."""
    if session.phase is Phase.SUMMARISING and session.notes and not session.summary.text:
        return session.notes[-1].number / max(session.section_count, 1)
    return session.fraction


def phase_words(session: DocumentSession, worker: WorkerFacts) -> str:
    """One line: what is being done with the document."""
    progress = session.progress
    if session.phase.busy and worker.state in ("starting", "restarting") and session.phase is not Phase.OPENING:
        return "Starting the reading process…"
    if session.paused:
        return f"Paused at page {progress.page}" if progress.page else "Paused"
    match session.phase:
        case Phase.OPENING:
            return "Opening…"
        case Phase.LOADING:
            return "Loading the model…"
        case Phase.WAITING:
            return "One moment…"
        case Phase.READING:
            of = f" of {session.pages:,}" if session.pages else ""
            return f"Reading page {progress.page:,}{of}"
        case Phase.SUMMARISING:
            note = session.notes[-1] if session.notes and not session.summary.text else None
            return f"Summarising section {note.number} of {session.section_count}" if note else "Writing the summary"
        case Phase.ANSWERING:
            return "Answering"
    if not progress.tokens:
        return "Not read yet"
    return f"Read up to page {progress.page:,}" + (f" of {session.pages:,}" if session.pages else "")


def figures(session: DocumentSession) -> tuple[str, str, str]:
    """Tokens, speed, time left; "" for what there is nothing to say about."""
    progress = session.progress
    if not progress.tokens:
        return "", "", ""
    tokens = counted(progress.tokens, "token")
    if progress.total_tokens and not session.fully_read:
        tokens = f"{progress.tokens:,} of {'' if progress.exact else 'about '}{progress.total_tokens:,} tokens"
    if session.phase is not Phase.READING or session.paused:
        return tokens, "", ""
    speed = f"{progress.tokens_per_second:,.0f} tokens/s" if progress.tokens_per_second else ""
    return tokens, speed, time_words(progress.seconds_left) if progress.seconds_left is not None else ""


def reused_words(session: DocumentSession) -> str:
    """What did not have to be read again."""
    progress = session.progress
    if not session.phase.busy or not progress.reused_tokens:
        return ""
    pages, tokens = progress.reused_page, progress.reused_tokens
    return f"Pages 1 to {pages:,} were read before; their {tokens:,} tokens were not read again."
