"""Numbers of Word's lists, which stand in no text."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.documents.extraction.extractor import open_document
from engine.documents.formats.list_numbers import written
from tests.engine.documents.test_office import docx, paragraph

NUMBERING = """
<w:abstractNum w:abstractNumId='0'>
  <w:lvl w:ilvl='0'><w:start w:val='1'/><w:numFmt w:val='decimal'/><w:lvlText w:val='%1.'/></w:lvl>
  <w:lvl w:ilvl='1'><w:start w:val='1'/><w:numFmt w:val='lowerLetter'/><w:lvlText w:val='%2)'/></w:lvl>
  <w:lvl w:ilvl='2'><w:start w:val='1'/><w:numFmt w:val='decimal'/><w:lvlText w:val='%1.%3'/></w:lvl>
</w:abstractNum>
<w:abstractNum w:abstractNumId='1'>
  <w:lvl w:ilvl='0'><w:numFmt w:val='bullet'/><w:lvlText w:val='&#xF0B7;'/></w:lvl>
</w:abstractNum>
<w:num w:numId='1'><w:abstractNumId w:val='0'/></w:num>
<w:num w:numId='2'><w:abstractNumId w:val='1'/></w:num>
<w:num w:numId='3'><w:abstractNumId w:val='0'/>
  <w:lvlOverride w:ilvl='0'><w:startOverride w:val='7'/></w:lvlOverride></w:num>
"""


def item(text: str, number: int, level: int = 0) -> str:
    properties = f"<w:pPr><w:numPr><w:ilvl w:val='{level}'/><w:numId w:val='{number}'/></w:numPr></w:pPr>"
    return f"<w:p>{properties}<w:r><w:t>{text}</w:t></w:r></w:p>"


def test_lists_are_counted_as_they_are_shown(tmp_path: Path) -> None:
    body = item("Stop the pump", 1) + item("Close the valve", 1, 1) + item("Open it", 1, 1) + item("Wait", 1)
    body += item("Ask", 1, 1) + item("Deep", 1, 2) + item("Seal kit", 2) + paragraph("Between") + item("Start", 1)
    body += item("Another list", 3) + item("goes on", 3)
    with open_document(docx(tmp_path / "a.docx", body, numbering=NUMBERING)) as document:
        (page,) = document.pages()
    assert page.text.split("\n") == [
        "1. Stop the pump",
        "a) Close the valve",
        "b) Open it",
        "2. Wait",
        "a) Ask",
        "2.1 Deep",
        "- Seal kit",
        "Between",
        "3. Start",
        "7. Another list",
        "8. goes on",
    ]


@pytest.mark.parametrize(
    ("number", "form", "text"),
    [
        (4, "lowerRoman", "iv"),
        (28, "upperLetter", "BB"),
        (9, "decimalZero", "09"),
        (3, "none", ""),
        (12, "decimal", "12"),
    ],
)
def test_number_forms(number: int, form: str, text: str) -> None:
    assert written(number, form) == text
