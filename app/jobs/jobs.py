"""Jobs: the commands that have not ended, each with its document and its question."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass

from msgspec.structs import replace

from app.jobs.worker_client import WorkerClient
from app.state.conversation import Turn
from app.state.session import DocumentSession, Trouble
from app.style.translation import tr
from engine.protocol import wire as m


@dataclass
class Job:
    """A command that has not ended."""

    command: m.Command
    session: DocumentSession | None = None
    turn: Turn | None = None
    decide: bool = False
    """Read and summarise as in the settings after opening."""

    @property
    def reads(self) -> bool:
        """Return whether the job reads the document, with or without a summary."""
        return isinstance(self.command, (m.Read, m.Summarize))


class Jobs:
    """Sends jobs to the worker, now or when it is ready, and keeps those that have not ended."""

    def __init__(self, client: WorkerClient):
        self._client = client
        self._by_id: dict[str, Job] = {}
        self._numbers = itertools.count(1)

    def __iter__(self) -> Iterator[Job]:
        """Iterate over the jobs, oldest first; the list may change meanwhile."""
        return iter(list(self._by_id.values()))

    def send(self, job: Job) -> None:
        """Give a job a new id and send it, at once or when the worker is ready."""
        self.drop(job)
        kind = type(job.command).__name__.lower()
        job.command = replace(job.command, job_id=f"{kind}-{next(self._numbers)}")
        self._by_id[job.command.job_id] = job
        if job.turn is not None:
            job.turn.job_id, job.turn.answer, job.turn.problem, job.turn.done = job.command.job_id, "", "", False
        self.tell(job.command)

    def tell(self, command: m.Command) -> None:
        """Send a command about another job; it is dropped while no worker is ready."""
        if self._client.ready:
            self._client.send(command)

    def drop(self, job: Job) -> None:
        """Remove a job that has ended."""
        self._by_id.pop(job.command.job_id, None)

    def by_id(self, job_id: str) -> Job | None:
        return self._by_id.get(job_id)

    def of(self, session: DocumentSession | None) -> list[Job]:
        """Return the document's jobs, oldest first."""
        return [job for job in self if session is not None and job.session is session]

    def reading(self, session: DocumentSession | None) -> Job | None:
        """Return the job that reads or summarises the document, if there is one."""
        return next((job for job in self.of(session) if job.reads), None)


def trouble_of(job: Job, failure: m.JobFailed) -> Trouble:
    """Return the error of a job that failed, as the window shows it."""
    name = os.path.basename(getattr(job.command, "path", ""))
    sentence = failure.message.rstrip(".") + "."
    if not name or not sentence.startswith(name):
        sentence = sentence[:1].upper() + sentence[1:]
    if failure.kind != "known":
        sentence = tr("Internal error: {message}", message=failure.message)
    return Trouble(sentence, failure.reason.replace(" ", "_"), failure.details, job.command)
