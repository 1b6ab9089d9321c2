"""Recall through the whole program: a held-out record is written to a file, read, and asked about after a restart.

    main.py bench recall --pipeline [--model DIR] [--cells 0 1 2] [--pdf] [--no-ways] [--quick] [--out FILE]

Every cell writes records of one length, as text or (--pdf) as a PDF, reads each with a session that then ends, and asks
with a new one: each fact once, questions that the record does not answer, and some in other words than the document's.
Beside the product's own answers stand, from one batch of attempts a question, those of the document state alone, of
sections alone, of either selected by entropy or by the search's rank, and those with pages read again.

An answer is right when it is the record's word for word (m² is m2: that is how a page is cleaned). The page is right
when it is the page of the file that states the fact, or one of them where the statement runs over two; a record states
a fact once, and a corrected fact counts on the page of its correction. A refusal names no page, so it is never
right: the page figure can pass the exact one only by wrong answers from the right page. The bench keeps the model's
certainty of every answer and its separation of right answers from wrong ones (engine.bench.calibration).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.answering.attempts import Attempt
from engine.answering.pipeline import answer_question
from engine.answering.selection import select
from engine.bench import calibration
from engine.bench.record_file import holding, long_record, page_map, write_pdf, write_text
from engine.bench.record_harness import MODEL, SEED
from engine.control import Control
from engine.documents.cleaning.characters import clean_characters
from engine.errors import KnownError
from engine.generation.runtime import Runtime, load_runtime
from engine.library.library import Library
from engine.library.records import Page
from engine.prompting.prompts import NOT_FOUND
from engine.prompting.tokenizer import Tokenizer
from engine.protocol import wire
from engine.protocol.vocabulary import REREADS, Reread
from engine.protocol.wire import AnswerDelta, AnswerFinished, Ask, JobFinished, Read, ReadingFinished
from engine.reading.context import Context
from engine.reading.resume import end_state
from engine.session.session import Session, open_session
from engine.training.records.facts import Fact, Record
from engine.training.records.questions import ask, ask_missing, follow_up
from engine.training.records.writer import Writer
from engine.wording.sentences import doubts, source

SHOWN = 20
"""Wrong answers printed a cell; the file of --out has all."""
_MARKED = ("wrong_but_marked", "right_but_marked")


@dataclass(frozen=True)
class Cell:
    """One line of the table."""

    tokens: int
    facts: int
    records: int
    """Records to write; each of their facts is asked for once."""
    missing: int
    """Unanswerable questions a record."""
    other_words: int
    """Facts a record that are asked for twice: in other words, and in the document's own."""
    follow_ups: int
    """Follow-up questions a record."""


CELLS = (Cell(8_000, 16, 13, 8, 5, 3), Cell(32_000, 64, 4, 25, 16, 10), Cell(100_000, 200, 2, 50, 30, 15))


@dataclass
class Asked:
    """One question, the expected answer and the given one."""

    question: str
    expected: str
    pages: list[int]
    """Pages of the file with the answer; empty where there is none."""
    sort: str
    """fact, missing, same words, other words or follow-up."""
    after: str = ""
    """The question that it follows."""
    text: str = ""
    page: int | None = None
    basis: str = ""
    steps: int = 0
    first_token: float = 0.0
    reread: bool = False
    unverified: bool = False
    doubtful: bool = False
    certainty: float | None = None
    weakest: float | None = None
    ways: dict[str, str] = field(default_factory=dict)
    """The answer under each other way of selecting."""
    asked_right_section: bool | None = None
    """True if a section with the answer was queried; None for a question without an answer or without this check."""
    right_section_right: bool | None = None
    """True if such a section gave the expected answer; None as above."""

    @property
    def right(self) -> bool:
        return _same(self.text, self.expected)


def run(
    model: Path = MODEL,
    device: str = "auto",
    cells: Sequence[Cell] = CELLS,
    share: float = 1.0,
    rereads: Reread = "auto",
    *,
    ways: bool = True,
    pdf: bool = False,
) -> Iterator[dict[str, Any]]:
    """Yield one result a cell. `share`: of the records (at least one), and then of their questions; `rereads`: the
    product's option; `ways`: also the answers under every other way of selecting; `pdf`: the records are PDFs."""
    runtime = load_runtime(model, device) if ways else None
    for cell in cells:
        started = time.monotonic()
        asked: list[Asked] = []
        reading: list[dict[str, float]] = []
        count = max(1, round(cell.records * share))
        for number in range(count):
            with tempfile.TemporaryDirectory() as folder:
                bench = _Bench(Path(folder), model, device, rereads, pdf)
                asked += bench.record(cell, number, min(1.0, share * cell.records / count), runtime)
                reading.append(bench.reading)
            _progress(cell, number + 1, count, asked, time.monotonic() - started)
        yield _result(cell, asked, reading, pdf) | {"seconds": round(time.monotonic() - started)}


def _progress(cell: Cell, done: int, of: int, asked: Sequence[Asked], seconds: float) -> None:
    right = sum(a.right for a in asked)
    words = f"{cell.tokens:,} tokens: record {done} of {of}, {right} of {len(asked)} questions right, {seconds:.0f} s"
    print(words, file=sys.stderr, flush=True)


class _Bench:
    """One record in a library of its own."""

    def __init__(self, folder: Path, model: Path, device: str, rereads: Reread, pdf: bool) -> None:
        self._file, self._library = folder / ("record.pdf" if pdf else "record.txt"), folder / "library.db"
        self._model, self._device, self._rereads = model, device, rereads
        self.reading: dict[str, float] = {}

    def record(self, cell: Cell, number: int, share: float, runtime: Runtime | None) -> list[Asked]:
        tokenizer = Tokenizer.from_folder(self._model)
        record, writer = long_record(
            SEED + 1_000 + cell.tokens + number,
            number,
            cell.tokens,
            cell.facts,
            cell.facts // 10,
            lambda text: len(tokenizer.encode_document(text)),
        )
        typeset: dict[int, list[int]] | None = None
        if self._file.suffix == ".pdf":
            typeset = write_pdf(record, self._file)
        else:
            write_text(record, self._file)
        with self._session() as session:
            events = list(session.run(Read(job_id="read", path=str(self._file)), Control()))
            finished = _only(events, ReadingFinished)
            self.reading = {"tokens": finished.tokens, "seconds": round(finished.seconds, 1)}
            pages = session.library.pages.of(_document(finished))
        questions = self._questions(cell, writer, record, typeset or page_map(record.pages, pages), pages, share)
        if number == 0:
            self.reading["after_restart"] = self._after_restart(questions[0].question)
        with self._session() as session:
            for asked in questions:
                self._ask(session, asked)
                if runtime is not None and asked.sort in ("fact", "missing"):
                    _other_ways(runtime, session.library, _document(finished), asked)
        return questions

    def _session(self) -> Session:
        return open_session(self._model, self._library, self._device)

    def _questions(
        self,
        cell: Cell,
        writer: Writer,
        record: Record,
        became: dict[int, list[int]],
        read: Sequence[Page],
        share: float,
    ) -> list[Asked]:
        def of(fact: Fact, sort: str, other_words: bool) -> Asked:
            turn = ask(writer, fact, other_words=other_words)
            answer = clean_characters(turn.answer)
            return Asked(turn.question, answer, holding(became[fact.page], answer, read), sort)

        latest = list({fact.key: fact for fact in record.facts}.values())
        facts = latest[: max(1, round(share * len(latest)))]
        several = [fact for fact in facts if len(set(fact.relation.names)) > 1]
        several = several[: max(1, round(share * cell.other_words))]
        missing = [ask_missing(writer, record) for _ in range(max(1, round(share * cell.missing)))]
        follow_ups = [(fact, turn) for fact in facts if (turn := follow_up(writer, record, fact)) is not None]
        follow_ups = follow_ups[: max(1, round(share * cell.follow_ups))]
        return [
            *(of(fact, "fact", False) for fact in facts),
            *(Asked(turn.question, NOT_FOUND, [], "missing") for turn in missing),
            *(of(fact, "same words", False) for fact in several),
            *(of(fact, "other words", True) for fact in several),
            *(
                Asked(turn.question, clean_characters(turn.answer), [], "follow-up", of(fact, "fact", False).question)
                for fact, turn in follow_ups
            ),
        ]

    def _ask(self, session: Session, asked: Asked) -> None:
        got = None
        for question in filter(None, (asked.after, asked.question)):
            parent = got.turn_id if got is not None else None
            command = Ask(job_id="a", path=str(self._file), question=question, parent=parent, reread=self._rereads)
            got = _only(list(session.run(command, Control())), AnswerFinished)
        assert got is not None
        evidence = got.evidence
        asked.text, asked.page = got.text, evidence.sentence.page if evidence.sentence is not None else None
        asked.basis = " ".join([source(evidence), *doubts(evidence)])
        asked.steps, asked.first_token, asked.reread = (
            evidence.steps,
            got.seconds_to_first_token,
            evidence.kind == "reread",
        )
        asked.unverified, asked.doubtful = bool(evidence.unverified), evidence.doubtful
        asked.certainty, asked.weakest = evidence.certainty, evidence.weakest

    def _after_restart(self, question: str) -> float:
        """Return the seconds from the start of a new process to the first word of its first answer."""
        main = Path(__file__).parents[2] / "main.py"
        options = ["--library", str(self._library), "--model", str(self._model), "--device", self._device, "--json"]
        command = [sys.executable, str(main), *options, "ask", str(self._file), question]
        started = time.monotonic()
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if f'"{AnswerDelta.__name__}"' in line:
                    seconds = time.monotonic() - started
                    process.stdout.read()
                    return seconds
        raise KnownError("the process that should have answered ended without a word")


def _other_ways(runtime: Runtime, library: Library, document: int, asked: Asked) -> None:
    """Add the answers of the document state alone, of sections alone and under the other ways of selecting."""
    of = end_state(runtime, library, library.documents.get(document))
    assert of is not None
    context = Context(runtime, library, of, Control())
    result = answer_question(context, asked.question, [], "always")
    rules, topic, attempts = runtime.profile.answers, result.topic, result.attempts
    alone, sections = attempts[:1], attempts[1:]
    asked.ways = {
        "document state": _text(alone[0] if alone else None),
        "sections, by entropy": _text(select(sections, topic, rules, "entropy")),
        "sections, by rank": _text(select(sections, topic, rules, "rank")),
        "sections, by both": _text(select(sections, topic, rules)),
        "all, by entropy": _text(select(attempts, topic, rules, "entropy")),
        "all, by both": _text(select(attempts, topic, rules)),
        "read again alone": _text(result.second),
        "all, and always read again": _text(result.best),
    }
    if asked.pages:
        holding = [
            attempt
            for attempt in sections
            if attempt.source.first_page <= asked.pages[-1] and attempt.source.last_page >= asked.pages[0]
        ]
        asked.asked_right_section = bool(holding)
        asked.right_section_right = any(_same(_text(attempt), asked.expected) for attempt in holding)


def _text(attempt: Attempt | None) -> str:
    return NOT_FOUND if attempt is None or attempt.refuses else attempt.text


def _result(cell: Cell, asked: list[Asked], reading: list[dict[str, float]], pdf: bool) -> dict[str, Any]:
    facts, missing = _of(asked, "fact"), _of(asked, "missing")
    steps = sum(a.steps for a in asked) / len(asked)
    read = sum(r["tokens"] for r in reading) / len(reading)
    answers = [a for a in asked if a.text != NOT_FOUND]
    names = list(facts[0].ways)
    return {
        "cell": f"{round(read, -2):,.0f} tokens, {len(facts) / len(reading):.0f} facts" + (", PDF" if pdf else ""),
        "wanted_tokens": cell.tokens,
        "records": len(reading),
        "questions": len(facts),
        "exact": _share(a.right for a in facts),
        "page_right": _share(a.page in a.pages for a in facts),
        "page_right_of_right": _share(a.page in a.pages for a in facts if a.right),
        "false_refusals": _share(a.text == NOT_FOUND for a in facts),
        "wrong_but_marked": _share(a.unverified or a.doubtful for a in answers if not a.right),
        "right_but_marked": _share(a.unverified or a.doubtful for a in answers if a.right),
        "missing": len(missing),
        "refused": _share(a.right for a in missing),
        "same_words": _share(a.right for a in _of(asked, "same words")),
        "other_words": _share(a.right for a in _of(asked, "other words")),
        "asked_in_other_words": len(_of(asked, "other words")),
        "follow_ups": _share(a.right for a in _of(asked, "follow-up")),
        "asked_further": len(_of(asked, "follow-up")),
        "reread": _share(a.reread for a in facts),
        "right_section_asked": _share(a.asked_right_section for a in facts if a.asked_right_section is not None),
        "right_section_right": _share(a.right_section_right for a in facts if a.right_section_right is not None),
        "ways": {
            name: {
                "exact": _share(_same(a.ways[name], a.expected) for a in facts),
                "refused": _share(_same(a.ways[name], NOT_FOUND) for a in missing),
            }
            for name in names
        },
        "reading_tokens": round(read),
        "reading_seconds_each": [r["seconds"] for r in reading],
        "reading_tokens_each": [r["tokens"] for r in reading],
        "reading_seconds": sum(r["seconds"] for r in reading) / len(reading),
        "asking_steps": round(steps),
        "asking_share": steps / read,
        "first_token": sorted(a.first_token for a in asked)[len(asked) // 2],
        "slowest_first_token": max(a.first_token for a in asked),
        "after_restart": reading[0].get("after_restart"),
        "doubt": {
            "certainty": calibration.separation([(a.certainty or 0.0, a.right) for a in answers]),
            "weakest": calibration.separation([(a.weakest or 0.0, a.right) for a in answers]),
        },
        "wrong": [
            {
                "sort": a.sort,
                "question": a.question,
                "expected": a.expected,
                "pages": a.pages,
                "got": a.text,
                "page": a.page,
                "doubtful": a.doubtful,
                "certainty": a.certainty,
                "weakest": a.weakest,
                "basis": a.basis,
                "ways": a.ways,
            }
            for a in asked
            if not a.right or (a.pages and a.page not in a.pages)
        ],
    }


def _of(asked: Sequence[Asked], sort: str) -> list[Asked]:
    return [a for a in asked if a.sort == sort]


def _share(values: Iterator[Any]) -> float | None:
    known = list(values)
    return sum(map(bool, known)) / len(known) if known else None


def _same(text: str, expected: str) -> bool:
    return " ".join(clean_characters(text).split()) == " ".join(expected.split())


def _only(events: Sequence[wire.Event], cls: type) -> Any:
    if not isinstance(events[-1], JobFinished):
        raise KnownError(f"a job ended in {events[-1]}")
    return next(event for event in events if isinstance(event, cls))


def _document(finished: ReadingFinished) -> int:
    assert finished.document_id is not None
    return finished.document_id


def main(arguments: list[str] | None = None) -> int:
    """Print a JSON line a cell and then the table; return 0."""
    parser = argparse.ArgumentParser(prog="main.py bench recall --pipeline", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--cells", type=int, nargs="*", help=f"only these lines of the table, 0 to {len(CELLS) - 1}")
    parser.add_argument("--quick", action="store_true", help="a tenth of the questions")
    parser.add_argument("--share", type=float, default=1.0, help="of the questions and records")
    parser.add_argument("--reread", choices=REREADS, default="auto")
    parser.add_argument("--pdf", action="store_true", help="the records as PDFs instead of text files (needs fpdf2)")
    parser.add_argument("--no-ways", action="store_true", help="the product's own answers only")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args(arguments)
    cells = CELLS if options.cells is None else [CELLS[i] for i in options.cells]
    share = 0.1 if options.quick else options.share
    results = []
    going = run(options.model, options.device, cells, share, options.reread, ways=not options.no_ways, pdf=options.pdf)
    for result in going:
        results.append(result)
        print(json.dumps({name: value for name, value in result.items() if name != "wrong"}), flush=True)
        if options.out:
            options.out.write_text(json.dumps(results, indent=1) + "\n")
    print(table(results))
    for result in results:
        print(f"\n{result['cell']}, wrong:")
        for wrong in result["wrong"][:SHOWN]:
            said = f"{wrong['got']} (page {wrong['page']}{', doubtful' if wrong['doubtful'] else ''})"
            print(f"    {wrong['question']}  {wrong['expected']} (page {wrong['pages']}); said {said}")
    return 0


def table(results: Sequence[dict[str, Any]]) -> str:
    """Return the results as a table."""
    lines = [
        f"{'cell':<26} {'exact':>7} {'page':>5} {'refused':>8} {'false no':>9} {'other words (same)':>18}"
        f" {'further':>8} {'steps':>11}         first token"
    ]
    for r in results:
        names = ("exact", "page_right", "refused", "false_refusals", "other_words", "same_words", "follow_ups")
        exact, page, refused, false, other, same, further = (
            f"{100 * r[name]:.1f}" if r[name] is not None else "-" for name in names
        )
        lines.append(
            f"{r['cell']:<26} {exact:>7} {page:>5} {refused:>8} {false:>9} {other:>10} ({same:>5}) {further:>8}"
            f" {r['asking_steps']:>11,} (1/{1 / r['asking_share']:.0f})  {r['first_token']:.2f} s"
        )
        marked = [f"{100 * r[name]:.1f} %" if r[name] is not None else "-" for name in _MARKED]
        lines.append(
            f"    marked as doubtful or unconfirmed: {marked[0]} of the wrong answers, {marked[1]} of the right"
        )
        for name, found in r["doubt"].items():
            lines.append(f"    {calibration.told(name, found)}")
        for name, way in r["ways"].items():
            lines.append(f"    {name:<28} exact {100 * way['exact']:5.1f}   refused {100 * way['refused']:5.1f}")
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
