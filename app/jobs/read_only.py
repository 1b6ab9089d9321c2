"""Library lock: while another program writes the library, the window is view-only."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.jobs.jobs import Job, Jobs
from app.style.translation import tr
from engine.protocol import wire as m

WITH_LIBRARY = (
    m.Read,
    m.Summarize,
    m.Ask,
    m.ListDocuments,
    m.RemoveDocument,
    m.EditDocument,
    m.FreeSpace,
    m.ReadFolder,
    m.AskCollection,
    m.EditCollection,
)
"""Jobs that open the library for writing."""


def locked_sentence() -> str:
    """Return what the window says while another program writes the library."""
    return tr("Readthrough is already open. This window is view-only. Close the other one, then try again.")


def locked_answer() -> str:
    """Return what stands for an answer meanwhile."""
    return tr("This window is view-only. Close the other Readthrough and ask again.")


class LibraryLock(QObject):
    """Holds the jobs that need the library until it is free."""

    changed = Signal(str)
    """The banner while another program writes the library; "" when it is free."""

    def __init__(self, jobs: Jobs, parent: QObject | None = None):
        super().__init__(parent)
        self._jobs = jobs
        self._waiting: list[Job] = []
        self._claimed = False
        self.held = False

    def claim(self) -> None:
        """Let the worker open the library, once: it reports a lock, and updates an older library."""
        if not self._claimed:
            self._claimed = True
            self._jobs.send(Job(m.ListDocuments()))

    def forget(self) -> None:
        """Forget the lock of an earlier worker, which can have had another library."""
        self._claimed = False
        self._tell(False)

    def is_cause_of(self, event: m.Event) -> bool:
        """Return whether a job failed because another program writes the library."""
        return isinstance(event, m.JobFailed) and event.reason == "locked"

    def take(self, job: Job) -> None:
        """Hold a job: the latest of each document; a question is not held, its user asks it again."""
        if job.turn is None:
            self._waiting = [other for other in self._waiting if other.session is not job.session] + [job]
        self._tell(True)

    def note_end(self, job: Job, event: m.Event) -> None:
        """Note that a job ended: one that writes the library shows that it is free."""
        if isinstance(event, m.JobFinished) and isinstance(job.command, WITH_LIBRARY):
            self._tell(False)

    def retry(self) -> None:
        """Send the held jobs again."""
        waiting, self._waiting = self._waiting, []
        for job in waiting:
            self._jobs.send(job)

    def _tell(self, held: bool) -> None:
        if held != self.held:
            self.held = held
            self.changed.emit(locked_sentence() if held else "")
