"""Handle of one extractor process: sends commands, receives answers, enforces time and memory limits.

The parent trusts nothing that comes back: lines are length-capped and decoded into types, answers wait in a bounded
buffer (a child that runs ahead blocks on its pipe), stderr is drained and its end kept, and resident memory is polled
twenty times a second.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import BinaryIO

import msgspec
import psutil

from engine.documents.extraction import limits
from engine.documents.extraction.messages import Answer, Command, decode_answer, encode
from engine.documents.pages import ProblemKind
from engine.resources import source_root

COMMAND = (sys.executable, "-P", "-m", "engine.documents.extraction.child")
"""-P: nothing is imported from the working folder, which may be the one the document was downloaded to."""

_SOURCE_ROOT = str(source_root())
_END_SECONDS = 5.0
_KILLED = (-9, -15)
"""Exit statuses of a process that was killed from outside (POSIX): a fault of its own has other signals."""


class ExtractorLost(Exception):
    """The process is gone or was ended; `kind` is the reason, `detail` the end of its stderr.

    `killed`: another process killed it (a system short of memory, for one), which says nothing about the file.
    """

    def __init__(self, kind: ProblemKind, detail: str = "", killed: bool = False) -> None:
        super().__init__(detail or kind)
        self.kind: ProblemKind = kind
        self.detail = detail
        self.killed = killed


class Extractor:
    """A running child process. Close it, or use it as a context manager."""

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        environment = {**os.environ, "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        # Text recognition shares the cores with other extractors; each arena of malloc counts against the limit.
        environment |= {"OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
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
            threading.Thread(target=self._read_answers, args=(self._process.stdout,), daemon=True),
            threading.Thread(target=self._drain, args=(self._process.stderr,), daemon=True),
            threading.Thread(target=self._watch_memory, daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, command: Command) -> None:
        """Send one command to the child. The death of a child is reported by `receive`."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, ValueError):
            self._process.stdin.write(encode(command))
            self._process.stdin.flush()
        self._buffer.touch()

    def receive(self, seconds: float) -> Answer:
        """Return the next answer. Raises ExtractorLost if the child is silent for `seconds` (it is ended then) or gone.

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
        killed = self._ended_for is None and self._process.returncode in _KILLED
        self.close()
        detail = self._stderr_tail.decode("utf-8", "replace").strip()
        raise ExtractorLost(self._ended_for or "crashed", detail, killed)

    def end(self, reason: ProblemKind) -> None:
        """Kill the child for `reason`."""
        if self._ended_for is None:
            self._ended_for = reason
        with contextlib.suppress(OSError):
            self._process.kill()

    def close(self) -> None:
        """Kill the child if it still runs and free its pipes and threads."""
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

    def _read_answers(self, stdout: BinaryIO) -> None:
        """Decode lines of stdout into the buffer until it ends or a line is too long or no answer."""
        with contextlib.suppress(OSError, ValueError):
            while line := stdout.readline(limits.LINE_BYTES):
                if not line.endswith(b"\n"):
                    self.end("too_big" if len(line) >= limits.LINE_BYTES else "crashed")
                    break
                try:
                    message = decode_answer(line)
                except msgspec.MsgspecError:
                    self.end("crashed")
                    break
                if not self._buffer.put(message, len(line)):
                    break
        self._buffer.finish()

    def _drain(self, stderr: BinaryIO) -> None:
        with contextlib.suppress(OSError, ValueError):
            while piece := os.read(stderr.fileno(), limits.STDERR_BYTES):
                self._stderr_tail = (self._stderr_tail + piece)[-limits.STDERR_BYTES :]

    def _watch_memory(self) -> None:
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
    """Bounded queue of answers between the reading thread and the consumer; measures the child's silence."""

    def __init__(self) -> None:
        self._messages: deque[tuple[Answer, int]] = deque()
        self._held = 0
        self._changed = threading.Condition()
        self._finished = False
        self._closed = False
        self._last_sign = time.monotonic()

    def touch(self) -> None:
        """Restart the clock of silence: the child has just been given work."""
        with self._changed:
            self._last_sign = time.monotonic()

    def put(self, message: Answer, size: int) -> bool:
        """Wait for room, then add the answer. Return False if the buffer was closed meanwhile."""
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

    def get(self, seconds: float) -> Answer | None:
        """Return the oldest answer, or None after the last. Raises TimeoutError after `seconds` of silence."""
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
