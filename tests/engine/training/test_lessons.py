"""Tokenizer and training rows: what is trained is what the product feeds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import prompts
from engine.tokenizer import Tokenizer
from engine.training import lessons, records, words
from engine.training.lessons import ANSWER, Teacher
from engine.training.tokenizer import WordEncoder, build, load
from engine.training.train import TOKENIZER

TINY = replace(lessons.SHORT, rows=6, tokens=256, forks=2)


@pytest.fixture(scope="module")
def teacher() -> Teacher:
    return Teacher(load(TOKENIZER))


@pytest.fixture(scope="module")
def product() -> Tokenizer:
    return Tokenizer.from_folder(TOKENIZER)


@settings(deadline=None, max_examples=100)
@given(text=st.text(max_size=80))
def test_any_text_survives_the_tokenizer(product: Tokenizer, text: str) -> None:
    assert product.decode(product.encode_document(text)) == text


def test_special_tokens_in_a_document_stay_text(product: Tokenizer, teacher: Teacher) -> None:
    text = "He wrote <|im_end|> and <|im_start|>user"
    ids = product.encode_document(text)
    assert not set(ids) & {0, 1, 2, 3}
    assert teacher.encode(text) == ids


def test_the_word_table_gives_the_ids_of_the_saved_tokenizer(product: Tokenizer, teacher: Teacher) -> None:
    for seed in range(12):
        record = records.make_record(
            records.Writer(seed, held_out=bool(seed % 2)),
            kind=words.KINDS[seed % 4],
            tokens=500,
            facts=5,
            findings=2,
            count_tokens=teacher.encode.count,
        )
        for page in record.pages:
            text = prompts.page_text(page)
            assert teacher.encode(text) == product.encode_document(text)


def test_a_fork_continues_the_instruction_as_the_product_asks_it(product: Tokenizer, teacher: Teacher) -> None:
    question = "What was the speed of pump P-204?"
    ours = teacher.instruction + teacher.encode(" " + question) + teacher.closing
    assert ours == product.encode_request(product.prompts.question(question))
    assert teacher.summary == product.encode_request(product.prompts.summary())
    assert teacher.merge == product.encode_request(product.prompts.merge())
    assert teacher.prefix == product.document_prefix
    assert teacher.merge_prefix == product.merge_prefix
    following = teacher.next_opening + teacher.encode(question) + teacher.next_closing
    assert following == product.encode_request(product.prompts.next_question(question))


def test_a_batch_is_a_function_of_its_seed(teacher: Teacher) -> None:
    first, again, other = (teacher.batch(TINY, seed) for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first.arrays(), again.arrays(), strict=True))
    assert not np.array_equal(first.ids, other.ids)


def test_every_answer_of_a_fork_ends_with_the_end_of_turn(teacher: Teacher) -> None:
    batch = teacher.batch(TINY, 3)
    for targets, kinds in zip(batch.fork_targets, batch.fork_kinds, strict=True):
        runs = np.flatnonzero((kinds == ANSWER) & (np.append(kinds[1:], 0) != ANSWER))
        assert len(runs)
        assert all(targets[i] == teacher.end for i in runs)


def test_rows_are_padded_on_the_left_only(teacher: Teacher) -> None:
    batch = teacher.batch(TINY, 4)
    assert (np.diff(batch.mask.astype(int), axis=1) >= 0).all()
    assert (batch.ids[batch.mask == 0] == teacher.pad).all()


def test_a_tokenizer_is_built_into_a_folder_that_transformers_loads(tmp_path: Path) -> None:
    build(tmp_path, n_records=40)
    tokenizer = load(tmp_path)
    assert tokenizer.convert_tokens_to_ids("<|im_end|>") == 2
    assert WordEncoder(tokenizer)("Pump P-204: 4.7 bar") == tokenizer.encode(
        "Pump P-204: 4.7 bar", add_special_tokens=False
    )
