"""Downloads, checks and removals of models, each in a process of its own: `readthrough models ... --json`.

They belong to the window, not to the dialog: a download goes on while the dialog is closed, and is stopped, not lost,
when the window closes.
"""

from __future__ import annotations

import sys

from PySide6.QtCore import QEvent, QObject, QProcess, QProcessEnvironment, Signal

from engine.protocol import wire
from engine.protocol.wire import Event, ProtocolError, decode_event
from engine.resources import source_root

STOP_MS = 3000
"""Time in which a process keeps what it has before it is killed."""


def command_of(*arguments: str) -> list[str]:
    """Return the command line that carries out `models` with arguments."""
    return [sys.executable, "-P", "-m", "engine.cli.models", *arguments, "--json"]


class ModelTask(QObject):
    """One run of `models`."""

    said = Signal(object)
    """An event of it, in order."""
    ended = Signal(str)
    """It ended: "" well, else why not, in a sentence; "stopped" after `stop`."""

    def __init__(self, command: list[str], parent: QObject | None = None):
        super().__init__(parent)
        self._buffer = b""
        self._problem = ""
        self._stopped = False
        self.last: Event | None = None
        """The newest event."""
        self._process = QProcess(self)
        environment = QProcessEnvironment.systemEnvironment()
        environment.insert("PYTHONPATH", str(source_root()))
        environment.insert("PYTHONIOENCODING", "utf-8")
        self._process.setProcessEnvironment(environment)
        self._process.setStandardErrorFile(QProcess.nullDevice())
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.finished.connect(self._finished)
        self._process.errorOccurred.connect(self._failed)
        self._process.start(command[0], command[1:])

    def stop(self) -> None:
        """End the process; what a download has is kept."""
        self._stopped = True
        self._process.terminate()

    def wait(self) -> None:
        """Block until the process has ended; only for the end of the window."""
        if not self._process.waitForFinished(STOP_MS):
            self._process.kill()
            self._process.waitForFinished(STOP_MS)

    def _read(self) -> None:
        self._buffer += bytes(self._process.readAllStandardOutput().data())
        *lines, self._buffer = self._buffer.split(b"\n")
        for line in lines:
            try:
                event = decode_event(line)
            except ProtocolError:
                continue
            self.last = event
            if isinstance(event, wire.JobFailed):
                self._problem = event.message
            self.said.emit(event)

    def _finished(self, status: int, _kind: object) -> None:
        self._read()
        if self._stopped:
            self.ended.emit("stopped")
        else:
            self.ended.emit(self._problem or ("" if status in (0, 2) else f"exit status {status}"))

    def _failed(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self.ended.emit(self._process.errorString())


class ModelTasks(QObject):
    """The runs of a window by the names of their models."""

    changed = Signal(str)
    """The name of a model whose run began, reported something, or ended."""

    def __init__(self, window: QObject):
        super().__init__(window)
        self._running: dict[str, ModelTask] = {}
        self.problems: dict[str, str] = {}
        """Why the last run of a model failed, or "stopped"."""
        self.checked: dict[str, wire.ModelChecked] = {}
        """Results of checks."""
        window.installEventFilter(self)

    @classmethod
    def of(cls, window: QObject) -> ModelTasks:
        """Return the runs of a window."""
        found = window.findChild(cls)
        return found if isinstance(found, cls) else cls(window)

    def task(self, name: str) -> ModelTask | None:
        """Return the run of a model, if there is one."""
        return self._running.get(name)

    def start(self, name: str, *arguments: str) -> None:
        """Begin a run for a model; none where one runs."""
        if name in self._running:
            return
        self.problems.pop(name, None)
        self.checked.pop(name, None)
        task = self._running[name] = ModelTask(command_of(*arguments), self)
        task.said.connect(lambda event: self._on_event(name, event))
        task.ended.connect(lambda problem: self._on_end(name, problem))
        self.changed.emit(name)

    def stop_all(self) -> None:
        """Stop every run and wait for its end."""
        for task in list(self._running.values()):
            task.stop()
        for task in list(self._running.values()):
            task.wait()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Close:
            self.stop_all()
        return super().eventFilter(watched, event)

    def _on_event(self, name: str, event: Event) -> None:
        if isinstance(event, wire.ModelChecked):
            self.checked[name] = event
        self.changed.emit(name)

    def _on_end(self, name: str, problem: str) -> None:
        task = self._running.pop(name, None)
        if task is not None:
            task.deleteLater()
        if problem:
            self.problems[name] = problem
        self.changed.emit(name)
