"""Questions and answers as people handle them: ask, ask on, edit, try again, copy, look at the evidence."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from app.document.pane import DocumentPane
from app.export import markdown
from app.jobs.controller import JobController
from app.state.conversation import Turn
from app.window.side_pane import QUESTIONS, SidePane
from engine.grounding.locate import figures_of, terms_of


class Inquiry(QObject):
    """Connects the question box and the answers with the document; knows what the next question is about."""

    done = Signal(object)
    """What was done, in a sentence worth saying."""
    tree_changed = Signal()
    """Another try of a question is to be shown."""

    def __init__(self, controller: JobController, document: DocumentPane, side: SidePane, parent: QObject):
        super().__init__(parent)
        self._controller, self._document, self._side = controller, document, side
        self._as_of: int | None = None
        self._follows: int | None = None
        side.question.asked.connect(self._ask)
        side.question.context_dropped.connect(self.drop_context)
        turns = side.conversation
        turns.evidence_requested.connect(self.show_evidence)
        turns.copy_requested.connect(self.copy)
        turns.follow_requested.connect(self.follow)
        turns.again_requested.connect(self.again)
        turns.edited.connect(self.ask_edited)
        turns.try_requested.connect(self.show_try)
        document.ask_as_of_requested.connect(self.ask_as_of)

    def ask_as_of(self, page: int) -> None:
        """The next question is about what was known by the end of a page."""
        self._as_of, self._follows = page, None
        self._side.question.set_context(f"As of the end of page {page}")
        self._side.question.focus()

    def follow(self, key: int) -> None:
        """The next question goes on from an answer."""
        turn = self._turn(key)
        if turn is not None and turn.turn_id is not None:
            self._as_of, self._follows = None, key
            question = turn.question if len(turn.question) < 44 else turn.question[:42] + "…"
            self._side.question.set_context(f"Following “{question}”")
            self._side.tabs.setCurrentIndex(QUESTIONS)
            self._side.question.focus()

    def drop_context(self) -> None:
        """The next question is about all that was read."""
        self._as_of = self._follows = None
        self._side.question.set_context("")

    def again(self, key: int) -> None:
        """Another answer to the same question."""
        turn = self._turn(key)
        if turn is not None:
            self._controller.ask_again(turn)

    def ask_edited(self, key: int, question: str) -> None:
        """The question in other words, as a try of the same."""
        turn = self._turn(key)
        if turn is not None:
            self._controller.ask_again(turn, question)

    def edit(self, key: int) -> None:
        """Let a question be edited in its place."""
        card = next((card for card in self._side.conversation.cards if card.key == key), None)
        if card is not None:
            self._side.tabs.setCurrentIndex(QUESTIONS)
            card.begin_edit()

    def show_try(self, key: int, step: int) -> None:
        """The next (1) or previous (-1) try of a question."""
        turn, session = self._turn(key), self._controller.current
        if turn is not None and session is not None:
            session.conversation.show_try(turn, step)
            self.tree_changed.emit()

    def copy(self, key: int) -> None:
        """Put question and answer with their page references on the clipboard."""
        turn, session = self._turn(key), self._controller.current
        if turn is not None and session is not None:
            QGuiApplication.clipboard().setText(markdown.turn_text(session, turn))
            self.done.emit("Question and answer copied")

    def show_evidence(self, key: int, page: int = 0) -> None:
        """Go to what an answer rests on: to `page`, or to the best of its pages."""
        turn = self._turn(key)
        if turn is None:
            return
        if not page or (turn.pages and page == turn.pages[0]):
            page = turn.best_page
        self._controller.show_evidence(turn, page)
        if page:
            self._document.go_to(page)
            terms = terms_of(turn.answer) + figures_of(turn.question)
            if page == turn.evidence_page:
                self._document.mark(page, terms, turn.sentence, (turn.start, turn.end))
            else:
                self._document.mark(page, terms)

    def with_last(self, act: Callable[[int], object]) -> None:
        """Do something with the newest question, if there is one."""
        cards = self._side.conversation.cards
        if cards:
            act(max(card.key for card in cards))

    def _ask(self, question: str) -> None:
        parent = self._turn(self._follows) if self._follows is not None else None
        self._controller.ask(question, self._as_of, parent)
        self.drop_context()
        self._side.tabs.setCurrentIndex(QUESTIONS)

    def _turn(self, key: int) -> Turn | None:
        session = self._controller.current
        return session.conversation.by_key(key) if session is not None else None
