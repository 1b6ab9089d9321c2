"""The digest bench: its judge, its baselines, its table."""

from __future__ import annotations

import bz2
import json
from pathlib import Path

import pytest

from engine.bench import digest
from engine.bench.digest import Judge, evaluate, table
from engine.bench.text_rank import text_rank
from engine.errors import KnownError
from engine.training.reader.pairs import Pair, load

TEXT = (
    "The meeting opened at nine in the morning. Bridges in the county are old and costly to keep. "
    "The county will close three old bridges and repair two others. Tea was served to all guests. "
    "Repair of the two bridges will cost the county nine million."
)
SUMMARY = "The county will close three bridges and repair two others at a cost of nine million."


def test_the_best_choice_is_no_worse_than_any_other_and_the_model_is_asked_once():
    calls: list[str] = []

    def score(text: str, spans: object) -> list[float]:
        calls.append(text)
        return [0.0, 1.0, 2.0, 3.0, 4.0]

    found = evaluate(Pair("minutes", TEXT, SUMMARY), score, Judge(), 2)
    assert calls == [TEXT]
    assert all(sum(found["best"]) >= sum(found[way]) for way in digest.WAYS)
    assert sum(found["best"]) > sum(found["lead"])


def test_rouge_of_the_summary_itself_is_one_and_of_other_words_nought():
    judge = Judge()
    assert judge(SUMMARY, [SUMMARY]) == (1.0, 1.0)
    assert judge(SUMMARY, ["Tea tastes fine"]) == (0.0, 0.0)


def test_text_rank_prefers_the_sentence_that_others_speak_of():
    ranks = text_rank(["Old bridges cost money.", "The bridges are old.", "Repair of bridges costs money.", "Tea!"])
    assert min(ranks) == ranks[3] and sum(ranks) == pytest.approx(1.0, abs=0.3)
    assert text_rank([]) == []


def test_kinds_count_alike_in_the_table():
    one = {way: (1.0, 0.5) for way in digest.WAYS}
    nought = {way: (0.0, 0.0) for way in digest.WAYS}
    rows = table({"a": [one], "b": [nought, nought, nought]})
    assert rows[0]["documents"] == 4 and rows[0]["model"] == "50.0 / 25.0"
    assert [row["kind"] for row in rows] == ["all kinds", "a", "b"]


def test_pairs_are_read_plain_and_packed_and_anything_else_is_refused(tmp_path: Path):
    data = json.dumps([{"n": "minutes", "x": TEXT, "s": SUMMARY}])
    (tmp_path / "pairs.json").write_text(data)
    (tmp_path / "pairs.json.bz2").write_bytes(bz2.compress(data.encode()))
    assert load(tmp_path / "pairs.json") == load(tmp_path / "pairs.json.bz2") == [Pair("minutes", TEXT, SUMMARY)]
    (tmp_path / "bad.json").write_text('[{"x": 1}]')
    for name in ("bad.json", "none.json"):
        with pytest.raises(KnownError, match="holds no pairs"):
            load(tmp_path / name)


@pytest.mark.timeout(300)
def test_the_bench_runs_on_the_shipped_reader(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "pairs.json").write_text(json.dumps([{"n": "minutes", "x": TEXT, "s": SUMMARY}]))
    saved = tmp_path / "figures.json"
    arguments = ["--pairs", str(tmp_path / "pairs.json"), "--sentences", "2", "--device", "cpu", "--out", str(saved)]
    assert digest.main(arguments) == 0
    rows = json.loads(saved.read_text())["ROUGE-1 / ROUGE-2"]
    assert rows[1]["kind"] == "minutes" and float(rows[1]["model"].split(" / ")[0]) > 40
    assert "TextRank" in capsys.readouterr().out
