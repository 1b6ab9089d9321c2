"""Answers in passages: rows, spans, and what the shipped reader finds and refuses."""

from __future__ import annotations

import numpy as np
import pytest

from engine.grounding.sentences import sentences
from engine.scoring import passage
from engine.scoring.passage import answer, row_answers, rows
from engine.scoring.reader_model import read_by_reader, reader_model
from engine.scoring.tokens import tokenise
from tests.engine.scoring.conftest import Chooser

BRIDGE = (
    "The old bridge over the Tarn was built in 1787 by the engineer Louis Vidal. It has five arches of red brick. "
    "In 1930 a flood carried away two of its arches, and the town rebuilt them in concrete within a year. "
    "Today about 4,000 vehicles cross it every day, although lorries above 12 tonnes are banned."
)
GARDEN = (
    "Tomatoes want full sun and a rich soil. Water them at the root in the morning. "
    "Pinch out the side shoots of tall kinds every week, and stop feeding when the first fruit turns red."
)


def passages(*texts: str) -> list[tuple[str, list[tuple[int, int]]]]:
    return [(text, sentences(text)) for text in texts]


def test_rows_hold_every_sentence_once(tiny: Chooser):
    text = " ".join([BRIDGE, GARDEN] * 5)
    tokens = tokenise(tiny.tokenizer, text, sentences(text))
    found = rows(tokens)
    assert len(found) > 3
    assert np.array_equal(np.concatenate([row.ids for row in found]), tokens.ids)
    assert sum(len(row.ends) for row in found) == len(tokens.sentence_ends)
    assert all(len(row.ids) <= passage.PASSAGE_TOKENS for row in found)
    assert [row.token for row in found] == list(np.cumsum([0, *(len(row.ids) for row in found[:-1])]))


def test_a_row_says_the_same_alone_and_beside_others(tiny: Chooser):
    asked = np.asarray(tiny.tokenizer.encode_document("Who built the bridge?"))
    some = [(asked, row) for text in (BRIDGE, GARDEN) for row in rows(tokenise(tiny.tokenizer, text, sentences(text)))]
    for job, together in zip(some, row_answers(tiny.model, tiny.heads, some), strict=True):
        alone = row_answers(tiny.model, tiny.heads, [job])[0]
        np.testing.assert_allclose(alone.sentences, together.sentences, atol=2e-4)
        assert alone.present == pytest.approx(together.present, abs=2e-4)
        assert [span[:2] for span in alone.spans] == [span[:2] for span in together.spans]


def test_every_sentence_is_a_candidate_and_its_span_lies_inside_it(tiny: Chooser):
    given = passages(BRIDGE, GARDEN)
    found = answer(tiny.model, tiny.heads, tiny.tokenizer, "How many vehicles cross the bridge? " * 4, given)
    places = {(c.passage, c.sentence) for c in found.candidates}
    assert places == {(i, k) for i, (_, spans) in enumerate(given) for k in range(len(spans))}
    for c in found.candidates:
        start, end = given[c.passage][1][c.sentence]
        assert start <= c.span[0] <= c.span[1] <= end
    assert [c.score for c in found.candidates] == sorted((c.score for c in found.candidates), reverse=True)
    assert 0.0 <= found.probability <= 1.0


def test_without_passages_there_is_no_answer(tiny: Chooser):
    found = answer(tiny.model, tiny.heads, tiny.tokenizer, "Who?", [])
    assert found.candidates == [] and found.probability == 0.0


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Who built the bridge over the Tarn?", "Louis Vidal"),
        ("When was the bridge built?", "1787"),
        ("How many arches does the bridge have?", "five"),
        ("How many vehicles cross the bridge every day?", "4,000"),
    ],
)
def test_the_reader_finds_the_sentence_and_the_span(reader: Chooser, question: str, wanted: str):
    given = passages(GARDEN, BRIDGE)
    best = answer(reader.model, reader.heads, reader.tokenizer, question, given).candidates[0]
    assert wanted in given[best.passage][0][slice(*best.span)]


@pytest.mark.timeout(300)
def test_the_reader_is_surer_of_an_answer_than_of_a_foreign_question(reader: Chooser):
    given = passages(GARDEN, BRIDGE)

    def sure(question: str) -> float:
        return answer(reader.model, reader.heads, reader.tokenizer, question, given).probability

    assert sure("When was the bridge built?") > 0.5 > sure("Which enzyme unwinds the DNA helix?")


def test_tokens_of_a_question_count_as_read() -> None:
    reader = reader_model()
    assert reader is not None
    before = read_by_reader()
    answer(reader.answering, reader.heads, reader.tokenizer, "Who came?", [("Ann came.", [(0, 9)])])
    assert read_by_reader() > before
