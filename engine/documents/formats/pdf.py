"""One PDF file, as two readers see it. Runs inside an extractor process only: either reader may hang, crash or bloat.

pypdf opens the file: encryption, page count, outline, labels, title; its own limits stop bombs and cycles. PDFium reads
the text first, being fifteen times faster and better at word spaces. pypdf reads again what PDFium cannot. Where only
one of them can open the file, that one does everything.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from engine.documents.cleaning.characters import clean_pdf_page, clean_title
from engine.documents.cleaning.quality import CLEARLY_BETTER, GOOD_ENOUGH, UNREADABLE, quality
from engine.documents.extraction import limits
from engine.documents.formats.regular_file import RegularFile
from engine.documents.pages import OutcomeKind, ProblemKind

ReaderName = Literal["pypdf", "pdfium"]

_READ_BUFFER = 1 << 16
_FPDF_ERR_PASSWORD = 4
_HEADER_SEARCH = 1 << 20
_DRAWING_OBJECTS = 50
"""Paths on a page without text from which on it is called a drawing; fewer are rules and frames."""
_OBJECT_LOOKS = 2_000


class CannotOpen(Exception):
    """No reader can open the file; `kind` says why."""

    def __init__(self, kind: OutcomeKind) -> None:
        super().__init__(kind)
        self.kind: OutcomeKind = kind


@dataclass(frozen=True)
class PageText:
    """One page, cleaned by itself."""

    text: str
    problem: ProblemKind | None = None


@dataclass(frozen=True)
class Structure:
    """What the file says of itself."""

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


class PdfFile:
    """A PDF that both readers look at through one descriptor. They are opened when first asked for."""

    def __init__(self, file: RegularFile, password: str | None) -> None:
        """`password` is tried after the empty one."""
        self._file = file
        self._given = password
        self._passwords = [""] + ([password] if password else [])
        self._password = ""
        self._pypdf: Any = None
        self._pdfium: Any = None
        self._log = _ReaderLog()
        _restrain_pypdf()
        logging.getLogger("pypdf").addHandler(self._log)
        logging.getLogger("pypdf").propagate = False

    def structure(self, readers: Sequence[ReaderName], announce: Callable[[ReaderName], None]) -> Structure:
        """Open the file with each of `readers`, announcing each before it starts. Raises CannotOpen."""
        failures: list[OutcomeKind] = []
        counts: dict[ReaderName, int] = {}
        opening: dict[ReaderName, Callable[[], int]] = {"pypdf": self._open_pypdf, "pdfium": self._open_pdfium}
        for reader in readers:
            announce(reader)
            try:
                counts[reader] = opening[reader]()
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
        preference: tuple[ReaderName, ...] = ("pdfium", "pypdf")
        able = tuple(name for name in preference if counts.get(name) == page_count)
        if "pypdf" not in counts:
            title = self._pdfium.get_metadata_value("Title")
            return Structure(page_count, able, self._password, clean_title(title, limits.TITLE_CHARACTERS))
        return Structure(
            page_count,
            able,
            self._password,
            _quietly(self._title, ""),
            _quietly(self._outline, []),
            _quietly(self._labels, {}),
        )

    def page(self, number: int, readers: Sequence[ReaderName], announce: Callable[[ReaderName], None]) -> PageText:
        """Page `number`, from 1, by the first of `readers` that does it well, else by the one that does it best."""
        best: tuple[float, str] | None = None
        problems: list[ProblemKind] = []
        for reader in readers:
            announce(reader)
            try:
                raw = self._pdfium_text(number) if reader == "pdfium" else self._pypdf_text(number)
            except Exception as error:  # damaged pages raise anything at all
                problems.append(_why(error))
                continue
            if self._log.cut_short:
                problems.append("too_big")
            elif self._log.damaged:
                problems.append("damaged")
            if not raw.strip():
                continue
            marks = quality(raw)
            if marks.noise >= UNREADABLE:
                problems.append("unreadable_fonts")
                continue
            if best is None or marks.badness < best[0] - CLEARLY_BETTER:
                best = marks.badness, raw
            if marks.badness <= GOOD_ENOUGH:
                break
        if best is not None:
            text = clean_pdf_page(best[1])
            if text:
                return PageText(text, "too_big" if "too_big" in problems and self._log.cut_short else None)
        for kind in ("unreadable_fonts", "too_big", "damaged"):
            if kind in problems:
                return PageText("", kind)
        return PageText("", "no_text" if self._shows_something(number, readers) else None)

    def _open_pypdf(self) -> int:
        if self._pypdf is None:
            from pypdf import PasswordType, PdfReader

            reader = PdfReader(io.BufferedReader(self._file.twin(), _READ_BUFFER))
            if reader.is_encrypted:
                fitting = (p for p in self._passwords if reader.decrypt(p) != PasswordType.NOT_DECRYPTED)
                self._password = self._first(fitting)
            len(reader.pages)
            self._pypdf = reader
        return len(self._pypdf.pages)

    def _open_pdfium(self) -> int:
        if self._pdfium is None:
            import pypdfium2

            view = io.BufferedReader(self._file.twin(), _READ_BUFFER)

            def fits(password: str) -> bool:
                try:
                    self._pdfium = pypdfium2.PdfDocument(view, password=password)
                except pypdfium2.PdfiumError as error:
                    if error.err_code == _FPDF_ERR_PASSWORD:
                        return False
                    raise
                return True

            self._password = self._first(p for p in self._passwords if fits(p))
            assert self._pdfium is not None
            self._pdfium.get_page_size(0)  # a page tree that is a cycle or too deep shows here
        return len(self._pdfium)

    def _first(self, fitting: Iterator[str]) -> str:
        """The first password that fits. Raises CannotOpen."""
        for password in fitting:
            return password
        raise CannotOpen("wrong_password" if self._given else "needs_password")

    def _why_not(self, failures: list[OutcomeKind]) -> OutcomeKind:
        view = self._file.twin()
        if b"%PDF-" not in view.read(_HEADER_SEARCH):
            return "not_pdf"
        for kind in ("wrong_password", "needs_password", "too_big"):
            if kind in failures:
                return kind
        return "damaged"

    def _title(self) -> str:
        metadata = self._pypdf.metadata
        return clean_title(str(metadata.title or ""), limits.TITLE_CHARACTERS) if metadata else ""

    def _outline(self) -> list[tuple[str, int, int]]:
        entries = []
        for entry, level in _walk(self._pypdf.outline):
            page = _quietly(lambda entry=entry: self._pypdf.get_destination_page_number(entry), None)  # type: ignore[misc]
            title = clean_title(str(entry.title), limits.TITLE_CHARACTERS)
            if page is not None and page >= 0 and title:
                entries.append((title, page + 1, level))
            if len(entries) >= limits.OUTLINE_ENTRIES:
                break
        return entries

    def _labels(self) -> dict[int, str]:
        labels = self._pypdf.page_labels
        cleaned = (clean_title(label, 40) for label in labels)
        return {page: label for page, label in enumerate(cleaned, 1) if label and label != str(page)}

    def _pdfium_text(self, number: int) -> str:
        self._open_pdfium()
        self._log.clear()
        page = self._pdfium[number - 1]
        try:
            text_page = page.get_textpage()
            try:
                if text_page.count_chars() > limits.PAGE_CHARACTERS:
                    raise MemoryError
                return text_page.get_text_bounded() or text_page.get_text_range()
            finally:
                text_page.close()
        finally:
            page.close()

    def _pypdf_text(self, number: int) -> str:
        self._open_pypdf()
        self._log.clear()
        text = self._pypdf.pages[number - 1].extract_text()
        if len(text) > limits.PAGE_CHARACTERS:
            raise MemoryError
        return text

    def _shows_something(self, number: int, readers: Sequence[ReaderName]) -> bool:
        """Whether a page without text has a picture or a drawing on it."""
        if "pdfium" in readers and self._pdfium is not None:
            return _quietly(lambda: self._has_pdfium_picture(number), False)
        return _quietly(lambda: self._has_pypdf_picture(number), False)

    def _has_pdfium_picture(self, number: int) -> bool:
        from pypdfium2 import raw

        page = self._pdfium[number - 1]
        try:
            paths = 0
            for looked, item in enumerate(page.get_objects(max_depth=4)):
                if item.type == raw.FPDF_PAGEOBJ_IMAGE:
                    return True
                paths += item.type == raw.FPDF_PAGEOBJ_PATH
                if paths >= _DRAWING_OBJECTS or looked >= _OBJECT_LOOKS:
                    return True
            return False
        finally:
            page.close()

    def _has_pypdf_picture(self, number: int) -> bool:
        resources = self._pypdf.pages[number - 1]["/Resources"].get_object()
        objects = resources["/XObject"].get_object()
        return any(objects[name].get_object().get("/Subtype") in ("/Image", "/Form") for name in objects)


class _ReaderLog(logging.Handler):
    """What pypdf says about a page instead of raising."""

    def __init__(self) -> None:
        super().__init__()
        self.clear()

    def clear(self) -> None:
        self.damaged = False
        self.cut_short = False

    def emit(self, record: logging.LogRecord) -> None:
        self.damaged |= record.levelno >= logging.ERROR or str(record.msg).startswith("Error ")
        self.cut_short |= str(record.msg).startswith("Exceeded ")


def _restrain_pypdf() -> None:
    import pypdf

    pypdf.overwrite_configuration(
        zlib_maximum_output_length=limits.STREAM_OUTPUT_BYTES,
        lzw_maximum_output_length=limits.STREAM_OUTPUT_BYTES,
        run_length_maximum_output_length=limits.STREAM_OUTPUT_BYTES,
        brotli_maximum_output_length=limits.STREAM_OUTPUT_BYTES,
        jbig2_maximum_output_length=limits.STREAM_OUTPUT_BYTES,
        array_based_stream_maximum_output_length=limits.STREAM_OUTPUT_BYTES,
        maximum_declared_stream_length=limits.STREAM_OUTPUT_BYTES,
        stream_decoding_work_maximum_length=limits.DECODING_WORK_BYTES,
        stream_parsing_work_maximum_count=limits.PARSING_WORK,
        xform_maximum_invocations_per_extraction=limits.FORM_INVOCATIONS,
        page_tree_maximum_entries=limits.MAX_PAGES,
        jbig2dec_binary=None,  # an extractor starts no programs
        disable_legacy_handling=True,
    )


def _walk(outline: Any, level: int = 1) -> Iterator[tuple[Any, int]]:
    """pypdf's outline is a list in which a list holds the children of the entry before it."""
    for entry in outline:
        if isinstance(entry, list):
            yield from _walk(entry, level + 1)
        else:
            yield entry, level


def _quietly(call: Callable[[], Any], otherwise: Any) -> Any:
    """What a document can do without: if it cannot be had, `otherwise`."""
    try:
        return call()
    except Exception:
        return otherwise


def _why(error: Exception) -> ProblemKind:
    from pypdf.errors import LimitReachedError

    return "too_big" if isinstance(error, MemoryError | LimitReachedError) else "damaged"
