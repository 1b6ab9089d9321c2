"""I4: the stored state found for a token sequence is the longest that consumed exactly its prefix, never another."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.library.library import Library
from engine.library.prefix import BLOCK, Identity, PrefixHasher, hash_tokens
from engine.library.records import NewSnapshot, NewTurn
from tests.engine.library_fakes import FakeFile, state_after

_examples = 0


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with Library.open(tmp_path_factory.mktemp("library") / "library.db") as opened:
        yield opened


def fresh_identity() -> Identity:
    """One that no earlier example has stored anything under."""
    global _examples  # noqa: PLW0603
    _examples += 1
    return Identity(f"weights {_examples}", "", "", "fp32", "1")


# Runs of one token, so that sequences share long prefixes and differ anywhere; lengths crowd around block boundaries.
edges = st.sampled_from([1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK - 1, 2 * BLOCK, 2 * BLOCK + 1])
runs = st.lists(st.tuples(st.integers(0, 1), st.one_of(edges, st.integers(1, 3 * BLOCK))), max_size=4)


def expand(pieces: list[tuple[int, int]]) -> list[int]:
    return [token for token, length in pieces for _ in range(length)]


def save(library: Library, identity: Identity, tokens: list[int], document: int) -> int:
    prefix = hash_tokens(identity, tokens)
    return library.snapshots.save(document, NewSnapshot("checkpoint", prefix, state_after(prefix.hash, 64), "fp32"))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(runs, max_size=8), runs, st.one_of(st.none(), st.integers(0, 4 * BLOCK)), st.data())
def test_longest_prefix_agrees_with_comparing_all_tokens(
    library: Library, stored: list, wanted: list, limit: int | None, data: st.DataObject
) -> None:
    identity, other = fresh_identity(), fresh_identity()
    document = library.documents.for_file(FakeFile(sha256=identity.key)).id
    tokens = expand(wanted)
    sequences = [expand(pieces) for pieces in stored]
    # Cuts of the wanted sequence itself: states of an earlier reading, or of an edited or grown file.
    cuts = data.draw(st.lists(st.integers(0, len(tokens)), max_size=4))
    sequences += [tokens[:cut] for cut in cuts]
    for sequence in sequences:
        save(library, identity, sequence, document)
    save(library, other, tokens, document)
    hasher = PrefixHasher(identity)
    hasher.feed(tokens)
    end = len(tokens) if limit is None else limit
    matching = [len(s) for s in sequences if len(s) <= end and s == tokens[: len(s)]]
    found = library.snapshots.longest(hasher, limit)
    assert (found.n_tokens if found else None) == max(matching, default=None)
    resumed = library.snapshots.load_longest(hasher, limit)
    if resumed is not None:
        snapshot, state = resumed
        assert state == state_after(hash_tokens(identity, tokens[: snapshot.n_tokens]).hash, 64)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 5 * BLOCK), st.integers(1, 3 * BLOCK), st.integers(1, 40))
def test_a_grown_sequence_starts_from_its_old_end(library: Library, old: int, added: int, checkpoints: int) -> None:
    identity = fresh_identity()
    document = library.documents.for_file(FakeFile(sha256=identity.key)).id
    tokens = [(n * 2654435761) % 65_024 for n in range(old + added)]
    hasher = PrefixHasher(identity)
    hasher.feed(tokens[:old])
    for position in range(old, 0, -max(1, old // checkpoints)):
        library.snapshots.save(document, NewSnapshot("checkpoint", hasher.at(position), b"x", "fp32"))
    hasher.feed(tokens[old:])
    found = library.snapshots.longest(hasher)
    assert found is not None and found.n_tokens == old


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 5 * BLOCK), st.data())
def test_an_edit_goes_back_to_the_last_state_before_it(library: Library, length: int, data: st.DataObject) -> None:
    identity = fresh_identity()
    document = library.documents.for_file(FakeFile(sha256=identity.key)).id
    tokens = [(n * 2654435761) % 65_024 for n in range(length)]
    hasher = PrefixHasher(identity)
    hasher.feed(tokens)
    positions = sorted(data.draw(st.sets(st.integers(1, length), max_size=12)))
    for position in positions:
        library.snapshots.save(document, NewSnapshot("checkpoint", hasher.at(position), b"x", "fp32"))
    edit = data.draw(st.integers(0, length - 1))
    changed = PrefixHasher(identity)
    changed.feed([*tokens[:edit], tokens[edit] + 1, *tokens[edit + 1 :]])
    found = library.snapshots.longest(changed)
    assert (found.n_tokens if found else 0) == max((p for p in positions if p <= edit), default=0)


@pytest.mark.parametrize("length", [BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK])
def test_sequences_of_one_length_that_end_at_a_block_are_told_apart(library: Library, length: int) -> None:
    identity = fresh_identity()
    document = library.documents.for_file(FakeFile(sha256=identity.key)).id
    one, two = [1] * length, [1] * (length - 1) + [2]
    first, second = (save(library, identity, tokens, document) for tokens in (one, two))
    for tokens, expected in ((one, first), (two, second), ([3, *one[1:]], None), ([*one[:-1], 3], None)):
        hasher = PrefixHasher(identity)
        hasher.feed(tokens)
        found = library.snapshots.longest(hasher)
        assert (found.id if found else None) == expected


def test_a_state_that_consumed_more_is_never_found_for_less(library: Library) -> None:
    """The state of a turn has consumed the question too: the document alone must not resume from it."""
    identity = fresh_identity()
    document = library.documents.for_file(FakeFile(sha256=identity.key)).id
    text, question = list(range(1000)), [7, 8, 9]
    save(library, identity, text, document)
    turn = library.turns.add(
        document,
        identity,
        NewTurn("q", "a", snapshot=NewSnapshot("turn", hash_tokens(identity, text + question), b"turn", "fp32")),
    )
    hasher = PrefixHasher(identity)
    hasher.feed(text)
    found = library.snapshots.longest(hasher)
    assert found is not None and found.kind == "checkpoint"
    hasher.feed([7, 8, 10])
    found = library.snapshots.longest(hasher)
    assert found is not None and found.kind == "checkpoint"
    follow_up = hasher.copy()
    assert library.snapshots.longest(follow_up, limit=999) is None
    again = PrefixHasher(identity)
    again.feed(text + question + [1])
    found = library.snapshots.longest(again)
    assert found is not None and found.id == library.turns.get(turn).snapshot


def test_another_precision_or_model_never_matches(library: Library) -> None:
    identity = fresh_identity()
    document = library.documents.for_file(FakeFile(sha256=identity.key)).id
    save(library, identity, [1, 2, 3], document)
    for other in (
        Identity(identity.weights, "", "", "bf16", "1"),
        Identity(identity.weights, "", "", "fp32", "2"),
        Identity(identity.weights, "", "another prefix", "fp32", "1"),
        fresh_identity(),
    ):
        hasher = PrefixHasher(other)
        hasher.feed([1, 2, 3])
        assert library.snapshots.longest(hasher) is None


def test_an_exact_state_can_be_asked_for(library: Library) -> None:
    identity = fresh_identity()
    document = library.documents.for_file(FakeFile(sha256=identity.key)).id
    hasher = PrefixHasher(identity)
    hasher.feed(range(600))
    library.snapshots.save(document, NewSnapshot("checkpoint", hasher.at(400), b"exact", "fp32"))
    library.snapshots.save(document, NewSnapshot("checkpoint", hasher.at(500), b"half", "bf16"))
    longest, exact = library.snapshots.longest(hasher), library.snapshots.longest(hasher, exact=True)
    assert longest is not None and longest.n_tokens == 500
    assert exact is not None and exact.n_tokens == 400


def test_a_hasher_resumed_from_a_state_finds_that_state_and_later_ones(library: Library) -> None:
    identity = fresh_identity()
    document = library.documents.for_file(FakeFile(sha256=identity.key)).id
    tokens = list(range(1000))
    first = save(library, identity, tokens, document)
    prefix = library.snapshots.prefix(first)
    assert prefix is not None
    hasher = PrefixHasher.resume(prefix)
    found = library.snapshots.longest(hasher)
    assert found is not None and found.id == first
    second = save(library, identity, [*tokens, *range(300)], document)
    hasher.feed(range(400))
    found = library.snapshots.longest(hasher)
    assert found is not None and found.id == second


def test_the_look_up_is_one_query_whatever_the_length(library: Library) -> None:
    identity = fresh_identity()
    document = library.documents.for_file(FakeFile(sha256=identity.key)).id
    hasher = PrefixHasher(identity)
    counts = []
    for _ in range(3):
        hasher.feed(range(50_000))
        library.snapshots.save(document, NewSnapshot("checkpoint", hasher.at(), b"x", "fp32"))
        statements: list[str] = []
        with library._db.read() as conn:
            conn.set_trace_callback(statements.append)
            library.snapshots.longest(hasher)
            conn.set_trace_callback(None)
        counts.append(sum("FROM snapshots" in statement for statement in statements))
    assert counts == [1, 1, 1]
