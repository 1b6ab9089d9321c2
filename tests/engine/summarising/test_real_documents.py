"""Digests of real files: every line stands word for word on the page that it names, and the head is true."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from engine.documents.extraction.extractor import open_document
from engine.documents.sections import SectionBuilder
from engine.library.outlines import Bookmark
from engine.library.records import Page, Section
from engine.summarising.digest import SectionDigest
from engine.summarising.document_head import document_head
from engine.summarising.entities import find_entities
from engine.summarising.parts import parts_of
from engine.summarising.section_text import one_line
from engine.summarising.selection import Line, Selection, selection_lines
from engine.summarising.selection_summary import texts_of
from tests.engine.documents.samples import corpus

SAMPLE = Path(__file__).parents[3] / "resources" / "samples" / "fomc-minutes-2015-2017.pdf"
QUOTED = re.compile(r"“(.*)”", re.DOTALL)
MOST_PAGES = 200


@cache
def read(path: Path) -> tuple[str, list[Page], list[Section], tuple[Bookmark, ...]]:
    """Return the title, pages, sections and bookmarks of a file; of a long one, those of its first pages."""
    pages: list[Page] = []
    found = []
    with open_document(path) as opened:
        builder, at = SectionBuilder(opened.info.outline), 0
        for page in opened.pages():
            count = len(page.text) // 4
            found += builder.add(page, at, count)
            at += count
            pages.append(Page(page.number, page.label, page.text, page.problem, None, count))
            if len(pages) == MOST_PAGES:
                break
        found += builder.finish()
        bookmarks = tuple((entry.title, entry.page, entry.level) for entry in opened.info.outline)
    places = [(s.first_page, s.last_page, s.first_token, s.n_tokens, None) for s in found]
    sections = [
        Section(s.number, 1, s.number, s.heading, s.text, *place) for s, place in zip(found, places, strict=True)
    ]
    return opened.info.title or path.name, pages, sections, bookmarks


def lines(path: Path, length: str, focus: str = "") -> tuple[list[Line], list[SectionDigest]]:
    """Return the lines of a digest by words, and the digests of the sections."""
    title, pages, sections, bookmarks = read(path)
    selection, texts = Selection(title, focus), texts_of(sections, pages)
    made = [selection.digest(place, text, None) for place, text in enumerate(texts)]
    head = document_head(title, "pdf", pages, len(made), find_entities((page.number, page.text) for page in pages[:20]))
    return list(selection_lines(selection, length, made, head, parts_of(bookmarks, texts, pages))), made


def assert_verbatim(path: Path, length: str, focus: str = "") -> int:
    """Assert that every quotation stands on its page; return how many there are."""
    _, pages, _, _ = read(path)
    texts = {page.number: one_line(page.text) for page in pages}
    made = lines(path, length, focus)
    count = 0
    for line, of_line in made[0]:
        quotation = QUOTED.search(line)
        assert quotation is None or of_line, line
        for page in of_line:
            said = quotation[1] if quotation is not None else line.removesuffix(":")
            assert said in texts[page], (line, page)
            count += 1
    for digest in made[1]:
        for sentence in digest.lines:
            assert sentence.quoted in texts[sentence.page]
            count += 1
    return count


@pytest.mark.parametrize(("length", "focus"), [("paragraph", ""), ("page", ""), ("outline", ""), ("page", "inflation")])
def test_every_line_of_the_sample_stands_on_its_page(length, focus):
    assert assert_verbatim(SAMPLE, length, focus) > 20


@pytest.mark.slow
@pytest.mark.parametrize("length", ["page", "outline"])
@pytest.mark.parametrize(
    "name",
    [
        "bashref.pdf",
        "debian-policy.pdf",
        "debian-reference.en.pdf",
        "debian-reference.ja.pdf",
        "install.ru.pdf",
        "axiom-bookvol5.pdf",
    ],
)
def test_every_line_of_real_manuals_stands_on_its_page(name, length):
    assert assert_verbatim(corpus("long", name), length) > 20


def test_another_language_is_said_in_one_sentence():
    path = corpus("long", "install.ru.pdf")
    said = [line for line, _ in lines(path, "page")[0]]
    assert sum("trained on English" in line for line in said) == 1
    assert sum("“" in line for line in said) >= 8
    assert not any("trained on English" in line for line, _ in lines(SAMPLE, "page")[0])


def test_the_head_names_the_parts_of_the_document():
    said = [line for line, _ in lines(SAMPLE, "page")[0]]
    assert "169 pages" in said[0]
    assert any(line.startswith("Contents: ") and "(page 1)" in line for line in said)


def test_the_outline_has_a_line_for_each_part_in_order():
    _, pages, sections, bookmarks = read(SAMPLE)
    parts = parts_of(bookmarks, texts_of(sections, pages), pages)
    assert [part.begins for part in parts] == sorted(part.begins for part in parts)
    assert all(part.begins <= part.ends for part in parts)
    said, _ = lines(SAMPLE, "outline")
    assert 3 <= len(said) <= 60
    assert all("“" in line for line, _ in said)
