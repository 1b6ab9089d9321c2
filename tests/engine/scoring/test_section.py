"""The worth of sentences: windows, batches, and what the shipped reader prefers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.grounding.sentences import sentences
from engine.scoring import section
from engine.scoring.section import choose, sentence_scores, window_logits, windows
from engine.scoring.tokens import tokenise
from tests.engine.scoring.conftest import Chooser

REPORT = (
    "The committee met in the usual room on Tuesday. Coffee was served at ten. "
    "The board decided to close the Leeds plant in March because its furnace no longer meets the emission limits, "
    "and to move production of glass fibre to Cardiff. Some members had travelled a long way. "
    "The move will cost 12 million pounds and 140 employees will be offered work at the new site. "
    "The weather was fair. A photograph of the group was taken before lunch. Several people thanked the chair."
)


def long_text(count: int) -> str:
    return " ".join(f"Sentence {i} says that reading {i * 7 % 13} of gauge {i % 5} was fine." for i in range(count))


def test_windows_hold_every_sentence_once_and_stay_within_their_limits(tiny: Chooser):
    text = long_text(300)
    tokens = tokenise(tiny.tokenizer, text, sentences(text))
    found = windows(tokens)
    assert len(found) > 2
    assert [w.begins for w in found] == list(np.cumsum([0, *(len(w.ends) for w in found[:-1])]))
    assert sum(len(w.ends) for w in found) == len(tokens.sentence_ends)
    assert np.array_equal(np.concatenate([w.ids for w in found]), tokens.ids)
    for w in found:
        assert len(w.ids) < section.WINDOW_TOKENS and len(w.ends) <= section.WINDOW_SENTENCES
        assert w.starts[0] == 1 and w.ends[-1] == len(w.ids) + 1


def test_a_sentence_longer_than_a_window_loses_its_end(tiny: Chooser):
    text = "word " * 800 + "end. Short one."
    tokens = tokenise(tiny.tokenizer, text, [(0, len(text) - 11), (len(text) - 10, len(text))])
    first, second = windows(tokens)
    assert len(first.ids) == section.WINDOW_TOKENS - 1 and len(second.ends) == 1
    scores = sentence_scores(
        tiny.model, tiny.heads, tiny.tokenizer, text, [(0, len(text) - 11), (len(text) - 10, len(text))]
    )
    assert all(math.isfinite(score) for score in scores)


def test_a_window_scores_the_same_alone_and_beside_others(tiny: Chooser):
    texts = [REPORT, long_text(12), "One sentence only."]
    some = [windows(tokenise(tiny.tokenizer, text, sentences(text)))[0] for text in texts]
    together = window_logits(tiny.model, tiny.heads, some)
    for window, logits in zip(some, together, strict=True):
        np.testing.assert_allclose(window_logits(tiny.model, tiny.heads, [window])[0], logits, atol=2e-4)


def test_a_sentence_without_a_token_is_worth_nothing(tiny: Chooser):
    scores = sentence_scores(tiny.model, tiny.heads, tiny.tokenizer, "One. Two.", [(0, 4), (4, 4), (5, 9)])
    assert scores[1] == -math.inf and math.isfinite(scores[0]) and math.isfinite(scores[2])
    assert sentence_scores(tiny.model, tiny.heads, tiny.tokenizer, "", []) == []


def test_what_is_chosen_does_not_repeat_itself_and_keeps_the_order():
    texts = ["The plant closes in March.", "Lunch was good.", "In March the plant closes.", "Costs rise by a fifth."]
    assert choose([3.0, 0.5, 2.9, 2.0], texts, 2) == [0, 3]
    assert choose([0.1, 0.5, -math.inf, 0.2], texts, 3) == [0, 1, 3]
    assert choose([], [], 3) == []


@pytest.mark.timeout(300)
def test_the_reader_prefers_what_matters_to_what_does_not(reader: Chooser):
    spans = sentences(REPORT)
    texts = [REPORT[start:end] for start, end in spans]
    scores = sentence_scores(reader.model, reader.heads, reader.tokenizer, REPORT, spans)
    chosen = [texts[i] for i in choose(scores, texts, 2)]
    assert any("Leeds" in text for text in chosen) and any("12 million" in text for text in chosen)
    assert not any(idle in text for idle in ("Coffee", "weather", "photograph") for text in chosen)
