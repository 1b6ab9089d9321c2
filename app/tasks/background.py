"""Runs one piece of work at a time away from the window's thread."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QThread, Signal


class _Work(QThread):
    """Runs one callable."""

    def __init__(self, work: Callable[[], object], parent: QObject):
        super().__init__(parent)
        self._work = work
        self.result: object = None

    def run(self) -> None:
        self.result = self._work()


class Background(QObject):
    """Runs one callable at a time in a thread; its result comes as a signal in the window's thread."""

    done = Signal(object)

    def __init__(self, name: str, parent: QObject | None = None):
        super().__init__(parent)
        self._name = name
        self._running: _Work | None = None
        self._next: Callable[[], object] | None = None

    def start(self, work: Callable[[], object]) -> None:
        """Run `work` and emit its result as `done`. While one runs, the latest other one waits."""
        if self._running is not None:
            self._next = work
            return
        self._running = _Work(work, self)
        self._running.setObjectName(self._name)
        self._running.finished.connect(self._finished)
        self._running.start()

    def wait(self) -> None:
        """Block until no thread is left; only for the end of the program."""
        self._next = None
        if self._running is not None:
            self._running.wait()

    def _finished(self) -> None:
        work, self._running = self._running, None
        if work is None:
            return
        result = work.result
        work.deleteLater()
        following, self._next = self._next, None
        if following is not None:
            self.start(following)
        self.done.emit(result)
