"""One command in, events out: reading, resuming, growing, asking, and exactly one end to every job."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engine.control import Control
from engine.documents.extraction.extractor import open_document
from engine.library import checkpoint_policy
from engine.network.state import MambaState
from engine.protocol import wire
from engine.protocol.wire import Ask, Read, Summarize
from engine.reading.retention import DecayMeter
from engine.session import document_source
from engine.session.session import Session, open_session
from tests.engine.running import only, read_document, run
from tests.engine.tiny import write_pages


@pytest.fixture
def file(tmp_path) -> Path:
    return write_pages(tmp_path / "log.txt", 6)


def end_state(session: Session) -> MambaState:
    library = session.library
    ends = [s for s in library.snapshots.all() if s.kind == "end"]
    data = library.snapshots.load(ends[-1].id)
    assert data is not None
    return MambaState.from_bytes(bytes(data))


def test_a_reading_consumes_every_token_once_and_says_what_it_read_document(session, file):
    events = run(session, Read(job_id="r", path=str(file)))
    finished = only(events, wire.ReadingFinished)
    extracted = [event for event in events if isinstance(event, wire.PageExtracted)]
    assert sum(page.n_tokens for page in extracted) == finished.tokens
    prefix = len(session.runtime.tokenizer.document_prefix)
    assert end_state(session).n_tokens.tolist() == [finished.tokens + prefix]
    assert finished.pages == finished.pages_read == len(extracted)
    assert finished.pages_without_text == []
    assert "read in full" in finished.outcome


def test_a_file_that_was_read_is_not_read_again(session, file):
    first = read_document(session, file)
    again = run(session, Read(job_id="r", path=str(file)))
    assert only(again, wire.ReadingFinished).tokens_reused == first.tokens
    assert not any(isinstance(event, wire.PrefillAdvanced) for event in again)


def test_the_same_content_under_another_name_is_recognised(session, file, tmp_path):
    first = read_document(session, file)
    copy = tmp_path / "copy.log"
    copy.write_bytes(file.read_bytes())
    assert read_document(session, copy).tokens_reused == first.tokens


def test_a_cancelled_reading_goes_on_to_the_same_bits_as_one_never_stopped(tiny_folder, tmp_path, file):
    with open_session(tiny_folder, tmp_path / "whole.db", "cpu", "fp32") as whole:
        read_document(whole, file)
        undisturbed = end_state(whole)
    with open_session(tiny_folder, tmp_path / "stopped.db", "cpu", "fp32") as session:
        for stop_after in (0, 1, 2, 5):
            control, chunks = Control(), -1
            for event in session.run(Read(job_id="r", path=str(file)), control):
                chunks += isinstance(event, wire.PrefillAdvanced | wire.ReadingResumed)
                if chunks == stop_after:
                    control.cancel()
            assert isinstance(event, wire.JobCancelled)
        finished = read_document(session, file)
        assert finished.tokens_reused > 0
        resumed = end_state(session)
    assert torch.equal(resumed.ssm, undisturbed.ssm)
    assert torch.equal(resumed.conv, undisturbed.conv)


def test_a_cancel_within_a_chunk_leaves_the_state_of_the_chunk_before(tiny_folder, tmp_path, file, monkeypatch):
    with open_session(tiny_folder, tmp_path / "whole.db", "cpu", "fp32") as whole:
        run(whole, Read(job_id="r", path=str(file)))
        undisturbed, layers = end_state(whole), whole.runtime.model.config.n_layers
        document, reading = whole.library.documents.all()[0].id, whole.library.readings
        kept = whole.library.retention.of(document, reading.latest(document, whole.runtime.identity).id)
    control, seen, observe = Control(), 0, DecayMeter.__call__

    def observed(meter: DecayMeter, index: int, dt: torch.Tensor) -> None:
        nonlocal seen
        seen += 1
        if seen == 2 * layers + 1:  # the first layer of the third chunk
            control.cancel()
        observe(meter, index, dt)

    monkeypatch.setattr(DecayMeter, "__call__", observed)
    with open_session(tiny_folder, tmp_path / "stopped.db", "cpu", "fp32") as session:
        events = list(session.run(Read(job_id="r", path=str(file)), control))
        assert isinstance(events[-1], wire.JobCancelled) and seen == 2 * layers + 1
        assert sum(isinstance(event, wire.PrefillAdvanced) for event in events) == 2
        finished = read_document(session, file)
        assert finished.tokens_reused == 2 * session.runtime.chunk_length
        resumed = end_state(session)
        document, reading = session.library.documents.all()[0].id, session.library.readings
        found = session.library.retention.of(document, reading.latest(document, session.runtime.identity).id)
    assert torch.equal(resumed.ssm, undisturbed.ssm) and found == kept


def test_a_grown_file_costs_only_its_new_part(session, file):
    before = read_document(session, file)
    with file.open("a") as log:
        log.write("".join(f"Later reading {i} of gauge 3 was {i * 13} units.\n" for i in range(200)))
    after = read_document(session, file)
    assert after.tokens > before.tokens
    last_page = 3100  # the page that was last is longer now, so it may be read again
    assert before.tokens - last_page <= after.tokens_reused <= before.tokens
    assert 0 < after.tokens_reused < after.tokens


def test_a_change_in_the_middle_rewinds_to_a_checkpoint_before_it(session, file, monkeypatch):
    monkeypatch.setattr(checkpoint_policy, "SAVE_TOKENS", 1000)
    before = read_document(session, file)
    text = file.read_text()
    middle = text.index("# Entry 4")
    file.write_text(text[:middle] + "# Entry four\n" + text[middle + len("# Entry 4\n") :])
    after = read_document(session, file)
    assert 0 < after.tokens_reused <= before.tokens * 4 / 6
    file.write_text("# Another beginning\n" + text)
    assert read_document(session, file).tokens_reused == 0


def test_an_answer_leaves_the_document_state_as_it_was(session, file):
    read_document(session, file)
    before = end_state(session)
    events = run(session, Ask(job_id="q", path=str(file), question="Which gauge?"))
    answer = only(events, wire.AnswerFinished)
    assert "".join(e.text for e in events if isinstance(e, wire.AnswerDelta)).strip() == answer.text
    assert torch.equal(end_state(session).ssm, before.ssm)
    assert answer.evidence.kind in ("state", "section", "reread", "not_found")
    again = only(run(session, Ask(job_id="q", path=str(file), question="Which gauge?")), wire.AnswerFinished)
    assert again.text == answer.text


def test_a_question_as_of_a_page_sees_nothing_after_it(session, file, tmp_path):
    part = tmp_path / "part.txt"
    read_document(session, file)
    document = session.library.documents.all()[0]
    pages = session.library.pages.of(document.id)
    part.write_text("".join(page.text + "\n" for page in pages[:2]))
    known_by_then = only(run(session, Ask(job_id="q", path=str(file), question="What?", page=2)), wire.AnswerFinished)
    assert known_by_then.evidence.last_page <= 2
    turn = session.library.turns.of(document.id)[-1]
    assert turn.as_of_page == 2
    failed = run(session, Ask(job_id="q", path=str(file), question="What?", page=99))[-1]
    assert isinstance(failed, wire.JobFailed)
    assert failed.kind == "known"
    assert "no page 99" in failed.message


def test_a_follow_up_goes_on_from_its_parent(session, file):
    first = only(run(session, Ask(job_id="q", path=str(file), question="Which gauge?")), wire.AnswerFinished)
    then = only(
        run(session, Ask(job_id="q", path=str(file), question="And when?", parent=first.turn_id)),
        wire.AnswerFinished,
    )
    path = session.library.turns.path(then.turn_id)
    assert [turn.question for turn in path] == ["Which gauge?", "And when?"]


def test_a_summary_by_sections_names_their_pages_and_ends_in_one_text(session, file):
    events = run(session, Summarize(job_id="s", path=str(file), method="sections"))
    notes = [event for event in events if isinstance(event, wire.SectionSummarized)]
    assert [note.section for note in notes] == list(range(1, len(notes) + 1))
    assert len(notes) > 1
    assert notes[0].first_page == 1
    assert notes[-1].last_page == only(events, wire.ReadingFinished).pages
    finished = only(events, wire.SummaryFinished)
    assert (finished.basis.made_from, finished.basis.sections) == ("sections", len(notes))
    assert session.library.summaries.of(session.library.documents.all()[0].id)[0].text == finished.text


def test_auto_takes_the_state_inside_the_trained_context_and_sections_beyond_it(session, tmp_path, file):
    short = tmp_path / "short.txt"
    short.write_text("The pump failed on Monday.\n")
    assert only(run(session, Summarize(job_id="s", path=str(short))), wire.SummaryFinished).basis.made_from == "state"
    assert only(run(session, Summarize(job_id="s", path=str(file))), wire.SummaryFinished).basis.made_from == "sections"


def test_a_paused_reading_goes_on_when_resumed(session, file):
    control, events = Control(), []
    for event in session.run(Read(job_id="r", path=str(file)), control):
        events.append(event)
        if isinstance(event, wire.PrefillAdvanced) and not control.paused:
            control.pause()
            control.resume()
    assert isinstance(events[-1], wire.JobFinished)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no file"),
        (b"", "empty"),
        (b"%PDF-1.7 and then nothing", "damaged"),
        (bytes(range(256)) * 20, "neither a PDF nor text"),
        (b"\n \n\t\n", ""),
    ],
)
def test_what_cannot_be_read_is_one_sentence_and_leaves_no_trace(session, tmp_path, content, words):
    file = tmp_path / "thing.txt"
    if content is not None:
        file.write_bytes(content)
    failed = run(session, Read(job_id="r", path=str(file)))[-1]
    assert isinstance(failed, wire.JobFailed)
    assert failed.kind == "known"
    assert words in failed.message
    assert "\n" not in failed.message
    assert session.library.documents.all() == []


def test_a_bug_is_reported_as_a_bug_with_its_traceback(session, file, monkeypatch):
    monkeypatch.setattr(Session, "_read", lambda *_: 1 / 0)
    failed = run(session, Read(job_id="r", path=str(file)))[-1]
    assert isinstance(failed, wire.JobFailed)
    assert failed.kind == "bug"
    assert "ZeroDivisionError" in failed.details


def test_a_question_in_the_middle_of_a_reading_is_answered_from_what_was_read(session, tmp_path):
    file = write_pages(tmp_path / "long.txt", 8)
    asked = None
    for event in session.run(Read(job_id="r", path=str(file)), Control()):
        if isinstance(event, wire.PrefillAdvanced) and event.page >= 3 and asked is None:
            question = Ask(job_id="q", path=str(file), question="What so far?")
            assert session.can_answer_now(question)
            asked = only(run(session, question), wire.AnswerFinished)
    assert isinstance(event, wire.JobFinished)
    assert asked is not None
    assert 1 <= asked.evidence.last_page < 8
    with open_session(session.model.folder, tmp_path / "other.db", "cpu", "fp32") as undisturbed:
        read_document(undisturbed, file)
        assert torch.equal(end_state(undisturbed).ssm, end_state(session).ssm)


def test_a_reading_given_up_before_the_last_page_is_gone_on_with_by_the_next(session, file, monkeypatch):
    real = document_source.open_document

    def gives_up(path, password=None):
        opened = real(path, password)
        opened.info = replace(opened.info, page_count=99)
        return opened

    monkeypatch.setattr(document_source, "open_document", gives_up)
    first = read_document(session, file)
    assert session.library.documents.all()[0].state == "stopped"
    monkeypatch.undo()
    again = read_document(session, file)
    assert again.tokens_reused == first.tokens
    assert session.library.documents.all()[0].state == "done"


def test_a_smaller_quota_drops_checkpoints_and_a_reading_still_ends_whole(tiny_folder, tmp_path, file, monkeypatch):
    monkeypatch.setattr(checkpoint_policy, "SAVE_TOKENS", 1000)
    with open_session(tiny_folder, tmp_path / "library.db", "cpu", "fp32") as session:
        read_document(session, file)
        sizes = {snapshot.kind: snapshot.size for snapshot in session.library.snapshots.all()}
        assert len(session.library.snapshots.all()) > 3
        run(session, wire.Configure(job_id="c", quota_bytes=sizes["end"]))
        assert [snapshot.kind for snapshot in session.library.snapshots.all()] == ["end"]
    with open_session(tiny_folder, tmp_path / "small.db", "cpu", "fp32", quota=sizes["end"]) as session:
        read_document(session, file)
        assert sum(snapshot.size for snapshot in session.library.snapshots.all()) <= sizes["end"]


def test_an_opened_document_is_read_without_being_opened_again_unless_it_changed(session, file, monkeypatch):
    opened: list[str] = []
    monkeypatch.setattr(
        document_source, "open_document", lambda path, password: opened.append(path) or open_document(path, password)
    )
    run(session, wire.OpenDocument(job_id="o", path=str(file)))
    first = read_document(session, file)
    assert opened == [] and first.pages == 6
    run(session, wire.OpenDocument(job_id="p", path=str(file)))
    write_pages(file, 8)
    assert read_document(session, file).pages == 8 and opened == [str(file)]
