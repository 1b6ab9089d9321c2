"""One question and its answer on the screen: text, evidence, doubts, and what can be done with it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from app.conversation import Conversation, Turn
from app.icons import IconButton
from app.theme import Theme
from app.widgets import FlowLayout, button, label, pages_words, with_page_links

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
        self._chips_shown: list[tuple[int, int]] = []
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
        self._answer.setTextFormat(Qt.TextFormat.RichText)
        self._answer.setWordWrap(True)
        self._answer.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.LinksAccessibleByMouse
        )
        self._answer.linkActivated.connect(self._link)
        self._problem = label(role="error", wrap=True)
        self._doubt = label(role="warning", wrap=True)
        self._rests = label(role="small", wrap=True)
        self._chip_row = QWidget()
        self._chips = FlowLayout(self._chip_row)
        self._tries = label(role="small")
        self._tries.setAccessibleName("Which try of this question")
        self._tools = self._make_tools(theme)
        inner = QVBoxLayout()
        inner.setSpacing(6)
        for part in (
            self._question,
            self._as_of,
            self._editor,
            self._answer,
            self._problem,
            self._chip_row,
            self._doubt,
            self._rests,
        ):
            inner.addWidget(part)
        inner.addWidget(self._tools)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 4, 0, 8)
        row.setSpacing(10)
        row.addWidget(self._indent)
        row.addWidget(self._thread)
        row.addLayout(inner, 1)

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

    def show_turn(self, turn: Turn, conversation: Conversation, waiting: str) -> None:
        """Show a turn; `waiting` stands where the answer will be. Does nothing when all of it is shown already."""
        tries = conversation.tries(turn)
        facts: tuple[object, ...] = (
            turn.key,
            turn.question,
            turn.answer,
            turn.done,
            turn.problem,
            turn.pages,
            tuple(turn.unverified),
            turn.basis,
        )
        facts = (*facts, turn.found, turn.page, tuple(turn.mentions), len(tries), tries.index(turn), waiting)
        if facts == self._shown:
            return
        if turn.key != self.key:
            self._editor.hide()
            self._question.show()
        self._shown, self.key = facts, turn.key
        depth = min(turn.depth, MAX_DEPTH)
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
        self.setAccessibleName(f"Question: {turn.question}. Answer: {turn.answer or turn.problem or waiting}")

    def _show_answer(self, turn: Turn, waiting: str) -> None:
        words = turn.answer or ("" if turn.problem else waiting)
        self._answer.setText(f'<div style="line-height:140%">{with_page_links(words)}</div>' if words else "")
        self._answer.setVisible(bool(words))
        self._problem.setText(turn.problem)
        self._problem.setVisible(bool(turn.problem))
        doubts = ", ".join(turn.unverified)
        where = pages_words(*turn.pages) if turn.pages else "what was read"
        self._doubt.setText(
            f"\u26a0 Not confirmed by {where}: {doubts}. Check before you rely on it." if doubts else ""
        )
        self._doubt.setVisible(bool(doubts))

    def _show_evidence(self, turn: Turn) -> None:
        chips = [turn.pages] if turn.pages else [(page, page) for page in turn.mentions]
        if self._chips_shown != chips:
            self._chips_shown = chips
            while (item := self._chips.takeAt(0)) is not None:
                if (old := item.widget()) is not None:
                    old.hide()
                    old.deleteLater()
            for first, last in chips:
                self._chips.addWidget(self._chip(first, last, sure=turn.pages is not None))
        self._chip_row.setVisible(bool(chips))
        rests = basis_words(turn)
        self._rests.setText(rests)
        self._rests.setVisible(bool(rests))

    def _chip(self, first: int, last: int, sure: bool) -> QWidget:
        words = pages_words(first, last)
        chip = button(words[0].upper() + words[1:], lambda: self.evidence_requested.emit(self.key, first), "chip")
        chip.setAccessibleName(f"Show the evidence, {words}")
        chip.setToolTip(f"The answer rests on {words}" if sure else f"The words of the answer stand on {words}")
        return chip

    def begin_edit(self) -> None:
        """Edit the question in place; Enter asks it, Escape leaves it."""
        self._editor.setText(self._question.text())
        self._question.hide()
        self._editor.show()
        self._editor.setFocus()
        self._editor.selectAll()

    def keyPressEvent(self, event) -> None:
        if event.key() == Qt.Key.Key_Escape and self._editor.isVisible():
            self._end_edit()
        else:
            super().keyPressEvent(event)

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


def basis_words(turn: Turn) -> str:
    """What the answer rests on, as the engine says it."""
    if not turn.done or not turn.basis:
        return ""
    if turn.basis.startswith("from "):
        return f"Answered {turn.basis}"
    if turn.basis.startswith(("all ", "the ", "page")):
        return f"Rests on {turn.basis}" if turn.found else f"Looked in {turn.basis}"
    return turn.basis[:1].upper() + turn.basis[1:]
