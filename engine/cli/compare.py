"""The `compare` command: two documents or versions, section by section, with the facts that differ. No torch."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from engine.cli.options import Options
from engine.cli.output import Output
from engine.cli.text import one_line
from engine.collections.compare import Outcome, Pair, Part, compare, parts_of_pages
from engine.documents.extraction.extractor import open_document
from engine.documents.formats.regular_file import shown_name
from engine.documents.pages import OutlineEntry, Page
from engine.documents.sections import sections
from engine.errors import KnownError
from engine.grounding.words import folded
from engine.library.library import Library
from engine.wording.sentences import counted

_OUTCOMES: dict[Outcome, str] = {"same": "unchanged", "changed": "changed", "new": "new", "gone": "gone"}
_CHARACTERS = 4
"""Characters of a token, about: sections are cut without a tokenizer."""
_SHOWN_SENTENCES = 12
_LONGEST = 240


def print_comparison(options: Options, old: Path, new: Path | None) -> int:
    """Print the differences of two files, or of a file and its text in the library; return the exit status.

    Raises KnownError.
    """
    out = Output(sys.stdout)
    if new is None:
        read_pages = _read_pages(options, old)
        pages, outline = _pages(old)
        pairs = compare(_parts(read_pages, _moved(outline, pages, read_pages)), _parts(pages, outline))
    else:
        pairs = compare(_parts(*_pages(old)), _parts(*_pages(new)))
    if options.as_json:
        for pair in pairs:
            out.json_line(json.dumps(_fields(pair), ensure_ascii=False))
        return 0
    outcomes = Counter(pair.outcome for pair in pairs)
    counts = [(outcomes[outcome], words) for outcome, words in _OUTCOMES.items() if outcomes[outcome]]
    out.line(", ".join(f"{counted(number, 'section', 'sections')} {words}" for number, words in counts))
    for pair in pairs:
        if pair.outcome != "same":
            _print_pair(out, pair)
    return 0


def _read_pages(options: Options, path: Path) -> list[Page]:
    """Return the pages of a file as the library has read it."""
    with Library.open(options.library, read_only=True) as library:
        document = library.documents.find(path)
        if document is None or not document.pages_read:
            raise KnownError(f"{shown_name(path)} was not read before; name a second file to compare it with")
        return [Page(page.number, page.text) for page in library.pages.of(document.id)]


def _pages(path: Path) -> tuple[list[Page], Sequence[OutlineEntry]]:
    """Return the pages of a file and its outline."""
    with open_document(path) as opened:
        pages, outline, outcome = list(opened.pages()), opened.info.outline, opened.outcome
    if outcome is None or not outcome.is_readable:
        raise KnownError(outcome.sentence if outcome else f"{shown_name(path)} could not be read")
    return pages, outline


def _parts(pages: Sequence[Page], outline: Sequence[OutlineEntry]) -> list[Part]:
    """Return the sections of pages. The library's own sections, cut by tokens, would not match those of a file."""
    lengths = ((page, max(1, len(page.text) // _CHARACTERS)) for page in pages)
    found = [(section.heading, section.first_page, section.last_page) for section in sections(lengths, outline)]
    return parts_of_pages([(page.number, page.text) for page in pages], found)


def _moved(outline: Sequence[OutlineEntry], pages: Sequence[Page], others: Sequence[Page]) -> list[OutlineEntry]:
    """Return the outline of `pages` for another version of them: each entry on the nearest page of the same text, else
    on the nearest that names its title."""
    own = {page.number: page.text for page in pages}
    entries = []
    for entry in outline:
        title = folded(entry.title)
        found = [page.number for page in others if page.text == own.get(entry.page)]
        found = found or [page.number for page in others if title and title in folded(page.text)]
        nearest = min(found, key=lambda number: abs(number - entry.page), default=entry.page)
        entries.append(replace(entry, page=nearest))
    return sorted(entries, key=lambda entry: entry.page)


def _print_pair(out: Output, pair: Pair) -> None:
    part = pair.new or pair.old
    assert part is not None
    heading = f" {one_line(part.heading)}" if part.heading else ""
    pages = " → ".join(f"page {side.first_page}" for side in (pair.old, pair.new) if side is not None)
    out.line(f"\n{pair.outcome.capitalize()}:{heading} ({pages})")
    for fact in pair.facts:
        before, after = ", ".join(fact.before) or "none", ", ".join(fact.after) or "none"
        out.line(one_line(f"  {fact.kind}: {before} (page {fact.old.page}) → {after} (page {fact.new.page})"))
    lines = [("-", sentence) for sentence in pair.removed] + [("+", sentence) for sentence in pair.added]
    lines += [line for old, new in pair.replaced for line in (("-", old), ("+", new))]
    for mark, sentence in lines[:_SHOWN_SENTENCES]:
        text = sentence.text if len(sentence.text) <= _LONGEST else f"{sentence.text[: _LONGEST - 1]}…"
        out.line(one_line(f"  {mark} {text} (page {sentence.page})"))
    if len(lines) > _SHOWN_SENTENCES:
        out.line(f"  … and {len(lines) - _SHOWN_SENTENCES:,} more sentences (--json prints all)")


def _fields(pair: Pair) -> dict[str, object]:
    def side(part: Part | None) -> dict[str, object] | None:
        return None if part is None else {"heading": part.heading, "pages": [number for number, _ in part.pages]}

    return {
        "outcome": pair.outcome,
        "old": side(pair.old),
        "new": side(pair.new),
        "added": [dataclasses.asdict(sentence) for sentence in pair.added],
        "removed": [dataclasses.asdict(sentence) for sentence in pair.removed],
        "replaced": [[dataclasses.asdict(old), dataclasses.asdict(new)] for old, new in pair.replaced],
        "facts": [dataclasses.asdict(fact) for fact in pair.facts],
    }
