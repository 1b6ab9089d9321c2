"""One question and its answer: text, quoted sentence, sources, doubts, and what can be done with it."""

from __future__ import annotations

import html

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QEnterEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from app.questions.evidence_words import (
    Chip,
    answer_of,
    chips_of,
    doubts_of,
    emphasis_of,
    passages_of,
    quote_of,
    source_of,
)
from app.state.conversation import Conversation, Turn
from app.style.icons import IconButton
from app.style.theme import Theme
from app.style.translation import tr
from app.style.widgets import FlowLayout, button, label, line, plain_tip, with_page_links
from app.style.words import capital, span_words

INDENT = 18
MAX_DEPTH = 4


class TurnCard(QWidget):
    """Shows the turn `key`."""

    evidence_requested = Signal(int, int)
    """(key, page)"""
    copy_requested = Signal(int)
    follow_requested = Signal(int)
    again_requested = Signal(int)
    edited = Signal(int, str)
    version_requested = Signal(int, int)
    """(key, step)"""

    def __init__(self, theme: Theme):
        super().__init__()
        self.setObjectName("turnCard")
        self.key = 0
        self._theme = theme
        self._words = ""
        self._nearby: list[tuple[int, str]] = []
        self._emphasis: tuple[int, int] | None = None
        theme.changed.connect(self._set_texts)
        self._shown: tuple[object, ...] | None = None
        self._chips_shown: list[Chip] = []
        self._newest = False
        self._line = line()
        self._indent = QWidget()
        self._thread = QFrame()
        self._thread.setProperty("role", "thread")
        self._thread.setFixedWidth(2)
        self._question = label(role="strong", wrap=True, name="turnQuestion")
        self._question.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._as_of = label(role="small", name="turnAsOf")
        self._editor = QLineEdit()
        self._editor.setObjectName("turnEditor")
        self._editor.setAccessibleName(tr("Edit the question"))
        self._editor.hide()
        self._editor.returnPressed.connect(self._finish_edit)
        self._answer = QLabel()
        self._answer.setObjectName("turnAnswer")
        self._answer.setProperty("role", "answer")
        self._answer.setTextFormat(Qt.TextFormat.RichText)
        self._answer.setWordWrap(True)
        self._answer.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.LinksAccessibleByMouse
        )
        self._answer.linkActivated.connect(self._link)
        self._quote = label(role="quote", wrap=True, name="turnQuote")
        self._quote.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._passages = label(role="quote", wrap=True, name="turnPassages")
        self._passages.setTextFormat(Qt.TextFormat.RichText)
        self._passages.setTextInteractionFlags(self._answer.textInteractionFlags())
        self._passages.linkActivated.connect(self._link)
        self._closest = label("", "small", name="turnClosest")
        self._problem = label(role="error", wrap=True, name="turnProblem")
        self._doubt = label(role="warning", wrap=True, name="turnDoubt")
        self._source = label(role="small", wrap=True, name="turnSource")
        self._chip_row = QWidget()
        self._chips = FlowLayout(self._chip_row)
        self._versions = label(role="small", name="turnVersions")
        self._versions.setAccessibleName(tr("Version of this answer"))
        self._tools = self._make_tools(theme)
        inner = QVBoxLayout()
        inner.setSpacing(5)
        for part in (
            self._question,
            self._as_of,
            self._editor,
            self._answer,
            self._problem,
            self._quote,
            self._chip_row,
            self._source,
            self._doubt,
            self._closest,
            self._passages,
            self._tools,
        ):
            inner.addWidget(part)
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(self._indent)
        row.addWidget(self._thread)
        row.addLayout(inner, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self._line)
        column.addLayout(row)

    def _make_tools(self, theme: Theme) -> QWidget:
        tools = QWidget()
        row = QHBoxLayout(tools)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._back = IconButton("left", tr("Previous version"), theme, size=16)
        self._forth = IconButton("right", tr("Next version"), theme, size=16)
        self._follow = IconButton("reply", tr("Ask a follow-up"), theme, size=16)
        self._edit = IconButton("edit", tr("Edit the question and ask again"), theme, size=16)
        self._again = IconButton("again", tr("Regenerate"), theme, size=16)
        self._copy = IconButton("copy", tr("Copy question and answer with page references"), theme, size=16)
        for tool, name in (
            (self._back, "turnBack"),
            (self._forth, "turnForth"),
            (self._follow, "turnFollow"),
            (self._edit, "turnEdit"),
            (self._again, "turnAgain"),
            (self._copy, "turnCopy"),
        ):
            tool.setObjectName(name)
        self._back.clicked.connect(lambda: self.version_requested.emit(self.key, -1))
        self._forth.clicked.connect(lambda: self.version_requested.emit(self.key, 1))
        self._follow.clicked.connect(lambda: self.follow_requested.emit(self.key))
        self._edit.clicked.connect(self.begin_edit)
        self._again.clicked.connect(lambda: self.again_requested.emit(self.key))
        self._copy.clicked.connect(lambda: self.copy_requested.emit(self.key))
        for tool in (self._follow, self._edit, self._again, self._copy):
            row.addWidget(tool)
        row.addStretch(1)
        for part in (self._back, self._versions, self._forth):
            row.addWidget(part)
        return tools

    @property
    def chips(self) -> list[QPushButton]:
        """The links to pages, in their order."""
        items = [self._chips.itemAt(place) for place in range(self._chips.count())]
        widgets = [item.widget() for item in items if item is not None]
        return [widget for widget in widgets if isinstance(widget, QPushButton)]

    def focus_chain(self) -> list[QWidget]:
        """Return the widgets in the order of the screen, for the tab key."""
        return [self._editor, *self.chips, self._follow, self._edit, self._again, self._copy, self._back, self._forth]

    def show_turn(self, turn: Turn, conversation: Conversation, waiting: str, first: bool, newest: bool) -> None:
        """Show a turn; `waiting` stands where the answer will be. Does nothing when all of it is shown already.

        first: no line above it; newest: its tools are in full colour.
        """
        versions = conversation.tries(turn)
        place = versions.index(turn)
        chips, quote, doubts, source = chips_of(turn), quote_of(turn), doubts_of(turn), source_of(turn)
        passages = passages_of(turn)
        facts: tuple[object, ...] = (
            *(turn.key, turn.question, turn.answer, turn.done, turn.problem, turn.found, turn.page, turn.turn_id),
            *(tuple(chips), quote, tuple(passages), tuple(doubts), source),
            *(len(versions), place, waiting, first, newest),
        )
        if facts == self._shown:
            return
        if turn.key != self.key:
            self._editor.hide()
            self._question.show()
        self._shown, self.key, self._newest = facts, turn.key, newest
        depth = min(turn.depth, MAX_DEPTH)
        self._line.setVisible(depth == 0 and not first)
        self._indent.setFixedWidth(max(0, (depth - 1) * INDENT))
        self._indent.setVisible(depth > 1)
        self._thread.setVisible(depth > 0)
        self._question.setText(turn.question)
        self._as_of.setText(tr("Using pages 1–{page} only", page=turn.page) if turn.page else "")
        self._as_of.setVisible(bool(turn.page))
        self._nearby = passages
        self._show_answer(turn, waiting)
        self._show_chips(chips)
        self._closest.setText(tr("See also:") if turn.found else tr("The closest passages:"))
        for part in (self._closest, self._passages):
            part.setVisible(bool(passages))
        for part, words in ((self._quote, quote), (self._doubt, warning_lines(doubts)), (self._source, source)):
            part.setText(words)
            part.setVisible(bool(words))
        self._tools.setVisible(turn.done or bool(turn.problem))
        self._follow.setVisible(turn.turn_id is not None)
        self._copy.setVisible(turn.done)
        for tool in (self._back, self._versions, self._forth):
            tool.setVisible(len(versions) > 1)
        self._versions.setText(f"{place + 1} / {len(versions)}")
        self._back.setEnabled(place > 0)
        self._forth.setEnabled(place < len(versions) - 1)
        self._paint_tools(newest)
        answer = answer_of(turn) or turn.problem or waiting
        self.setAccessibleName(tr("Question: {question}. Answer: {answer}", question=turn.question, answer=answer))

    def _show_answer(self, turn: Turn, waiting: str) -> None:
        words = answer_of(turn) or ("" if turn.problem else waiting)
        self._words, self._emphasis = words, emphasis_of(turn)
        self._set_texts()
        self._answer.setVisible(bool(words))
        sure = "" if turn.certainty is None else tr("Model confidence: {share}", share=f"{turn.certainty:.0%}")
        self._answer.setToolTip(sure)
        self._problem.setText(turn.problem)
        self._problem.setVisible(bool(turn.problem))

    def _set_texts(self) -> None:
        """Lay out the answer and the quoted passages, their links in the colour of the theme."""
        color = self._theme.color("accent_text").name()
        self._passages.setText("".join(_passage(page, text, color) for page, text in self._nearby))
        links = with_page_links(self._words, color, self._emphasis)
        self._answer.setText(f'<div style="line-height:135%">{links}</div>' if self._words else "")

    def _show_chips(self, chips: list[Chip]) -> None:
        if self._chips_shown != chips:
            self._chips_shown = chips
            while (item := self._chips.takeAt(0)) is not None:
                if (old := item.widget()) is not None:
                    old.hide()
                    old.deleteLater()
            for chip in chips:
                self._chips.addWidget(self._chip(chip))
        self._chip_row.setVisible(bool(chips))

    def _chip(self, chip: Chip) -> QWidget:
        words = span_words(chip.first, chip.last)
        role = "near" if chip.near else "chip"
        result = button(capital(words), lambda: self.evidence_requested.emit(self.key, chip.first), role, "chip")
        name = tr("Show closest match, {pages}") if chip.near else tr("Show source, {pages}")
        result.setAccessibleName(name.format(pages=words))
        result.setToolTip(plain_tip(chip.tip))
        return result

    def begin_edit(self) -> None:
        """Edit the question in place; Enter asks it, Escape leaves it."""
        self._editor.setText(self._question.text())
        self._question.hide()
        self._editor.show()
        self._editor.setFocus()
        self._editor.selectAll()

    def enterEvent(self, event: QEnterEvent) -> None:
        self._paint_tools(True)
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._paint_tools(self._newest)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._editor.isVisible():
            self._end_edit()
        else:
            super().keyPressEvent(event)

    def _paint_tools(self, full: bool) -> None:
        """Draw the tools in full colour where they are likely to be used; the keyboard always reaches them."""
        for tool in (self._follow, self._edit, self._again, self._copy, self._back, self._forth):
            tool.set_role("muted" if full else "border_strong")

    def _finish_edit(self) -> None:
        text = self._editor.text().strip()
        self._end_edit()
        if text:
            self.edited.emit(self.key, text)

    def _end_edit(self) -> None:
        self._editor.hide()
        self._question.show()

    def _link(self, target: str) -> None:
        if target.startswith("page:"):
            self.evidence_requested.emit(self.key, int(target[5:]))


def _passage(page: int, text: str, color: str) -> str:
    """Return a passage as HTML, its page a link."""
    link = tr("p. {pages}", pages=page)
    words = html.escape(text, quote=False)
    return f'<p style="margin:0 0 6px 0"><a href="page:{page}" style="color:{color}">{link}</a>: {words}</p>'


def warning_lines(doubts: list[str]) -> str:
    """Return doubts as lines that begin with a warning sign."""
    return "\n".join(f"\u26a0\ufe0e {words}" for words in doubts)
