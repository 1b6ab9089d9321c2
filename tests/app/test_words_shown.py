"""Sentences that the window shows of a session's state, without a window."""

from __future__ import annotations

from app.jobs.worker_supervisor import WorkerFacts
from app.questions.evidence_words import answer_of, chips_of, emphasis_of
from app.questions.evidence_words import passages_of as nearby
from app.questions.pane import waiting_words
from app.state.conversation import Turn
from app.state.session import DocumentSession, Phase
from app.style.widgets import with_page_links
from app.summary.progress_panel import figures, phase_words
from app.window.questions import passages_of
from engine.protocol import wire as m
from engine.protocol.evidence import Evidence, PageSpan, Sentence


def test_a_silent_job_says_how_long_it_has_taken_until_it_says_something_else():
    session, ready = DocumentSession("/x.pdf"), WorkerFacts("ready")
    session.apply(m.ReadingEstimated(tokens=900, model="big", precision="int4", seconds=840.0))
    session.apply(m.ModelLoading(folder="/m"))
    session.apply(m.ModelLoadAdvanced(n_bytes=3, of_bytes=4))
    assert phase_words(session, ready) == "Loading the model… 75%"
    assert figures(session) == ("", "", "about 14 min left")
    session.apply(
        m.PrefillAdvanced(
            tokens=300,
            page=5,
            page_count=10,
            total_tokens=900,
            total_is_exact=False,
            tokens_per_second=1.1,
            seconds_left=540.0,
            resident_bytes=10**8,
        )
    )
    session.apply(m.JobContinues(tokens=400, seconds=30.0))
    assert figures(session)[2] == "about 9 min left" and session.progress.seconds_left == 532.0
    session.phase = Phase.ANSWERING
    session.apply(m.JobContinues(tokens=400, seconds=40.0))
    assert phase_words(session, ready) == "Answering (40 s)" and waiting_words(session) == "Thinking… (40 s)"
    session.apply(m.SectionsRead(document_id=1, sections=1, of=2))
    assert phase_words(session, ready) == "Answering"


def test_the_words_that_answer_are_emphasised_in_a_quotation_only():
    sentence = "The bearing of\npump P-204 failed on 3 March."
    start = sentence.index("3 March")
    span = Sentence(page=2, start=10 + start, end=10 + start + 7, text="3 March")
    evidence = Evidence(
        kind="section", sentence=Sentence(page=2, start=10, end=10 + len(sentence), text=sentence), span=span
    )
    turn = Turn(1, "When did it fail?")
    turn.finish("“The bearing of pump P-204 failed on 3 March.”", evidence, 1)
    first, last = emphasis_of(turn) or (0, 0)
    assert turn.answer[first:last] == "3 March"
    assert with_page_links(turn.answer, "", (first, last)).endswith("failed on <b>3 March</b>.”")
    turn.answer = "On 3 March."
    assert emphasis_of(turn) is None


def test_the_closest_passages_of_the_answer_are_shown_where_it_names_them():
    closest = (Sentence(page=4, start=0, end=5, text="Near it."), Sentence(page=2, start=0, end=8, text="Farther off."))
    turn = Turn(1, "When did it fail?")
    turn.finish("No answer found.", Evidence(kind="not_found", further=closest, nearest=(PageSpan(4, 4),)), 1)
    assert nearby(turn) == [(4, "“Near it.”"), (2, "“Farther off.”")]
    assert [(passage.page, passage.sentence) for passage in passages_of(turn, 2)] == [(2, "Farther off.")]


def test_an_uncertain_quotation_is_the_answer_and_its_further_passages_stand_below():
    first, more = Sentence(page=9, start=0, end=9, text="It failed"), Sentence(page=3, start=0, end=6, text="It ran")
    turn = Turn(1, "When did it fail?")
    evidence = Evidence(kind="section", first_page=9, last_page=9, sentence=first, also=(more,))
    turn.finish("“It failed”\nSee also:\n“It ran” (page 3)", evidence, 1)
    assert answer_of(turn) == "“It failed”" and nearby(turn) == [(3, "“It ran”")]
    assert [chip.first for chip in chips_of(turn)] == [9]


def test_page_numbers_in_a_quotation_are_the_documents_own_and_no_links():
    linked = with_page_links("“See page 71 there” (page 3)", "", (5, 12))
    assert linked == '“See <b>page 71</b> there” (<a href="page:3">page 3</a>)'
    assert with_page_links("p. 4: “As on page 9.”") == '<a href="page:4">p. 4</a>: “As on page 9.”'
