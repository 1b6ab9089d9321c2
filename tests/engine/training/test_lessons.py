"""Tokenizer and training rows: what is trained is what the product feeds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.prompting import prompts
from engine.prompting.tokenizer import Tokenizer
from engine.training import lessons
from engine.training.lessons import ANSWER, Teacher
from engine.training.records import records, words
from engine.training.records.writer import Writer
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
            Writer(seed, held_out=bool(seed % 2)),
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


def rows_of(teacher: Teacher, lesson: lessons.Lesson, seeds: range) -> list[tuple[list[int], list[np.ndarray]]]:
    """Rows without padding, each with its forks."""
    out = []
    for seed in seeds:
        batch = teacher.batch(lesson, seed)
        for r in range(lesson.rows):
            out.append(
                (batch.ids[r][batch.mask[r] == 1].tolist(), list(batch.fork_ids[r * lesson.forks :][: lesson.forks]))
            )
    return out


def test_rows_begin_with_one_of_the_products_prefixes(product: Tokenizer, teacher: Teacher) -> None:
    reread = product.encode_prompt(product.prompts.before_user + prompts.REREAD_INTRODUCTION)
    counts = dict.fromkeys(("read", "merge", "reread"), 0)
    for ids, forks in rows_of(teacher, replace(lessons.MIDDLE, rows=8, forks=2), range(12)):
        text = product._fast.decode(ids, skip_special_tokens=False)
        if ids[: len(product.document_prefix)] == product.document_prefix:
            counts["read"] += 1
        elif ids[: len(product.merge_prefix)] == product.merge_prefix:
            counts["merge"] += 1
            assert not any((fork != teacher.pad).any() for fork in forks)
        else:
            counts["reread"] += 1
            assert ids[: len(reread)] == reread
            question = text.split(prompts.REREAD_INTRODUCTION)[1].split("\n\n" + prompts.DOCUMENT_INTRODUCTION)[0]
            # The product's own ids of this question come first, then its pages.
            assert ids[: len(product.reread_prefix(question))] == product.reread_prefix(question)
    assert all(counts.values()), counts


def test_questions_before_and_after_reread_pages_ask_the_same(product: Tokenizer, teacher: Teacher) -> None:
    same = other = 0
    for ids, forks in rows_of(teacher, replace(lessons.MIDDLE, rows=8, forks=4), range(20)):
        text = product.decode(ids)
        if prompts.REREAD_INTRODUCTION not in text or prompts.QUESTION_INSTRUCTION.strip() not in text:
            continue
        question = text.split(prompts.REREAD_INTRODUCTION)[1].split("\n\n")[0]
        asked = [product.decode([i for i in fork if i != teacher.pad]).split("\n")[0].strip() for fork in forks]
        same += sum(a.startswith(question) for a in asked)
        other += sum(not a.startswith(question) for a in asked)
    assert same and other


def test_a_focus_is_asked_as_the_product_asks_it(product: Tokenizer, teacher: Teacher) -> None:
    assert teacher._request(teacher.prompts.summary("pump P-312")) == product.encode_request(
        product.prompts.summary("pump P-312")
    )
    focused = sum(
        prompts.FOCUS_INSTRUCTION.strip() in product.decode(ids)
        for ids, _ in rows_of(teacher, replace(lessons.MIDDLE, rows=8, forks=1), range(12))
    )
    assert focused


def test_a_merged_summary_says_each_line_of_the_parts_once(product: Tokenizer, teacher: Teacher) -> None:
    longest = merges = 0
    for seed in range(30):
        row = teacher._merge_row(Writer(seed), lessons.LONG)
        answer = product.decode([i for i, mark in zip(row.ids, row.marks, strict=True) if mark == ANSWER])
        lines = [line for part in row.record.pages for line in part.splitlines() if line.startswith("- ")]
        assert [line for line in answer.splitlines() if line.startswith("- ")] == list(dict.fromkeys(lines))
        assert len(row.ids) <= lessons.LONG.tokens and 2 <= len(row.record.pages) <= 12
        longest, merges = max(longest, len(set(lines))), merges + (len(lines) > len(set(lines)))
    assert longest >= 24 and merges >= 3


def test_a_batch_is_a_function_of_its_seed(teacher: Teacher) -> None:
    first, again, other = (teacher.batch(TINY, seed) for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first.arrays(), again.arrays(), strict=True))
    assert not np.array_equal(first.ids, other.ids)


def test_every_answer_of_a_fork_ends_with_the_end_of_turn(teacher: Teacher) -> None:
    batch = teacher.batch(TINY, 3)
    for targets, kinds in zip(batch.fork_targets, batch.fork_kinds, strict=True):
        runs = np.flatnonzero((kinds == ANSWER) & (np.append(kinds[1:], 0) != ANSWER))
        assert len(runs) or not kinds.any()  # merged summaries have nothing to ask
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
