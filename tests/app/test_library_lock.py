"""What the window takes for a sign that another program has let go of the library."""

from __future__ import annotations

import pytest

from app.jobs.jobs import Job
from app.jobs.read_only import LibraryLock
from engine.protocol import wire as m


@pytest.fixture
def lock(qapp) -> LibraryLock:
    class Sent:
        def send(self, job: Job) -> None:
            pass

    held = LibraryLock(Sent())  # type: ignore[arg-type]
    held.take(Job(m.ListDocuments(job_id="1")))
    assert held.held
    return held


@pytest.mark.parametrize("command", [m.OpenDocument(job_id="2", path="a.pdf"), m.Configure(job_id="2")])
def test_a_job_that_needs_no_library_says_nothing_of_it(lock, command):
    lock.note_end(Job(command), m.JobFinished(job_id="2"))
    assert lock.held


@pytest.mark.parametrize(
    "event", [m.JobCancelled(job_id="2"), m.JobFailed(job_id="2", kind="known", message="no such file")]
)
def test_a_reading_that_came_to_nothing_says_nothing_of_it(lock, event):
    lock.note_end(Job(m.Read(job_id="2", path="a.pdf")), event)
    assert lock.held


def test_a_reading_that_was_done_says_that_the_library_is_free(lock):
    told: list[str] = []
    lock.changed.connect(told.append)
    lock.note_end(Job(m.Read(job_id="2", path="a.pdf")), m.JobFinished(job_id="2"))
    assert not lock.held and told == [""]
