"""Sentences of running text, lists and pages, in several languages and in linear time."""

from __future__ import annotations

import itertools
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.grounding.sentences import sentences, units

TEXTS = [
    ("Dr. Weber paid 12.50 euros. It rained.", 2),
    ("The U.S. Army arrived at 5 p.m. on Tuesday. Mr. Smith (b. 1950) left.", 2),
    ("See Fig. 3 and Sec. 4.2, e.g. the table. It shows approx. 12 items vs. 14 earlier.", 2),
    ('He said "Stop." Then he left.', 2),
    ("Acme Inc. was founded in 1990. Its CEO, J. R. Tolkien Jr., lives in St. Louis.", 2),
    ("What is it? It is v1.2.3 of gcc. Really? Yes.", 4),
    ("The meeting is on Jan. 5, 2024. No. 7 is out of order. He has Ph.D. degrees.", 3),
    ("Die Anlage wurde am 3. Mai 2024 von Dr. Weber geprüft. Der Druck betrug ca. 3,5 bar, d.h. zu wenig.", 2),
    ("Laut § 5 Abs. 2 Nr. 3 gilt das nicht. Prof. Schmidt bzw. Frau Kuhn kam am 1. August.", 2),
    ("M. Dupont est arrivé le 3 mai. Il a payé 3,5 M€. Mme. Durand est partie.", 3),
    ("El Sr. García llegó el 3 de mayo. ¿Qué pasó? No se sabe.", 3),
    ("Насос отремонтирован. Давление составило 3,5 бар, т.е. мало. См. рис. 2.", 3),
    ("これは最初の文です。次の文！終わり", 3),
    ("泵在2024年5月3日修好了。压力为3.5巴。", 2),
    ("تم إصلاح المضخة في 3 مايو. كان الضغط 3.5 بار؟ نعم.", 3),
    ("यह पहला वाक्य है। यह दूसरा है।", 2),
    ("Key points:\n- first point\n- second point is here\n1. One thing\n2. Another", 5),
]


@pytest.mark.parametrize(("text", "count"), TEXTS)
def test_sentence_count(text, count):
    assert len(sentences(text)) == count


def test_lines_of_lists_and_headings_are_listed():
    text = "3.6 Virtual packages\n\nThey only exist logically. That is all.\n- a line\nName  Size"
    found = [(text[unit.start : unit.end], unit.listed) for unit in units(text)]
    assert found == [
        ("3.6 Virtual packages", True),
        ("They only exist logically.", False),
        ("That is all.", False),
        ("- a line", True),
        ("Name  Size", True),
    ]


@given(st.text(alphabet="aZ. \n.!?…。」\"')(1é漢-\u00a0\u2028\t।؟", max_size=120))
def test_sentences_hold_every_character_but_blanks(text):
    spans = sentences(text)
    assert all(a < b for a, b in spans)
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(spans))
    assert all(text[a:b] == text[a:b].strip() for a, b in spans)
    assert re.sub(r"\s", "", "".join(text[a:b] for a, b in spans)) == re.sub(r"\s", "", text)


@pytest.mark.parametrize("piece", ["word ", "Dr. A b c. ", "- a\n", ".", "漢字。", "a line that goes on,\n"])
def test_time_is_linear(piece):
    def seconds(size: int) -> float:
        text = (piece * size)[:size]
        started = time.process_time()
        units(text)
        return time.process_time() - started

    seconds(1_000)
    # Eight times the text; a quadratic time is 64 times as long. The least of three: others use the processor too.
    assert min(seconds(160_000) for _ in range(3)) < 30 * min(seconds(20_000) for _ in range(3)) + 0.5


COLUMN = """General rules
If you gave up your residence in the
country after the third of June, you
are treated as a resident until you
give notice of it to the office and
provide a statement. Certain persons
must file another form as well. This
rule does not apply to officials who
exclude days of presence. They pay
what is due on the day of departure.
Pub. 525
Taxable income
Pub. 529
Deductions"""
TABLE = "\n".join(
    ["Station\tMen\tWomen\tChildren\tVisitors from other towns\tTotals of all groups that were counted in the year"]
    + [f"{place}\t1,870\t3,022\t2,650\t859\t{n},137" for n, place in enumerate(("Alba", "Brook", "Coll"), 1)]
)
FIGURES = "Alba 18,870 23,022 22,650 859 1,178 0 14 15 0 2,179 2,307 11 0 0 0 13 14 0 3 2 0 71,137"


def test_lines_of_a_narrow_column_are_joined_and_its_short_lines_are_not():
    found = [" ".join(COLUMN[start:end].split()) for start, end in sentences(COLUMN)]
    assert "Certain persons must file another form as well." in found
    assert "This rule does not apply to officials who exclude days of presence." in found
    assert found[-4:] == ["Pub. 525", "Taxable income", "Pub. 529", "Deductions"]


def test_rows_of_a_table_stay_apart_however_wide_they_are():
    assert [TABLE[start:end] for start, end in sentences(TABLE)] == TABLE.split("\n")
    text = "\n".join([FIGURES, FIGURES.replace("Alba", "Brook")])
    assert [text[start:end] for start, end in sentences(text)] == text.split("\n")


def test_a_date_is_not_cut_behind_its_day() -> None:
    german = (
        "Wir bitten um die Unterlagen bis zum 28.\nJuni 2024 an unsere Geschäftsstelle. Danach prüfen wir den Antrag."
    )
    assert [german[a:b].replace("\n", " ") for a, b in sentences(german)] == [
        "Wir bitten um die Unterlagen bis zum 28. Juni 2024 an unsere Geschäftsstelle.",
        "Danach prüfen wir den Antrag.",
    ]
    english = "We counted the birds of the lake and found 28.\nMay we ask how many there were in the last year?"
    assert len(sentences(english)) == 2
