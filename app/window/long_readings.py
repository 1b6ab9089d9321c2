"""Readings that take long: the question whether to go on, asked once for a document and withdrawn when it is idle."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMessageBox

from app.jobs.controller import JobController
from app.jobs.reading_time import LONG_SECONDS
from app.state.session import DocumentSession, Phase
from app.window.dialogs import Dialogs
from engine.units import duration_text

SURE_TOKENS, SURE_SECONDS = 6_000, 15.0
"""A reading has read so many tokens, or lasts so long, before its time left is believed."""


class LongReadings(QObject):
    """Follows the reading of the shown document."""

    def __init__(self, controller: JobController, dialogs: Dialogs, parent: QObject):
        super().__init__(parent)
        self._controller, self._dialogs = controller, dialogs
        self._asked: set[str] = set()
        self._since: dict[str, float] = {}
        """When each document's reading was first seen, monotonic."""
        self._box: tuple[str, QMessageBox] | None = None
        """The document that is asked about, and the question."""

    def follow(self, session: DocumentSession) -> None:
        """Ask about a reading that takes long; withdraw the question where it does not, or has ended."""
        left = session.progress.seconds_left
        over = session.fully_read or not session.phase.busy or (left is not None and left < LONG_SECONDS / 2)
        if self._box is not None and self._box[0] == session.path and over:
            self._box[1].accept()
        if session.phase is not Phase.READING or left is None or left <= LONG_SECONDS or session.path in self._asked:
            return
        since = self._since.setdefault(session.path, time.monotonic())
        new = session.progress.tokens - session.progress.reused_tokens
        if new >= SURE_TOKENS or time.monotonic() - since >= SURE_SECONDS:
            self._asked.add(session.path)
            box = self._dialogs.ask_long_reading(session.name, duration_text(left), self._controller.stop)
            self._box = session.path, box
            box.finished.connect(self._forget)

    def _forget(self) -> None:
        self._box = None
