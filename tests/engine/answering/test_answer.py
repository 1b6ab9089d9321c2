"""Which answer is given, when pages are read again, what is said of it and kept with its turn.

The model's words are scripted: who says what is decided by the text that a state has read.
"""

from __future__ import annotations

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


def test_an_answer_names_its_page_and_the_sentence_that_bears_it_out(script, ask):
    script.says = {"VA-77": "Karl Novak"}
    got = ask("Who closed valve VA-77?")
    assert (got.text, page_of(got), got.evidence.kind, got.evidence.unverified) == ("Karl Novak", 2, "section", ())
    text = script.session.library.pages.of(1)[1].text
    sentence = got.evidence.sentence
    assert text[sentence.start : sentence.end] == sentence.text == "Valve VA-77 was closed by Karl Novak."
    assert (got.evidence.first_page, got.evidence.last_page) == (2, 2)
    assert got.evidence.certainty == 0.99
    assert got.evidence.steps == sum(len(row.tokens) for row in script.asked[0])


def test_what_is_told_of_an_answer_is_kept_with_its_turn(script, ask):
    script.says = {"VA-77": "Karl Novak"}
    got = ask("Who closed valve VA-77?")
    assert script.session.library.turns.get(got.turn_id).evidence == got.evidence
    script.says = {}
    lost = ask("Who painted it, then?")
    assert (lost.text, lost.evidence.kind) == (NOT_FOUND, "not_found")
    assert script.session.library.turns.get(lost.turn_id).evidence == lost.evidence


def test_an_identifier_that_stands_nowhere_is_refused_without_asking(script, ask):
    got = ask("Who closed valve VA-78?")
    assert (got.text, got.evidence.kind, got.evidence.steps, script.asked) == (NOT_FOUND, "not_found", 0, [])
    assert got.evidence.absent == ("VA-78",)


def test_where_every_candidate_says_no_nothing_is_found_and_the_nearest_pages_are_named(script, ask):
    got = ask("Who painted pump P-120?")
    assert (got.text, got.evidence.kind, page_of(got)) == (NOT_FOUND, "not_found", None)
    assert got.evidence.nearest
    assert 0 < got.evidence.sections_asked <= got.evidence.sections == len(script.session.library.sections.of(1))


def test_a_correction_overrules_what_it_corrects(script, ask):
    script.says = {"Shift record": "900 rpm", "Correction": "950 rpm", "again": "950 rpm"}
    got = ask("What was the speed of pump P-120?")
    assert (got.text, page_of(got)) == ("950 rpm", 3)


def test_what_the_text_takes_back_is_not_answered_even_where_every_candidate_says_it(script, ask):
    script.says = {"Shift record": "900 rpm", "again": "900 rpm", "whole": "900 rpm"}
    script.quote = "950 rpm"
    got = ask("What was the speed of pump P-120?")
    assert (got.text, page_of(got), is_reread(got)) == ("950 rpm", 3, True)


def test_candidates_that_disagree_are_settled_by_reading_again_unless_that_is_forbidden(script, ask):
    script.says = {"Shift record": "Ann Weber", "VA-77": "Karl Novak", "again": "Ann Weber"}
    question = "Who was at pump P-120?"
    script.certainty = 0.6
    got = ask(question)
    assert (got.text, is_reread(got), page_of(got)) == ("Ann Weber", True, 1)
    assert 1 in got.evidence.reread_pages
    opening = script.session._loaded.tokenizer.reread_prefix(question)
    assert script.asked[-1][0].start.prefix.n_tokens > len(opening)
    assert not is_reread(ask(question, reread="never"))


def test_a_sure_answer_is_not_read_again_unless_that_is_asked_for(script, ask):
    script.says = {"VA-77": "Karl Novak", "again": "Karl Novak"}
    assert not is_reread(ask("Who closed valve VA-77?"))
    assert len(script.asked) == 1
    assert is_reread(ask("Who closed valve VA-77?", reread="always"))
    failed = list(script.session.run(Ask(job_id="q", path="x", question="?", reread="often"), Control()))[-1]
    assert isinstance(failed, wire.JobFailed)


def test_a_re_reading_that_says_no_stands_against_an_unsure_answer(script, ask):
    script.says = {"VA-77": "Karl Novak"}
    script.certainty = 0.6
    assert ask("Who closed valve VA-77?").text == NOT_FOUND
    script.certainty = 0.95
    assert ask("Who closed valve VA-77?", reread="always").text == "Karl Novak"


def test_a_figure_that_no_page_holds_gives_way_to_the_words_of_the_page(script, ask):
    script.says = {"VA-77": "16 degrees", "again": "16 degrees"}
    question = "What was the bearing temperature of pump P-120?"
    assert ask(question).text == NOT_FOUND
    script.quote = "61 degrees"
    got = ask(question)
    assert (got.text, page_of(got), got.evidence.unverified) == ("61 degrees", 2, ())


def test_where_a_passage_speaks_of_all_that_is_asked_a_no_gives_way_to_its_words(script, ask):
    script.quote = "61 degrees"
    assert ask("What was the bearing temperature of pump P-120?").text == "61 degrees"
    assert ask("What was the bearing speed of pump P-120?").text == NOT_FOUND
    assert ask("Who was the bearing temperature of pump P-120?").text == NOT_FOUND


def test_words_of_the_page_that_the_model_never_thought_of_are_no_answer(script, ask):
    script.says, script.quote, script.weakest = {"again": "16 degrees"}, "61 degrees", 0.001
    assert ask("What was the bearing heat of pump P-120?").text == NOT_FOUND
    assert ask("What was the bearing temperature of pump P-120?").text == "61 degrees"  # it speaks of all of that


def test_a_quote_gives_way_to_an_answer_whose_passage_speaks_of_more(script, ask):
    script.says = {"VA-77": "61 degrees", "again": "16 degrees"}
    script.quote, script.certainty = "950 rpm", 0.6
    got = ask("What was the bearing temperature of pump P-120?")
    assert (got.text, page_of(got), is_reread(got)) == ("61 degrees", 2, False)


def test_a_re_reading_that_says_what_the_text_takes_back_leaves_another_answer_alone(script, ask):
    script.says = {"Correction": "950 rpm", "again": "900 rpm"}
    script.certainty = 0.6
    got = ask("What was the speed of pump P-120?")
    assert (got.text, page_of(got)) == ("950 rpm", 3)


def test_an_answer_that_the_model_was_unsure_of_is_marked_as_doubtful_and_says_so(script, ask):
    script.says = {"VA-77": "Karl Novak", "again": "Karl Novak"}
    sure = ask("Who closed valve VA-77?")
    assert not sure.evidence.doubtful
    script.certainty = 0.6
    got = ask("Who closed valve VA-77?")
    assert (got.text, got.evidence.doubtful) == ("Karl Novak", True)
    assert script.session.library.turns.get(got.turn_id).evidence.doubtful


def test_an_answer_is_doubtful_where_another_sentence_speaks_of_more_and_says_something_else(script, ask):
    script.says = {"Correction": "950 rpm", "again": "950 rpm"}
    got = ask("At which speed ran pump P-120 in the shift record, by its correction?")
    assert (got.text, got.evidence.doubtful, got.evidence.contradicted) == ("950 rpm", True, True)


def test_what_the_text_takes_back_is_not_answered_though_the_re_reading_says_a_third_thing(script, ask):
    script.says = {"Shift record": "900 rpm", "again": "61 degrees"}
    script.quote = "950 rpm"
    got = ask("What was the speed of pump P-120?")
    assert (got.text, page_of(got)) == ("950 rpm", 3)
    assert script.quoted_from
    assert not any("900 rpm" in passage for passage in script.quoted_from)  # what it takes back is not to be quoted


def test_the_state_of_a_re_reading_is_not_kept_and_a_follow_up_still_knows_the_turn(script, ask):
    script.says = {"VA-77": "Karl Novak", "again": "Karl Novak"}
    first = ask("Which person closed valve VA-77?", reread="always")  # no other test has asked it
    assert is_reread(first)
    library = script.session.library
    assert library.turns.get(first.turn_id).snapshot is None
    said = library.turns.tokens(first.turn_id, script.session._loaded.identity)
    ask("And when was that?", parent=first.turn_id)
    assert all(row.tokens[: len(said)] == said for row in script.asked[2] if row.start.section)
    assert any(row.start.section for row in script.asked[2])


def test_a_longer_answer_that_no_page_holds_is_given_and_marked(script, ask):
    script.says = {"again": "It ran for 700 hours, then for 800 hours, then it was stopped by Bob Miller and cleaned."}
    got = ask("Which shift record is this?")
    assert got.evidence.found
    assert {"700", "800", "Bob Miller"} <= set(got.evidence.unverified)


def test_a_follow_up_asks_the_sections_of_what_the_turn_before_named(script, ask):
    script.says = {"VA-77": "Karl Novak"}
    first = ask("Who closed valve VA-77?")
    ask("And when was that?", parent=first.turn_id)
    sections = [row.start.section for row in script.asked[1] if row.start.section]
    assert sections
    assert all("VA-77" in section.text for section in sections)


def test_when_the_evidence_changes_the_turns_so_far_are_replayed_on_the_new_state(script, ask):
    script.says = {"VA-77": "Karl Novak"}
    first = ask("Who closed valve VA-77?")
    script.says = {"Correction": "950 rpm"}
    then = ask("And what was the speed of pump P-120?", parent=first.turn_id)
    assert (then.text, then.page) == ("950 rpm", 3)
    session = script.session
    said = session.library.turns.tokens(first.turn_id, session._loaded.identity)
    rows = {row.start.section.number: row for row in script.asked[1] if row.start.section}
    there = next(row for row in rows.values() if "Correction" in row.start.section.text)
    assert there.tokens[: len(said)] == said  # it knows nothing of the conversation yet
    again = ask("And whose pump is P-120?", parent=then.turn_id)
    kept = session.library.turns.tokens(then.turn_id, session._loaded.identity)
    rows = {row.start.section.number: row for row in script.asked[2] if row.start.section}
    there = next(row for row in rows.values() if "Correction" in row.start.section.text)
    assert len(there.tokens) < len(said) + len(kept)  # that state was kept, and only the question is fed
    assert again.turn_id


def test_of_a_long_conversation_only_the_end_is_replayed_as_if_it_began_there(script, ask, monkeypatch):
    monkeypatch.setattr(conversation, "REPLAYED", 200)
    script.says = {"VA-77": "Karl Novak"}
    parent = None
    for _ in range(4):
        parent = ask("Who closed valve VA-77?", parent=parent).turn_id
    session = script.session
    before = session.library.turns.path(parent)
    whole = conversation.tokens_of(session._loaded, session.library, before)
    short = conversation.tokens_of(session._loaded, session.library, before, 200)
    assert len(short) <= 200 < len(whole)
    tokenizer = session._loaded.tokenizer
    first = tokenizer.encode_request(tokenizer.prompts.question("Who closed valve VA-77?"))
    assert short[: len(first)] == first
    assert whole[-20:] == short[-20:]
