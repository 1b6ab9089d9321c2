"""Generated records: the same for a seed, and true: answers stand in the record, refusals are right."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.prompting.prompts import NO_FINDINGS, NOT_FOUND
from engine.training.records import everyday, frames, names, records, values, words
from engine.training.records.chance import capital
from engine.training.records.facts import Record, kind_of, word_of
from engine.training.records.layout import wrap
from engine.training.records.questions import ask, ask_missing, focused, follow_up
from engine.training.records.writer import Writer


def a_record(
    seed: int, facts: int = 6, findings: int = 2, *, held_out: bool = False, corrections: float = 0.3
) -> Record:
    return records.make_record(
        Writer(seed, held_out=held_out),
        kind=words.KINDS[seed % len(words.KINDS)],
        tokens=600,
        facts=facts,
        findings=findings,
        count_tokens=lambda text: len(text) // 3,
        corrections=corrections,
    )


def flat(record: Record) -> str:
    """The record's words; log lines and line breaks must not split what is looked for."""
    return " ".join(" ".join(record.pages).split())


def test_the_same_seed_writes_the_same_record() -> None:
    assert a_record(5).pages == a_record(5).pages
    assert a_record(5).pages != a_record(6).pages


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10**9), facts=st.integers(0, 12), findings=st.integers(0, 4), held_out=st.booleans())
def test_every_answer_and_finding_stands_in_the_record(seed: int, facts: int, findings: int, held_out: bool) -> None:
    record = a_record(seed, facts, findings, held_out=held_out)
    text = flat(record)
    for fact in record.facts:
        assert fact.value in text or capital(fact.value) in text
        assert fact.thing in text or capital(fact.thing) in text
    for finding in record.findings:
        assert finding.text in text
        assert finding.sentence in record.summary


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10**9), facts=st.integers(1, 12))
def test_unanswerable_questions_ask_what_is_not_stated(seed: int, facts: int) -> None:
    record = a_record(seed, facts)
    turn = ask_missing(Writer(seed + 1), record)
    assert turn.answer == NOT_FOUND
    asked_elsewhere = {ask(Writer(s), fact).question for fact in record.facts for s in range(8)}
    assert turn.question not in asked_elsewhere


def test_a_corrected_fact_keeps_its_latest_value_only() -> None:
    for seed in range(40):
        record = a_record(seed, 5, corrections=1.0)
        keys = [(f.thing, f.relation.form, f.relation.name) for f in record.facts]
        assert len(keys) == len(set(keys))
        text = flat(record)
        for fact in record.facts:
            if fact.corrected:
                assert text.rindex(fact.value) > text.lower().index(fact.thing.lower())


@pytest.fixture(scope="module")
def training_text() -> str:
    """Some 3,000 short training records with a question to each fact."""
    parts: list[str] = []
    for seed in range(3000):
        record = records.make_record(
            Writer(seed, easy=seed % 10 == 0),
            kind=words.KINDS[seed % len(words.KINDS)],
            tokens=130,
            facts=4,
            findings=2,
            count_tokens=lambda text: len(text) // 4,
            corrections=0.3,
        )
        parts.append(flat(record))
        parts += [ask(Writer(seed + i), fact).question for i, fact in enumerate(record.facts)]
        last = record.facts[-1] if record.facts else None
        turn = follow_up(Writer(seed), record, last) if last else None
        parts += [turn.question] if turn else []
    return "\n".join(parts)


def test_held_out_names_never_occur_in_training(training_text: str) -> None:
    found = set(re.findall(r"[^\W\d_]+", training_text)) & names.HELD_OUT
    assert not found
    assert min(len(names.HELD_OUT_FIRST), len(names.HELD_OUT_LAST)) >= 60
    assert not names.HELD_OUT & {*names.FIRST_NAMES, *names.LAST_NAMES, *names.PLACES}


def test_held_out_values_never_occur_in_training(training_text: str) -> None:
    for relation, (training, held_out) in values.CHOICES.items():
        assert not set(training) & set(held_out)
        if relation in ("cause", "diagnosis", "subject", "goods"):
            for value in held_out:
                assert not re.search(rf"(?<!\w){re.escape(value)}(?!\w)", training_text), value


def test_unlisted_values_of_training_are_many_and_never_held_out() -> None:
    """A model that met as many must copy what stands there."""
    writer = Writer(4)
    listed = {item for training, held_out in values.CHOICES.values() for item in (*training, *held_out)}
    kept_back = {item for _, held_out in values.CHOICES.values() for item in held_out}
    made = {values.make(writer, name) for name in values.CHOICES for _ in range(200)}
    assert not made & kept_back
    assert len(made - listed) > 1000
    only_there = {word for item in kept_back for word in item.split()} - {
        word for training, _ in values.CHOICES.values() for item in training for word in item.split()
    }
    assert not only_there & {*everyday.NOUNS, *everyday.WORDS, *everyday.PARTICIPLES}


def test_held_out_frames_never_occur_in_training(training_text: str) -> None:
    text = training_text.lower()
    for wordings in frames.all_wordings():
        assert wordings.held_out and not set(wordings.training) & set(wordings.held_out)
        for frame in wordings.held_out:
            pieces = [re.escape(part.lower()) for part in re.split(r"\{\w+\}", frame)]
            pattern = r"[^\n?]{2,60}?".join(pieces).strip()
            assert not re.search(rf"(?:^|[.:] ){pattern}", text, re.MULTILINE), frame


def test_held_out_identifiers_are_told_by_their_number() -> None:
    for seed in range(120):
        assert all(names.number_of(thing) % 9 != 4 for thing in a_record(seed).things)
        assert all(names.number_of(thing) % 9 == 4 for thing in a_record(seed, held_out=True).things)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**9), held_out=st.booleans())
def test_a_fact_knows_the_page_that_states_it(seed: int, held_out: bool) -> None:
    record = records.make_record(
        Writer(seed, held_out=held_out),
        kind=words.KINDS[seed % len(words.KINDS)],
        tokens=1500,
        facts=10,
        findings=3,
        count_tokens=lambda text: len(text) // 3,
        corrections=0.3,
        page_tokens=200,
    )
    pages = [" ".join(page.split()).lower() for page in record.pages]
    for fact in record.facts:
        page = pages[fact.page - 1]
        assert fact.value.lower() in page and fact.thing.lower() in page
        assert fact.said.lower() in page
    for finding in record.findings:
        assert finding.text.lower() in pages[finding.page - 1]


def test_a_question_takes_other_words_when_told_to() -> None:
    other = same = 0
    for seed in range(200):
        for fact in a_record(seed).facts:
            if len(fact.relation.names) < 2:
                continue
            asked = ask(Writer(seed), fact, other_words=True).question.lower()
            others = [name.lower() for name in fact.relation.names if name != fact.said]
            other += any(name in asked for name in others)
            same += fact.said.lower() in ask(Writer(seed), fact, other_words=False).question.lower()
            assert any(name in asked for name in others)
            assert fact.said.lower() in ask(Writer(seed), fact, other_words=False).question.lower()
    assert other > 100 and same > 100


def test_names_of_different_relations_are_different() -> None:
    for kind in words.KINDS:
        for form in ("noun", "agent", "date"):
            said = [name for relation in kind.relations if relation.form == form for name in relation.names]
            assert len(said) == len(set(said)), (kind.name, form)
        by_name: dict[str, tuple[str, ...]] = {}
        for relation in kind.relations:
            if relation.form != "noun":
                for name in relation.names:
                    assert by_name.setdefault(name, relation.names) == relation.names


def test_the_first_word_of_a_thing_tells_its_kind() -> None:
    for kind in words.KINDS:
        for thing in kind.things:
            word, start = thing.split(":")
            assert kind_of(f"{word} {start}-12") is kind
            assert word_of(f"{word} {start}-12") == word


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10**9))
def test_a_focused_summary_holds_the_findings_of_its_things_alone(seed: int) -> None:
    record = a_record(seed, 2, 4)
    focus, text = focused(Writer(seed + 1), record)
    word = re.sub(r"^(the|each|every) ", "", focus)
    for finding in record.findings:
        about = finding.thing == focus or finding.thing.endswith(" " + focus)
        about = about or word_of(finding.thing) in (word, word.removesuffix("s"))
        assert (finding.sentence in text) == about


@settings(deadline=None, max_examples=100)
@given(seed=st.integers(0, 10**9), held_out=st.booleans())
def test_a_near_identifier_is_another_one_of_the_same_form(seed: int, held_out: bool) -> None:
    writer = Writer(seed, held_out=held_out)
    thing = writer.thing(words.KINDS[seed % len(words.KINDS)])
    near = writer.thing(words.KINDS[0], near=thing)
    assert near != thing
    assert re.sub(r"\d", "0", near) == re.sub(r"\d", "0", thing)
    assert (names.number_of(near) % 9 == 4) == held_out


def test_a_summary_without_key_findings_says_so() -> None:
    assert a_record(3, findings=0).summary == NO_FINDINGS


def test_wrapping_keeps_every_word() -> None:
    text = "one two three four five " * 20
    assert wrap(text.strip(), 30).split() == text.split()
    assert max(len(line) for line in wrap(text.strip(), 30).splitlines()) <= 30
