"""Progress of a reading: what is being done, how far, how fast, the time left; the memory it takes on demand."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.jobs.worker_supervisor import WorkerFacts
from app.state.session import DocumentSession, Phase
from app.style.icons import IconButton
from app.style.theme import Theme
from app.style.thin_bar import ThinBar
from app.style.translation import mark, tr
from app.style.widgets import ElidedLine, FlowLayout, button, label
from app.style.words import capital, span_words, taken, time_left, tokens_count
from app.summary.memory_plot import MemoryPlot
from engine.units import duration_text

PLAIN_PHASES = {
    Phase.OPENING: mark("Opening…"),
    Phase.LOADING: mark("Loading the model…"),
    Phase.WAITING: mark("Waiting…"),
    Phase.ANSWERING: mark("Answering"),
}


class ProgressPanel(QWidget):
    """Progress of a document's jobs, shown while one is active or a reading is unfinished."""

    pause_requested = Signal()
    resume_requested = Signal()
    stop_requested = Signal()
    read_requested = Signal()
    first_requested = Signal()
    """Read the shown document before the one that is being read."""

    def __init__(self, theme: Theme, parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("progressPanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._paused = False
        self._phase = ElidedLine("strong", name="phase")
        self._bar = ThinBar(theme, tr("Share of the document that is read"))
        self._bar.setObjectName("progressBar")
        self._tokens = label(role="figure", name="progressTokens")
        self._speed = label(role="figure", name="progressSpeed")
        self._left = label(role="figure", name="progressLeft")
        self._extra = label(role="figure", wrap=True, name="progressReused")
        self._plot = MemoryPlot(theme)
        self._plot.hide()
        self._hold = IconButton("pause", tr("Pause (Ctrl+P)"), theme)
        self._hold.setObjectName("pause")
        self._stop = IconButton("stop", tr("Stop; the part already read is kept (Ctrl+.)"), theme)
        self._stop.setObjectName("stop")
        self._details = IconButton("info", tr("Show memory use"), theme)
        self._details.setCheckable(True)
        self._details.toggled.connect(self._plot.setVisible)
        self._continue = button(tr("Resume reading"), self.read_requested.emit, "primary", "continue")
        self._first = button(tr("Read this first"), self.first_requested.emit, name="readFirst")
        self._hold.clicked.connect(self._toggle)
        self._stop.clicked.connect(self.stop_requested)
        top = QHBoxLayout()
        top.setSpacing(4)
        top.addWidget(self._phase, 1)
        for tool in (self._details, self._hold, self._stop):
            top.addWidget(tool)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 12, 12)
        column.setSpacing(7)
        column.addLayout(top)
        column.addWidget(self._bar)
        numbers = QWidget()
        flow = FlowLayout(numbers, 16)
        for part in (self._tokens, self._speed, self._left):
            flow.addWidget(part)
        column.addWidget(numbers)
        column.addWidget(self._extra)
        column.addWidget(self._plot)
        for choice in (self._continue, self._first):
            column.addWidget(choice, 0, Qt.AlignmentFlag.AlignLeft)

    def show_session(self, session: DocumentSession, worker: WorkerFacts, ahead: DocumentSession | None = None) -> None:
        """Show the progress of a document. ahead: the document that the worker is busy with before this one."""
        progress, phase = session.progress, session.phase
        self._paused = session.paused
        unfinished = not phase.busy and session.opened and not session.fully_read and session.trouble is None
        waits = ahead is not None and phase in (Phase.OPENING, Phase.WAITING, Phase.LOADING)
        self.setVisible(phase.busy or unfinished)
        self._phase.set_text(waiting_words(ahead) if waits and ahead is not None else phase_words(session, worker))
        nothing_yet = phase in (Phase.OPENING, Phase.WAITING, Phase.LOADING) and not session.fraction
        self._bar.set_share(0.0 if nothing_yet else share(session))
        for part, words in zip((self._tokens, self._speed, self._left), figures(session), strict=True):
            part.setText(words)
            part.setVisible(bool(words))
        extra = long_words(session) if unfinished and session.long_seconds else reused_words(session)
        self._extra.setText(extra)
        self._extra.setVisible(bool(extra))
        has_plot = phase.busy and len(progress.memory) > 1
        self._details.setVisible(has_plot)
        self._plot.setVisible(has_plot and self._details.isChecked())
        self._plot.show_points(progress.memory, progress.total_tokens or 0)
        reading = phase.busy and phase is not Phase.OPENING
        self._hold.setVisible(reading and not waits)
        self._stop.setVisible(reading)
        self._hold.set_icon(
            "play" if self._paused else "pause", tr("Resume (Ctrl+P)") if self._paused else tr("Pause (Ctrl+P)")
        )
        self._continue.setVisible(unfinished)
        self._continue.setText(tr("Resume reading") if progress.tokens else tr("Read and summarise"))
        self._first.setVisible(waits)

    def _toggle(self) -> None:
        (self.resume_requested if self._paused else self.pause_requested).emit()


def share(session: DocumentSession) -> float:
    """Return the bar's share, 0 to 1: of the reading, then of the section summaries."""
    if session.phase is Phase.SUMMARISING and session.notes and not session.summary.text:
        return session.notes[-1].number / max(session.section_count, 1)
    return session.fraction


def waiting_words(ahead: DocumentSession) -> str:
    """Return what a document waits for: the one that the worker is busy with."""
    if ahead.phase is Phase.SUMMARISING:
        note = ahead.notes[-1] if ahead.notes and not ahead.summary.text else None
        if note is not None:
            return tr(
                "Waiting for “{title}” to be summarised (section {number} of {count})",
                title=ahead.name,
                number=note.number,
                count=ahead.section_count,
            )
        return tr("Waiting for “{title}” to be summarised", title=ahead.name)
    if ahead.phase is Phase.ANSWERING:
        return tr("Waiting for a question about “{title}”", title=ahead.name)
    return tr("Waiting for “{title}” to be read ({share})", title=ahead.name, share=f"{ahead.fraction:.0%}")


def phase_words(session: DocumentSession, worker: WorkerFacts) -> str:
    """Return one line about what is being done with the document."""
    progress = session.progress
    if session.phase.busy and worker.state in ("starting", "restarting") and session.phase is not Phase.OPENING:
        return tr("Starting the reading process…")
    if session.paused:
        return tr("Paused at page {page}", page=f"{progress.page:,}") if progress.page else tr("Paused")
    match session.phase:
        case Phase.LOADING if session.load_share is not None:
            return tr("Loading the model… {share}", share=f"{session.load_share:.0%}")
        case Phase.WAITING if session.fully_read and session.summary_running:
            return tr("Writing the summary") + taken(session.silent_seconds)
        case Phase.READING:
            return _page_words(session, tr("Reading page {page}"), tr("Reading page {page} of {pages}"))
        case Phase.SUMMARISING:
            note = session.notes[-1] if session.notes and not session.summary.text else None
            if note is None:
                return tr("Writing the summary") + taken(session.silent_seconds)
            words = tr("Summarising section {number} of {count}", number=note.number, count=session.section_count)
            return words + taken(session.silent_seconds)
    if session.phase in PLAIN_PHASES:
        return tr(PLAIN_PHASES[session.phase]) + taken(session.silent_seconds)
    if not progress.tokens:
        return tr("Not read yet")
    return _page_words(session, tr("Read to page {page}"), tr("Read to page {page} of {pages}"))


def _page_words(session: DocumentSession, without: str, with_pages: str) -> str:
    words = with_pages if session.page_count else without
    return words.format(page=f"{session.progress.page:,}", pages=f"{session.page_count or 0:,}")


def figures(session: DocumentSession) -> tuple[str, str, str]:
    """Return tokens, speed and time left in words; "" for what is not known."""
    progress = session.progress
    if not progress.tokens:
        expected = session.estimate.seconds if session.estimate is not None else None
        waits = session.phase in (Phase.LOADING, Phase.WAITING) and expected is not None and not session.fully_read
        return "", "", time_left(expected or 0.0) if waits else ""
    tokens = tokens_count(progress.tokens)
    if progress.total_tokens and not session.fully_read:
        total = f"{progress.total_tokens:,}"
        read = f"{progress.tokens:,}"
        whole = tr("{read} of {total} tokens", read=read, total=total)
        tokens = whole if progress.exact else tr("{read} of about {total} tokens", read=read, total=total)
    if session.phase is not Phase.READING or session.paused:
        return tokens, "", ""
    speed = f"{progress.tokens_per_second:,.0f}"
    words = tr("{speed} tokens/s", speed=speed) if progress.tokens_per_second else ""
    return tokens, words, time_left(progress.seconds_left) if progress.seconds_left is not None else ""


def long_words(session: DocumentSession) -> str:
    """Return how long a reading will take that has not begun for that reason, with the chosen model and with the one
    that comes with the program."""
    estimate = session.estimate
    words = tr(
        "Reading it will take about {time}. You can ask questions meanwhile, pause it, and close the program: it "
        "resumes where it stopped.",
        time=duration_text(session.long_seconds or 0),
    )
    if estimate is None or estimate.reader_seconds is None or estimate.reader_seconds > (session.long_seconds or 0):
        return words
    return f"{words} {tr('With the included model: {time}.', time=duration_text(estimate.reader_seconds))}"


def reused_words(session: DocumentSession) -> str:
    """Return which pages did not have to be read again."""
    progress = session.progress
    if not session.phase.busy or not progress.reused_tokens or not progress.reused_page:
        return ""
    return tr("{pages}: already read", pages=capital(span_words(1, progress.reused_page)))
