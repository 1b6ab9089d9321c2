"""Run commands through a session and look at the events that come back."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from engine.control import Control
from engine.protocol import wire
from engine.protocol.wire import Ask, Read
from engine.session.session import Session

E = TypeVar("E", bound=wire.Event)


def run(session: Session, command: wire.Command, control: Control | None = None) -> list[wire.Event]:
    """Return all events of `command`; assert that they begin with JobStarted and end in the only terminal event."""
    events = list(session.run(command, control or Control()))
    assert isinstance(events[0], wire.JobStarted)
    assert [isinstance(event, wire.TERMINAL) for event in events] == [False] * (len(events) - 1) + [True]
    assert {event.job_id for event in events} == {command.job_id}
    return events


def run_to_success(session: Session, command: wire.Command) -> list[wire.Event]:
    """Return all events of `command`; assert that it succeeds."""
    events = run(session, command)
    assert isinstance(events[-1], wire.JobFinished), events[-1]
    return events


def of_kind(events: Iterable[Any], kind: type[E]) -> list[E]:
    """Return the events of one class, in order."""
    return [event for event in events if isinstance(event, kind)]


def only(events: Iterable[Any], kind: type[E]) -> E:
    """Return the event of one class; assert that there is exactly one."""
    events = list(events)
    found = of_kind(events, kind)
    assert len(found) == 1, [type(event).__name__ for event in events]
    return found[0]


def read_document(session: Session, file: Path) -> wire.ReadingFinished:
    """Read `file`; return the coverage."""
    return only(run_to_success(session, Read(job_id="r", path=str(file))), wire.ReadingFinished)


def ask(session: Session, file: Path, question: str, **options: Any) -> wire.AnswerFinished:
    """Ask `question` of `file` (read first where it was not); return the answer. `options`: fields of Ask."""
    command = Ask(job_id="q", path=str(file), question=question, **options)
    return only(run_to_success(session, command), wire.AnswerFinished)
