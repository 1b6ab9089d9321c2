"""Key findings in the summaries of long records, through the whole program: file, pages, sections, notes, merge.

    main.py bench summaries [--model DIR] [--cells 0 1 2] [--records N] [--no-state] [--device auto] [--out FILE]

A held-out record is written to a file, read and summarised; a cell is named after the tokens that were read. A finding
counts as present when the summary has its line word for word, as invented when the summary has a line that no key
finding of the record is, and its page is right when the line names the page of the file that the finding stands on (and
no more than the program ever names for a line). Beside the summary by sections stands that from the document state
alone.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.bench.record_file import letters, long_record, write_text
from engine.bench.record_harness import MODEL, SEED
from engine.control import Control
from engine.errors import KnownError
from engine.grounding.attribution import MOST_PAGES
from engine.library.records import Page
from engine.prompting.tokenizer import Tokenizer
from engine.protocol.vocabulary import Method
from engine.protocol.wire import JobFinished, ReadingFinished, SectionSummarized, Summarize, SummaryFinished
from engine.session.session import Session, open_session
from engine.training.records.facts import Record
from engine.wording.sentences import summary_basis

EXAMPLES = 4
"""Lines of each kind of mistake that are shown."""


@dataclass(frozen=True)
class Cell:
    """One line of the table: records of `tokens` tokens with `facts` facts and `findings` key findings."""

    tokens: int
    facts: int
    findings: int
    records: int


CELLS = (Cell(8_000, 16, 6, 12), Cell(32_000, 64, 16, 4), Cell(100_000, 200, 30, 8))


@dataclass
class Score:
    """Scores of one way of summarising."""

    findings: int = 0
    present: int = 0
    written: int = 0
    invented: int = 0
    right_page: int = 0
    missed: list[str] = field(default_factory=list)
    made_up: list[str] = field(default_factory=list)
    misplaced: list[str] = field(default_factory=list)

    def add(self, text: str, line_pages: Sequence[Sequence[int]], truth: dict[str, set[int]]) -> None:
        """Score a summary; `truth`: the line of every key finding -> the pages of the file that it stands on."""
        lines = {
            line: set(pages) for line, pages in zip(text.splitlines(), line_pages, strict=True) if line[:2] == "- "
        }
        self.findings += len(truth)
        self.written += len(lines)
        for line, pages in lines.items():
            if line not in truth:
                self.invented += 1
                self.made_up.append(line)
                continue
            self.present += 1
            if pages & truth[line] and len(pages) <= max(MOST_PAGES, len(truth[line])):
                self.right_page += 1
            else:
                self.misplaced.append(f"{line} on {sorted(truth[line])}, said {sorted(pages)}")
        self.missed += sorted(truth.keys() - lines.keys())

    def result(self) -> dict[str, Any]:
        return {
            "findings": self.findings,
            "present": round(self.present / max(1, self.findings), 4),
            "invented": round(self.invented / max(1, self.written), 4),
            "page_right": round(self.right_page / max(1, self.present), 4),
            "missed": self.missed[:EXAMPLES],
            "made_up": self.made_up[:EXAMPLES],
            "misplaced": self.misplaced[:EXAMPLES],
        }


def run(
    model: Path = MODEL, device: str = "auto", cells: Sequence[Cell] = CELLS, state: bool = True
) -> Iterator[dict[str, Any]]:
    """Yield the result of each cell as it is done. `state`: also summarise from the document state."""
    tokenizer = Tokenizer.from_folder(model)
    for cell in cells:
        scores = {"sections": Score(), "section notes": Score()} | ({"state": Score()} if state else {})
        seconds, told, tokens = 0.0, "", list[int]()
        for number in range(cell.records):
            record = _record(cell, number, tokenizer)
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "record.txt"
                write_text(record, file)
                with open_session(model, Path(folder) / "library.db", device) as session:
                    started = time.monotonic()
                    events = _summarized(session, file, "sections")
                    seconds += time.monotonic() - started
                    read = _only(events, ReadingFinished)
                    truth = _truth(record, session.library.pages.of(read.document_id))
                    made = _only(events, SummaryFinished)
                    scores["sections"].add(made.text, made.basis.line_pages, truth)
                    notes = [event for event in events if isinstance(event, SectionSummarized)]
                    text = "\n".join(line for note in notes for line in note.text.splitlines())
                    pages = [pages for note in notes for pages in note.line_pages]
                    scores["section notes"].add(text, pages, truth)
                    told = summary_basis(made.basis)
                    tokens.append(read.tokens)
                    if state:
                        made = _only(_summarized(session, file, "state"), SummaryFinished)
                        scores["state"].add(made.text, made.basis.line_pages, truth)
            of = f"{cell.tokens:,} tokens: record {number + 1} of {cell.records}"
            found = scores["sections"]
            print(f"{of}, {found.present} of {found.findings} findings, {seconds:.0f} s", file=sys.stderr, flush=True)
        yield {
            "cell": f"{round(sum(tokens) / len(tokens), -2):,.0f} tokens, {cell.findings} key findings",
            "records": len(tokens),
            "tokens": tokens,
            "seconds": round(seconds, 1),
            **{name: score.result() for name, score in scores.items()},
            "told": told,
        }


def _record(cell: Cell, number: int, tokenizer: Tokenizer) -> Record:
    record, _ = long_record(
        SEED + 5_000 + cell.tokens + number,
        number,
        cell.tokens,
        cell.facts,
        cell.findings,
        lambda text: len(tokenizer.encode_document(text)),
    )
    return record


def _summarized(session: Session, file: Path, method: Method) -> list[Any]:
    return list(session.run(Summarize(job_id="bench", path=str(file), method=method), Control()))


def _only(events: Sequence[Any], cls: type) -> Any:
    if not isinstance(events[-1], JobFinished):
        raise KnownError(f"a job ended in {events[-1]}")
    return next(event for event in events if isinstance(event, cls))


def _truth(record: Record, read: Sequence[Page]) -> dict[str, set[int]]:
    """Return the line of every key finding -> its pages in the file: its words are looked for in the letters of its
    page of the record, and counted through to the file's pages, whose letters are the same ones."""
    starts, at = [], 0
    for page in record.pages:
        starts.append(at)
        at += len(letters(page))
    ends, total = [], 0
    for row in read:
        total += len(letters(row.text))
        ends.append((total, row.number))
    if total != at:
        raise KnownError(f"the file's pages have {total} letters, the record's {at}: they cannot be matched")
    truth: dict[str, set[int]] = {}
    for finding in record.findings:
        wanted, page = letters(finding.text), letters(record.pages[finding.page - 1])
        first = starts[finding.page - 1] + page.find(wanted)
        last = first + len(wanted) - 1
        begins = next(number for end, number in ends if first < end)
        truth.setdefault(finding.sentence, set()).update(
            range(begins, next(number for end, number in ends if last < end) + 1)
        )
    return truth


def main(arguments: list[str] | None = None) -> int:
    """Print a JSON line a cell and then the table."""
    parser = argparse.ArgumentParser(prog="main.py bench summaries", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--cells", type=int, nargs="*", help=f"only these lines of the table, 0 to {len(CELLS) - 1}")
    parser.add_argument("--records", type=int, help="so many of each length")
    parser.add_argument("--no-state", action="store_true", help="by sections only")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args(arguments)
    cells = list(CELLS) if options.cells is None else [CELLS[i] for i in options.cells]
    if options.records:
        cells = [Cell(cell.tokens, cell.facts, cell.findings, options.records) for cell in cells]
    results = []
    for result in run(options.model, options.device, cells, state=not options.no_state):
        results.append(result)
        print(json.dumps(result), flush=True)
        if options.out:
            options.out.write_text(json.dumps(results, indent=1) + "\n")
    print(table(results))
    return 0


def table(results: Sequence[dict[str, Any]]) -> str:
    """Return the results as a table."""
    lines = [f"{'cell':<34}{'way':<15}{'findings':>9}{'present':>9}{'invented':>10}{'page right':>12}"]
    for result in results:
        for way in ("sections", "section notes", "state"):
            if found := result.get(way):
                shares = [f"{100 * found[name]:.1f}" for name in ("present", "invented", "page_right")]
                lines.append(
                    f"{result['cell']:<34}{way:<15}{found['findings']:>9}{shares[0]:>9}{shares[1]:>10}{shares[2]:>12}"
                )
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
