"""The chained prefix hash: the same for any way of feeding, different for any other prefix or identity."""

from __future__ import annotations

import array
import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.library.prefix import BLOCK, Identity, PrefixHasher, hash_tokens

IDENTITY = Identity("weights", "tokenizer", "prefix", "fp32", "1", "a model")
lengths = st.one_of(
    st.integers(0, 20),
    st.integers(BLOCK - 2, BLOCK + 2),
    st.integers(2 * BLOCK - 2, 2 * BLOCK + 2),
    st.integers(0, 900),
)


def sequence(length: int, seed: int = 0) -> list[int]:
    return np.random.default_rng(seed).integers(0, 2**32, length, dtype=np.uint32).tolist()


@given(st.lists(lengths, max_size=6), st.integers(0, 5))
def test_any_way_of_feeding_gives_the_same_prefix(pieces: list[int], seed: int) -> None:
    tokens = sequence(sum(pieces), seed)
    hasher, at = PrefixHasher(IDENTITY), 0
    for piece in pieces:
        hasher.feed(tokens[at : at + piece])
        at += piece
    assert hasher.n_tokens == len(tokens)
    assert hasher.at() == hash_tokens(IDENTITY, tokens)


@given(lengths, st.data())
def test_every_position_gives_the_hash_of_just_that_prefix(length: int, data: st.DataObject) -> None:
    tokens = sequence(length)
    hasher = PrefixHasher(IDENTITY)
    hasher.feed(tokens)
    position = data.draw(st.integers(0, length))
    assert hasher.at(position) == hash_tokens(IDENTITY, tokens[:position])


@given(lengths, lengths, st.booleans())
def test_resuming_from_a_prefix_goes_on_without_the_tokens_before(before: int, after: int, forget: bool) -> None:
    tokens = sequence(before + after)
    hasher = PrefixHasher.resume(hash_tokens(IDENTITY, tokens[:before]))
    hasher.feed(tokens[before:])
    if forget:
        hasher.forget(before + after)
    assert hasher.at() == hash_tokens(IDENTITY, tokens)


def test_resuming_from_a_prefix_that_was_tampered_with_is_refused() -> None:
    prefix = hash_tokens(IDENTITY, sequence(300))
    for wrong in (
        dataclasses.replace(prefix, tail=b"\1" + prefix.tail[1:]),
        dataclasses.replace(prefix, tail=prefix.tail[4:]),
        dataclasses.replace(prefix, link=bytes(32)),
        dataclasses.replace(prefix, n_tokens=prefix.n_tokens + BLOCK),
        dataclasses.replace(prefix, identity=dataclasses.replace(IDENTITY, weights="others")),
    ):
        with pytest.raises(ValueError, match="does not agree"):
            PrefixHasher.resume(wrong)


@given(lengths.filter(bool), st.data())
def test_one_other_token_gives_another_hash(length: int, data: st.DataObject) -> None:
    tokens = sequence(length)
    changed = tokens.copy()
    changed[data.draw(st.integers(0, length - 1))] ^= 1 << data.draw(st.integers(0, 31))
    assert hash_tokens(IDENTITY, changed).hash != hash_tokens(IDENTITY, tokens).hash


def test_prefixes_of_zeros_differ_by_their_length_alone() -> None:
    hasher = PrefixHasher(IDENTITY)
    hasher.feed([0] * (3 * BLOCK))
    assert len({hasher.at(position).hash for position in range(3 * BLOCK + 1)}) == 3 * BLOCK + 1


@pytest.mark.parametrize("field", ["weights", "tokenizer", "prefix", "precision", "format"])
def test_every_field_of_the_identity_counts(field: str) -> None:
    other = dataclasses.replace(IDENTITY, **{field: "another"})
    assert other.key != IDENTITY.key
    assert hash_tokens(other, [1, 2, 3]).hash != hash_tokens(IDENTITY, [1, 2, 3]).hash


def test_the_name_of_the_model_does_not_count_and_fields_do_not_run_together() -> None:
    assert dataclasses.replace(IDENTITY, name="renamed").key == IDENTITY.key
    assert Identity("ab", "c", "", "", "").key != Identity("a", "bc", "", "", "").key


def test_forgotten_tokens_leave_later_positions_as_they_were() -> None:
    tokens = sequence(5 * BLOCK + 17)
    hasher = PrefixHasher(IDENTITY)
    hasher.feed(tokens[: 3 * BLOCK + 5])
    hasher.forget(3 * BLOCK + 2)
    assert hasher.first_position == 3 * BLOCK
    hasher.forget(BLOCK)
    hasher.feed(tokens[3 * BLOCK + 5 :])
    assert hasher.n_tokens == len(tokens)
    for position in (3 * BLOCK, 3 * BLOCK + 1, 4 * BLOCK, len(tokens)):
        assert hasher.at(position) == hash_tokens(IDENTITY, tokens[:position])
    for position in (3 * BLOCK - 1, len(tokens) + 1, -1):
        with pytest.raises(ValueError, match="outside"):
            hasher.at(position)


def test_a_copy_goes_its_own_way() -> None:
    hasher = PrefixHasher(IDENTITY)
    hasher.feed(sequence(BLOCK + 1))
    twin = hasher.copy()
    twin.feed([7] * BLOCK)
    assert hasher.at() == hash_tokens(IDENTITY, sequence(BLOCK + 1))
    assert twin.at() == hash_tokens(IDENTITY, [*sequence(BLOCK + 1), *[7] * BLOCK])


def test_lists_arrays_and_bytes_of_the_same_tokens_agree() -> None:
    tokens = [*sequence(300), 0, 2**32 - 1]
    expected = hash_tokens(IDENTITY, tokens)
    for same in (
        tuple(tokens),
        np.array(tokens),
        np.array(tokens, dtype=np.uint32),
        np.array(tokens, dtype=">u4"),
        np.repeat(np.array(tokens), 2)[::2],
        array.array("Q", tokens),
        np.array(tokens, dtype="<u4").tobytes(),
    ):
        assert hash_tokens(IDENTITY, same) == expected


@pytest.mark.parametrize("wrong", [[-1], [2**32], [2**70], [1.5], ["1"], [[1, 2]], b"abc", np.array([-1])])
def test_what_is_no_token_is_refused_and_nothing_is_appended(wrong: object) -> None:
    hasher = PrefixHasher(IDENTITY)
    with pytest.raises(ValueError, match=r"token"):
        hasher.feed(wrong)
    assert hasher.n_tokens == 0


def test_a_later_link_follows_from_all_before_it() -> None:
    tokens = sequence(4 * BLOCK)
    hasher, changed = PrefixHasher(IDENTITY), PrefixHasher(IDENTITY)
    hasher.feed(tokens)
    changed.feed([tokens[0] ^ 1, *tokens[1:]])
    assert len(hasher.link_keys()) == 5
    assert hasher.link_keys(2 * BLOCK + 9) == hasher.link_keys()[:3]
    assert hasher.link_keys()[0] == changed.link_keys()[0]
    assert not set(hasher.link_keys()[1:]) & set(changed.link_keys()[1:])
