"""Claims of what models say in several languages and formats, and whether a text supports them."""

from __future__ import annotations

import pytest

from engine.grounding.claims import claims
from engine.grounding.support import supports, unsupported


def texts(text: str) -> list[str]:
    return [claim.text for claim in claims(text)]


@pytest.mark.parametrize(
    ("claim", "text"),
    [
        ("FY2024", "What changed in fiscal year 2024?"),
        ("fiscal year 2024", "In FY24 it rose."),
        ("1 August 2024", "am 01.08.2024"),
        ("August 2024", "on 2024-08-01"),
        ("1.234,5", "1,234.5 kg"),
        ("1.2 million", "1,200,000 dollars"),
        ("3", "three pumps"),
        ("2nd", "the second time"),
        ("CEO", "the chief executive officer said"),
        ("Weber, Ann", "Ann Weber"),
        ("Q3", "the third quarter of 2024"),
        ("P835", "pump P-835"),
        ("2024", "on 3 May 2024"),
        ("P-835", "2024-01-01,P-835,2309,seal worn"),
        ("Hartmann", "3,Hartmann,41000"),
    ],
)
def test_supports_other_spelling(claim, text):
    assert supports(claim, text)


@pytest.mark.parametrize(
    ("claim", "text"),
    [
        ("12", "in 2012"),
        ("12", "12.5 bar"),
        ("835", "pump P-835"),
        ("P-835", "pump P-835.2"),
        ("12", "3,12 bar"),
        ("2 August 2024", "1 August 2024"),
        ("FY2024", "FY2023"),
        ("Anna Weber", "Ann Weber"),
        ("CTO", "the chief executive officer said"),
    ],
)
def test_does_not_support_another_value(claim, text):
    assert not supports(claim, text)


def test_inflected_name_is_supported():
    assert unsupported("Насос отремонтировал Иван Петров.", ["Мастер встретил Ивана Петрова."]) == []
    assert unsupported("Насос отремонтировал Иван Сидоров.", ["Мастер встретил Ивана Петрова."]) == ["Иван Сидоров"]


@pytest.mark.parametrize(
    "text",
    [
        "насос был отремонтирован в мае",
        "Nach Angaben des Betreibers war das Lager defekt. Der Druck fiel.",
        "Here is the merged summary:\n\n- Revenue grew.\n- Workforce shrank.\n* Investment stayed.",
        "## Key Results and Findings",
        "**Workforce**: nothing changed.",
        "1. First\n2. Second\n3) Third",
        "It rose (pages 3 and 4, p. 12) [3].",
        "压力正常。",
    ],
)
def test_no_claims(text):
    assert texts(text) == []


def test_list_numbers_and_labels_are_no_claims_and_values_are():
    said = "1. **Revenue**: rose by 12 % in Q3 2024.\n2. **Workforce**: 1,200 people, says Ann Weber (page 7)."
    assert texts(said) == ["12", "Q3 2024", "1,200", "Ann Weber"]


def test_chinese_values_are_claims():
    assert unsupported("泵在2024年5月3日修好，压力为3.6巴。", ["2024-05-03 压力为3.5巴"]) == ["3.6"]


def test_german_name_is_a_claim_and_a_noun_is_not():
    page = "Die Pumpe wurde von Klaus Weber geprüft."
    assert unsupported("Nach der Prüfung durch Klaus Weber lief die Pumpe.", [page]) == []
    assert unsupported("Nach der Prüfung durch Peter Becker lief die Pumpe.", [page]) == ["Peter Becker"]


def test_times_and_versions_are_whole_claims():
    assert texts("v1.2.3 at 10:30 on 192.168.0.1") == ["v1.2.3", "10:30", "192.168.0.1"]
