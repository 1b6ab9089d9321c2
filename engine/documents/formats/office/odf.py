"""OpenDocument files: texts (.odt), spreadsheets (.ods) and presentations (.odp)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine.documents.formats.office.attributes import whole
from engine.documents.formats.office.package import Package
from engine.documents.formats.parts import Block, Parts
from engine.documents.pages import DocumentError

_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_DRAW = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_MANIFEST = "META-INF/manifest.xml"
_SKIPPED = frozenset((f"{_TEXT}tracked-changes", f"{_OFFICE}annotation", f"{_TEXT}note-citation"))
_DEEPEST_HEADING = 10
_MOST_REPEATED = 1_000
"""Copies of an empty or equal cell that are written out; a sheet pads its rows with thousands."""


def read_odf(package: Package) -> Parts:
    """Return an OpenDocument file's pages, outline and title."""
    if _MANIFEST in package and b"encryption-data" in package.read(_MANIFEST):
        raise DocumentError(
            "unsupported", "{name} is encrypted with a password; save a copy without one in the program that opens it."
        )
    parts = Parts()
    if "meta.xml" in package:
        found = next(package.xml("meta.xml").iter(_TITLE), None)
        parts.title = (found.text or "").strip() if found is not None else ""
    root = package.xml("content.xml")
    comments = sum(1 for _ in root.iter(f"{_OFFICE}annotation"))
    if comments:
        parts.notes.append(f"{comments} comment{'' if comments == 1 else 's'} in the margin not read")
    sheets = root.find(f"{_OFFICE}body/{_OFFICE}spreadsheet")
    slides = root.find(f"{_OFFICE}body/{_OFFICE}presentation")
    if sheets is not None:
        hidden_styles = _hidden_styles(root)
        hidden = []
        for table in sheets.iter(f"{_TABLE}table"):
            name = table.get(f"{_TABLE}name", "")
            if table.get(f"{_TABLE}style-name") in hidden_styles:
                hidden.append(name)
            blocks = [Block(name, 1), *_rows(table)]
            parts.add_blocks(blocks, f"Sheet {name}", breaks=False)
        if hidden:
            parts.notes.append(f"hidden sheets are read too: {', '.join(hidden[:5])}")
    elif slides is not None:
        for number, slide in enumerate(slides.iter(f"{_DRAW}page"), 1):
            parts.add_blocks(list(_blocks(slide)), f"Slide {number}", breaks=False)
    else:
        body = root.find(f"{_OFFICE}body/{_OFFICE}text")
        if body is not None:
            parts.add_blocks([*_beside(package, "header"), *_blocks(body), *_beside(package, "footer")])
    return parts


def _hidden_styles(root: etree._Element) -> set[str]:
    """Return the names of the styles of hidden sheets."""
    styles = root.iter(f"{_STYLE}style")
    return {
        style.get(f"{_STYLE}name", "")
        for style in styles
        if any(one.get(f"{_TABLE}display") == "false" for one in style.iter(f"{_STYLE}table-properties"))
    }


def _beside(package: Package, kind: str) -> list[Block]:
    """Return the lines of all headers or footers, each once; page numbers, which are fields, have no letters."""
    if "styles.xml" not in package:
        return []
    lines: dict[str, None] = {}
    for element in package.xml("styles.xml").iter(*(f"{_STYLE}{kind}{end}" for end in ("", "-left", "-first"))):
        for block in _blocks(element):
            if any(map(str.isalpha, block.text)):
                lines[block.text.strip()] = None
    return [Block(line) for line in lines]


def _blocks(container: etree._Element) -> Iterator[Block]:
    """Yield paragraphs, headings and table rows of a container, through lists and sections."""
    for element in container:
        if not isinstance(element.tag, str) or element.tag in _SKIPPED:
            continue
        if element.tag == f"{_TEXT}h":
            level = element.get(f"{_TEXT}outline-level", "1")
            yield Block(" ".join(_text(element).split()), max(1, whole(level, 1, _DEEPEST_HEADING)))
        elif element.tag == f"{_TEXT}p":
            yield Block(_text(element))
            for box in element.iter(f"{_DRAW}text-box"):
                yield from _blocks(box)
        elif element.tag == f"{_TABLE}table":
            yield Block("")
            yield from _rows(element)
            yield Block("")
        else:
            yield from _blocks(element)


def _rows(table: etree._Element) -> Iterator[Block]:
    for row in table.iter(f"{_TABLE}table-row"):
        if next(row.iterancestors(f"{_TABLE}table"), None) is not table:
            continue
        cells: list[str] = []
        for cell in row:
            if cell.tag not in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
                continue
            repeated = cell.get(f"{_TABLE}number-columns-repeated", "1")
            count = whole(repeated, 1, _MOST_REPEATED)
            text = "" if cell.tag.endswith("covered-table-cell") else " ".join(b.text.strip() for b in _blocks(cell))
            cells += [" ".join(text.split())] * count
        line = "\t".join(cells).rstrip("\t")
        if line:
            yield Block(line)


def _text(element: etree._Element) -> str:
    pieces = [element.text or ""]
    for child in element:
        tag = child.tag
        if tag == f"{_TEXT}s":
            count = child.get(f"{_TEXT}c", "1")
            pieces.append(" " * whole(count, 1, 200))
        elif tag == f"{_TEXT}tab":
            pieces.append("\t")
        elif tag == f"{_TEXT}line-break":
            pieces.append("\n")
        elif tag == f"{_TEXT}note":
            body = child.find(f"{_TEXT}note-body")
            note = " ".join(block.text for block in _blocks(body)) if body is not None else ""
            pieces.append(f" [note: {' '.join(note.split())}]")
        elif isinstance(tag, str) and tag not in _SKIPPED and tag != f"{_DRAW}frame":
            pieces.append(_text(child))
        pieces.append(child.tail or "")
    return "".join(pieces)
