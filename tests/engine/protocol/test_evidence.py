"""Evidence in library rows: today's records survive, and those of version 0.1.0 can still be read."""

from __future__ import annotations

import json

import pytest

from engine.protocol.evidence import (
    Evidence,
    PageSpan,
    Sentence,
    SummaryBasis,
    basis_from,
    encoded,
    evidence_from,
)

ANSWER = Evidence(
    kind="reread",
    first_page=124,
    last_page=124,
    reread_pages=(123, 124),
    sentence=Sentence(page=124, start=3, end=9, text="Zürich"),
    unverified=("17",),
    nearest=(PageSpan(1, 2),),
    certainty=0.5,
)


def test_records_survive_a_row() -> None:
    basis = SummaryBasis(made_from="sections", sections=3, line_pages=((1,), (), (2, 3)), focus="pumps")
    assert evidence_from(encoded(ANSWER)) == ANSWER
    assert basis_from(encoded(basis)) == basis
    assert evidence_from(encoded(None)) is None and basis_from(encoded(None)) is None


def test_unencodable_text_is_stored() -> None:
    sentence = Sentence(page=1, start=0, end=1, text="\ud800")
    stored = evidence_from(encoded(Evidence(kind="section", sentence=sentence)))
    assert stored is not None and stored.sentence is not None and stored.sentence.text == "?"


def test_answer_row_of_0_1_0_keeps_its_facts_and_its_sentence() -> None:
    row = {
        "found": True,
        "basis": "from page 124; read again: pages 123 and 124",
        "first_page": 124,
        "last_page": 124,
        "unverified": ["17"],
        "certainty": 0.97,
        "weakest": 0.9,
        "doubtful": True,
        "reread": True,
        "warning": "The model was unsure of this answer. Check it on the page.",
        "page": 124,
        "sentence": "It broke.",
        "start": 3,
        "end": 12,
        "steps": 900,
    }
    found = evidence_from(json.dumps(row))
    assert found is not None
    assert (found.kind, found.found, found.first_page, found.last_page) == ("text", True, 124, 124)
    assert found.sentence == Sentence(page=124, start=3, end=12, text="It broke.")
    assert (found.unverified, found.doubtful, found.certainty, found.steps) == (("17",), True, 0.97, 900)
    assert found.text.startswith("From page 124; read again: pages 123 and 124. The model was unsure")


def test_refusal_row_of_0_1_0_is_not_found() -> None:
    row = {"found": False, "basis": "the document state does not hold it; nearest: page 3", "nearest": [3, 9]}
    found = evidence_from(json.dumps(row))
    assert found is not None and not found.found
    assert found.nearest == (PageSpan(3, 3), PageSpan(9, 9))


def test_summary_row_of_0_1_0_keeps_its_pages() -> None:
    row = {"basis": "of 3 sections read one by one", "coverage": "Covers 3 sections.", "line_pages": [[1], []]}
    found = basis_from(json.dumps(row))
    assert found is not None
    assert (found.made_from, found.line_pages) == ("text", ((1,), ()))
    assert found.text == "Of 3 sections read one by one. Covers 3 sections"


@pytest.mark.parametrize("row", ["", "words", "[" * 100_000, "null", '{"version": 1}', '{"version": 1, "kind": "x"}'])
def test_damaged_row_gives_no_record(row: str) -> None:
    assert evidence_from(row) is None
    assert basis_from(row) is None


@pytest.mark.parametrize(
    "row", ["{}", "[1]", '"words"', '{"page": true, "sentence": 7, "nearest": [{}]}', '{"unverified": 3}']
)
def test_odd_row_never_raises(row: str) -> None:
    assert evidence_from(row) is not None
    assert basis_from(row) is not None
