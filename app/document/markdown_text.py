"""Markdown without its markup: headings, emphasis, lists, code, tables and links as a reader expects them.

markdown-it-py parses. Every letter of the document is shown, those of HTML too; no picture and no address is loaded.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING

from app.document.columns import cells
from app.document.shaped import Shaped, Span, Style

if TYPE_CHECKING:  # the window starts without the parser
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_FENCE = re.compile(r"^ {0,3}(```+|~~~+)", re.MULTILINE)
_PIECES = re.compile(r"\s+|\w+|[^\w\s]+")
_STYLES: dict[str, Style] = {"strong": "bold", "em": "italic", "link": "link", "s": "italic"}
RULE = "─" * 24


def rendered(pages: list[str]) -> list[Shaped]:
    """Return the pages of a Markdown file. A block of code that a page begins goes on with the next page."""
    shaped: list[Shaped] = []
    fence = ""
    for page in pages:
        shaped.append(_Page(page, fence).shaped)
        fence = _fence_after(page, fence)
    return shaped


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable(["table", "strikethrough"])


def _fence_after(page: str, fence: str) -> str:
    """Return the fence of the code that is open at the end of a page; `fence` is that at its beginning."""
    for found in _FENCE.finditer(page):
        if not fence:
            fence = found[1]
        elif found[1].startswith(fence):
            fence = ""
    return fence


class _Page:
    """Renders one page. A piece of text is found in the source behind the last one, which gives its place."""

    def __init__(self, source: str, fence: str) -> None:
        self.shaped = Shaped()
        self._before = len(fence) + 1 if fence else 0
        self._source = f"{fence}\n{source}" if fence else source
        self._line_starts = [0, *accumulate(len(line) + 1 for line in self._source.split("\n"))]
        self._at, self._until = 0, len(self._source)
        self._lists: list[int | None] = []
        """Of each open list the next number; None for bullets."""
        self._quotes = 0
        self._fresh_item = self._begins_list = False
        self._tokens = _parser().parse(self._source)
        place = 0
        while place < len(self._tokens):
            place = self._block(place)

    def _block(self, place: int) -> int:
        """Render the block token at `place`; returns the place of the next one."""
        token = self._tokens[place]
        self._enter(token)
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                start = token.attrGet("start")
                self._begins_list = not self._lists
                self._lists.append(None if token.type.startswith("b") else int(start) if start is not None else 1)
            case "bullet_list_close" | "ordered_list_close":
                self._lists.pop()
            case "list_item_open":
                self._fresh_item = True
            case "blockquote_open" | "blockquote_close":
                self._quotes += 1 if token.type.endswith("open") else -1
            case "fence" | "code_block" | "html_block":
                self._code(token)
            case "hr":
                self._begin_line()
                self.shaped.add(RULE)
            case "table_open":
                return self._table(place)
            case "inline":
                self._paragraph(token, self._tokens[place - 1])
        return place + 1

    def _enter(self, token: Token) -> None:
        """Look for the text of a block between its lines."""
        if token.map is not None:
            first, last = token.map
            self._at = max(self._at, self._line_starts[first])
            self._until = self._line_starts[min(last, len(self._line_starts) - 1)] or len(self._source)

    def _paragraph(self, token: Token, opened: Token) -> None:
        heading = opened.type == "heading_open"
        tight = (opened.hidden or self._fresh_item) and not self._begins_list
        self._begins_list = False
        self._begin_line(gap=not tight)
        start = len(self.shaped.text)
        self._inline(token.children or [])
        if heading:
            self._style(start, "heading", level=int(opened.tag[1]))
        elif self._quotes:
            self._style(start, "quote")

    def _begin_line(self, gap: bool = True) -> None:
        """Begin a line, after an empty one where `gap` says so, with the mark of its list item or quotation."""
        if self.shaped.text:
            self.shaped.add("\n\n" if gap and not self.shaped.text.endswith("\n\n") else "\n")
        self.shaped.add("│ " * self._quotes)
        if self._lists:
            self.shaped.add("    " * (len(self._lists) - 1))
            number = self._lists[-1]
            if not self._fresh_item:
                self.shaped.add("   ")
            elif number is None:
                self.shaped.add("• ")
            else:
                self.shaped.add(f"{number}. ")
                self._lists[-1] = number + 1
        self._fresh_item = False

    def _inline(self, children: list[Token]) -> None:
        opened: list[tuple[int, Style, str]] = []
        for child in children:
            kind = child.type.rpartition("_")[0]
            if child.nesting == 1 and kind in _STYLES:
                opened.append((len(self.shaped.text), _STYLES[kind], str(child.attrGet("href") or "")))
            elif child.nesting == -1 and kind in _STYLES and opened:
                start, style, address = opened.pop()
                self._style(start, style, address=address)
            elif child.type in ("softbreak", "hardbreak"):
                self.shaped.add(" " if child.type == "softbreak" else "\n")
            elif child.type == "image":
                self.shaped.add("[")
                self._text(child.content or str(child.attrGet("src")))
                self.shaped.add("]")
            else:
                start = len(self.shaped.text)
                self._text(child.content)
                if child.type == "code_inline":
                    self._style(start, "code")

    def _code(self, token: Token) -> None:
        self._begin_line()
        start = len(self.shaped.text)
        for number, line in enumerate(token.content.rstrip("\n").split("\n")):
            if number:
                self.shaped.add("\n")
            self._text(line)
        self._style(start, "code")

    def _table(self, place: int) -> int:
        """Render a table with its columns aligned; returns the place behind it."""
        rows: list[list[Token]] = []
        while self._tokens[place].type != "table_close":
            token = self._tokens[place]
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "inline":
                rows[-1].append(token)
            place += 1
        self._until = len(self._source)
        plain = [["".join(child.content for child in cell.children or []) for cell in row] for row in rows]
        widths = [max(cells(row[column]) for row in plain if column < len(row)) for column in range(len(plain[0]))]
        for number, (row, words) in enumerate(zip(rows, plain, strict=True)):
            self._begin_line(gap=number == 0)
            start = len(self.shaped.text)
            for column, cell in enumerate(row):
                self._inline(cell.children or [])
                self.shaped.add(" " * (widths[column] - cells(words[column])) + "  " if column + 1 < len(row) else "")
            self._style(start, "code")
            if number == 0:
                self._style(start, "bold")
        return place + 1

    def _text(self, text: str) -> None:
        """Add a piece of the document's text, and its place in the source where it is found there."""
        found = self._source.find(text, self._at, self._until) if text else -1
        if text and found < 0:
            pieces = _PIECES.findall(text)  # an escape or an entity is written otherwise in the source
            if len(pieces) > 1:
                for piece in pieces:
                    self._text(piece)
                return
        if found >= 0:
            self._at = found + len(text)
        self.shaped.add(text, found - self._before if found >= self._before else None)

    def _style(self, start: int, style: Style, level: int = 0, address: str = "") -> None:
        if len(self.shaped.text) > start:
            self.shaped.spans.append(Span(start, len(self.shaped.text), style, level, address))
