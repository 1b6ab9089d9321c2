"""Generated records: the same for a seed, and true: answers stand in the record, refusals are right."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.prompts import NOT_FOUND
from engine.training import records, words
from engine.training.records import Record, Writer


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
        assert fact.value in text or records.capital(fact.value) in text
        assert fact.thing in text or records.capital(fact.thing) in text
    for finding in record.findings:
        assert finding.text in text
        assert finding.sentence in record.summary


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10**9), facts=st.integers(1, 12))
def test_unanswerable_questions_ask_what_is_not_stated(seed: int, facts: int) -> None:
    record = a_record(seed, facts)
    turn = records.ask_missing(Writer(seed + 1), record)
    assert turn.answer == NOT_FOUND
    asked_elsewhere = {records.ask(Writer(s), fact).question for fact in record.facts for s in range(8)}
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


def test_held_out_names_and_identifiers_never_occur_in_training_records() -> None:
    for seed in range(60):
        training = a_record(seed)
        assert not any(name in flat(training) for name in words.HELD_OUT_LAST)
        assert all(int(thing.split("-")[1]) % 9 != 4 for thing in training.things)
        assert all(int(thing.split("-")[1]) % 9 == 4 for thing in a_record(seed, held_out=True).things)


def test_a_summary_without_key_findings_says_so() -> None:
    assert a_record(3, findings=0).summary == records.NO_FINDINGS


def test_wrapping_keeps_every_word() -> None:
    text = "one two three four five " * 20
    assert records.wrap(text.strip(), 30).split() == text.split()
    assert max(len(line) for line in records.wrap(text.strip(), 30).splitlines()) <= 30
