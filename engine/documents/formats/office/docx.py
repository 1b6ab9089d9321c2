"""Word documents (.docx): paragraphs, headings, tables with their rows and cells, foot- and endnotes, text boxes.

python-docx gives a paragraph's own runs only; text that was inserted under revision or stands in a content control is
in none of them. So the XML itself is walked: inserted text is read, deleted and hidden text is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from engine.documents.formats.office.attributes import whole
from engine.documents.formats.office.comments import comments_note
from engine.documents.formats.office.formula import M, formula_text
from engine.documents.formats.office.numbering import Numbering
from engine.documents.formats.office.package import Package
from engine.documents.formats.parts import Block, Parts
from engine.documents.pages import DocumentError

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_SKIPPED = frozenset(
    (f"{_W}del", f"{_W}moveFrom", f"{_W}instrText", f"{_W}delText", f"{_W}rPr", f"{_W}pPr", f"{_MC}Fallback")
)
_SIGNS = {
    "FC": "✓", "FB": "✗", "FE": "☑", "FD": "☒", "A8": "☐", "6F": "☐", "71": "☐", "A7": "▪", "B7": "•", "6C": "●",
    "6E": "■", "E0": "→", "E8": "→", "DF": "←", "4A": "☺", "D8": "➢", "76": "❖", "D7": "×", "B0": "°", "B1": "±",
}  # fmt: skip
"""Last two digits of a sign's number in the fonts Wingdings and Symbol -> the character; others become a box."""
_COMMENTS = re.compile(r"word/comments\.xml")
_PAGE_WORDS = re.compile(r"\b(?:page|seite|página|pagina|strona|sida|of|von|de|di|sur|z|av)\b", re.IGNORECASE)
_HEADING = re.compile(r"heading\s*([1-9])|title", re.IGNORECASE)
_MARKS = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-", f"{_W}softHyphen": ""}


def read_docx(package: Package) -> Parts:
    """Return a Word document's pages, outline and title."""
    parts = Parts(title=core_title(package))
    main = package.xml("word/document.xml")
    body = main.find(f"{_W}body")
    if body is None:
        raise DocumentError("damaged", "")
    walker = _Walker(_heading_styles(package), _notes(package), Numbering.of(package))
    parts.add_blocks([*_beside(package, "header"), *walker.blocks(body), *_beside(package, "footer")])
    if left_out := _left_out(body):
        parts.notes.append(f"{left_out} not read")
    if note := comments_note(package, _COMMENTS, ("comment",)):
        parts.notes.append(note)
    return parts


def _beside(package: Package, kind: str) -> list[Block]:
    """Return the lines of all headers or footers, each once: a letter has its sender and date there."""
    lines: dict[str, None] = {}
    for name in sorted(name for name in package.names if re.fullmatch(rf"word/{kind}\d*\.xml", name)):
        for block in _Walker({}, {}, Numbering()).blocks(package.xml(name)):
            line = block.text.strip()
            if any(map(str.isalpha, _PAGE_WORDS.sub("", line))):
                lines[line] = None
    return [Block(line) for line in lines]


def _left_out(body: etree._Element) -> str:
    """Return what is in the file and not on its pages, "" if nothing is."""
    kinds = []
    if any((text.text or "").strip() for text in body.iter(f"{_W}delText")):
        kinds.append("deleted text that is kept for review")
    if next(body.iter(f"{_W}moveFrom"), None) is not None:
        kinds.append("the former place of moved text")
    if any(run.find(f"{_W}t") is not None for run in _hidden_runs(body)):
        kinds.append("hidden text")
    return " and ".join(kinds)


def _hidden_runs(body: etree._Element) -> Iterator[etree._Element]:
    return (run for run in body.iter(f"{_W}r") if _is_hidden(run))


def _is_hidden(run: etree._Element) -> bool:
    vanish = run.find(f"{_W}rPr/{_W}vanish")
    return vanish is not None and vanish.get(f"{_W}val") not in ("0", "false", "off")


def core_title(package: Package) -> str:
    """Return the title in an Office file's properties."""
    if "docProps/core.xml" not in package:
        return ""
    found = package.xml("docProps/core.xml").find("{http://purl.org/dc/elements/1.1/}title")
    return (found.text or "").strip() if found is not None else ""


def _heading_styles(package: Package) -> dict[str, int]:
    """Return style id -> level for the styles of headings, by outline level or name."""
    styles: dict[str, int] = {}
    if "word/styles.xml" not in package:
        return styles
    for style in package.xml("word/styles.xml").iter(f"{_W}style"):
        name = _value(style.find(f"{_W}name"))
        outline = style.find(f"{_W}pPr/{_W}outlineLvl")
        found = _HEADING.fullmatch(name.strip())
        identifier = style.get(f"{_W}styleId", "")
        if found:
            styles[identifier] = int(found[1] or 1)
        elif (level := whole(_value(outline), 9, 9)) < 9:
            styles[identifier] = level + 1
    return styles


def _notes(package: Package) -> dict[str, str]:
    """Return "footnote 3" -> text."""
    notes: dict[str, str] = {}
    for kind in ("footnote", "endnote"):
        name = f"word/{kind}s.xml"
        if name in package:
            for note in package.xml(name).iter(f"{_W}{kind}"):
                if note.get(f"{_W}type") in (None, "normal"):
                    walker = _Walker({}, {}, Numbering())
                    text = " ".join(block.text.strip() for block in walker.blocks(note))
                    notes[f"{kind} {note.get(f'{_W}id')}"] = " ".join(text.split())
    return notes


def _value(element: etree._Element | None) -> str:
    return element.get(f"{_W}val", "") if element is not None else ""


class _Walker:
    def __init__(self, headings: dict[str, int], notes: dict[str, str], numbering: Numbering) -> None:
        self._headings = headings
        self._numbering = numbering
        self._notes = notes
        self._cited: list[str] = []
        """Notes of the paragraph being read."""

    def blocks(self, container: etree._Element) -> Iterator[Block]:
        """Yield paragraphs and table rows of a body, a cell or a note."""
        for element in container:
            if element.tag == f"{_W}p":
                yield from self._paragraph(element)
            elif element.tag == f"{_W}tbl":
                yield Block("")
                for row in element.iter(f"{_W}tr"):
                    if _nearest_table(row) is element:
                        yield from self._row(row)
                yield Block("")
            elif element.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}customXml", f"{_W}smartTag"):
                yield from self.blocks(element)

    def _paragraph(self, paragraph: etree._Element) -> Iterator[Block]:
        style = _value(paragraph.find(f"{_W}pPr/{_W}pStyle"))
        outline = whole(_value(paragraph.find(f"{_W}pPr/{_W}outlineLvl")), 9, 9)
        level = self._headings.get(style, outline + 1 if outline < 9 else 0)
        boxes: list[etree._Element] = []
        text = self._text(paragraph, boxes)
        if text.strip() and (number := self._numbering.next(paragraph)):
            text = f"{number} {text.lstrip()}"
        cited, self._cited = self._cited, []
        yield Block(" ".join(text.split()) if level else text, level)
        for box in boxes:
            yield from self.blocks(box)
        for note in cited:
            yield Block(note)

    def _row(self, row: etree._Element) -> Iterator[Block]:
        cells: list[str] = []
        before = row.find(f"{_W}trPr/{_W}gridBefore")
        cells += [""] * (_number(before, 0))
        nested: list[Block] = []
        for cell in row.iter(f"{_W}tc"):
            if _nearest(cell, f"{_W}tr") is not row:
                continue
            merged = cell.find(f"{_W}tcPr/{_W}vMerge")
            lines = []
            for block in self.blocks(cell) if merged is None or _value(merged) == "restart" else ():
                if "\t" in block.text:
                    nested.append(block)
                else:
                    lines.append(block.text.strip())
            cells.append(" ".join(" ".join(lines).split()))
            cells += [""] * (_number(cell.find(f"{_W}tcPr/{_W}gridSpan"), 1) - 1)
        yield Block("\t".join(cells).rstrip("\t"))
        yield from nested

    def _text(self, element: etree._Element, boxes: list[etree._Element]) -> str:
        pieces: list[str] = []
        self._collect(element, pieces, boxes)
        return "".join(pieces)

    def _collect(self, element: etree._Element, pieces: list[str], boxes: list[etree._Element]) -> None:
        for child in element:
            tag = child.tag
            if tag in _SKIPPED or not isinstance(tag, str):
                continue
            if tag == f"{_W}r" and _is_hidden(child):
                continue
            if tag == f"{_W}t":
                pieces.append(child.text or "")
            elif tag == f"{M}oMath":
                pieces.append(formula_text(child))
            elif tag in _MARKS:
                pieces.append(_MARKS[tag])
            elif tag == f"{_W}sym":
                pieces.append(_SIGNS.get(child.get(f"{_W}char", "").upper()[-2:], "\u25a1"))
            elif tag in (f"{_W}footnoteReference", f"{_W}endnoteReference"):
                self._cite(child, pieces)
            elif tag == f"{_W}txbxContent":
                boxes.append(child)
            elif tag == f"{_W}r" and _value(child.find(f"{_W}rPr/{_W}vertAlign")) == "superscript":
                raised: list[str] = []
                self._collect(child, raised, boxes)
                pieces.append(_raised("".join(pieces)[-1:], "".join(raised)))
            else:
                self._collect(child, pieces, boxes)

    def _cite(self, reference: etree._Element, pieces: list[str]) -> None:
        kind = "footnote" if reference.tag == f"{_W}footnoteReference" else "endnote"
        number = reference.get(f"{_W}id", "")
        text = self._notes.get(f"{kind} {number}")
        if text:
            pieces.append(f" [{kind} {number}]")
            self._cited.append(f"[{kind} {number}: {text}]")


def _raised(before: str, text: str) -> str:
    return f"^{text}" if before.isalnum() and text[:1] in "+-0123456789\u2212" and text else text


def _number(element: etree._Element | None, otherwise: int) -> int:
    return whole(_value(element), otherwise, 100)


def _nearest(element: etree._Element, tag: str) -> etree._Element | None:
    return next(element.iterancestors(tag), None)


def _nearest_table(row: etree._Element) -> etree._Element | None:
    return _nearest(row, f"{_W}tbl")
