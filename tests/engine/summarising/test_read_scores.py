"""Scores by a network that reads, with those by words: the focus tells."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.grounding.sentences import sentences
from engine.network.heads import load_heads
from engine.network.weights import load_model
from engine.prompting.tokenizer import Tokenizer
from engine.scoring.section import choose
from engine.summarising.read_scores import ReadScores
from engine.summarising.sentence_scores import WordScores

READER = Path(__file__).parents[3] / "resources" / "models" / "reader"
TEXT = (
    "The board decided to close the Leeds plant in March because its furnace no longer meets the emission limits. "
    "Coffee was served at ten. The move to Cardiff will cost 12 million pounds and takes two years. "
    "The canteen in Cardiff gets a new kitchen with gas stoves. The weather was fair."
)


@pytest.mark.timeout(300)
def test_the_focus_decides_what_is_chosen():
    model, heads, tokenizer = load_model(READER), load_heads(READER), Tokenizer.from_folder(READER)
    spans = sentences(TEXT)
    texts = [TEXT[start:end] for start, end in spans]

    def chosen(focus: str) -> str:
        scores = ReadScores(model, heads, tokenizer, WordScores(focus=focus))(TEXT, spans)
        return texts[choose(scores, texts, 1)[0]]

    assert "Leeds" in chosen("") or "12 million" in chosen("")
    assert "stoves" in chosen("canteen kitchen stoves")
