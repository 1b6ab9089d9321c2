"""Controller of the jobs: turns the user's wishes into commands and the worker's events into session state."""

from __future__ import annotations

import os
import random
from typing import Literal

from PySide6.QtCore import QObject, Signal

from app.jobs import commands
from app.jobs.answer_places import AnswerPlaces
from app.jobs.collection_jobs import CollectionJobs
from app.jobs.jobs import Job, Jobs, trouble_of
from app.jobs.library_jobs import LibraryJobs
from app.jobs.read_only import LibraryLock, locked_answer
from app.jobs.reading_time import LONG_SECONDS, seconds_to_read
from app.jobs.reading_turns import ReadingTurns
from app.jobs.worker_client import WorkerClient
from app.jobs.worker_supervisor import WorkerFacts, WorkerSupervisor
from app.library import restore
from app.library.documents import Shelf
from app.library.reader import LibraryReader
from app.library.rows import DocumentRecord
from app.settings.store import SettingsStore
from app.state.conversation import Turn
from app.state.session import Aspect, DocumentSession, Phase, Trouble
from app.style.translation import tr
from engine.protocol import wire as m
from engine.protocol.vocabulary import Length


class JobController(QObject):
    """Owns the sessions, the jobs and the shelf; uses the client and the reader of its creator."""

    session_changed = Signal(object, int)
    """(DocumentSession, Aspect flags)"""
    current_changed = Signal(object)
    """The DocumentSession that is shown, or None."""
    worker_changed = Signal(object)
    """WorkerFacts"""
    library_failed = Signal(str)
    """An error, as a sentence; "" when it is over."""
    stopped = Signal()
    """The worker has ended after shut_down()."""

    def __init__(
        self, client: WorkerClient, reader: LibraryReader, settings: SettingsStore, parent: QObject | None = None
    ):
        super().__init__(parent)
        self._client, self._reader, self._settings = client, reader, settings
        self.sessions: dict[str, DocumentSession] = {}
        self.current: DocumentSession | None = None
        self._supervisor = WorkerSupervisor(client, self)
        self._jobs = Jobs(client)
        self.shelf = Shelf(reader, self)
        self.lock = LibraryLock(self._jobs, self)
        self.library = LibraryJobs(self._jobs, self.lock, reader, self)
        self.library.failed.connect(self.library_failed)
        self.library.edited.connect(self._reread)
        self.collections = CollectionJobs(self._jobs, self.lock, settings, self)
        self.collections.written.connect(reader.read_documents)
        reader.collections_read.connect(self.collections.set_rows)
        self._deciding: set[str] = set()
        self._turns = ReadingTurns(self._jobs)
        client.received.connect(self._on_event)
        self._supervisor.ready.connect(self._on_ready)
        self._supervisor.given_up.connect(self._on_given_up)
        self._supervisor.changed.connect(self.worker_changed)
        self._supervisor.stopped.connect(self.stopped)
        self.shelf.removed.connect(self._on_removed)
        reader.documents_read.connect(lambda _rows: self.library_failed.emit(""))
        reader.record_read.connect(self._on_record)
        self._places = AnswerPlaces(reader, self.sessions, self)
        self._places.found.connect(lambda session: self._tell(session, Aspect.TURNS))
        reader.failed.connect(self.library_failed)
        reader.outdated.connect(self.lock.claim)

    def start(self) -> None:
        """Start the worker, and resume the readings that were interrupted when the window was last closed."""
        self._supervisor.start()
        now = self._settings.now
        for path in (*now.unfinished[1:], *now.unfinished[:1]) or (now.last_document,):
            if path and os.path.exists(path):
                self.open(path, decide=path in now.unfinished)
        self.collections.resume()

    def open(self, path: str, decide: bool = True) -> None:
        """Show a file, and read it as the settings say."""
        path = os.path.abspath(path)
        session = self.sessions.get(path)
        if session is None:
            session = self.sessions[path] = DocumentSession(path, title="")
        self._show(session)
        self.lock.claim()
        self._settings.add_recent(path)
        self._reader.read_record(path)
        if not self._jobs.of(session) and (decide or not session.opened):
            session.phase, session.trouble = Phase.OPENING, None
            self._jobs.send(Job(m.OpenDocument(path=path, password=session.password), session, decide=decide))
        self._tell(session, Aspect.ALL)

    def show(self, path: str) -> None:
        """Show a document of the library without resuming its reading."""
        self.open(path, decide=False)

    def summarize_as_usual(self) -> None:
        """Resume reading the shown document and summarise it as in the settings."""
        self.summarize("", "")

    def summarize(self, length: Length | Literal[""], focus: str) -> None:
        """Resume reading the shown document and summarise it. length "": as in the settings; focus "": all of it."""
        session = self.current
        if session is not None and not self._jobs.reading(session):
            self._summarize(session, length, focus)

    def ask(self, question: str, page: int | None = None, parent: Turn | None = None) -> None:
        """Ask a question about the shown document. page: use the pages up to it only; parent: the turn to follow up."""
        if self.current is not None and question.strip():
            self._ask(self.current, self.current.conversation.add(question.strip(), parent, page=page))

    def ask_again(self, turn: Turn, question: str | None = None) -> None:
        """Answer a turn again, with another seed or with an edited question."""
        if self.current is None:
            return
        edited = question is not None and question.strip() != turn.question
        seed = None if edited else random.randrange(1, 1 << 31)
        words = (question or turn.question).strip()
        self._ask(self.current, self.current.conversation.add(words, turn.parent, turn, page=turn.page, seed=seed))

    def show_evidence(self, turn: Turn, page: int = 0) -> None:
        """Mark the evidence pages of an answer; page: only this one, where it is not among them."""
        if self.current is not None:
            pages = turn.pages
            self.current.evidence = pages if (pages and pages[0] <= page <= pages[1]) or not page else (page, page)
            self._tell(self.current, Aspect.STRIP)

    def dismiss_trouble(self) -> None:
        if self.current is not None:
            self.current.trouble = None
            self._tell(self.current, Aspect.TROUBLE | Aspect.PROGRESS)

    def pause_or_resume(self) -> None:
        if self.current is not None:
            (self.resume if self.current.paused else self.pause)()

    def pause(self) -> None:
        self._to_reading(m.Pause)

    def resume(self) -> None:
        self._to_reading(m.Resume)

    def stop(self) -> None:
        """Cancel the shown document's latest answer, or else its reading. What was read is kept."""
        session = self.current
        jobs = self._jobs.of(session) if session else []
        if session is None or not jobs:
            return
        answers = [job for job in jobs if job.turn is not None]
        last = (answers or jobs)[-1]
        if self._turns.give_up(last):
            self._forget(last)
            session.stopped = True
            self._tell(session, Aspect.ALL)
        else:
            self._jobs.tell(m.Cancel(job_id=last.command.job_id))

    def provide_password(self, password: str, store: bool = True) -> None:
        """Open the shown document again with a password, which is kept in memory only. store: whether its text, summary
        and answers are stored in the library."""
        session = self.current
        if session is not None and session.trouble is not None:
            session.password, session.store = password, store
            self.retry()

    def retry(self) -> None:
        """Send the failed command again."""
        session = self.current
        if session is None or session.trouble is None:
            return
        command, session.trouble = session.trouble.command, None
        if self.worker.state in ("failed", "stopped"):
            self.restart_worker()
        if command is not None:
            command = commands.again(command, session)
            if isinstance(command, (m.Read, m.Summarize)):
                self._begin(session, command)
            else:
                session.phase = Phase.OPENING
                self._jobs.send(Job(command, session, decide=True))
        self._tell(session, Aspect.ALL)

    def remove(self, document_id: int) -> None:
        """Remove a document from the library, unless that is undone within a few seconds."""
        path = self.shelf.remove(document_id)
        if self.current is not None and self.current.path == path:
            self._show(None)

    def close_document(self) -> None:
        """Show no document; its reading continues."""
        self._show(None)

    def forget(self, path: str) -> None:
        """Drop a document that is not in the library, such as a file that could not be read."""
        if self.sessions.pop(path, None) is self.current:
            self._show(None)

    def read_first(self) -> None:
        """Read the shown document before the one being read, which continues afterwards."""
        self._turns.put_first(self.current)

    def restart_worker(self) -> None:
        """Restart the worker at the user's request."""
        self._supervisor.restart()

    def change_worker(self, command: list[str]) -> None:
        """Start another worker for another model, device or library; the jobs go on in it."""
        self.lock.forget()
        self._supervisor.change(command)

    def shut_down(self) -> None:
        """End the worker, which saves; `stopped` follows within two seconds."""
        self.shelf.remove_now()
        self._supervisor.shut_down()

    @property
    def worker(self) -> WorkerFacts:
        return self._supervisor.facts

    def _ask(self, session: DocumentSession, turn: Turn) -> None:
        if not session.phase.busy:
            session.phase = Phase.WAITING
        self._jobs.send(Job(commands.ask(session, turn), session, turn))
        self._tell(session, Aspect.TURNS | Aspect.PROGRESS)

    def _summarize(self, session: DocumentSession, length: Length | Literal[""] = "", focus: str = "") -> None:
        session.begin_summary()
        self._begin(session, commands.summarize(session, self._settings.now, length, focus))

    def _begin(self, session: DocumentSession, command: m.Command) -> None:
        session.phase, session.stopped, session.paused = Phase.WAITING, False, False
        session.trouble = session.long_seconds = None
        session.summary_running = isinstance(command, m.Summarize)
        self._settings.note_unfinished(session.path, True)
        self._jobs.send(Job(command, session))
        self._tell(session, Aspect.ALL)
        self._release()

    def _release(self) -> None:
        """Send the readings that gave way, once the document that goes before them is being read or needs nothing."""
        for job in self._turns.released(self._deciding):
            self._send_again(job)

    def _to_reading(self, kind: type[m.Command]) -> None:
        job = self._jobs.reading(self.current)
        if job is not None:
            self._jobs.tell(kind(job_id=job.command.job_id))

    def _show(self, session: DocumentSession | None) -> None:
        if session is not self.current:
            self.current = session
            self.current_changed.emit(session)

    def _tell(self, session: DocumentSession, what: Aspect) -> None:
        if what:
            self.session_changed.emit(session, int(what))

    def _on_ready(self) -> None:
        """Send the waiting jobs, and those that an earlier worker did not finish."""
        self._turns.forget()
        for job in self._jobs:
            self._send_again(job)

    def _on_given_up(self, sentence: str, details: str) -> None:
        for job in self._jobs:
            self._fail(
                job,
                Trouble(
                    sentence + " " + tr("The part already read is saved. Try again."), "worker", details, job.command
                ),
            )

    def _on_event(self, event: m.Event) -> None:
        if isinstance(event, m.TERMINAL) and not self._client.ready:
            return  # the worker ends because we asked it to: its jobs go on in the next one
        job = self._jobs.by_id(event.job_id)
        if job is not None and self.collections.owns(job):
            self.collections.take(job, event)
            return
        if job is None or job.session is None:
            self.library.take(job, event)
            return
        if isinstance(event, m.TERMINAL):
            self._end(job, event)
        else:
            if isinstance(event, m.StatesDropped):
                self.library.states_dropped.emit(event)
            self._tell(job.session, job.session.apply(event))
            if isinstance(event, m.AnswerFinished) and job.turn is not None:
                self._places.look_up(job.session, job.turn)
            if isinstance(event, (m.CheckpointSaved, m.ReadingFinished)):
                self.shelf.note_news(job.session.path)

    def _end(self, job: Job, event: m.Event) -> None:
        session = job.session
        assert session is not None
        if self.lock.is_cause_of(event):
            self._hold(job)
            return
        self.lock.note_end(job, event)
        if self._turns.gives_way(job, event):
            session.phase = Phase.WAITING
            self._tell(session, Aspect.ALL)
            self._release()
            return
        if isinstance(event, m.JobFailed):
            self._fail(job, trouble_of(job, event))
            return
        self._forget(job)
        if isinstance(event, m.JobCancelled):
            if job.turn is None:
                session.stopped = True
            elif not job.turn.done:
                job.turn.problem = tr("Answer stopped.")
        elif job.decide:
            self._deciding.add(session.path)
            self._reader.read_record(session.path)
        self.shelf.note_news(session.path)
        self._tell(session, Aspect.ALL)

    def _send_again(self, job: Job) -> None:
        """Send a job after the others; a summary restarts from the saved section summaries."""
        if job.session is not None:
            if isinstance(job.command, m.Summarize):
                job.session.begin_summary()
            if job.reads:
                job.session.phase = Phase.WAITING
            job.session.paused = False
        self._jobs.send(job)
        if job.session is not None:
            self._tell(job.session, Aspect.ALL)

    def _hold(self, job: Job) -> None:
        """Hold a job because another program writes the library."""
        self._forget(job)
        self.lock.take(job)
        if job.turn is not None:
            job.turn.problem = locked_answer()
        if job.session is not None:
            self._tell(job.session, Aspect.ALL)

    def _fail(self, job: Job, trouble: Trouble) -> None:
        session = job.session
        self._forget(job)
        if session is None:
            self.library_failed.emit(trouble.sentence)
            return
        if job.turn is not None:
            job.turn.problem = trouble.sentence
        else:
            session.trouble = trouble
        self._tell(session, Aspect.ALL)

    def _forget(self, job: Job) -> None:
        """Drop a job; the document becomes idle unless another of its jobs is active."""
        self._jobs.drop(job)
        session = job.session
        if session is None:
            return
        rest = self._jobs.of(session)
        if not rest:
            session.phase, session.paused = Phase.IDLE, False
        elif session.phase is Phase.ANSWERING:
            session.phase = Phase.WAITING
        if job.reads:
            session.summary_running = False
            self._settings.note_unfinished(session.path, False)

    def _reread(self, document_id: int) -> None:
        """Read an open document's record again, after its title or tags have changed."""
        for session in self.sessions.values():
            if session.document_id == document_id:
                self._reader.read_record(session.path)

    def _on_record(self, path: str, record: DocumentRecord | None) -> None:
        session = self.sessions.get(path)
        if session is None:
            return
        if record is not None:
            for turn in restore.fill(session, record):
                self._places.look_up(session, turn)
            self._tell(session, Aspect.ALL)
        if path in self._deciding:
            self._deciding.discard(path)
            self._decide(session)
            self._release()

    def _decide(self, session: DocumentSession) -> None:
        """Read and summarise an opened document as in the settings, unless that is done."""
        wish = self._settings.now.on_open
        done = session.fully_read and (session.summary_done or wish == "read")
        if wish == "wait" or done or self._jobs.of(session):
            return
        now = self._settings.now
        expected = seconds_to_read(session, now.model, now.device)
        if expected is not None and expected > LONG_SECONDS and session.path not in now.unfinished:
            session.long_seconds = expected
            self._tell(session, Aspect.PROGRESS)
            return
        if wish == "read":
            self._begin(session, commands.read(session))
        else:
            self._summarize(session)

    def _on_removed(self, document_id: int, path: str) -> None:
        for job in self._jobs.of(self.sessions.pop(path, None)):
            self._jobs.tell(m.Cancel(job_id=job.command.job_id))
        self.library.remove(document_id)
