"""Key sentences while the document is read: they come early and once, and the state of the document is no other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.control import Control
from engine.library import checkpoint_policy
from engine.profile.instruct import INSTRUCT
from engine.protocol import wire
from engine.protocol.wire import Read, SectionSummarized, Summarize, SummaryFinished
from engine.session.session import Session, open_session
from engine.summarising import read_scores, summary
from tests.engine.running import of_kind, only, run_to_success
from tests.engine.tiny import write_pages


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_pages(tmp_path / "log.txt", 4, words=48)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sentences of each text that the reader was asked about; it prefers later ones."""
    asked: list[int] = []

    def logits(model: object, heads: object, tokenizer: object, texts: list[tuple[str, list[object]]]):
        asked.extend(len(spans) for _, spans in texts)
        return [np.stack([np.arange(len(spans))] * 2, -1).astype(np.float32) for _, spans in texts]

    monkeypatch.setattr(read_scores, "sentence_logits", logits)
    monkeypatch.setattr(checkpoint_policy, "SAVE_TOKENS", 3_000)
    return asked


@pytest.fixture
def opened(tiny_folder: Path, tmp_path: Path):
    """(name of a library) -> a session whose model chooses."""
    sessions: list[Session] = []

    def open_one(name: str) -> Session:
        session = open_session(tiny_folder, tmp_path / name, "cpu", "fp32")
        sessions.append(session)
        list(session.model.load("load"))
        profile = replace(INSTRUCT, summaries=replace(INSTRUCT.summaries, selects=True))
        object.__setattr__(session.runtime, "profile", profile)
        return session

    yield open_one
    for session in sessions:
        with session:
            pass


def summarize(session: Session, file: Path, **wanted: str) -> list[wire.Event]:
    return run_to_success(session, Summarize(job_id="s", path=str(file), **wanted))


def test_key_sentences_come_while_pages_are_read_and_each_section_once(opened, file, read):
    session = opened("a.db")
    events = summarize(session, file)
    kinds = [type(event) for event in events]
    assert kinds.index(SectionSummarized) < kinds.index(wire.ReadingFinished)
    sent = of_kind(events, SectionSummarized)
    sections = session.library.sections.of(1)
    assert [event.section for event in sent] == [section.number for section in sections]
    assert len(read) == len(sections) > 2
    early = [event for event in events[: kinds.index(wire.ReadingFinished)] if isinstance(event, SectionSummarized)]
    assert 0 < len(early) < len(sections)
    assert all(event.sections >= event.section for event in sent)
    for event in sent:
        for line, pages in zip(event.text.splitlines(), event.line_pages, strict=True):
            (page,) = session.library.pages.of(1, None, pages[0], pages[0])
            assert line.strip("“”") in " ".join(page.text.split())


def test_nothing_is_scored_twice(opened, file, read):
    session = opened("a.db")
    first = only(summarize(session, file), SummaryFinished)
    count = len(read)
    summarize(session, file, length="outline")
    summarize(session, file, length="paragraph", focus="elephants")
    assert only(summarize(session, file, length="outline"), SummaryFinished).saved
    with session:
        pass
    again = only(summarize(opened("a.db"), file, again=True), SummaryFinished)
    assert len(read) == count
    assert again.text == first.text


def test_the_state_is_that_of_an_undisturbed_reading(opened, file, read):
    summarized, only_read = opened("a.db"), opened("b.db")
    summarize(summarized, file)
    count = len(read)
    run_to_success(only_read, Read(job_id="r", path=str(file)))
    assert len(read) == 2 * count, "each library keeps its own scores"

    def end(session: Session) -> bytes:
        (snapshot,) = [found for found in session.library.snapshots.of(1) if found.kind == "end"]
        return bytes(session.library.snapshots.load(snapshot.id))

    assert end(summarized) == end(only_read)


def test_a_cancelled_summary_goes_on_where_it_stopped(opened, file, read):
    session, control = opened("a.db"), Control()
    events: list[wire.Event] = []
    for event in session.run(Summarize(job_id="s", path=str(file)), control):
        events.append(event)
        if isinstance(event, SectionSummarized):
            control.cancel()
    assert isinstance(events[-1], wire.JobCancelled)
    before = len(read)
    assert before > 0
    events = summarize(session, file)
    sections = session.library.sections.of(1)
    assert len(of_kind(events, SectionSummarized)) == len(sections) == len(read)


def test_a_summary_by_another_method_sends_nothing_early(opened, file, read, monkeypatch):
    session = opened("a.db")
    monkeypatch.setattr(summary, "summarize", lambda *arguments: iter(()))
    events = run_to_success(session, Summarize(job_id="s", path=str(file), method="state"))
    assert of_kind(events, wire.CheckpointSaved)
    assert not of_kind(events, SectionSummarized) and not read


def test_a_reading_scores_its_sections_ahead_of_the_summary(opened, file, read):
    session = opened("a.db")
    events = run_to_success(session, Read(job_id="r", path=str(file)))
    told, sections = of_kind(events, wire.SectionsRead), session.library.sections.of(1)
    assert len(read) == len(sections) == told[-1].sections == told[-1].of
    assert all(section.snapshot is None for section in sections), "no model that writes read them"
    summarize(session, file)
    assert len(read) == len(sections)


def test_a_cancelled_reading_keeps_the_scores_so_far(opened, file, read):
    session, control = opened("a.db"), Control()
    for event in session.run(Read(job_id="r", path=str(file)), control):
        if isinstance(event, wire.SectionsRead):
            control.cancel()
    assert isinstance(event, wire.JobCancelled)
    count = len(read)
    run_to_success(session, Read(job_id="r", path=str(file)))
    assert len(read) == len(session.library.sections.of(1)) > count > 0


def test_the_documents_of_a_folder_are_not_scored_ahead(opened, file, read):
    session = opened("a.db")
    run_to_success(session, wire.ReadFolder(job_id="f", path=str(file.parent)))
    assert session.library.documents.all() and not read
