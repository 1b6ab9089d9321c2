"""Progress of a reading on stderr: a live bar on a terminal, a line now and then elsewhere. Light until it draws."""

from __future__ import annotations

import time
from typing import IO, TYPE_CHECKING, Protocol

from engine.cli.output import Output
from engine.protocol.wire import JobContinues, PrefillAdvanced, SectionsRead

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

BAR_WIDTH = 70
"""Cells of a terminal below which the bar gives its room to the figures."""
PLAIN_INTERVAL = 10.0
"""Seconds between two progress lines where stderr is not a terminal."""


class ProgressView(Protocol):
    """Shows how far a job is."""

    def say(self, text: str) -> None: ...

    def advance(self, event: PrefillAdvanced) -> None: ...

    def sections(self, event: SectionsRead) -> None: ...

    def working(self, event: JobContinues) -> None: ...

    def close(self) -> None: ...


class NoProgress:
    """Shows nothing, for --quiet."""

    def say(self, text: str) -> None:
        pass

    def advance(self, event: PrefillAdvanced) -> None:
        pass

    def sections(self, event: SectionsRead) -> None:
        pass

    def working(self, event: JobContinues) -> None:
        pass

    def close(self) -> None:
        pass


class LineProgress:
    """Prints a line now and then, for logs and pipes."""

    def __init__(self, err: Output) -> None:
        self._err = err
        self._last = time.monotonic()

    def say(self, text: str) -> None:
        pass

    def advance(self, event: PrefillAdvanced) -> None:
        if time.monotonic() - self._last >= PLAIN_INTERVAL:
            self._last = time.monotonic()
            self._err.line(progress_line(event))

    def sections(self, event: SectionsRead) -> None:
        if time.monotonic() - self._last >= PLAIN_INTERVAL:
            self._last = time.monotonic()
            self._err.line(sections_line(event))

    def working(self, event: JobContinues) -> None:
        if time.monotonic() - self._last >= PLAIN_INTERVAL / 2:
            self._last = time.monotonic()
            self._err.line(working_line(event))

    def close(self) -> None:
        pass


class BarProgress:
    """Draws a bar that is erased when it is closed."""

    def __init__(self, err: IO[str]) -> None:
        self._err = err
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._narrow = False

    def say(self, text: str) -> None:
        bar, task = self._opened()
        bar.update(task, description=text)

    def advance(self, event: PrefillAdvanced) -> None:
        bar, task = self._opened()
        line = short_progress_line(event) if self._narrow else progress_line(event)
        bar.update(task, description=line, total=event.total_tokens, completed=event.tokens)

    def sections(self, event: SectionsRead) -> None:
        bar, task = self._opened()
        bar.update(task, description=sections_line(event), total=event.of, completed=event.sections)

    def working(self, event: JobContinues) -> None:
        self.say(working_line(event))

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = self._task = None

    def _opened(self) -> tuple[Progress, TaskID]:
        if self._bar is None or self._task is None:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn
            from rich.table import Column

            # The line is cut at the terminal's edge instead of wrapped; the width is that of stderr, because stdout may
            # be a pipe.
            text = TextColumn(
                "{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis")
            )
            console = Console(file=self._err, highlight=False)
            self._narrow = console.width < BAR_WIDTH
            columns = (text,) if self._narrow else (BarColumn(bar_width=24), text)
            self._bar = Progress(*columns, console=console, transient=True)
            self._bar.start()
            self._task = self._bar.add_task("", total=None)
        return self._bar, self._task


def progress_line(event: PrefillAdvanced) -> str:
    """Return page, tokens, speed and time left."""
    parts = [f"page {event.page:,}" + (f" of {event.page_count:,}" if event.page_count else "")]
    about = "" if event.total_is_exact else "about "
    parts.append(f"{event.tokens:,}" + (f" of {about}{event.total_tokens:,}" if event.total_tokens else "") + " tokens")
    parts.append(f"{event.tokens_per_second:,.0f} tokens/s")
    if event.seconds_left is not None:
        parts.append(f"{duration(event.seconds_left)} left")
    return " · ".join(parts)


def short_progress_line(event: PrefillAdvanced) -> str:
    """Return page and time left, for a narrow terminal."""
    page = f"page {event.page:,}" + (f" of {event.page_count:,}" if event.page_count else "")
    return page if event.seconds_left is None else f"{page} · {duration(event.seconds_left)} left"


def sections_line(event: SectionsRead) -> str:
    """Return how many sections were read by themselves."""
    return f"section {event.sections:,} of {event.of:,}"


def working_line(event: JobContinues) -> str:
    """Return that the job goes on, and what the model has computed for it."""
    return f"working: {event.tokens:,} tokens in {duration(event.seconds)}"


def duration(seconds: float) -> str:
    """Return seconds as m:ss or h:mm:ss."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
