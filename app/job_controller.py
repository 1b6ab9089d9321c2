"""The only place that decides: what people want becomes commands, what the worker reports becomes facts."""

from __future__ import annotations

import itertools
import os
import random
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, QTimer, Signal

from app import session_record
from app.conversation import Turn
from app.document_session import Aspect, DocumentSession, Phase, Trouble
from app.library_reader import DocumentRecord, LibraryReader
from app.settings import SettingsStore
from app.worker_client import WorkerClient
from app.worker_supervisor import WorkerFacts, WorkerSupervisor
from engine import messages as m

UNDO_MS = 8_000
REFRESH_MS = 800
"""How long news of the library are gathered before it is read again."""
PASSWORD_REASONS = ("needs_password", "wrong_password")


@dataclass
class Job:
    """One command under way."""

    command: m.Command
    session: DocumentSession | None = None
    turn: Turn | None = None
    decide: bool = False
    """After opening, go on as the settings say."""


class JobController(QObject):
    """Intents in, facts out. Owns the sessions and the jobs; the client and the reader are lent to it."""

    session_changed = Signal(object, int)
    """(DocumentSession, Aspect flags)"""
    current_changed = Signal(object)
    """The DocumentSession that is shown, or None."""
    documents_changed = Signal(object)
    """list[engine.library.rows.Document] without what is being removed."""
    worker_changed = Signal(object)
    """WorkerFacts"""
    removal_pending = Signal(str, str)
    """A document's (title, path), while removing it can be undone; "" and "" when that time is over."""
    library_failed = Signal(str)
    """A sentence; "" when all is well again."""
    stopped = Signal()
    """After shut_down(): the worker is gone."""

    def __init__(
        self, client: WorkerClient, reader: LibraryReader, settings: SettingsStore, parent: QObject | None = None
    ):
        super().__init__(parent)
        self._client, self._reader, self._settings = client, reader, settings
        self.sessions: dict[str, DocumentSession] = {}
        self.current: DocumentSession | None = None
        self._supervisor = WorkerSupervisor(client, self)
        self._jobs: dict[str, Job] = {}
        self._numbers = itertools.count(1)
        self._documents: list = []
        self._deciding: set[str] = set()
        self._removing: tuple[int, str] | None = None
        self._stale: set[str] = set()
        self._refresh = QTimer(self)
        self._refresh.setSingleShot(True)
        self._refresh.setInterval(REFRESH_MS)
        self._refresh.timeout.connect(self._read_library)
        self._undo = QTimer(self)
        self._undo.setSingleShot(True)
        self._undo.timeout.connect(self._remove_now)
        client.received.connect(self._on_event)
        self._supervisor.ready.connect(self._on_ready)
        self._supervisor.given_up.connect(self._on_given_up)
        self._supervisor.changed.connect(self.worker_changed)
        self._supervisor.stopped.connect(self.stopped)
        reader.documents_read.connect(self._on_documents)
        reader.record_read.connect(self._on_record)
        reader.located.connect(self._on_located)
        reader.failed.connect(self.library_failed)

    # Intents

    def start(self) -> None:
        """Start the worker, and go on with what was being read when the window was last closed."""
        self._supervisor.start()
        now = self._settings.now
        path = now.unfinished or now.last_document
        if path and os.path.exists(path):
            self.open(path, decide=path == now.unfinished)

    def open(self, path: str, decide: bool = True) -> None:
        """Show a file, and read it as the settings say."""
        path = os.path.abspath(path)
        session = self.sessions.get(path)
        if session is None:
            session = self.sessions[path] = DocumentSession(path, title="")
        self._show(session)
        self._settings.add_recent(path)
        self._reader.read_record(path)
        if not self._jobs_of(session) and (decide or not session.opened):
            session.phase, session.trouble = Phase.OPENING, None
            self._send(Job(m.OpenDocument(path=path, password=session.password), session, decide=decide))
        self._tell(session, Aspect.ALL)

    def show(self, path: str) -> None:
        """Show a document of the library; it is read on when somebody asks for it."""
        self.open(path, decide=False)

    def summarize(self, method: str = "", focus: str | None = None) -> None:
        """Read the shown document on and summarise it."""
        session = self.current
        if session is None or self.reading_job(session):
            return
        session.begin_summary()
        method = method or self._settings.now.summary_method
        self._begin(session, m.Summarize(path=session.path, password=session.password, method=method, focus=focus))

    def read(self) -> None:
        """Read the shown document on, without a summary."""
        session = self.current
        if session is not None and not self.reading_job(session):
            self._begin(session, m.Read(path=session.path, password=session.password))

    def ask(self, question: str, page: int | None = None, parent: Turn | None = None) -> None:
        """Ask the shown document, as of a page if one is given, or on from an answer."""
        if self.current is not None and question.strip():
            self._ask(self.current, question.strip(), page, parent, None, None)

    def ask_again(self, turn: Turn, question: str | None = None) -> None:
        """Another try of a turn: with another seed, or with an edited question."""
        if self.current is None:
            return
        edited = question is not None and question.strip() != turn.question
        seed = None if edited else random.randrange(1, 1 << 31)
        self._ask(self.current, (question or turn.question).strip(), turn.page, turn.parent, turn, seed)

    def show_evidence(self, turn: Turn, page: int = 0) -> None:
        """Light the pages that an answer rests on, or the one page that was asked for."""
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
        """Stop what goes on with the shown document: an answer first, then the reading. All that was read is kept."""
        session = self.current
        jobs = self._jobs_of(session) if session else []
        if jobs:
            answers = [job for job in jobs if job.turn is not None]
            self._write(m.Cancel(job_id=(answers or jobs)[-1].command.job_id))

    def provide_password(self, password: str) -> None:
        """Try the shown document again with a password; it is kept in memory only."""
        session = self.current
        if session is not None and session.trouble is not None:
            session.password = password
            self.retry()

    def retry(self) -> None:
        """Send again what failed."""
        session = self.current
        if session is None or session.trouble is None:
            return
        command, session.trouble = session.trouble.command, None
        if self.worker.state in ("failed", "stopped"):
            self.restart_worker()
        if command is not None:
            command = replace(command, password=session.password)  # type: ignore[call-arg]
            opening = isinstance(command, m.OpenDocument)
            session.phase = Phase.OPENING if opening else Phase.WAITING
            self._send(Job(command, session, decide=opening))
        self._tell(session, Aspect.ALL)

    def remove(self, document_id: int) -> None:
        """Take a document out of the library, unless that is undone within a few seconds."""
        self._remove_now()
        row = next((row for row in self._documents if row.id == document_id), None)
        if row is None:
            return
        self._removing = (document_id, row.path)
        self._undo.start(UNDO_MS)
        self.removal_pending.emit(row.title, row.path)
        if self.current is not None and self.current.path == row.path:
            self._show(None)
        self._tell_documents()

    def undo_remove(self) -> None:
        self._undo.stop()
        self._removing = None
        self.removal_pending.emit("", "")
        self._tell_documents()

    def restart_worker(self) -> None:
        """Start the worker again on the person's word."""
        self._supervisor.restart()

    def change_worker(self, command: list[str]) -> None:
        """The settings ask for another model, device or library: a new worker, and the jobs go on in it."""
        self._supervisor.change(command)

    def shut_down(self) -> None:
        """Save and end; `stopped` follows within two seconds."""
        self._remove_now()
        self._supervisor.shut_down()

    # Facts for the panes

    @property
    def worker(self) -> WorkerFacts:
        return self._supervisor.facts

    def reading_job(self, session: DocumentSession) -> Job | None:
        """The job that reads or summarises the document, if one does."""
        return next((job for job in self._jobs_of(session) if isinstance(job.command, (m.Read, m.Summarize))), None)

    # Inside

    def _ask(
        self,
        session: DocumentSession,
        question: str,
        page: int | None,
        parent: Turn | None,
        revises: Turn | None,
        seed: int | None,
    ) -> None:
        turn = session.conversation.add(question, parent, revises, page=page, seed=seed)
        command = m.Ask(
            path=session.path,
            question=question,
            password=session.password,
            page=page,
            parent=parent.turn_id if parent else None,
            seed=seed,
        )
        if not session.phase.busy:
            session.phase = Phase.WAITING
        self._send(Job(command, session, turn))
        self._tell(session, Aspect.TURNS | Aspect.PROGRESS)

    def _begin(self, session: DocumentSession, command: m.Command) -> None:
        session.phase, session.stopped, session.paused = Phase.WAITING, False, False
        session.trouble = None
        session.summary_running = isinstance(command, m.Summarize)
        self._settings.update(unfinished=session.path)
        self._send(Job(command, session))
        self._tell(session, Aspect.ALL)

    def _send(self, job: Job) -> None:
        """Give the job a fresh id and send it, at once or when the worker is ready."""
        kind = type(job.command).__name__.lower()
        job.command = replace(job.command, job_id=f"{kind}-{next(self._numbers)}")
        self._jobs[job.command.job_id] = job
        if job.turn is not None:
            job.turn.job_id, job.turn.answer, job.turn.problem, job.turn.done = job.command.job_id, "", "", False
        self._write(job.command)

    def _write(self, command: m.Command) -> None:
        if self._client.ready:
            self._client.send(command)

    def _jobs_of(self, session: DocumentSession | None) -> list[Job]:
        return [job for job in self._jobs.values() if job.session is session and session is not None]

    def _to_reading(self, kind: type[m.Command]) -> None:
        job = self.reading_job(self.current) if self.current else None
        if job is not None:
            self._write(kind(job_id=job.command.job_id))

    def _show(self, session: DocumentSession | None) -> None:
        if session is not self.current:
            self.current = session
            self.current_changed.emit(session)

    def _tell(self, session: DocumentSession, what: Aspect) -> None:
        if what:
            self.session_changed.emit(session, int(what))

    def _on_ready(self) -> None:
        """Send what waits, and again what an earlier worker did not finish."""
        for job in list(self._jobs.values()):
            if isinstance(job.command, m.Summarize) and job.session is not None:
                job.session.begin_summary()
                self._tell(job.session, Aspect.SUMMARY)
            self._jobs.pop(job.command.job_id)
            self._send(job)

    def _on_given_up(self, sentence: str, details: str) -> None:
        for job in list(self._jobs.values()):
            self._fail(job, Trouble(f"{sentence} What was read is saved; try again.", "worker", details, job.command))

    def _on_event(self, event: m.Event) -> None:
        if isinstance(event, m.TERMINAL) and not self._client.ready:
            return  # the worker ends because we asked it to: its jobs go on in the next one
        if isinstance(event, m.DocumentRemoved):
            self._reader.read_documents()
        job = self._jobs.get(event.job_id)
        if job is None or job.session is None:
            if isinstance(event, m.TERMINAL):
                self._jobs.pop(event.job_id, None)
            if isinstance(event, (m.JobFailed, m.Notice)):
                self.library_failed.emit(event.message if isinstance(event, m.JobFailed) else event.text)
            return
        if isinstance(event, m.TERMINAL):
            self._end(job, event)
        else:
            self._tell(job.session, job.session.apply(event))
            if isinstance(event, m.AnswerFinished) and job.turn is not None:
                self._locate(job.session, job.turn)
            if isinstance(event, (m.CheckpointSaved, m.ReadingFinished)):
                self._note_news(job.session)

    def _end(self, job: Job, event: m.Event) -> None:
        session = job.session
        assert session is not None
        if isinstance(event, m.JobFailed):
            sentence = event.message[:1].upper() + event.message[1:].rstrip(".") + "."
            if event.kind != "known":
                sentence = f"Something is wrong in Readthrough itself: {event.message}"
            self._fail(job, Trouble(sentence, event.reason.replace(" ", "_"), event.details, job.command))
            return
        self._forget(job)
        if isinstance(event, m.JobCancelled):
            if job.turn is None:
                session.stopped = True
            elif not job.turn.done:
                job.turn.problem = "Stopped before the answer was whole."
        elif job.decide:
            self._deciding.add(session.path)
            self._reader.read_record(session.path)
        self._note_news(session)
        self._tell(session, Aspect.ALL)

    def _note_news(self, session: DocumentSession) -> None:
        """The library holds more of a document than was shown: read it again, but not for every page."""
        self._stale.add(session.path)
        if not self._refresh.isActive():
            self._refresh.start()

    def _read_library(self) -> None:
        for path in self._stale:
            self._reader.read_record(path)
        self._stale.clear()
        self._reader.read_documents()

    def _fail(self, job: Job, trouble: Trouble) -> None:
        session = job.session
        self._forget(job)
        if session is None:
            self.library_failed.emit(trouble.sentence)
        elif job.turn is not None:
            job.turn.problem = trouble.sentence
            self._tell(session, Aspect.ALL)
        else:
            session.trouble = trouble
            self._tell(session, Aspect.ALL)

    def _forget(self, job: Job) -> None:
        """The job is over; the document is idle unless another one goes on."""
        self._jobs.pop(job.command.job_id, None)
        session = job.session
        if session is None:
            return
        rest = self._jobs_of(session)
        if not rest:
            session.phase, session.paused = Phase.IDLE, False
        elif session.phase is Phase.ANSWERING:
            session.phase = Phase.WAITING
        if isinstance(job.command, (m.Read, m.Summarize)):
            session.summary_running = False
            if self._settings.now.unfinished == session.path:
                self._settings.update(unfinished="")

    def _locate(self, session: DocumentSession, turn: Turn) -> None:
        """Look where the words of an answer stand: within its pages, or anywhere when it rests on the whole."""
        if session.document_id is not None and turn.found and turn.done:
            self._reader.locate(session.document_id, turn.key, turn.answer, turn.question, turn.pages)

    def _on_located(self, document_id: int, key: int, pages: list[int]) -> None:
        session = next((one for one in self.sessions.values() if one.document_id == document_id), None)
        turn = session.conversation.by_key(key) if session else None
        if session is not None and turn is not None:
            turn.mentions = pages
            self._tell(session, Aspect.TURNS)

    def _on_documents(self, rows: list) -> None:
        self.library_failed.emit("")
        if rows != self._documents:
            self._documents = rows
            self._tell_documents()

    def _tell_documents(self) -> None:
        hidden = self._removing[0] if self._removing else None
        self.documents_changed.emit([row for row in self._documents if row.id != hidden])

    def _on_record(self, path: str, record: DocumentRecord | None) -> None:
        session = self.sessions.get(path)
        if session is None:
            return
        if record is not None:
            for turn in session_record.fill(session, record):
                self._locate(session, turn)
            self._tell(session, Aspect.ALL)
        if path in self._deciding:
            self._deciding.discard(path)
            self._decide(session)

    def _decide(self, session: DocumentSession) -> None:
        """A document was opened: go on as the settings say, with what is not done yet."""
        wish = self._settings.now.on_open
        done = session.fully_read and (session.summary_done or wish == "read")
        if wish == "wait" or done or self._jobs_of(session):
            return
        if wish == "read":
            self._begin(session, m.Read(path=session.path, password=session.password))
        else:
            session.begin_summary()
            method = self._settings.now.summary_method
            self._begin(session, m.Summarize(path=session.path, password=session.password, method=method))

    def _remove_now(self) -> None:
        self._undo.stop()
        if self._removing is None:
            return
        (document_id, path), self._removing = self._removing, None
        self.removal_pending.emit("", "")
        for job in self._jobs_of(self.sessions.pop(path, None)):
            self._write(m.Cancel(job_id=job.command.job_id))
        self._send(Job(m.RemoveDocument(document_id=document_id)))
        self._documents = [row for row in self._documents if row.id != document_id]
