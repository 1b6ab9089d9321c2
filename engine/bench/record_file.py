"""A held-out record as a file, and the pages of its facts in that file, for the benches of the whole program.

A record is made as long as it is called: line ends, headings and running heads take a share of the length asked for
that differs from look to look (up to a quarter), so it is asked for again until it comes within LENGTH of what is
wanted. It is written as plain text, or set as a PDF in which each of its pages begins a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from engine.errors import KnownError
from engine.library.records import Page
from engine.training.records import records, words
from engine.training.records.facts import Record
from engine.training.records.writer import Writer

PAGE_TOKENS = 800
"""Tokens of a record's page: near the 3,000 characters at which a text file is cut, so that pages agree."""
LENGTH = 0.03
"""Share by which a record may be shorter or longer than wanted."""
TRIES, MOST_ASKED = 24, 2
"""Attempts to write a record, and the largest multiple of the wanted length."""
EDGE = 20
"""Letters at the edge of a page that the extractor may add or drop."""
FONT_SIZE, LINE_HEIGHT, MARGIN = 8.5, 3.6, 12
"""Layout of a PDF, in points and mm: 800 tokens fill an A4 page, the longest run over into a second."""


def long_record(
    seed: int, number: int, tokens: int, facts: int, findings: int, count_tokens: Callable[[str], int]
) -> tuple[Record, Writer]:
    """Return the `number`-th held-out record of `tokens` tokens, counted by page, and the writer of its questions.

    KnownError where no record of that length comes out.
    """
    wanted = tokens
    for _ in range(TRIES):
        writer = Writer(seed, held_out=True)
        record = records.make_record(
            writer,
            kind=words.KINDS[number % len(words.KINDS)],
            tokens=wanted,
            facts=facts,
            findings=findings,
            count_tokens=count_tokens,
            page_tokens=PAGE_TOKENS,
        )
        made = sum(count_tokens(page + "\n\n") for page in record.pages)
        if abs(made - tokens) <= LENGTH * tokens:
            return record, writer
        wanted = min(round(wanted * tokens / max(1, made)), MOST_ASKED * tokens)
    raise KnownError(f"no record of {tokens} tokens came out of {TRIES} tries; the last has {made}")


def write_text(record: Record, file: Path) -> None:
    file.write_text("\n\n".join(record.pages) + "\n", encoding="utf-8")


def write_pdf(record: Record, file: Path) -> dict[int, list[int]]:
    """Set the record as a PDF with text; return the PDF's pages that each page of the record, from 1, came to stand on.

    KnownError without fpdf2, a development dependency.
    """
    try:
        from fpdf import FPDF
    except ImportError:
        raise KnownError("PDFs are made with fpdf2, which is not installed: pip install fpdf2") from None
    pdf = FPDF(format="A4")
    pdf.core_fonts_encoding = "windows-1252"  # Latin-1 has no €
    pdf.set_margins(MARGIN, MARGIN, MARGIN)
    pdf.set_auto_page_break(True, margin=MARGIN)
    pdf.set_font("times", size=FONT_SIZE)
    pages: dict[int, list[int]] = {}
    for number, text in enumerate(record.pages, 1):
        pdf.add_page()
        first = pdf.page_no()
        for line in text.split("\n"):
            pdf.multi_cell(0, LINE_HEIGHT, line, align="L", new_x="LMARGIN", new_y="NEXT")
        pages[number] = list(range(first, pdf.page_no() + 1))
    pdf.output(str(file))
    return pages


def page_map(written: Sequence[str], read: Sequence[Page]) -> dict[int, list[int]]:
    """Return the pages of a text file that each page of the record, from 1, became, found by the letters before it.

    Raise KnownError where the letters are not the same.
    """
    spans: list[tuple[int, int, int]] = []
    at = 0
    for page in read:
        size = len(letters(page.text))
        spans.append((page.number, at, at + size))
        at += size
    found: dict[int, list[int]] = {}
    start = 0
    for number, text in enumerate(written, 1):
        end = start + len(letters(text))
        found[number] = [n for n, first, last in spans if first < end - EDGE and last > start + EDGE]
        start = end
    if start != at:
        raise KnownError(f"the file's pages have {at} letters, the record's {start}: they cannot be matched")
    return found


def holding(pages: Sequence[int], value: str, read: Sequence[Page]) -> list[int]:
    """Return those of `pages` whose text has `value`; all where none has, for it runs from one to the next."""
    wanted = letters(value)
    held = [page.number for page in read if page.number in pages and wanted in letters(page.text)]
    return held or list(pages)


def letters(text: str) -> str:
    """Return `text` without its blanks."""
    return "".join(text.split())
