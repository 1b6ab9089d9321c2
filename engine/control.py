"""Cancel and pause of a running job, set from another thread or a signal handler."""

from __future__ import annotations

import threading


class Cancelled(Exception):
    """The job was told to stop; what it had read is saved."""


class Control:
    """One job's switches. The job looks at them between chunks and between tokens."""

    def __init__(self) -> None:
        self._cancelled = threading.Event()
        self._running = threading.Event()
        self._running.set()

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
        return self._cancelled.is_set()

    @property
    def paused(self) -> bool:
        return not self._running.is_set()

    def wait_while_paused(self) -> None:
        """Return at once unless paused; then when resumed or cancelled."""
        self._running.wait()
