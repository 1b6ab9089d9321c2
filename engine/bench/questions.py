"""Questions on documents, asked through a real session: right answers, answers called absent, and refusals.

    main.py bench questions FILE [--model FOLDER] [--library FILE] [--all]

FILE (JSON) holds a list of documents, each with its questions:

    [{"name": "manual", "document": "manual.pdf", "questions": [[question, answers], ...]}, ...]

`document` is a path, relative to FILE; `text` holds the document itself instead. `answers` is a list of texts of which
one must be shown, or null for a question that the document does not answer; a list in place of a text holds texts that
must all be shown. Letter case and the kind of blank do not count. The figures:

- right: answered, and the answer holds an accepted text; first: its first line does.
- absent: an answerable question whose answer is "not found"; shown: the accepted text is among the closest passages.
- refused: an unanswerable question whose answer is "not found".
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.control import Control
from engine.errors import KnownError
from engine.grounding.words import folded
from engine.protocol.evidence import Evidence
from engine.protocol.wire import AnswerFinished, Ask, JobFailed
from engine.session.session import Session, open_session
from engine.wording.sentences import doubts

Accepted = str | list[str]
"""A text that must be shown, or texts that must all be."""


@dataclass(frozen=True)
class Outcome:
    """Result of one question."""

    document: str
    question: str
    accepted: list[Accepted] | None
    answer: str
    evidence: Evidence

    @property
    def holds(self) -> bool:
        """Return whether the answer shows an accepted text, found or not."""
        return any(_shows(self.answer, one) for one in self.accepted or ())

    @property
    def first(self) -> bool:
        """Return whether the first line of a found answer shows an accepted text."""
        lines = self.answer.splitlines()
        return self.right and any(_shows(lines[0], one) for one in self.accepted or ())

    @property
    def right(self) -> bool:
        """Return whether the question was answered rightly, or refused where the document does not answer."""
        return not self.evidence.found if self.accepted is None else self.evidence.found and self.holds

    @property
    def absent(self) -> bool:
        """Return whether an answerable question was refused."""
        return self.accepted is not None and not self.evidence.found


def _shows(answer: str, accepted: Accepted) -> bool:
    plain = " ".join(folded(answer).split())
    wanted = [accepted] if isinstance(accepted, str) else accepted
    return all(" ".join(folded(text).split()) in plain for text in wanted)


def load_documents(file: Path, folder: Path) -> list[tuple[str, Path, list[tuple[str, list[Accepted] | None]]]]:
    """Return (name, path, questions) of each document in `file`; a text is written to `folder`. Raise KnownError for a
    file of another form."""
    found = []
    try:
        for number, entry in enumerate(json.loads(file.read_text(encoding="utf-8")), 1):
            name = entry.get("name", f"document {number}")
            if "text" in entry:
                path = folder / f"{number}.txt"
                path.write_text(entry["text"], encoding="utf-8")
            else:
                path = file.parent / entry["document"]
            found.append((name, path, [(question, answers) for question, answers in entry["questions"]]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise KnownError(f"{file} holds no questions: {error!r}") from error
    return found


def outcomes(session: Session, documents: Sequence[tuple[str, Path, Sequence[Any]]]) -> Iterator[Outcome]:
    """Ask every question of every document and yield the outcomes."""
    for name, path, questions in documents:
        for question, accepted in questions:
            answer = _ask(session, path, question)
            yield Outcome(name, question, accepted, answer.text, answer.evidence)


def _ask(session: Session, path: Path, question: str) -> AnswerFinished:
    found = None
    for event in session.run(Ask(job_id="ask", path=str(path), question=question), Control()):
        if isinstance(event, JobFailed):
            raise KnownError(f"{path}: {event.message}\n{event.details or ''}")
        if isinstance(event, AnswerFinished):
            found = event
    if found is None:
        raise KnownError(f"{path}: no answer to {question!r}")
    return found


def figures(some: Sequence[Outcome]) -> dict[str, str]:
    """Return the shares of right, absent and refused."""
    yes = [outcome for outcome in some if outcome.accepted is not None]
    no = [outcome for outcome in some if outcome.accepted is None]
    absent = [outcome for outcome in yes if outcome.absent]
    doubtful = Counter(outcome.right for outcome in yes if outcome.evidence.found and outcome.evidence.doubtful)
    return {
        "right": f"{sum(o.right for o in yes)} of {len(yes)}",
        "in the first line": f"{sum(o.first for o in yes)}",
        "called absent": f"{len(absent)}, of which {sum(o.holds for o in absent)} show the answer as a passage",
        "refused": f"{sum(o.right for o in no)} of {len(no)}",
        "marked as doubtful": f"{doubtful[True]} right, {doubtful[False]} wrong",
    }


@contextmanager
def _session(model: Path | None, library: Path | None) -> Iterator[tuple[Session, Path]]:
    with (
        tempfile.TemporaryDirectory() as folder,
        open_session(model, library or Path(folder) / "library.db") as session,
    ):
        yield session, Path(folder)


def _print(outcome: Outcome) -> None:
    verdict = "right" if outcome.right else "absent" if outcome.absent else "WRONG"
    print(f"\n[{outcome.document}] {outcome.question}\n  {verdict}; accepted {outcome.accepted}")
    for line in outcome.answer.splitlines():
        print(f"    {line}")
    for doubt in doubts(outcome.evidence):
        print(f"    ({doubt})")


def main(arguments: Sequence[str]) -> int:
    """Ask the questions of a file and print the figures, and the answers that came out wrong."""
    parser = argparse.ArgumentParser(prog="main.py bench questions", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--model", type=Path, help="default: the shipped models")
    parser.add_argument("--library", type=Path, help="keep what is read in this library")
    parser.add_argument("--all", action="store_true", help="print every answer")
    options = parser.parse_args(arguments)
    found: list[Outcome] = []
    with _session(options.model, options.library) as (session, folder):
        for outcome in outcomes(session, load_documents(options.file, folder)):
            found.append(outcome)
            print(f"\r{len(found)}", end="", file=sys.stderr, flush=True)
            if options.all or not outcome.right:
                _print(outcome)
    print(file=sys.stderr)
    for name in dict.fromkeys(outcome.document for outcome in found):
        shares = figures([outcome for outcome in found if outcome.document == name])
        print(f"\n{name}: " + ", ".join(f"{what} {figure}" for what, figure in shares.items()))
    print()
    for what, figure in figures(found).items():
        print(f"{what:<20}{figure}")
    return 0
