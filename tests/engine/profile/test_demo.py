"""The demo profile: its refusals and the types of its answers."""

from __future__ import annotations

import pytest

from engine.profile.demo import fits, has_findings, refuses
from engine.prompting.prompts import NO_FINDINGS, NOT_FOUND


@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [
        ("Who inspected pump P-120?", "Ann Weber", True),
        ("Who inspected pump P-120?", "12 May 2024", False),
        ("By whom was it done?", "61 degrees", False),
        ("On which day was it done?", "12 May 2024", True),
        ("When was it done?", "Ann Weber", False),
        ("What was the speed?", "900 rpm", True),
        ("What was the cause?", "a worn seal", True),
    ],
)
def test_answer_type_fits_question(question, answer, expected):
    assert fits(question, answer) == expected


def test_refusals_and_empty_summaries() -> None:
    assert refuses(f" {NOT_FOUND} ")
    assert not refuses("900 rpm")
    assert not any(map(has_findings, ("", NO_FINDINGS, NOT_FOUND)))
    assert has_findings("Key findings:\n- Pump P-12 ran.")
