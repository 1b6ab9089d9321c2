"""The page of a collection: its state and reading, a box to ask all its documents, answers, documents, errors."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from app.collections.entry_list import EntryList
from app.collections.reply_card import ReplyCard
from app.collections.words import failed_rows, state_words
from app.library.model import Entry
from app.questions.question_bar import QuestionBar
from app.state.collections import CollectionFacts
from app.style.icons import IconButton
from app.style.theme import Theme
from app.style.thin_bar import ThinBar
from app.style.translation import tr, tr_count
from app.style.widgets import ElidedLine, FlowLayout, button, label

ANSWERS, DOCUMENTS, FAILED = 0, 1, 2


class CollectionPage(QWidget):
    """Shows one collection in the middle of the window."""

    asked = Signal(str)
    pause_requested = Signal()
    resume_requested = Signal()
    stop_requested = Signal()
    look_requested = Signal()
    """Read new and changed files of its folders."""
    remove_requested = Signal()
    document_requested = Signal(str)
    """Open the document at this path."""
    place_requested = Signal(int, int, str)
    """(document id, page, the words to mark on it)"""

    def __init__(self, theme: Theme):
        super().__init__()
        self.setObjectName("collectionPage")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self._paused = False
        self._cards: list[ReplyCard] = []
        self._name = ElidedLine("title", name="collectionName")
        self._state = label(role="muted", wrap=True, name="collectionState")
        self._trouble = label(role="error", wrap=True, name="collectionTrouble")
        self._bar = ThinBar(theme, tr("Share of the files that are read"))
        self._bar.setObjectName("collectionBar")
        self._hold = IconButton("pause", tr("Pause"), theme)
        self._hold.setObjectName("collectionPause")
        self._hold.clicked.connect(self._pause_or_resume)
        self._stop = IconButton("stop", tr("Stop; the part already read is kept"), theme)
        self._stop.setObjectName("collectionStop")
        self._stop.clicked.connect(self.stop_requested)
        self._look = button(tr("Look for new files"), self.look_requested.emit, name="collectionLook")
        self._remove = button(tr("Remove collection"), self.remove_requested.emit, name="collectionRemove")
        self._remove.setToolTip(tr("The documents stay in the library"))
        self.question = QuestionBar(theme)
        self.question.setObjectName("collectionQuestion")
        self.question.box.setPlaceholderText(tr("Ask all documents of this collection"))
        self.question.asked.connect(self.asked)
        self.documents = EntryList(theme, "collectionDocuments", tr("Documents of the collection"))
        self.documents.chosen.connect(lambda entry: self.document_requested.emit(entry.path))
        self.failed = EntryList(theme, "collectionFailed", tr("Files that could not be read"))
        self.failed.chosen.connect(lambda entry: self.document_requested.emit(entry.path))
        self._hint = label(
            tr(
                "Questions with “how many”, “list every”, “total”, “first” or “last” are answered with every row and "
                "its page. Other questions are answered with the best sentence of all documents."
            ),
            "muted",
            wrap=True,
            name="collectionHint",
        )
        self.tabs = QTabBar()
        self.tabs.setObjectName("collectionTabs")
        self.tabs.setAccessibleName(tr("Answers, documents and errors"))
        self.tabs.setExpanding(False)
        self.tabs.setDrawBase(False)
        for _ in range(3):
            self.tabs.addTab("")
        self._stack = QStackedWidget()
        for part in (self._answers(), self.documents, self.failed):
            self._stack.addWidget(part)
        self.tabs.currentChanged.connect(self._stack.setCurrentIndex)
        self._lay_out()

    def show_facts(self, facts: CollectionFacts, documents: Sequence[Entry]) -> None:
        """Show a collection; `documents`: the rows of its documents."""
        self._name.set_text(facts.name)
        self._state.setText(state_words(facts))
        self._trouble.setText(facts.trouble)
        self._trouble.setVisible(bool(facts.trouble))
        self._bar.setVisible(facts.reading)
        self._bar.set_share(facts.fraction)
        self._paused = facts.paused
        self._hold.set_icon("play" if facts.paused else "pause", tr("Resume") if facts.paused else tr("Pause"))
        self._hold.setVisible(facts.reading)
        self._stop.setVisible(facts.reading)
        self._look.setVisible(bool(facts.folders) and not facts.reading)
        self._remove.setVisible(not facts.reading)
        self.documents.entries.set_entries(documents)
        self.failed.entries.set_entries(failed_rows(facts))
        self.tabs.setTabText(ANSWERS, tr("Answers"))
        self.tabs.setTabText(DOCUMENTS, tr_count("{count} document", "{count} documents", len(facts.documents)))
        self.tabs.setTabText(FAILED, tr_count("{count} not read", "{count} not read", len(facts.errors)))
        self.tabs.setTabVisible(FAILED, bool(facts.errors))
        self._show_replies(facts)

    def _pause_or_resume(self) -> None:
        (self.resume_requested if self._paused else self.pause_requested).emit()

    def _show_replies(self, facts: CollectionFacts) -> None:
        while len(self._cards) < len(facts.replies):
            card = ReplyCard(self._theme)
            card.place_requested.connect(self.place_requested)
            self._cards.append(card)
            self._column.insertWidget(self._column.count() - 1, card)
        for card in self._cards[len(facts.replies) :]:
            card.hide()
        for card, reply in zip(self._cards, facts.replies, strict=False):
            card.show_reply(reply)
            card.show()
        self._hint.setVisible(not facts.replies)

    def _answers(self) -> QWidget:
        inner = QWidget()
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(4, 8, 12, 8)
        self._column.addWidget(self._hint)
        self._column.addStretch()
        area = QScrollArea()
        area.setObjectName("collectionAnswers")
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        return area

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self._name, 1)
        for tool in (self._hold, self._stop):
            head.addWidget(tool)
        choices = QWidget()
        flow = FlowLayout(choices, 8)
        for choice in (self._look, self._remove):
            flow.addWidget(choice)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 8)
        column.setSpacing(8)
        column.addLayout(head)
        for part in (self._state, self._bar, self._trouble, choices, self.tabs):
            column.addWidget(part)
        column.addWidget(self._stack, 1)
        column.addWidget(self.question)
