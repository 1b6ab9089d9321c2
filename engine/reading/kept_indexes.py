"""Sentence indexes of documents: built once, saved in the library, and the last few kept in memory."""

from __future__ import annotations

import hashlib
import zlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress

import msgspec

from engine.grounding.sentence_index import SentenceIndex
from engine.library.database import LibraryError
from engine.library.library import Library
from engine.library.records import Page

MOST = 2
"""Indexes that are kept: building one takes about a second for two hundred pages, loading a saved one a tenth."""


class KeptIndexes:
    """The last few sentence indexes, by the pages that they were made of."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, SentenceIndex] = OrderedDict()

    def of(self, library: Library, document: int, pages: Sequence[Page], *, save: bool) -> SentenceIndex:
        """Return the index of `pages`, all or the first ones of a document in `library`. `save`: the library keeps it,
        if it has none of these pages."""
        texts = {page.number: page.text for page in pages if page.text}
        version = f"{SentenceIndex.FORMAT} {digest_of_texts(texts)}"
        index = self._kept.get(version)
        if index is None:
            index = _saved(library, document, version, texts)
            if index is None:
                index = SentenceIndex(texts.items())
                if save:
                    with suppress(LibraryError):  # a full disk: the next question builds it again
                        library.sentence_indexes.save(document, version, zlib.compress(index.to_bytes(texts), 1))
            self._kept[version] = index
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
        self._kept.move_to_end(version)
        return index


def _saved(library: Library, document: int, version: str, texts: dict[int, str]) -> SentenceIndex | None:
    data = library.sentence_indexes.of(document, version)
    if data is None:
        return None
    try:
        return SentenceIndex.from_bytes(zlib.decompress(data), texts)
    except (zlib.error, msgspec.MsgspecError, LookupError):
        return None


def digest_of_texts(texts: Mapping[int, str]) -> str:
    """Return a hash of the texts of pages, page number to text."""
    said = hashlib.blake2b(digest_size=16)
    for number, text in texts.items():
        said.update(b"%d %d " % (number, len(text)))
        said.update(text.encode("utf-8", "surrogatepass"))
    return said.hexdigest()
