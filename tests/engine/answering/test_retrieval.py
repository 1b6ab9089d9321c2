"""Retrieval: the sections that contain the identifiers of a question, all of them where there are few."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engine.answering import retrieval as module
from engine.answering.retrieval import retrieve, topic_of
from engine.control import Cancelled, Control
from engine.generation.runtime import Runtime
from engine.library.library import Library
from engine.library.records import Turn
from engine.prompting.prompts import page_text
from engine.protocol import wire
from engine.protocol.wire import Read, SectionsRead
from engine.reading import section_states
from engine.reading.context import Context
from engine.reading.document_state import DocumentState
from engine.reading.resume import end_state
from engine.session.session import open_session
from tests.engine.running import run
from tests.engine.tiny import write_pages


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    """Four pages, each a section or more; two name pump P-120, one of them last."""
    file = write_pages(tmp_path_factory.mktemp("file") / "log.txt", 4, words=50)
    text = file.read_text().replace("# Entry 2\n", "# Entry 2\nPump P-120 ran.\n")
    file.write_text(text + "Pump P 120 stood still, and so did valve VA-77.\n")
    return file


def read(tiny_folder, library: Path, file: Path, control: Control | None = None) -> list[wire.Event]:
    with open_session(tiny_folder, library, "cpu", "fp32") as session:
        return run(session, Read(job_id="r", path=str(file)), control)


@pytest.fixture(scope="module")
def reading(tiny_folder, tmp_path_factory, file) -> tuple[Path, list[wire.Event]]:
    """The library that `file` was read into, and the events of it."""
    library = tmp_path_factory.mktemp("library") / "library.db"
    return library, read(tiny_folder, library, file)


@pytest.fixture
def opened(runtime, reading):
    with Library.open(reading[0]) as library:
        of = end_state(runtime, library, library.documents.all()[0])
        assert of is not None
        yield library, of


def turn(question: str, answer: str = "") -> Turn:
    return Turn(1, 1, None, "", question, answer, None, None, None, None, False, 0.0)


@pytest.mark.parametrize(
    ("question", "before", "about"),
    [
        ("Who inspected pump P-12?", [turn("What ran?")], "Who inspected pump P-12?"),
        (
            "And who signed it?",
            [turn("Who inspected pump P-12?", "Ann")],
            "Who inspected pump P-12? And who signed it?",
        ),
        (
            "And when?",
            [turn("Who inspected pump P-12?", "Ann"), turn("And who signed it?", "Bob")],
            "Who inspected pump P-12? And when?",
        ),
        ("And when?", [turn("Which pump failed?", "pump P-120")], "Which pump failed? P-120 And when?"),
        ("And when?", [turn("what failed?", "the pump")], "what failed? And when?"),
        ("and when?", [], "and when?"),
    ],
)
def test_topic_of_follow_up(question, before, about):
    assert topic_of(question, before) == about


def asked(runtime: Runtime, library: Library, of: DocumentState, about: str) -> list[int]:
    return [source.section.number for source in retrieve(Context(runtime, library, of, Control()), about).sections]


def test_identifier_selects_sections(runtime, opened):
    library, of = opened
    sections = library.sections.of(of.document.id)
    holding = {s.number for s in sections if "P-120" in s.text or "P 120" in s.text}
    assert len(holding) == 2 < len(sections)
    for name in ("P-120", "P120", "p-120", "P 120"):
        assert set(asked(runtime, library, of, f"What did pump {name} do?")) == holding
    both = asked(runtime, library, of, "What did pump P-120 and valve VA-77 do?")
    assert both == [sections[-1].number]


def test_absent_identifier_is_reported(runtime, opened):
    library, of = opened
    found = retrieve(Context(runtime, library, of, Control()), "What did pump P-121 do?")
    assert found.absent == ["P-121"]
    assert found.ranked
    everything = {s.number for s in library.sections.of(of.document.id)}
    assert set(asked(runtime, library, of, "What was measured?")) == everything


def test_search_ranks_many_sections(runtime, opened, monkeypatch):
    library, of = opened
    monkeypatch.setattr(module, "SECTIONS", 2)
    last = library.sections.of(of.document.id)[-1]
    chosen = asked(runtime, library, of, "Which valve stood still?")
    assert len(chosen) <= 2
    assert chosen[0] == last.number


def test_unread_sections_are_not_asked(runtime, opened):
    library, of = opened
    found = retrieve(Context(runtime, library, replace(of, pages=2), Control()), "What was measured?")
    assert max(source.last_page for source in found.sections) == 2


def test_section_states_equal_reading_them(runtime, tiny_folder, reading, file):
    library_file, events = reading
    told = [event for event in events if isinstance(event, SectionsRead)]
    assert told
    assert told[-1].sections == told[-1].of > 1
    with Library.open(library_file) as library:
        sections = library.sections.of(1)
        found = section_states.saved(runtime, library, sections)
        assert set(found) == {section.id for section in sections}
        section = sections[1]
        ids = section_states.tokens_of(runtime, section)
        text = runtime.tokenizer.encode_document(page_text(section.text))
        assert ids == [*runtime.tokenizer.document_prefix, *text]
        state = runtime.model.new_state()
        for piece in torch.tensor([ids]).split(256, dim=1):
            runtime.model(piece, state)
        assert found[section.id].prefix.n_tokens == len(ids)
        assert torch.allclose(found[section.id].state.ssm, state.ssm, rtol=2e-2, atol=1e-3)  # kept in bf16
    assert not any(isinstance(event, SectionsRead) for event in read(tiny_folder, library_file, file))


def test_lost_section_state_is_read_again(runtime, opened):
    library, of = opened
    lost, *_ = library.sections.of(of.document.id)
    assert lost.snapshot is not None
    library.snapshots.drop(lost.snapshot)
    assert lost.number in asked(runtime, library, of, "What was measured?")
    assert library.sections.of(of.document.id)[0].snapshot is not None


def test_cancelled_read_ahead_keeps_states(runtime, tiny_folder, tmp_path, file, monkeypatch):
    monkeypatch.setitem(section_states.BATCH_ROWS, "cpu", 2)
    control = Control()
    with open_session(tiny_folder, tmp_path / "library.db", "cpu", "fp32") as session:
        events = []
        for event in session.run(Read(job_id="r", path=str(file)), control):
            events.append(event)
            if isinstance(event, SectionsRead):
                control.cancel()
        assert isinstance(events[-1], wire.JobCancelled)
        assert session.library.documents.all()[0].state == "done"
        kept = sum(section.snapshot is not None for section in session.library.sections.of(1))
        assert 2 <= kept < len(session.library.sections.of(1))
        with pytest.raises(Cancelled):
            list(section_states.read_ahead(runtime, session.library, 1, control, "r"))


def test_slow_machine_reads_no_section_ahead(tiny_folder, tmp_path, file, monkeypatch):
    monkeypatch.setattr(section_states, "AHEAD_SECONDS", 0.0)
    events = read(tiny_folder, tmp_path / "library.db", file)
    assert not any(isinstance(event, SectionsRead) for event in events)
