"""The sentences: what became of a document or a page, and what the user can do."""

from __future__ import annotations

from collections.abc import Sequence

from engine.documents.extraction import limits
from engine.documents.pages import DocumentError, Outcome, OutcomeKind, Page, ProblemKind

READABLE_SUFFIXES = (".pdf", ".txt", ".md", ".log", ".csv", ".jsonl", ".html", ".htm")
"""What a file dialog offers. Files of other names are read too if they are a PDF or text."""

_READABLE = ".pdf, .txt, .md, .log, .csv, .jsonl and .html"

PROBLEMS: dict[ProblemKind, str] = {
    "no_text": "a picture without text",
    "unreadable_fonts": "its fonts do not say which characters they show",
    "damaged": "its content is damaged",
    "too_big": "it needs more memory or work than a page may",
    "timed_out": f"it took more than {limits.PAGE_SECONDS:.0f} s",
    "crashed": "it made the reader crash",
}

_REFUSALS: dict[OutcomeKind, str] = {
    "no_text": "{name} holds pictures of pages, not text; run it through text recognition (OCR) first.",
    "unreadable_fonts": "{name} has text, but its fonts do not say which characters they show; "
    "print it to a new PDF or run it through text recognition (OCR) first.",
    "needs_password": "{name} is encrypted; give its password.",
    "wrong_password": "The password does not open {name}; check it and try again.",
    "damaged": "{name} is damaged or cut off and cannot be read; get a fresh copy or re-save it in another program.",
    "not_pdf": "{name} is not a PDF, although its name says so; check what it is.",
    "not_text": "{name} is neither a PDF nor text; Readthrough reads " + _READABLE + ".",
    "empty": "{name} is empty; check that it was saved or downloaded in full.",
    "too_big": "{name} asks for more memory or work than a document may; it may be damaged or made to do harm.",
    "timed_out": "{name} took too long to read; re-save it in another program and try again.",
    "changed": "{name} was changed or replaced while it was being read; open it again.",
}

_STOPPED: dict[OutcomeKind, str] = {
    "timed_out": "the time ran out",
    "too_big": "it needs more memory than it may",
    "changed": "the file was changed meanwhile",
}

_NAMED_PAGES = 12
"""Page ranges that a sentence lists; the rest is counted, and stands in `Outcome.problems`."""


def refusal(kind: OutcomeKind, name: str) -> DocumentError:
    """The error that says why the document `name` cannot be read."""
    return DocumentError(kind, _REFUSALS[kind].format(name=name))


def as_outcome(kind: ProblemKind) -> OutcomeKind:
    """What a document has come to when nothing in it could be read because of `kind`."""
    return "damaged" if kind == "crashed" else kind


class Tally:
    """Counts pages as they come by and says at the end what became of the document."""

    def __init__(self, name: str, is_pdf: bool) -> None:
        self._name = name
        self._is_pdf = is_pdf
        self._seen = 0
        self._read = 0
        self._problems: list[tuple[int, str, ProblemKind]] = []

    def add(self, page: Page) -> None:
        self._seen += 1
        self._read += bool(page.text)
        if page.problem is not None and page.problem_kind is not None:
            self._problems.append((page.number, page.problem, page.problem_kind))

    def outcome(
        self, stopped_at: int | None = None, last: int | None = None, why: OutcomeKind = "timed_out"
    ) -> Outcome:
        """Of all pages added.

        `stopped_at` is the first page not reached, where the reading was given up because of `why`; `last` the
        document's last page where that is known.
        """
        problems = tuple((number, problem) for number, problem, _ in self._problems)
        if not self._read:
            kind, sentence = self._nothing() if stopped_at is None else (why, refusal(why, self._name).sentence)
            return Outcome(kind, sentence, 0, self._seen, problems)
        if not problems and stopped_at is None:
            pages = "1 page" if self._read == 1 else f"{self._read} pages"
            return Outcome("text", f"{self._name} was read in full: {pages} with text.", self._read, self._seen)
        parts = [f"{_pages(numbers)} ({reason})" for reason, numbers in self._by_reason().items()]
        if stopped_at is not None:
            to = f"to {last}" if last is not None else "on"
            parts.append(f"from page {stopped_at} {to} ({_STOPPED.get(why, 'the file is damaged')})")
        sentence = f"{self._name} was read, but not all of it; left out: {'; '.join(parts)}."
        return Outcome("partial", sentence, self._read, self._seen, problems)

    def _by_reason(self) -> dict[str, list[int]]:
        reasons: dict[str, list[int]] = {}
        for number, problem, _ in self._problems:
            reasons.setdefault(problem, []).append(number)
        return reasons

    def _nothing(self) -> tuple[OutcomeKind, str]:
        """Why no page gave text: the most frequent problem, and of two as frequent the one that is not a picture."""
        kinds = [kind for _, _, kind in self._problems]
        if kinds:
            kind = as_outcome(max(kinds, key=lambda kind: (kinds.count(kind), kind != "no_text")))
            return kind, refusal(kind, self._name).sentence
        if self._is_pdf:
            return "no_text", f"{self._name} has no text on its pages; check that it is the right file."
        return "empty", f"{self._name} holds nothing but blanks; check that it is the right file."


def _pages(numbers: Sequence[int]) -> str:
    """[3, 4, 5, 9] -> "pages 3-5, 9"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    named = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs[:_NAMED_PAGES])
    more = sum(b - a + 1 for a, b in runs[_NAMED_PAGES:])
    return f"page{'s' if len(numbers) > 1 else ''} {named}" + (f" and {more} more" if more else "")
