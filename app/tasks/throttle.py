"""Gathers many small changes into few redraws."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QElapsedTimer, QObject, QTimer


class Throttle(QObject):
    """Collects flags and hands their union to `deliver` at most once every `interval` ms.

    The first flag after a quiet time is delivered at once, so that a single click does not wait.
    """

    def __init__(self, deliver: Callable[[int], None], interval: int = 50, parent: QObject | None = None):
        super().__init__(parent)
        self._deliver = deliver
        self._interval = interval
        self._pending = 0
        self._since = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.flush)

    @property
    def is_idle(self) -> bool:
        """Return whether all flags are delivered."""
        return not self._timer.isActive()

    def add(self, flags: int) -> None:
        """Mark `flags` as changed."""
        self._pending |= int(flags)
        if not self._pending or self._timer.isActive():
            return
        quiet = self._since.elapsed() if self._since.isValid() else self._interval
        self._timer.start(max(0, self._interval - quiet))

    def flush(self) -> None:
        """Deliver the pending flags now."""
        self._timer.stop()
        flags, self._pending = self._pending, 0
        if flags:
            self._since.restart()
            self._deliver(flags)

    def clear(self) -> None:
        """Forget the pending flags."""
        self._timer.stop()
        self._pending = 0
