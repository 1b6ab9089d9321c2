"""How events look on a terminal: text on stdout, progress on stderr; or one JSON object a line.

Light: rich is imported when there is a terminal to draw on.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Protocol, Self

from engine.cli import words
from engine.cli.words import counted
from engine.grounding.page_references import page_list
from engine.protocol import wire
from engine.protocol.wire import Event

BRIEF = 40
"""Characters of a section summary that fit behind its pages and heading."""
LEDGER = {"date": "Dates", "amount": "Amounts", "name": "Names"}
LEDGER_PAGES = 6
"""Pages named for an entry."""
PLAIN_INTERVAL = 10.0
"""Seconds between two progress lines where stderr is no terminal."""


class View(Protocol):
    """Shows the events of one job."""

    def show(self, event: Event) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class JsonView:
    """Every event as the worker would send it."""

    def __init__(self, out: IO[str]):
        self._out = out

    def show(self, event: Event) -> None:
        print(wire.encode(event), file=self._out, flush=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class TerminalView:
    """What a person wants to see of a job."""

    def __init__(self, out: IO[str], err: IO[str], *, quiet: bool = False):
        self._out, self._err, self._quiet = out, err, quiet
        self._progress: _Progress = _BarProgress(err) if err.isatty() and not quiet else _LineProgress(err, quiet)
        self._column = 0
        self._command = ""
        self._after_notes = False
        self._was_brief = True
        self._ledger = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.close()
        self._end_line()

    def show(self, event: Event) -> None:
        match event:
            case wire.JobStarted():
                self._command = event.command
            case wire.ModelLoading():
                self._progress.say("loading the model …")
            case wire.ModelLoaded():
                self._tell(_model_line(event))
            case wire.Notice():
                self._tell(f"note: {words.notice(event)}", always=True)
            case wire.DocumentOpened():
                pages = counted(event.page_count, "page", "pages") if event.page_count else "text"
                self._tell(f"{Path(event.path).name}: {pages}, {_size(event.size)}")
            case wire.ReadingResumed() if event.tokens:
                self._tell(f"{event.tokens:,} tokens, to page {event.page}, were read before and are not read again")
            case wire.PrefillAdvanced():
                self._progress.advance(event)
            case wire.ReadingFinished() if self._command == "Read":
                self._progress.close()
                self._write(f"{event.outcome} {words.read_tokens(event)}\n")
            case wire.ReadingFinished():
                self._progress.close()
                self._tell(
                    f"{event.outcome} {words.read_tokens(event)}",
                    always=bool(event.problems or event.pages_without_text),
                )
            case wire.RetentionMeasured() if self._command == "Read" and event.faded_to_page:
                self._tell(words.faded(event.faded_to_page))
            case wire.FollowWaiting():
                self._tell("waiting for the file to grow; Ctrl-C ends this")
            case wire.LedgerEntered():
                self._progress.close()
                if event.kind != self._ledger:
                    self._write(f"{'' if not self._ledger else chr(10)}{LEDGER[event.kind]}\n")
                self._ledger = event.kind
                times = f" · {event.count} times" if event.count > 1 else ""
                pages = page_list(event.pages[:LEDGER_PAGES]) + (" …" if len(event.pages) > LEDGER_PAGES else "")
                self._write(f"  {event.text}{times} ({pages})\n")
            case wire.LedgerFinished():
                more = f"; {event.left_out:,} less frequent entries hidden" if event.left_out else ""
                where = f"text search on {counted(event.pages, 'page', 'pages')}" if event.pages else "text search"
                self._tell(f"found {counted(event.entries, 'entry', 'entries')} by {where}{more}")
                self._was_brief = False
            case wire.SectionSummarized(saved=True):
                if event.section == event.sections:
                    self._tell("the section summaries were saved before")
            case wire.SectionSummarized():
                self._progress.close()
                heading = f" · {event.heading}" if event.heading else ""
                place = _pages(event.first_page, event.last_page) + heading
                self._after_notes = True
                # A section with little to say takes one line, so that those with findings stand out.
                brief = "\n" not in event.text and len(event.text) <= BRIEF
                gap = "" if brief and self._was_brief else "\n"
                text = event.text
                if event.first_page != event.last_page and len(event.line_pages) == len(text.splitlines()):
                    text = "\n".join(map(_with_pages, text.splitlines(), event.line_pages))
                self._write(gap + (f"{place}: {text}\n" if brief else f"{place}\n{text}\n"))
                self._was_brief = brief
            case wire.SummaryDelta() | wire.AnswerDelta():
                self._progress.close()
                if self._after_notes:
                    self._write("\n")
                    self._after_notes = False
                rests_on = event.pages if isinstance(event, wire.SummaryDelta) else []
                self._write(_with_pages(event.text, rests_on))
            case wire.SummaryFinished():
                self._end_line()
                self._tell(words.summary_basis(event.basis), always=True)
            case wire.AnswerFinished():
                self._end_line()
                for sentence in (words.source(event.evidence), *words.doubts(event.evidence)):
                    self._write(f"({sentence})\n")
                if event.turn_id is not None:
                    self._tell(f"turn {event.turn_id}; ask a follow-up with --after {event.turn_id}")
            case wire.JobCancelled():
                self._progress.close()
                self._tell("stopped; what was read is saved, and the same command goes on from there", always=True)
            case wire.JobFailed(kind="known"):
                self._progress.close()
                self._end_line()
                where = " with --password WORD" if event.reason == "needs_password" else ""
                print(f"error: {event.message.rstrip('.')}{where}", file=self._err)
            case wire.JobFailed():
                self._progress.close()
                self._end_line()
                print(event.details or event.message, file=self._err)

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()
        self._column = len(text) - text.rfind("\n") - 1 if "\n" in text else self._column + len(text)

    def _end_line(self) -> None:
        if self._column:
            self._write("\n")

    def _tell(self, line: str, *, always: bool = False) -> None:
        if always or not self._quiet:
            self._end_line()
            self._progress.print(line)


class _Progress(Protocol):
    def say(self, text: str) -> None: ...

    def advance(self, event: wire.PrefillAdvanced) -> None: ...

    def print(self, line: str) -> None: ...

    def close(self) -> None: ...


class _LineProgress:
    """A line now and then, for logs and pipes."""

    def __init__(self, err: IO[str], quiet: bool):
        self._err, self._quiet = err, quiet
        self._last = time.monotonic()

    def say(self, text: str) -> None:
        pass

    def advance(self, event: wire.PrefillAdvanced) -> None:
        if not self._quiet and time.monotonic() - self._last >= PLAIN_INTERVAL:
            self._last = time.monotonic()
            self.print(_progress_line(event))

    def print(self, line: str) -> None:
        print(line, file=self._err, flush=True)

    def close(self) -> None:
        pass


class _BarProgress:
    """A live bar on a terminal."""

    def __init__(self, err: IO[str]):
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        # The terminal's width is asked of stderr, since stdout may be a pipe.
        self._console = Console(file=err, highlight=False, soft_wrap=True, legacy_windows=os.name == "nt")
        self._make = lambda: Progress(
            BarColumn(bar_width=24), TextColumn("{task.description}"), console=self._console, transient=True
        )
        self._bar: Any = None
        self._task: Any = None

    def _open(self) -> None:
        if self._bar is None:
            self._bar = self._make()
            self._bar.start()
            self._task = self._bar.add_task("", total=None)

    def say(self, text: str) -> None:
        self._open()
        self._bar.update(self._task, description=text)

    def advance(self, event: wire.PrefillAdvanced) -> None:
        self._open()
        self._bar.update(
            self._task, description=_progress_line(event), total=event.total_tokens, completed=event.tokens
        )

    def print(self, line: str) -> None:
        self._console.print(line, markup=False)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def _progress_line(event: wire.PrefillAdvanced) -> str:
    parts = [f"page {event.page:,}" + (f" of {event.page_count:,}" if event.page_count else "")]
    about = "" if event.total_is_exact else "about "
    parts.append(f"{event.tokens:,}" + (f" of {about}{event.total_tokens:,}" if event.total_tokens else "") + " tokens")
    parts.append(f"{event.tokens_per_second:,.0f} tokens/s")
    if event.seconds_left is not None:
        parts.append(f"{duration(event.seconds_left)} left")
    return " · ".join(parts)


def _model_line(event: wire.ModelLoaded) -> str:
    kind = "demonstration model, " if event.demo else ""
    size = f"{event.parameters / 1e9:.1f}B" if event.parameters >= 1e9 else f"{event.parameters / 1e6:.1f}M"
    return f"{event.name}: {kind}{size} parameters in {event.dtype}, on {event.reason}"


def _with_pages(text: str, pages: Sequence[int]) -> str:
    """`text` with the pages it rests on, before the line end that it may have."""
    line = text.rstrip("\n")
    return f"{line} ({page_list(pages)}){text[len(line) :]}" if pages else text


def _pages(first: int, last: int) -> str:
    return f"Page {first}" if first == last else f"Pages {first}–{last}"


def _size(n_bytes: int) -> str:
    return f"{n_bytes / 1e6:,.1f} MB" if n_bytes >= 1e6 else f"{max(1, round(n_bytes / 1e3)):,} KB"


def duration(seconds: float) -> str:
    """Seconds as m:ss or h:mm:ss."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
