"""Layout of a record: title, list of contents, headings, log lines, lists, wrapped paragraphs, running page text."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.training.records.facts import Fact, Finding
from engine.training.records.words import Kind
from engine.training.records.writer import Writer


@dataclass
class Item:
    """A sentence or a block of lines, and its facts."""

    text: str
    facts: list[Fact] = field(default_factory=list)
    finding: Finding | None = None
    """The key finding that it states."""
    filler: bool = False
    block: bool = False
    """Lines of their own: never wrapped, never joined with a neighbour."""
    cost: int = 0
    page: int = 0


@dataclass(frozen=True)
class Style:
    """Layout of one record."""

    front: str
    """First lines: a title, or a title page with contents, or empty."""
    title: str
    body: str
    """prose, log or list."""
    width: int
    """Characters a line; 0 for no line breaks."""
    headings: float
    running: str
    """Line on every page with {k} for its number, or empty."""
    share: float
    """Share of the tokens that sentences may take; the rest is for line ends and headings."""


def style(writer: Writer, kind: Kind, tokens: int, *, plain: bool) -> Style:
    """Draw the layout of a record of up to `tokens` tokens."""
    title = writer.filled(writer.pick(kind.titles))
    if plain:
        return Style(title, title, "prose", 0, 0.0, "", 0.97)
    chance = writer.random.random
    at = chance()
    body = "log" if at < 0.22 else "list" if at < 0.3 else "prose"
    width = 0 if body != "prose" or chance() < 0.5 else writer.below(50) + 64
    front = title if chance() < 0.6 else ""
    if tokens > 700 and chance() < 0.12:
        front = _title_page(writer, kind, title)
    running = ""
    if chance() < 0.2:
        running = writer.pick(("Page {k}", "- {k} -", title + " - {k}", "{k}", title, "Page {k} | " + title))
    share = {"log": 0.8, "list": 0.9, "prose": 0.88 if width else 0.93}[body]
    return Style(front, title, body, width, writer.pick((0.0, 0.1, 0.3)), running, share - (0.03 if running else 0.0))


def _title_page(writer: Writer, kind: Kind, title: str) -> str:
    """Return a title, perhaps some lines about it, and a list of contents."""
    lines = [title]
    if writer.random.random() < 0.5:
        lines.append(
            writer.filled(writer.pick(("Kept by {p}", "As of {d}", "{x}, {d}", "Copy no. {n}", "Not for the public")))
        )
    if writer.random.random() < 0.75:
        lines.append(writer.pick(("Contents", "List of contents", "Table of contents")))
        page = 1
        dots = writer.pick((" ", " ..... ", " . . . ", "\t"))
        for number in range(writer.below(9) + 3):
            page += writer.below(4)
            lines.append(f"{number + 1} {writer.filled(writer.pick(kind.headings))}{dots}{page}")
    return "\n".join(lines)


CLOCKS = (
    "{h}:{m:02d} ",
    "{h}:{m:02d} ",
    "{h:02d}:{m:02d} ",
    "[{h:02d}:{m:02d}] ",
    "{h:02d}:{m:02d} - ",
    "{h:02d}.{m:02d}: ",
)
"""Clock formats at the start of a log line."""


def lay_out(writer: Writer, kind: Kind, look: Style, body: list[Item], page_tokens: int) -> list[str]:
    """Return pages of about `page_tokens` tokens, and set the page (from 1) of every item."""
    pages: list[str] = []
    lines: list[str] = [look.front] if look.front else []
    paragraph: list[str] = []
    chance = writer.random.random
    used = left = 0
    minute, clock = 6 * 60 + writer.below(90), writer.pick(CLOCKS)
    number = writer.below(9) + 1

    def end_paragraph() -> None:
        if paragraph:
            text = " ".join(paragraph)
            lines.append(wrap(text, look.width) if look.width else text)
            paragraph.clear()

    def end_page() -> None:
        nonlocal used
        end_paragraph()
        if look.running:
            line = look.running.replace("{k}", str(len(pages) + 1))
            lines.insert(0 if look.title in look.running else len(lines), line)
        pages.append("\n".join(lines))
        lines.clear()
        used = 0

    for item in body:
        if used and used + item.cost > page_tokens:
            end_page()
        if left <= 0:
            end_paragraph()
            if chance() < look.headings:
                heading = writer.filled(writer.pick(kind.headings))
                lines.append(f"{number} {heading}" if number % 2 else heading)
                number += 1
            left = writer.below(5) + (2 if look.body == "prose" else 4)
        item.page = len(pages) + 1
        if item.block:
            end_paragraph()
            lines.append(item.text)
        elif look.body == "log":
            minute += writer.below(70) + 1
            if minute >= 22 * 60:  # the next day
                minute = 6 * 60 + writer.below(60)
            lines.append(f"{clock.format(h=minute // 60, m=minute % 60)}{item.text}")
        elif look.body == "list":
            lines.append(f"- {item.text}" if not item.text.startswith("- ") else item.text)
        else:
            paragraph.append(item.text)
        used += item.cost
        left -= 1
    if lines or paragraph or not pages:
        end_page()
    return pages


def wrap(text: str, width: int) -> str:
    """Break lines at spaces before `width` characters."""
    lines: list[str] = []
    while len(text) > width:
        cut = text.rfind(" ", 0, width + 1)
        if cut <= 0:
            break
        lines.append(text[:cut])
        text = text[cut + 1 :]
    lines.append(text)
    return "\n".join(lines)
