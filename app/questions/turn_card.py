"""One question and its answer on the screen: text, evidence, doubts, and what can be done with it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QEnterEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from app.state import words
from app.state.conversation import Conversation, Turn
from app.style.icons import IconButton
from app.style.theme import Theme
from app.style.widgets import ElidedLine, FlowLayout, button, label, line, pages_words, with_page_links

INDENT = 18
MAX_DEPTH = 4


class TurnCard(QWidget):
    """Shows one turn; `key` says which."""

    evidence_requested = Signal(int, int)
    """(key, page)"""
    copy_requested = Signal(int)
    follow_requested = Signal(int)
    again_requested = Signal(int)
    edited = Signal(int, str)
    try_requested = Signal(int, int)
    """(key, step)"""

    def __init__(self, theme: Theme):
        super().__init__()
        self.key = 0
        self._shown: tuple | None = None
        self._chips_shown: list[tuple[int, int, str]] = []
        self._newest = False
        self._line = line()
        self._indent = QWidget()
        self._thread = QFrame()
        self._thread.setProperty("role", "thread")
        self._thread.setFixedWidth(2)
        self._question = label(role="strong", wrap=True)
        self._question.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._as_of = label(role="small")
        self._editor = QLineEdit()
        self._editor.setAccessibleName("Edit the question")
        self._editor.hide()
        self._editor.returnPressed.connect(self._finish_edit)
        self._answer = QLabel()
        self._answer.setProperty("role", "answer")
        self._answer.setTextFormat(Qt.TextFormat.RichText)
        self._answer.setWordWrap(True)
        self._answer.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.LinksAccessibleByMouse
        )
        self._answer.linkActivated.connect(self._link)
        self._problem = label(role="error", wrap=True)
        self._doubt = label(role="warning", wrap=True)
        self._rests = label(role="small", wrap=True)
        self._section = ElidedLine(role="small")
        self._chip_row = QWidget()
        self._chips = FlowLayout(self._chip_row)
        self._tries = label(role="small")
        self._tries.setAccessibleName("Which try of this question")
        self._tools = self._make_tools(theme)
        evidence = QHBoxLayout()
        evidence.setSpacing(8)
        evidence.addWidget(self._chip_row)
        evidence.addWidget(self._section, 1)
        inner = QVBoxLayout()
        inner.setSpacing(5)
        for above in (self._question, self._as_of, self._editor, self._answer, self._problem):
            inner.addWidget(above)
        inner.addLayout(evidence)
        for below in (self._doubt, self._rests, self._tools):
            inner.addWidget(below)
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
        self._back = IconButton("left", "Previous try", theme, size=16)
        self._forth = IconButton("right", "Next try", theme, size=16)
        self._follow = IconButton("reply", "Ask on from this answer", theme, size=16)
        self._edit = IconButton("edit", "Edit the question and ask again", theme, size=16)
        self._again = IconButton("again", "Answer again, another way", theme, size=16)
        self._copy = IconButton("copy", "Copy question and answer with page references", theme, size=16)
        self._back.clicked.connect(lambda: self.try_requested.emit(self.key, -1))
        self._forth.clicked.connect(lambda: self.try_requested.emit(self.key, 1))
        self._follow.clicked.connect(lambda: self.follow_requested.emit(self.key))
        self._edit.clicked.connect(self.begin_edit)
        self._again.clicked.connect(lambda: self.again_requested.emit(self.key))
        self._copy.clicked.connect(lambda: self.copy_requested.emit(self.key))
        for tool in (self._follow, self._edit, self._again, self._copy):
            row.addWidget(tool)
        row.addStretch(1)
        for part in (self._back, self._tries, self._forth):
            row.addWidget(part)
        return tools

    def focus_chain(self) -> list[QWidget]:
        """What the tab key goes through, in its order."""
        items = [self._chips.itemAt(place) for place in range(self._chips.count())]
        chips = [chip for item in items if item is not None and (chip := item.widget()) is not None]
        tools = [self._follow, self._edit, self._again, self._copy, self._back, self._forth]
        return [self._editor, *chips, *tools]

    def show_turn(self, turn: Turn, conversation: Conversation, waiting: str, first: bool, newest: bool) -> None:
        """Show a turn; `waiting` stands where the answer will be. Does nothing when all of it is shown already.

        first: no line above it; newest: its tools are in full colour.
        """
        tries = conversation.tries(turn)
        facts: tuple[object, ...] = (
            turn.key,
            turn.question,
            turn.answer,
            turn.done,
            turn.problem,
            turn.pages,
            turn.evidence,
        )
        facts = (*facts, turn.page, tuple(turn.mentions), len(tries), tries.index(turn), waiting)
        facts = (*facts, first, newest)
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
        self._as_of.setText(f"As of the end of page {turn.page}" if turn.page else "")
        self._as_of.setVisible(bool(turn.page))
        self._show_answer(turn, waiting)
        self._show_evidence(turn)
        self._tools.setVisible(turn.done or bool(turn.problem))
        self._follow.setVisible(turn.turn_id is not None)
        self._copy.setVisible(turn.done)
        for part in (self._back, self._tries, self._forth):
            part.setVisible(len(tries) > 1)
        self._tries.setText(f"{tries.index(turn) + 1} / {len(tries)}")
        self._back.setEnabled(tries.index(turn) > 0)
        self._forth.setEnabled(tries.index(turn) < len(tries) - 1)
        self._paint_tools(newest)
        self.setAccessibleName(f"Question: {turn.question}. Answer: {turn.answer or turn.problem or waiting}")

    def _show_answer(self, turn: Turn, waiting: str) -> None:
        text = turn.answer or ("" if turn.problem else waiting)
        self._answer.setText(f'<div style="line-height:135%">{with_page_links(text)}</div>' if text else "")
        self._answer.setVisible(bool(text))
        sure = "" if turn.certainty is None else f"The model gave these words {turn.certainty:.0%} on average."
        self._answer.setToolTip(sure)
        self._problem.setText(turn.problem)
        self._problem.setVisible(bool(turn.problem))
        doubts = words.doubts(turn.evidence)
        self._doubt.setText("\n".join(f"\u26a0\ufe0e {doubt}" for doubt in doubts))
        self._doubt.setVisible(bool(doubts))

    def _show_evidence(self, turn: Turn) -> None:
        chips = chips_of(turn)
        if self._chips_shown != chips:
            self._chips_shown = chips
            while (item := self._chips.takeAt(0)) is not None:
                if (old := item.widget()) is not None:
                    old.hide()
                    old.deleteLater()
            for first, last, tip in chips:
                self._chips.addWidget(self._chip(first, last, tip, found=turn.found))
        self._chip_row.setVisible(bool(chips))
        source = words.source(turn.evidence) if turn.done else ""
        short = len(chips) == 1 and turn.evidence is not None and turn.evidence.kind in ("section", "reread")
        self._section.set_text(source if short else "")
        self._section.setVisible(short and bool(source))
        rests = "" if short else source
        self._rests.setText(rests)
        self._rests.setVisible(bool(rests))

    def _chip(self, first: int, last: int, tip: str, found: bool) -> QWidget:
        pages = pages_words(first, last)
        shown = pages[0].upper() + pages[1:]
        role = "chip" if found else "near"
        chip = button(shown, lambda: self.evidence_requested.emit(self.key, first), role)
        chip.setAccessibleName(f"Show the evidence, {pages}" if found else f"Show the nearest place, {pages}")
        chip.setToolTip(tip)
        return chip

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
        """In full colour where they are likely to be used; always there for the keyboard."""
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


def chips_of(turn: Turn) -> list[tuple[int, int, str]]:
    """Pages to show as chips, first and last, each with what it is: what bears the answer out, or comes nearest."""
    if not turn.done:
        return []
    if not turn.found:
        return [(page, page, "Comes nearest to the question") for page in turn.nearest[:3]]
    if turn.evidence_page:
        quote = " ".join(turn.sentence.split())
        tip = f"“{quote if len(quote) < 300 else quote[:299] + '…'}”" if quote else "The answer stands on this page"
        return [(turn.evidence_page, turn.evidence_page, tip)]
    if turn.pages:
        return [(*turn.pages, f"The answer rests on {pages_words(*turn.pages)}")]
    return [(page, page, f"The words of the answer stand on page {page}") for page in turn.mentions]
