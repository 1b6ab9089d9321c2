"""A library filled from files without a model, for tests of records and collections."""

from __future__ import annotations

from pathlib import Path

from engine.documents.extraction.extractor import open_document
from engine.library.library import Library
from engine.library.reading_run import Progress
from engine.library.records import Document, NewPage, NewSection
from tests.engine.library_fakes import IDENTITY


def add_file(library: Library, path: Path) -> Document:
    """Put the pages of a file into `library`, a section a page, as a reading that ended would."""
    with open_document(path) as opened:
        pages = list(opened.pages())
        document = library.documents.for_file(opened.info)
    return add_pages(library, document, [page.text for page in pages])


def add_pages(library: Library, document: Document, texts: list[str]) -> Document:
    """Store `texts` as the pages of `document`, ten tokens each."""
    pages = [NewPage(number, text, 10 * number - 10, 10) for number, text in enumerate(texts, 1)]
    sections = [NewSection(p.number, "", p.text, p.number, p.number, p.first_token, 10) for p in pages]
    with library.reading(document.id, IDENTITY) as run:
        run.finish(Progress(10 * len(pages), pages, sections), n_pages=len(pages))
    return library.documents.get(document.id)
