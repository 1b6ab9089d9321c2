"""The questions asked of a document, each with its answer; follow-ups stand below the answer that they follow."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from app.questions.turn_card import TurnCard
from app.state.session import DocumentSession, Phase
from app.style.theme import Theme
from app.style.widgets import label


class ConversationPane(QScrollArea):
    """One card a visible turn; cards are kept and only what changed is redrawn."""

    evidence_requested = Signal(int, int)
    copy_requested = Signal(int)
    follow_requested = Signal(int)
    again_requested = Signal(int)
    edited = Signal(int, str)
    try_requested = Signal(int, int)

    def __init__(self, theme: Theme):
        super().__init__()
        self._theme = theme
        self._cards: list[TurnCard] = []
        self._last_key = 0
        self.setObjectName("turns")
        self.setAccessibleName("Questions and answers")
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list = QWidget()
        self._list.setObjectName("turnList")
        self._column = QVBoxLayout(self._list)
        self._column.setContentsMargins(20, 12, 16, 12)
        self._column.setSpacing(12)
        self._empty = label(
            "Ask anything about the document. An answer names the pages it rests on, and says so when the document "
            "does not hold one.",
            "muted",
            wrap=True,
        )
        self._column.addWidget(self._empty)
        self._column.addStretch(1)
        self.setWidget(self._list)

    @property
    def cards(self) -> list[TurnCard]:
        return self._cards

    def show_session(self, session: DocumentSession) -> None:
        """Show the turns as they stand."""
        turns = list(session.conversation.visible())
        while len(self._cards) > len(turns):
            card = self._cards.pop()
            self._column.removeWidget(card)
            card.hide()
            card.deleteLater()
        while len(self._cards) < len(turns):
            card = TurnCard(self._theme)
            for name in (
                "evidence_requested",
                "copy_requested",
                "follow_requested",
                "again_requested",
                "edited",
                "try_requested",
            ):
                getattr(card, name).connect(getattr(self, name))
            self._column.insertWidget(self._column.count() - 1, card)
            self._cards.append(card)
        newest = max((turn.key for turn in turns), default=0)
        for place, (card, turn) in enumerate(zip(self._cards, turns, strict=True)):
            waiting = waiting_words(session)
            card.show_turn(turn, session.conversation, waiting, first=place == 0, newest=turn.key == newest)
        self._empty.setVisible(not turns)
        if newest > self._last_key:
            QTimer.singleShot(30, self, lambda: self.show_card(newest))
        self._last_key = newest

    def focus_chain(self) -> list[QWidget]:
        """What the tab key goes through, in the order of the screen."""
        return [part for card in self._cards for part in card.focus_chain()]

    def show_card(self, key: int) -> None:
        """Scroll to a turn."""
        card = next((card for card in self._cards if card.key == key), None)
        if card is not None:
            self.ensureWidgetVisible(card, 0, 20)


def waiting_words(session: DocumentSession) -> str:
    """What stands where an answer will be."""
    if session.phase is Phase.LOADING:
        return "Loading the model…"
    if session.phase is Phase.READING and not session.fully_read:
        return "The answer comes from what is read so far, at the end of this stretch…"
    return "Thinking…"
