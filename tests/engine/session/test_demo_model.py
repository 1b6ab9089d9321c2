"""Learned recall through the whole program: the shipped model on the shipped record."""

from __future__ import annotations

import pytest

from engine.control import Control
from engine.generation.runtime import DEMO_MODEL
from engine.library.library import Library
from engine.prompting.prompts import NOT_FOUND
from engine.protocol import wire
from engine.protocol.wire import Ask, Read, Summarize
from engine.session.session import open_session

SAMPLES = DEMO_MODEL.parent.parent / "samples"
LOG = SAMPLES / "harlow-shifts-2025.log"

pytestmark = pytest.mark.skipif(not (DEMO_MODEL / "model.safetensors").is_file(), reason="no demo model here")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """A library in which the sample has been read, by a session that has ended."""
    path = tmp_path_factory.mktemp("demo") / "library.db"
    with open_session(library=path, device="cpu") as session:
        assert isinstance(list(session.run(Read(job_id="r", path=str(LOG)), Control()))[-1], wire.JobFinished)
    return path


@pytest.fixture
def ask(library):
    with open_session(library=library, device="cpu") as session:

        def ask(question: str, **options) -> wire.AnswerFinished:
            events = list(session.run(Ask(job_id="q", path=str(LOG), question=question, **options), Control()))
            assert isinstance(events[-1], wire.JobFinished), events[-1]
            assert not any(isinstance(event, wire.PrefillAdvanced) for event in events), "read again"
            return next(event for event in events if isinstance(event, wire.AnswerFinished))

        yield ask


def sample_questions() -> list[tuple[str, str]]:
    """What the samples' README asks of the log, and what the record says."""
    part = (SAMPLES / "README.md").read_text().split(f"## {LOG.name}")[1]
    rows = [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("| ") and "?" in line]
    return [(question, answer) for question, answer in rows if answer != NOT_FOUND]


def test_facts_of_the_sample_are_answered_with_their_page_or_marked_as_unconfirmed(ask, library):
    questions = sample_questions()
    assert len(questions) >= 6
    right = 0
    with Library.open(library, read_only=True) as opened:
        for question, answer in questions:
            got = ask(question)
            if answer not in got.text:
                assert not got.evidence.found or got.evidence.unverified, (question, got)
                continue
            right += 1
            assert got.evidence.unverified == ()
            assert got.evidence.first_page == got.evidence.last_page
            assert answer in " ".join(
                opened.pages.of(1, first=got.evidence.first_page, last=got.evidence.last_page)[0].text.split()
            )
    assert right >= 0.75 * len(questions)


def test_what_is_not_in_the_document_is_refused(ask):
    got = ask("What was the speed of pump P-999?")
    assert got.text == NOT_FOUND
    assert got.evidence.absent == ("P-999",)


def test_the_summary_names_the_findings_that_the_record_marks(library):
    with open_session(library=library, device="cpu") as session:
        events = list(session.run(Summarize(job_id="s", path=str(LOG)), Control()))
    notes = [event for event in events if isinstance(event, wire.SectionSummarized)]
    summary = next(event for event in events if isinstance(event, wire.SummaryFinished))
    text = LOG.read_text()
    lines = [line.removeprefix("- ") for line in summary.text.splitlines() if line.startswith("- ")]
    assert lines
    for line in lines:
        thing = line.split(":")[0].split()[-1]
        assert thing in text
        assert any(line in note.text for note in notes)


@pytest.mark.slow
def test_a_record_of_its_kind_is_read_without_a_warning_even_if_it_is_no_sample(tmp_path):
    grown = tmp_path / "grown.log"
    grown.write_text(LOG.read_text() + "\n14:20 The gauges were read and entered.\n")
    with open_session(library=tmp_path / "library.db", device="cpu") as session:
        events = list(session.run(Read(job_id="r", path=str(grown)), Control()))
    assert isinstance(events[-1], wire.JobFinished)
    assert not any(isinstance(event, wire.Notice) for event in events)


def test_it_is_named_for_what_it_is_where_the_file_is_unlike_its_records(tmp_path, monkeypatch):
    other = tmp_path / "other.txt"
    other.write_text("A recipe for bread: flour, water, salt. " * 20)
    with open_session(library=tmp_path / "library.db", device="cpu") as session:
        events = list(session.run(Read(job_id="r", path=str(other)), Control()))
    loaded = next(event for event in events if isinstance(event, wire.ModelLoaded))
    assert loaded.demo
    assert loaded.trained_context == 3072
    assert any(isinstance(event, wire.Notice) and event.kind == "demo_model" for event in events)
    # The file is known by then: another process says the same without looking again.
    monkeypatch.setattr("engine.session.unfamiliar_text.is_familiar", None)
    with open_session(library=tmp_path / "library.db", device="cpu") as session:
        events = list(session.run(Read(job_id="r", path=str(other)), Control()))
    assert isinstance(events[-1], wire.JobFinished)
    assert any(isinstance(event, wire.Notice) and event.kind == "demo_model" for event in events)
