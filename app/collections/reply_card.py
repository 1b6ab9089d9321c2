"""One question to a collection and its answer; every row links to its page."""

from __future__ import annotations

import html

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.collections.words import covered_words
from app.state.collections import Reply
from app.style.icons import IconButton
from app.style.theme import Theme
from app.style.translation import tr, tr_count
from app.style.widgets import label, line
from engine.protocol.evidence import FoundRow

MOST_ROWS = 200
"""Rows that a card lists; `readthrough table` writes all of them."""


class ReplyCard(QWidget):
    """Shows one Reply."""

    place_requested = Signal(int, int, str)
    """(document id, page, the words to mark on it)"""

    def __init__(self, theme: Theme):
        super().__init__()
        self.setObjectName("replyCard")
        self._theme = theme
        self._reply: Reply | None = None
        self._done = False
        self._question = label(role="strong", wrap=True, name="replyQuestion")
        self._answer = label(role="answer", wrap=True, name="replyAnswer")
        self._answer.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._rows = QLabel()
        self._rows.setObjectName("replyRows")
        self._rows.setTextFormat(Qt.TextFormat.RichText)
        self._rows.setWordWrap(True)
        self._rows.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.LinksAccessibleByMouse
            | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        )
        self._rows.linkActivated.connect(self._follow)
        self._doubts = label(role="warning", wrap=True, name="replyDoubts")
        self._covered = label(role="small", wrap=True, name="replyCovered")
        self._problem = label(role="error", wrap=True, name="replyProblem")
        self._copy = IconButton("copy", tr("Copy question and answer with page references"), theme, size=16)
        self._copy.setObjectName("replyCopy")
        self._copy.clicked.connect(self._copy_text)
        head = QHBoxLayout()
        head.addWidget(self._question, 1)
        head.addWidget(self._copy, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 6)
        column.setSpacing(6)
        column.addLayout(head)
        for part in (self._answer, self._rows, self._doubts, self._covered, self._problem, line()):
            column.addWidget(part)
        theme.changed.connect(self._show_rows)

    def show_reply(self, reply: Reply) -> None:
        """Show a question and what is known of its answer."""
        if reply is self._reply and reply.done == self._done:
            return
        self._reply, self._done = reply, reply.done
        evidence = reply.evidence
        rows = self._found()
        self._question.setText(reply.question)
        answer = reply.text.split("\n")[0] if rows else reply.text
        self._answer.setText(answer if reply.done else tr("Asking…"))
        self._answer.setVisible(bool(answer) or not reply.done)
        self._show_rows()
        notes = evidence.counted.notes if evidence is not None and evidence.counted is not None else ()
        doubts = list(notes)
        if evidence is not None and evidence.doubtful:
            doubts.append(tr("This answer is uncertain. Check it on its page."))
        for part, text in (
            (self._doubts, "\n".join(doubts)),
            (self._covered, covered_words(evidence)),
            (self._problem, reply.problem),
        ):
            part.setText(text)
            part.setVisible(bool(text))
        self._copy.setVisible(evidence is not None)

    def _found(self) -> tuple[FoundRow, ...]:
        evidence = self._reply.evidence if self._reply is not None else None
        return evidence.counted.rows if evidence is not None and evidence.counted is not None else ()

    def _show_rows(self) -> None:
        rows = self._found()
        color = self._theme.color("accent_text").name()
        lines = [_row_html(place, row, color) for place, row in enumerate(rows[:MOST_ROWS])]
        evidence = self._reply.evidence if self._reply is not None else None
        total = evidence.counted.total if evidence is not None and evidence.counted is not None else 0
        left = total - min(len(rows), MOST_ROWS)
        if left > 0:
            lines.append(html.escape(tr_count("… and {count} more row", "… and {count} more rows", left)))
        self._rows.setText("<br>".join(lines))
        self._rows.setVisible(bool(lines))

    def _follow(self, link: str) -> None:
        rows = self._found()
        place = int(link.removeprefix("row:"))
        if place < len(rows):
            row = rows[place]
            self.place_requested.emit(row.document_id, row.page, row.text)

    def _copy_text(self) -> None:
        if self._reply is not None:
            rows = [f"- {_row_text(row)} ({_where(row)})" for row in self._found()]
            first = self._reply.text.split("\n")[0]
            lines = [self._reply.question, "", first, *rows, "", covered_words(self._reply.evidence)]
            QGuiApplication.clipboard().setText("\n".join(lines).strip())


def _row_text(row: FoundRow) -> str:
    return " · ".join(cell for cell in row.cells if cell) or " ".join(row.text.split())


def _where(row: FoundRow) -> str:
    return tr("{title}, page {page}", title=row.title, page=row.page)


def _row_html(place: int, row: FoundRow, color: str) -> str:
    where = html.escape(_where(row))
    return f'{html.escape(_row_text(row))} — <a href="row:{place}" style="color:{color}">{where}</a>'
