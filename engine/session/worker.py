"""The worker process: commands in on stdin, events out on stdout, one JSON object a line; logs on stderr.

One thread takes commands while the job runs in the main thread. Cancel, pause and resume act at once; other commands
wait their turn, except that a question about what is being read, or was read before, is answered at the next chunk
boundary and the reading then goes on. A followed file is looked at whenever there is nothing else to do. End of input
ends the worker: it saves what was read and leaves no orphan.
"""

from __future__ import annotations

import logging
import os
import queue
import sys
import threading
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO

from engine.control import Control
from engine.logs import configure_logging
from engine.protocol import wire
from engine.protocol.wire import Command, Event, ProtocolError
from engine.session.follow import Follower
from engine.session.session import Session, open_session

log = logging.getLogger("readthrough.worker")
FOLLOW_SECONDS = 0.2
"""How long a followed file, or its cancel, may wait for a look while there is nothing else to do."""


def run_worker(
    model: Path | None,
    library: Path | None,
    device: str,
    precision: str,
    quota: int | None = None,
    *,
    debug: bool = False,
) -> int:
    """Serve commands until end of input or Shutdown; returns the exit status."""
    configure_logging("worker", debug)
    events = _take_stdout()
    with open_session(model, library, device, precision, quota) as session:
        Worker(session, sys.stdin, events).serve()
    return 0


def _take_stdout() -> IO[str]:
    """The real stdout, for events alone: whatever else prints goes to stderr from now on."""
    sys.stdout.flush()
    events = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    return events


class Worker:
    """Takes commands from `commands`, a line each, and writes events to `events`."""

    def __init__(self, session: Session, commands: IO[str], events: IO[str]):
        self._session, self._commands, self._events = session, commands, events
        self._write_lock = threading.Lock()
        self._jobs: queue.Queue[Command | None] = queue.Queue()
        self._waiting: list[Command] = []
        self._followers: dict[str, Follower] = {}
        self._controls: dict[str, Control] = {}
        self._ending = threading.Event()

    def serve(self) -> None:
        """Run jobs until the input ends."""
        self._emit(wire.WorkerStarted(protocol_version=wire.PROTOCOL_VERSION, app_version=_version(), pid=os.getpid()))
        threading.Thread(target=self._take_commands, name="commands", daemon=True).start()
        self._session.model.prepare()
        while (command := self._next_job()) is not None:
            self._run(command)
            self._look_at_followed()
        self._look_at_followed()

    def _take_commands(self) -> None:
        try:
            while not self._ending.is_set() and (line := self._commands.readline(wire.MAX_LINE)):
                if line.strip():
                    self._take(line)
        finally:
            self._ending.set()
            for control in list(self._controls.values()):
                control.cancel()
            self._jobs.put(None)

    def _take(self, line: str) -> None:
        try:
            command = wire.decode_command(line)
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
                self._controls[command.job_id] = Control()
                self._jobs.put(command)

    def _next_job(self) -> Command | None:
        while not self._waiting:
            if self._ending.is_set() and self._jobs.empty():
                return None
            try:
                return self._jobs.get(timeout=FOLLOW_SECONDS if self._followers else None)
            except queue.Empty:
                self._look_at_followed()
        return self._waiting.pop(0)

    def _run(self, command: Command) -> None:
        control = self._controls[command.job_id]
        if self._ending.is_set():
            control.cancel()
        if isinstance(command, wire.Read) and command.follow:
            self._followers[command.job_id] = Follower(self._session, command, control)
            return
        self._send(self._session.run(command, control))
        del self._controls[command.job_id]

    def _send(self, events: Iterator[Event]) -> None:
        """Emit `events`; between two chunks of a reading, answer what can be answered."""
        for event in events:
            self._emit(event)
            if isinstance(event, wire.PrefillAdvanced):
                for question in self._questions_meanwhile():
                    self._run(question)

    def _look_at_followed(self) -> None:
        for job_id, follower in list(self._followers.items()):
            self._send(follower.look())
            if follower.ended:
                del self._followers[job_id], self._controls[job_id]

    def _questions_meanwhile(self) -> Iterator[wire.Ask]:
        """Questions that can be answered before the reading in progress has ended; other commands keep waiting."""
        while not self._ending.is_set():
            try:
                command = self._jobs.get_nowait()
            except queue.Empty:
                return
            if command is None:
                self._ending.set()
            elif isinstance(command, wire.Ask) and self._session.can_answer_now(command):
                yield command
            else:
                self._waiting.append(command)

    def _emit(self, event: Event) -> None:
        with self._write_lock:
            try:
                self._events.write(wire.encode(event) + "\n")
                self._events.flush()
            except BrokenPipeError:
                # Whoever listened is gone; end of input follows, and with it the end of the worker.
                self._ending.set()


def _version() -> str:
    try:
        return version("readthrough")
    except PackageNotFoundError:
        return "source"
