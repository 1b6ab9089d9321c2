"""What a document's export says, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.library.database import LibraryError
from engine.library.export import to_json
from engine.library.library import Library
from engine.library.reading_run import Progress
from engine.library.records import Ledger, LedgerEntry, NewPage, NewSection, NewSummary, NewTurn
from engine.protocol.evidence import Evidence, SummaryBasis
from engine.wording.markdown import to_markdown, written
from engine.wording.report import Block
from tests.engine.library_fakes import IDENTITY, FakeFile


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """One document: three pages, one of them unreadable, a summary, four turns with a branch."""
    with Library.open(tmp_path / "library.db") as opened:
        document = opened.documents.for_file(FakeFile("/x/report.pdf", "ab", "Annual\nreport", page_count=3)).id
        reading = opened.reading(document, IDENTITY)
        pages = [NewPage(1, "One.", 0, 500), NewPage(2, "", 500, 0, "no text"), NewPage(3, "Three.", 500, 700)]
        reading.finish(Progress(1200, pages, [NewSection(1, "Intro", "One.", 1, 3, 0, 1200)]))
        opened.summaries.add(
            document,
            IDENTITY,
            NewSummary(
                "state", "It went *well*.\n", 1200, basis=SummaryBasis(made_from="state", first_page=1, last_page=3)
            ),
        )
        first = opened.turns.add(
            document, IDENTITY, NewTurn("Who\nsigned?", "Ann.", Evidence(kind="section", first_page=3, last_page=3))
        )
        second = opened.turns.add(document, IDENTITY, NewTurn("When?", "In May.", parent=first))
        opened.turns.add(document, IDENTITY, NewTurn("Why?", "Not in this document.", parent=first, as_of_page=2))
        opened.turns.add(document, IDENTITY, NewTurn("Where?", "Zürich.", parent=second))
        yield opened


def test_markdown_reads_from_the_facts_to_the_turns_in_their_branches(library: Library) -> None:
    text = to_markdown(library, 1)
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert headings == [
        "# Annual report",
        "## Summary",
        "## Questions",
        "### 1. Who signed?",
        "### 1.1. When?",
        "### 1.1.1. Where?",
        "### 1.2. Why? (using pages 1–2 only)",
    ]
    for line in (
        "- Read: 3 of 3 pages, 1,200 tokens",
        "- Pages that could not be read: 1",
        r"It went \*well\*.",
        "*From the whole document, pages 1–3.*",
        "*Source: page 3.*",
        "Zürich.",
        "- Model: a model",
    ):
        assert line in text.splitlines()


def test_markdown_says_when_the_reading_is_not_complete(library: Library) -> None:
    library.reading(1, IDENTITY, 600)
    assert "- The reading is not complete: it is still in progress." in to_markdown(library, 1)


def test_a_long_conversation_is_exported_whole(library: Library) -> None:
    turn = None
    for _ in range(1500):
        turn = library.turns.add(1, IDENTITY, NewTurn("And then?", "Then.", parent=turn))
    assert to_markdown(library, 1).count("And then?") == 1500


def test_the_pages_of_every_line_stand_behind_it_and_notes_and_ledger_follow(library: Library) -> None:
    basis = SummaryBasis(
        made_from="sections",
        first_page=1,
        last_page=5,
        sections=1,
        sections_with_findings=1,
        line_pages=((), (3, 4, 5)),
    )
    library.summaries.add(1, IDENTITY, NewSummary("sections", "Key findings:\n- Pump P-1: it broke.", 9, basis=basis))
    library.section_summaries.save(library.sections.of(1)[0].id, "Summarise.", "It broke.", [[3]])
    library.entities.save(1, Ledger([LedgerEntry("amount", "9 euros", "9 EUR", 2, [1, 3])], 0, 3))
    lines = to_markdown(library, 1).splitlines()
    for line in (
        "- Pump P-1: it broke. (pages 3–5)",
        "Key findings:",
        "*From 1 section, pages 1–5.*",
        "### Pages 1–3: Intro",
        "It broke. (page 3)",
        "- 9 euros, 2 times (pages 1, 3)",
    ):
        assert line in lines
    content = json.loads(to_json(library, 1))
    assert content["notes"][0]["text"] == "It broke."
    assert content["ledger"]["entries"][0]["value"] == "9 EUR"
    assert content["retention"] is None


def test_markdown_escapes_markup_of_the_document_and_the_model(library: Library) -> None:
    library.turns.add(
        1, IDENTITY, NewTurn("<b>Who</b>\n# is it?", "![x](http://a.b/c.png)\n# Not a heading\n- an item\n&lt;")
    )
    text = to_markdown(library, 1)
    assert r"### 2. \<b\>Who\</b\> # is it?" in text
    assert r"!\[x\](http://a.b/c.png)" in text and "\n\\# Not a heading\n\n- an item\n\n&amp;lt;" in text


def test_json_holds_everything_but_the_states_and_the_text(library: Library) -> None:
    content = json.loads(to_json(library, 1))
    assert content["readthrough_export"] == 2
    assert content["document"]["sha256"] == "ab"
    assert [turn["parent"] for turn in content["turns"]] == [None, 1, 1, 2]
    assert (content["turns"][0]["evidence"]["kind"], content["turns"][0]["evidence"]["first_page"]) == ("section", 3)
    assert content["summaries"][0]["text"] == "It went *well*.\n"
    assert content["sections"][0]["heading"] == "Intro" and "text" not in content["sections"][0]
    assert content["pages"][1] == {
        "number": 2,
        "first_token": 500,
        "n_tokens": 0,
        "problem": "no text",
        "certainty": None,
        "removed": 0,
    }
    assert content["readings"][0]["state"] == "done"
    with_text = json.loads(to_json(library, 1, with_text=True))
    assert [page["text"] for page in with_text["pages"]] == ["One.", "", "Three."]


def test_a_document_that_is_gone_is_said_so(library: Library) -> None:
    library.documents.remove(1)
    for export in (to_json, to_markdown):
        with pytest.raises(LibraryError, match="no longer"):
            export(library, 1)


def test_markdown_names_source_and_unverified_claims(tmp_path) -> None:
    with Library.open(tmp_path / "library.db") as opened:
        document = opened.documents.for_file(FakeFile("/documents/a.pdf", "a" * 64)).id
        evidence = Evidence(kind="section", first_page=4, last_page=7, unverified=("17", "Ann"))
        opened.turns.add(document, IDENTITY, NewTurn("Who?", "Ann, 17.", evidence))
        lines = to_markdown(opened, document).splitlines()
        assert "*Source: pages 4–7.*" in lines
        assert "*Not found on those pages: 17, Ann.*" in lines


def test_a_report_holds_no_character_that_controls_a_terminal(library: Library) -> None:
    library.documents.rename(1, "A \x1b]0;title\x07 b")
    library.turns.add(1, IDENTITY, NewTurn("Who \x1b[31m did\u202e it?", "Ann\x9b2J."))
    text = to_markdown(library, 1)
    assert not [c for c in text if c != "\n" and not c.isprintable()] and text.count("\ufffd") == 5
    assert "# A \ufffd\\]0;title\ufffd b" in text


def test_lines_of_a_text_are_paragraphs_and_items_of_a_list_stay_together():
    text = written([Block("text", ("Costs:", "“A pump costs 9 EUR.” (page 3)", "- one", "- two", "", "End."))])
    assert text == "Costs:\n\n“A pump costs 9 EUR.” (page 3)\n\n- one\n- two\n\nEnd.\n"
