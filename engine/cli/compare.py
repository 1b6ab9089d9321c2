"""The `compare` command: two documents or versions, section by section, with the facts that differ. No torch."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections import Counter
from pathlib import Path

from engine.cli.options import Options
from engine.cli.output import Output
from engine.cli.text import one_line
from engine.collections.compare import Outcome, Pair, Part, compare, parts_of_pages
from engine.documents.extraction.extractor import open_document
from engine.documents.formats.regular_file import shown_name
from engine.documents.sections import SectionBuilder
from engine.errors import KnownError
from engine.library.library import Library
from engine.wording.sentences import counted

_CHARACTERS = 4
"""Characters of a token, about: sections are cut without a tokenizer."""
_SHOWN_SENTENCES = 12
_LONGEST = 240


def print_comparison(options: Options, old: Path, new: Path | None) -> int:
    """Print the differences of two files, or of a file and its text in the library; return the exit status.

    Raises KnownError.
    """
    out = Output(sys.stdout)
    pairs = compare(_read_parts(options, old), _parts(old)) if new is None else compare(_parts(old), _parts(new))
    if options.as_json:
        for pair in pairs:
            out.json_line(json.dumps(_fields(pair), ensure_ascii=False))
        return 0
    outcomes = Counter(pair.outcome for pair in pairs)
    named: tuple[Outcome, ...] = ("same", "changed", "new", "gone")
    out.line(", ".join(f"{counted(outcomes[name], 'section', 'sections')} {name}" for name in named if outcomes[name]))
    for pair in pairs:
        if pair.outcome != "same":
            _print_pair(out, pair)
    return 0


def _read_parts(options: Options, path: Path) -> list[Part]:
    """Return the sections of a file as the library has read it."""
    with Library.open(options.library, read_only=True) as library:
        document = library.documents.find(path)
        if document is None or not document.pages_read:
            raise KnownError(f"{shown_name(path)} was not read before; name a second file to compare it with")
        pages = [(page.number, page.text) for page in library.pages.of(document.id)]
        sections = [(s.heading, s.first_page, s.last_page) for s in library.sections.of(document.id)]
    return parts_of_pages(pages, sections)


def _parts(path: Path) -> list[Part]:
    builder: SectionBuilder | None = None
    pages: list[tuple[int, str]] = []
    sections: list[tuple[str, int, int]] = []
    with open_document(path) as opened:
        builder = SectionBuilder(opened.info.outline)
        at = 0
        for page in opened.pages():
            pages.append((page.number, page.text))
            length = max(1, len(page.text) // _CHARACTERS)
            sections += [(s.heading, s.first_page, s.last_page) for s in builder.add(page, at, length)]
            at += length
        sections += [(s.heading, s.first_page, s.last_page) for s in builder.finish()]
        outcome = opened.outcome
    if outcome is None or not outcome.is_readable:
        raise KnownError(outcome.sentence if outcome else f"{shown_name(path)} could not be read")
    return parts_of_pages(pages, sections)


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
