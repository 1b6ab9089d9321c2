"""The answers bench: its reading of SQuAD's form, its measures, and a small run."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import pytest

from engine.bench import answers
from engine.bench.answers import Outcome, area, run, span_f1, summarise
from engine.errors import KnownError
from engine.scoring.passage import Candidate
from engine.training.reader.squad import Article, Question, load

BRIDGE = "The bridge was built in 1787 by Louis Vidal. It has five arches."
FLOOD = "In 1930 a flood carried away two arches. The town rebuilt them."
FILE = {
    "1.1": [
        ["explore/1.1/dev/Bridge.html", BRIDGE, [["Who built the bridge?", ["Louis Vidal", "Louis Vidal", "Vidal"]]]],
        ["explore/1.1/dev/Bridge.html", FLOOD, [["When was the flood?", ["1930"]]]],
        ["explore/1.1/dev/Garden.html", "Tomatoes want sun. Water them early.", [["What do tomatoes want?", ["sun"]]]],
    ],
    "v2.0": [["explore/v2.0/dev/Bridge.html", BRIDGE, [["Who burned the bridge?", []], ["Who built it?", ["Vidal"]]]]],
}


def test_articles_take_answers_from_one_version_and_adversarial_questions_from_the_other(tmp_path: Path):
    (tmp_path / "squad.json.xz").write_bytes(lzma.compress(json.dumps(FILE).encode()))
    articles = load(tmp_path / "squad.json.xz")
    assert list(articles) == ["Bridge", "Garden"]
    assert articles["Bridge"] == Article(
        [BRIDGE, FLOOD],
        [
            Question("Who built the bridge?", 0, ("Louis Vidal", "Vidal")),
            Question("When was the flood?", 1, ("1930",)),
            Question("Who burned the bridge?", 0, ()),
        ],
    )
    (tmp_path / "bad.json").write_text("[]")
    with pytest.raises(KnownError, match="no articles"):
        load(tmp_path / "bad.json")


def test_span_f1_is_that_of_squad():
    assert span_f1("the Louis Vidal.", "Louis Vidal") == 1.0
    assert span_f1("Vidal", "Louis Vidal") == pytest.approx(2 / 3)
    assert span_f1("1787", "1930") == 0.0


def test_the_area_counts_pairs_in_order():
    assert area([3.0, 4.0], [1.0, 2.0]) == 1.0
    assert area([1.0, 2.0], [1.0, 2.0]) == 0.5
    assert area([1.0], [2.0]) == 0.0


def test_the_figures_of_a_perfect_and_of_a_blind_way():
    perfect = [Outcome("answerable", 5.0, (True, False), 1.0)] * 20 + [
        Outcome("foreign", 1.0),
        Outcome("adversarial", 2.0),
    ]
    figures = summarise(perfect)
    assert (
        figures["right sentence first, %"] == figures["span F1"] == figures["foreign refused at 5 % false, %"] == 100.0
    )
    assert figures["AUC foreign"] == figures["AUC adversarial"] == 1.0
    blind = [Outcome(kind, 1.0, (False, False), 0.0) for kind in answers.KINDS]
    assert summarise(blind)["in three, %"] == 0.0 and summarise(blind)["AUC foreign"] == 0.5


def test_a_model_that_knows_the_sentence_is_right_and_its_span_counts(tmp_path: Path):
    (tmp_path / "squad.json").write_text(json.dumps(FILE))

    def read(question: str, passages: object) -> list[Candidate]:
        found = []
        for i, (text, spans) in enumerate(passages):  # type: ignore[arg-type, var-annotated]
            for k, (start, end) in enumerate(spans):
                at = text.find("1930", start, end)
                found.append(Candidate(i, k, 9.0 if at >= 0 else 0.0, (at, at + 4) if at >= 0 else (start, end)))
        return found

    articles = load(tmp_path / "squad.json")
    articles["Bridge"].questions = [q for q in articles["Bridge"].questions if q.answers == ("1930",)]
    rows = run(articles, ["Bridge", "Garden"], read, None, 5)
    model = next(row for row in rows if row["by"] == "model")
    assert model["questions"] == 2 and model["right sentence first, %"] >= 50.0 and model["span F1"] >= 50.0


@pytest.mark.timeout(300)
def test_the_bench_runs_on_the_shipped_reader(tmp_path: Path):
    (tmp_path / "squad.json").write_text(json.dumps(FILE))
    saved = tmp_path / "figures.json"
    assert answers.main(["--squad", str(tmp_path / "squad.json"), "--device", "cpu", "--out", str(saved)]) == 0
    words, model = json.loads(saved.read_text())["answers"]
    assert (words["by"], model["by"]) == ("BM25", "model")
    assert model["questions"] == 3 and model["right sentence first, %"] > 60
    with pytest.raises(KnownError, match="no article Bridges"):
        answers.main(["--squad", str(tmp_path / "squad.json"), "--articles", "Bridges"])
