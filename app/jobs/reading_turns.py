"""The order of readings: a document can be put before the one that is being read."""

from __future__ import annotations

from collections.abc import Container

from app.jobs.jobs import Job, Jobs
from app.state.session import DocumentSession
from engine.protocol import wire as m


class ReadingTurns:
    """Stops readings that give way, and holds them until the document that goes first is being read."""

    def __init__(self, jobs: Jobs):
        self._jobs = jobs
        self._first: DocumentSession | None = None
        self._stopping: list[Job] = []
        self._held: list[Job] = []

    def put_first(self, session: DocumentSession | None) -> None:
        """Stop the readings of other documents; they are held and go on after this one's."""
        self._first = session
        for job in self._jobs:
            if job.reads and job.session is not session and job not in self._stopping + self._held:
                self._stopping.append(job)
                self._jobs.tell(m.Cancel(job_id=job.command.job_id))

    def forget(self) -> None:
        """Hold nothing any more: a new worker is sent every job again."""
        self._first, self._stopping, self._held = None, [], []

    def give_up(self, job: Job) -> bool:
        """Let a reading that gives way end for good; returns whether it is held, so that the worker knows nothing of
        it."""
        if job in self._stopping:
            self._stopping.remove(job)
        if job not in self._held:
            return False
        self._held.remove(job)
        return True

    def gives_way(self, job: Job, event: m.Event) -> bool:
        """Return whether a job has ended because it gives way; it is held then."""
        if job not in self._stopping:
            return False
        self._stopping.remove(job)
        if isinstance(event, m.JobCancelled):
            self._held.append(job)
            return True
        return False

    def released(self, deciding: Container[str]) -> list[Job]:
        """Return the held jobs once the document that goes first is being read or has nothing to do.

        deciding: paths of documents of which it is not decided yet whether they are read.
        """
        first = self._first
        begins = self._jobs.of(first) and self._jobs.reading(first) is None
        if first is not None and (first.path in deciding or begins):
            return []
        held, self._held = self._held, []
        return held
