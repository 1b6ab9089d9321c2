"""Measures how long the window's thread was busy at a stretch, and names the culprit."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from dataclasses import dataclass
from types import FrameType

from PySide6.QtCore import QObject, QTimer

TICK_MS = 5
LOOK_SECONDS = 0.01


@dataclass(frozen=True)
class Stall:
    """The event loop did not turn for `seconds`; `where` is the stack in the middle of it."""

    seconds: float
    worked: float
    """Seconds of that in which the thread ran: on a busy machine it may also have waited for its turn."""
    where: str


class Watchdog(QObject):
    """A timer in the window's thread that must tick, and a thread that looks when it does not."""

    def __init__(self, limit: float = 0.05, parent: QObject | None = None):
        super().__init__(parent)
        self.limit = limit
        self.stalls: list[Stall] = []
        self.longest = self.longest_work = 0.0
        self._last = time.perf_counter()
        self._last_work = time.thread_time()
        self._main = threading.get_ident()
        self._seen = ""
        self._running = True
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tick)
        self._timer.start(TICK_MS)
        self._thread = threading.Thread(target=self._look, name="watchdog", daemon=True)
        self._thread.start()

    def reset(self) -> None:
        """Forget what was measured so far."""
        self.stalls, self.longest, self.longest_work = [], 0.0, 0.0
        self._last = time.perf_counter()

    def stop(self) -> None:
        """Stop measuring; the thread is gone afterwards."""
        self._running = False
        self._timer.stop()
        self._thread.join()

    def _tick(self) -> None:
        now = time.perf_counter()
        busy = now - self._last - TICK_MS / 1000
        work = time.thread_time()
        worked, self._last_work = work - self._last_work, work
        self._last = now
        self.longest = max(self.longest, busy)
        self.longest_work = max(self.longest_work, worked)
        if busy > self.limit:
            self.stalls.append(Stall(busy, worked, self._seen))
        self._seen = ""

    def _look(self) -> None:
        while self._running:
            time.sleep(LOOK_SECONDS)
            if not self._seen and time.perf_counter() - self._last > self.limit * 0.6:
                frame: FrameType | None = sys._current_frames().get(self._main)
                self._seen = "".join(traceback.format_stack(frame)[-6:]) if frame is not None else ""
