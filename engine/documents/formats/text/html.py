"""HTML as plain text: blocks on lines of their own, table rows as lines with tabs between cells, hidden parts left out.

lxml's parser feeds this converter with events, so a document of any length is converted in bounded memory and linear
time, and malformed markup is mended as browsers mend it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from lxml import etree

from engine.documents.formats.list_numbers import written

_SKIPPED = frozenset(
    (
        "script",
        "style",
        "title",
        "noscript",
        "template",
        "iframe",
        "noembed",
        "noframes",
        "head",
        "annotation",
        "annotation-xml",
    )
)
# fmt: off
_BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "body", "br", "caption", "center", "dd", "details", "dialog", "dir",
    "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6",
    "header", "hgroup", "hr", "html", "legend", "li", "main", "menu", "nav", "ol", "optgroup", "option", "p", "pre",
    "search", "section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul",
))
# fmt: on
_PARAGRAPHS = frozenset(
    ("blockquote", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "section", "table", "ul")
)
_CONTROLS = frozenset(("label", "button", "textarea", "select", "input", "output", "meter", "progress", "object"))
"""Inline, but with a box of their own: a space stands on either side."""
_CELLS = frozenset(("td", "th"))
_LISTS = frozenset(("ol", "ul", "menu", "dir"))
_BETWEEN = {"mfrac": "/", "msup": "^", "msub": "_", "mover": "^", "munder": "_", "msubsup": "_^", "munderover": "_^"}
"""Elements of a formula -> signs between their parts, which would run together without them."""
_HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_SPACE = re.compile(r"[ \t\r\n\f]+")
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_UNSEEN_INPUTS = frozenset(("hidden", "password", "file", "image", "color", "range"))
_RAISED = re.compile(r"[+\-\u2212\u2013]?[0-9]|[+\-\u2212\u2013][A-Za-z]")
_POWER = re.compile(r"[A-Za-z0-9]{1,4}(?:[+\-\u2212*/·][A-Za-z0-9]{1,4}){1,4}")
_MARK = re.compile(r"[abcfgh]")
"""A letter of a footnote, after a word."""
_VARIABLE = re.compile(r"[i-nptx-zTN]")
"""A letter that is a power's or an index's; others end an abbreviation, as in 1er."""
_UNNUMBERED = re.compile(r"list-style(?:-type)?\s*:[^;]*\bnone\b", re.IGNORECASE)
_FORMS = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
"""Values of `type` of a list -> names of the forms of numbers."""
_LONGEST_ALTERNATIVE, _LONGEST_SIGN = 1_000, 2
_MOST_COLUMNS = 1_000
_LONGEST_CELL = 1_000
_MOST_LINES = 12
"""Characters and lines of a cell that is still a table's; a longer one lays out a page."""


class HtmlText:
    """Converts one document; make a new one for the next."""

    def __init__(self, mark_headings: bool = True) -> None:
        """`mark_headings`: whether headings get Markdown's signs, from which sections are made."""
        self._events = _Events(mark_headings)

    def convert(self, blocks: Iterable[str]) -> Iterator[str]:
        """Yield text for each block of HTML, as far as it is complete."""
        parser = etree.HTMLParser(target=cast("Any", self._events), huge_tree=True, recover=True)
        fed = False
        for block in blocks:
            if block:
                # A NUL would end the parser's string; U+FFFE and lone surrogates are no characters of XML.
                parser.feed(block.replace("\0", "").encode("utf-8", "replace").decode("utf-8"))
                fed = True
            yield self._events.taken()
        if fed:
            parser.close()
        self._events.finish()
        yield self._events.taken()


class _Flow:
    """Text that is put together piece by piece: spaces collapsed, breaks where blocks begin and end."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.length = 0
        self._breaks = 0
        self._space = ""
        self._is_empty = True
        self.last = "\n"
        """The last character, a line end before the first."""

    def put(self, text: str) -> None:
        """Add text as it is."""
        if self._breaks and not self._is_empty:
            self.pieces.append("\n" * self._breaks)
        elif self._space and self.last not in " \t\n":
            self.pieces.append(self._space)
        self._breaks, self._space, self._is_empty = 0, "", False
        self.pieces.append(text)
        self.length += len(text)
        self.last = text[-1:]

    def space(self, space: str = " ") -> None:
        """Want a space before the next text on this line."""
        self._space = self._space or space

    def break_line(self, count: int) -> None:
        """Want `count` line ends before the next text."""
        if not self._is_empty:
            self._breaks = max(self._breaks, count)
        self._space = ""
        self.last = "\n"

    def after_break(self) -> bool:
        """Return whether the next text begins a line."""
        return self._is_empty or self._breaks > 0 or self.last == "\n"


@dataclass
class _Table:
    """A table whose row is being read."""

    cells: list[str] = field(default_factory=list)
    is_layout: bool = False
    """True if the row holds paragraphs or other tables, as in a layout table."""
    spans: dict[int, int] = field(default_factory=dict)
    """Column -> rows for which a cell above reaches down into it."""
    cell: _Flow | None = None
    column: int = 0
    """Column of the cell."""
    holds_table: bool = False


@dataclass
class _List:
    """A list whose items are being read."""

    form: str = ""
    """How its numbers are written; "" for a list without numbers."""
    next: int = 1

    @classmethod
    def of(cls, tag: str, attributes: Mapping[str, str]) -> _List:
        """Return the list that an element begins. One that counts down from a number that is not told has none."""
        start = _integer(attributes.get("start", ""))
        is_told = "reversed" not in attributes and not _UNNUMBERED.search(attributes.get("style", ""))
        if tag != "ol" or not is_told:
            return cls()
        return cls(_FORMS.get(attributes.get("type", ""), "decimal"), 1 if start is None else start)

    def number(self, value: str) -> str:
        """Return the number of the next item, with its dot; `value` is the one that the item names, if it does."""
        if not self.form:
            return ""
        named = _integer(value)
        number = self.next if named is None else named
        self.next = number + 1
        return f"{written(number, self.form)}. "


class _Events:
    """Target of lxml's parser."""

    def __init__(self, mark_headings: bool) -> None:
        self._mark_headings = mark_headings
        self._root = _Flow()
        self._tables: list[_Table] = []
        self._skipped = 0
        """Depth inside of an element that is left out."""
        self._pre = 0
        self._raised = ""
        self._heading = ""
        self._lists: list[_List] = []
        self._mark = ""
        """What stands before the next text: the number of a list's item, the cross of a chosen option."""
        self._formula: list[list[Any]] = []
        """Open elements of a formula, each with the number of its parts so far and whether it has brackets."""

    def taken(self) -> str:
        """Return the finished text and forget it."""
        text = "".join(self._root.pieces)
        self._root.pieces.clear()
        return text

    def finish(self) -> None:
        """End tables that were never closed."""
        while self._tables:
            self._end_table()

    @property
    def _flow(self) -> _Flow:
        for table in reversed(self._tables):
            if table.cell is not None:
                return table.cell
        return self._root

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if self._skipped or tag in _SKIPPED or _is_hidden(attributes):
            self._skipped += 1
            return
        if tag == "table":
            self._start_table()
        elif tag == "tr":
            self._end_row()
        elif tag in _CELLS and self._tables:
            self._start_cell(attributes)
        elif tag == "pre":
            self._pre += 1
        elif tag in ("sup", "sub"):
            self._raised = "^" if tag == "sup" else "_"
        elif tag == "input":
            self._input(attributes)
        elif tag == "img":
            self._picture(attributes)
        else:
            self._listed(tag, attributes)
        if tag == "math" or self._formula:
            self._formula_part(tag)
        if tag in _CONTROLS:
            self._flow.space()
        if tag in _HEADINGS and self._mark_headings and not self._tables:
            self._heading = _HEADINGS[tag]
        self._break_for(tag)

    def end(self, tag: str) -> None:
        if self._skipped:
            self._skipped -= 1
            return
        if tag == "table":
            self._end_table()
        elif tag == "tr":
            self._end_row()
        elif tag in _CELLS and self._tables:
            self._end_cell()
        elif tag == "pre":
            self._pre = max(0, self._pre - 1)
        elif tag in ("sup", "sub"):
            self._raised = ""
        elif tag in _LISTS and self._lists:
            self._lists.pop()
        elif tag in ("li", "option"):
            self._mark = ""
        self._end_formula_part()
        if tag in _HEADINGS:
            self._heading = ""
        if tag in _CONTROLS:
            self._flow.space()
        if tag != "br":
            self._break_for(tag)

    def data(self, data: str) -> None:
        if self._skipped:
            return
        flow = self._flow
        if self._pre:
            flow.put(data)
            return
        text = _SPACE.sub(" ", data)
        if text.startswith(" "):
            flow.space()
        words = text.strip(" ")
        if not words:
            return
        if self._raised and flow.last.isalnum() and not text.startswith(" "):
            words = self._apart(words, flow.last)
        self._raised = ""
        if self._heading and flow.after_break():
            words = self._heading + words
            self._heading = ""
        if self._mark:
            words = words if words.startswith(self._mark.strip()) else self._mark + words
            self._mark = ""
        flow.put(words)
        if text.endswith(" "):
            flow.space()

    def _apart(self, words: str, before: str) -> str:
        """Return raised or lowered words so that they are no part of what is before: 10^6, x^(n+1), H2O, 1st."""
        if self._raised == "_":
            is_index = (before.isdigit() and _RAISED.match(words)) or (before.isalpha() and _VARIABLE.fullmatch(words))
            return f"_{words}" if is_index else words
        if _POWER.fullmatch(words):
            return f"^({words})"
        is_apart = _RAISED.match(words) or _VARIABLE.fullmatch(words) or (before.isalpha() and _MARK.fullmatch(words))
        return f"^{words}" if is_apart else words

    def comment(self, text: str) -> None:
        """Ignore a comment."""

    def pi(self, target: str, data: str | None = None) -> None:
        """Ignore a processing instruction."""

    def close(self) -> None:
        """End the document."""

    def _formula_part(self, tag: str) -> None:
        """Put the sign before a part of a fraction or a power, and a bracket before one of several pieces."""
        signs, part = "", 0
        if self._formula:
            parent = self._formula[-1]
            signs, part = _BETWEEN.get(parent[0], ""), parent[1]
            parent[1] += 1
        if 0 < part <= len(signs):
            self._flow.put(signs[part - 1])
        has_brackets = bool(signs) and tag == "mrow"
        if has_brackets:
            self._flow.put("(")
        self._formula.append([tag, 0, has_brackets])

    def _end_formula_part(self) -> None:
        if self._formula and self._formula.pop()[2]:
            self._flow.put(")")

    def _input(self, attributes: Mapping[str, str]) -> None:
        kind = attributes.get("type", "text").lower()
        if kind in ("checkbox", "radio"):
            text = "[x]" if "checked" in attributes else "[ ]"
        else:
            text = "" if kind in _UNSEEN_INPUTS else attributes.get("value", "").strip()
        if text:
            self._flow.space()
            self._flow.put(text)

    def _picture(self, attributes: Mapping[str, str]) -> None:
        """Put the text that stands for a picture, in Markdown's sign for one; a single sign as it is."""
        text = " ".join(attributes.get("alt", "").split())[:_LONGEST_ALTERNATIVE]
        if text:
            self.data(f" ![{text}] " if len(text) > _LONGEST_SIGN else text)

    def _listed(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag in _LISTS:
            self._lists.append(_List.of(tag, attributes))
        elif tag == "li" and self._lists:
            self._mark += self._lists[-1].number(attributes.get("value", ""))
        elif tag == "option" and "selected" in attributes:
            self._mark = "[x] "

    def _break_for(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._flow.break_line(2 if tag in _PARAGRAPHS else 1)

    def _start_table(self) -> None:
        for table in self._tables[-1:]:
            table.holds_table = True
        self._flow.break_line(2)
        self._tables.append(_Table())

    def _end_table(self) -> None:
        if not self._tables:
            return
        self._end_row()
        self._tables.pop()
        self._flow.break_line(2)

    def _start_cell(self, attributes: Mapping[str, str]) -> None:
        self._end_cell()
        table = self._tables[-1]
        while table.spans.get(len(table.cells), 0) > 0:
            table.spans[len(table.cells)] -= 1
            table.cells.append("")
        across, down = _span(attributes, "colspan"), _span(attributes, "rowspan")
        for column in range(len(table.cells), len(table.cells) + across):
            if down > 1:
                table.spans[column] = down - 1
        table.cell, table.column = _Flow(), len(table.cells)
        table.cells += [""] * across
        table.holds_table = False

    def _end_cell(self) -> None:
        table = self._tables[-1]
        if table.cell is None:
            return
        text = "".join(table.cell.pieces).strip()
        table.cell = None
        if table.holds_table or len(text) > _LONGEST_CELL or text.count("\n") > _MOST_LINES:
            table.is_layout = True
        table.cells[table.column] = text

    def _end_row(self) -> None:
        if not self._tables:
            return
        self._end_cell()
        table = self._tables[-1]
        cells, table.cells = table.cells, []
        is_layout, table.is_layout = table.is_layout, False
        flow = self._outer_flow()
        if not any(cells):
            return
        flow.break_line(1)
        if is_layout or len(cells) == 1:
            for cell in filter(None, cells):
                flow.put(cell)
                flow.break_line(1)
        else:
            flow.put("\t".join(" ".join(cell.split()) for cell in cells).rstrip("\t"))
        flow.break_line(1)

    def _outer_flow(self) -> _Flow:
        for table in reversed(self._tables[:-1]):
            if table.cell is not None:
                return table.cell
        return self._root


def _is_hidden(attributes: Mapping[str, str]) -> bool:
    return "hidden" in attributes or bool(_HIDDEN_STYLE.search(attributes.get("style", "")))


def _integer(text: str) -> int | None:
    text = text.strip()
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) < 7 else None


def _span(attributes: Mapping[str, str], name: str) -> int:
    text = attributes.get(name, "1").strip()
    return max(1, min(int(text), _MOST_COLUMNS)) if text.isascii() and text.isdigit() and len(text) < 5 else 1
