"""A sign of life while a job computes without an event: at most SILENT_SECONDS pass between two events."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType

from engine.protocol import wire
from engine.protocol.wire import Event

SILENT_SECONDS = 8.0
"""Longest silence of a running job, in seconds."""


class Heartbeat:
    """Sends JobContinues from a thread whenever a job was silent. A context manager around the job's events."""

    def __init__(
        self, job_id: str, send: Callable[[Event], None], tokens: Callable[[], int], paused: Callable[[], bool]
    ):
        """`send` is called in another thread. `tokens`: all tokens that the model has computed so far."""
        self._job_id, self._send, self._tokens, self._paused = job_id, send, tokens, paused
        self._began, self._first = time.monotonic(), tokens()
        self._last = self._began
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.note(last=True)
        self._thread.join()

    def note(self, *, last: bool = False) -> None:
        """Note that an event is about to be sent; behind the last one nothing is sent any more."""
        with self._lock:
            self._last = time.monotonic()
            if last:
                self._ended.set()

    def noted(self, events: Iterator[Event]) -> Iterator[Event]:
        """Pass the events of the job on, and note each."""
        for event in events:
            self.note(last=isinstance(event, wire.TERMINAL))
            yield event

    def _run(self) -> None:
        while not self._ended.wait(min(1.0, SILENT_SECONDS / 4)):
            with self._lock:
                now = time.monotonic()
                if self._ended.is_set() or now - self._last < SILENT_SECONDS or self._paused():
                    continue
                self._last = now
                tokens = self._tokens() - self._first
                self._send(wire.JobContinues(job_id=self._job_id, tokens=tokens, seconds=now - self._began))
