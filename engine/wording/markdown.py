"""A report as Markdown. All text of the document or the model is escaped, so that nothing in it is taken for markup,
HTML or an address. Light.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from engine.library.library import Library
from engine.wording.report import ALL, Block, Parts, report

_ACTIVE = re.compile(r"([\\`*_\[\]<>|~])")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_LINE_START = re.compile(r"^(\s*)(#{1,6}(?=\s)|[=+]|-{3,}|-(?=-*\s*$))", re.MULTILINE)
_ITEM_START = re.compile(r"^(\d{1,9}(?=[.)](?:\s|$))|(?=-\s))")
"""The beginning of a list item that would begin a list within it."""
LIST_ITEM = re.compile(r"\s*(?:[-*•]|\d{1,3}[.)])\s+")
"""The mark of a list item in the text of a model."""


def to_markdown(library: Library, document: int, parts: Parts = ALL) -> str:
    """Return the report about a document; see `report`. Raises LibraryError (gone)."""
    return written(report(library, document, parts))


def written(blocks: Sequence[Block]) -> str:
    """Return the blocks of a report."""
    return "\n\n".join(map(_block, blocks)) + "\n"


def escaped(text: str) -> str:
    """Return `text` with everything escaped that Markdown or HTML would take for markup; lists stay lists."""
    lines = []
    for line in text.split("\n"):
        item = LIST_ITEM.match(line)
        head, rest = (line[: item.end()].replace("*", "-"), line[item.end() :]) if item else ("", line)
        lines.append(head + _ENTITY.sub("&amp;", _ACTIVE.sub(r"\\\1", rest)))
    return _LINE_START.sub(r"\1\\\2", "\n".join(lines))


def _block(block: Block) -> str:
    match block.kind:
        case "heading":
            line = _line(block.lines[0])
            return f"{'#' * block.level} {line[:-1]}\\#" if line.endswith("#") else f"{'#' * block.level} {line}"
        case "list":
            return "\n".join(f"- {_item(line)}" for line in block.lines)
        case "note":
            return f"*{_line(block.lines[0])}*"
        case "quote":
            return f"> {_item(block.lines[0])}"
    return _paragraphs(escaped("\n".join(block.lines)).split("\n"))


def _paragraphs(lines: Sequence[str]) -> str:
    """Return lines as paragraphs: without an empty line between them Markdown would run them together. Items of a list
    stay together."""
    text = lines[0] if lines else ""
    for above, line in pairwise(lines):
        together = not above.strip() or not line.strip() or (LIST_ITEM.match(above) and LIST_ITEM.match(line))
        text += ("\n" if together else "\n\n") + line
    return text


def _line(text: str) -> str:
    """Return `text` escaped and on one line, as a heading needs it."""
    return _ACTIVE.sub(r"\\\1", _ENTITY.sub("&amp;", " ".join(text.split())))


def _item(text: str) -> str:
    """Return `text` escaped and on one line, as a list item needs it, which may hold headings and lists itself."""
    return _ITEM_START.sub(r"\g<0>\\", _LINE_START.sub(r"\1\\\2", _line(text)))
