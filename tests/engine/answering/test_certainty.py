"""Each figure moves the certainty as its meaning says."""

from __future__ import annotations

from dataclasses import replace

from engine.answering.certainty import Figures, certainty_of

USUAL = Figures(logit=1.0, coverage=0.5, near=0.5, missing=0.5, lacks=False)


def test_certainty_grows_with_what_speaks_for_an_answer():
    usual = certainty_of(USUAL)
    assert 0.0 < usual < 1.0
    assert certainty_of(replace(USUAL, logit=4.0)) > usual
    assert certainty_of(replace(USUAL, coverage=1.0)) > usual
    assert certainty_of(replace(USUAL, near=0.8)) > usual
    assert certainty_of(replace(USUAL, missing=4.0)) < usual
    assert certainty_of(replace(USUAL, lacks=True)) < usual
