"""Measures how long the window's thread was busy at a stretch, and logs the stack in the middle of it."""

from __future__ import annotations

import logging
import sys
import threading
import time
import traceback
from collections import deque
from dataclasses import dataclass
from types import FrameType

from PySide6.QtCore import QObject, Qt, QTimer

MOST_STALLS = 100
"""Stalls that are remembered, the latest ones."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stall:
    """The event loop did not turn for `seconds`; `where` is the stack in the middle of it."""

    seconds: float
    worked: float
    """Seconds of that in which the thread ran: on a busy machine it may also have waited for its turn."""
    where: str


class Watchdog(QObject):
    """A timer in the window's thread that must tick, and a thread that looks when it does not.

    limit: seconds after which a stall is noted; tick: seconds between ticks. Few ticks cost an idle window nothing that
    can be measured; many find short stalls.
    """

    def __init__(self, limit: float = 0.05, tick: float = 0.005, parent: QObject | None = None):
        super().__init__(parent)
        self.limit = limit
        self.stalls: deque[Stall] = deque(maxlen=MOST_STALLS)
        self.longest = self.longest_work = 0.0
        self._tick_seconds = tick
        self._last = time.perf_counter()
        self._last_work = time.thread_time()
        self._main = threading.get_ident()
        self._seen = ""
        self._stopped = threading.Event()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer if tick < 0.05 else Qt.TimerType.CoarseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start(round(tick * 1000))
        self._thread = threading.Thread(target=self._look, name="watchdog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop measuring; the thread is gone afterwards."""
        self._timer.stop()
        self._stopped.set()
        self._thread.join()

    def _tick(self) -> None:
        now = time.perf_counter()
        busy = now - self._last - self._tick_seconds
        work = time.thread_time()
        worked, self._last_work = work - self._last_work, work
        self._last = now
        self.longest = max(self.longest, busy)
        self.longest_work = max(self.longest_work, worked)
        if busy > self.limit:
            self.stalls.append(Stall(busy, worked, self._seen))
            logger.warning("the window did not respond for %.2f s (%.2f s of work)\n%s", busy, worked, self._seen)
        self._seen = ""

    def _look(self) -> None:
        while not self._stopped.wait(max(self._tick_seconds / 2, 0.01)):
            if not self._seen and time.perf_counter() - self._last > self._tick_seconds + self.limit * 0.6:
                self._seen = self._stack()

    def _stack(self) -> str:
        """Return the last calls of the main thread. Its frame is let go at once: it keeps what it names alive."""
        frame: FrameType | None = sys._current_frames().get(self._main)
        return "".join(traceback.format_stack(frame)[-8:]) if frame is not None else ""
