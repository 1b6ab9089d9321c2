"""Questions and what they leave: turns with their states, follow-ups, branches; nothing of them in a document's state.

Three of these are bugs that other programs shipped: the last token applied twice on a full hit, a state stored under a
hash that covers more than it had read, and a conversation that leaked into the saved document.
"""

from __future__ import annotations

from functools import partial

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.answering import pipeline, retrieval
from engine.control import Control
from engine.generation.generate import decode, prefill
from engine.generation.sampling import Sampling
from engine.library import checkpoint_policy
from engine.library.prefix import PrefixHasher
from engine.network.state import MambaState
from engine.prompting.prompts import page_text
from engine.protocol import wire
from engine.protocol.wire import Ask, Read
from engine.reading.resume import exact_snapshot, longest_state
from engine.session.session import Session, open_session
from tests.engine import running
from tests.engine.running import read_document, run
from tests.engine.tiny import write_pages


@pytest.fixture
def session(new_session, monkeypatch) -> Session:
    monkeypatch.setattr(checkpoint_policy, "SAVE_TOKENS", 1500)
    monkeypatch.setattr(retrieval, "SECTIONS", 0)  # the document state answers
    return new_session()


ask = partial(running.ask, reread="never")


def document_tokens(session: Session) -> list[int]:
    """All that the document state has consumed, made anew from the pages' text."""
    (document,) = session.library.documents.all()
    tokenizer = session.runtime.tokenizer
    ids = list(tokenizer.document_prefix)
    for page in session.library.pages.of(document.id):
        ids += tokenizer.encode_document(page_text(page.text)) if page.text.strip() else []
    return ids


def stored(session: Session, kind: str) -> list[tuple[int, MambaState]]:
    rows = [row for row in session.library.snapshots.all() if row.kind == kind]
    states = [(row.id, session.library.snapshots.load(row.id)) for row in rows]
    return [(row, MambaState.from_bytes(bytes(data))) for row, data in states if data is not None]


def fed(session: Session, ids: list[int]) -> MambaState:
    """The state after `ids`, read at once."""
    model = session.runtime.model
    state = model.new_state()
    for _ in prefill(model, state, ids, 256):
        pass
    return state


def agree(a: MambaState, b: MambaState) -> bool:
    return torch.allclose(a.ssm, b.ssm, rtol=1e-3, atol=1e-4) and torch.equal(a.n_tokens, b.n_tokens)


def test_turn_state_matches_its_hash(session, file):
    first = ask(session, file, "Which gauge?")
    ((row, state),) = stored(session, "turn")
    tokens = session.library.turns.tokens(first.turn_id, session.runtime.identity)
    assert tokens
    whole = [*document_tokens(session), *tokens]
    hasher = PrefixHasher(session.runtime.identity)
    hasher.feed(whole)
    prefix = session.library.snapshots.prefix(row)
    assert prefix is not None
    assert (prefix.hash, prefix.n_tokens) == (hasher.at().hash, state.n_tokens.item())
    assert agree(state, fed(session, whole))


def test_follow_up_feeds_only_its_question(session, file, monkeypatch):
    first = ask(session, file, "Which gauge?")
    lengths: list[int] = []
    generate_attempts = pipeline.generate_attempts

    def counted(runtime, prompts, control):
        lengths.append(len(prompts[0].tokens))
        return generate_attempts(runtime, prompts, control)

    monkeypatch.setattr(pipeline, "generate_attempts", counted)
    then = ask(session, file, "And when?", parent=first.turn_id)
    tokenizer = session.runtime.tokenizer
    assert lengths == [len(tokenizer.encode_request(tokenizer.prompts.next_question("And when?")))]
    # Dropped for space, the turn's state is made again from the document's, to the same answer.
    for row, _ in stored(session, "turn"):
        session.library.snapshots.drop(row)
    again = ask(session, file, "And when?", parent=first.turn_id)
    assert again.text == then.text
    assert lengths[1] > lengths[0]


def test_branches_are_independent(session, file):
    first = ask(session, file, "Which gauge?")
    left = ask(session, file, "And when?", parent=first.turn_id)
    right = ask(session, file, "How much?", parent=first.turn_id)
    assert ask(session, file, "And when?", parent=first.turn_id).text == left.text
    children = session.library.turns.children(session.library.documents.all()[0].id, first.turn_id)
    assert [turn.id for turn in children][:2] == [left.turn_id, right.turn_id]


def test_seed_is_reproducible(session, file):
    likeliest = ask(session, file, "Which gauge?")
    seeded = [ask(session, file, "Which gauge?", seed=seed).text for seed in (1, 1, 2, 3)]
    assert seeded[0] == seeded[1]
    assert len({likeliest.text, *seeded}) > 1
    assert session.library.turns.of(session.library.documents.all()[0].id)[-1].seed == 3


def test_follow_up_stays_at_page(session, file):
    read_document(session, file)
    first = ask(session, file, "Which gauge?", page=1)
    then = ask(session, file, "And when?", parent=first.turn_id)
    assert then.evidence.last_page == 1
    assert session.library.turns.get(then.turn_id).as_of_page == 1


def test_unknown_or_foreign_turn_fails(session, file, tmp_path):
    other = write_pages(tmp_path / "other.txt", 1)
    failed = run(session, Ask(job_id="q", path=str(file), question="What?", parent=7))[-1]
    assert isinstance(failed, wire.JobFailed)
    assert (failed.kind, "no turn 7" in failed.message) == ("known", True)
    assert session.library.documents.all() == []  # found out before anything was read
    first = ask(session, file, "Which gauge?")
    failed = run(session, Ask(job_id="q", path=str(other), question="What?", parent=first.turn_id))[-1]
    assert isinstance(failed, wire.JobFailed)
    assert "log, not this document" in failed.message


def test_follow_up_about_grown_document(session, file):
    first = ask(session, file, "Which gauge?")
    with file.open("a") as log:
        log.write("A later line about gauge 9.\n")
    then = ask(session, file, "And when?", parent=first.turn_id)
    tokens = session.library.turns.tokens(first.turn_id, session.runtime.identity)
    last = session.library.turns.tokens(then.turn_id, session.runtime.identity)
    state = dict(stored(session, "turn"))[session.library.turns.get(then.turn_id).snapshot]
    assert agree(state, fed(session, [*document_tokens(session), *tokens, *last]))


def test_document_state_holds_no_conversation(session, file, tmp_path, tiny_folder):
    """Asked in the middle of a reading, at its end and again, the document's own states hold the document alone."""
    asked = False
    for event in session.run(Read(job_id="r", path=str(file)), Control()):
        if isinstance(event, wire.PrefillAdvanced) and not asked:
            asked = bool(ask(session, file, "What so far?").turn_id)
    first = ask(session, file, "Which gauge?")
    ask(session, file, "And when?", parent=first.turn_id)
    whole = document_tokens(session)
    hasher = PrefixHasher(session.runtime.identity)
    hasher.feed(whole)
    for kind in ("end", "checkpoint"):
        for row, state in stored(session, kind):
            prefix = session.library.snapshots.prefix(row)
            assert prefix is not None and prefix == hasher.at(int(state.n_tokens))
    # A document that goes on with the very words of the question and its answer is still read as a document.
    with file.open("a") as log:
        prompts = session.runtime.tokenizer.prompts
        log.write(prompts.question("Which gauge?").text + prompts.after_user + first.text + "\n")
    grown = read_document(session, file)
    with open_session(tiny_folder, tmp_path / "other.db", "cpu", "fp32") as other:
        assert read_document(other, file).tokens == grown.tokens
        ((_, expected),) = stored(other, "end")
    ((_, found),) = stored(session, "end")
    assert agree(found, expected)


def test_last_token_is_applied_once(session, file):
    """A full hit needs logits, and others got them by feeding the last token to a state that had it already. Here a
    restored state is fed what comes next, and goes on token for token like one that never stopped."""
    read_document(session, file)
    whole = document_tokens(session)
    ((_, restored),) = stored(session, "end")
    assert restored.n_tokens.tolist() == [len(whole)]
    model, tokenizer = session.runtime.model, session.runtime.tokenizer
    request = tokenizer.encode_request(tokenizer.prompts.question("Which gauge?"))
    said = []
    for state in (fed(session, whole), restored):
        logits = model(torch.tensor([request]), state)
        said.append(list(decode(model, state, logits, Sampling(), (), 40)))
    assert said[0] == said[1]
    ((row, before),) = stored(session, "end")
    assert read_document(session, file).tokens_reused == len(whole) - len(tokenizer.document_prefix)
    assert torch.equal(dict(stored(session, "end"))[row].ssm, before.ssm)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stop_after=st.integers(1, 14))
def test_hash_is_never_ahead_of_state(session, file, stop_after):
    """Stopped anywhere, every stored state has consumed exactly the tokens that its hash and its number say."""
    control, chunks = Control(), 0
    for event in session.run(Read(job_id="r", path=str(file)), control):
        chunks += isinstance(event, wire.PrefillAdvanced)
        if chunks == stop_after:
            control.cancel()
    found = [
        (session.library.snapshots.prefix(row), state)
        for kind in ("checkpoint", "end")
        for row, state in stored(session, kind)
    ]
    read_document(session, file)
    whole = document_tokens(session)
    hasher = PrefixHasher(session.runtime.identity)
    hasher.feed(whole)
    for prefix, state in found:
        assert prefix == hasher.at(prefix.n_tokens)
        assert state.n_tokens.tolist() == [prefix.n_tokens]
    prefix, state = max(found, key=lambda pair: pair[0].n_tokens)
    assert agree(state, fed(session, whole[: prefix.n_tokens]))
    session.library.documents.remove(session.library.documents.all()[0].id)


def test_a_state_is_refused_under_the_hash_of_more_than_it_has_read_document(session, file):
    read_document(session, file)
    ((row, state),) = stored(session, "end")
    hasher = PrefixHasher.resume(session.library.snapshots.prefix(row))
    hasher.feed([65])
    with pytest.raises(ValueError, match="cannot stand for"):
        exact_snapshot("turn", hasher.at(), state)
    assert longest_state(session.library, hasher, torch.device("cpu"))[0] == hasher.n_tokens - 1
