"""Digests: key sentences chosen from a document and quoted word for word with their pages."""

from __future__ import annotations

import random

import pytest

from engine.documents.pages import Page as DocumentPage
from engine.documents.sections import sections as cut
from engine.library.records import Page, Section
from engine.summarising.digest import digest_sections, digest_whole
from engine.summarising.document_head import document_head, shown_title
from engine.summarising.entities import find_entities
from engine.summarising.section_text import SectionText, one_line
from engine.summarising.selection import Selection
from engine.summarising.sentence_scores import WordScores

PUMPS = (
    "1 Pumps\n\nThe pump station moves water from the river to the old reservoir. It was built in 1954 by Ann Weber. "
    "Every pump of the station has a motor and a valve. The valve of a pump closes when its motor stops. "
    "Tea is served at four. A pump whose valve leaks must be stopped by the operator before the motor fails."
)
TABLE = "Name  Size\nP-1  12\nP-2  14\nP-3  16"
CHINESE = (
    "泵站把河水送到旧水库。每台泵都有一台电机和一个阀门。电机停止时泵的阀门会关闭。"
    "下午四点供应茶水。阀门泄漏的泵必须由操作员停止。"
)


def section(number: int, text: str, heading: str = "") -> SectionText:
    row = Section(number, 1, number, heading, text, number, number, 0, 100, None)
    return SectionText.of(row, [Page(number, None, text, None, None, None)])


def by_words(section: SectionText) -> list[float]:
    return WordScores(title=section.heading)(section.text, section.spans)


def test_key_sentences_stand_on_their_page():
    (found,) = digest_sections([section(7, PUMPS)], by_words)
    assert 1 <= len(found.key) <= 3
    for key in found.key:
        place = key.sentence
        assert place.page == 7
        assert PUMPS[place.start : place.end] == place.text
    said = " ".join(key.sentence.text for key in found.key)
    assert "Tea" not in said and "valve" in said


def test_sentences_come_in_the_order_of_the_text():
    (found,) = digest_sections([section(1, PUMPS)], by_words)
    starts = [key.sentence.start for key in found.key]
    assert starts == sorted(starts)


def test_chinese_is_chosen_by_characters():
    (found,) = digest_sections([section(1, CHINESE)], by_words)
    said = "".join(key.sentence.text for key in found.key)
    assert "阀门" in said and "茶水" not in said


def test_section_without_sentences_shows_its_first_lines():
    (found,) = digest_sections([section(3, TABLE)], by_words)
    assert found.key == ()
    assert [line.text for line in found.lines] == ["Name  Size", "P-1  12", "P-2  14"]


def test_focus_keeps_sentences_that_mention_it():
    tea = Selection("", "tea").digest(0, section(1, PUMPS), None)
    assert [key.sentence.text for key in tea.key] == ["Tea is served at four."]
    assert Selection("", "elephants").digest(0, section(1, PUMPS), None).lines == []


def test_repeated_sentences_are_chosen_once():
    sections = [section(number, PUMPS) for number in range(1, 6)]
    chosen = digest_whole(list(digest_sections(sections, by_words)), WordScores(), 12)
    said = [one_line(key.sentence.text) for key in chosen]
    assert len(said) == len(set(said)) <= 4


@pytest.mark.parametrize("text", ["", "\n\n", "...", "a", "1 2 3", "©" * 50, "x" * 5_000])
def test_any_section_has_a_digest(text):
    (found,) = digest_sections([section(1, text)], by_words)
    assert found.key == () or found.key[0].sentence.text


def test_notices_contents_and_fragments_are_not_quoted():
    text = (
        "Copyright 2024 by the Free Software Foundation, all rights reserved here. "
        "and this is only the end of a sentence that began before. "
        "1.1 Introduction . . . . . . . . 12 1.2 Purpose of it . . . . . 14. "
        "The lake holds enough water for a dry summer."
    )
    (found,) = digest_sections([section(1, text)], by_words)
    assert [key.sentence.text for key in found.key] == ["The lake holds enough water for a dry summer."]


def test_questions_that_are_headings_and_run_in_headings_are_not_quoted():
    text = (
        "What is a pump station? 1.3. Why does a pump fail after so many years of service in the same river station? "
        "Old Reservoir The reservoir holds enough water for a dry summer."
    )
    (found,) = digest_sections([section(1, text, "Old Reservoir")], by_words)
    (key,) = found.key
    assert key.sentence.text == "The reservoir holds enough water for a dry summer."
    assert text[key.sentence.start : key.sentence.end] == key.sentence.text


def test_parts_about_the_document_give_way_to_its_subject():
    licence = section(1, "Anyone may copy this program and sell the copies for a fee of their choice.", "Licence")
    subject = section(2, "The pump station moves water from the river to the old reservoir.", "Pumps")
    chosen = digest_whole(list(digest_sections([licence, subject], by_words)), WordScores(), 5)
    assert [key.section for key in chosen] == [1]
    alone = digest_whole(list(digest_sections([licence], by_words)), WordScores(), 5)
    assert [key.section for key in alone] == [0]


def test_head_names_kind_pages_years_and_recurring_names():
    pages = [Page(n, None, f"On 3 May {2020 + n} Ann Weber wrote a report. {n}", None, None, None) for n in range(1, 5)]
    entities = find_entities((page.number, page.text) for page in pages)
    head = document_head("Pump station manual", "pdf", pages, 2, entities)
    assert head.sentence == "Pump station manual: Manual, 4 pages in 2 sections; dates from 2021 to 2024."
    assert head.names == ("Ann Weber",)


def test_log_is_recognised_by_its_lines():
    pages = [Page(1, None, "2024-05-03 08:15 start\n2024-05-03 08:16 stop\nnote", None, None, None)]
    assert document_head("plant", "text", pages, 1, find_entities([])).kind == "log"


def test_long_document_takes_seconds(request):
    words = PUMPS.replace("1 Pumps\n\n", "").split()
    rng = random.Random(3)
    texts = [" ".join(rng.sample(words, len(words))) + "." for _ in range(300)]
    rows = list(cut((DocumentPage(n, text), 400) for n, text in enumerate(texts, 1)))
    sections = [
        SectionText.of(
            Section(row.number, 1, row.number, row.heading, row.text, row.first_page, row.last_page, 0, 1, None),
            [Page(n, None, texts[n - 1], None, None, None) for n in range(row.first_page, row.last_page + 1)],
        )
        for row in rows
    ]
    assert sum(1 for _ in digest_sections(sections, by_words)) == len(rows)


def test_a_long_title_is_cut_behind_a_word() -> None:
    empty = find_entities([])
    head = document_head("Rethinking the Financial Network, " * 6, "pdf", [], 1, empty)
    assert (
        head.title.rstrip("… ").split()[-1] in ("Rethinking", "the", "Financial", "Network") and head.title[-1] == "…"
    )
    assert document_head("字" * 200, "pdf", [], 1, empty).title == "字" * 160 + " …"


def test_entries_of_a_list_of_references_are_no_key_sentences():
    cited = "Weber, A. (1954), “Pumps of the river”, Journal of Water, Vol. 3 No. 1, pp. 12-31, on pumps and valves."
    (found,) = digest_sections([section(1, f"{PUMPS} {cited}")], by_words)
    assert found.scored and not any("Journal" in key.sentence.text for key in found.scored)


def test_pages_of_references_and_contents_are_named_and_not_quoted():
    cited = "\n".join(
        f"{n}. Holm A, Lind P. The pumps of river {n} hold water. Journal of Water 20{n};14(2):31-40. URL https://a.example/{n}"
        for n in range(10, 20)
    )
    contents = "\n".join(f"{n}.1 On the pumps of river {n}\t{3 * n}" for n in range(1, 9))
    made = list(digest_sections([section(1, PUMPS), section(2, cited), section(3, contents)], by_words))
    assert [digest.section.aside for digest in made] == ["", "A list of references.", "A table of contents."]
    assert made[0].key and not any(digest.lines for digest in made[1:])
    assert {key.section for key in digest_whole(made, WordScores(), 5)} == {0}
    (headed,) = digest_sections([section(1, PUMPS.replace("1 Pumps\n\n", ""), "References")], by_words)
    assert not headed.key and headed.section.aside == "A list of references."


def test_a_form_shows_its_total_and_due_date():
    text = "Weber & Sons\nMr Lind\nInvoice 14\nPumps\t2\t80.00\nDue\t3 May 2025\nNet\t160.00\nTotal\t€190.40\nThank you"
    (found,) = digest_sections([section(1, text)], by_words)
    assert [one.quoted for one in found.first_lines] == [
        "Weber & Sons", "Mr Lind", "Invoice 14", "Due 3 May 2025", "Total €190.40",
    ]  # fmt: skip


def test_captions_and_halves_of_sentences_are_not_quoted():
    text = "Table 3: The pumps of the station and their valves. (the motor stops when the valve of the pump is closed)."
    (found,) = digest_sections([section(1, f"{PUMPS} {text}")], by_words)
    assert not any(key.sentence.text.startswith(("Table", "(the")) for key in found.scored)


def test_names_and_years_of_references_are_not_those_of_the_document():
    own = "In 2020 Ann Weber wrote of the pumps of the town, and nothing else was said on this page of the report. {}"
    cited = "\n".join(
        f"Lars Holm, Journal of Water 19{n};{n}(2):31-40, pp. 3-9. URL a. pumps 19{n}." for n in range(60, 76)
    )
    texts = [*(own.format(n) for n in range(4)), *(f"{n} {cited}" for n in range(4))]
    pages = [Page(n, None, text, None, None, None) for n, text in enumerate(texts, 1)]
    head = document_head("Pumps", "pdf", pages, 2, find_entities((page.number, page.text) for page in pages))
    assert head.names == ("Ann Weber",) and head.first_year in ("", "2020")


def test_the_title_of_the_first_page_stands_beside_the_file_name():
    text = "Care of Garden Ponds\nA Guide for Beginners\nby Mary Holt\n\nA pond needs light. It needs plants."
    pages = [Page(1, None, text, None, None, None)]
    assert shown_title("pond2", "pond2", pages).startswith("pond2 (“Care of Garden Ponds")
    assert shown_title("Ponds", "pond2", pages) == "Ponds"
    assert shown_title("scan", "scan", [Page(1, None, "12 Oak door 3.40\nTotal 3.40", None, None, None)]) == "scan"


def test_a_heading_is_no_line_of_its_own_section():
    (found,) = digest_sections([section(1, "Meeting of May", "Meeting of May")], by_words)
    assert found.lines == []
