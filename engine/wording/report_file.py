"""The file of a report, in the format of its suffix: the one exporter of the window and the command line. Light."""

from __future__ import annotations

from collections.abc import Callable

from engine.library.export import to_json
from engine.library.library import Library
from engine.wording.docx import to_docx
from engine.wording.markdown import written
from engine.wording.report import Parts, report

SUFFIXES = (".md", ".docx", ".pdf", ".odt", ".json")
"""Formats of an export; a file with another suffix is Markdown."""
_LAID_OUT = (".pdf", ".odt")

Layout = Callable[[str, str, str], bytes]
"""(suffix, report in Markdown, title) -> the bytes of a PDF or an OpenDocument text; the window has one."""


def exported(library: Library, document: int, suffix: str, parts: Parts, layout: Layout) -> bytes:
    """Return the bytes of a report about a document. JSON has all parts. Raises LibraryError (gone)."""
    suffix = suffix.lower()
    if suffix == ".json":
        return to_json(library, document).encode("utf-8", "replace")
    title = library.documents.get(document).title
    blocks = report(library, document, parts)
    if suffix == ".docx":
        return to_docx(blocks, title)
    markdown = written(blocks)
    return layout(suffix, markdown, title) if suffix in _LAID_OUT else markdown.encode("utf-8", "replace")
