"""Events on the worker's output, written by their own thread: a client that does not read holds up no end of a job."""

from __future__ import annotations

import logging
import os
import queue
import threading
import time

from engine.protocol import wire
from engine.protocol.wire import Event

logger = logging.getLogger(__name__)
_WAITING = 10_000
"""Events that may wait for the client. Then a job waits too, as long as the worker is not ending."""
STUCK_SECONDS = 5.0
"""A client that has read nothing for so long is not waited for when the worker ends."""
_POLL_SECONDS = 0.1


class EventWriter:
    """Writes events to a file descriptor, one JSON object a line, in the order they were given."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._queue: queue.Queue[bytes | None] = queue.Queue(_WAITING)
        self._read_at = time.monotonic()
        self._gone = threading.Event()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)
        self._thread.start()

    @property
    def client_is_gone(self) -> bool:
        """Return whether the client has closed its end."""
        return self._gone.is_set()

    def write(self, event: Event) -> None:
        """Give one event to the client. Nothing happens once it is gone, or reads nothing while the worker ends."""
        self._put((wire.encode(event) + "\n").encode("utf-8", "backslashreplace"))

    def end(self) -> None:
        """Stop waiting for a client that reads nothing: from now on an event that finds no room is then dropped."""
        self._ending.set()

    def close(self) -> None:
        """Write the events that are waiting, as long as the client reads."""
        self.end()
        self._put(None)
        while self._thread.is_alive() and not self._is_stuck():
            self._thread.join(_POLL_SECONDS)

    def _is_stuck(self) -> bool:
        return time.monotonic() - self._read_at > STUCK_SECONDS

    def _put(self, line: bytes | None) -> None:
        while not self._gone.is_set():
            try:
                self._queue.put(line, timeout=_POLL_SECONDS)
                return
            except queue.Full:
                if self._ending.is_set() and self._is_stuck():
                    return

    def _run(self) -> None:
        while (line := self._queue.get()) is not None:
            try:
                while line:
                    line = line[os.write(self._descriptor, line) :]
                    self._read_at = time.monotonic()
            except OSError as error:
                logger.info("the client is gone: %s", error)
                self._gone.set()
                return
