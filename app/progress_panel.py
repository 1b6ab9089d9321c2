"""How the reading goes: what is being done, how far, how fast, how long still, and the memory it takes."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from app.document_session import DocumentSession, Phase
from app.icons import IconButton
from app.job_controller import WorkerFacts
from app.theme import Theme, scaled
from app.widgets import button, counted, label, size_words, time_words


class MemoryPlot(QWidget):
    """Resident memory against tokens read. Flat: that is the point."""

    def __init__(self, theme: Theme, parent: QWidget | None = None):
        super().__init__(parent)
        self._theme = theme
        self._points: list[tuple[int, int]] = []
        self._total = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Memory used while reading")
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(200, 58)

    def show_points(self, points: list[tuple[int, int]], total: int) -> None:
        """points: (tokens read, resident bytes); total: tokens expected in all."""
        self._points, self._total = list(points), total
        self.setAccessibleDescription(self.words)
        self.setToolTip(self.words)
        self.update()

    @property
    def words(self) -> str:
        """What the plot says."""
        if len(self._points) < 2:
            return ""
        first, last = self._points[0], self._points[-1]
        return f"{size_words(first[1])} of memory at {first[0]:,} tokens, {size_words(last[1])} at {last[0]:,}"

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(scaled(self.font(), 0.8))
        box = QRectF(0, 16, self.width(), self.height() - 32)
        painter.setPen(self._theme.color("muted"))
        painter.drawText(QRectF(0, 0, self.width(), 14), Qt.AlignmentFlag.AlignLeft, "Memory against tokens read")
        painter.setPen(QPen(self._theme.color("border"), 1))
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        if self._points:
            top = max(size for _, size in self._points) * 1.35
            end = max(self._total, self._points[-1][0], 1)
            line = [
                QPointF(box.left() + box.width() * tokens / end, box.bottom() - box.height() * size / top)
                for tokens, size in self._points
            ]
            fill = self._theme.color("accent_soft")
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(fill)
            painter.drawPolygon(
                QPolygonF([QPointF(line[0].x(), box.bottom()), *line, QPointF(line[-1].x(), box.bottom())])
            )
            painter.setPen(QPen(self._theme.color("accent"), 1.6))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolyline(QPolygonF(line))
            painter.setPen(self._theme.color("text"))
            now = size_words(self._points[-1][1])
            painter.drawText(QRectF(0, 0, self.width(), 14), Qt.AlignmentFlag.AlignRight, now)
            painter.setPen(self._theme.color("muted"))
            below = QRectF(0, box.bottom() + 3, self.width(), 14)
            painter.drawText(below, Qt.AlignmentFlag.AlignLeft, "0")
            painter.drawText(below, Qt.AlignmentFlag.AlignRight, f"{end:,} tokens")
        painter.end()


class ProgressPanel(QWidget):
    """Shown while something goes on, and while a reading is unfinished."""

    pause_requested = Signal()
    resume_requested = Signal()
    stop_requested = Signal()
    read_requested = Signal()
    plot_toggled = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("progressPanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._paused = False
        self._phase = label(role="strong")
        self._phase.setAccessibleName("What is being done")
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Share of the document in memory")
        self._figures = label(role="figure", wrap=True)
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
        top.addWidget(self._hold)
        top.addWidget(self._stop)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 12, 12)
        column.setSpacing(7)
        column.addLayout(top)
        column.addWidget(self._bar)
        column.addWidget(self._figures)
        column.addWidget(self._extra)
        column.addWidget(self._plot)
        column.addWidget(self._go, 0, Qt.AlignmentFlag.AlignLeft)

    def show_session(self, session: DocumentSession, worker: WorkerFacts) -> None:
        """Show where the document stands."""
        progress, phase = session.progress, session.phase
        self._paused = session.paused
        unfinished = not phase.busy and session.opened and not session.fully_read and session.trouble is None
        self.setVisible(phase.busy or unfinished)
        self._phase.setText(phase_words(session, worker))
        waiting = phase in (Phase.OPENING, Phase.WAITING, Phase.LOADING) and not session.fraction
        self._bar.setRange(0, 0 if waiting else 1000)
        if not waiting:
            self._bar.setValue(round(session.fraction * 1000))
        self._figures.setText(figures(session))
        self._figures.setVisible(bool(progress.tokens))
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
            note = session.notes[-1] if session.notes and not session.summary else None
            return f"Summarising section {note.number} of {note.of}" if note else "Writing the summary"
        case Phase.ANSWERING:
            return "Answering"
    if not progress.tokens:
        return "Not read yet"
    return f"Read up to page {progress.page:,}" + (f" of {session.pages:,}" if session.pages else "")


def figures(session: DocumentSession) -> str:
    """Tokens, speed and time left."""
    progress = session.progress
    parts = [counted(progress.tokens, "token")]
    if progress.total_tokens and not session.fully_read:
        about = "" if progress.exact else "about "
        parts[0] = f"{progress.tokens:,} of {about}{progress.total_tokens:,} tokens"
    if session.phase is Phase.READING and not session.paused:
        if progress.tokens_per_second:
            parts.append(f"{progress.tokens_per_second:,.0f} tokens/s")
        if progress.seconds_left is not None:
            parts.append(time_words(progress.seconds_left))
    return "  ·  ".join(parts)


def reused_words(session: DocumentSession) -> str:
    """What did not have to be read again."""
    progress = session.progress
    if not session.phase.busy or not progress.reused_tokens:
        return ""
    return f"Pages 1 to {progress.reused_page:,} were read before; their {progress.reused_tokens:,} tokens were not read again."
