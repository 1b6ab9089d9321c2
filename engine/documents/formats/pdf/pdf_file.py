"""One PDF file, read by two readers. Runs inside an extractor process only: either reader may hang, crash or bloat.

PDFium reads the text first, being fifteen times faster and better at word spaces. pypdf reads again what PDFium cannot.
pypdf also gives outline, page labels, title and layers; its own limits stop bombs and cycles. Where only one of them
can open the file, that one does everything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from traceback import format_exc
from typing import TYPE_CHECKING, Literal, TypeVar

from engine.documents.cleaning.characters import clean_pdf_page, clean_title
from engine.documents.cleaning.noise import noise_lines, without_lines
from engine.documents.cleaning.quality import CLEARLY_BETTER, GOOD_ENOUGH, UNREADABLE, is_plausible, quality
from engine.documents.extraction import limits
from engine.documents.formats.memory_file import MemoryFile, OpenFile
from engine.documents.formats.parts import Parts
from engine.documents.formats.pdf.glyph_layer import DrawnText, placed_at
from engine.documents.formats.pdf.layers import HIDDEN
from engine.documents.formats.pdf.object_scan import UNKNOWN, scan
from engine.documents.formats.pdf.outline import cleaned_labels, cleaned_outline
from engine.documents.formats.pdf.pdfium_reader import PdfiumReader, RawPage
from engine.documents.formats.pdf.problems import CannotOpen
from engine.documents.formats.pdf.recognition import LONGEST_SIDE, is_available, recognise
from engine.documents.pages import OutcomeKind, ProblemKind

if TYPE_CHECKING:
    from engine.documents.formats.pdf.pypdf_reader import PypdfReader

__all__ = ["CannotOpen", "PageText", "PdfFile", "Structure"]

ReaderName = Literal["pypdf", "pdfium", "ocr"]
T = TypeVar("T")

_HEADER_SEARCH = 1 << 20
_WAITING = "\x00waiting"
"""Stands for the page of a dynamic form that only asks for Adobe Reader."""
_FORM_DATA = "the values of a form that only Adobe Reader can show; its printed text is not read"
_WAITING_TEXT = ("Please wait", "Adobe Reader")
_FIRST_WIDE, _FEWEST_MORE, _SEEN_SHARE = "\u2e80", 2, 0.5
"""Characters, and share of the texts that PDFium has not seen, that pypdf must have more; the rest are blanks."""
_FEW_UNSEEN = 0.5
"""Share of a page's texts that PDFium may not have seen on a page that is still its own."""
_SHORT = 1_000
"""Characters of a page that may ask to wait."""
_LISTED_ATTACHMENTS = 5
_LARGEST_COPIED = 64 << 20
"""Bytes of a file that is copied in memory to take out what several layers together hide."""


@dataclass(frozen=True)
class PageText:
    """One page, cleaned by itself."""

    text: str
    problem: ProblemKind | None = None
    notes: list[str] = field(default_factory=list)
    certainty: float | None = None
    """Mean certainty of text recognition, 0 to 1; None without recognition."""
    fault: str = ""
    """Traceback of an error in the code that lays the page out, or in text recognition; for the log."""


@dataclass(frozen=True)
class Structure:
    """Description of the file by itself."""

    page_count: int
    readers: tuple[ReaderName, ...]
    """Those that can read this file's pages, the preferred one first."""
    password: str
    """The one that opened it; empty for most."""
    title: str = ""
    outline: list[tuple[str, int, int]] = field(default_factory=list)
    """(title, page from 1, level from 1)"""
    labels: dict[int, str] = field(default_factory=dict)
    """Page from 1 -> label, where it is not just the number."""
    hidden_layers: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Unread parts of the file, as sentences."""
    unmapped_fonts: list[str] | None = None
    """Fonts that may have no map to characters; None if unknown."""


class PdfFile:
    """A PDF that both readers look at through one descriptor. They are opened when first asked for."""

    def __init__(
        self,
        file: OpenFile,
        password: str | None,
        hidden_layers: Sequence[str] = (),
        read_file: Callable[[str, bytes], Parts | None] | None = None,
        unmapped_fonts: Sequence[str] | None = None,
    ) -> None:
        """`password` is tried after the empty one; what is on `hidden_layers` is not read.

        `unmapped_fonts`: those that may have no map to characters, as an earlier opening found them.
        `read_file` reads the files of a portfolio, whose own page is a cover: name and content -> pages.
        """
        self._read_file = read_file
        self._attached: Parts | None = None
        self._hidden = frozenset(hidden_layers)
        self._file = file
        self._passwords = [""] + ([password] if password else [])
        self._facts = UNKNOWN._replace(unmapped_fonts=None if unmapped_fonts is None else frozenset(unmapped_fonts))
        self._is_suspect = False
        """True if PDFium may have lost pages."""
        self._fault = ""
        """Traceback of the first fault of our own code on the page being read."""
        self._pypdf_opened: PypdfReader | None = None
        self._pdfium_opened: PdfiumReader | None = None

    def structure(self, readers: Sequence[str], announce: Callable[[ReaderName], None]) -> Structure:
        """Open the file with each of `readers`, announcing each before it starts. Raises CannotOpen."""
        failures: list[OutcomeKind] = []
        counts: dict[ReaderName, int] = {}
        for reader in ("pdfium", "pypdf"):
            if reader not in readers:
                continue
            if reader == "pypdf" and self._can_wait(counts):
                counts[reader] = counts["pdfium"]
                continue
            announce(reader)
            try:
                counts[reader] = self._count(reader, counts)
            except CannotOpen as error:
                failures.append(error.kind)
            except MemoryError:
                failures.append("too_big")
            except Exception:  # damaged files raise anything at all
                failures.append("damaged")
        if not counts:
            raise CannotOpen(self._why_not(failures))
        page_count = max(counts.values())
        if page_count > limits.MAX_PAGES:
            raise CannotOpen("too_big")
        if page_count == 0:
            raise CannotOpen("damaged")
        self._find_hidden_layers()
        attached = _or(self._portfolio, Parts()) if self._is_portfolio() else Parts()
        able = tuple(reader for reader, count in counts.items() if count == page_count)
        if "pdfium" in able and is_available():
            able = (*able, "ocr")
        best = self._pdfium_opened if "pdfium" in able else self._pypdf_opened
        assert best is not None
        outline: list[tuple[str, int, int]] = _or(lambda: cleaned_outline(best.outline()), [])
        labels: dict[int, str] = _or(lambda: cleaned_labels(best.labels()), {})
        return Structure(
            page_count + len(attached.pages),
            able,
            next((one.password for one in (self._pdfium_opened, self._pypdf_opened) if one and one.password), ""),
            clean_title(_or(lambda: best.title, ""), limits.TITLE_CHARACTERS),
            [*outline, *((title, page + page_count, level) for title, page, level in attached.outline)],
            labels | {page_count + number: page.label for number, page in enumerate(attached.pages, 1) if page.label},
            sorted(self._hidden),
            attached.notes if attached.pages else _or(self._notes, []),
            None if self._facts.unmapped_fonts is None else sorted(self._facts.unmapped_fonts),
        )

    def _can_wait(self, counts: dict[ReaderName, int]) -> bool:
        """Return whether pypdf need not open the file before a page asks for it.

        Layers and portfolios are read by pypdf, and a damaged file shows which of the readers can open it.
        """
        if "pdfium" not in counts or self._is_suspect:
            return False
        self._facts = _or(lambda: scan(self._file), UNKNOWN)
        return not (self._facts.may_have_layers or self._facts.may_be_portfolio)

    def _is_portfolio(self) -> bool:
        opened = self._pypdf_opened
        return self._read_file is not None and opened is not None and _or(lambda: opened.is_portfolio, False)

    def _portfolio(self) -> Parts:
        """Return the pages of the attached files, which follow the document's own."""
        if self._attached is None:
            assert self._read_file is not None
            self._attached = Parts()
            pdfium = self._pdfium()
            for number, name in enumerate(pdfium.attachments()):
                parts = self._read_file(name, pdfium.attachment(number))
                if parts is None:
                    self._attached.notes.append(f"an attached file is not read: {clean_title(name, 80)}")
                else:
                    self._attached.add(parts, clean_title(name, 80))
        return self._attached

    def _count(self, reader: ReaderName, counts: dict[ReaderName, int]) -> int:
        """Open the file with `reader` and return its number of pages.

        pypdf walks through the whole page tree for it, so it only counts where PDFium could not reach the last page.
        """
        if reader == "pdfium":
            pdfium = self._pdfium()
            if not pdfium.reaches_last_page():
                self._is_suspect = True
            return pdfium.page_count
        pypdf = self._pypdf()
        return counts["pdfium"] if "pdfium" in counts and not self._is_suspect else pypdf.page_count

    def _find_hidden_layers(self) -> None:
        if self._pypdf_opened is not None:
            self._hidden = _or(self._pypdf_opened.hidden_layers, self._hidden)
        if self._pdfium_opened is not None:
            if HIDDEN in self._hidden and (copy := self._copy()) is not None:
                self._pdfium_opened = copy
            self._pdfium_opened.hide_layers(self._hidden)

    def _copy(self) -> PdfiumReader | None:
        """Return PDFium's reader of a copy without hidden members, None if the file is too big or damaged for one."""
        if self._file.size > _LARGEST_COPIED:
            return None
        return _or(lambda: PdfiumReader(MemoryFile(self._pypdf().without_hidden_members()), [""]), None)

    def page(self, number: int, readers: Sequence[str], announce: Callable[[str], None]) -> PageText:
        """Return page `number`, from 1, by the first of `readers` that reads it well, else by the best of them."""
        if self._read_file is not None and self._pdfium_opened and number > (own := self._pdfium().page_count):
            attached = self._portfolio().pages[number - own - 1]
            return PageText(attached.text, None, attached.notes)
        problems: list[ProblemKind] = []
        notes: list[str] = []
        self._fault = ""
        raw = self._best_text(number, readers, announce, problems, notes)
        if raw == _WAITING:
            values = self._form_data() if number == 1 and "pypdf" in readers else ""
            return PageText(values, None, [_FORM_DATA]) if values else PageText("", "placeholder")
        if text := clean_pdf_page(raw):
            cut_short = self._pypdf_opened is not None and self._pypdf_opened.log.cut_short
            problem: ProblemKind | None = "too_big" if "too_big" in problems and cut_short else None
            return PageText(text, problem, notes, fault=self._fault)
        shows_something = "unreadable_fonts" in problems or self._shows_something(number, readers)
        if shows_something and "ocr" in readers:
            announce("ocr")
            if (page := self._recognised(number, notes)) is not None:
                return page
        for kind in ("unreadable_fonts", "too_big", "damaged"):
            if kind in problems:
                return PageText("", kind, notes, fault=self._fault)
        return PageText("", "no_text" if shows_something else None, notes, fault=self._fault)

    def _best_text(
        self,
        number: int,
        readers: Sequence[str],
        announce: Callable[[str], None],
        problems: list[ProblemKind],
        notes: list[str],
    ) -> str:
        """Return the text of the first reader that reads the page well, else the best text, empty if there is none.

        Adds what went wrong to `problems`, and what the readers noticed to `notes`.
        """
        best, best_badness, unseen = "", 2.0, 0
        for reader in readers:
            if reader == "ocr":
                break
            announce(reader)
            if reader == "pypdf" and "pdfium" in readers and not self._opens_with_pypdf():
                continue
            try:
                raw = self._read(reader, number)
                if reader == "pdfium" and raw.unseen and "pypdf" in readers:
                    raw = self._with_unseen(number, raw)
            except Exception as error:  # damaged pages raise anything at all
                problems.append(_why(error))
                continue
            problems += self._logged(reader)
            notes += raw.notes
            self._fault = self._fault or raw.fault
            if not raw.text.strip():
                continue
            marks = quality(raw.text)
            is_doubtful = raw.unmapped >= UNREADABLE or "unreadable_fonts" in problems
            if marks.noise >= UNREADABLE or (is_doubtful and not is_plausible(raw.text)):
                problems.append("unreadable_fonts")
                continue
            text = self._without_noise(raw.text, number, readers, notes)
            if not text:
                problems.append("unreadable_fonts")
                continue
            if reader == "pdfium" and self._is_waiting(raw.text):
                return _WAITING
            has_more = unseen > 0 and _holds_more(text, best, unseen)
            if has_more or marks.badness < best_badness - CLEARLY_BETTER:
                best, best_badness, unseen = text, marks.badness, len(raw.unseen)
            if marks.badness <= GOOD_ENOUGH and not unseen:
                break
        return best

    def _with_unseen(self, number: int, raw: RawPage) -> RawPage:
        """Return page `number` with the few texts that PDFium has not seen, as pypdf gives them, between its own.

        Where they are many, the page is pypdf's.
        """
        drawn: list[DrawnText] = _or(lambda: self._pypdf().drawn(number), [])
        added = placed_at(drawn, raw.unseen)
        if not added or len(added) > _FEW_UNSEEN * len(drawn):
            return raw
        again = self._pdfium().page(number, self._hidden_notes(number), [*raw.placed, *added])
        return replace(again, unseen=())

    def _form_data(self) -> str:
        values: list[str] = _or(lambda: self._pypdf().form_data(), [])
        return clean_pdf_page("\n".join(values))

    def _is_waiting(self, text: str) -> bool:
        """Return whether a page only says that Adobe Reader is about to build the form's pages."""
        if self._pdfium().is_dynamic_form:
            return len(text) < _SHORT or any(words in text for words in _WAITING_TEXT)
        return self._pdfium().has_form_data and _WAITING_TEXT[0] in text and len(text) < _SHORT

    def _without_noise(self, text: str, number: int, readers: Sequence[str], notes: list[str]) -> str:
        """Return `text` without lines in fonts that have no map to characters, whose codes were taken for some."""
        noise = noise_lines(text)
        if noise and "pypdf" in readers:
            noise = self._in_unmapped_fonts(number, noise)
        if not noise or "pypdf" not in readers:
            return text
        kept = without_lines(text, noise)
        unmapped, mapped = _or(lambda: self._pypdf().count_fonts(number), (0, 0))
        # Where all fonts are alike and most lines are words, the codes happen to be right, as in old TeX files.
        if not unmapped or (kept and not mapped):
            return text
        if kept:
            lines = "a line is" if len(noise) == 1 else f"{len(noise)} lines are"
            notes.append(f"{lines} left out, whose font does not say which characters it shows")
        return kept

    def _in_unmapped_fonts(self, number: int, lines: list[str]) -> list[str]:
        """Return those of `lines` of page `number` whose fonts may have no map to characters."""
        unmapped, opened = self._facts.unmapped_fonts, self._pdfium_opened
        if unmapped is None or opened is None:
            return lines
        return _or(lambda: opened.lines_in_fonts(number, lines, unmapped), lines)

    def _recognised(self, number: int, notes: list[str]) -> PageText | None:
        """Return page `number` read from its picture, None if nothing on it can be recognised."""
        try:
            found = recognise(self._pdfium().picture(number, LONGEST_SIDE))
        except Exception:
            self._fault = format_exc()
            notes.append("text recognition (OCR) failed on it")
            return None
        if found is None:
            return None
        if not found.text:
            return PageText("", "unrecognised", notes, fault=self._fault)
        if found.lost:
            notes = [*notes, f"{found.lost} line{'' if found.lost == 1 else 's'} could not be recognised"]
        return PageText(clean_pdf_page(found.text), None, notes, round(found.certainty, 3), self._fault)

    def _read(self, reader: str, number: int) -> RawPage:
        if self._pypdf_opened is not None:
            self._pypdf_opened.log.clear()
        if reader != "pdfium":
            return RawPage(self._pypdf().page(number))
        return self._pdfium().page(number, self._hidden_notes(number))

    def _hidden_notes(self, number: int) -> frozenset[int]:
        none: frozenset[int] = frozenset()
        has_hidden = bool(self._hidden) and self._pypdf_opened is not None
        return _or(lambda: self._pypdf().hidden_annotations(number), none) if has_hidden else none

    def _logged(self, reader: str) -> list[ProblemKind]:
        log = self._pypdf_opened.log if self._pypdf_opened is not None and reader == "pypdf" else None
        if log is None:
            return []
        return ["too_big"] if log.cut_short else ["damaged"] if log.damaged else []

    def _pdfium(self) -> PdfiumReader:
        if self._pdfium_opened is None:
            copy = self._copy() if HIDDEN in self._hidden else None
            self._pdfium_opened = copy or PdfiumReader(self._file, self._passwords)
            self._pdfium_opened.hide_layers(self._hidden)
        return self._pdfium_opened

    def _pypdf(self) -> PypdfReader:
        if self._pypdf_opened is None:
            from engine.documents.formats.pdf.pypdf_reader import PypdfReader

            self._pypdf_opened = PypdfReader(self._file, self._passwords)
        return self._pypdf_opened

    def _opens_with_pypdf(self) -> bool:
        return _or(lambda: self._pypdf() is not None, False)

    def _why_not(self, failures: list[OutcomeKind]) -> OutcomeKind:
        if b"%PDF-" not in (self._file.reopened().read(_HEADER_SEARCH) or b""):
            return "not_pdf"
        for kind in ("needs_certificate", "wrong_password", "needs_password", "too_big"):
            if kind in failures:
                return kind
        return "damaged"

    def _notes(self) -> list[str]:
        if self._pdfium_opened is None:
            return []
        notes = []
        if layers := sorted(clean_title(name, 80) for name in self._hidden if name != HIDDEN):
            notes.append(f"layers that are switched off are not read: {', '.join(layers[:_LISTED_ATTACHMENTS])}")
        names = self._pdfium_opened.attachments()
        if not names:
            return notes
        listed = ", ".join(clean_title(name, 80) for name in names[:_LISTED_ATTACHMENTS])
        more = f" and {len(names) - _LISTED_ATTACHMENTS} more" if len(names) > _LISTED_ATTACHMENTS else ""
        verb = "file is attached to it and was" if len(names) == 1 else "files are attached to it and were"
        return [*notes, f"{len(names)} {verb} not read: {listed}{more}"]

    def _shows_something(self, number: int, readers: Sequence[str]) -> bool:
        if "pdfium" in readers and self._pdfium_opened is not None:
            opened = self._pdfium_opened
            return _or(lambda: opened.shows_something(number), False)
        return _or(lambda: self._pypdf().shows_something(number), False)


def _holds_more(text: str, other: str, unseen: int) -> bool:
    """Return whether `text` has about as many more Chinese, Japanese or Korean characters as `unseen` texts have."""
    more = Counter(text) - Counter(other)
    wide = sum(count for character, count in more.items() if character >= _FIRST_WIDE)
    return wide >= max(_FEWEST_MORE, _SEEN_SHARE * unseen)


def _or(call: Callable[[], T], otherwise: T) -> T:
    """Return the result of `call`, or `otherwise` if it fails; for optional parts of a document."""
    try:
        return call()
    except Exception:
        return otherwise


def _why(error: Exception) -> ProblemKind:
    is_limit = isinstance(error, MemoryError) or type(error).__name__ == "LimitReachedError"  # pypdf's
    return "too_big" if is_limit else "damaged"
