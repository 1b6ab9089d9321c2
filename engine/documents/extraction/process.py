"""One extractor process as its parent sees it: commands in, messages out, a clock, a scale, and the means to end it.

The parent trusts nothing that comes back: lines are length-capped, messages wait in a bounded buffer (a child that runs
ahead blocks on its pipe), stderr is drained and its end kept, memory is looked at twenty times a second.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import psutil

from engine.documents.extraction import limits
from engine.documents.pages import ProblemKind

COMMAND = (sys.executable, "-P", "-m", "engine.documents.extraction.child")
"""-P: nothing is imported from the working folder, which may be the one the document was downloaded to."""

_SOURCE_ROOT = str(Path(__file__).resolve().parents[3])
_END_SECONDS = 5.0


class ExtractorLost(Exception):
    """The process is gone, or was ended for cause; `kind` says why, `detail` what it said last."""

    def __init__(self, kind: ProblemKind, detail: str = "") -> None:
        super().__init__(detail or kind)
        self.kind: ProblemKind = kind
        self.detail = detail


class Extractor:
    """A started child. Close it, or use it as a context manager."""

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        environment = {**os.environ, "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [_SOURCE_ROOT, os.environ.get("PYTHONPATH")]))
        # Its own session or group: Ctrl-C is the parent's to handle. No window flashes up on Windows.
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=os.name == "posix",
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0)
            | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        self._buffer = _Buffer()
        self._ended_for: ProblemKind | None = None
        self._stderr_tail = b""
        self._stopping = threading.Event()
        assert self._process.stdout is not None and self._process.stderr is not None
        self._threads = [
            threading.Thread(target=self._pump, args=(self._process.stdout,), daemon=True),
            threading.Thread(target=self._drain, args=(self._process.stderr,), daemon=True),
            threading.Thread(target=self._weigh, daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, command: dict[str, Any]) -> None:
        """Put one command to the child. A child that has died is noticed by `receive`."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, ValueError):
            self._process.stdin.write(json.dumps(command).encode() + b"\n")
            self._process.stdin.flush()
        self._buffer.touch()

    def receive(self, seconds: float) -> dict[str, Any]:
        """The next message. Raises ExtractorLost if the child is silent for `seconds` (it is ended then) or gone.

        The clock starts when the child could last go on, not when the parent asks: time in which the child hung while
        the parent was busy elsewhere counts, time in which it waited for room in the buffer does not.
        """
        try:
            message = self._buffer.get(seconds)
        except TimeoutError:
            self.end("timed_out")
            raise ExtractorLost("timed_out") from None
        if message is not None:
            return message
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_SECONDS)
        self.close()
        raise ExtractorLost(self._ended_for or "crashed", self._stderr_tail.decode("utf-8", "replace").strip())

    def end(self, reason: ProblemKind) -> None:
        """Kill the child for `reason`."""
        if self._ended_for is None:
            self._ended_for = reason
        with contextlib.suppress(OSError):
            self._process.kill()

    def close(self) -> None:
        """Kill the child if it still runs, and let go of everything that belonged to it."""
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._process.kill()
        self._buffer.close()
        for thread in self._threads:
            thread.join(_END_SECONDS)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError, ValueError):
                    pipe.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_SECONDS)

    def __enter__(self) -> Extractor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _pump(self, stdout: BinaryIO) -> None:
        """stdout -> buffer, until the end, a line too long, or a line that is no message."""
        with contextlib.suppress(OSError, ValueError):
            while line := stdout.readline(limits.LINE_BYTES):
                if not line.endswith(b"\n"):
                    self.end("too_big" if len(line) >= limits.LINE_BYTES else "crashed")
                    break
                try:
                    message = json.loads(line)
                except ValueError:
                    message = None
                if not isinstance(message, dict) or not self._buffer.put(message, len(line)):
                    self.end("crashed")
                    break
        self._buffer.finish()

    def _drain(self, stderr: BinaryIO) -> None:
        with contextlib.suppress(OSError, ValueError):
            while piece := os.read(stderr.fileno(), limits.STDERR_BYTES):
                self._stderr_tail = (self._stderr_tail + piece)[-limits.STDERR_BYTES :]

    def _weigh(self) -> None:
        """End the child when its resident size passes the limit: on Windows the only limit, elsewhere the second."""
        try:
            process = psutil.Process(self._process.pid)
            while not self._stopping.wait(limits.MEMORY_LOOK_SECONDS):
                if process.memory_info().rss > limits.PROCESS_BYTES:
                    self.end("too_big")
                    return
        except psutil.Error:
            return


class _Buffer:
    """Messages between the pump and the consumer, bounded in number and size; counts the child's silence."""

    def __init__(self) -> None:
        self._messages: deque[tuple[dict[str, Any], int]] = deque()
        self._held = 0
        self._changed = threading.Condition()
        self._finished = False
        self._closed = False
        self._last_sign = time.monotonic()

    def touch(self) -> None:
        """The child has just been told to go on."""
        with self._changed:
            self._last_sign = time.monotonic()

    def put(self, message: dict[str, Any], size: int) -> bool:
        """Wait for room, then add. False if nobody wants messages any more."""
        with self._changed:
            while not self._closed and self._messages and self._is_full():
                self._changed.wait()
            if self._closed:
                return False
            self._messages.append((message, size))
            self._held += size
            self._last_sign = time.monotonic()
            self._changed.notify_all()
            return True

    def get(self, seconds: float) -> dict[str, Any] | None:
        """The oldest message; None at the end of all. Raises TimeoutError after `seconds` without a sign of life."""
        with self._changed:
            while not self._messages:
                if self._finished or self._closed:
                    return None
                left = self._last_sign + seconds - time.monotonic()
                if left <= 0:
                    raise TimeoutError
                self._changed.wait(left)
            message, size = self._messages.popleft()
            self._held -= size
            self._changed.notify_all()
            return message

    def finish(self) -> None:
        with self._changed:
            self._finished = True
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _is_full(self) -> bool:
        return len(self._messages) >= limits.READ_AHEAD_PAGES or self._held >= limits.READ_AHEAD_BYTES
