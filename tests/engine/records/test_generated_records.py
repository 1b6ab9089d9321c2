"""Records of the training's generator, whose content is known: its lists and tables become rows, its names are counted.

The generator writes no CSV and no heads of columns; the rules share none of its phrases.
"""

from __future__ import annotations

import re

import pytest

from engine.library.library import Library
from engine.records.answer import answer_records
from engine.records.extract import extract
from engine.training.records import records, words
from engine.training.records.facts import Fact
from engine.training.records.layout import Item
from engine.training.records.writer import Writer
from tests.engine.library_fakes import FakeFile
from tests.engine.records.filled import add_pages


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> list[Item]:
    """The lists and tables that the generator has made since the test began."""
    made: list[Item] = []
    original = records._compound

    def noting(writer: Writer, kind: words.Kind, group: list[Fact]) -> Item:
        item = original(writer, kind, group)
        if item.block:
            made.append(item)
        return item

    monkeypatch.setattr(records, "_compound", noting)
    return made


def pages_of(seed: int) -> list[str]:
    kind = words.KINDS[seed % len(words.KINDS)]
    return records.make_record(
        Writer(seed, held_out=True),
        kind=kind,
        tokens=2500,
        facts=24,
        findings=2,
        count_tokens=lambda text: len(text) // 4,
        page_tokens=500,
    ).pages


def test_every_line_of_its_lists_is_a_row_with_its_value(listed: list[Item]) -> None:
    lines = found = 0
    missed = []
    for seed in range(20):
        listed.clear()
        pages = pages_of(seed)
        text = "\n".join(pages)
        rows = [row for table in extract("a.txt", list(enumerate(pages, 1))).tables for row in table.rows]
        cells = {cell.rstrip(".") for row in rows for cell in row.cells}
        quoted = "\n".join(pages[row.page - 1][row.start : row.end] for row in rows)
        for item in listed:
            if item.text not in text:
                continue  # left out for want of room
            for line, fact in zip(item.text.split("\n")[1:], item.facts, strict=True):
                lines += 1
                whole = any(fact.value.rstrip(".") in cell for cell in cells) or line.strip() in quoted
                found += whole
                missed += [] if whole else [line]
    assert lines > 60 and found >= 0.95 * lines, missed


def test_names_are_counted_exactly(library: Library) -> None:
    for seed in range(6):
        pages = pages_of(seed)
        document = library.documents.for_file(
            FakeFile(f"/documents/{seed}.txt", f"{seed:064x}", f"Record {seed}", "text")
        )
        document = add_pages(library, document, pages)
        codes = {code for page in pages for code in re.findall(r"(?<![\w-])[A-Z]{1,3}-\d{2,4}(?![\w-])", page)}
        for code in sorted(codes)[:4]:
            times = sum(len(re.findall(rf"(?<![\w-]){code}(?![\w])(?![-./]\d)", page)) for page in pages)
            answer = answer_records(library, [document], f"How many times is {code} mentioned?")
            assert answer is not None
            said = {1: "once", 2: "twice"}.get(times, f"{times} times")
            assert f"named {said}," in answer.number, (code, times, answer.number)
