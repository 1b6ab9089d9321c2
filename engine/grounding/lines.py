"""Lines of a text that a model wrote or a page holds: list marks, headings, labels. Light: no torch."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_MARK = re.compile(
    r"\s*(?:>\s*)*(?:#{1,6}\s+)?(?:(?P<bullet>[-*+\u2022\u2023\u25aa\u25cf\u25e6\u2013\u00b7\u30fb])\s+)?"
    r"(?:(?P<number>\(?(?:\d{1,3}|[ivxIVX]{1,4}|[a-zA-Z])[.)、])(?=\s|\*)\s*)?"
)
_HEADING_MARK = re.compile(r"\s*(?:>\s*)*#{1,6}\s")
_BOLD = re.compile(r"(?:\*\*|__)(?P<text>[^*_\n]+?)(?:\*\*|__)")
_LABEL = re.compile(r"(?:(?:\*\*|__)[^*_\n]{1,80}(?:\*\*|__)\s*[:：]?|[^\s:：.!?][^:：.!?\n]{0,60}[:：](?=\s|\*|$))")
LEADERS = re.compile(r"(?:\.\s?){4,}|(?:…\s?){2,}|_{4,}")
_ENDS = (".", "!", "?", "…", "。", "！", "？", "؟", "।")
_ANNOUNCES = (":", "：")


@dataclass(frozen=True)
class Line:
    """The parts of one line."""

    text: str
    """Text of the line without list marks and emphasis."""
    begins: int
    """Start of `text` in the line, in characters."""
    item: bool
    """True for an item of a list: a bullet or a number precedes it."""
    heading: bool
    """True for a heading, which makes no statement of its own."""
    label: int
    """End of the label ("Revenue:" or "**Revenue**") in the line, in characters; `begins` without a label."""


def parse_line(line: str) -> Line:
    """Return the parts of `line`, which may be Markdown."""
    mark = _MARK.match(line)
    begins = mark.end() if mark else 0
    item = bool(mark and (mark["bullet"] or mark["number"]))
    rest = line[begins:].rstrip()
    text = plain(rest)
    bold = _BOLD.fullmatch(rest.rstrip(": "))
    heading = (
        bool(_HEADING_MARK.match(line))
        or text.endswith(_ANNOUNCES)
        or (bold is not None and not item and not text.endswith(_ENDS))
    )
    label = _LABEL.match(line, begins)
    return Line(text, begins, item, heading, label.end() if label else begins)


def plain(text: str) -> str:
    """Return `text` without Markdown emphasis."""
    return re.sub(r"\*\*|__|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w)|`", "", text).strip()


def is_contents(text: str) -> bool:
    """Return whether `text` is a line of a table of contents or of an index: it has leader dots."""
    return LEADERS.search(text) is not None


def is_list(text: str) -> bool:
    """Return whether `text` has items of a list."""
    return any(parse_line(line).item for line in text.splitlines())


def items(text: str) -> list[str]:
    """Return the texts of the items of a list, in order, each once."""
    parsed = (parse_line(line) for line in text.splitlines())
    return list(dict.fromkeys(line.text for line in parsed if line.item and line.text))


def statements(text: str) -> list[str]:
    """Return the lines of `text` that say something, without their marks: no headings, no announcements."""
    parsed = (parse_line(line) for line in text.splitlines())
    return [line.text for line in parsed if line.text and not line.heading]


def union(texts: Iterable[str]) -> str:
    """Return the lines of all `texts` in order, each once."""
    return "\n".join(dict.fromkeys(line for text in texts for line in text.splitlines() if line.strip()))
