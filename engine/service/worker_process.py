"""The service's worker: a child process, its jobs, and the requests that wait for them.

Every job is one command of the protocol; the worker takes jobs in the order in which they come. Requests for the same
answer share one job. A job is cancelled when the last request that waits for it has left.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import deque
from collections.abc import AsyncGenerator, Sequence

import msgspec

from engine.protocol import wire
from engine.protocol.wire import Ask, Command, Event
from engine.resources import source_root
from engine.service.refusal import Refusal

logger = logging.getLogger(__name__)
PROGRESS = (wire.PageExtracted, wire.PrefillAdvanced, wire.CheckpointSaved, wire.SectionsRead)
"""Events that a request may miss: each is superseded by a later one."""
MOST_JOBS = 100
"""Jobs that may wait or run at a time; further requests are refused."""
HANDSHAKE_SECONDS = 60.0
STOP_SECONDS = 5.0
RESTARTS, RESTART_SECONDS = 3, 60.0
"""A worker that ended so many times within so many seconds is not started again until they are over."""
_WAITING_EVENTS = 200
"""Events that may wait for a slow client before further progress events are dropped."""


class _Job:
    """A command for the worker, and the requests that wait for its events."""

    def __init__(self, command: Command, key: bytes) -> None:
        self.command, self.key = command, key
        self.history: list[Event] = []
        """The events so far, but for PROGRESS, for requests that join later."""
        self.waiting: set[asyncio.Queue[Event]] = set()
        self.sent = self.cancelled = False

    @property
    def number(self) -> str:
        return self.command.job_id

    def join(self) -> asyncio.Queue[Event]:
        """Return a new queue that holds the events so far and gets those to come."""
        queue: asyncio.Queue[Event] = asyncio.Queue()
        for event in self.history:
            queue.put_nowait(event)
        self.waiting.add(queue)
        return queue

    def give(self, event: Event) -> None:
        """Give an event to every request that waits."""
        if not isinstance(event, PROGRESS):
            self.history.append(event)
        for queue in self.waiting:
            if not isinstance(event, PROGRESS) or queue.qsize() < _WAITING_EVENTS:
                queue.put_nowait(event)


class WorkerProcess:
    """Owner of the worker's process. The first job starts it; a job after its end starts another one."""

    def __init__(self, command: Sequence[str], most_jobs: int = MOST_JOBS, idle_seconds: float | None = None) -> None:
        """`command`: the worker's command line. `idle_seconds`: a worker without a job for so long is ended, so that
        other programs can write the library; None: never."""
        self._command, self._most_jobs, self._idle_seconds = list(command), most_jobs, idle_seconds
        self._process: Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._stopping = False
        self._deaths: deque[float] = deque(maxlen=RESTARTS)
        self._jobs: dict[str, _Job] = {}
        self._shared: dict[bytes, _Job] = {}
        self._numbers = itertools.count(1)
        self._idle: asyncio.TimerHandle | None = None
        self._ending: asyncio.Task[None] | None = None

    @property
    def jobs(self) -> int:
        """Return the number of jobs that wait or run."""
        return len(self._jobs)

    @property
    def pid(self) -> int:
        """Return the worker's process id; 0 while none runs."""
        return self._process.pid if self._process is not None else 0

    async def events(self, command: Command) -> AsyncGenerator[Event, None]:
        """Yield the events of `command` up to its terminal event. Closing the generator before cancels the job, unless
        other requests wait for it.

        Raises Refusal where too many jobs wait or no worker can be started.
        """
        job = self._joined(command)
        queue = job.join()
        try:
            await self._ensure_started()
            if not job.sent:
                job.sent = True
                self._write(job.command)
            while True:
                event = await queue.get()
                yield event
                if isinstance(event, wire.TERMINAL):
                    return
        finally:
            job.waiting.discard(queue)
            if not job.waiting:
                self._abandon(job)

    async def warm(self) -> None:
        """Start the worker before a job needs it. It holds no library until then. Raises Refusal."""
        await self._ensure_started()
        self._await_idle()

    def require_room(self) -> None:
        """Raise Refusal where no further job is taken."""
        if self._stopping:
            raise Refusal(503, "the service is stopping", "stopping")
        if len(self._jobs) >= self._most_jobs:
            raise Refusal(429, f"{len(self._jobs)} requests are waiting; try again later", "busy", retry_after=1)

    async def stop(self) -> None:
        """End the worker, which saves first; its jobs are cancelled. Kill it if it takes too long."""
        self._stopping = True
        if self._idle is not None:
            self._idle.cancel()
        async with self._starting:
            await self._end_process()

    def _joined(self, command: Command) -> _Job:
        """Return the job for `command`: one that runs already and gives the same answer, or a new one."""
        key = msgspec.json.encode(msgspec.structs.replace(command, job_id="")) if isinstance(command, Ask) else b""
        if key in self._shared:
            return self._shared[key]
        self.require_room()
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        job = _Job(msgspec.structs.replace(command, job_id=f"service-{next(self._numbers)}"), key)
        self._jobs[job.number] = job
        if key:
            self._shared[key] = job
        return job

    def _abandon(self, job: _Job) -> None:
        """Cancel a job that nobody waits for any more."""
        if job.number not in self._jobs or job.cancelled:
            return
        job.cancelled = True
        self._unshare(job)
        if job.sent:
            self._write(wire.Cancel(job_id=job.number))
        else:
            self._forget(job)

    def _forget(self, job: _Job) -> None:
        self._jobs.pop(job.number, None)
        self._unshare(job)
        self._await_idle()

    def _await_idle(self) -> None:
        """Let the worker be ended when no job comes."""
        if self._idle is not None:
            self._idle.cancel()
        if not self._jobs and self._idle_seconds is not None and not self._stopping:
            self._idle = asyncio.get_running_loop().call_later(self._idle_seconds, self._end_idle)

    def _unshare(self, job: _Job) -> None:
        if self._shared.get(job.key) is job:
            del self._shared[job.key]

    def _end_idle(self) -> None:
        if not self._jobs:
            self._ending = asyncio.get_running_loop().create_task(self._end_if_idle())

    async def _end_if_idle(self) -> None:
        async with self._starting:
            if not self._jobs:
                await self._end_process()

    async def _ensure_started(self) -> None:
        async with self._starting:
            if self._process is None:
                await self._start()

    async def _start(self) -> None:
        """Start the worker. Raises Refusal when it does not come up, or came down too often."""
        now = time.monotonic()
        if len(self._deaths) == RESTARTS and now - self._deaths[0] < RESTART_SECONDS:
            raise Refusal(503, "the reading process ended several times; see its log", "worker", retry_after=60)
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                limit=2 * wire.MAX_LINE,
                env=_environment(),
                start_new_session=True,  # Ctrl-C is for the service, which ends its worker in order
            )
        except OSError as error:
            raise Refusal(503, f"the reading process cannot be started: {error.strerror}", "worker") from error
        assert process.stdout is not None
        try:
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                hello = wire.decode_event(await process.stdout.readline())
        except (TimeoutError, ValueError) as error:
            await _killed(process)
            self._deaths.append(now)
            raise Refusal(503, "the reading process did not start; see its log", "worker") from error
        if not isinstance(hello, wire.WorkerStarted) or hello.protocol_version != wire.PROTOCOL_VERSION:
            await _killed(process)
            raise Refusal(503, "the reading process is of another version: install Readthrough again", "worker")
        self._process = process
        self._reading = asyncio.create_task(self._read(process))

    async def _read(self, process: Process) -> None:
        """Give the worker's events to its jobs until its output ends."""
        assert process.stdout is not None
        with contextlib.suppress(ValueError, OSError):  # a line that is too long: no event is
            while line := await process.stdout.readline():
                try:
                    event = wire.decode_event(line)
                except wire.ProtocolError as error:
                    logger.warning("worker: %s", error)
                    continue
                self._take(event)
        await _killed(process)
        if self._process is process:
            self._process = None
            self._deaths.append(time.monotonic())
            logger.error("the worker ended with code %s", process.returncode)
        failed = wire.JobFailed(kind="bug", message="the reading process ended unexpectedly", reason="worker")
        for job in [job for job in self._jobs.values() if job.sent]:
            self._take(msgspec.structs.replace(failed, job_id=job.number))

    def _take(self, event: Event) -> None:
        job = self._jobs.get(event.job_id)
        if job is None:
            return
        job.give(event)
        if isinstance(event, wire.TERMINAL):
            self._forget(job)

    def _write(self, command: Command) -> None:
        """Send a command. Where the worker has just ended, its job fails with it."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError, RuntimeError):
                self._process.stdin.write(wire.encode(command).encode() + b"\n")

    async def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        with contextlib.suppress(OSError, RuntimeError):
            process.stdin.write(wire.encode(wire.Shutdown()).encode() + b"\n")
            process.stdin.close()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            await _killed(process)
        if self._reading is not None:
            await self._reading


async def _killed(process: Process) -> None:
    """Kill a process that still runs, and wait for its end."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    await process.wait()


def _environment() -> dict[str, str]:
    """Return this process's environment with the program's folder first on the module search path: a clone is not
    installed."""
    paths = [str(source_root()), os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
    }
