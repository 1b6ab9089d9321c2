"""Jobs about the library as a whole: titles, tags, removal, the limit of saved states."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.jobs.jobs import Job, Jobs
from app.jobs.read_only import LibraryLock
from app.library.reader import LibraryReader
from engine.protocol import wire as m


class LibraryJobs(QObject):
    """Sends these jobs and takes what the worker says about them."""

    failed = Signal(str)
    """An error, as a sentence."""
    edited = Signal(int)
    """Title or tags of the document with this id have changed."""
    states_dropped = Signal(object)
    """engine.protocol.events.StatesDropped: old saved states were deleted to keep the limit."""

    space_freed = Signal(object)
    """Bytes of cached data that were deleted on request."""

    def __init__(self, jobs: Jobs, lock: LibraryLock, reader: LibraryReader, parent: QObject | None = None):
        super().__init__(parent)
        self._jobs, self._lock, self._reader = jobs, lock, reader

    def edit(self, document_id: int, title: str | None = None, tags: list[str] | None = None) -> None:
        """Change the title or the tags of a document of the library; title "" gives back the file's own."""
        self._lock.claim()
        self._jobs.send(Job(m.EditDocument(document_id=document_id, title=title, tags=tags)))

    def remove(self, document_id: int) -> None:
        """Remove a document with all that was saved of it."""
        self._jobs.send(Job(m.RemoveDocument(document_id=document_id)))

    def free_space(self, document_id: int | None = None) -> None:
        """Delete the cached data of a document, or of all."""
        self._lock.claim()
        self._jobs.send(Job(m.FreeSpace(document_id=document_id)))

    def set_quota(self, size: int) -> None:
        """Limit the space of saved states, in bytes; the running worker applies it at once."""
        self._jobs.send(Job(m.Configure(quota_bytes=size)))

    def take(self, job: Job | None, event: m.Event) -> None:
        """Take an event that is about no open document. job: None where it is not one of ours, either."""
        match event:
            case m.DocumentEdited():
                self.edited.emit(event.document_id)
            case m.SpaceFreed():
                self.space_freed.emit(event.n_bytes)
            case m.StatesDropped():
                self.states_dropped.emit(event)
        if job is not None and isinstance(event, m.TERMINAL):
            self._jobs.drop(job)
            self._reader.read_documents()
            if self._lock.is_cause_of(event):
                self._lock.take(job)
                return
            self._lock.note_end(job, event)
        if isinstance(event, (m.JobFailed, m.Notice)):
            self.failed.emit(event.message if isinstance(event, m.JobFailed) else event.detail)
