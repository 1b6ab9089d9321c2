"""Answers of a model that copies (the demo profile): selection, re-reading, evidence, and the saved turn.

The model is scripted: its answers depend on the text that a state has read.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from engine.answering import conversation
from engine.control import Control
from engine.prompting.prompts import NOT_FOUND
from engine.protocol import wire
from engine.protocol.wire import Ask
from engine.session.session import Session, open_session
from tests.engine.running import of_kind, only, read_document, run_to_success
from tests.engine.scripted_model import ScriptedModel
from tests.engine.tiny import write_texts

PAGES = [
    "Shift record. Pump P-120 ran at 900 rpm. Ann Weber inspected pump P-120.",
    "Valve VA-77 was closed by Karl Novak. The bearing temperature of pump P-120 was 61 degrees.",
    "Correction: the speed of pump P-120 was 950 rpm, not 900 rpm.",
]


@pytest.fixture(scope="module")
def tiny_folder(tiny_folder, tmp_path_factory) -> Path:
    """The tiny checkpoint with the profile of the demonstration model."""
    folder = shutil.copytree(tiny_folder, tmp_path_factory.mktemp("demo") / "model")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"readthrough": {"demo": True}}))
    return folder


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    return write_texts(tmp_path_factory.mktemp("file") / "record.txt", PAGES)


@pytest.fixture(scope="module")
def library_file(tiny_folder, tmp_path_factory, file) -> Path:
    """A library in which the record has been read."""
    library = tmp_path_factory.mktemp("library") / "library.db"
    with open_session(tiny_folder, library, "cpu", "fp32") as session:
        read_document(session, file)
        assert len(session.library.pages.of(1)) == 3
        assert len(session.library.sections.of(1)) >= 3
        session.library.readings.save_familiar(1, session.runtime.identity, True)
    return library


@pytest.fixture
def session(new_session, library_file) -> Session:
    return new_session(library_file)


@pytest.fixture
def script(scripted_model) -> ScriptedModel:
    return scripted_model


@pytest.fixture
def ask(script, file):
    """(question, **options) -> the answer of the scripted model."""

    def ask(question: str, **options) -> wire.AnswerFinished:
        events = run_to_success(script.session, Ask(job_id="q", path=str(file), question=question, **options))
        answer = only(events, wire.AnswerFinished)
        assert "".join(delta.text for delta in of_kind(events, wire.AnswerDelta)).strip() == answer.text
        return answer

    return ask


def page_of(got: wire.AnswerFinished) -> int | None:
    return got.evidence.sentence.page if got.evidence.sentence is not None else None


def is_reread(got: wire.AnswerFinished) -> bool:
    return got.evidence.kind == "reread"


def test_answer_has_page_and_sentence(script, ask):
    script.says = {"VA-77": "Karl Novak"}
    got = ask("Who closed valve VA-77?")
    assert (got.text, page_of(got), got.evidence.kind, got.evidence.unverified) == ("Karl Novak", 2, "section", ())
    text = script.session.library.pages.of(1)[1].text
    sentence = got.evidence.sentence
    assert text[sentence.start : sentence.end] == sentence.text == "Valve VA-77 was closed by Karl Novak."
    assert (got.evidence.first_page, got.evidence.last_page) == (2, 2)
    assert got.evidence.certainty == 0.99
    assert got.evidence.steps == sum(len(row.tokens) for row in script.asked[0])


def test_evidence_is_saved_with_turn(script, ask):
    script.says = {"VA-77": "Karl Novak"}
    got = ask("Who closed valve VA-77?")
    assert script.session.library.turns.get(got.turn_id).evidence == got.evidence
    script.says = {}
    lost = ask("Who painted it, then?")
    assert (lost.text, lost.evidence.kind) == (NOT_FOUND, "not_found")
    assert script.session.library.turns.get(lost.turn_id).evidence == lost.evidence


def test_absent_identifier_is_refused_by_demo(script, ask):
    got = ask("Who closed valve VA-78?")
    assert (got.text, got.evidence.kind, got.evidence.steps, script.asked) == (NOT_FOUND, "not_found", 0, [])
    assert got.evidence.absent == ("VA-78",)


def test_refusal_names_nearest_pages(script, ask):
    got = ask("Who painted pump P-120?")
    assert (got.text, got.evidence.kind, page_of(got)) == (NOT_FOUND, "not_found", None)
    assert got.evidence.nearest
    assert 0 < got.evidence.sections_asked <= got.evidence.sections == len(script.session.library.sections.of(1))


def test_correction_wins(script, ask):
    script.says = {"Shift record": "900 rpm", "Correction": "950 rpm", "again": "950 rpm"}
    got = ask("What was the speed of pump P-120?")
    assert (got.text, page_of(got)) == ("950 rpm", 3)


def test_corrected_value_is_not_answered(script, ask):
    script.says = {"Shift record": "900 rpm", "again": "900 rpm", "whole": "900 rpm"}
    script.quote = "950 rpm"
    got = ask("What was the speed of pump P-120?")
    assert (got.text, page_of(got), is_reread(got)) == ("950 rpm", 3, True)


def test_reread_settles_disagreement(script, ask):
    script.says = {"Shift record": "Ann Weber", "VA-77": "Karl Novak", "again": "Ann Weber"}
    question = "Who was at pump P-120?"
    script.certainty = 0.6
    got = ask(question)
    assert (got.text, is_reread(got), page_of(got)) == ("Ann Weber", True, 1)
    assert 1 in got.evidence.reread_pages
    opening = script.session.runtime.tokenizer.reread_prefix(question)
    assert script.asked[-1][0].source.prefix.n_tokens > len(opening)
    assert not is_reread(ask(question, reread="never"))


def test_sure_answer_is_not_reread(script, ask):
    script.says = {"VA-77": "Karl Novak", "again": "Karl Novak"}
    assert not is_reread(ask("Who closed valve VA-77?"))
    assert len(script.asked) == 1
    assert is_reread(ask("Who closed valve VA-77?", reread="always"))
    failed = list(script.session.run(Ask(job_id="q", path="x", question="?", reread="often"), Control()))[-1]
    assert isinstance(failed, wire.JobFailed)


def test_reread_refusal_overrides_unsure_answer(script, ask):
    script.says = {"VA-77": "Karl Novak"}
    script.certainty = 0.6
    assert ask("Who closed valve VA-77?").text == NOT_FOUND
    script.certainty = 0.95
    assert ask("Who closed valve VA-77?", reread="always").text == "Karl Novak"


def test_reread_quote_overrides_wrong_figure(script, ask):
    script.says = {"VA-77": "16 degrees", "again": "16 degrees"}
    question = "What was the bearing temperature of pump P-120?"
    assert ask(question).text == NOT_FOUND
    script.quote = "61 degrees"
    got = ask(question)
    assert (got.text, page_of(got), got.evidence.unverified) == ("61 degrees", 2, ())


def test_reread_quote_overrides_refusal(script, ask):
    script.quote = "61 degrees"
    assert ask("What was the bearing temperature of pump P-120?").text == "61 degrees"
    assert ask("What was the bearing speed of pump P-120?").text == NOT_FOUND
    assert ask("Who was the bearing temperature of pump P-120?").text == NOT_FOUND


def test_improbable_quote_is_no_answer(script, ask):
    script.says, script.quote, script.weakest = {"again": "16 degrees"}, "61 degrees", 0.001
    assert ask("What was the bearing heat of pump P-120?").text == NOT_FOUND
    assert ask("What was the bearing temperature of pump P-120?").text == "61 degrees"  # it speaks of all of that


def test_better_passage_overrides_quote(script, ask):
    script.says = {"VA-77": "61 degrees", "again": "16 degrees"}
    script.quote, script.certainty = "950 rpm", 0.6
    got = ask("What was the bearing temperature of pump P-120?")
    assert (got.text, page_of(got), is_reread(got)) == ("61 degrees", 2, False)


def test_reread_of_corrected_value_keeps_answer(script, ask):
    script.says = {"Correction": "950 rpm", "again": "900 rpm"}
    script.certainty = 0.6
    got = ask("What was the speed of pump P-120?")
    assert (got.text, page_of(got)) == ("950 rpm", 3)


def test_unsure_answer_is_doubtful(script, ask):
    script.says = {"VA-77": "Karl Novak", "again": "Karl Novak"}
    sure = ask("Who closed valve VA-77?")
    assert not sure.evidence.doubtful
    script.certainty = 0.6
    got = ask("Who closed valve VA-77?")
    assert (got.text, got.evidence.doubtful) == ("Karl Novak", True)
    assert script.session.library.turns.get(got.turn_id).evidence.doubtful


def test_contradicted_answer_is_doubtful(script, ask):
    script.says = {"Correction": "950 rpm", "again": "950 rpm"}
    got = ask("At which rate ran pump P-120 in the shift, by its correction?")
    assert (got.text, got.evidence.doubtful, got.evidence.contradicted) == ("950 rpm", True, True)


def test_corrected_value_with_third_answer(script, ask):
    script.says = {"Shift record": "900 rpm", "again": "61 degrees"}
    script.quote = "950 rpm"
    got = ask("What was the speed of pump P-120?")
    assert (got.text, page_of(got)) == ("950 rpm", 3)
    assert script.quoted_from
    assert not any("900 rpm" in passage for passage in script.quoted_from)  # what it takes back is not to be quoted


def test_reread_state_is_not_kept(script, ask):
    script.says = {"VA-77": "Karl Novak", "again": "Karl Novak"}
    first = ask("Which person closed valve VA-77?", reread="always")  # no other test has asked it
    assert is_reread(first)
    library = script.session.library
    assert library.turns.get(first.turn_id).snapshot is None
    said = library.turns.tokens(first.turn_id, script.session.runtime.identity)
    ask("And when was that?", parent=first.turn_id)
    assert all(row.tokens[: len(said)] == said for row in script.asked[2] if row.source.section)
    assert any(row.source.section for row in script.asked[2])


def test_long_unsupported_answer_is_marked(script, ask):
    script.says = {"again": "It ran for 700 hours, then for 800 hours, then it was stopped by Bob Miller and cleaned."}
    got = ask("Which shift record is this?")
    assert got.evidence.found
    assert {"700", "800", "Bob Miller"} <= set(got.evidence.unverified)


def test_follow_up_asks_sections_of_topic(script, ask):
    script.says = {"VA-77": "Karl Novak"}
    first = ask("Who closed valve VA-77?")
    ask("And when was that?", parent=first.turn_id)
    sections = [row.source.section for row in script.asked[1] if row.source.section]
    assert sections
    assert all("VA-77" in section.text for section in sections)


def test_turns_are_replayed_on_new_source(script, ask):
    script.says = {"VA-77": "Karl Novak"}
    first = ask("Who closed valve VA-77?")
    script.says = {"Correction": "950 rpm"}
    then = ask("And what was the speed of pump P-120?", parent=first.turn_id)
    assert (then.text, page_of(then)) == ("950 rpm", 3)
    session = script.session
    said = session.library.turns.tokens(first.turn_id, session.runtime.identity)
    rows = {row.source.section.number: row for row in script.asked[1] if row.source.section}
    there = next(row for row in rows.values() if "Correction" in row.source.section.text)
    assert there.tokens[: len(said)] == said  # it knows nothing of the conversation yet
    again = ask("And whose pump is P-120?", parent=then.turn_id)
    kept = session.library.turns.tokens(then.turn_id, session.runtime.identity)
    rows = {row.source.section.number: row for row in script.asked[2] if row.source.section}
    there = next(row for row in rows.values() if "Correction" in row.source.section.text)
    assert len(there.tokens) < len(said) + len(kept)  # that state was kept, and only the question is fed
    assert again.turn_id


def test_long_conversation_replays_its_end(script, ask, monkeypatch):
    monkeypatch.setattr(conversation, "REPLAYED", 200)
    script.says = {"VA-77": "Karl Novak"}
    parent = None
    for _ in range(4):
        parent = ask("Who closed valve VA-77?", parent=parent).turn_id
    session = script.session
    before = session.library.turns.path(parent)
    whole = conversation.tokens_of(session.runtime, session.library, before)
    short = conversation.tokens_of(session.runtime, session.library, before, 200)
    assert len(short) <= 200 < len(whole)
    tokenizer = session.runtime.tokenizer
    first = tokenizer.encode_request(tokenizer.prompts.question("Who closed valve VA-77?"))
    assert short[: len(first)] == first
    assert whole[-20:] == short[-20:]
