"""Transcripts of instruct models through the whole pipeline: refusals, answers, marks and pages come out right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.bench import transcripts
from engine.bench.transcripts import Case, faults, load_cases, play
from engine.errors import KnownError

FOLDER = Path(__file__).parents[2] / "transcripts"
QUICK = {"arabic", "chinese", "formats", "german", "half_answers", "merges", "russian", "summaries", "wrong_figures"}
"""Files of the default tests; CI plays all of them by `main.py bench transcripts`."""
FILES = [
    pytest.param(file, id=file.stem, marks=() if file.stem in QUICK else pytest.mark.slow)
    for file in sorted(FOLDER.glob("*.json"))
]


@pytest.mark.parametrize("file", FILES)
@pytest.mark.timeout(600)
def test_transcripts_come_out_right(file: Path, tmp_path: Path) -> None:
    (tmp_path / file.name).write_bytes(file.read_bytes())
    cases = load_cases(tmp_path)
    assert {case.name: found for case in cases if (found := faults(case, play(case)))} == {}


def test_there_are_enough_transcripts() -> None:
    cases = load_cases(FOLDER)
    assert sum(len(case.replies) for case in cases) >= 120
    assert {case.task for case in cases} == set(transcripts.TASKS)


def case(**values: object) -> Case:
    made = {"name": "x", "document": "The pump ran.", "task": "ask", "question": "What ran?", "replies": ["The pump."]}
    return Case(**(made | {"expect": {}} | values))  # type: ignore[arg-type]


def test_faults_name_what_differs() -> None:
    wrong = case(expect={"refused": True, "marked": ["5 bar"], "pages": [2]})
    shown = transcripts.Shown("The pump.", False, [], [1])
    assert faults(wrong, shown) == ["refused False", "marked []", "pages [1]"]
    assert faults(case(expect={"kept": True}), shown) == []
    assert faults(case(expect={"kept": True}), transcripts.Shown("A pump.", False, [], [])) == ["kept False"]
    marked = transcripts.Shown("The pump.", False, ["5"], [1])
    assert faults(case(expect={"marked": ["5 bar"]}), marked) == []


def test_pages_of_a_document() -> None:
    assert transcripts._pages(case(document="One.\fTwo.")) == ["One.", "Two."]
    assert transcripts._pages(case(document="Page 1\nOne.\n\nPage 2\nTwo.")) == ["One.", "Two."]
    merge = case(task="merge", document="One.\n\nTwo.\n\nThree.", replies=["a", "b", "c"])
    assert len(transcripts._pages(merge)) == 2


def test_main_prints_wrong_cases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    right = {"document": "The pump ran.", "task": "ask", "question": "Who paid?", "replies": ["It is not stated."]}
    (tmp_path / "a.json").write_text(json.dumps(right | {"expect": {"refused": True}}))
    assert transcripts.main([str(tmp_path)]) == 0
    (tmp_path / "b.json").write_text(json.dumps(right | {"expect": {"refused": False}}))
    assert transcripts.main([str(tmp_path)]) == 1
    assert "b (ask): refused True" in capsys.readouterr().out
    with pytest.raises(KnownError, match="no transcript"):
        (tmp_path / "c.json").write_text("{}")
        load_cases(tmp_path)
