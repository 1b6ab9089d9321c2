"""Numbers of Word's lists and headings, which stand in no text: "2.", "b)", "1.3", bullets."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree

from engine.documents.formats.list_numbers import written
from engine.documents.formats.office.package import Package

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_LEVELS = 9
_PLACE = re.compile(r"%([1-9])")


@dataclass(frozen=True)
class _Level:
    form: str
    """How the number is written: decimal, lowerLetter, upperRoman, bullet..."""
    text: str
    """Pattern, with %1 for the number of the first level."""
    start: int


@dataclass
class Numbering:
    """The lists of one document, counted as its paragraphs come."""

    levels: dict[str, dict[int, _Level]] = field(default_factory=dict)
    """List -> its levels."""
    shared: dict[str, str] = field(default_factory=dict)
    """List -> the list whose numbers it continues."""
    styles: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Paragraph style -> (list, level)."""
    _counts: dict[str, list[int | None]] = field(default_factory=dict)

    @classmethod
    def of(cls, package: Package) -> Numbering:
        """Return the numbering of a Word document."""
        found = cls()
        if "word/numbering.xml" not in package:
            return found
        root = package.xml("word/numbering.xml")
        abstract = {one.get(f"{_W}abstractNumId", ""): _levels(one) for one in root.iter(f"{_W}abstractNum")}
        for number in root.iter(f"{_W}num"):
            name, base = number.get(f"{_W}numId", ""), _value(number.find(f"{_W}abstractNumId"))
            levels = dict(abstract.get(base, {}))
            restarts = False
            for override in number.iter(f"{_W}lvlOverride"):
                place = _number(override.get(f"{_W}ilvl"), 0)
                start = override.find(f"{_W}startOverride")
                if start is not None and place in levels:
                    before = levels[place]
                    levels[place] = _Level(before.form, before.text, _number(_value(start), before.start))
                    restarts = True
            found.levels[name] = levels
            found.shared[name] = name if restarts else f"abstract {base}"
        found._read_styles(package)
        return found

    def next(self, paragraph: etree._Element) -> str:
        """Return the number of the next paragraph as it is shown, "" if it has none."""
        properties = paragraph.find(f"{_W}pPr")
        if properties is None:
            return ""
        style = _value(properties.find(f"{_W}pStyle"))
        name, place = self.styles.get(style, ("", 0))
        direct = properties.find(f"{_W}numPr")
        if direct is not None:
            name = _value(direct.find(f"{_W}numId")) or name
            place = _number(_value(direct.find(f"{_W}ilvl")), place)
        levels = self.levels.get(name, {})
        level = levels.get(place)
        if level is None or not 0 <= place < _LEVELS:
            return ""
        counts = self._counts.setdefault(self.shared[name], [None] * _LEVELS)
        before = counts[place]
        counts[place] = level.start if before is None else before + 1
        counts[place + 1 :] = [None] * (_LEVELS - place - 1)
        if level.form == "bullet":
            return "-"
        return _PLACE.sub(lambda found: self._shown(counts, levels, int(found[1]) - 1), level.text).strip()

    @staticmethod
    def _shown(counts: list[int | None], levels: dict[int, _Level], place: int) -> str:
        level = levels.get(place)
        if level is None:
            return ""
        count = counts[place]
        return written(level.start if count is None else count, level.form)

    def _read_styles(self, package: Package) -> None:
        if "word/styles.xml" not in package:
            return
        based: dict[str, str] = {}
        for style in package.xml("word/styles.xml").iter(f"{_W}style"):
            name = style.get(f"{_W}styleId", "")
            based[name] = _value(style.find(f"{_W}basedOn"))
            numbered = style.find(f"{_W}pPr/{_W}numPr")
            if numbered is not None:
                place = _number(_value(numbered.find(f"{_W}ilvl")), 0)
                self.styles[name] = _value(numbered.find(f"{_W}numId")), place
        for name in based:
            parent, steps = name, 0
            while parent and parent not in self.styles and steps < 20:
                parent, steps = based.get(parent, ""), steps + 1
            if parent in self.styles and name not in self.styles:
                self.styles[name] = self.styles[parent]


def _levels(abstract: etree._Element) -> dict[int, _Level]:
    levels = {}
    for level in abstract.iter(f"{_W}lvl"):
        form = _value(level.find(f"{_W}numFmt")) or "decimal"
        text = _value(level.find(f"{_W}lvlText"))
        levels[_number(level.get(f"{_W}ilvl"), 0)] = _Level(form, text, _number(_value(level.find(f"{_W}start")), 1))
    return levels


def _value(element: etree._Element | None) -> str:
    return element.get(f"{_W}val", "") if element is not None else ""


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 7 else otherwise
