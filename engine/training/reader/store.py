"""The texts of training as one long row of token ids, with the places of documents and sentences.

Everything that trains points into it: summarised documents, plain text, and questions with the passages and spans that
answer them. A folder of .npz files keeps it all, small enough to move to a machine with a GPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.scoring.passage import QUESTION_TOKENS
from engine.scoring.tokens import Tokens

Range = tuple[int, int]
"""Tokens of the store, end exclusive."""


@dataclass
class Texts:
    """Documents as they are added."""

    ids: list[NDArray[np.uint16]] = field(default_factory=list)
    ends: list[NDArray[np.int64]] = field(default_factory=list)
    first: list[NDArray[np.bool_]] = field(default_factory=list)
    documents: list[Range] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    """Where each document comes from; empty for no particular source."""
    length: int = 0

    def add(self, tokens: Tokens, source: str = "") -> int:
        """Add a document and return the place of its first token."""
        base = self.length
        self.ids.append(tokens.ids.astype(np.uint16))
        self.ends.append(tokens.sentence_ends + base)
        self.first.append(tokens.first)
        self.length += len(tokens.ids)
        self.documents.append((base, self.length))
        self.sources.append(source)
        return base

    def save(self, path: Path, bounds: Sequence[int]) -> None:
        """Write the texts; `bounds`: how many documents are summarised, and how many those and the asked are."""
        np.savez_compressed(
            path, ids=np.concatenate(self.ids), ends=np.concatenate(self.ends).astype(np.uint32),
            first=np.concatenate(self.first), documents=np.array(self.documents, np.uint32), bounds=np.array(bounds),
            sources=np.array(self.sources),
        )  # fmt: skip


@dataclass
class Questions:
    """Questions as they are added, each with a passage that answers it (or seems to) and two that do not."""

    ids: list[NDArray[np.uint16]] = field(default_factory=list)
    passages: list[tuple[Range, Range, Range]] = field(default_factory=list)
    gold: list[list[Range]] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    """The answer is a sentence, without a span in it."""
    worded: list[bool] = field(default_factory=list)
    """The question is another one in other words."""

    def add(
        self, question: Sequence[int], passages: tuple[Range, Range, Range], gold: Sequence[Range], whole: bool,
        worded: bool = False,
    ) -> None:  # fmt: skip
        """Add a question; an empty range stands for no passage, no gold for no answer."""
        self.ids.append(np.asarray(question[:QUESTION_TOKENS], np.uint16))
        self.passages.append(passages)
        self.gold.append(list(gold))
        self.whole.append(whole)
        self.worded.append(worded)

    def save(self, path: Path) -> None:
        """Write the questions."""
        np.savez_compressed(
            path, ids=np.concatenate(self.ids), offsets=_offsets(self.ids),
            passages=np.array(self.passages, np.uint32).reshape(-1, 3, 2),
            gold=np.array([span for spans in self.gold for span in spans], np.uint32).reshape(-1, 2),
            gold_offsets=_offsets(self.gold), whole=np.array(self.whole, bool),
            worded=np.array(self.worded, bool),
        )  # fmt: skip


@dataclass
class Labels:
    """Labels of the sentences of summarised documents, collected document by document."""

    document: list[int] = field(default_factory=list)
    overlap: list[NDArray[np.float16]] = field(default_factory=list)
    """ROUGE-1 + ROUGE-2 of each sentence against the summary."""
    may: list[NDArray[np.bool_]] = field(default_factory=list)
    """Flags of sentences that may stand in a digest: whole sentences, no headings."""
    best: list[NDArray[np.bool_]] = field(default_factory=list)
    """Flags of sentences in the best choice of three."""

    def save(self, path: Path) -> None:
        """Write the labels."""
        np.savez_compressed(
            path, document=np.array(self.document, np.uint32), overlap=np.concatenate(self.overlap),
            may=np.concatenate(self.may), best=np.concatenate(self.best), offsets=_offsets(self.overlap),
        )  # fmt: skip


def _offsets(parts: Sequence[Sequence[object] | NDArray[np.generic]]) -> NDArray[np.uint32]:
    return np.cumsum([0, *(len(part) for part in parts)]).astype(np.uint32)
