"""The hash of a token prefix: the exact tokens that a state has consumed, and the model that consumed them.

Tokens are hashed in blocks of `BLOCK`, each block's link chained to the one before:

    link(0)     = H(identity)
    link(i + 1) = H(link(i), block i)
    hash(n)     = H(identity, link(n // BLOCK), n, the n % BLOCK tokens after that link)

so the hash of any position costs one short tail, and the links of a whole document are enough to ask the library, in
one query, which stored states lie along it. H is BLAKE2b with 32 bytes; tokens are hashed as little-endian uint32.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

BLOCK = 256
"""Tokens in a block: a tail is at most 1,020 bytes, a million tokens have 3,906 links."""
_BLOCK_BYTES = BLOCK * 4
_DIGEST_BYTES = 32
_MAX_TOKEN = 0xFFFFFFFF

Tokens = Sequence[int] | bytes | Any
"""Token ids: any sequence of integers or integer array below 2**32; bytes are taken as little-endian uint32."""


@dataclass(frozen=True)
class Identity:
    """Everything besides the tokens that a state depends on; two identities never share a state.

    `weights` is the fingerprint of the weights, `tokenizer` that of the tokenizer, `prefix` the text consumed before
    the document, `precision` the compute dtype, `format` the layout of the state's bytes. `name` is for people and
    counts for nothing.
    """

    weights: str
    tokenizer: str
    prefix: str
    precision: str
    format: str
    name: str = ""

    @property
    def key(self) -> str:
        """Return 64 hexadecimal digits; every field counts with its length, so that no two splits of a text agree."""
        digest = blake2b(digest_size=_DIGEST_BYTES, person=b"rt-identity")
        for field in (self.weights, self.tokenizer, self.prefix, self.precision, self.format):
            data = field.encode("utf-8", "surrogatepass")
            digest.update(len(data).to_bytes(8, "little") + data)
        return digest.hexdigest()


@dataclass(frozen=True)
class Prefix:
    """The first `n_tokens` tokens of a sequence under one identity: the key of a snapshot."""

    identity: Identity
    n_tokens: int
    hash: bytes
    """H of exactly these tokens, their number and the identity."""
    link: bytes
    """The chain's link at the last block boundary, and ..."""
    tail: bytes
    """... the tokens after it: enough for `PrefixHasher.resume` to go on without the tokens before."""

    @property
    def link_key(self) -> int:
        return link_key(self.link)


def link_key(link: bytes) -> int:
    """Return the first 64 bits of a link as the signed integer that the library's index holds.

    It only narrows the search: a match counts when the whole hash agrees.
    """
    return int.from_bytes(link[:8], "little", signed=True)


class PrefixHasher:
    """Hashes a token sequence as it grows; gives the `Prefix` at any position it has kept the tokens of.

    It keeps 32 bytes a block (125 KB for a million tokens) and the tokens themselves, 4 bytes each, until `forget`.
    """

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self._key = bytes.fromhex(identity.key)
        self._first_block = 0
        self._links = [_h(b"rt-root", self._key)]
        self._tokens = bytearray()
        self._forgotten = 0  # blocks whose tokens were dropped, counted from _first_block

    @classmethod
    def resume(cls, prefix: Prefix) -> PrefixHasher:
        """Return a hasher at the end of `prefix`; it has no positions before that. Raises ValueError when the prefix
        does not agree with its own hash."""
        hasher = cls(prefix.identity)
        hasher._first_block = prefix.n_tokens // BLOCK
        hasher._links = [prefix.link]
        hasher._tokens = bytearray(prefix.tail)
        if len(prefix.tail) != prefix.n_tokens % BLOCK * 4 or hasher.at().hash != prefix.hash:
            raise ValueError("the prefix does not agree with its own hash")
        return hasher

    @property
    def n_tokens(self) -> int:
        """Tokens fed so far, those of a resumed prefix included."""
        return (self._first_block + self._forgotten) * BLOCK + len(self._tokens) // 4

    @property
    def first_position(self) -> int:
        """The smallest position whose hash is still available."""
        return (self._first_block + self._forgotten) * BLOCK

    def feed(self, tokens: Tokens) -> None:
        """Append `tokens`. Raises ValueError for a token id outside 0 .. 2**32 - 1; nothing is appended then."""
        self._tokens += _as_bytes(tokens)
        start = (len(self._links) - 1 - self._forgotten) * _BLOCK_BYTES
        link = self._links[-1]
        with memoryview(self._tokens) as view:
            for at in range(start, len(view) - _BLOCK_BYTES + 1, _BLOCK_BYTES):
                link = _h(b"rt-link", link, view[at : at + _BLOCK_BYTES])
                self._links.append(link)

    def at(self, position: int | None = None) -> Prefix:
        """Return the prefix of the first `position` tokens; of all of them by default.

        Raises ValueError for a position not yet fed, or before `first_position`.
        """
        if position is None:
            position = self.n_tokens
        if not self.first_position <= position <= self.n_tokens:
            raise ValueError(f"position {position} is outside {self.first_position} .. {self.n_tokens}")
        block = position // BLOCK - self._first_block
        start = (block - self._forgotten) * _BLOCK_BYTES
        tail = bytes(self._tokens[start : start + position % BLOCK * 4])
        link = self._links[block]
        digest = _h(b"rt-end", self._key, link, position.to_bytes(8, "little"), tail)
        return Prefix(self.identity, position, digest, link, tail)

    def forget(self, position: int) -> None:
        """Drop the tokens of whole blocks before `position`; later positions keep their hashes."""
        blocks = min(position, self.n_tokens) // BLOCK - self._first_block - self._forgotten
        if blocks > 0:
            del self._tokens[: blocks * _BLOCK_BYTES]
            self._forgotten += blocks

    def copy(self) -> PrefixHasher:
        """Return an independent hasher at the same place: for a question's tokens after a document's."""
        twin = PrefixHasher.__new__(PrefixHasher)
        twin.identity, twin._key = self.identity, self._key
        twin._first_block, twin._forgotten = self._first_block, self._forgotten
        twin._links, twin._tokens = self._links.copy(), self._tokens.copy()
        return twin

    def link_keys(self, limit: int | None = None) -> list[int]:
        """Return the `link_key` of every block boundary from `first_position` up to `limit` tokens (default: all)."""
        end = self.n_tokens if limit is None else min(limit, self.n_tokens)
        last = max(0, end // BLOCK - self._first_block + 1)
        return [link_key(link) for link in self._links[self._forgotten : last]]


def hash_tokens(identity: Identity, tokens: Tokens) -> Prefix:
    """Return the prefix of a whole token sequence at once."""
    hasher = PrefixHasher(identity)
    hasher.feed(tokens)
    return hasher.at()


def _h(person: bytes, *parts: bytes | memoryview) -> bytes:
    digest = blake2b(digest_size=_DIGEST_BYTES, person=person)
    for part in parts:
        digest.update(part)
    return digest.digest()


def _as_bytes(tokens: Tokens) -> bytes:
    if isinstance(tokens, bytes):
        if len(tokens) % 4:
            raise ValueError("token bytes must be whole uint32 values")
        return tokens
    import numpy as np  # here, and not above: the window imports this module and never hashes

    array: np.ndarray = np.asarray(tokens)
    if array.size == 0:
        return b""
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise ValueError("tokens must be a flat sequence of integers")
    if array.dtype != np.uint32 and array.size and (int(array.min()) < 0 or int(array.max()) > _MAX_TOKEN):
        raise ValueError("a token id is outside 0 .. 4294967295")
    return array.astype("<u4", copy=False).tobytes()
