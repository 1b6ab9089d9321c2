"""Running heads, feet and page numbers go where their neighbours show them, and nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.documents.cleaning.running_heads import LOOK_BACK, without_running_lines
from engine.documents.pages import Page

BODY = "First line of body {n}\nsecond words here {n}\nthird words {n}\nmore of the words {n}\nlast words {n}"


def pages(texts: list[str]) -> list[Page]:
    return [Page(number, text) for number, text in enumerate(texts, 1)]


def cleaned(texts: list[str]) -> list[str]:
    return [page.text for page in without_running_lines(pages(texts))]


def framed(frame: str, count: int, first: int = 1) -> list[str]:
    return [frame.format(body=BODY.format(n="abcdefghijklmnopqrst"[n]), p=first + n) for n in range(count)]


def bodies(count: int) -> list[str]:
    return framed("{body}", count)


def test_a_title_stays_once_and_goes_on_the_following_pages() -> None:
    assert cleaned(framed("ANNUAL REPORT\n{body}", 6)) == [f"ANNUAL REPORT\n{bodies(1)[0]}", *bodies(6)[1:]]


def test_a_cover_without_the_head_hides_it_on_no_page() -> None:
    inner = framed("Rules of the harbour board\n{body}", 6)
    assert cleaned(["Rules\nof 1911", *inner]) == ["Rules\nof 1911", inner[0], *bodies(6)[1:]]
    assert cleaned([*inner[:3], "A page in between without the head", *inner[3:]])[:3] == inner[:3]


def test_page_numbers_go_wherever_they_stand() -> None:
    frames = ("{body}\n{p}", "{body}\n- {p} -", "{body}\nPage {p} of 90", "User manual {p} / 90\n{body}")
    for frame in frames:
        assert cleaned(framed(frame, 6, first=8)) == bodies(6), frame


def test_records_keep_dates_numbers_and_results() -> None:
    frames = (
        "Shift report 1/{p}/2024\n{body}",
        "{body}\n{p}/24",
        "Statement {p}/24\n{body}",
        "{p}.5.2024\n{body}",
        "{body}\n2024-05-0{p}",
        "100{p}\n{body}",
        "{body}\nCounter at the end of the day:\n500{p}",
        "{body}\nVisitors:\n{p}",
        "Record {p} of 9\n{body}",
        "{p}\n{body}",
    )
    for frame in frames:
        pages = [Page(number, text) for number, text in enumerate(framed(frame, 8), 1)]
        assert [page.text for page in without_running_lines(pages, page_count=8)] == framed(frame, 8), frame


def test_equal_results_of_certificates_stay() -> None:
    for result in ("Passed", "OPEN", "Not approved", "No defects found", "Status: closed"):
        for frame in (f"{result}\n{{body}}", f"{{body}}\n{result}"):
            texts = framed(frame, 9)
            assert cleaned(texts) == texts, frame


def test_a_word_of_results_inside_a_name_does_not_keep_a_running_head() -> None:
    for head in ("Handbook of the Oslo Missing Persons Bureau", "Rules of the Oslo Open Golf Club, 2014 to 2016"):
        assert cleaned(framed(f"{head}\n{{body}}", 6)) == [f"{head}\n{bodies(1)[0]}", *bodies(6)[1:]], head
    for result in ("Pressure Test Passed Again", "Final Inspection Not Needed", "Pump Hall Gate Open"):
        texts = framed(f"{result}\n{{body}}", 6)
        assert cleaned(texts) == texts, result


def test_removed_lines_are_kept_beside_the_text() -> None:
    texts = [f"ANNUAL REPORT\n{body}\nPage {number} of 5" for number, body in enumerate(bodies(5), 1)]
    taken = list(without_running_lines(pages(texts), page_count=5))
    assert [page.removed for page in taken] == [
        ("Page 1 of 5",),
        *[("ANNUAL REPORT", f"Page {number} of 5") for number in range(2, 6)],
    ]


def test_roman_numbers_and_heads_of_left_and_right_pages_go() -> None:
    texts = bodies(6)
    romans = ["vii", "viii", "ix", "x", "xi", "xii"]
    heads = [f"{r} CONTENTS" if n % 2 else f"CONTENTS {r}" for n, r in enumerate(romans)]
    assert cleaned([f"{head}\n{text}" for head, text in zip(heads, texts, strict=True)]) == texts


def test_lines_of_a_log_that_look_alike_at_the_page_ends_stay() -> None:
    lines = [f"2024-05-0{1 + n // 100} 12:{n % 60:02d} door {n % 7} opened by badge {n}" for n in range(90)]
    texts = ["\n".join(lines[start : start + 10]) for start in range(0, 90, 10)]
    assert cleaned(texts) == texts
    marks = ["-- MARK --\n" * 9 + f"event {n}\n-- MARK --" for n in range(6)]
    assert cleaned(marks) == marks


def test_numbered_records_one_a_page_keep_their_numbers() -> None:
    for frame in ("Invoice {p}\n{body}", "Maintenance record of pump {p}\n{body}", "{p} Poem about it\n{body}"):
        texts = framed(frame, 8)
        assert cleaned(texts) == texts, frame


def test_a_page_number_beside_a_title_goes() -> None:
    texts = framed("{p} The Token Scanner\n{body}", 6, first=430)
    assert cleaned(texts) == texts
    known = [page.text for page in without_running_lines(pages(texts), ["Axiom", "The token scanner"])]
    assert known == bodies(6)
    numbered = framed("The Token Scanner {p}\n{body}", 6)
    titles = ["The token scanner", *(f"The Token Scanner {p}" for p in range(1, 7))]
    assert [page.text for page in without_running_lines(pages(numbered), titles)] == numbered
    assert cleaned(framed("Chapter 3: Shell Features {p}\n{body}", 6)) == bodies(6)


def test_a_named_value_at_the_end_of_every_page_stays() -> None:
    texts = framed("{body}\nStatus: paid", 8)
    assert cleaned(texts) == texts


def test_a_table_of_contents_keeps_its_numbers() -> None:
    texts = [f"Chapter {n} . . . . . . . {n}\nmore {n} . . . . . {n + 3}" for n in range(1, 9)]
    assert cleaned(texts) == texts


def test_a_page_is_never_emptied() -> None:
    assert cleaned(["Page 1", "Page 2", "Page 3", "Page 4"]) == ["Page 1", "Page 2", "Page 3", "Page 4"]


def test_two_pages_are_no_evidence() -> None:
    texts = framed("HEAD\n{body}\n{p}", 2)
    assert cleaned(texts) == texts


LINES = st.sampled_from(
    ["HEAD", "Part One", "{p}", "Page {p} of 9", "words here", "other words", "x: y", "", "{p} Title of it"]
)
TEXTS = st.lists(st.lists(LINES, max_size=7), max_size=14)


@given(TEXTS, st.data())
@settings(max_examples=200, deadline=None)
def test_pages_of_a_grown_file_change_only_within_reach_of_the_growth(
    drawn: list[list[str]], data: st.DataObject
) -> None:
    texts = ["\n".join(lines).format(p=number) for number, lines in enumerate(drawn, 1)]
    cut = data.draw(st.integers(0, len(texts)))
    settled = max(0, cut - LOOK_BACK)
    assert cleaned(texts)[:settled] == cleaned(texts[:cut])[:settled]


@given(TEXTS, st.data())
@settings(max_examples=200, deadline=None)
def test_starting_later_gives_the_same_pages(drawn: list[list[str]], data: st.DataObject) -> None:
    all_pages = pages(["\n".join(lines).format(p=number) for number, lines in enumerate(drawn, 1)])
    first = data.draw(st.integers(1, len(all_pages) + 1))
    later = list(without_running_lines(all_pages[max(1, first - LOOK_BACK) - 1 :]))
    assert [p for p in later if p.number >= first] == list(without_running_lines(all_pages))[first - 1 :]


def test_no_page_is_held_back_longer_than_its_neighbours_need() -> None:
    taken = 0

    def source():  # type: ignore[no-untyped-def]
        nonlocal taken
        for page in pages(bodies(20)):
            taken += 1
            yield page

    for page in without_running_lines(source()):
        assert taken <= page.number + LOOK_BACK


@pytest.mark.parametrize(
    "form", ["Strona {n} z 8", "Sida {n}", "第 {n} 页", "第{n}页 共8页", "Página {n} de 8", "{n} / 8", "Side {n} af 8"]
)
def test_page_numbers_of_many_languages_go(form: str) -> None:
    texts = [
        f"One line of page {letter}.\nAnother line of it.\n{form.format(n=n)}" for n, letter in enumerate("abcdefgh", 1)
    ]
    pages = list(without_running_lines([Page(n, text) for n, text in enumerate(texts, 1)], (), 8))
    assert [page.removed for page in pages] == [(form.format(n=n),) for n in range(1, 9)]


@pytest.mark.parametrize("form", ["Blood sample {n} of 8", "Lot {n}/8", "Room {n}", "{n}/24", "Step {n} of 8"])
def test_numbers_of_records_stay(form: str) -> None:
    texts = [f"{form.format(n=n)}\nOne line of page {letter}.\nAnother." for n, letter in enumerate("abcdefgh", 1)]
    pages = list(without_running_lines([Page(n, text) for n, text in enumerate(texts, 1)], (), 8))
    assert [page.text for page in pages] == texts


def test_a_number_under_a_label_of_every_page_stays() -> None:
    texts = [f"Goods of day {letter}.\nA line in between.\nTotal\n{n}" for n, letter in enumerate("abcdefgh", 1)]
    pages = list(without_running_lines([Page(n, text) for n, text in enumerate(texts, 1)], (), 8))
    assert [page.text for page in pages] == texts
