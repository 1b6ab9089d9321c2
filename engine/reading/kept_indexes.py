"""Kept indexes: the sentence indexes of the documents that a session was asked about last."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable

from engine.grounding.sentence_index import SentenceIndex

MOST = 2
"""Indexes that are kept: one takes about a second per thousand pages to build."""


class KeptIndexes:
    """The last few sentence indexes, by a document's content and the number of its pages that were read."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int], SentenceIndex] = OrderedDict()

    def of(self, content: str, pages: int, read: Callable[[], Iterable[tuple[int, str]]]) -> SentenceIndex:
        """Return the index of the first `pages` pages of the document with the hash `content`; `read` returns them."""
        key = (content, pages)
        if key not in self._kept:
            self._kept[key] = SentenceIndex(read())
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]
