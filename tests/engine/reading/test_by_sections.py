"""A document beyond the trained context is read once, section by section: what it costs, and what of it stays."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.control import Control
from engine.library import checkpoint_policy
from engine.profile.instruct import INSTRUCT
from engine.profile.profile import UnfamiliarText
from engine.protocol import wire
from engine.protocol.wire import Read, Summarize
from engine.reading import section_states
from engine.reading.long_documents import HEAD_SHARE
from engine.reading.resume import end_state
from engine.session import unfamiliar_text
from engine.session.session import Session, open_session
from tests.engine.running import ask, of_kind, only, read_document, run_to_success
from tests.engine.tiny import write_pages

CONTEXT = 4_000


@pytest.fixture(scope="module")
def folder(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small instruct model with a known trained context."""
    folder = tmp_path_factory.mktemp("context") / "model"
    shutil.copytree(tiny_folder, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "max_position_embeddings": CONTEXT}))
    return folder


@pytest.fixture
def open_new(folder: Path, tmp_path: Path) -> Iterator[Callable[[str], Session]]:
    opened: list[Session] = []

    def new(name: str = "library.db") -> Session:
        opened.append(open_session(folder, tmp_path / name, "cpu", "fp32"))
        return opened[-1]

    yield new
    for session in opened:
        session.__exit__()


@pytest.fixture
def session(open_new: Callable[..., Session]) -> Session:
    return open_new()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_pages(tmp_path / "long.txt", 4)


def states(session: Session) -> list[tuple[str, int, bytes]]:
    """Return kind, tokens and bytes of the states of the document and of its sections."""
    library = session.library
    snapshots = [s for s in library.snapshots.of(library.documents.all()[0].id) if s.kind != "checkpoint"]
    return sorted((s.kind, s.n_tokens, bytes(library.snapshots.load(s.id) or b"")) for s in snapshots)


def read_nothing(*arguments: object) -> Iterator[None]:
    assert not arguments[3], "sections are read again"
    return iter(())


def computed(session: Session) -> int:
    return session.runtime.model.tokens_computed


def test_a_long_document_is_read_once(session, file, monkeypatch):
    events = run_to_success(session, Read(job_id="r", path=str(file)))
    finished = only(events, wire.ReadingFinished)
    assert finished.tokens > 2 * CONTEXT
    assert computed(session) <= 1.13 * finished.tokens
    advanced = of_kind(events, wire.PrefillAdvanced)
    assert advanced[-1].tokens == advanced[-1].total_tokens == pytest.approx(finished.tokens + CONTEXT / HEAD_SHARE)
    assert [e.tokens for e in advanced] == sorted(e.tokens for e in advanced)
    library, runtime = session.library, session.runtime
    document = library.documents.all()[0]
    sections = library.sections.of(document.id)
    assert len(section_states.saved(runtime, library, sections)) == len(sections) == finished.sections
    monkeypatch.setattr(section_states, "read", read_nothing)  # a summary and a question find all that they need
    found = of_kind(run_to_success(session, Summarize(job_id="s", path=str(file))), wire.SectionSummarized)
    assert [note.section for note in found] == [section.number for section in sections]
    ask(session, file, "Which gauge?")


def test_the_state_of_a_long_document_says_how_far_it_has_read(open_new, file):
    session = open_new()
    finished = read_document(session, file)
    session.__exit__()
    again = open_new()
    assert read_document(again, file).tokens_reused == finished.tokens
    of = end_state(again.runtime, again.library, again.library.documents.all()[0])
    assert of is not None and of.tokens == finished.tokens and of.pages == finished.pages
    prefix = len(again.runtime.tokenizer.document_prefix)
    assert of.prefix.n_tokens - prefix == CONTEXT // HEAD_SHARE and of.last_page == 1
    made = only(run_to_success(again, Summarize(job_id="s", path=str(file), method="state")), wire.SummaryFinished)
    assert (made.basis.first_page, made.basis.last_page) == (1, 1)
    answer = ask(again, file, "Which gauge?", page=3)
    assert answer.evidence.last_page <= 3


def test_notes_are_taken_while_the_document_is_read(session, file, monkeypatch):
    monkeypatch.setattr(checkpoint_policy, "SAVE_SECONDS", 0.0)
    monkeypatch.setattr(section_states, "read", read_nothing)
    session.library._limits.document = 20_000  # the states of a few sections
    events = run_to_success(session, Summarize(job_id="s", path=str(file), method="sections"))
    assert isinstance(events[-1], wire.JobFinished)
    notes = of_kind(events, wire.SectionSummarized)
    finished = only(events, wire.ReadingFinished)
    assert sorted(note.section for note in notes) == list(range(1, finished.sections + 1))
    assert events.index(notes[0]) < events.index(finished)
    assert of_kind(events, wire.SummaryFinished)


@pytest.mark.parametrize("kill", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_reading_that_was_stopped_ends_in_the_same_states(open_new, file, monkeypatch, kill):
    whole = open_new("whole.db")
    finished = read_document(whole, file)
    undisturbed, fed = states(whole), computed(whole)
    monkeypatch.setattr(checkpoint_policy, "SAVE_SECONDS", 0.0)
    session = open_new("stopped.db")
    for stop_after in (1, 2, 3, 5):
        control, chunks = Control(), 0
        running = session.run(Read(job_id="r", path=str(file)), control)
        for event in running:
            chunks += isinstance(event, wire.PrefillAdvanced)
            if chunks == stop_after:
                if kill:
                    running.close()  # type: ignore[attr-defined]
                    break
                control.cancel()
    assert read_document(session, file).tokens == finished.tokens
    assert states(session) == undisturbed
    assert computed(session) <= fed + 4 * session.runtime.chunk_length
    document = session.library.documents.all()[0]
    assert document.n_snapshots == len(undisturbed)


def test_a_grown_file_costs_its_last_sections(session, file):
    before = read_document(session, file)
    run_to_success(session, Summarize(job_id="s", path=str(file)))
    with file.open("a") as log:
        log.write("".join(f"Later reading {i} of gauge 3 was {i * 13} units.\n" for i in range(200)))
    earlier = computed(session)
    after = read_document(session, file)
    new = after.tokens - before.tokens
    assert new > 0 and before.tokens - 4_000 <= after.tokens_reused <= before.tokens
    assert computed(session) - earlier <= new + 4_000
    found = of_kind(run_to_success(session, Summarize(job_id="s", path=str(file))), wire.SectionSummarized)
    assert all(note.saved for note in found[: before.sections - 1]) and len(found) > before.sections > 3
    assert end_state(session.runtime, session.library, session.library.documents.all()[0]) is not None


@pytest.mark.slow
def test_a_file_grows_beyond_the_context_and_shrinks_again(session, tmp_path):
    file = write_pages(tmp_path / "log.txt", 1)
    text = file.read_text()
    short = read_document(session, file)
    assert short.tokens <= CONTEXT
    longer = text + write_pages(tmp_path / "more.txt", 5).read_text()
    file.write_text(longer)
    long = read_document(session, file)
    of = end_state(session.runtime, session.library, session.library.documents.find(str(file)))
    assert long.tokens > CONTEXT and of is not None and of.state_pages is not None
    file.write_text(text)
    again = read_document(session, file)
    assert again.tokens == short.tokens
    of = end_state(session.runtime, session.library, session.library.documents.find(str(file)))
    assert of is not None and of.state_pages is None
    prefix = len(session.runtime.tokenizer.document_prefix)
    assert of.prefix.n_tokens == short.tokens + prefix


@pytest.mark.slow
def test_another_edition_keeps_the_sections_that_are_the_same(session, file):
    read_document(session, file)
    text = file.read_text()
    middle = text.index("# Entry 3")
    file.write_text(text[:middle] + "# Entry three\n" + text[middle + len("# Entry 3\n") :])
    before = computed(session)
    after = read_document(session, file)
    assert computed(session) - before < after.tokens / 2


def test_a_question_during_the_reading_sees_the_pages_so_far(session, file):
    asked = None
    for event in session.run(Read(job_id="r", path=str(file)), Control()):
        if asked is None and isinstance(event, wire.PrefillAdvanced) and event.page >= 3:
            asked = ask(session, file, "Which gauge?")
            assert asked.evidence.last_page <= event.page and not asked.evidence.complete
    assert asked is not None


@pytest.fixture
def foreign(open_new: Callable[..., Session], monkeypatch: pytest.MonkeyPatch) -> Callable[[], Session]:
    """() -> a session with a model that knows no text, whose document state ends at 2,000 tokens."""
    monkeypatch.setattr(unfamiliar_text, "is_familiar", lambda *_: False)
    monkeypatch.setattr(checkpoint_policy, "FIRST_TOKENS", 2_000)

    def new() -> Session:
        session = open_new()
        list(session.model.load("load"))
        profile = replace(INSTRUCT, unfamiliar=UnfamiliarText(4.0, "demo_model"))
        object.__setattr__(session.runtime, "profile", profile)
        return session

    return new


def test_a_text_that_the_model_does_not_know_is_not_read_on(foreign, file, monkeypatch):
    session = foreign()
    noted: list[int] = []
    monkeypatch.setattr(session.model, "note_speed", lambda tokens, *_: noted.append(tokens))
    events = run_to_success(session, Read(job_id="r", path=str(file)))
    finished = only(events, wire.ReadingFinished)
    assert only(events, wire.Notice).kind == "demo_model"
    assert noted == [0]
    of = end_state(session.runtime, session.library, session.library.documents.all()[0])
    assert of is not None and of.prefix.n_tokens <= 3_500 < finished.tokens
    assert [e.page for e in of_kind(events, wire.PrefillAdvanced)][-1] == finished.pages
    library = session.library
    document = library.documents.all()[0]
    ids = [section.id for section in library.sections.of(document.id)]
    assert len(ids) == finished.sections and document.state == "done"
    session.__exit__()
    again = foreign()
    assert read_document(again, file).tokens_reused == finished.tokens
    with file.open("a") as log:
        log.write("".join(f"Later reading {i} of gauge 3 was {i * 13} units.\n" for i in range(100)))
    grown = read_document(again, file)
    assert grown.tokens_reused >= finished.tokens - 4_000
    now = [section.id for section in again.library.sections.of(document.id)]
    assert now[: len(ids) - 2] == ids[:-2] and len(now) > len(ids)
    of = end_state(again.runtime, again.library, again.library.documents.get(document.id))
    assert of is not None and of.tokens == grown.tokens and of.last_page < of.pages
