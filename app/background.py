"""One piece of work away from the window's thread."""

from __future__ import annotations

import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal


class Background(QObject):
    """Runs one callable at a time in a thread; its result comes as a signal in the window's thread."""

    done = Signal(object)

    def __init__(self, name: str, parent: QObject | None = None):
        super().__init__(parent)
        self._name = name
        self._thread: threading.Thread | None = None

    def start(self, work: Callable[[], object]) -> None:
        """Run `work`; what it returns is emitted as `done`. A work that runs already is waited for by the thread."""
        before = self._thread

        def run() -> None:
            if before is not None:
                before.join()
            self.done.emit(work())

        self._thread = threading.Thread(target=run, name=self._name)
        self._thread.start()

    def wait(self) -> None:
        """Block until the thread is gone; for the end of the program and of tests."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None
