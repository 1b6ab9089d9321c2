"""Questions to one document that are answered together: the same answers in fewer batches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.answering import pipeline
from engine.control import Control
from engine.protocol import wire
from engine.protocol.wire import Ask
from engine.session.session import Session
from engine.session.together import run_together
from engine.session.worker import _go_together
from tests.engine.running import of_kind, read_document, run_to_success

QUESTIONS = ("What was reading 3?", "Which gauge was read on day 2?", "What was reading 9?")


def jobs(session: Session, file: Path, controls: list[Control]) -> list[Any]:
    asks = [Ask(job_id=str(n), path=str(file), question=question) for n, question in enumerate(QUESTIONS)]
    return [session.job(ask, control) for ask, control in zip(asks, controls, strict=True)]


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of prompts in every batch."""
    found: list[int] = []
    generate_attempts = pipeline.generate_attempts

    def counted(runtime: Any, prompts: Any, control: Control) -> Any:
        found.append(len(prompts))
        return generate_attempts(runtime, prompts, control)

    monkeypatch.setattr(pipeline, "generate_attempts", counted)
    return found


def test_questions_together_get_the_answers_they_get_alone(session: Session, file: Path, batches: list[int]) -> None:
    read_document(session, file)
    alone = [
        run_to_success(session, Ask(job_id=str(n), path=str(file), question=question))
        for n, question in enumerate(QUESTIONS)
    ]
    number, prompts = len(batches), sum(batches)
    batches.clear()
    events = list(run_together(jobs(session, file, [Control() for _ in QUESTIONS])))
    assert sum(batches) == prompts and len(batches) < number
    for place, expected in enumerate(alone):
        own = [event for event in events if event.job_id == str(place)]
        assert [type(event) for event in own] == [type(event) for event in expected]
        (answer,), (before,) = (of_kind(each, wire.AnswerFinished) for each in (own, expected))
        assert answer.text == before.text and answer.evidence.sentence == before.evidence.sentence


def test_a_cancelled_question_leaves_the_others(session: Session, file: Path) -> None:
    read_document(session, file)
    controls = [Control() for _ in QUESTIONS]
    controls[1].cancel()
    ends = {
        event.job_id: type(event)
        for event in run_together(jobs(session, file, controls))
        if isinstance(event, wire.TERMINAL)
    }
    assert ends == {"0": wire.JobFinished, "1": wire.JobCancelled, "2": wire.JobFinished}


def test_a_failed_batch_fails_each_of_its_questions(
    session: Session, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_document(session, file)

    def fail(*_: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(pipeline, "generate_attempts", fail)
    events = list(run_together(jobs(session, file, [Control() for _ in QUESTIONS])))
    assert [event.reason for event in of_kind(events, wire.JobFailed)] == ["memory"] * 3


def test_only_first_questions_to_the_same_file_go_together() -> None:
    one = Ask(path="a", question="x")
    assert _go_together(one, Ask(path="a", question="y"))
    for other in (
        Ask(path="b", question="x"),
        Ask(path="a", question="x", page=1),
        Ask(path="a", question="x", parent=1),
        Ask(path="a", question="x", password="p"),
        wire.Read(path="a"),
    ):
        assert not _go_together(one, other)
