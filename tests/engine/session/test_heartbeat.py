"""A job that computes in silence gives a sign of life, and none behind its end."""

from __future__ import annotations

import threading

import pytest

from engine.protocol import wire
from engine.session import heartbeat
from engine.session.heartbeat import Heartbeat


def test_silence_is_broken_with_the_tokens_of_the_job(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(heartbeat, "SILENT_SECONDS", 0.02)
    sent: list[wire.Event] = []
    came = threading.Event()

    def send(event: wire.Event) -> None:
        sent.append(event)
        came.set()

    tokens = iter([100, *range(150, 10_000)])
    with Heartbeat("j", send, lambda: next(tokens), lambda: False) as beat:
        assert came.wait(10)
        beat.note(last=True)
    assert isinstance(sent[0], wire.JobContinues) and sent[0].job_id == "j" and sent[0].tokens == 50


def test_a_paused_job_and_one_that_has_ended_are_silent(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(heartbeat, "SILENT_SECONDS", 0.01)
    sent: list[wire.Event] = []
    asked = threading.Event()

    def paused() -> bool:
        asked.set()
        return True

    with Heartbeat("j", sent.append, lambda: 0, paused):
        assert asked.wait(10)
    assert sent == []
    with Heartbeat("j", sent.append, lambda: 0, lambda: False) as beat:
        beat.note(last=True)
        threading.Event().wait(0.05)
    assert sent == []
