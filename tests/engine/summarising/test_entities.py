"""Entities: what dates, amounts and names are taken for, what is left alone, and where they stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.library.library import Library
from engine.library.reading_run import Progress
from engine.library.records import NewPage
from engine.protocol import wire
from engine.protocol.wire import LedgerEntered, LedgerFinished
from engine.summarising import entities
from engine.summarising.entities import find_entities
from tests.engine.library_fakes import IDENTITY, FakeFile


def values(text: str, kind: str) -> list[str]:
    return [entry.value for entry in find_entities([(1, text)]).entries if entry.kind == kind]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on 2024-03-12.", "2024-03-12"),
        ("at 2024-03-12T08:15", "2024-03-12"),
        ("in 2024-03,", "2024-03"),
        ("12 March 2024", "2024-03-12"),
        ("the 3rd of May, 1999", "1999-05-03"),
        ("March 12th, 2024", "2024-03-12"),
        ("Sept. 1, 2020", "2020-09-01"),
        ("Dec 2022", "2022-12"),
        ("on 12\nMarch it", "--03-12"),
        ("am 12.3.2024 um", "2024-03-12"),
        ("on 25/12/2024", "2024-12-25"),
        ("on 12/25/2024", "2024-12-25"),
        ("on 3/12/2024", "3/12/2024"),
    ],
)
def test_a_date_is_read_as_written(text, value):
    assert values(text, "date") == [value]


@pytest.mark.parametrize(
    "text", ["it may 12 times", "version 1.2.2024.7", "section 4.12", "page 3/12", "2024-13-01", "May I ask", "12/3"]
)
def test_what_only_looks_like_a_date_is_none(text):
    assert values(text, "date") == []


def test_one_date_that_can_be_read_in_one_order_only_decides_for_the_others():
    assert sorted(values("3/12/2024 and 25/12/2024", "date")) == ["2024-12-03", "2024-12-25"]
    assert sorted(values("3/12/2024 and 12/25/2024", "date")) == ["2024-03-12", "2024-12-25"]
    mixed = values("3/12/2024, 12/25/2024 and 25/12/2024", "date")
    assert "3/12/2024" in mixed


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("it cost €48,200.", "48200 EUR"),
        ("48.200,50 €", "48200.5 EUR"),
        ("48 200 euros", "48200 EUR"),
        ("9,000 Euros", "9000 EUR"),
        ("EUR 12.50 each", "12.5 EUR"),
        ("a $1.2 million grant", "1200000 USD"),
        ("£3k", "3000 GBP"),
        ("5 bn dollars", "5000000000 USD"),
        ("rose by 7.5 %", "7.5 %"),
        ("12 per cent", "12 %"),
        ("at 10.7 bar", "10.7 bar"),
        ("39 °C", "39 °C"),
        ("7.4 mm/s", "7.4 mm/s"),
        ("2,940 rpm", "2940 rpm"),
        ("20 A, then", "20 A"),
        ("12 kWh", "12 kWh"),
    ],
)
def test_an_amount_has_its_number_and_its_unit(text, value):
    assert values(text, "amount") == [value]


@pytest.mark.parametrize(
    "text",
    [
        "42 pumps",
        "in March 2024\nA pump",
        "section 5.6.26 A list",
        "echo $1 $2",
        "chapter 13 A list",
        "8022 $ ls",
        "P-204",
    ],
)
def test_what_has_no_unit_is_no_amount(text):
    assert values(text, "amount") == []


def test_figures_of_neighbouring_columns_are_not_one_amount():
    assert values("64 512 300%", "amount") == ["300 %"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("The pump P-204 and filter FT474.", ["FT474", "P-204"]),
        ("noted by Elena Petrov. Elena\nPetrov left", ["Elena Petrov"]),
        (
            "Yesterday Miquel van Smoorenburg and Richard M. Stallman met",
            ["Miquel van Smoorenburg", "Richard M. Stallman"],
        ),
        ("Dr Stone saw a stone", ["Stone"]),
        ("Shell Commands are commands of the shell", []),
        ("On Monday March came", []),
        ("Anna Berg Carl Dahl Emil Falk Greta Holm", []),
        ("UTF-8 and ISO-8859", []),
        ("Petrov's Elena", []),
    ],
)
def test_names_are_identifiers_and_people(text, names):
    assert sorted(values(f"It was yesterday. {text}", "name")) == sorted(names)


def test_entries_are_counted_over_pages_and_the_weightiest_come_first():
    pages = [
        (1, "Pump P-204 cost 500 euros on 1 March 2024. It ran at 9 bar."),
        (2, "P-204 again; fan F-17, for 48,200 euros, on 2 March 2024 at 9 bar; P-204."),
        (4, "On 2 March 2024 P-204 stood still at 12 %."),
    ]
    made = find_entities(pages)
    by_kind = {
        kind: [(entry.text, entry.count, entry.pages) for entry in made.entries if entry.kind == kind]
        for kind in ("date", "amount", "name")
    }
    assert by_kind["date"] == [("2 March 2024", 2, [2, 4]), ("1 March 2024", 1, [1])]
    assert by_kind["name"] == [("P-204", 4, [1, 2, 4]), ("F-17", 1, [2])]
    assert [text for text, _, _ in by_kind["amount"]] == ["48,200 euros", "500 euros", "12 %", "9 bar"]
    assert made.pages == 3


def test_what_weighs_less_is_counted_and_left_out(monkeypatch):
    monkeypatch.setattr(entities, "MOST_ENTRIES", 3)
    made = find_entities([(1, " ".join(f"P-{number}" for number in range(100, 110)))])
    assert len(made.entries) == 3
    assert made.left_out == 7


@given(st.text(max_size=300))
def test_any_text_has_entities(text):
    for entry in find_entities([(1, text)]).entries:
        assert entry.text and entry.value and entry.count >= 1 and entry.pages == [1]


def test_it_is_told_entry_by_entry_and_kept_in_the_library(tmp_path, monkeypatch):
    with Library.open(tmp_path / "library.db") as library:
        document = library.documents.for_file(FakeFile()).id
        reading = library.reading(document, IDENTITY)
        reading.finish(Progress(5, [NewPage(1, "P-204 cost 500 euros.", 0, 5)]))
        told = list(entities.events(library, document, "j"))
        assert [type(event) for event in told] == [LedgerEntered, LedgerEntered, LedgerFinished]
        assert all(isinstance(wire.decode_event(wire.encode(event)), type(event)) for event in told)
        assert told[-1].entries == 2
        monkeypatch.setattr(entities, "find_entities", None)  # not made again
        assert list(entities.events(library, document, "j")) == told


@pytest.mark.parametrize(
    "text",
    [
        "-rw-r--r-- 1 root root 0 Oct 16 20:57 bar\n$ chmod 644 bar",
        "It is 21:42 bar nothing.",
        "(ISO 8859-1)",
        "0D 0A",
        "%1 abbreviates % %2 %l",
        "(|PositiveInteger| SPADCALL 0 (QREFELT $ 7))))",
        "OMstatus OMputEndObject(OMdev dev)",
        "Autotools Autotools",
        "Tip\nDespite the warning",
        "Anna\tWeber by one",
        "Compare RFC 5322.",
        "(setq n (Anna Weber\n(return (Paul Lang\nnil))))",
    ],
)
def test_code_terminals_and_layout_give_no_entities(text):
    assert find_entities([(1, text)]).entries == []


def test_words_that_end_in_a_common_one_are_a_term_and_no_name():
    text = "Coordinated Universal Time is kept. The time is set by Chair Anna Weber. Each chair is kept."
    assert values(text, "name") == ["Anna Weber"]


def test_dates_with_a_year_come_before_those_without():
    text = "In the third quarter. In the third quarter. On 3 May 2024."
    found = find_entities([(1, text), (2, "In the third quarter.")]).entries
    assert next(entry.text for entry in found if entry.kind == "date") == "3 May 2024"


def test_a_log_and_a_financial_table_keep_their_entities():
    log = "2025-03-04 12:00:01 [WARN] P-835: pressure=19 bar (limit 18)"
    table = "Net income (loss) $ (1,234) $ (2,345) 12%"
    assert values(log, "date") == ["2025-03-04"] and "19 bar" in values(log, "amount")
    assert values(log, "name") == ["P-835"] and values(table, "amount")
