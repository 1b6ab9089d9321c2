"""HTML as plain text: tags taken out, scripts and styles with what they hold, blocks on lines of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser

_SKIPPED = frozenset(("script", "style", "title"))
# fmt: off
_BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "body", "br", "caption", "dd", "div", "dl", "dt", "fieldset",
    "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li",
    "main", "nav", "ol", "option", "p", "pre", "section", "select", "summary", "table", "tbody", "tfoot", "thead",
    "title", "tr", "ul",
))
# fmt: on
_PARAGRAPHS = frozenset(
    ("blockquote", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "section", "table", "ul")
)
_CELLS = frozenset(("td", "th"))
_WHITE = re.compile(r"\s+")
_END_LENGTH = 16
_LONGEST_TAG = 1 << 18
"""Characters of one tag, comment or script that the parser may hold; of a longer one (a picture written out in its tag)
only the end is looked for."""


class HtmlText(HTMLParser):
    """Converts one document; make a new one for the next."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._pieces: list[str] = []
        self._skipping: list[str] = []
        self._pre = 0
        self._at_line_start = True
        self._wanted_breaks = 0
        self._wanted_space = ""
        self._end_wanted: re.Pattern[str] | None = None
        """What ends the construct that is too long to hold; None outside of one."""
        self._tail = ""
        """Its last characters, which may be the start of that end."""

    def convert(self, blocks: Iterable[str]) -> Iterator[str]:
        """Text for each block of HTML, as far as it is complete."""
        for block in blocks:
            if self._end_wanted is not None:
                block = self._after_end(block)
            self.feed(block)
            if len(self.rawdata) > _LONGEST_TAG:
                self._end_wanted = self._end_of(self.rawdata)
                self._tail, self.rawdata = self.rawdata[-_END_LENGTH:], ""
            yield self._taken()
        self.close()
        yield self._taken()

    def _end_of(self, unfinished: str) -> re.Pattern[str]:
        if self.cdata_elem:
            return re.compile(f"(?=</{self.cdata_elem})", re.IGNORECASE)
        return re.compile("-->" if unfinished.startswith("<!--") else ">")

    def _after_end(self, block: str) -> str:
        """What of `block` stands after the end wanted; nothing if that is not in it."""
        assert self._end_wanted is not None
        block = self._tail + block
        found = self._end_wanted.search(block)
        if found is None:
            self._tail = block[-_END_LENGTH:]
            return ""
        self._end_wanted, self._tail = None, ""
        return block[found.end() :]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("body", "p", "div", "h1"):
            self._skipping.clear()  # something before was never closed
        if tag in _SKIPPED:
            self._skipping.append(tag)
        if tag == "pre":
            self._pre += 1
        if tag in _CELLS and not self._at_line_start:
            self._wanted_space = "\t"
        self._break_for(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._skipping:
            while self._skipping.pop() != tag:
                pass
        if tag == "pre":
            self._pre = max(0, self._pre - 1)
        if tag in _CELLS:
            self._wanted_space = "\t"
        elif tag != "br":
            self._break_for(tag)

    def handle_data(self, data: str) -> None:
        if self._skipping:
            return
        if self._pre:
            self._put(data)
            return
        text = _WHITE.sub(" ", data)
        if text.startswith(" "):
            self._wanted_space = self._wanted_space or " "
        if words := text.strip(" "):
            self._put(words)
            self._wanted_space = " " if text.endswith(" ") else ""

    def _put(self, text: str) -> None:
        if self._wanted_breaks:
            self._pieces.append("\n" * self._wanted_breaks)
        elif self._wanted_space and not self._at_line_start:
            self._pieces.append(self._wanted_space)
        self._pieces.append(text)
        self._wanted_breaks, self._wanted_space = 0, ""
        self._at_line_start = text.endswith("\n")

    def _break_for(self, tag: str) -> None:
        if tag in _BLOCKS and not (self._at_line_start and not self._wanted_breaks):
            self._wanted_breaks = max(self._wanted_breaks, 2 if tag in _PARAGRAPHS else 1)
            self._at_line_start = True

    def _taken(self) -> str:
        text = "".join(self._pieces)
        self._pieces.clear()
        return text
