"""Questions about the document as a file are answered from the library."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from engine.answering.document_facts import document_fact


def fact(question: str, pages: int = 34, complete: bool = True):
    stored = SimpleNamespace(title="Rules for lifts", path="/home/a/rules.pdf", kind="pdf", size=1_234_567)
    state = SimpleNamespace(document=stored, pages=pages, complete=complete)
    return document_fact(SimpleNamespace(document=state), question, "en")


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("How many pages has the document?", "The document has 34 pages."),
        ("How many pages does it have?", "The document has 34 pages."),
        ("how many pages are there", "The document has 34 pages."),
        ("How many pages are in this report?", "The document has 34 pages."),
        ("How long is the document?", "The document has 34 pages."),
        ("What is its title?", "Title: Rules for lifts"),
        ("What is the title of this paper?", "Title: Rules for lifts"),
        ("What is the document called?", "Title: Rules for lifts"),
        ("What type of file is it?", "PDF file “rules.pdf”, 1.2 MB."),
        ("What is the file name?", "PDF file “rules.pdf”, 1.2 MB."),
        ("How big is the file?", "PDF file “rules.pdf”, 1.2 MB."),
        ("What language is it written in?", "The text is mostly English."),
    ],
)
def test_facts_of_the_file(question: str, said: str):
    found = fact(question)
    assert found is not None and found[0] == said


@pytest.mark.parametrize(
    "question",
    [
        "How many pages would somebody have to read to understand it?",
        "How many pages did the clerk copy?",
        "How long is the notice?",
        "What is the title of the director?",
        "What is the title of the act that was repealed?",
        "What is the name of the river?",
        "What kind of file does the program write?",
        "What is this document about?",
        "What language do the villagers speak?",
    ],
)
def test_questions_about_the_text_are_none_about_the_file(question: str):
    assert fact(question) is None


def test_a_document_that_is_still_read_has_no_length_yet():
    assert fact("How many pages has the document?", 12, complete=False) == ("12 pages were read so far.", False)
    assert fact("How many pages has the document?", 1) == ("The document has one page.", False)


def test_a_file_name_is_no_title():
    stored = SimpleNamespace(title="scan7", path="/home/a/scan7.pdf", kind="pdf", size=9)
    context = SimpleNamespace(document=SimpleNamespace(document=stored, pages=2, complete=True))
    assert document_fact(context, "What is the title?", "en") == ("The file “scan7.pdf” gives no title.", True)
