"""Hostile office files, books, mail and archives end in their sound text or in one sentence, in little time."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.bench.attack import office
from engine.bench.attack.office_writer import SAID
from engine.documents.formats.office.office_file import read_parts
from engine.documents.pages import DocumentError

HEAVY = ("bomb", "million", "0,000", "8 MB", "overlap", "many archives", "a header", "brackets.x", "html")
"""Cases that the attack runs in a process of its own."""
FILES = {
    name: make
    for name, make in {**office.PACKAGES, **office.MAILS, **office.naming(Path("/tmp/none"))}.items()
    if not any(word in name for word in HEAVY)
}


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_is_text_or_one_sentence(name: str) -> None:
    try:
        parts = read_parts(FILES[name](), f".{name.rpartition('.')[2]}")
    except (DocumentError, RecursionError):  # the latter is a sentence where the file is opened
        assert name not in office.KEEPS
        return
    text = "\n".join(page.text for page in parts.pages)
    assert SAID in text or name not in office.KEEPS
    assert office.SECRET not in text
