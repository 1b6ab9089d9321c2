"""Questions over records: counts, lists and totals are exact, and what is not sure goes the ordinary way."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from engine.library.library import Library
from engine.library.records import Document
from engine.records.answer import answer_records
from engine.records.questions import record_questions
from engine.records.reply import reply
from engine.records.result import RecordAnswer
from tests.engine.library_fakes import FakeFile
from tests.engine.records.filled import add_pages

DRAW = random.Random(11)
FAULTS = [
    (
        f"2024-{DRAW.randrange(1, 13):02}-{DRAW.randrange(1, 29):02}",
        DRAW.choice(["KX-835", "KX-83", "VT-204"]),
        DRAW.choice(["Torn belt", "Hot bearing", "Torn belt and hot bearing"]),
        DRAW.randrange(100, 5000) + 0.5,
        DRAW.choice(["open", "closed"]),
    )
    for _ in range(90)
]
LEASES = [
    (f"L-{100 + n}", DRAW.choice(["Norden Ltd", "Bolt & Co", "University of Graz"]),
     f"{DRAW.randrange(1, 28)} {DRAW.choice(['March', 'June', 'May'])} 2025", DRAW.randrange(1000, 9000))
    for n in range(30)
]  # fmt: skip


def document_of(library: Library, name: str, *texts: str) -> Document:
    path = f"/documents/{name}"
    document = library.documents.for_file(FakeFile(path, f"{hash(name):064x}", Path(name).stem, "text"))
    return add_pages(library, document, list(texts))


@pytest.fixture
def faults(library: Library) -> Document:
    lines = [",".join(map(str, row)) for row in FAULTS]
    head = "Date,Machine,Event,Cost (EUR),Status"
    return document_of(library, "faults.csv", "\n".join([head, *lines[:50]]), "\n".join(lines[50:]))


@pytest.fixture
def leases(library: Library) -> Document:
    lines = [f"{name}\t{owner}\t{day}\t€{cost:,}" for name, owner, day, cost in LEASES]
    head = "# Leases\nLease\tOwner\tRenewal date\tAnnual cost"
    return document_of(library, "leases.html", "\n".join([head, *lines]))


@pytest.fixture
def log(library: Library) -> Document:
    entries = [
        f"On {day} machine {unit} had a fault: {event.lower()}. It was mended." for day, unit, event, *_ in FAULTS
    ]
    return document_of(library, "diary.txt", "\n\n".join(entries[:40]), "\n\n".join(entries[40:]))


def asked(library: Library, document: Document, question: str) -> RecordAnswer:
    found = answer_records(library, [document], question)
    assert found is not None, question
    return found


def test_a_count_is_of_the_rows_and_not_of_similar_identifiers(library: Library, faults: Document) -> None:
    rows = [row for row in FAULTS if row[1] == "KX-83"]
    answer = asked(library, faults, "How many faults were there with machine KX-83?")
    assert len(answer.rows) == len(rows) and answer.number.startswith(f"{len(rows)} faults")
    assert all("KX-83," in row.quoted for row in answer.rows)


@pytest.mark.parametrize(
    ("question", "holds"),
    [
        ("How many faults are there?", lambda row: True),
        ("How many open faults with KX-835?", lambda row: row[4] == "open" and row[1] == "KX-835"),
        ("How many faults happened in May 2024?", lambda row: row[0][:7] == "2024-05"),
        ("List every fault between 1 March 2024 and 30 April 2024", lambda row: "2024-03" <= row[0][:7] <= "2024-04"),
        ("List every fault between 1 March and 30 April 2024", lambda row: "2024-03" <= row[0][:7] <= "2024-04"),
        ("Wie viele Einträge zwischen dem 1. März und dem 30. April 2024?", lambda row: "03" <= row[0][5:7] <= "04"),
        ("How many faults between 20 December and 31 January 2024?", lambda row: row[0][:7] == "2024-01"),
        ("number of faults after 30 June 2024", lambda row: row[0] > "2024-06-30"),
        ("How many faults cost more than 2,000 EUR?", lambda row: row[3] > 2000),
        (f"How many faults cost exactly {FAULTS[7][3]} EUR?", lambda row: row[3] == FAULTS[7][3]),
        ("How many faults since July 2024 for VT-204?", lambda row: row[0] >= "2024-07" and row[1] == "VT-204"),
        ("Wie viele Einträge gibt es im Mai 2024?", lambda row: row[0][:7] == "2024-05"),
    ],
)
def test_conditions_let_just_the_right_rows_through(library: Library, faults: Document, question: str, holds) -> None:
    answer = asked(library, faults, question)
    assert [row.cells[:2] for row in answer.rows] == [row[:2] for row in FAULTS if holds(row)]


def test_a_total_is_the_sum_of_the_named_column(library: Library, faults: Document) -> None:
    total = sum(row[3] for row in FAULTS if row[1] == "KX-835")
    answer = asked(library, faults, "What is the total cost of the faults with KX-835?")
    assert answer.number.startswith((f"{total:,.2f} EUR", f"{total:,.0f} EUR"))


def test_an_average_is_over_the_rows_that_have_a_figure(library: Library, faults: Document) -> None:
    costs = [row[3] for row in FAULTS if row[1] == "KX-83"]
    answer = asked(library, faults, "What was the average cost of the faults with KX-83?")
    assert answer.number.startswith(f"{sum(costs) / len(costs):,.2f} EUR: the average of Cost (EUR) over {len(costs)}")
    mixed = document_of(library, "bills.csv", "Bill,Sum\nB-10,20 EUR\nB-11,30 USD\n")
    assert answer_records(library, [mixed], "What is the average sum of the bills?") is None


@pytest.mark.parametrize(
    ("question", "end"),
    [
        ("What was the most expensive fault with VT-204 in 2024?", max),
        ("Which fault with VT-204 cost the least?", min),
        ("What is the lowest cost of a fault with VT-204?", min),
    ],
)
def test_the_highest_and_the_lowest_are_rows(library: Library, faults: Document, question: str, end) -> None:
    answer = asked(library, faults, question)
    cost = end(row[3] for row in FAULTS if row[1] == "VT-204")
    assert [row.cells for row in answer.rows] == [tuple(map(str, row)) for row in FAULTS if row[3] == cost]
    # Of one fault, or of all of the machine's?
    assert answer_records(library, [faults], "Which machine costs the most?") is None
    assert answer_records(library, [faults], "What is the average cost of a machine?") is None


def test_a_cell_that_is_the_word_counts_and_one_that_names_it_is_told(library: Library, faults: Document) -> None:
    answer = asked(library, faults, "How many torn belts were there?")
    assert len(answer.rows) == sum(row[2] == "Torn belt" for row in FAULTS)
    beside = sum(row[2] == "Torn belt and hot bearing" for row in FAULTS)
    assert any(note.startswith(f"{beside} further") for note in answer.notes)


def test_first_and_last_are_by_date(library: Library, faults: Document) -> None:
    first = min(row[0] for row in FAULTS if row[1] == "VT-204")
    assert asked(library, faults, "What was the first fault with machine VT-204?").rows[0].cells[0] == first
    assert asked(library, faults, "When was the last fault?").rows[0].cells[0] == max(row[0] for row in FAULTS)


def test_a_column_is_counted_by_its_values(library: Library, faults: Document, leases: Document) -> None:
    assert asked(library, faults, "How many machines are there?").number.startswith("3 different values of Machine")
    assert len(asked(library, leases, "List all owners").rows) == 3
    assert len(asked(library, leases, "How many leases are there?").rows) == 30


def test_which_renew_and_what_do_they_cost(library: Library, leases: Document) -> None:
    answer = asked(library, leases, "Which leases renew in March and what do they cost?")
    assert [row.cells[0] for row in answer.rows] == [lease[0] for lease in LEASES if "March" in lease[2]]
    total = asked(library, leases, "total annual cost of the leases with University of Graz")
    assert "“University of Graz” as Owner" in total.number
    assert total.number.startswith(f"{sum(row[3] for row in LEASES if row[1].startswith('Univ')):,} EUR")


def test_words_of_running_text_are_counted_as_mentions_and_sentences(library: Library, log: Document) -> None:
    named = sum(row[1] == "KX-83" for row in FAULTS)
    answer = asked(library, log, "How many faults with machine KX-83?")
    assert f"named {named} times, in {named} sentences" in answer.number
    assert "does not say which of them are one and the same" in answer.notes[-1]
    assert len(asked(library, log, "list every mention of KX-83").rows) == named


def test_a_table_says_where_else_an_identifier_is_named(library: Library, faults: Document, log: Document) -> None:
    answer = answer_records(library, [faults, log], "How many faults with KX-83?")
    named = sum(row[1] == "KX-83" for row in FAULTS)
    assert answer is not None and len(answer.rows) == named
    assert f"also named in {named} places outside" in answer.notes[-1]


def test_what_the_text_names_is_not_counted_in_a_table(library: Library, leases: Document) -> None:
    assert answer_records(library, [leases], "How many halls were rented to Norden Ltd?") is not None
    note = document_of(library, "note.txt", "The hall was rented to Norden Ltd.")
    assert answer_records(library, [leases, note], "How many halls were rented to Norden Ltd?") is None


def test_what_a_row_is_stays_open_where_nothing_says_it(library: Library, faults: Document) -> None:
    answer = asked(library, faults, "How many complaints with KX-83?")
    assert "does not say whether a row is one of the “complaints”" in answer.notes[0]
    assert answer_records(library, [faults], "What is the total cost of the complaints with KX-83?") is None


@pytest.mark.parametrize(
    "question",
    [
        "How many faults in Lisbon?",
        "How many faults per building?",
        "How many faults with KX-83 did not concern a torn belt or were closed?",
        "How many faults have no owner?",
        "What is the capital of Norway?",
        "How many faults on 3/4/2024?",
        "What is the total of the machines?",
        "What is this file about?",
    ],
)
def test_a_question_that_is_not_surely_understood_goes_the_ordinary_way(
    library: Library, faults: Document, question: str
) -> None:
    assert answer_records(library, [faults], question) is None


def test_a_column_of_numbers_is_added_up_where_it_is_counted(library: Library) -> None:
    crashes = document_of(
        library,
        "crashes.csv",
        "No,Ship,Injured,Length (m),Fee\nA1,Ida,2,90,5 EUR\nA2,Ida,0,20,9 EUR\nA3,Ola,4,60,1 EUR\nA4,Ida,2,70,3 EUR\n",
    )
    assert asked(library, crashes, "How many people were injured on the Ida?").number.startswith(
        "4: the sum of Injured"
    )
    assert len(asked(library, crashes, "How many crashes were longer than 50 m?").rows) == 3
    assert asked(library, crashes, "What did the Ida pay in fees in total?").number.startswith("17 EUR: the sum of Fee")


def test_words_that_cells_merely_mention_make_no_list(library: Library) -> None:
    rows = "Package\tPurpose\ndpkg\tcommand to install files\naptitude\tshows installed software\nless\tpager\n"
    manual = document_of(library, "manual.docx", rows)
    for question in (
        "Which command lists installed packages?",
        "Which packages have an installed pager?",
        "How many faults were installed?",
    ):
        assert answer_records(library, [manual], question) is None


def test_a_caption_names_its_own_table_only(library: Library) -> None:
    tools = "Table 1: Network tools\nPackage\tSize\nnetcat\t12\ntcpdump\t40\niproute\t9\n"
    games = "Table 2: Board games\nPackage\tSize\ngnuchess\t70\nhoichess\t30\nnetris\t20\npolygen\t2\n"
    manual = document_of(library, "manual.docx", f"{tools}\n{games}")
    assert len(asked(library, manual, "How many packages are there?").rows) == 7
    assert len(asked(library, manual, "How many board games packages are there?").rows) == 4
    for refused in ("How many network games packages are there?", "Which package games the network?"):
        assert answer_records(library, [manual], refused) is None
    assert answer_records(library, [manual], "Which tools package the size?") is None


def test_mixed_units_are_summed_apart_and_unclear_figures_refused(library: Library) -> None:
    mixed = document_of(library, "bills.csv", "Bill,Sum\nB-10,20 EUR\nB-11,30 USD\nB-12,5 EUR\n")
    assert asked(library, mixed, "What is the total sum of the bills?").number.startswith("25 EUR and 30 USD")
    unclear = document_of(library, "loads.csv", "Lift,Load (kg)\nLA-10,1.250\nLA-11,2.750\n")
    assert answer_records(library, [unclear], "What is the total load?") is None


def test_the_reply_names_pages_and_coverage(library: Library, faults: Document) -> None:
    made = reply(library, [faults], "How many faults with VT-204?")
    assert made is not None
    text, evidence = made
    assert evidence.counted is not None and evidence.kind == "records"
    assert (evidence.counted.sections, evidence.counted.sections_of) == (2, 2)
    assert {row.page for row in evidence.counted.rows} == {1, 2}
    assert text.splitlines()[1].endswith("(page 1)")


def test_identifiers_of_a_question_are_one_word() -> None:
    question = record_questions("How many faults with KX-83 at T 12?")[0]
    assert [word.text for word in question.words] == ["faults", "KX-83", "T 12"]


@pytest.mark.parametrize(
    ("question", "holds"),
    [
        ("How many faults did not concern KX-83?", lambda row: row[1] != "KX-83"),
        ("List all faults other than KX-835 in May 2024", lambda row: row[1] != "KX-835" and row[0][:7] == "2024-05"),
        (
            "List the faults with KX-83 after 1 May 2024 that were not closed",
            lambda row: row[1] == "KX-83" and row[0] > "2024-05-01" and row[4] != "closed",
        ),
        ("How many faults with KX-83 or VT-204?", lambda row: row[1] in ("KX-83", "VT-204")),
        ("How many faults with KX-83 and VT-204 are still open?", lambda row: row[1] != "KX-835" and row[4] == "open"),
        ("How often was KX-835 closed?", lambda row: row[1] == "KX-835" and row[4] == "closed"),
        ("Which faults cost more than 4,000 EUR and what is their status?", lambda row: row[3] > 4000),
        ("How many faults happened between March and May?", lambda row: "03" <= row[0][5:7] <= "05"),
        ("How many faults were neither with KX-83 nor with VT-204?", lambda row: row[1] == "KX-835"),
        ("Which faults happened in the second quarter of 2024?", lambda row: "2024-04" <= row[0][:7] <= "2024-06"),
        ("How many faults in the second half of 2024?", lambda row: row[0][:7] >= "2024-07"),
    ],
)
def test_negations_and_alternatives_let_the_right_rows_through(
    library: Library, faults: Document, question: str, holds
) -> None:
    answer = asked(library, faults, question)
    assert [row.cells[:2] for row in answer.rows] == [row[:2] for row in FAULTS if holds(row)]


def test_a_number_for_each_group_has_a_row_for_each(library: Library, faults: Document) -> None:
    answer = asked(library, faults, "How many faults per month?")
    months = sorted({row[0][:7] for row in FAULTS})
    assert [row.cells for row in answer.rows] == [
        (month, str(sum(row[0].startswith(month) for row in FAULTS))) for month in months
    ]
    for question in ("How many faults by machine?", "Number of faults for each machine", "faults per machine"):
        counted = {row.cells[0]: row.cells[1] for row in asked(library, faults, question).rows}
        assert counted == {unit: str(sum(row[1] == unit for row in FAULTS)) for unit in {row[1] for row in FAULTS}}
    sums = asked(library, faults, "What is the total cost of the faults by status?")
    opened = sum(row[3] for row in FAULTS if row[4] == "open")
    assert f"{opened:,.2f}".rstrip("0").rstrip(".") + " EUR" in {row.cells[1].replace(".00", "") for row in sums.rows}


def test_the_group_with_the_most_and_a_share(library: Library, faults: Document) -> None:
    times = {unit: sum(row[1] == unit for row in FAULTS) for unit in ("KX-835", "KX-83", "VT-204")}
    answer = asked(library, faults, "Which machine had the most faults?")
    assert answer.number == asked(library, faults, "Which machine showed the most faults?").number
    assert answer.rows[0].cells == (max(times, key=lambda unit: times[unit]), str(max(times.values())))
    closed = sum(row[4] == "closed" for row in FAULTS)
    share = asked(library, faults, "What percentage of the faults are closed?")
    assert share.number.startswith(f"{100 * closed / len(FAULTS):.1f} %: {closed} of {len(FAULTS)} rows")
    dear = asked(library, faults, "What are the three most expensive faults?")
    assert [row.cells[3] for row in dear.rows] == [str(row[3]) for row in sorted(FAULTS, key=lambda row: -row[3])[:3]]


def test_a_column_is_named_by_a_word_of_its_meaning(library: Library) -> None:
    wells = document_of(
        library, "wells.csv", "Well,Depth m,Paid on,Closed\nW1,30,2024-02-01,yes\nW2,80,,no\nW3,9,,no\n"
    )
    assert asked(library, wells, "Which well is the deepest?").rows[0].cells[0] == "W2"
    assert asked(library, wells, "How deep is W3?").number.startswith("9: Depth m")
    assert [row.cells[0] for row in asked(library, wells, "How many wells have not been paid?").rows] == ["W2", "W3"]
    assert [row.cells[0] for row in asked(library, wells, "Which wells are not closed?").rows] == ["W2", "W3"]
    assert [row.cells[0] for row in asked(library, wells, "How many closed wells are there?").rows] == ["W1"]


def test_a_table_of_one_row_answers_no_question_about_other_things(library: Library) -> None:
    months = document_of(library, "plan.txt", "May: contract signed\nJune: network ready\nJuly: racks moved\n")
    assert answer_records(library, [months], "Which slide tells when racks are moved?") is None


@pytest.mark.parametrize(
    ("question", "asks"),
    [
        ("How many documents are there?", True),
        ("How many files are in this collection?", True),
        ("Wie viele Dokumente gibt es?", True),
        ("How many documents mention Norden?", False),
        ("How many files did Ada sign?", False),
    ],
)
def test_the_documents_of_a_collection_are_counted(
    library: Library, faults: Document, question: str, asks: bool
) -> None:
    made = reply(library, [faults, faults], question, 3)
    assert (made is not None and made[0] == "2 documents.") is asks
