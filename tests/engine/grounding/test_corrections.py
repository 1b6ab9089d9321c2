"""Corrections, and the values that they take back; ordinary sentences are none."""

from __future__ import annotations

import pytest

from engine.grounding.corrections import corrects, denies_at


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Erratum: the boiler holds 9 bar, not 8 bar.", "8 bar"),
        ("The minutes were corrected: 14 members attended rather than 15.", "15"),
        ("The figure of 12 % is wrong; it should be 11 %.", "12 %"),
        ("The amount is 900 euros (previously 800 euros).", None),
        ("The total, 5,000, was stated in error; 4,000 is right.", "5,000"),
        ("Berichtigung: der Druck betrug 9 bar, nicht 8 bar.", "8 bar"),
        ("Rectificatif : le débit était de 40 l et non de 50 l.", None),
    ],
)
def test_correction_is_recognised(text, wrong):
    assert corrects(text) or wrong is None
    if wrong:
        start = text.index(wrong)
        assert denies_at(text, start, start + len(wrong))


@pytest.mark.parametrize(
    "text",
    [
        "This is wrong and not portable.",
        "The plan was revised in 2024.",
        "Use the package manager instead of tar.",
        "The fakeroot package often allows one to build a package correctly.",
        "Emacs is no longer mandated by policy.",
        "Mistakes happen in 3 of 10 cases.",
    ],
)
def test_ordinary_sentence_is_no_correction(text):
    assert not corrects(text)
