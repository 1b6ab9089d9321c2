"""The worker process: commands in on stdin, events out on stdout, one JSON object a line; logs on stderr.

One thread takes commands while the job runs in the main thread. Cancel, pause and resume act at once. Other commands
wait their turn, except those that can be served at the next chunk boundary of a reading, or while it is paused: a
question about the file that is being read or about one that was read before, a question to a collection, and a list of
the documents. Between two files of a folder every command that waits is served. A followed
file is checked whenever no other job runs. End of input, SIGTERM and SIGHUP end the worker: running jobs are cancelled,
the part read so far is saved, and every job gets its terminal event.
"""

from __future__ import annotations

import logging
import os
import queue
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import FrameType
from typing import IO

from engine.control import Control
from engine.library import schema
from engine.logs import configure_logging
from engine.protocol import wire
from engine.protocol.wire import Command, Event, ProtocolError
from engine.session.event_writer import EventWriter
from engine.session.follow import Follower
from engine.session.heartbeat import Heartbeat
from engine.session.session import Session, open_session
from engine.session.startup import give_back_memory
from engine.session.together import MOST_QUESTIONS, run_together

log = logging.getLogger("readthrough.worker")
FOLLOW_SECONDS = 0.2
"""Longest interval, in seconds, between two checks of a followed file, or of its cancel, while no other job runs."""


def run_worker(
    model: Path | None,
    library: Path | None,
    device: str,
    precision: str,
    quota: int | None = None,
    *,
    debug: bool = False,
) -> int:
    """Serve commands until end of input, Shutdown or a signal; return the exit status."""
    configure_logging("worker", debug)
    events = EventWriter(_take_stdout())
    with open_session(model, library, device, precision, quota) as session:
        worker = Worker(session, sys.stdin, events)
        _end_at_signals(worker)
        worker.serve()
    events.close()
    return 0


def _take_stdout() -> int:
    """Return a descriptor of the real stdout, for events alone; redirect other output to stderr."""
    sys.stdout.flush()
    events = os.dup(1)
    os.dup2(2, 1)
    return events


def _end_at_signals(worker: Worker) -> None:
    """Let the first SIGTERM, SIGHUP or SIGINT end the worker in order; a second one acts as it would without this."""
    names = ("SIGTERM", "SIGHUP", "SIGINT")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]

    def end(number: int, frame: FrameType | None) -> None:
        for each in numbers:
            signal.signal(each, signal.SIG_DFL)
        # A thread, because the main thread may hold a lock just now that this needs.
        threading.Thread(target=worker.end, name="signal", daemon=True).start()

    for number in numbers:
        signal.signal(number, end)


class Worker:
    """Takes commands from `commands`, a line each, and gives events to `events`."""

    def __init__(self, session: Session, commands: IO[str], events: EventWriter) -> None:
        self._session, self._commands, self._events = session, commands, events
        self._jobs: queue.Queue[Command | None] = queue.Queue()
        self._fetched: list[Command] = []  # taken from the queue, not looked at
        self._waiting: list[Command] = []  # of which was found that they wait for the reading in progress
        self._followers: dict[str, Follower] = {}
        self._controls: dict[str, Control] = {}
        self._ending = threading.Event()

    def serve(self) -> None:
        """Run jobs until the worker ends."""
        self._emit(wire.WorkerStarted(protocol_version=wire.PROTOCOL_VERSION, app_version=_version(), pid=os.getpid()))
        threading.Thread(target=self._take_commands, name="commands", daemon=True).start()
        schema.preload()
        self._session.model.prepare()
        while (command := self._next_job()) is not None:
            self._run(command)
            self._look_at_followed()
        self._look_at_followed()

    def end(self) -> None:
        """Cancel all jobs and take no more; from any thread."""
        self._ending.set()
        self._events.end()
        for control in list(self._controls.values()):
            control.cancel()
        self._jobs.put(None)

    def _take_commands(self) -> None:
        try:
            while not self._ending.is_set() and (line := self._commands.readline(wire.MAX_LINE)):
                whole = line.endswith("\n") or len(line) < wire.MAX_LINE
                if line.strip():
                    self._take(line)
                while not whole:  # the rest of a line that is too long is no command
                    rest = self._commands.readline(wire.MAX_LINE)
                    whole = rest.endswith("\n") or len(rest) < wire.MAX_LINE
        except (OSError, ValueError):
            log.exception("commands cannot be read any more")
        finally:
            self.end()

    def _take(self, line: str) -> None:
        try:
            command = wire.decode_command(line)
        except RecursionError:
            self._emit(wire.Notice(kind="bad_command", detail="it is nested too deeply"))
            return
        except ProtocolError as error:
            log.warning("ignored a line: %s", error)
            if error.job_id and error.job_id not in self._controls:
                message = f"the command is not valid: {error}"
                self._emit(wire.JobFailed(job_id=error.job_id, kind="known", message=message, reason="bad command"))
            else:
                self._emit(wire.Notice(kind="bad_command", detail=str(error)))
            return
        control = self._controls.get(command.job_id)
        match command:
            case wire.Shutdown():
                self._ending.set()
            case wire.Cancel() if control:
                control.cancel()
            case wire.Pause() if control and not control.paused:
                control.pause()
                self._emit(wire.JobPaused(job_id=command.job_id))
            case wire.Resume() if control and control.paused:
                control.resume()
                self._emit(wire.JobResumed(job_id=command.job_id))
            case wire.Cancel() | wire.Pause() | wire.Resume():
                log.info("%s for %r, which is not running", type(command).__name__, command.job_id)
            case _:
                if command.job_id in self._controls:
                    log.warning("a second command with the job id %r is ignored", command.job_id)
                    return
                control = Control()
                control.while_paused = self._serve_meanwhile
                self._controls[command.job_id] = control
                self._jobs.put(command)
                if self._ending.is_set():
                    control.cancel()

    def _next_job(self) -> Command | None:
        while not self._waiting and not self._fetched:
            if self._ending.is_set() and self._jobs.empty():
                return None
            try:
                return self._jobs.get(timeout=FOLLOW_SECONDS if self._followers else None)
            except queue.Empty:
                self._look_at_followed()
        return (self._waiting or self._fetched).pop(0)

    def _run(self, command: Command) -> None:
        control = self._controls[command.job_id]
        if self._ending.is_set():
            control.cancel()
        if isinstance(command, wire.Read) and command.follow:
            self._followers[command.job_id] = Follower(self._session, command, control)
            return
        together = [command, *self._companions(command)]
        if len(together) > 1:
            jobs = [self._session.job(each, self._controls[each.job_id]) for each in together]
            self._send_rest(run_together(jobs))
        else:
            self._send(self._session.run(command, control), control)
        for each in together:
            del self._controls[each.job_id]
        give_back_memory()

    def _companions(self, command: Command) -> list[Command]:
        """Return the questions in the queue that can be answered together with `command`: of the same document, and of
        its whole."""
        if not isinstance(command, wire.Ask) or self._ending.is_set():
            return []
        self._fetch()
        found = [each for each in (*self._waiting, *self._fetched) if _go_together(command, each)]
        found = found[: MOST_QUESTIONS - 1]
        self._waiting = [each for each in self._waiting if each not in found]
        self._fetched = [each for each in self._fetched if each not in found]
        return list(found)

    def _fetch(self) -> None:
        """Take the commands that are in the queue."""
        with suppress(queue.Empty):
            while not self._ending.is_set():
                command = self._jobs.get_nowait()
                if command is None:
                    self._ending.set()
                else:
                    self._fetched.append(command)

    def _send(self, events: Iterator[Event], control: Control) -> None:
        """Emit `events` of a job; between two chunks of a reading, serve other commands."""
        first = next(events, None)
        if first is None:
            return
        self._emit(first)
        tokens = self._session.model.tokens_computed
        with Heartbeat(first.job_id, self._emit, tokens, lambda: control.paused) as heartbeat:
            self._send_rest(heartbeat.noted(events))

    def _send_rest(self, events: Iterator[Event]) -> None:
        for event in events:
            self._emit(event)
            if isinstance(event, wire.PrefillAdvanced):
                self._serve_meanwhile()
            elif isinstance(event, wire.FileRead):
                self._serve_between_files()
            if self._events.client_is_gone:
                self.end()

    def _look_at_followed(self) -> None:
        for job_id, follower in list(self._followers.items()):
            self._send(follower.look(), self._controls[job_id])
            if follower.ended:
                del self._followers[job_id], self._controls[job_id]

    def _serve_meanwhile(self) -> None:
        """Run the commands that need not wait for the reading in progress; the others keep waiting."""
        while not self._ending.is_set():
            self._fetch()
            if not self._fetched:
                return
            command = self._fetched.pop(0)
            if self._can_run_meanwhile(command):
                self._run(command)
            else:
                self._waiting.append(command)

    def _serve_between_files(self) -> None:
        """Run the commands that wait: between two files of a folder nothing is half read. Another folder waits."""
        self._fetch()
        waiting, self._waiting, self._fetched = [*self._waiting, *self._fetched], [], []
        for command in waiting:
            if isinstance(command, wire.ReadFolder) or self._ending.is_set():
                self._waiting.append(command)
            else:
                self._run(command)

    def _can_run_meanwhile(self, command: Command) -> bool:
        if isinstance(command, wire.Ask):
            return self._session.can_answer_now(command)
        if isinstance(command, wire.AskCollection):
            return True
        return not self._waiting and isinstance(command, (wire.ListDocuments, wire.Configure))

    def _emit(self, event: Event) -> None:
        self._events.write(event)


def _go_together(one: wire.Ask, other: Command) -> bool:
    """Return whether both are first questions to the same document as a whole."""
    return isinstance(other, wire.Ask) and all(
        ask.page is None
        and ask.parent is None
        and (ask.path, ask.password, ask.store) == (one.path, one.password, one.store)
        for ask in (one, other)
    )


def _version() -> str:
    try:
        return version("readthrough")
    except PackageNotFoundError:
        return "source"
