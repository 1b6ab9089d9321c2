"""Transcripts: what instruct models say, played through the whole pipeline with a scripted model.

    main.py bench transcripts FOLDER [--all]

Each JSON file of FOLDER holds one case or a list of cases:

    {"document": text, "task": "ask" | "section" | "merge" | "summary", "question": text,
     "replies": [what the model says, in order],
     "expect": {"refused": bool, "kept": bool, "marked": [text], "pages": [number]}}

A form feed in the document, or lines "Page 1", "Page 2" and so on, begin its pages; without them it is cut as a text
file is. "ask": the question is put to the document, and each time the model is asked it says the next reply. "section":
the replies are the summaries of the sections, "merge": the last one is their merge, and "summary": of the document
state. Only the given keys of "expect" are checked:

- refused: the answer counts as not found, or no section summary as saying anything.
- kept: every line of the last reply is shown as it was written. A refusal is told apart, so it is not checked for one.
- marked: the figures, dates and names that are marked, no more and no fewer; a part of one counts.
- pages: the pages that are named as the source.

Prints every case that comes out wrong, and the shares. Ends with 1 where any did.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

from engine.bench.scripted_model import ScriptedLoader, ScriptedNetwork, ScriptedTokenizer, scripted_runtime
from engine.control import Control
from engine.documents.extraction.extractor import Document
from engine.documents.formats.text.page_cutter import cut_pages
from engine.documents.pages import DocumentInfo, Outcome, Page
from engine.errors import KnownError
from engine.generators import run_to_end
from engine.profile.instruct import INSTRUCT
from engine.protocol.wire import AnswerFinished, Ask, Event, JobFailed, SectionSummarized, Summarize, SummaryFinished
from engine.reading.reader import Reader
from engine.session.session import Session

TASKS = ("ask", "section", "merge", "summary")
_PAGE_LINE = re.compile(
    r"^[\W_]*(?:page|seite|página|страница|第)\s*(\d+)\s*(?:页|頁)?[\W_]*$", re.IGNORECASE | re.MULTILINE
)
_SECTION_TOKENS = 2_000
"""Tokens that a page is padded to where each page is to be a section."""


@dataclass(frozen=True)
class Case:
    """A transcript and its expected result."""

    name: str
    document: str
    task: str
    question: str
    replies: list[str]
    expect: dict[str, Any]


@dataclass(frozen=True)
class Shown:
    """Output of the product for a transcript."""

    text: str
    refused: bool
    marked: list[str]
    pages: list[int]


def load_cases(folder: Path) -> list[Case]:
    """Return the cases in the JSON files of `folder`. Raise KnownError for a file of another form."""
    files = sorted(folder.glob("*.json"))
    if not files:
        raise KnownError(f"{folder} has no *.json files with transcripts")
    cases = []
    for file in files:
        try:
            values = json.loads(file.read_text(encoding="utf-8"))
            for number, value in enumerate(values if isinstance(values, list) else [values], 1):
                cases.append(
                    Case(
                        f"{file.stem} {number}" if isinstance(values, list) else file.stem,
                        value["document"],
                        value.get("task", "ask"),
                        value.get("question") or "",
                        list(value["replies"]),
                        dict(value["expect"]),
                    )
                )
        except (ValueError, KeyError, TypeError) as error:
            raise KnownError(f"{file} is no transcript: {error!r}") from error
        if cases[-1].task not in TASKS:
            raise KnownError(f"{file} has the task {cases[-1].task!r}; it must be one of {', '.join(TASKS)}")
    return cases


def play(case: Case) -> Shown:
    """Read the document of `case`, put its task to a scripted model, and return the product's output."""
    runtime = scripted_runtime(INSTRUCT, case.replies)
    tokenizer, network = cast(ScriptedTokenizer, runtime.tokenizer), cast(ScriptedNetwork, runtime.model)
    pages = _pages(case)
    network.merge_last = case.task == "merge" and len(case.replies) > 1
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "document.txt"
        file.write_text("\f".join(pages), encoding="utf-8")
        with Session(ScriptedLoader(runtime), Path(folder) / "library.db") as session:
            tokenizer.page_tokens = _SECTION_TOKENS if network.merge_last else 0
            document = cast(Document, _TextDocument(file, pages))
            run_to_end(Reader(runtime, session.library, Control(), "read").read(document))
            tokenizer.page_tokens = 0
            if case.task == "ask":
                return _asked(session, file, case)
            return _summarised(session, file, case)


def _asked(session: Session, file: Path, case: Case) -> Shown:
    command = Ask(job_id="ask", path=str(file), question=case.question)
    answer = _only(session.run(command, Control()), AnswerFinished)
    evidence = answer.evidence
    sentences = [evidence.sentence, *evidence.further] if evidence.sentence is not None else []
    pages = sorted({sentence.page for sentence in sentences if sentence is not None})
    return Shown(answer.text, not evidence.found, list(evidence.unverified), pages)


def _summarised(session: Session, file: Path, case: Case) -> Shown:
    method = "state" if case.task == "summary" else "sections"
    command = Summarize(job_id="sum", path=str(file), method=method, focus=case.question or None)  # type: ignore[arg-type]
    events = list(session.run(command, Control()))
    summary = _only(iter(events), SummaryFinished)
    notes = [event for event in events if isinstance(event, SectionSummarized)]
    text = "\n".join(note.text for note in notes) if case.task == "section" else summary.text
    refused = not any(map(INSTRUCT.summaries.has_findings, text.splitlines() if case.task == "section" else [text]))
    pages = {page for line in summary.basis.line_pages for page in line}
    return Shown(text, refused, list(summary.basis.unverified), sorted(pages))


def faults(case: Case, shown: Shown) -> list[str]:
    """Return the differences between `shown` and the expectations of `case`."""
    expect, found = case.expect, []
    if "refused" in expect and shown.refused != expect["refused"]:
        found.append(f"refused {shown.refused}")
    if "kept" in expect and not expect.get("refused"):
        lines = [line.strip() for reply in case.replies[-1:] for line in reply.splitlines() if line.strip()]
        if all(line in shown.text for line in lines) != expect["kept"]:
            found.append(f"kept {not expect['kept']}")
    if "marked" in expect and not _same_marks(expect["marked"], shown.marked):
        found.append(f"marked {shown.marked}")
    if "pages" in expect and sorted(expect["pages"]) != shown.pages:
        found.append(f"pages {shown.pages}")
    return found


def _same_marks(expected: Sequence[str], marked: Sequence[str]) -> bool:
    def agree(one: str, other: str) -> bool:
        a, b = (" ".join(text.casefold().split()) for text in (one, other))
        return a in b or b in a

    return all(any(agree(e, m) for m in marked) for e in expected) and all(
        any(agree(e, m) for e in expected) for m in marked
    )


def _pages(case: Case) -> list[str]:
    """Return the pages of the document; for a merge, one for each section summary."""
    text = case.document
    pages = text.split("\f")
    if len(pages) == 1:
        marks = list(_PAGE_LINE.finditer(text))
        if marks and [int(mark[1]) for mark in marks] == list(range(1, len(marks) + 1)):
            ends = [*(mark.start() for mark in marks[1:]), len(text)]
            pages = [text[mark.end() : end].strip() for mark, end in zip(marks, ends, strict=True)]
        elif case.task == "merge" and len(case.replies) > 1:
            pages = _parts(text, len(case.replies) - 1)
        else:
            pages = list(cut_pages([text]))
    return pages


def _parts(text: str, count: int) -> list[str]:
    """Return `text` in `count` parts of whole paragraphs, or lines where there are too few paragraphs."""
    pieces = [piece for piece in re.split(r"\n\s*\n", text) if piece.strip()]
    if len(pieces) < count:
        pieces = [piece for piece in text.splitlines() if piece.strip()]
    bounds = [round(part * len(pieces) / count) for part in range(count + 1)]
    parts = ["\n\n".join(pieces[first:last]) for first, last in pairwise(bounds)]
    return [part for part in parts if part] or [text]


class _TextDocument:
    """Pages of text as an open document."""

    def __init__(self, file: Path, pages: Sequence[str]) -> None:
        self._pages = pages
        data = file.read_bytes()
        digest = sha256(data).hexdigest()
        self.info = DocumentInfo(str(file), "text", digest, len(data), file.stem, len(pages))
        self.outcome: Outcome | None = None

    def pages(self, first: int = 1) -> Iterator[Page]:
        """Yield the pages from `first`."""
        for number, text in enumerate(self._pages, 1):
            if number >= first:
                yield Page(number, text)
        self.outcome = Outcome("text", "All pages were read.", len(self._pages), len(self._pages))


def _only(events: Iterator[Event], kind: type[Any]) -> Any:
    found = None
    for event in events:
        if isinstance(event, JobFailed):
            raise KnownError(f"the job failed: {event.message}\n{event.details or ''}")
        if isinstance(event, kind):
            found = event
    if found is None:
        raise KnownError("the job ended without a result")
    return found


def main(arguments: list[str] | None = None) -> int:
    """Play the transcripts of a folder and print those that come out wrong."""
    parser = argparse.ArgumentParser(prog="main.py bench transcripts", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--all", action="store_true", help="print every case")
    options = parser.parse_args(arguments)
    cases = load_cases(options.folder)
    wrong: dict[str, list[str]] = {}
    for number, case in enumerate(cases, 1):
        if sys.stderr.isatty():
            print(f"\r{number} of {len(cases)}", end="", file=sys.stderr, flush=True)
        try:
            shown = play(case)
        except KnownError as error:
            wrong[case.name] = [str(error)]
            shown = Shown("", False, [], [])
        else:
            if found := faults(case, shown):
                wrong[case.name] = found
        if case.name in wrong or options.all:
            _print(case, shown, wrong.get(case.name, []))
    print(file=sys.stderr)
    for task in TASKS:
        of_task = [case for case in cases if case.task == task]
        if of_task:
            right = sum(case.name not in wrong for case in of_task)
            print(f"{task:<8} {right} of {len(of_task)} right")
    print(f"{'all':<8} {len(cases) - len(wrong)} of {len(cases)} right")
    return 1 if wrong else 0


def _print(case: Case, shown: Shown, found: Sequence[str]) -> None:
    print(f"\n{case.name} ({case.task}): {'; '.join(found) or 'right'}")
    print(f"    question  {case.question}")
    print(f"    replies   {case.replies}")
    print(f"    expected  {case.expect}")
    print(f"    shown     {shown.text!r}; refused {shown.refused}, marked {shown.marked}, pages {shown.pages}")


if __name__ == "__main__":
    raise SystemExit(main())
