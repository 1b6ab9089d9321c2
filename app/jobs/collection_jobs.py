"""Jobs of collections: folders are read into them, questions are asked to them; their facts for the window."""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.jobs.jobs import Job, Jobs, trouble_of
from app.jobs.read_only import LibraryLock, locked_answer, locked_sentence
from app.settings.store import SettingsStore
from app.state.collections import CollectionFacts, Reply
from engine.protocol import wire as m

COMMANDS = (m.ReadFolder, m.AskCollection, m.EditCollection)


class CollectionJobs(QObject):
    """Keeps the facts of every collection and sends its jobs."""

    changed = Signal(str)
    """Name of a collection whose facts have changed."""
    listed = Signal()
    """Collections have come or gone."""
    written = Signal()
    """The worker has written something that the library's rows show."""

    def __init__(self, jobs: Jobs, lock: LibraryLock, settings: SettingsStore, parent: QObject | None = None):
        super().__init__(parent)
        self._jobs, self._lock, self._settings = jobs, lock, settings
        self.all: dict[str, CollectionFacts] = {}

    def resume(self) -> None:
        """Go on with the folders whose reading had not ended when the window was closed."""
        for folder in self._settings.now.unfinished_folders:
            if os.path.isdir(folder):
                self.read_folder(folder)

    def set_rows(self, rows: list[tuple[Any, Any, Any]]) -> None:
        """Take the library's collections: (Collection, ids of its documents, [(path, error)])."""
        held = {row.name for row, _, _ in rows}
        names = set(self.all)
        for row, documents, errors in rows:
            self.all.setdefault(row.name, CollectionFacts(row.name)).take_row(row, documents, errors)
            self.changed.emit(row.name)
        for name in names - held:
            if not self.all[name].reading:
                del self.all[name]
        if set(self.all) != names:
            self.listed.emit()

    def read_folder(self, folder: str) -> str:
        """Read the files of a folder into the collection that it belongs to; return the collection's name."""
        folder = os.path.abspath(folder)
        facts = next((one for one in self.all.values() if folder in one.folders), None)
        if facts is None:
            facts = self._new(folder)
        self._read(facts, folder)
        return facts.name

    def look_again(self, name: str) -> None:
        """Read the new and changed files of a collection's folders."""
        facts = self.all[name]
        for folder in facts.folders:
            self._read(facts, folder)

    def ask(self, name: str, question: str) -> None:
        """Ask all documents of a collection."""
        facts, question = self.all[name], question.strip()
        if question:
            self._lock.claim()
            job = Job(m.AskCollection(collection=name, question=question))
            self._jobs.send(job)
            facts.replies.insert(0, Reply(question, job))
            self.changed.emit(name)

    def pause(self, name: str) -> None:
        """Hold the reading. Its job is cancelled, so that the worker is free for other documents; a file in hand goes
        on from its last checkpoint."""
        facts, readings = self.all[name], self._readings(name)
        if readings:
            facts.paused, facts.held = True, [command.path for _, command in readings]
            self._cancel(name)
            self.changed.emit(name)

    def go_on(self, name: str) -> None:
        """Resume a paused reading."""
        facts, held = self.all[name], list(self.all[name].held)
        ending = {command.path for _, command in self._readings(name)}
        facts.begin()
        for folder in held:
            self._read(facts, folder, again=folder in ending)

    def stop(self, name: str) -> None:
        """End the reading; what was read is kept."""
        facts, readings = self.all[name], self._readings(name)
        for folder in [*facts.held, *(command.path for _, command in readings)]:
            self._settings.note_unfinished_folder(folder, False)
        facts.paused, facts.held = False, ()
        self._cancel(name)
        if not readings:
            facts.end()
        self.changed.emit(name)

    def add(self, name: str, documents: list[int]) -> None:
        """Put documents into a collection, a new one where there is none of this name."""
        name = " ".join(name.split())
        if name:
            self._edit(m.EditCollection(collection=name, add=documents))

    def take_out(self, name: str, documents: list[int]) -> None:
        """Take documents out of a collection; they stay in the library."""
        self._edit(m.EditCollection(collection=name, take_out=documents))

    def remove(self, name: str) -> None:
        """Remove a collection; its documents stay in the library."""
        self._edit(m.EditCollection(collection=name, delete=True))

    def owns(self, job: Job | None) -> bool:
        """Return whether a job is about a collection."""
        return job is not None and isinstance(job.command, COMMANDS)

    def take(self, job: Job, event: m.Event) -> None:
        """Take an event of a job about a collection."""
        command = job.command
        if isinstance(event, m.TERMINAL):
            self._jobs.drop(job)
            if not self._lock.is_cause_of(event):
                self._lock.note_end(job, event)
        match command:
            case m.ReadFolder() if (facts := self.all.get(command.collection or "")) is not None:
                self._take_reading(facts, job, event)
            case m.AskCollection() if (facts := self.all.get(command.collection)) is not None:
                self._take_answer(facts, job, event)
            case m.EditCollection() if isinstance(event, m.TERMINAL):
                self.written.emit()

    def _take_reading(self, facts: CollectionFacts, job: Job, event: m.Event) -> None:
        facts.apply(event)
        if isinstance(event, m.TERMINAL) and not self._readings(facts.name) and not facts.paused:
            facts.end(_trouble(job, event, self._lock))
            if isinstance(job.command, m.ReadFolder) and not isinstance(event, m.JobCancelled):
                self._settings.note_unfinished_folder(job.command.path, False)
            self.written.emit()
        self.changed.emit(facts.name)

    def _take_answer(self, facts: CollectionFacts, job: Job, event: m.Event) -> None:
        reply = next((one for one in facts.replies if one.job is job), None)
        if reply is None:
            return
        if isinstance(event, m.AnswerFinished):
            reply.text, reply.evidence = event.text, event.evidence
        elif isinstance(event, m.JobFailed):
            reply.problem = locked_answer() if self._lock.is_cause_of(event) else trouble_of(job, event).sentence
        else:
            return
        self.changed.emit(facts.name)

    def _new(self, folder: str) -> CollectionFacts:
        """Return a new collection for a folder; a name that another folder has gets a number."""
        plain = " ".join(PurePath(folder).name.split()) or "files"
        name, number = plain, 2
        while name in self.all:
            name, number = f"{plain} {number}", number + 1
        facts = self.all[name] = CollectionFacts(name, folders=(folder,))
        self.listed.emit()
        return facts

    def _read(self, facts: CollectionFacts, folder: str, *, again: bool = False) -> None:
        """Send the reading of a folder, unless it is being read; `again`: that reading has been cancelled."""
        if not again and any(command.path == folder for _, command in self._readings(facts.name)):
            return
        self._lock.claim()
        self._settings.note_unfinished_folder(folder, True)
        if facts.paused or not facts.reading:
            facts.begin()
        self._jobs.send(Job(m.ReadFolder(path=folder, collection=facts.name)))
        self.changed.emit(facts.name)

    def _readings(self, name: str) -> list[tuple[Job, m.ReadFolder]]:
        return [
            (job, job.command)
            for job in self._jobs
            if isinstance(job.command, m.ReadFolder) and job.command.collection == name
        ]

    def _cancel(self, name: str) -> None:
        for _, command in self._readings(name):
            self._jobs.tell(m.Cancel(job_id=command.job_id))

    def _edit(self, command: m.EditCollection) -> None:
        self._lock.claim()
        self._jobs.send(Job(command))


def _trouble(job: Job, event: m.Event, lock: LibraryLock) -> str:
    if not isinstance(event, m.JobFailed):
        return ""
    return locked_sentence() if lock.is_cause_of(event) else trouble_of(job, event).sentence
