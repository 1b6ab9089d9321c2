"""Running victims: with a limit on time, their memory measured, and their output judged."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import re
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psutil

from engine.bench.attack import victim
from engine.bench.attack.victim import Descriptor, Settings
from engine.protocol import wire

SECONDS = 60.0
"""Longest time of a command."""
MEMORY_BYTES = 1 << 30
"""Memory that a process may take beyond that of an ordinary reading."""
EXTRACTOR_BYTES = (1 << 30) + (100 << 20)
"""Memory of an extractor: its own limit, and the growth until that is noticed."""
_POLL_SECONDS = 0.03
_ORPHAN_SECONDS = 10.0
_SHOWN = 20_000_000
"""Bytes of output that are read back."""
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_BUG = ("Traceback (most recent call last)", "something is wrong in Readthrough", '"kind":"bug"', '"kind": "bug"')


@dataclass(frozen=True)
class Ended:
    """The end of a command."""

    status: int
    """Exit status; negative for a signal."""
    out: str
    err: str
    seconds: float
    peak: int
    """Bytes of the largest resident size of the process itself."""
    extractor_peak: int
    timed_out: bool
    orphans: int
    """Processes that it started and that were alive 10 s after its end."""

    def faults(self, base: int, statuses: Sequence[int] = (0, 2), one_line: bool = True) -> list[str]:
        """Return what is wrong with this end, a sentence each. `base`: bytes of an ordinary reading. `one_line`: an
        exit status 2 has exactly one line of error."""
        found = []
        if self.timed_out:
            found.append(f"it was still running after {self.seconds:.0f} s")
        elif self.status not in statuses:
            found.append(f"exit status {self.status}")
        if self.peak > base + MEMORY_BYTES:
            found.append(f"{self.peak >> 20:,} MB of memory")
        if self.extractor_peak > EXTRACTOR_BYTES:
            found.append(f"an extractor took {self.extractor_peak >> 20:,} MB")
        if self.orphans:
            found.append(f"{self.orphans} processes were left behind")
        text = self.out + self.err
        found += [f"it says {sign!r}" for sign in _BUG if sign in text]
        if _CONTROL.search(text):
            found.append("it prints control characters")
        errors = [line for line in self.err.splitlines() if line.startswith("error: ")]
        if one_line and self.status == 2 and len(errors) != 1:
            found.append(f"{len(errors)} lines of error")
        if found and self.err:
            found.append(f"stderr ends with {self.err[-400:]!r}")
        return found


class Victim:
    """A running command. Its output goes to files, so that it never waits for a reader."""

    def __init__(
        self,
        arguments: Sequence[str],
        folder: Path,
        settings: Settings | None = None,
        *,
        stdin: int | None = None,
        stdout: int | None = None,
    ) -> None:
        """`stdin`, `stdout`: descriptors instead of a pipe and a file; the caller closes them."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([victim.__name__])
        self._folder = Path(tempfile.mkdtemp(dir=folder, prefix="victim-"))
        self._input: int | None = None
        theirs: list[int] = []
        if stdin is None:
            read, self._input = os.pipe()
            theirs.append(read)
            stdin = read
        if stdout is None:
            stdout = os.open(self._folder / "stdout", os.O_WRONLY | os.O_CREAT, 0o600)
            theirs.append(stdout)
        stderr = os.open(self._folder / "stderr", os.O_WRONLY | os.O_CREAT, 0o600)
        theirs.append(stderr)
        streams = [Descriptor(number) for number in (stdin, stdout, stderr)]
        self._process: Any = context.Process(
            target=victim.serve, args=(list(arguments), streams, settings or Settings())
        )
        self._started = time.monotonic()
        self._process.start()
        for number in theirs:
            os.close(number)
        self._peak = self._extractor_peak = 0
        self._children: dict[int, psutil.Process] = {}
        self._seen = 0
        self._rest = b""

    @property
    def pid(self) -> int:
        """Process id."""
        pid: int = self._process.pid
        return pid

    @property
    def is_alive(self) -> bool:
        """Return whether it still runs."""
        return bool(self._process.is_alive())

    def send(self, text: str | bytes) -> None:
        """Write to its stdin. A victim that is gone takes nothing."""
        assert self._input is not None
        data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
        with contextlib.suppress(BrokenPipeError):
            while data:
                data = data[os.write(self._input, data[: 1 << 16]) :]

    def end_input(self) -> None:
        """Close its stdin."""
        if self._input is not None:
            os.close(self._input)
            self._input = None

    def signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.signal(signal.SIGKILL)

    def events(self, seconds: float = SECONDS) -> Iterator[wire.Event]:
        """Yield the events that it prints, until it ends or `seconds` have passed. A line cut short is none."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            alive = self.is_alive
            yield from self._new_events()
            if not alive:
                yield from self._new_events()
                return
            self.look()
            time.sleep(_POLL_SECONDS / 3)

    def wait_for(self, wanted: Callable[[Any], bool], seconds: float = SECONDS) -> Any:
        """Return the next event that is wanted; None when none came."""
        return next((event for event in self.events(seconds) if wanted(event)), None)

    def _new_events(self) -> Iterator[wire.Event]:
        with (self._folder / "stdout").open("rb") as file:
            file.seek(self._seen)
            data = file.read()
        self._seen += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            yield wire.decode_event(line)

    def extractors(self) -> list[psutil.Process]:
        """Return its extractors that are alive."""
        self.look()
        return [process for process in self._children.values() if process.is_running()]

    def look(self) -> None:
        """Measure it and its children now."""
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(self.pid)
            self._peak = max(self._peak, process.memory_info().rss)
            for child in process.children(recursive=True):
                self._children.setdefault(child.pid, child)
                with contextlib.suppress(psutil.Error):
                    self._extractor_peak = max(self._extractor_peak, child.memory_info().rss)

    def finish(self, seconds: float = SECONDS, *, end_input: bool = True) -> Ended:
        """Wait for its end, at most `seconds` from now; then kill it."""
        if end_input:
            self.end_input()
        end = time.monotonic() + seconds
        while self.is_alive and time.monotonic() < end:
            self.look()
            self._process.join(_POLL_SECONDS)
        timed_out = self.is_alive
        took = time.monotonic() - self._started
        if timed_out:
            self.kill()
        self._process.join()
        self.end_input()
        status = int(self._process.exitcode)
        self._process.close()
        out, err = (_text(self._folder / name) for name in ("stdout", "stderr"))
        return Ended(status, out, err, took, self._peak, self._extractor_peak, timed_out, self._orphans())

    def _orphans(self) -> int:
        _, alive = psutil.wait_procs(list(self._children.values()), _ORPHAN_SECONDS)
        for process in alive:
            with contextlib.suppress(psutil.Error):
                process.kill()
        return len(alive)


def _text(path: Path) -> str:
    if not path.exists():
        return ""
    with path.open("rb") as file:
        return file.read(_SHOWN).decode("utf-8", "surrogateescape")


@contextlib.contextmanager
def devnull() -> Iterator[int]:
    """Give a descriptor of nothing."""
    file: IO[bytes]
    with open(os.devnull, "r+b") as file:
        yield file.fileno()
