"""Following a file that grows: what is there is read, then what is added, until somebody stops it.

Once a second the file system is asked whether the file has changed, which works on every one. Nothing is opened while
it has not, and nothing is read while the content is the same.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from engine import messages, saved
from engine.control import Control
from engine.errors import KnownError
from engine.messages import Event, Read

POLL_SECONDS = 1.0
_STEP_SECONDS = 0.1
"""How long a cancel may wait."""
_HEAD_BYTES = 1024
_PASSING = ("empty", "no_text", "missing", "changed")
"""What may be wrong with a log for a moment, while it is being rotated or written."""


class Jobs(Protocol):
    """Whoever carries out a command; a session."""

    def run(self, command: messages.Command, control: Control) -> Iterator[Event]: ...


@dataclass(frozen=True)
class _Look:
    """What a glance at a file shows."""

    file: tuple[int, int]
    modified: int
    size: int
    head: bytes

    def goes_on_from(self, earlier: _Look) -> bool:
        """Whether the file can be the earlier one with something added."""
        return self.size >= earlier.size and self.head.startswith(earlier.head)


def follow(session: Jobs, command: Read, control: Control, poll_seconds: float = POLL_SECONDS) -> Iterator[Event]:
    """Read the file of `command` now and whenever it has changed: a job each, which reports its own coverage.

    An empty file is waited for, one that is not there only once it was. Ends when `control` is cancelled, or with the
    first job that fails.
    """
    path = Path(command.path).expanduser()
    seen: _Look | None = None
    digest, jobs, told = "", 0, set()
    if not path.exists():
        yield from session.run(command, control)
        return
    while not control.cancelled:
        look = _look(path, seen)
        if look is not None and look != seen:
            now = _digest(path)
            if now and now != digest:
                jobs += 1
                job = replace(command, job_id=command.job_id if jobs == 1 else f"{command.job_id}.{jobs}")
                if seen is not None and not look.goes_on_from(seen):
                    text = f"{path.name} was cut short or replaced since it was last read, and is read anew."
                    yield messages.Notice(job_id=job.job_id, text=text)
                ended: Event | None = None
                for ended in session.run(job, control):
                    if isinstance(ended, messages.Notice):
                        if ended.text in told:
                            continue
                        told.add(ended.text)
                    if not _is_passing(ended):
                        yield ended
                if isinstance(ended, messages.JobFailed) and _is_passing(ended):
                    now = ""
                elif not isinstance(ended, messages.JobFinished):
                    return
            digest, seen = now or digest, look
        _wait(control, poll_seconds)
    yield messages.JobCancelled(job_id=command.job_id)


def _is_passing(event: Event) -> bool:
    return isinstance(event, messages.JobFailed) and event.kind == "known" and event.reason in _PASSING


def _look(path: Path, seen: _Look | None) -> _Look | None:
    """None while there is no file, or nothing in it; `seen` itself while that has not changed."""
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
    """Of the content; "" where it cannot be read just now."""
    try:
        return saved.digest_of(path)
    except KnownError:
        return ""


def _wait(control: Control, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not control.cancelled and (left := end - time.monotonic()) > 0:
        time.sleep(min(_STEP_SECONDS, left))
