"""Sentences about documents and pages: how the reading ended and what the user can do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.documents.extraction import limits
from engine.documents.pages import DocumentError, Outcome, OutcomeKind, Page, ProblemKind

OFFICE_SUFFIXES = (".docx", ".odt", ".rtf", ".epub", ".pptx", ".xlsx", ".eml", ".mbox", ".zip")
"""Office files, books, mail, and archives of any of these."""
READABLE_SUFFIXES = (".pdf", ".txt", ".md", ".log", ".csv", ".jsonl", ".html", ".htm", *OFFICE_SUFFIXES)
"""Suffixes for the file dialog. A file with another suffix is read if its content is of a known kind."""
OFFICE_HEADERS = (b"PK\x03\x04", b"{\\rtf", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
"""First bytes of a ZIP archive, an RTF file, and a binary office file of before 2007."""

_READABLE = ".pdf, .docx, .odt, .rtf, .epub, .pptx, .xlsx, .eml, .txt, .md, .log, .csv, .jsonl and .html"

PROBLEMS: dict[ProblemKind, str] = {
    "no_text": "a picture without text",
    "unreadable_fonts": "its fonts do not say which characters they show",
    "unrecognised": "text recognition could not read it",
    "placeholder": "a form that only Adobe Reader can show",
    "damaged": "its content is damaged",
    "too_big": "it needs more memory or work than a page is allowed",
    "timed_out": f"it took more than {limits.PAGE_SECONDS:.0f} s",
    "crashed": "the text extractor crashed on it",
}

_REFUSALS: dict[OutcomeKind, str] = {
    "no_text": "{name} holds pictures of pages, not text; install Readthrough with text recognition (OCR), "
    "pip install 'readthrough[ocr]', or run the file through another program's first.",
    "unreadable_fonts": "{name} has text, but its fonts do not say which characters they show; "
    "install Readthrough with text recognition (OCR), pip install 'readthrough[ocr]', or print the file to a new PDF.",
    "placeholder": "{name} is a dynamic XFA form, which only Adobe Reader can show; print it to a new PDF there.",
    "needs_password": "{name} is password-protected; enter the password.",
    "wrong_password": "The password does not open {name}; check it and try again.",
    "needs_certificate": "{name} is encrypted for the holder of a certificate or by a rights management system, "
    "not with a password; save a copy without protection in the program that opens it.",
    "damaged": "{name} is damaged or cut off and cannot be read; get a fresh copy or re-save it in another program.",
    "not_pdf": "{name} is not a PDF, although its name says so; check that it is the right file.",
    "not_text": "{name} is neither a PDF nor text; Readthrough reads " + _READABLE + ".",
    "empty": "{name} is empty; check that it was saved or downloaded in full.",
    "too_big": "{name} needs more memory or work than a document is allowed; it may be damaged or malicious.",
    "timed_out": "{name} took too long to read; re-save it in another program and try again.",
    "changed": "{name} was changed or replaced while it was being read; open it again.",
    "unsupported": "{name} is of a kind that Readthrough does not read; save it as PDF or text.",
}

_UNRECOGNISED = (
    "{name} holds pictures of pages whose text could not be recognised: text recognition reads Latin letters, Chinese "
    "and Japanese; for other scripts install the program tesseract with its language packs."
)

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"II*\0", "a TIFF image"),
    (b"MM\0*", "a TIFF image"),
    (b"PK\x03\x04", "an office file or an archive"),
    (b"\xd0\xcf\x11\xe0", "an office file of before 2007"),
    (b"{\\rtf", "an RTF document"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
)

_STOPPED: dict[OutcomeKind, str] = {
    "timed_out": "the time ran out",
    "too_big": "it needs more memory than is allowed",
    "changed": "the file was changed meanwhile",
    "missing": "the file was deleted meanwhile",
    "no_access": "the file cannot be opened any more",
}

_LISTED_RANGES = 12
"""Page ranges that a sentence lists; the rest is counted, and stands in `Outcome.problems`."""
_LISTED_NOTES = 6


def not_a_pdf(name: str, beginning: bytes) -> DocumentError:
    """Return the error of a file that is named as a PDF but is none, with the kind that it looks like."""
    kind = next((words for signature, words in _SIGNATURES if beginning.startswith(signature)), "")
    sentence = refusal("not_pdf", name)
    wrong, _, remedy = str(sentence).rpartition("; ")
    return DocumentError("not_pdf", f"{wrong} (it looks like {kind}); {remedy}") if kind else sentence


def refusal(kind: OutcomeKind, name: str) -> DocumentError:
    """Return the error that says why the document `name` cannot be read."""
    return DocumentError(kind, _REFUSALS[kind].format(name=name))


def as_outcome(kind: ProblemKind) -> OutcomeKind:
    """Return the outcome of a document of which nothing could be read because of `kind`."""
    return "damaged" if kind == "crashed" else "no_text" if kind == "unrecognised" else kind


class Outcomes:
    """Counts pages and their problems and composes the outcome of the document."""

    def __init__(self, name: str, is_pdf: bool, notes: Iterable[str] = ()) -> None:
        """`notes`: remarks on the whole file, as ends of "Note: ..."."""
        self._name = name
        self._is_pdf = is_pdf
        self._file_notes = tuple(notes)
        self._seen = 0
        self._read = 0
        self._recognised: list[tuple[int, float]] = []
        self._left_out: list[tuple[int, int]] = []
        self._problems: list[tuple[int, str, ProblemKind]] = []
        self._notes: list[tuple[int, str]] = []

    def add(self, page: Page) -> None:
        """Count one page."""
        self._seen += 1
        self._read += bool(page.text)
        if page.certainty is not None:
            self._recognised.append((page.number, page.certainty))
        if page.removed:
            self._left_out.append((page.number, len(page.removed)))
        self._notes += [(page.number, note) for note in page.notes]
        if page.problem is not None and page.problem_kind is not None:
            self._problems.append((page.number, page.problem, page.problem_kind))

    def outcome(
        self, stopped_at: int | None = None, last: int | None = None, why: OutcomeKind = "timed_out"
    ) -> Outcome:
        """Return the outcome over all pages added.

        `stopped_at` is the first page not reached, where the reading was given up because of `why`; `last` the
        document's last page where that is known.
        """
        problems = tuple((number, problem) for number, problem, _ in self._problems)
        if not self._read:
            kind, sentence = self._unread() if stopped_at is None else (why, refusal(why, self._name).sentence)
            return Outcome(kind, sentence, 0, self._seen, problems)
        if not problems and stopped_at is None:
            pages = "1 page" if self._read == 1 else f"{self._read} pages"
            sentence = f"{self._name} was read in full: {pages} with text.{self._remarks()}"
            return Outcome("text", sentence, self._read, self._seen, (), *self._details())
        parts = [f"{page_ranges(numbers)} ({reason})" for reason, numbers in self._by_reason().items()]
        if stopped_at is not None:
            to = f"to {last}" if last is not None else "on"
            parts.append(f"from page {stopped_at} {to} ({_STOPPED.get(why, 'the file is damaged')})")
        sentence = f"{self._name} was read, but not all of it; left out: {'; '.join(parts)}.{self._remarks()}"
        return Outcome("partial", sentence, self._read, self._seen, problems, *self._details())

    def changed(self) -> Outcome:
        """Return the outcome of a file that was changed while it was read."""
        problems = tuple((number, problem) for number, problem, _ in self._problems)
        return Outcome("changed", refusal("changed", self._name).sentence, self._read, self._seen, problems)

    def _details(self) -> tuple[tuple[tuple[int, int], ...], tuple[tuple[int, float], ...]]:
        return tuple(self._left_out), tuple(self._recognised)

    def _by_reason(self) -> dict[str, list[int]]:
        reasons: dict[str, list[int]] = {}
        for number, problem, _ in self._problems:
            reasons.setdefault(problem, []).append(number)
        return reasons

    def _remarks(self) -> str:
        """Return further sentences: text recognition, notes with their pages, and the count of removed lines."""
        remarks = []
        if self._recognised:
            numbers = [number for number, _ in self._recognised]
            were = "was" if len(numbers) == 1 else "were"
            least = min(certainty for _, certainty in self._recognised)
            remarks.append(
                f"{page_ranges(numbers)} {were} read by text recognition (OCR), with a certainty of {least:.0%}"
                + (" or more" if len(numbers) > 1 else "")
            )
        by_note: dict[str, list[int]] = {}
        for number, note in self._notes:
            by_note.setdefault(note, []).append(number)
        remarks += self._file_notes
        listed = list(by_note.items())
        remarks += [f"{page_ranges(numbers)}: {note}" for note, numbers in listed[:_LISTED_NOTES]]
        if len(listed) > _LISTED_NOTES:
            remarks.append(f"{_counted(len(listed) - _LISTED_NOTES, 'more note', 'more notes')} on other pages")
        if self._left_out:
            lines = sum(count for _, count in self._left_out)
            what = "header, footer or page number was" if lines == 1 else "headers, footers and page numbers were"
            remarks.append(f"{lines:,} {what} left out, on {page_ranges([number for number, _ in self._left_out])}")
        return "".join(f" {remark[:1].upper()}{remark[1:]}." for remark in remarks)

    def _unread(self) -> tuple[OutcomeKind, str]:
        """Return the reason that no page gave text: the most frequent problem, on a tie one other than "no_text"."""
        kinds = [kind for _, _, kind in self._problems]
        if kinds:
            if kinds.count("unrecognised") > len(kinds) / 2:
                return "no_text", _UNRECOGNISED.format(name=self._name)
            kind = as_outcome(max(kinds, key=lambda kind: (kinds.count(kind), kind != "no_text")))
            return kind, refusal(kind, self._name).sentence
        if self._is_pdf:
            return "no_text", f"{self._name} has no text on its pages; check that it is the right file."
        return "empty", f"{self._name} holds nothing but blanks; check that it is the right file."


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def page_ranges(numbers: Sequence[int]) -> str:
    """Return page numbers as words: [3, 4, 5, 9] -> "pages 3–5, 9"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    named = ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in runs[:_LISTED_RANGES])
    more = sum(b - a + 1 for a, b in runs[_LISTED_RANGES:])
    return f"page{'s' if len(numbers) > 1 else ''} {named}" + (f" and {more} more" if more else "")
