"""What is printed is harmless to a terminal, and nothing of a text is lost but the characters that would do harm."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cli.text import closest, error_line, escaped_json, fitted, one_line
from engine.wording.printable import printable


@given(st.text())
def test_printable_text_holds_no_control_character(text: str) -> None:
    shown = printable(text)
    assert not any(character < " " and character not in "\n\t" for character in shown)
    assert not any("\x7f" <= character <= "\x9f" or "\ud800" <= character <= "\udfff" for character in shown)
    shown.encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;PWNED\x07name.txt", "�]0;PWNED�name.txt"),
        ("\x1b[31mred\x1b[0m", "�[31mred�[0m"),
        ("\u202etxt.exe", "�txt.exe"),
        ("a\udcffb", "a�b"),
        ("one\r\ntwo\tthree", "one\ntwo\tthree"),
        ("over\rwritten", "over�written"),
        ("Zürich 東京 👩\u200d🚀 می\u200cخواهم", "Zürich 東京 👩\u200d🚀 می\u200cخواهم"),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_escaped_json_means_the_same(text: str) -> None:
    line = json.dumps({"text": text}, ensure_ascii=False)
    escaped = escaped_json(line)
    assert json.loads(escaped) == {"text": text}
    assert printable(escaped) == escaped


def test_one_line_has_no_line_end() -> None:
    assert one_line("Annual\n report\u2028 2024 ") == "Annual report� 2024"


def test_fitted_counts_wide_characters_twice() -> None:
    assert fitted("short", 10) == "short"
    assert fitted("a long title", 6) == "a lon…"
    assert fitted("東京東京", 6) == "東京…"


@pytest.mark.parametrize(
    ("sentence", "line"),
    [
        ("There is no file x; check the name.", "error: there is no file x; check the name"),
        ("No key is here.", "error: no key is here"),
        ("Notes.pdf is empty.", "error: Notes.pdf is empty"),
        ("the\nend", "error: the end"),
    ],
)
def test_error_begins_in_lower_case_unless_with_a_name(sentence, line):
    assert error_line(sentence) == line


@pytest.mark.parametrize(("word", "near"), [("shw", " (did you mean show?)"), ("quite other", "")])
def test_closest_names_one_word_or_none(word, near):
    assert closest(word, ["list", "show"]) == near
