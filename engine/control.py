"""Cancel and pause of a running job, set from another thread or a signal handler."""

from __future__ import annotations

import threading
from collections.abc import Callable

_POLL_SECONDS = 0.1
"""Longest delay, in seconds, before a command is served while a job is paused."""


class Cancelled(Exception):
    """Raised when a job is cancelled; the part read so far is saved."""


class Control:
    """One job's switches. The job looks at them between chunks and between tokens."""

    def __init__(self) -> None:
        self._cancelled = threading.Event()
        self._running = threading.Event()
        self._running.set()
        self.while_paused: Callable[[], None] | None = None
        """Called again and again in the job's own thread while the job is paused: other work for that thread."""

    def cancel(self) -> None:
        """Stop at the next chunk or token; a paused job stops as well."""
        self._cancelled.set()
        self._running.set()

    def pause(self) -> None:
        """Hold at the next chunk or token."""
        self._running.clear()

    def resume(self) -> None:
        """Go on."""
        self._running.set()

    @property
    def cancelled(self) -> bool:
        """Return whether the job was cancelled."""
        return self._cancelled.is_set()

    @property
    def paused(self) -> bool:
        """Return whether the job is paused."""
        return not self._running.is_set()

    def wait_while_paused(self) -> None:
        """Return at once unless paused; then when resumed or cancelled."""
        while not self._running.wait(_POLL_SECONDS if self.while_paused is not None else None):
            if self.while_paused is not None:
                self.while_paused()
