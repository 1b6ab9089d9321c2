"""An office file, a book, mail or an archive as pages. Runs inside an extractor process."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Callable
from dataclasses import dataclass, field

from engine.documents.cleaning.characters import clean_title
from engine.documents.extraction import limits
from engine.documents.formats.memory_file import MemoryFile, OpenFile
from engine.documents.formats.office.mail import read_mail
from engine.documents.formats.office.package import Package
from engine.documents.formats.office.rtf import read_rtf
from engine.documents.formats.parts import Parts
from engine.documents.pages import DocumentError, OutcomeKind

_RTF = b"{\\rtf"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
_MAIL_SUFFIXES = (".eml", ".mbox")
MOST_OPENED = 10_000
"""Files within a document that are opened, over all archives within it."""
_DEEPEST = 3
"""Archives within archives and mails within mails that are opened."""
_TOO_DEEP = "The parts of {name} lie too deep within each other; save it again in its program."
_SKIPPED_NAMES = ("__MACOSX/", ".DS_Store", "Thumbs.db")
_LISTED = 10
_WHY: dict[OutcomeKind, str] = {
    "damaged": "damaged",
    "empty": "empty",
    "needs_password": "encrypted",
    "needs_certificate": "encrypted",
    "no_text": "without text",
    "not_text": "not text",
    "too_big": "too big or too deep",
    "unsupported": "of a kind that is not read",
}
"""Reasons for which a file within another one is not read."""


class OfficeFile:
    """A file that is read whole when it is opened. Raises DocumentError if it cannot be."""

    def __init__(self, file: OpenFile, suffix: str) -> None:
        data = file.reopened().read() or b""
        self.sha256 = hashlib.sha256(data).hexdigest()
        """SHA-256 of the bytes read, in hexadecimal."""
        try:
            parts = read_parts(data, suffix)
        except RecursionError as error:
            raise DocumentError("too_big", _TOO_DEEP) from error
        self.title = clean_title(parts.title, limits.TITLE_CHARACTERS)
        self.pages = parts.pages
        self.outline = parts.outline
        self.notes = parts.notes


@dataclass
class Nest:
    """The place of a file within others."""

    depth: int = 0
    """Archives and mails around it."""
    opened: list[str] = field(default_factory=list)
    """Names of all files within the document that were opened so far; one list for all."""

    def inner(self) -> Nest:
        """Return the place of a file within this one. Raises DocumentError where it is too deep."""
        if self.depth >= _DEEPEST:
            raise DocumentError("too_big", "")
        return Nest(self.depth + 1, self.opened)

    def open(self, name: str) -> None:
        """Count a file. Raises DocumentError where there were too many."""
        if len(self.opened) >= MOST_OPENED:
            raise DocumentError("too_big", "")
        self.opened.append(name)


def read_parts(data: bytes, suffix: str, nest: Nest | None = None) -> Parts:
    """Return the pages of a file by its content, and by its suffix where the content does not tell.

    Raises DocumentError, with an empty sentence where the usual one for its kind will do.
    """
    try:
        return _read(data, suffix, nest or Nest())
    except (DocumentError, MemoryError, RecursionError):
        raise
    except Exception as error:  # the libraries that read these formats raise anything for a damaged file
        raise DocumentError("damaged", "") from error


def _read(data: bytes, suffix: str, nest: Nest) -> Parts:
    if data.startswith(_ZIP):
        return _read_zip(data, nest)
    if data.startswith(_RTF):
        return read_rtf(data)
    if data.startswith(_OLE):
        raise DocumentError("unsupported", "")
    if suffix in _MAIL_SUFFIXES:
        return read_mail(data, lambda name, content: read_inner(name, content, nest))
    raise DocumentError("damaged", "")


def _read_zip(data: bytes, nest: Nest) -> Parts:
    package = Package(data)
    kind = package.read("mimetype")[:100] if "mimetype" in package else b""
    readers: list[tuple[bool, Callable[[], Parts]]] = [
        ("word/document.xml" in package, lambda: _docx(package)),
        ("ppt/presentation.xml" in package, lambda: _pptx(data)),
        ("xl/workbook.xml" in package, lambda: _xlsx(data)),
        (kind.startswith(b"application/epub"), lambda: _epub(package)),
        (kind.startswith(b"application/vnd.oasis.opendocument"), lambda: _odf(package)),
    ]
    for fits, read in readers:
        if fits:
            return read()
    return _read_archive(package, nest)


def _docx(package: Package) -> Parts:
    from engine.documents.formats.office.docx import read_docx

    return read_docx(package)


def _pptx(data: bytes) -> Parts:
    from engine.documents.formats.office.slides import read_pptx

    return read_pptx(data)


def _xlsx(data: bytes) -> Parts:
    from engine.documents.formats.office.sheets import read_xlsx

    return read_xlsx(data)


def _epub(package: Package) -> Parts:
    from engine.documents.formats.office.epub import read_epub

    return read_epub(package)


def _odf(package: Package) -> Parts:
    from engine.documents.formats.office.odf import read_odf

    return read_odf(package)


def _read_archive(package: Package, nest: Nest) -> Parts:
    """Return all files of an archive that can be read, in the order of their names."""
    if package.is_encrypted:
        raise DocumentError(
            "unsupported", "{name} is an encrypted archive; unpack it with its password and open its files."
        )
    parts = Parts()
    unread = []
    for member in sorted(package.members, key=lambda member: member.filename):
        name = member.filename
        if name.startswith(_SKIPPED_NAMES) or posixpath.basename(name) in _SKIPPED_NAMES:
            continue
        try:
            parts.add(_inner(name, package.read(member), nest), name)
        except DocumentError as error:
            unread.append(f"{clean_title(name, 80)} ({_WHY.get(error.kind, 'not read')})")
    if not parts.pages:
        reasons = f": {', '.join(unread[:_LISTED])}" if unread else ""
        raise DocumentError("unsupported", f"{{name}} holds no document that can be read{reasons}.")
    if unread:
        more = f" and {len(unread) - _LISTED} more" if len(unread) > _LISTED else ""
        parts.notes.append(f"not read: {', '.join(unread[:_LISTED])}{more}")
    return parts


def read_inner(name: str, data: bytes, nest: Nest | None = None) -> Parts | None:
    """Return the pages of a file within another one, None if it cannot be read."""
    try:
        return _inner(name, data, nest or Nest())
    except DocumentError:
        return None


def _inner(name: str, data: bytes, nest: Nest) -> Parts:
    """Return the pages of a file within another one. Raises DocumentError."""
    nest.open(name)
    if not data:
        raise DocumentError("empty", "")
    suffix = posixpath.splitext(name)[1].lower()
    if data.startswith(b"%PDF-"):
        parts = _pdf(data)
    elif data.startswith((_ZIP, _RTF, _OLE)) or suffix in _MAIL_SUFFIXES:
        try:
            parts = read_parts(data, suffix, nest.inner())
        except RecursionError as error:
            raise DocumentError("too_big", "") from error
    else:
        parts = _text(data, suffix)
    if not any(page.text for page in parts.pages):
        raise DocumentError("no_text", "")
    return parts


def _pdf(data: bytes) -> Parts:
    from engine.documents.formats.pdf.pdf_file import CannotOpen, PdfFile
    from engine.documents.outcomes import PROBLEMS

    pdf = PdfFile(MemoryFile(data), None)
    try:
        structure = pdf.structure(["pdfium", "pypdf"], lambda reader: None)
    except CannotOpen as error:
        raise DocumentError(error.kind, "") from error
    parts = Parts(title=structure.title, outline=structure.outline)
    for number in range(1, structure.page_count + 1):
        page = pdf.page(number, structure.readers, lambda reader: None)
        notes = [*page.notes, *([f"not read: {PROBLEMS[page.problem]}"] if page.problem else [])]
        parts.add_text(page.text, f"page {number}", notes)
    return parts


def _text(data: bytes, suffix: str) -> Parts:
    from engine.documents.formats.text.encoding import NotText
    from engine.documents.formats.text.text_file import TextFile

    kind: OutcomeKind = "not_text"
    try:
        file = TextFile(MemoryFile(data), suffix)
        parts = Parts(title=file.title)
        for page in file.pages():
            parts.add_text(page.text, "", page.notes)
    except NotText as error:
        raise DocumentError(kind, "") from error
    return parts
