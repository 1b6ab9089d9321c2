"""The questions asked of a document, each with its answer; follow-ups stand below the answer that they follow."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from app.questions.turn_card import TurnCard
from app.state.session import DocumentSession, Phase
from app.style.theme import Theme
from app.style.translation import tr
from app.style.widgets import button, label
from app.style.words import taken


class ConversationPane(QScrollArea):
    """One card a visible turn; cards are kept and only changed ones are redrawn. Without turns: suggestions."""

    evidence_requested = Signal(int, int)
    copy_requested = Signal(int)
    follow_requested = Signal(int)
    again_requested = Signal(int)
    edited = Signal(int, str)
    version_requested = Signal(int, int)
    suggestion_chosen = Signal(str)

    def __init__(self, theme: Theme):
        super().__init__()
        self._theme = theme
        self._cards: list[TurnCard] = []
        self._last_key = self._unseen = 0
        self.setObjectName("turns")
        self.setAccessibleName(tr("Questions and answers"))
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list = QWidget()
        self._list.setObjectName("turnList")
        self._column = QVBoxLayout(self._list)
        self._column.setContentsMargins(20, 12, 16, 12)
        self._column.setSpacing(12)
        self._empty = QWidget()
        inside = QVBoxLayout(self._empty)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(8)
        inside.addWidget(
            label(tr("Ask anything about the document. Answers name their pages."), "muted", True, "questionsEmpty")
        )
        self._suggestions = QVBoxLayout()
        self._suggestions.setSpacing(6)
        inside.addLayout(self._suggestions)
        self._column.addWidget(self._empty)
        self._column.addStretch(1)
        self.setWidget(self._list)

    @property
    def cards(self) -> list[TurnCard]:
        return self._cards

    def forget(self) -> None:
        """Forget which turn was the newest: another document is shown, from its newest turn on."""
        self._last_key = 0

    def show_suggestions(self, questions: list[str]) -> None:
        """Offer these questions while none has been asked."""
        while (item := self._suggestions.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for question in questions:
            choice = button(question.replace("&", "&&"), partial(self.suggestion_chosen.emit, question))
            choice.setObjectName("suggestion")
            choice.setProperty("role", "suggestion")
            self._suggestions.addWidget(choice, 0, Qt.AlignmentFlag.AlignLeft)

    def show_session(self, session: DocumentSession) -> None:
        """Show the turns as they stand."""
        turns = list(session.conversation.visible())
        while len(self._cards) > len(turns):
            card = self._cards.pop()
            self._column.removeWidget(card)
            card.hide()
            card.deleteLater()
        while len(self._cards) < len(turns):
            self._cards.append(self._new_card())
        newest = max((turn.key for turn in turns), default=0)
        waiting = waiting_words(session)
        for place, (card, turn) in enumerate(zip(self._cards, turns, strict=True)):
            card.show_turn(turn, session.conversation, waiting, first=place == 0, newest=turn.key == newest)
        self._empty.setVisible(not turns)
        if newest > self._last_key:
            self._unseen = newest
            QTimer.singleShot(30, self, self._show_unseen)
        self._last_key = newest

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        QTimer.singleShot(30, self, self._show_unseen)

    def _show_unseen(self) -> None:
        """Scroll to the newest turn, once: when it comes, or when the pane is shown after it came."""
        if self._unseen and self.isVisible():
            self.show_card(self._unseen)
            self._unseen = 0

    def focus_chain(self) -> list[QWidget]:
        """Return the widgets in the order of the screen, for the tab key."""
        return [part for card in self._cards for part in card.focus_chain()]

    def show_card(self, key: int) -> None:
        """Scroll to a turn."""
        card = self.card_of(key)
        if card is not None:
            self.ensureWidgetVisible(card, 0, 20)

    def card_of(self, key: int) -> TurnCard | None:
        """Return the card that shows a turn; None where it is not shown."""
        return next((card for card in self._cards if card.key == key), None)

    def _new_card(self) -> TurnCard:
        card = TurnCard(self._theme)
        card.evidence_requested.connect(self.evidence_requested)
        card.copy_requested.connect(self.copy_requested)
        card.follow_requested.connect(self.follow_requested)
        card.again_requested.connect(self.again_requested)
        card.edited.connect(self.edited)
        card.version_requested.connect(self.version_requested)
        self._column.insertWidget(self._column.count() - 1, card)
        return card


def waiting_words(session: DocumentSession) -> str:
    """Return what stands where an answer will be."""
    if session.phase is Phase.LOADING:
        if session.load_share is not None:
            return tr("Loading the model… {share}", share=f"{session.load_share:.0%}")
        return tr("Loading the model…")
    if session.phase is Phase.READING and not session.fully_read:
        return tr("Answering from the pages read so far…")
    return tr("Thinking…") + taken(session.silent_seconds)
