"""What a missing word tells: a noun most, a word that fits any subject next to nothing."""

from __future__ import annotations

import pytest

from engine.answering.missing_words import MOST, held, least_missing, missing, weights
from engine.grounding.answer_sentences import Asked
from engine.grounding.sentence_index import SentenceIndex
from engine.grounding.words import stems
from engine.scoring.related_words import related_words

TEXT = " ".join(
    ["The ferry to Leeds carries bicycles.", "It sails at noon."]
    + [f"The harbour has {number} cranes." for number in range(30, 40)]
    + ["Nobody minds the noise."]
)


def _missing(question: str, text: str) -> float:
    words = related_words()
    assert words is not None
    return missing(weights(Asked.of(question, "en"), "en", words), stems(text, "en"))


def test_a_missing_noun_tells_more_than_a_missing_verb_and_that_more_than_a_word_for_any_subject():
    noun = _missing("Does the ferry carry a trumpet?", "The ferry carries bicycles.")
    verb = _missing("Does the ferry whose bicycles rust quarrel?", "The rusty ferry carries bicycles.")
    any_subject = _missing("Does somebody like the ferry?", "The ferry carries bicycles.")
    assert noun > verb > any_subject
    assert _missing("Does the ferry carry bicycles?", "The ferry carries bicycles.") == 0.0


@pytest.mark.parametrize(
    ("word", "text", "share"),
    [
        ("salary", "Her remuneration is small.", 1.0),
        ("software", "The computer is old.", 0.0),
        ("intervene", "Every intervention failed.", 0.6),
        ("disagree", "They agree.", 0.6),
        ("Chinese", "Tea comes from China.", 0.6),
        ("trumpet", "The band plays.", 0.0),
    ],
)
def test_what_counts_for_a_word(word: str, text: str, share: float):
    (term,) = stems(word, "en")
    assert held(term, stems(text, "en")) == share


def test_the_best_place_counts_with_its_neighbours():
    words, asked = related_words(), Asked.of("When does the ferry to Leeds sail?", "en")
    assert words is not None
    index, weighed = SentenceIndex([(1, TEXT)]), weights(asked, "en", words)
    places = {one.text: place for place, one in enumerate(index.sentences)}
    sails, noise = places["It sails at noon."], places["Nobody minds the noise."]
    assert least_missing(index, weighed, [sails]) == 0.0  # the sentence before names ferry and Leeds
    assert least_missing(index, weighed, [noise]) > 0.0
    assert least_missing(index, weighed, [noise, sails]) == 0.0
    assert least_missing(index, weighed, []) == MOST
