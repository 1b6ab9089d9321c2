"""The right side: the model in use, progress, and summary, sections, dates and questions as tabs."""

from __future__ import annotations

import itertools

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from app.jobs.worker_supervisor import WorkerFacts
from app.questions.pane import ConversationPane
from app.questions.question_bar import QuestionBar
from app.settings.models import is_included, model_name
from app.state.session import Aspect, DocumentSession
from app.style.icons import IconButton
from app.style.theme import Theme
from app.style.translation import tr
from app.style.widgets import button, label, plain_tip, restyle
from app.summary.entities_view import EntitiesView
from app.summary.notes_view import NotesView
from app.summary.progress_panel import ProgressPanel
from app.summary.summary_view import SummaryView
from engine.protocol.events import Notice

SUMMARY, SECTIONS, ENTITIES, QUESTIONS = 0, 1, 2, 3


class SidePane(QWidget):
    """Assembles the views of reading and asking."""

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
        self._chosen, self._included = tr("Included model"), True
        self._held = ""
        self._chain: list[QWidget] = []
        self._session: DocumentSession | None = None
        self._ahead: DocumentSession | None = None
        self._model: QPushButton = button("", self.model_requested.emit, "model", "modelBadge")
        self._model.setAccessibleName(tr("Model"))
        settings = IconButton("settings", tr("Settings (Ctrl+,)"), theme)
        settings.clicked.connect(self.settings_requested)
        self.progress = ProgressPanel(theme)
        self.summary = SummaryView(theme)
        self.notes = NotesView(theme)
        self.entities = EntitiesView(theme)
        self.conversation = ConversationPane(theme)
        self.question = QuestionBar(theme)
        self._notice = self._make_notice()
        self.tabs = QTabBar()
        self.tabs.setObjectName("tabs")
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(True)
        self.tabs.setElideMode(Qt.TextElideMode.ElideNone)
        self.tabs.setAccessibleName(tr("Views"))
        self._stack = QStackedWidget()
        self._stack.setMinimumHeight(90)
        views: tuple[tuple[str, QWidget], ...] = (
            (tr("Summary"), self.summary),
            (tr("Sections"), self.notes),
            (tr("Dates && names"), self.entities),
            (tr("Questions"), self.conversation),
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

    def _make_notice(self) -> QFrame:
        notice = QFrame()
        notice.setObjectName("notice")
        notice.setProperty("role", "notice")
        self._notice_words = label(wrap=True, name="noticeText")
        self._choose = button(tr("Get a larger model…"), self.model_requested.emit, name="noticeModel")
        self._restart = button(tr("Start again"), self.restart_requested.emit, name="noticeRestart")
        self._retry = button(tr("Try again"), self.retry_requested.emit, name="noticeRetry")
        inside = QVBoxLayout(notice)
        inside.setContentsMargins(14, 9, 10, 9)
        inside.setSpacing(6)
        inside.addWidget(self._notice_words)
        for choice in (self._choose, self._restart, self._retry):
            inside.addWidget(choice, 0, Qt.AlignmentFlag.AlignLeft)
        return notice

    def tabs_width(self) -> int:
        """Return the width that the tabs need to be shown whole, with a number of questions, in pixels."""
        self.ensurePolished()
        count = self.tabs.fontMetrics().horizontalAdvance(" (99)")
        return self.tabs.sizeHint().width() + count + 34

    def set_chosen_model(self, folder: str) -> None:
        """Show which model the settings call for; "" is the default model."""
        self._chosen = model_name(folder) if folder else tr("Included model")
        self._included = is_included(folder)
        self.set_worker(self._worker)

    def set_worker(self, facts: WorkerFacts) -> None:
        """Show the worker's state and the model in use."""
        self._worker = facts
        words, tip = model_words(facts, self._chosen)
        self._model.setText(words)
        self._model.setToolTip(plain_tip(tip))
        self._model.setAccessibleDescription(tip)
        demo = facts.model.demo if facts.model is not None else self._included
        restyle(self._model, "demo", "true" if demo and facts.state != "failed" else "false")
        self._show_notice()
        if self._session is not None:
            self.progress.show_session(self._session, facts, self._ahead)

    def set_read_only(self, sentence: str) -> None:
        """Say that another program writes the library; "" when it is free again."""
        self._held = sentence
        self._show_notice()

    def set_ahead(self, ahead: DocumentSession | None) -> None:
        """Show which document the worker is busy with before the shown one."""
        self._ahead = ahead
        if self._session is not None:
            self.progress.show_session(self._session, self._worker, ahead)

    def set_session(self, session: DocumentSession) -> None:
        """Show another document."""
        self._session = session
        self.tabs.setCurrentIndex(SUMMARY)
        self.conversation.show_suggestions([])
        self.conversation.forget()
        self.show_session(session, Aspect.ALL)

    def show_session(self, session: DocumentSession, what: int) -> None:
        """Show what changed."""
        self._session = session
        if what & (Aspect.PROGRESS | Aspect.TROUBLE):
            self.progress.show_session(session, self._worker, self._ahead)
            self._show_notice()
        if what & (Aspect.SUMMARY | Aspect.PROGRESS | Aspect.DOCUMENT):
            self.summary.show_session(session)
            self.notes.show_session(session)
        if what & (Aspect.LEDGER | Aspect.DOCUMENT):
            self.entities.show_session(session)
        if what & (Aspect.TURNS | Aspect.PROGRESS):
            self.conversation.show_session(session)
            self._order()
        questions = len(list(session.conversation.visible()))
        words = tr("Questions ({count})", count=questions) if questions else tr("Questions")
        if self.tabs.tabText(QUESTIONS) != words:
            self.tabs.setTabText(QUESTIONS, words)

    def _order(self) -> None:
        """Set the tab key's order to the screen's: the tabs, the view that is shown, the question box."""
        views = [*self.summary.focus_chain(), self.notes.text, *self.entities.focus_chain()]
        chain = [self.tabs, *views, *self.conversation.focus_chain(), self.question.box]
        if chain != self._chain:
            self._chain = chain
            for one, following in itertools.pairwise(chain):
                QWidget.setTabOrder(one, following)

    def _show_notice(self) -> None:
        sentence, demo = self._worker.sentence or self._held, False
        if not sentence and self._session is not None and self._session.notices:
            notice = self._session.notices[-1]
            sentence, demo = notice_words(notice), notice.kind == "demo_model"
        self._notice_words.setText(sentence)
        self._choose.setVisible(demo)
        self._restart.setVisible(self._worker.state == "failed")
        self._retry.setVisible(bool(self._held) and not self._worker.sentence)
        self._notice.setVisible(bool(sentence))
        self._notice.setToolTip(plain_tip(self._worker.details[-2000:]) if self._worker.sentence else "")


def notice_words(notice: Notice) -> str:
    """Return the sentence of a notice of the worker."""
    match notice.kind:
        case "demo_model":
            return tr("The included model is small. Check its answers against the quoted passages.")
        case "file_replaced":
            return tr("“{name}” was truncated or replaced and is read from its start.", name=notice.detail)
        case "rounded_checkpoint":
            return tr(
                "The reading resumed from a rounded checkpoint, so its result differs slightly from an uninterrupted "
                "reading."
            )
        case "stored_decrypted":
            return tr(
                "The text of “{name}” is stored in the library without its password. Remove the document to delete it.",
                name=notice.detail,
            )
        case "bad_command":
            return tr("The reading process did not understand a command: {error}", error=notice.detail)


def model_words(facts: WorkerFacts, chosen: str) -> tuple[str, str]:
    """Return the model button's text and its tooltip. chosen: the model that the settings call for."""
    model = facts.model
    if facts.state == "failed":
        return tr("Not running"), facts.sentence
    if model is None:
        if facts.loading:
            return tr("Loading the model…"), facts.loading
        if facts.failed:
            return tr("{name}: not loaded", name=chosen), facts.failed
        return chosen, tr("The model is loaded when it is first needed. Click to choose another one.")
    size = f"{model.parameters / 1e9:.1f}B" if model.parameters >= 1e9 else f"{model.parameters / 1e6:.0f}M"
    tip = tr(
        "{name}: {size} parameters, {precision} on {device}", name=model.name, size=size, precision=model.dtype,
        device=model.device,
    )  # fmt: skip
    if model.trained_context:
        tip += ", " + tr("trained on texts of {tokens} tokens", tokens=f"{model.trained_context:,}")
    if model.demo:
        return tr("Included model"), tip
    return f"{model.name}  ·  {model.device}", tip
