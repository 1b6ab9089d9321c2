"""Events on the worker's output, written by their own thread: a client that does not read holds up no end of a job."""

from __future__ import annotations

import logging
import os
import queue
import threading

from engine.protocol import wire
from engine.protocol.wire import Event

logger = logging.getLogger(__name__)
_WAITING = 10_000
"""Events that may wait for the client. Then a job waits too, as long as the worker is not ending."""
_POLL_SECONDS = 0.1


class EventWriter:
    """Writes events to a file descriptor, one JSON object a line, in the order they were given."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._queue: queue.Queue[bytes | None] = queue.Queue(_WAITING)
        self._gone = threading.Event()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)
        self._thread.start()

    @property
    def client_is_gone(self) -> bool:
        """Whether the client has closed its end."""
        return self._gone.is_set()

    def write(self, event: Event) -> None:
        """Give one event to the client. Nothing happens once it is gone, or reads nothing while the worker ends."""
        self._put((wire.encode(event) + "\n").encode("utf-8", "backslashreplace"))

    def end(self) -> None:
        """Wait for nobody any more: from now on an event that finds no room is dropped."""
        self._ending.set()

    def close(self, seconds: float) -> None:
        """Write the events that are waiting, for at most so many seconds."""
        self.end()
        self._put(None)
        self._thread.join(seconds)

    def _put(self, line: bytes | None) -> None:
        while not self._gone.is_set():
            try:
                self._queue.put(line, timeout=_POLL_SECONDS)
                return
            except queue.Full:
                if self._ending.is_set():
                    return

    def _run(self) -> None:
        while (line := self._queue.get()) is not None:
            try:
                while line:
                    line = line[os.write(self._descriptor, line) :]
            except OSError as error:
                logger.info("the client is gone: %s", error)
                self._gone.set()
                return
