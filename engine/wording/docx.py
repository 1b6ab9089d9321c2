"""A report as a Word file, by python-docx. Light."""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.wording.markdown import LIST_ITEM
from engine.wording.report import Block

if TYPE_CHECKING:
    from docx.document import Document

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML file may hold."""
_STYLES = {"list": "List Bullet", "quote": "Quote"}


def to_docx(blocks: Sequence[Block], title: str) -> bytes:
    """Return the file's bytes. title: the document's title in the file's properties."""
    import docx  # a third of a second that the other commands save

    document = docx.Document()
    properties = document.core_properties
    properties.title, properties.author = _clean(title), "Readthrough"
    properties.created = datetime.datetime.now(datetime.UTC)
    properties.comments = ""
    for block in blocks:
        _add(document, block)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _add(document: Document, block: Block) -> None:
    lines = [_clean(line) for line in block.lines]
    match block.kind:
        case "heading":
            document.add_heading(lines[0], level=block.level)
        case "note":
            document.add_paragraph().add_run(lines[0]).italic = True
        case "text":
            for line in filter(str.strip, lines):
                _add_line(document, line)
        case _:
            for line in lines:
                document.add_paragraph(line, style=_STYLES[block.kind])


def _add_line(document: Document, line: str) -> None:
    """Add one line of a model's text; numbered items keep their own number."""
    item = LIST_ITEM.match(line)
    if item and not item[0].strip()[0].isdigit():
        document.add_paragraph(line[item.end() :], style="List Bullet")
    else:
        document.add_paragraph(line.strip())


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
