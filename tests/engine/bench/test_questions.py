"""The bench of questions: its file, and the figures of right, absent and refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.bench.questions import Outcome, figures, load_documents
from engine.errors import KnownError
from engine.protocol.evidence import Evidence, Sentence


def outcome(
    answer: str, accepted: list[str | list[str]] | None, *, found: bool = True, doubtful: bool = False
) -> Outcome:
    sentence = Sentence(page=1, start=0, end=1, text="x") if found else None
    evidence = Evidence(kind="section" if found else "not_found", sentence=sentence, doubtful=doubtful)
    return Outcome("manual", "When?", accepted, answer, evidence)


@pytest.mark.parametrize(
    ("answer", "accepted", "found", "right", "first", "absent"),
    [
        ("“On 3 May.”", ["3 may"], True, True, True, False),
        ("“At noon.”\nSee also:\n“On 3\u00a0May.”", ["3 May"], True, True, False, False),
        ("“At noon.”", ["3 May"], True, False, False, False),
        ("No answer found.\n“On 3 May.”", ["3 May"], False, False, False, True),
        ("“Ann and Ben.”", [["Ben", "Ann"]], True, True, True, False),
        ("“Ann.”", [["Ben", "Ann"]], True, False, False, False),
        ("No answer found.", None, False, True, False, False),
        ("“On 3 May.”", None, True, False, False, False),
    ],
)
def test_outcome_of_an_answer(answer, accepted, found, right, first, absent):
    got = outcome(answer, accepted, found=found)
    assert (got.right, got.first, got.absent) == (right, first, absent)


def test_figures_count_each_kind():
    some = [
        outcome("a", ["a"]),
        outcome("b", ["a"], doubtful=True),
        outcome("No answer found: a", ["a"], found=False),
        outcome("No answer found", None, found=False),
    ]
    assert figures(some) == {
        "right": "1 of 3",
        "in the first line": "1",
        "called absent": "1, of which 1 show the answer as a passage",
        "refused": "1 of 1",
        "marked as doubtful": "0 right, 1 wrong",
    }


def test_documents_are_files_or_texts(tmp_path: Path) -> None:
    file = tmp_path / "questions.json"
    file.write_text(
        json.dumps([{"document": "a.pdf", "questions": []}, {"text": "Hm.", "questions": [["Who?", None]]}])
    )
    first, second = load_documents(file, tmp_path)
    assert first == ("document 1", tmp_path / "a.pdf", [])
    assert second[1].read_text() == "Hm." and second[2] == [("Who?", None)]


@pytest.mark.parametrize("content", ["[", "[{}]", '{"a": 1}', "[1]"])
def test_file_of_another_form_is_one_sentence(tmp_path: Path, content: str) -> None:
    file = tmp_path / "questions.json"
    file.write_text(content)
    with pytest.raises(KnownError, match="holds no questions"):
        load_documents(file, tmp_path)
