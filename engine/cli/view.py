"""Views of a job's events: as text for people, or as the worker's lines of JSON for programs. Light."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from msgspec.structs import replace

from engine.cli.output import Output
from engine.cli.progress import ProgressView
from engine.cli.text import error_line, one_line
from engine.grounding.page_references import page_list
from engine.protocol import wire
from engine.protocol.wire import Event, SectionSummarized
from engine.units import size_text
from engine.wording import sentences
from engine.wording.sentences import counted, page_span

SHORT = 40
"""Characters of a section summary that fit behind its pages and heading."""
LEDGER = {"date": "Dates", "amount": "Amounts", "name": "Names"}
LEDGER_ENTRIES = 60
"""Entries of one kind that are printed."""
LEDGER_PAGES = 6
"""Pages listed for an entry."""


class View(Protocol):
    """Shows the events of one job."""

    def show(self, event: Event) -> None: ...

    def close(self) -> None: ...


class JsonView:
    """Every event as the worker would send it."""

    def __init__(self, out: Output) -> None:
        self._out = out

    def show(self, event: Event) -> None:
        self._out.json_line(wire.encode(event))

    def close(self) -> None:
        pass


class TextView:
    """Summaries and answers on stdout; progress, notices and what they rest on, on stderr."""

    def __init__(
        self,
        out: Output,
        err: Output,
        progress: ProgressView,
        *,
        quiet: bool = False,
        title: str = "",
        paragraph: bool = False,
    ) -> None:
        """`paragraph`: a summary is printed without those of the sections."""
        self._out, self._err, self._progress, self._quiet = out, err, progress, quiet
        self._paragraph = paragraph
        self._title = title
        """Printed above the first text, where several documents follow each other."""
        self._command = ""
        self._sections = _Sections(out)
        self._saved: list[SectionSummarized] = []
        """Section summaries that were made before, as long as no new one has come."""
        self._new_sections = False
        self._ledger = ""
        self._ledger_shown = self._ledger_hidden = 0
        self._done = False
        """The whole document is read."""
        self._quoted = False
        """The model does not know this kind of text, so its sentences are quoted."""
        self._note = ""
        """A remark that is told unless it was told before, when the document was read."""

    def close(self) -> None:
        """End the progress and the line."""
        self._progress.close()
        self._sections.end()
        self._out.end_line()

    def show(self, event: Event) -> None:
        """Print an event, if there is something to print of it."""
        match event:
            case wire.LedgerEntered() | wire.LedgerFinished():
                self._show_ledger(event)
            case wire.SectionSummarized() | wire.SummaryDelta() | wire.SummaryFinished():
                self._show_summary(event)
            case wire.AnswerDelta() | wire.AnswerFinished():
                self._show_answer(event)
            case wire.JobCancelled() | wire.JobFailed():
                self._show_end(event)
            case wire.JobStarted():
                self._command = event.command
            case wire.FileRead():
                self._tell(sentences.file_read(event), always=bool(event.error))
            case wire.FolderRead():
                self._print(f"{sentences.folder_read(event)}\n")
            case wire.Notice():
                self._quoted |= event.kind == "demo_model"
                self._note = f"note: {sentences.notice(event)}"
                if event.kind != "demo_model" or self._command != "Ask":
                    self._tell_note()
            case _:
                self._show_reading(event)

    def _show_reading(self, event: Event) -> None:
        match event:
            case wire.DocumentOpened():
                pages = counted(event.page_count, "page", "pages") if event.page_count else "text"
                self._tell(f"{one_line(Path(event.path).name)}: {pages}, {size_text(event.size)}")
            case wire.ReadingResumed() if event.tokens:
                self._tell(f"resuming after page {event.page:,} ({event.tokens:,} tokens were read before)")
            case wire.PrefillAdvanced():
                self._progress.advance(event)
            case wire.SectionsRead():
                self._progress.sections(event)
            case wire.ReadingFinished():
                self._show_coverage(event)
            case wire.RetentionMeasured() if self._command == "Read" and event.faded_to_page:
                self._tell(sentences.faded(event.faded_to_page))
            case wire.StatesDropped():
                self._tell(f"note: {sentences.dropped(event)}", always=True)
            case wire.FollowWaiting() if self._command == "ReadFolder":
                self._tell("waiting for new and changed files; press Ctrl-C to end")
            case wire.FollowWaiting():
                self._tell("waiting for the file to grow; press Ctrl-C to end")
            case _:
                self._show_model(event)

    def _show_model(self, event: Event) -> None:
        match event:
            case wire.ModelLoading():
                self._progress.say("loading the model …")
            case wire.JobContinues():
                self._progress.working(event)
            case wire.ReadingEstimated():
                self._tell(sentences.reading_estimate(event))
            case wire.ModelLoadAdvanced() if event.of_bytes:
                self._progress.say(f"loading the model … {event.n_bytes / event.of_bytes:.0%}")
            case wire.ModelLoaded():
                self._tell(sentences.model(event))

    def _show_coverage(self, event: wire.ReadingFinished) -> None:
        """Print what was read: the result of `read`, and a remark of the other commands."""
        self._done = True
        if event.tokens > event.tokens_reused:
            self._tell_note()
        if self._quoted:  # no answer rests on the model's context
            event = replace(event, trained_context=None)
        sentence = f"{event.outcome} {sentences.read_tokens(event)}"
        faulty = bool(event.problems or event.pages_without_text)
        if self._command == "Read":
            self._print(f"{sentence}\n")
        elif event.tokens > event.tokens_reused or faulty:
            self._tell(sentence, always=faulty)
        else:
            self._tell(sentences.read_tokens(event))

    def _tell_note(self) -> None:
        self._tell(self._note, always=True)
        self._note = ""

    def _show_ledger(self, event: wire.LedgerEntered | wire.LedgerFinished) -> None:
        if isinstance(event, wire.LedgerFinished):
            hidden = event.left_out + self._ledger_hidden
            more = f"; {hidden:,} less frequent entries hidden (--json has them)" if hidden else ""
            where = f"text search on {counted(event.pages, 'page', 'pages')}" if event.pages else "text search"
            self._tell(f"found {counted(event.entries + event.left_out, 'entry', 'entries')} by {where}{more}")
            if self._ledger:
                self._print("\n")
            return
        if event.kind != self._ledger:
            self._print(f"{chr(10) if self._ledger else ''}{LEDGER[event.kind]}\n")
            self._ledger, self._ledger_shown = event.kind, 0
        self._ledger_shown += 1
        if self._ledger_shown > LEDGER_ENTRIES:
            self._ledger_hidden += 1
            return
        times = f" · {event.count} times" if event.count > 1 else ""
        pages = page_list(event.pages[:LEDGER_PAGES]) + (" …" if len(event.pages) > LEDGER_PAGES else "")
        self._print(f"  {event.text}{times} ({pages})\n")

    def _show_summary(self, event: wire.SectionSummarized | wire.SummaryDelta | wire.SummaryFinished) -> None:
        if self._paragraph and isinstance(event, wire.SectionSummarized):
            self._progress.say(f"section {event.section:,} of {event.sections:,}")
            return
        self._progress.close()
        match event:
            case wire.SectionSummarized():
                self._show_section(event)
            case wire.SummaryDelta():
                self._sections.end()
                self._print(_with_pages(event.text, event.pages))
            case wire.SummaryFinished():
                self._tell(sentences.summary_basis(event.basis), always=True)
                if event.saved:
                    self._tell("this summary was made before; --again makes a new one")

    def _show_section(self, event: SectionSummarized) -> None:
        """Print a section summary; those that were made before only beside new ones, as after an interrupted job."""
        self._saved.append(event)
        if not event.saved:
            self._begin()
            for section in self._saved:
                self._sections.add(section)
            self._saved = []
            self._new_sections = True
        elif self._new_sections:
            self._sections.add(self._saved.pop())
        elif event.section == event.sections:
            self._tell("the section summaries were made before")

    def _show_answer(self, event: wire.AnswerDelta | wire.AnswerFinished) -> None:
        if isinstance(event, wire.AnswerDelta):
            start, end = event.emphasis or (0, 0)
            self._print(event.text[:start])
            self._out.bold(event.text[start:end])
            self._print(event.text[end:])
            return
        for sentence in (sentences.source(event.evidence), *sentences.doubts(event.evidence)):
            if not _is_said(sentence, event):
                self._out.line(f"({sentence})")
        if event.turn_id is not None:
            self._tell(f"turn {event.turn_id}; ask a follow-up with --after {event.turn_id}")

    def _show_end(self, event: wire.JobCancelled | wire.JobFailed) -> None:
        self.close()
        match event:
            case wire.JobCancelled() if self._done and self._command == "Read":
                self._tell("stopped; the document is read and saved")
            case wire.JobCancelled():
                self._tell("stopped; the part already read is saved; run the same command to resume", always=True)
            case wire.JobFailed(kind="known"):
                self._err.line(error_line(event.message, event.reason))

    def _begin(self) -> None:
        """Print the title of the document above its first text."""
        if self._title:
            self._out.line(self._title)
            self._title = ""

    def _print(self, text: str) -> None:
        self._progress.close()
        self._begin()
        self._out.write(text)

    def _tell(self, line: str, *, always: bool = False) -> None:
        if line and (always or not self._quiet):
            self._progress.close()
            self._out.end_line()
            self._err.line(line)


def _is_said(sentence: str, event: wire.AnswerFinished) -> bool:
    """Return whether an answer that found nothing begins with this sentence, and then quotes the closest passages."""
    return event.evidence.kind == "not_found" and event.text.startswith(sentence.partition(". ")[0])


class _Sections:
    """Prints section summaries; those in a row without findings share one line."""

    def __init__(self, out: Output) -> None:
        self._out = out
        self._empty: list[SectionSummarized] = []
        self._any = False

    def add(self, event: SectionSummarized) -> None:
        """Print a section summary, its heading alone where it has no line, or keep it for the line of those without
        findings."""
        if not event.has_findings or not (event.text.strip() or event.heading):
            self._empty.append(event)
            return
        self._fold()
        heading = f" · {one_line(event.heading)}" if event.heading else ""
        place = _capital(page_span(event.first_page, event.last_page)) + heading
        text = event.text
        if event.first_page != event.last_page and len(event.line_pages) == len(text.splitlines()):
            text = "\n".join(map(_with_pages, text.splitlines(), event.line_pages))
        short = "\n" not in text and len(text) <= SHORT
        gap = "\n" if self._any else ""
        if text.strip():
            self._out.line(f"{gap}{place}: {text}" if short else f"{gap}{place}\n{text}")
        else:
            self._out.line(f"{gap}{place}")
        self._any = True

    def end(self) -> None:
        """Print what is kept, and a blank line between the sections and the summary."""
        self._fold()
        if self._any:
            self._out.line()
            self._any = False

    def _fold(self) -> None:
        if not self._empty:
            return
        place = _capital(page_span(self._empty[0].first_page, self._empty[-1].last_page))
        sections = counted(len(self._empty), "section", "sections")
        self._out.line(f"{chr(10) if self._any else ''}{place}: no findings ({sections})")
        self._any, self._empty = True, []


def _with_pages(text: str, pages: Sequence[int]) -> str:
    """Return a line with the pages it rests on, before its line end."""
    line = text.rstrip("\n")
    return f"{line} ({page_list(pages)}){text[len(line) :]}" if pages else text


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
