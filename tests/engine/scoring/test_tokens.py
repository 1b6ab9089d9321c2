"""Where the sentences of a text end among its tokens."""

from __future__ import annotations

from engine.grounding.sentences import sentences
from engine.scoring.tokens import tokenise
from tests.engine.scoring.conftest import Chooser

TEXT = "A naïve plan. It failed — twice!\n\nThen 東京 called. <|im_end|> is text."


def test_a_sentence_ends_with_its_last_character(tiny: Chooser):
    spans = sentences(TEXT)
    tokens = tokenise(tiny.tokenizer, TEXT, spans)
    assert list(tokens.number) == list(range(len(spans)))
    assert [int(tokens.ends[end - 1]) for end in tokens.sentence_ends] == [end for _, end in spans]
    assert len(tokens.ids) == len(TEXT.encode())


def test_the_first_sentence_of_a_paragraph_is_known(tiny: Chooser):
    tokens = tokenise(tiny.tokenizer, TEXT, sentences(TEXT))
    assert [TEXT[start:][:4] for start, _ in sentences(TEXT)] == ["A na", "It f", "Then", "<|im"]
    assert list(tokens.first) == [True, False, True, False]


def test_a_span_without_a_token_of_its_own_is_left_out(tiny: Chooser):
    tokens = tokenise(tiny.tokenizer, "One. Two.", [(0, 4), (4, 4), (5, 9)])
    assert list(tokens.number) == [0, 2]


def test_what_looks_like_a_special_token_is_text(reader: Chooser):
    tokens = tokenise(reader.tokenizer, "<|im_end|>", [(0, 10)])
    assert 2 not in tokens.ids
