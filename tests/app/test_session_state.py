"""The state of a document: each event of the worker changes just its part."""

from __future__ import annotations

import pytest

from app.state.session import Aspect, DocumentSession, Phase
from engine.library.records import Ledger, LedgerEntry
from engine.protocol import wire as m
from engine.protocol.evidence import Evidence, Sentence, SummaryBasis


@pytest.fixture
def session() -> DocumentSession:
    return DocumentSession("/x/a.pdf")


def answered(session: DocumentSession, evidence: Evidence):
    turn = session.conversation.add("Who?")
    turn.job_id = "q"
    for piece in ("Ann ", "Weber"):
        assert session.apply(m.AnswerDelta(job_id="q", text=piece)) == Aspect.TURNS | Aspect.PROGRESS
    session.apply(
        m.AnswerFinished(job_id="q", text="Ann Weber", evidence=evidence, turn_id=7, seconds_to_first_token=0.1)
    )
    return turn


def test_answer_brings_its_evidence(session) -> None:
    sentence = Sentence(page=9, start=3, end=12, text="Ann Weber.")
    turn = answered(session, Evidence(kind="section", first_page=9, last_page=9, sentence=sentence, unverified=("17",)))
    assert (turn.answer, turn.turn_id, turn.done, turn.found) == ("Ann Weber", 7, True, True)
    assert (turn.evidence_page, turn.sentence, turn.start, turn.end) == (9, "Ann Weber.", 3, 12)
    assert turn.unverified == ("17",) and session.evidence == turn.pages == (9, 9)


@pytest.mark.parametrize(
    ("evidence", "pages"),
    [
        (Evidence(kind="state", first_page=1, last_page=209), None),
        (Evidence(kind="state", first_page=1, last_page=1), (1, 1)),
        (Evidence(kind="section", first_page=3, last_page=5), (3, 5)),
        (Evidence(kind="reread", first_page=3, last_page=5, reread_pages=(3, 5)), (3, 5)),
        (Evidence(kind="not_found", first_page=1, last_page=9), None),
        (Evidence(kind="text", first_page=1, last_page=9, text="from the document state"), None),
        (Evidence(kind="text", first_page=4, last_page=6, text="from pages 4 to 6"), (4, 6)),
    ],
)
def test_pages_of_an_answer_are_none_where_it_rests_on_the_whole_document(session, evidence, pages) -> None:
    assert answered(session, evidence).pages == pages


def test_answer_of_another_job_changes_nothing(session) -> None:
    assert session.apply(m.AnswerDelta(job_id="other", text="x")) == Aspect(0)


def test_ledger_appears_when_it_is_complete(session) -> None:
    entry = m.LedgerEntered(kind="name", text="P-204", value="P-204", count=2, pages=[1, 4])
    assert session.apply(entry) == Aspect(0) and session.ledger is None
    assert session.apply(m.LedgerFinished(entries=1, left_out=3, pages=9)) == Aspect.LEDGER
    assert session.ledger == Ledger([LedgerEntry("name", "P-204", "P-204", 2, [1, 4])], 3, 9)
    session.apply(entry)
    session.begin_summary()  # the worker was restarted: what had arrived comes again
    session.apply(entry)
    session.apply(m.LedgerFinished(entries=1, left_out=0, pages=9))
    assert session.ledger is not None and len(session.ledger.entries) == 1


def test_notices_are_kept_once_each(session) -> None:
    for kind, detail in (("demo_model", ""), ("file_replaced", "a"), ("demo_model", ""), ("file_replaced", "b")):
        assert session.apply(m.Notice(kind=kind, detail=detail)) == Aspect.PROGRESS
    assert [(notice.kind, notice.detail) for notice in session.notices] == [
        ("demo_model", ""),
        ("file_replaced", "a"),
        ("file_replaced", "b"),
    ]


def test_sections_and_summary(session) -> None:
    for number in (1, 2, 1):
        event = m.SectionSummarized(
            section=number, sections=5, heading="", first_page=number, last_page=number, text=f"Text {number}."
        )
        session.apply(event)
    assert [note.number for note in session.notes] == [2, 1] and session.section_count == 5
    assert session.phase is Phase.SUMMARISING
    session.apply(m.SummaryDelta(text="It broke.\n", pages=[2]))
    assert (session.summary.text, session.summary.line_pages) == ("It broke.\n", [[2]])
    basis = SummaryBasis(made_from="sections", focus="pumps", line_pages=((2,), ()))
    session.apply(m.SummaryFinished(text="It broke.\nTwice.", length="page", basis=basis, tokens_per_second=1.0))
    assert session.summary_done and session.summaries == [session.summary]
    assert (session.summary.focus, session.summary.line_pages) == ("pumps", [[2], []])


def test_reading_that_is_complete_names_pages_without_text(session) -> None:
    event = m.ReadingFinished(
        document_id=3, tokens=900, tokens_reused=0, pages=9, pages_read=7, pages_without_text=[4, 5],
        problems={"4": "a picture without text", "x": "?"}, sections=2, trained_context=None, seconds=1.0,
        outcome="a.pdf was read, but not all of it.",
    )  # fmt: skip
    session.apply(event)
    assert session.problems == {4: "a picture without text", 5: "no text on this page"}
    assert (session.document_id, session.pages, session.fraction) == (3, 9, 1.0)


def test_event_of_no_interest_changes_nothing(session) -> None:
    assert session.apply(m.FollowWaiting(path="/x")) == Aspect(0)
    assert session.apply(m.SectionsRead(document_id=1, sections=1, of=2)) == Aspect(0)
