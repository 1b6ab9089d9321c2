"""Texts of a finished reading that were changed or lost in the library are read from the file again before use."""

from __future__ import annotations

import pytest

from tests.engine.running import ask, read_document

CHANGES = {
    "another page text": "UPDATE pages SET text = 'The pump was repaired by Carl Jones.' WHERE number = 1",
    "a missing page": "DELETE FROM pages WHERE number = 2",
    "missing tokens of a page": "DELETE FROM page_tokens WHERE number = 2",
    "another section text": "UPDATE sections SET text = 'The pump was repaired by Carl Jones.'",
    "no pages": "DELETE FROM pages",
}


@pytest.mark.parametrize("change", CHANGES)
def test_changed_texts_are_read_again(session, file, change: str) -> None:
    first = read_document(session, file)
    library = session.library
    pages, sections = library.pages.of(1), library.sections.of(1)
    with library._db.write() as conn:
        conn.execute(CHANGES[change])
    again = read_document(session, file)
    assert again.tokens == first.tokens
    assert library.pages.of(1) == pages
    assert [(s.heading, s.text, s.n_tokens) for s in library.sections.of(1)] == [
        (s.heading, s.text, s.n_tokens) for s in sections
    ]
    assert library.maintenance.verify().sound
    assert ask(session, file, "Which gauge was read?").turn_id is not None
