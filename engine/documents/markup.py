"""HTML as plain text: tags taken out, scripts and styles with what they hold, blocks on lines of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser

_SKIPPED = frozenset(("script", "style", "template", "noscript", "svg", "head"))
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
_LONGEST_TAG = 1 << 20
"""Characters without an end of tag or comment after which they are taken for text: the parser would hold them all."""


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

    def convert(self, blocks: Iterable[str]) -> Iterator[str]:
        """Text for each block of HTML, as far as it is complete."""
        for block in blocks:
            self.feed(block)
            if len(self.rawdata) > _LONGEST_TAG:
                unfinished, self.rawdata = self.rawdata, ""
                self.handle_data(unfinished)
            yield self._taken()
        self.close()
        yield self._taken()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "body":
            self._skipping.clear()  # a head that was never closed
        if tag in _SKIPPED:
            self._skipping.append(tag)
        if tag == "pre":
            self._pre += 1
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
