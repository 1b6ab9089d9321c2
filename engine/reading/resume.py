"""Resuming: from saved states back to states that the model can continue from.

`longest_snapshot` serves a reading that resumes, `end_state` a document that was read before, `state_at_page` a
question about an earlier page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from engine.control import Cancelled, Control
from engine.errors import KnownError
from engine.generation.runtime import Runtime
from engine.generation.sampling import NOT_A_NUMBER, GenerationError
from engine.library.library import Library
from engine.library.prefix import Prefix, PrefixHasher
from engine.library.records import Document, NewSnapshot, Reading, Rounding, Snapshot, SnapshotKind
from engine.library.snapshots import KINDS
from engine.network.state import MambaState, StateError
from engine.reading.chunks import after, pack_chunks
from engine.reading.document_state import DocumentState
from engine.reading.page_feed import tokenize_page


def longest_state(
    library: Library, hasher: PrefixHasher, device: torch.device, limit: int | None = None
) -> tuple[int, MambaState] | None:
    """Return `longest_snapshot` as (tokens consumed, state)."""
    found = longest_snapshot(library, hasher, device, limit)
    return None if found is None else (found[0].n_tokens, found[1])


def longest_snapshot(
    library: Library,
    hasher: PrefixHasher,
    device: torch.device,
    limit: int | None = None,
    *,
    exact: bool = False,
    kinds: Sequence[SnapshotKind] = KINDS,
) -> tuple[Snapshot, MambaState] | None:
    """Return the snapshot that has consumed the most of the tokens fed to `hasher` (at most `limit`), and its state.
    `exact`: only one that was not rounded; `kinds`: only one of these.

    A snapshot whose bytes are no state, or the state of another number of tokens, is dropped, and the next longest one
    tried. None: read from the start.
    """
    while (found := library.snapshots.load_longest(hasher, limit, exact, kinds)) is not None:
        snapshot, data = found
        state = _state_from(data, device, snapshot.n_tokens)
        if state is not None:
            return snapshot, state
        library.snapshots.drop(snapshot.id)
    return None


def end_state(runtime: Runtime, library: Library, document: Document) -> DocumentState | None:
    """Return the state after the whole of `document`, if this model has read it to the end and its bytes and the
    document's texts are undamaged."""
    reading = library.readings.latest(document.id, runtime.identity)
    if reading is None or reading.state != "done" or not library.readings.is_whole(reading):
        return None
    consumed = reading.tokens_read if reading.state_tokens is None else reading.state_tokens
    wanted = ("end", reading.identity, consumed)
    ends = (s for s in library.snapshots.of(document.id) if (s.kind, s.identity, s.n_tokens) == wanted)
    snapshot = next(ends, None)
    data = None if snapshot is None else library.snapshots.load(snapshot.id)
    prefix = None if snapshot is None else library.snapshots.prefix(snapshot.id)
    if data is None or prefix is None:
        return None
    state = _state_from(data, runtime.model.device, prefix.n_tokens)
    if state is None:
        return None
    return DocumentState(
        document,
        state,
        pages=document.n_pages or reading.pages_read,
        tokens=reading.tokens_read - len(runtime.tokenizer.document_prefix),
        prefix=prefix,
        retention=library.retention.of(document.id, reading.id),
        state_pages=None if reading.state_tokens is None else _page_at(library, reading, reading.state_tokens),
    )


def state_at_page(runtime: Runtime, library: Library, of: DocumentState, page: int, control: Control) -> DocumentState:
    """Return `of` as it stood at the end of `page`, made from the nearest saved state before. The state of a document
    that is read by sections goes no further than its beginning.

    Raises KnownError for a page that the document does not have, Cancelled.
    """
    pages = library.pages.of(of.document.id, last=page)
    if page < 1 or not pages or pages[-1].number != page:
        last = library.documents.get(of.document.id).pages_read
        raise KnownError(f"the document has no page {page}; choose a page from 1 to {last}", reason="no such page")
    if of.state_pages is not None and page >= of.state_pages:
        return replace(of, pages=page, retention=None)
    opening = runtime.tokenizer.document_prefix
    tokens = [(p.number, tokenize_page(runtime.tokenizer, p.text)) for p in pages]
    hasher = PrefixHasher(runtime.identity)
    hasher.feed(opening)
    for _, ids in tokens:
        hasher.feed(ids)
    found = longest_state(library, hasher, runtime.model.device)
    if found is not None and found[0] >= len(opening):
        consumed, state = found
    else:
        consumed, state = len(opening), runtime.model.new_state()
        runtime.model(torch.tensor([opening]), state)
    for chunk in pack_chunks(after(consumed - len(opening), tokens), runtime.chunk_length):
        control.wait_while_paused()
        if control.cancelled:
            raise Cancelled
        runtime.model(torch.frombuffer(chunk.ids, dtype=torch.int32).to(torch.int64)[None], state)
    return replace(of, state=state, prefix=hasher.at(), pages=page, retention=None, state_pages=None)


def exact_snapshot(
    kind: SnapshotKind, prefix: Prefix, state: MambaState, decay: bytes | None = None, exact: bool = True
) -> NewSnapshot:
    """Return the snapshot that stores `state`, one row, in fp32 under `prefix`, with its decay sums. Raises ValueError
    unless it has consumed just as many tokens. `exact`: whether it was computed without rounded states."""
    if state.n_tokens.tolist() != [prefix.n_tokens]:
        raise ValueError(f"a state after {state.n_tokens.tolist()} tokens cannot stand for {prefix.n_tokens}")
    require_finite(state)
    return NewSnapshot(kind, prefix, state.to_bytes(), "fp32", exact=exact, decay=decay)


def require_finite(state: MambaState) -> None:
    """Raise GenerationError where a number of `state` is infinite or no number: such a state is not saved."""
    if not is_finite(state):
        raise GenerationError(NOT_A_NUMBER)


def is_finite(state: MambaState) -> bool:
    """Return whether all numbers of `state` are finite."""
    return bool(torch.isfinite(state.ssm).all()) and bool(torch.isfinite(state.conv).all())


def to_int8(data: bytearray) -> bytes | None:
    """Return the bytes of a state with its recurrent part in blocks of int8; None where they are no state."""
    try:
        return MambaState.from_bytes(bytes(data)).to_bytes(torch.int8)
    except StateError:
        return None


CHECKPOINT_ROUNDING = Rounding("int8", to_int8)
"""Older checkpoints of a reading are stored so."""


def _page_at(library: Library, reading: Reading, tokens: int) -> int:
    """Return the page of the last of the first `tokens` tokens of a reading."""
    spans = library.pages.spans(reading.document, reading.id)
    return max((span.number for span in spans if span.n_tokens and (span.first_token or 0) < tokens), default=0)


def _state_from(data: bytearray, device: torch.device, n_tokens: int) -> MambaState | None:
    try:
        state = MambaState.from_bytes(bytes(data), device)
    except StateError:
        return None
    return state if state.n_tokens.tolist() == [n_tokens] and is_finite(state) else None
