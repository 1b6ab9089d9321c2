"""Another program writes the library: the window only shows what is saved until that one is closed."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.jobs.jobs import Job, Jobs
from app.style.translation import tr
from engine.protocol import wire as m

WITH_LIBRARY = (m.Read, m.Summarize, m.Ask, m.ListDocuments, m.RemoveDocument)
"""Jobs that open the library for writing."""


def locked_sentence() -> str:
    """Return what the window says while another program writes the library."""
    return tr("Readthrough is already open. This window is view-only. Close the other one, then try again.")


def locked_answer() -> str:
    """Return what stands for an answer meanwhile."""
    return tr("This window is view-only. Close the other Readthrough and ask again.")


class LibraryLock(QObject):
    """Keeps what could not be done, to be tried again."""

    changed = Signal(str)
    """A sentence while the library is held by another program, "" when it is free."""

    def __init__(self, jobs: Jobs, parent: QObject | None = None):
        super().__init__(parent)
        self._jobs = jobs
        self._waiting: list[Job] = []
        self._claimed = False
        self.held = False

    def claim(self) -> None:
        """Once: let the worker open the library. It says whether another program holds it, and updates an older one."""
        if not self._claimed:
            self._claimed = True
            self._jobs.send(Job(m.ListDocuments()))

    def forget(self) -> None:
        """Another worker, perhaps with another library: what was known of the old one is void."""
        self._claimed = False
        self._tell(False)

    def is_cause_of(self, event: m.Event) -> bool:
        """Whether a job failed because another program holds the library."""
        return isinstance(event, m.JobFailed) and event.reason == "locked"

    def take(self, job: Job) -> None:
        """The job has to wait; the latest of each document is enough, and a question is for its asker to repeat."""
        if job.turn is None:
            self._waiting = [other for other in self._waiting if other.session is not job.session] + [job]
        self._tell(True)

    def note_end(self, job: Job, event: m.Event) -> None:
        """A job that works with the library could be done: it is free. What others come to says nothing of it."""
        if isinstance(event, m.JobFinished) and isinstance(job.command, WITH_LIBRARY):
            self._tell(False)

    def retry(self) -> None:
        """Try what had to wait."""
        waiting, self._waiting = self._waiting, []
        for job in waiting:
            self._jobs.send(job)

    def _tell(self, held: bool) -> None:
        if held != self.held:
            self.held = held
            self.changed.emit(locked_sentence() if held else "")
