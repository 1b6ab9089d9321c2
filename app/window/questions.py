"""Questions and answers: ask, follow up, edit, regenerate, copy, show the source."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from app.document.pane import DocumentPane
from app.export.clipboard import turn_text
from app.jobs.controller import JobController
from app.pages.marks import Passage
from app.state.conversation import Turn
from app.state.session import DocumentSession
from app.style.translation import tr
from app.window.side_pane import QUESTIONS, SidePane
from engine.grounding.locate import figures_of, terms_of
from engine.protocol.evidence import Sentence


class Questions(QObject):
    """Connects the question box and the answers with the document; holds the context of the next question."""

    done = Signal(object)
    """Completed action, as a sentence for the toast."""
    tree_changed = Signal()
    """Request to show another version of an answer."""

    def __init__(self, controller: JobController, document: DocumentPane, side: SidePane, parent: QObject):
        super().__init__(parent)
        self._controller, self._document, self._side = controller, document, side
        self._as_of: int | None = None
        self._follows: int | None = None
        self._awaited: list[tuple[str, int]] = []
        """(path of the document, key): questions whose answers are shown in the document when they come."""
        side.question.asked.connect(self._ask)
        side.question.context_dropped.connect(self.drop_context)
        turns = side.conversation
        turns.evidence_requested.connect(self.show_evidence)
        turns.copy_requested.connect(self.copy)
        turns.follow_requested.connect(self.follow)
        turns.again_requested.connect(self.again)
        turns.edited.connect(self.ask_edited)
        turns.version_requested.connect(self.show_version)
        turns.suggestion_chosen.connect(self._ask)
        document.ask_as_of_requested.connect(self.ask_as_of)

    def ask_as_of(self, page: int) -> None:
        """Ask the next question of the pages up to this one only."""
        self._as_of, self._follows = page, None
        self._side.question.set_context(tr("Using pages 1–{page} only", page=page))
        self._side.question.focus()

    def follow(self, key: int) -> None:
        """Ask the next question as a follow-up to an answer."""
        turn = self._turn(key)
        if turn is not None and turn.turn_id is not None:
            self._as_of, self._follows = None, key
            self._side.question.set_context(tr("Follow-up to: “{question}”", question=turn.question))
            self._side.tabs.setCurrentIndex(QUESTIONS)
            self._side.question.focus()

    def drop_context(self) -> None:
        """Ask the next question of the whole document."""
        self._as_of = self._follows = None
        self._side.question.set_context("")

    def again(self, key: int) -> None:
        """Answer the same question again."""
        turn = self._turn(key)
        if turn is not None:
            self._controller.ask_again(turn)
            self._await_newest()

    def ask_edited(self, key: int, question: str) -> None:
        """Ask an edited question, as another version of the same turn."""
        turn = self._turn(key)
        if turn is not None:
            self._controller.ask_again(turn, question)
            self._await_newest()

    def edit(self, key: int) -> None:
        """Let a question be edited in its place."""
        card = self._side.conversation.card_of(key)
        if card is not None:
            self._side.tabs.setCurrentIndex(QUESTIONS)
            card.begin_edit()

    def show_version(self, key: int, step: int) -> None:
        """Show the next (1) or previous (-1) version of an answer."""
        turn, session = self._turn(key), self._controller.current
        if turn is not None and session is not None:
            session.conversation.show_try(turn, step)
            self.tree_changed.emit()

    def copy(self, key: int) -> None:
        """Put question and answer with their page references on the clipboard."""
        turn, session = self._turn(key), self._controller.current
        if turn is not None and session is not None:
            QGuiApplication.clipboard().setText(turn_text(session, turn))
            self.done.emit(tr("Question and answer copied"))

    def show_evidence(self, key: int, page: int = 0) -> None:
        """Go to the source of an answer: to `page`, or to the best of its pages; nothing else stays marked."""
        turn = self._turn(key)
        if turn is None:
            return
        if not page or (turn.pages and page == turn.pages[0]):
            page = turn.best_page
        self._controller.show_evidence(turn, page)
        if page:
            self._document.show_passages(passages_of(turn, page))

    def take_answers(self, session: DocumentSession) -> None:
        """Go to the sentence that a new answer quotes; where it quotes none, unmark the last answer's."""
        for path, key in [awaited for awaited in self._awaited if awaited[0] == session.path]:
            turn = session.conversation.by_key(key)
            if turn is not None and not turn.done and not turn.problem:
                continue
            self._awaited.remove((path, key))
            if turn is not None and turn.done and turn.found and turn.evidence_page:
                self.show_evidence(key)
            elif turn is not None:
                self._document.show_passages([])

    def with_last(self, act: Callable[[int], object]) -> None:
        """Call `act` with the newest question, if there is one."""
        cards = self._side.conversation.cards
        if cards:
            act(max(card.key for card in cards))

    def _ask(self, question: str) -> None:
        parent = self._turn(self._follows) if self._follows is not None else None
        self._controller.ask(question, self._as_of, parent)
        self._await_newest()
        self.drop_context()
        self._side.tabs.setCurrentIndex(QUESTIONS)

    def _await_newest(self) -> None:
        session = self._controller.current
        if session is not None and session.conversation.turns:
            self._awaited.append((session.path, session.conversation.turns[-1].key))

    def _turn(self, key: int) -> Turn | None:
        session = self._controller.current
        return session.conversation.by_key(key) if session is not None else None


def passages_of(turn: Turn, page: int) -> list[Passage]:
    """Return what to mark for an answer on a page: its sentences, or where its words stand."""
    terms = tuple(terms_of(turn.answer) + figures_of(turn.question))
    passages = [Passage(page, turn.sentence, terms, turn.start, turn.end, turn.words)]
    if page != turn.evidence_page:
        passages = []
    elif turn.beginning is not None:
        passages.insert(0, _passage(turn.beginning))
    further = (*turn.evidence.further, *turn.also) if turn.evidence is not None and turn.found else turn.closest or ()
    passages += [_passage(one) for one in further if one.page == page]
    return passages or [Passage(page, terms=terms)]


def _passage(sentence: Sentence) -> Passage:
    return Passage(sentence.page, sentence.text, (), sentence.start, sentence.end)
