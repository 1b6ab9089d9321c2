"""The right side: the model in use, progress, and summary, sections and questions as tabs over the question box."""

from __future__ import annotations

import itertools

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from app.jobs.worker_supervisor import WorkerFacts
from app.questions.pane import ConversationPane
from app.questions.question_bar import QuestionBar
from app.settings.models import model_name
from app.state import words
from app.state.session import Aspect, DocumentSession
from app.style.icons import IconButton
from app.style.theme import Theme
from app.style.widgets import button, label, restyle
from app.summary.entities_view import LedgerView
from app.summary.notes_view import NotesView
from app.summary.progress_panel import ProgressPanel
from app.summary.summary_view import SummaryView

SUMMARY, SECTIONS, LEDGER, QUESTIONS = 0, 1, 2, 3


class SidePane(QWidget):
    """Assembles what belongs to reading and asking."""

    model_requested = Signal()
    settings_requested = Signal()
    restart_requested = Signal()
    retry_requested = Signal()
    """Try again whether the library is free."""

    def __init__(self, theme: Theme):
        super().__init__()
        self.setObjectName("sidePane")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._worker = WorkerFacts()
        self._chosen = model_name("")
        self._held = ""
        self._chain: list[QWidget] = []
        self._session: DocumentSession | None = None
        self._model: QPushButton = button("", self.model_requested.emit, "model")
        self._model.setAccessibleName("Model")
        settings = IconButton("settings", "Settings (Ctrl+,)", theme)
        settings.clicked.connect(self.settings_requested)
        self.progress = ProgressPanel(theme)
        self.summary = SummaryView(theme)
        self.notes = NotesView(theme)
        self.ledger = LedgerView(theme)
        self.conversation = ConversationPane(theme)
        self.question = QuestionBar(theme)
        self._notice = QFrame()
        self._notice.setProperty("role", "notice")
        self._notice_words = label(wrap=True)
        self._choose = button("Choose…", self.model_requested.emit)
        self._restart = button("Start again", self.restart_requested.emit)
        self._retry = button("Try again", self.retry_requested.emit)
        inside = QHBoxLayout(self._notice)
        inside.setContentsMargins(14, 9, 10, 9)
        inside.addWidget(self._notice_words, 1)
        inside.addWidget(self._choose, 0, Qt.AlignmentFlag.AlignTop)
        inside.addWidget(self._restart, 0, Qt.AlignmentFlag.AlignTop)
        inside.addWidget(self._retry, 0, Qt.AlignmentFlag.AlignTop)
        self.tabs = QTabBar()
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(False)
        self.tabs.setElideMode(Qt.TextElideMode.ElideRight)
        self.tabs.setAccessibleName("Summary, sections, ledger or questions")
        self._stack = QStackedWidget()
        views: tuple[tuple[str, QWidget], ...] = (
            ("Summary", self.summary),
            ("Sections", self.notes),
            ("Ledger", self.ledger),
            ("Questions", self.conversation),
        )
        for name, view in views:
            self.tabs.addTab(name)
            self._stack.addWidget(view)
        self.tabs.currentChanged.connect(self._stack.setCurrentIndex)
        top = QHBoxLayout()
        top.setContentsMargins(16, 8, 10, 8)
        top.addWidget(self._model)
        top.addStretch(1)
        top.addWidget(settings)
        boxes = QVBoxLayout()
        boxes.setContentsMargins(16, 0, 16, 0)
        boxes.setSpacing(8)
        boxes.addWidget(self._notice)
        boxes.addWidget(self.progress)
        tab_row = QHBoxLayout()
        tab_row.setContentsMargins(16, 6, 8, 0)
        tab_row.addWidget(self.tabs, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addLayout(boxes)
        column.addLayout(tab_row)
        column.addWidget(self._stack, 1)
        column.addWidget(self.question)
        self.set_worker(self._worker)

    def set_chosen_model(self, folder: str) -> None:
        """The settings call for this model; "" is the demo model."""
        self._chosen = model_name(folder)
        self.set_worker(self._worker)

    def set_worker(self, facts: WorkerFacts) -> None:
        """Show the worker's state and the model in use."""
        self._worker = facts
        words, tip = model_words(facts, self._chosen)
        self._model.setText(words)
        self._model.setToolTip(tip)
        self._model.setAccessibleDescription(tip)
        demo = facts.model.demo if facts.model is not None else self._chosen == model_name("")
        restyle(self._model, "demo", "true" if demo and facts.state != "failed" else "false")
        self._show_notice()
        if self._session is not None:
            self.progress.show_session(self._session, facts)

    def set_read_only(self, sentence: str) -> None:
        """Another program writes the library; "" when it is free again."""
        self._held = sentence
        self._show_notice()

    def set_session(self, session: DocumentSession) -> None:
        """Show another document."""
        self._session = session
        self.tabs.setCurrentIndex(SUMMARY)
        self.show_session(session, Aspect.ALL)

    def show_session(self, session: DocumentSession, what: int) -> None:
        """Show what changed."""
        self._session = session
        if what & (Aspect.PROGRESS | Aspect.TROUBLE):
            self.progress.show_session(session, self._worker)
            self._show_notice()
        if what & (Aspect.SUMMARY | Aspect.PROGRESS | Aspect.DOCUMENT):
            self.summary.show_session(session)
            self.notes.show_session(session)
        if what & (Aspect.LEDGER | Aspect.DOCUMENT):
            self.ledger.show_session(session)
        if what & (Aspect.TURNS | Aspect.PROGRESS):
            self.conversation.show_session(session)
            self._order()
        turns = len(session.conversation.turns)
        self.tabs.setTabText(QUESTIONS, f"Questions {turns}" if turns else "Questions")

    def _order(self) -> None:
        """The tab key follows the screen: from the tabs through the view that is shown to the question box."""
        views = [*self.summary.focus_chain(), self.notes.text, *self.ledger.focus_chain()]
        chain = [self.tabs, *views, *self.conversation.focus_chain(), self.question.box]
        if chain != self._chain:
            self._chain = chain
            for one, following in itertools.pairwise(chain):
                QWidget.setTabOrder(one, following)

    def _show_notice(self) -> None:
        sentence, demo = self._worker.sentence or self._held, False
        if not sentence and self._session is not None and self._session.notices:
            notice = self._session.notices[-1]
            sentence, demo = words.notice(notice), notice.kind == "demo_model"
        self._notice_words.setText(sentence)
        self._choose.setVisible(demo)
        self._restart.setVisible(self._worker.state == "failed")
        self._retry.setVisible(bool(self._held) and not self._worker.sentence)
        self._notice.setVisible(bool(sentence))
        self._notice.setToolTip(self._worker.details[-2000:] if self._worker.sentence else "")


def model_words(facts: WorkerFacts, chosen: str) -> tuple[str, str]:
    """The model button's text, and the longer one that explains it; `chosen`: what the settings call for."""
    model = facts.model
    if facts.state == "failed":
        return "Not running", facts.sentence
    if model is None:
        if facts.loading:
            return "Loading the model…", facts.loading
        return chosen, "This model is loaded when it is first needed. Choose another one here."
    size = f"{model.parameters / 1e9:.1f}B" if model.parameters >= 1e9 else f"{model.parameters / 1e6:.0f}M"
    context = f", trained on {model.trained_context:,} tokens" if model.trained_context else ""
    tip = f"{model.name}: {size} parameters, {model.dtype} on {model.device}{context}. {model.reason}"
    if model.demo:
        demo = "A small model that shows how the program works; choose a larger one for real documents."
        return "Demo model", f"{demo}\n{tip}"
    return f"{model.name}  ·  {model.device}", tip
