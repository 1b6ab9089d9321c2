"""An outline: a line for each section, with its heading, its pages and the first thing its summary says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from engine.grounding.lines import parse_line
from engine.grounding.page_references import page_list
from engine.library.records import SectionNote


def outline(summaries: Sequence[SectionNote], has_findings: Callable[[str], bool]) -> Iterator[tuple[str, list[int]]]:
    """Yield the lines of an outline with their pages. Sections in a row that say nothing share a line."""
    silent: list[SectionNote] = []
    for summary in summaries:
        if not has_findings(summary.text):
            silent.append(summary)
            continue
        if silent:
            yield f"{place(silent)}: nothing of note", []
            silent = []
        said, pages, more = _first_statement(summary)
        yield f"{place([summary])}: {said}" + (f" (and {more} more)" if more else ""), pages
    if silent:
        yield f"{place(silent)}: nothing of note", []


def place(summaries: Sequence[SectionNote]) -> str:
    """Return the heading and the pages of sections in a row."""
    pages = page_list(range(summaries[0].first_page, summaries[-1].last_page + 1))
    heading = next((summary.heading for summary in summaries if summary.heading), "")
    return f"{heading}, {pages}" if heading else f"{pages[:1].upper()}{pages[1:]}"


def _first_statement(summary: SectionNote) -> tuple[str, list[int], int]:
    """Return the first line that says something, its pages, and the number of items that follow it in a list."""
    lines = [
        (parse_line(line), pages) for line, pages in zip(summary.text.splitlines(), summary.line_pages, strict=True)
    ]
    items = [(line, pages) for line, pages in lines if line.item and line.text]
    said = [(line, pages) for line, pages in lines if line.text and not line.heading]
    chosen = items or said or [(line, pages) for line, pages in lines if line.text]
    line, pages = chosen[0]
    return line.text, pages, max(0, len(items) - 1)
