"""Folding, stems and the language of a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.grounding.languages import capitalises_nouns, has_case, language_of
from engine.grounding.stopwords import stop_words
from engine.grounding.words import folded, stems, tokens


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What was the pressure of the pump?", "en"),
        ("Wann wurde die Pumpe repariert?", "de"),
        ("Quand la pompe a-t-elle été réparée ?", "fr"),
        ("¿Cuándo se reparó la bomba?", "es"),
        ("Когда был отремонтирован насос?", "ru"),
        ("泵什么时候修好的？", "zh"),
        ("ポンプはいつ修理されましたか", "ja"),
        ("متى تم إصلاح المضخة؟", "ar"),
        ("10.7 bar", "en"),
        ("", "en"),
    ],
)
def test_language(text, language):
    assert language_of(text) == language


def test_scripts_without_case_and_languages_with_noun_capitals():
    assert not has_case("zh") and not has_case("ar") and has_case("ru")
    assert capitalises_nouns("de") and not capitalises_nouns("en")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann inspects pumps", "the pump was inspected"),
        ("die Pumpen", "eine Pumpe"),
        ("отремонтирован насос", "насосы отремонтированы"),
        ("修理ポンプ", "ポンプの修理"),
    ],
)
def test_stems_meet(one, other):
    assert stems(one) & stems(other, None)


def test_stop_words_are_left_out():
    assert stems("what was the of it") == frozenset()
    assert "the" in stop_words("en") and "und" in stop_words("de") and stop_words("xx") == frozenset()


@given(st.text())
def test_tokens_lie_in_the_text(text):
    plain = folded(text)
    assert all(plain[start:end] == token for token, start, end in tokens(text))
