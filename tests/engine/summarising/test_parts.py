"""The parts of a document: from bookmarks, else from headings; the outer levels where there are many."""

from __future__ import annotations

from engine.library.records import Page, Section
from engine.summarising.parts import parts_of, shown
from engine.summarising.section_text import SectionText

TEXTS = ["Handbook\n\n1 Pumps\nA pump moves water.", "2 Valves\nA valve holds it.\n2.1 Old\nFew.", "3 Index"]
PAGES = [Page(n, None, text, None, None, None) for n, text in enumerate(TEXTS, 1)]


def section(number: int, heading: str) -> SectionText:
    page = PAGES[number - 1]
    return SectionText.of(Section(number, 1, number, heading, page.text, number, number, 0, 10, None), [page])


def test_bookmarks_lead_to_their_place_on_the_page():
    bookmarks = [("1  Pumps", 1, 1), ("2 Valves", 2, 1), ("2.1 Old", 2, 2), ("3 Index", 3, 1)]
    parts = parts_of(bookmarks, [], PAGES)
    assert [part.title for part in parts] == ["1 Pumps", "2 Valves", "2.1 Old", "3 Index"]
    assert parts[0].begins == (1, TEXTS[0].index("1 Pumps")) and parts[0].ends == (2, 0)
    assert all(part.found for part in parts)
    assert not parts_of([("No such title", 2, 1)] * 3, [], PAGES)[0].found
    assert parts[2].begins == (2, TEXTS[1].index("2.1")) and parts[3].ends == (4, 0)


def test_headings_stand_in_where_there_are_no_bookmarks():
    sections = [section(1, "1 Pumps"), section(2, "2 Valves"), section(3, "2 Valves")]
    parts = parts_of([("Cover", 1, 1)], sections, PAGES)
    assert [(part.title, part.level) for part in parts] == [("1 Pumps", 1), ("2 Valves", 1)]
    assert parts_of([], [], PAGES) == []


def test_inner_levels_are_left_out_where_there_are_too_many():
    bookmarks = [(f"{n}{'.1' * (n % 2)}", 1 + n // 10, 1 + n % 2) for n in range(20)]
    parts = parts_of(bookmarks, [], PAGES)
    assert len(shown(parts, 20)) == 20
    outer = shown(parts, 12)
    assert len(outer) == 10 and {part.level for part in outer} == {1}
    assert [part.ends for part in outer[:-1]] == [part.begins for part in outer[1:]]
    assert len(shown(parts, 3)) == 10
    assert shown([], 3) == []
