"""A problem with the shown document: one sentence, what to do, details behind a button."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from app.state.session import Trouble
from app.style.icons import IconButton
from app.style.theme import Theme
from app.style.translation import tr
from app.style.widgets import button, label, restyle
from engine.protocol import wire

MODEL_REASONS = ("", "memory", "kernels", "missing", "model")
"""Reasons of failures of a reading that another model may mend."""


class TroublePanel(QFrame):
    """Shows one Trouble; hidden without one."""

    retry_requested = Signal()
    password_given = Signal(str, bool)
    """(password, whether the document may be stored)"""
    model_requested = Signal()
    dismissed = Signal()

    def __init__(self, theme: Theme):
        super().__init__()
        self.setObjectName("trouble")
        self.setProperty("role", "trouble")
        self._shown: Trouble | None = None
        self._sentence = label(wrap=True, name="troubleSentence")
        self._sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.password = QLineEdit()
        self.password.setObjectName("password")
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.password.setPlaceholderText(tr("Password"))
        self.password.setAccessibleName(tr("Password of the document"))
        self.password.setMaximumWidth(260)
        self.password.returnPressed.connect(self._give)
        self.unstored = QCheckBox(tr("Do not store this document"))
        self.unstored.setObjectName("unstored")
        self.unstored.setToolTip(tr("Text, summary and answers stay in memory until the window is closed."))
        self._unlock = button(tr("Open"), self._give, "primary", "unlock")
        self._retry = button(tr("Try again"), self.retry_requested.emit, name="troubleRetry")
        self._model = button(tr("Choose a model…"), self.model_requested.emit, name="troubleModel")
        self._more = button(tr("Details"), self._toggle, "flat", "troubleMore")
        close = IconButton("close", tr("Dismiss"), theme)
        close.clicked.connect(self.dismissed)
        self._details = QPlainTextEdit()
        self._details.setReadOnly(True)
        self._details.setObjectName("troubleDetails")
        self._details.setAccessibleName(tr("Details"))
        self._details.setMaximumHeight(150)
        self._details.hide()
        self._password_row = QWidget()
        row = QHBoxLayout(self._password_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.password, 1)
        row.addWidget(self._unlock)
        row.addWidget(self.unstored)
        row.addStretch(1)
        top = QHBoxLayout()
        top.addWidget(self._sentence, 1)
        top.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        actions = QHBoxLayout()
        for part in (self._retry, self._model, self._more):
            actions.addWidget(part)
        actions.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 10, 12)
        column.setSpacing(9)
        column.addLayout(top)
        column.addWidget(self._password_row)
        column.addLayout(actions)
        column.addWidget(self._details)
        self.hide()

    def show_trouble(self, trouble: Trouble | None) -> None:
        """Show a problem; None hides the panel."""
        if trouble == self._shown:
            return
        self._shown = trouble
        self.setVisible(trouble is not None)
        if trouble is None:
            return
        asks_password = trouble.asks_password
        restyle(self, "role", "notice" if asks_password else "trouble")
        self._sentence.setText(trouble.sentence)
        self.setAccessibleName(trouble.sentence)
        self._password_row.setVisible(asks_password)
        self._retry.setVisible(not asks_password and trouble.command is not None)
        self._model.setVisible(is_about_the_model(trouble))
        self._more.setVisible(bool(trouble.details))
        self._details.setPlainText(trouble.details)
        self._details.hide()
        self.password.clear()
        if asks_password:
            self.password.setFocus()

    def _toggle(self) -> None:
        self._details.setVisible(self._details.isHidden())

    def _give(self) -> None:
        if self.password.text():
            self.password_given.emit(self.password.text(), not self.unstored.isChecked())


def is_about_the_model(trouble: Trouble) -> bool:
    """Return whether another model may help: a job that needs a model failed, and nothing else is to blame."""
    needs_model = isinstance(trouble.command, (wire.Read, wire.Summarize, wire.Ask))
    return needs_model and not trouble.details and trouble.reason in MODEL_REASONS
