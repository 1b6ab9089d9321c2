"""The document state as it stood at the end of an earlier page: what was known by then."""

from __future__ import annotations

from collections.abc import Generator

import torch

from engine.control import Cancelled, Control
from engine.errors import KnownError
from engine.generation.runtime import Runtime
from engine.library.library import Library
from engine.library.prefix import Prefix, PrefixHasher
from engine.network.state import MambaState
from engine.reading.chunks import after, pack_chunks
from engine.reading.page_feed import tokenize_page
from engine.reading.resume import longest_state


def state_at_page(
    runtime: Runtime, library: Library, document: int, page: int, control: Control
) -> Generator[int, None, tuple[MambaState, Prefix]]:
    """The state after page `page` of a document that has been read, from the nearest saved state before it, and what
    exactly it has consumed.

    Yields the tokens read so far. Raises KnownError for a page that the document does not have, Cancelled.
    """
    pages = library.pages.of(document, last=page)
    if page < 1 or not pages or pages[-1].number != page:
        last = library.documents.get(document).pages_read
        raise KnownError(f"the document has no page {page}; choose a page from 1 to {last}", reason="no such page")
    prefix = runtime.tokenizer.document_prefix
    tokens = [(p.number, tokenize_page(runtime.tokenizer, p.text)) for p in pages]
    hasher = PrefixHasher(runtime.identity)
    hasher.feed(prefix)
    for _, ids in tokens:
        hasher.feed(ids)
    found = longest_state(library, hasher, runtime.model.device)
    if found is not None and found[0] >= len(prefix):
        consumed, state = found
    else:
        consumed, state = len(prefix), runtime.model.new_state()
        runtime.model(torch.tensor([prefix]), state)
    read = 0
    for chunk in pack_chunks(after(consumed - len(prefix), tokens), runtime.chunk_length):
        control.wait_while_paused()
        if control.cancelled:
            raise Cancelled
        runtime.model(torch.frombuffer(chunk.ids, dtype=torch.int32).to(torch.int64)[None], state)
        read += len(chunk.ids)
        yield read
    return state, hasher.at()
