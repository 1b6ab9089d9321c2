"""Client of the worker process: starts it, sends commands, receives events, stops it, reports how it ended."""

from __future__ import annotations

import logging
import os
import time
from collections import deque
from dataclasses import dataclass

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

from app.style.translation import tr
from engine.protocol.wire import (
    MAX_LINE,
    PROTOCOL_VERSION,
    Command,
    ProtocolError,
    Shutdown,
    WorkerStarted,
    decode_event,
    encode,
)
from engine.resources import source_root

HANDSHAKE_MS = 30_000
STOP_MS = 1_600
"""Time in which the worker saves and ends before it is killed: the window closes within two seconds."""
BATCH_SECONDS = 0.008
"""Longest time that events are decoded before the window draws again."""
_LOG_LINES = 200

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class WorkerDeath:
    """An end of the worker that was not requested."""

    sentence: str
    details: str
    can_restart: bool = True


class WorkerClient(QObject):
    """Owns the worker's QProcess. It does not restart it: call start() again after `died`."""

    started = Signal(object)
    """WorkerStarted of a worker with the same protocol version."""
    received = Signal(object)
    """One Event, in order."""
    died = Signal(object)
    """WorkerDeath."""
    stopped = Signal()
    """The worker ended because stop() asked it to."""

    def __init__(self, command: list[str], parent: QObject | None = None, environment: dict[str, str] | None = None):
        super().__init__(parent)
        self.command = command
        self._environment = environment or {}
        self._process: QProcess | None = None
        self._buffer = bytearray()
        self._lines: deque[bytes] = deque()
        self._log: deque[str] = deque(maxlen=_LOG_LINES)
        self._shaken = False
        self._stopping = False
        self._ended: tuple[int, QProcess.ExitStatus] | None = None
        self._refused: str | None = None
        self._next = QTimer(self)
        self._next.setSingleShot(True)
        self._next.timeout.connect(self._deliver)
        self._deadline = QTimer(self)
        self._deadline.setSingleShot(True)
        self._deadline.timeout.connect(self._out_of_time)

    @property
    def ready(self) -> bool:
        """Return whether the handshake is done and the worker has not ended."""
        return self._shaken and self._process is not None and not self._stopping

    @property
    def running(self) -> bool:
        return self._process is not None

    @property
    def pid(self) -> int:
        """Process id; 0 while none runs."""
        return self._process.processId() if self._process else 0

    @property
    def log(self) -> str:
        """The last lines the worker wrote to stderr."""
        return "\n".join(self._log)

    def start(self) -> None:
        """Start the worker; `started` follows, or `died`."""
        if self._process is not None:
            raise RuntimeError("the worker runs already")
        self._buffer.clear()
        self._lines.clear()
        self._log.clear()
        self._shaken = self._stopping = False
        self._ended = self._refused = None
        process = QProcess(self)
        environment = QProcessEnvironment.systemEnvironment()
        environment.insert("PYTHONUNBUFFERED", "1")
        environment.insert("PYTHONIOENCODING", "utf-8")
        environment.insert("PYTHONPATH", _with_own_packages(environment.value("PYTHONPATH")))
        for name, value in self._environment.items():
            environment.insert(name, value)
        process.setProcessEnvironment(environment)
        process.readyReadStandardOutput.connect(self._read)
        process.readyReadStandardError.connect(self._read_log)
        process.errorOccurred.connect(self._error)
        process.finished.connect(self._finished)
        self._process = process
        self._deadline.start(HANDSHAKE_MS)
        process.start(self.command[0], self.command[1:])

    def send(self, command: Command) -> None:
        """Write one command. Raises RuntimeError when no worker runs."""
        if self._process is None or self._stopping:
            raise RuntimeError("no worker runs")
        self._process.write(encode(command).encode() + b"\n")

    def stop(self) -> None:
        """Ask the worker to save and end, and kill it if it takes too long. `stopped` follows."""
        if self._process is None:
            self.stopped.emit()
            return
        if self._stopping:
            return
        if self._process.state() == QProcess.ProcessState.Running:
            self.send(Shutdown())
            self._process.closeWriteChannel()
        self._stopping = True
        self._deadline.start(STOP_MS)

    def wait_stopped(self, milliseconds: int = STOP_MS) -> None:
        """Block until the worker has ended, killing it if necessary. For the end of the program only."""
        process = self._process
        if process is None:
            return
        self.stop()
        if not process.waitForFinished(milliseconds):
            process.kill()
            process.waitForFinished(milliseconds)

    def _read(self) -> None:
        if self._process is None:
            return
        self._buffer += self._process.readAllStandardOutput().data()
        *whole, rest = self._buffer.split(b"\n")
        self._buffer = rest
        self._lines.extend(bytes(line) for line in whole if line.strip())
        if len(self._buffer) > MAX_LINE:
            self._refuse(tr("The reading process sent an invalid message and was stopped."))
        elif not self._next.isActive():
            self._deliver()

    def _deliver(self) -> None:
        until = time.perf_counter() + BATCH_SECONDS
        while self._lines:
            self._take(self._lines.popleft())
            if time.perf_counter() > until and self._lines:
                self._next.start(0)
                return
        if self._ended is not None:
            self._report_end()

    def _take(self, line: bytes) -> None:
        try:
            event = decode_event(line)
        except ProtocolError as error:
            self._log.append(f"ignored: {error}")
            logger.warning("worker: %s", error)
            return
        if isinstance(event, WorkerStarted):
            if event.protocol_version != PROTOCOL_VERSION:
                self._refuse(
                    tr("The reading process and the window have different versions; install Readthrough again.")
                )
                return
            self._deadline.stop()
            self._shaken = True
            self.started.emit(event)
        elif self._shaken:
            self.received.emit(event)

    def _read_log(self) -> None:
        if self._process is not None:
            text = bytes(self._process.readAllStandardError().data()).decode("utf-8", "replace")
            self._log.extend(text.splitlines())
            logger.debug("worker: %s", text.rstrip())

    def _refuse(self, sentence: str) -> None:
        self._refused = sentence
        self._lines.clear()
        self._buffer.clear()
        if self._process is not None:
            self._process.kill()

    def _out_of_time(self) -> None:
        if self._process is None:
            return
        if not self._stopping:
            self._refused = tr("The reading process did not start and was stopped.")
        self._process.kill()

    def _error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and self._process is not None:
            self._refused = tr(
                "The reading process could not be started: {reason}.", reason=self._process.errorString()
            )
            self._ended = (-1, QProcess.ExitStatus.CrashExit)
            self._report_end()

    def _finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read()
        self._read_log()
        self._ended = (code, status)
        if not self._lines:
            self._report_end()

    def _report_end(self) -> None:
        if self._process is None or self._ended is None:
            return
        (code, status), self._ended = self._ended, None
        self._deadline.stop()
        self._next.stop()
        self._process.deleteLater()
        self._process = None
        if self._stopping:
            self.stopped.emit()
        elif self._refused:
            self.died.emit(WorkerDeath(self._refused, self.log, can_restart=False))
        elif status == QProcess.ExitStatus.CrashExit:
            sentence = tr("The reading process stopped unexpectedly (signal {code}).", code=code)
            self.died.emit(WorkerDeath(sentence, self.log))
        else:
            self.died.emit(
                WorkerDeath(tr("The reading process stopped unexpectedly (code {code}).", code=code), self.log)
            )


def _with_own_packages(path: str) -> str:
    """Return a module search path with the folder of this program's packages in front: a clone is not installed."""
    own = str(source_root())
    return os.pathsep.join(part for part in (own, path) if part)
