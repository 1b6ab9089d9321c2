"""Follow a file that grows: read its content, then everything that is added, until the job is cancelled.

The file's status is polled once a second, which works on every file system. The file is not opened while its status is
the same, and not read while its content is.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from engine.control import Control
from engine.errors import KnownError
from engine.protocol import wire
from engine.protocol.wire import Event, Read
from engine.reading.file_digest import digest_of
from engine.user_paths import absolute

POLL_SECONDS = 1.0
_STEP_SECONDS = 0.1
"""Longest delay of a cancel, in seconds."""
_HEAD_BYTES = 1024
_PASSING = ("empty", "no_text", "missing", "changed")
"""Reasons for which a log cannot be read for a moment, while it is rotated or written."""


class Jobs(Protocol):
    """Anything that can run a command, such as a Session."""

    def run(self, command: wire.Command, control: Control) -> Iterator[Event]: ...


@dataclass(frozen=True)
class _Look:
    """The status of a file, and its first bytes."""

    file: tuple[int, int]
    modified: int
    size: int
    head: bytes

    def goes_on_from(self, earlier: _Look) -> bool:
        """Return whether the file can be the earlier one with something added."""
        return self.size >= earlier.size and self.head.startswith(earlier.head)


class Follower:
    """One followed file: a job that lasts. `look` does what there is to do now and returns."""

    def __init__(self, session: Jobs, command: Read, control: Control, poll_seconds: float = POLL_SECONDS) -> None:
        self._session, self._command, self._control = session, command, control
        self._path = absolute(command.path)
        self._poll_seconds, self._next_look = poll_seconds, 0.0
        self._seen: _Look | None = None
        self._digest = ""
        self._told: set[str] = set()
        self._started = self._waiting = False
        self.ended = False
        """The terminal event was given."""

    def look(self) -> Iterator[Event]:
        """Read the text added since the last look. Yield no events when nothing was added, or the last look is too
        recent.

        An empty file is waited for; a missing file only if it existed before. The job ends when it is cancelled, or
        with the first reading that fails.
        """
        if not self._started:
            self._started = True
            yield wire.JobStarted(job_id=self._command.job_id, command=type(self._command).__name__)
            if not self._path.exists():
                yield from self._read(passing=False)
        if self._control.cancelled and not self.ended:
            self.ended = True
            yield wire.JobCancelled(job_id=self._command.job_id)
        if self.ended or self._control.paused or time.monotonic() < self._next_look:
            return
        seen, now = _look(self._path, self._seen), self._digest
        if seen is not None and seen != self._seen:
            now = _digest(self._path)
            if now and now != self._digest:
                self._waiting = False
                if self._seen is not None and not seen.goes_on_from(self._seen):
                    yield wire.Notice(job_id=self._command.job_id, kind="file_replaced", detail=self._path.name)
                if not (yield from self._read()):
                    now = ""
            self._digest, self._seen = now or self._digest, seen
        if not self.ended and not self._waiting:
            self._waiting = True
            yield wire.FollowWaiting(job_id=self._command.job_id, path=str(self._path))
        self._next_look = time.monotonic() + self._poll_seconds

    def _read(self, *, passing: bool = True) -> Generator[Event, None, bool]:
        """Yield the events of one reading, as a part of this job; return whether it was completed. With `passing`, a
        problem of the file that may be temporary is ignored."""
        for event in self._session.run(self._command, self._control):
            match event:
                case wire.JobStarted():
                    pass
                case wire.JobFinished():
                    return True
                case wire.JobFailed() if passing and _is_passing(event):
                    return False
                case wire.JobFailed() | wire.JobCancelled():
                    self.ended = True
                    yield event
                case wire.Notice():
                    if event.kind not in self._told:
                        yield event
                    self._told.add(event.kind)
                case _:
                    yield event
        return False


def follow(session: Jobs, command: Read, control: Control, poll_seconds: float = POLL_SECONDS) -> Iterator[Event]:
    """Follow the file of `command` until `control` is cancelled or a reading fails; see `Follower`."""
    follower = Follower(session, command, control, poll_seconds)
    while True:
        yield from follower.look()
        if follower.ended:
            return
        _wait(control, poll_seconds)


def _is_passing(event: wire.JobFailed) -> bool:
    return event.kind == "known" and event.reason in _PASSING


def _look(path: Path, seen: _Look | None) -> _Look | None:
    """Return the look at a file; None while it is missing or empty, `seen` itself while it has not changed."""
    try:
        status = path.stat()
        if not status.st_size:
            return None
        file = (status.st_dev, status.st_ino)
        if seen is not None and (file, status.st_mtime_ns, status.st_size) == (seen.file, seen.modified, seen.size):
            return seen
        with path.open("rb") as opened:
            head = opened.read(_HEAD_BYTES)
    except OSError:
        return None
    return _Look(file, status.st_mtime_ns, status.st_size, head)


def _digest(path: Path) -> str:
    """Return the digest of the content; "" where it cannot be read just now."""
    try:
        return digest_of(path)
    except KnownError:
        return ""


def _wait(control: Control, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not control.cancelled and (left := end - time.monotonic()) > 0:
        time.sleep(min(_STEP_SECONDS, left))
