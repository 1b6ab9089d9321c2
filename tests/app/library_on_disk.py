"""A library on disk with texts, for tests of what the window reads there."""

from __future__ import annotations

from pathlib import Path

from engine.library.library import Library
from engine.library.prefix import PrefixHasher
from engine.library.reading_run import Progress
from engine.library.records import NewPage, NewSection, NewSnapshot
from tests.engine.library_fakes import IDENTITY, FakeFile


def write_library(path: Path, documents: dict[str, list[str]]) -> None:
    """Write a library with these documents, by path: the texts of their pages, a section each."""
    with Library.open(path) as library:
        for number, (name, texts) in enumerate(documents.items(), 1):
            kind = "pdf" if name.endswith(".pdf") else "text"
            file = FakeFile(name, f"{number:064x}", Path(name).stem, page_count=len(texts), kind=kind)
            document = library.documents.for_file(file)
            run = library.reading(document.id, IDENTITY)
            hasher = PrefixHasher(IDENTITY)
            pages, sections, at = [], [], 0
            for page, text in enumerate(texts, 1):
                tokens = list(range(at, at + 5))
                hasher.feed(tokens)
                pages.append(NewPage(page, text, at, 5))
                sections.append(NewSection(page, f"Chapter {page}", text, page, page, at, 5))
                at += 5
            run.finish(Progress(at, pages, sections, NewSnapshot("end", hasher.at(), b"state", "fp32")))
