"""Sentences that can be quoted alone in a digest, and those that cannot."""

from __future__ import annotations

import pytest

from engine.summarising.section_text import Sentence


@pytest.mark.parametrize(
    ("text", "quotable"),
    [
        # A made-up list of those present, as minutes begin.
        (
            "Present were Anna Holm, Chair, Peter Lind, Vice Chair, Maria Berg, Lars Dahl, Eva Strand and Nils Vik.",
            False,
        ),
        (
            "Holm, Secretary of the Board, Office of Supply, Lind, Director, Division of Water, Berg, Engineer, Works.",
            False,
        ),
        ("The Board of Governors approved the plan of Anna Holm and asked Peter Lind to report in May.", True),
        ("Die Stadt Hamburg und das Land Bremen haben den Vertrag über die Brücke am Montag unterzeichnet.", True),
        ("NATO and the EU met in Brussels.", True),
        ("理事会は橋の計画を承認し、五月に報告するよう求めた。", True),
        ("see the next page for the rest of it.", False),
    ],
)
def test_names_alone_are_not_quoted(text: str, quotable: bool) -> None:
    assert Sentence(1, 0, len(text), text, listed=False).quotable is quotable
