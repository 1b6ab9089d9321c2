from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.documents.pages import OutlineEntry, Page
from engine.documents.sections import MAX_TOKENS, MIN_TOKENS, Section, sections

HEADINGS = st.sampled_from(["", "", "", "Chapter 3\n", "2.1 Setting up\n", "# Top\n", "## Under\n"])
PAGES = st.lists(
    st.tuples(HEADINGS, st.sampled_from([0, 1, 30, 250, 400, 600, 999, 1500, 2900, 3001, 7000])), max_size=40
)


def document(drawn: list[tuple[str, int]]) -> list[tuple[Page, int]]:
    return [(Page(number, f"{head}words of page {number}"), n) for number, (head, n) in enumerate(drawn, 1)]


def made(drawn: list[tuple[str, int]], outline: list[OutlineEntry] | None = None) -> list[Section]:
    return list(sections(document(drawn), outline or []))


@given(PAGES)
def test_sections_hold_every_token_once_and_fit(drawn: list[tuple[str, int]]) -> None:
    done = made(drawn)
    assert sum(section.n_tokens for section in done) == sum(n for _, n in drawn)
    position = 0
    for number, section in enumerate(done, 1):
        assert section.number == number
        assert section.first_token == position
        assert 0 < section.n_tokens <= MAX_TOKENS
        assert section.first_page <= section.last_page
        position += section.n_tokens


@given(PAGES)
def test_a_short_section_is_the_last_or_stands_before_a_page_too_full(drawn: list[tuple[str, int]]) -> None:
    done = made(drawn)
    for section, following in pairwise(done):
        page_after = following.first_page if following.first_page > section.last_page else section.last_page
        assert section.n_tokens >= MIN_TOKENS or section.n_tokens + drawn[page_after - 1][1] > MAX_TOKENS


@given(PAGES, PAGES)
@settings(max_examples=200, deadline=None)
def test_a_grown_document_keeps_its_sections_but_the_last(
    drawn: list[tuple[str, int]], more: list[tuple[str, int]]
) -> None:
    assert made(drawn + more)[: max(0, len(made(drawn)) - 1)] == made(drawn)[:-1]


def test_sections_come_while_pages_come() -> None:
    taken = 0

    def source():  # type: ignore[no-untyped-def]
        nonlocal taken
        for item in document([("", 500)] * 40):
            taken += 1
            yield item

    first = next(iter(sections(source())))
    assert first.last_page == 6
    assert taken == 7


def test_a_section_begins_where_the_outline_begins_something() -> None:
    drawn = [("", 500)] * 5 + [("Harbours\n", 500)] + [("", 500)] * 5
    outline = [OutlineEntry("Harbours", 6, 1), OutlineEntry("Ledgers", 8, 2)]
    done = made(drawn, outline)
    assert [section.first_page for section in done] == [1, 6]
    assert [section.heading for section in done] == ["", "Harbours"]


def test_a_section_prefers_to_end_before_a_heading() -> None:
    drawn = [("", 500)] * 3 + [("3.1 Setting up\n", 500)] + [("", 500)] * 6
    done = made(drawn)
    assert [section.first_page for section in done][:2] == [1, 4]
    assert done[1].heading == "3.1 Setting up"
    assert done[1].text.startswith("3.1 Setting up\nwords of page 4")


def test_a_section_without_a_heading_is_under_the_one_before() -> None:
    drawn = [("# Top\n", 1500), *[("", 1500)] * 5]
    assert {section.heading for section in made(drawn)} == {"Top"}


def test_lines_of_code_tables_and_contents_are_no_headings() -> None:
    for line in ("12 ships came in.", "1.2 Setting up . . . . . . 9", "3 Ledger 181", "4 = 2 + 2", "1 of the"):
        assert [section.heading for section in made([(line + "\n", 1200)])] == [""], line


def test_a_page_longer_than_a_section_is_cut_evenly() -> None:
    done = made([("", 7000)])
    assert [section.n_tokens for section in done] == [2333, 2333, 2334]
    assert "".join(section.text for section in done) == "words of page 1"


def test_sentences_and_footnotes_are_no_headings() -> None:
    for line in (
        "Part 1 provides the diagnosis",
        "Part 2. It explains the methods. Using data",
        "Chapter 4 Explanation of the",
        "10 May and Anderson (1991), Porterie et al (2008)",
        "12 March and the days after",
    ):
        assert [section.heading for section in made([(line + "\n", 1200)])] == [""], line
    for line in (
        "Part 1: Topology of the Network",
        "Appendix A to the Rules",
        "Chapter 1. Introduction",
        "3.2 May's rule",
    ):
        assert [section.heading for section in made([(line + "\n", 1200)])] == [line], line


@pytest.mark.parametrize(
    "line", ["1\tOak door, 826 mm\t2\t412.00\t824.00", "2 Hinges of brass 6 9.50", "3 Share of steel 12.5%"]
)
def test_a_row_of_figures_is_no_heading(line: str) -> None:
    (only,) = sections([(Page(1, f"Harrow & Pike\n{line}\nThank you"), 40)])
    assert only.heading == ""


def test_a_title_beside_the_page_number_is_no_heading() -> None:
    pages = [Page(n, f"{n - 2}\tWater Board\nWords of page {n}.", label=str(n - 2)) for n in (3, 5, 7)]
    assert {section.heading for section in sections([(page, 1500) for page in pages])} == {""}
    unlabelled = [Page(n, f"Words of page {n}.\n{50 + n} Reference Tables") for n in (1, 2, 3)]
    assert [section.heading for section in sections([(page, 1500) for page in unlabelled])][1:] != [
        "52 Reference Tables"
    ] * 2
    assert not any(
        "52" in section.heading or "53" in section.heading for section in sections((p, 1500) for p in unlabelled)
    )


def test_the_first_line_of_a_numbered_paragraph_is_no_heading() -> None:
    text = "24. In argument Mr Miller moved away from his first\nsubmission and said that the order was wrong."
    (only,) = sections([(Page(1, text), 200)])
    assert only.heading == ""
    (headed,) = sections([(Page(1, "24. In argument\nMr Miller moved away.\nBackground\nHe was a grocer."), 200)])
    assert headed.heading == "24. In argument"
    (common,) = sections([(Page(1, "He was a grocer.\nConclusion\nThe appeal fails."), 200)])
    assert common.heading == "Conclusion"


def test_titles_of_the_printed_contents_are_headings() -> None:
    names = ("What is a pump?", "Valves", "Motors and belts", "Care of filters", "Leaks", "Who to call")
    contents = "Contents\n" + "\n".join(f"{name} ........ {n}" for n, name in enumerate(names, 2))
    pages = [Page(1, contents), *(Page(n, f"{name}\nWords of page {n}.") for n, name in enumerate(names, 2))]
    pages.append(Page(8, "Words with a glossary.\nvalves\nthings that close\nmore words"))
    done = [section.heading for section in sections([(page, 3000) for page in pages])]
    assert done == ["", *names, names[-1]]


def test_a_heading_that_many_documents_have_ends_with_its_section() -> None:
    pages = [Page(1, "Introduction\nWords of page 1."), Page(2, "Words of page 2.")]
    assert [section.heading for section in sections([(page, 3000) for page in pages])] == ["Introduction", ""]
