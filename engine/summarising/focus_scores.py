"""Scores of sentences for a focus: the network reads the focus, then the sentences around its words, then the focus.

Only stretches that share a word with the focus are read, so a focus costs little in a long document. Training had such
rows: headings asked as questions (`engine.training.reader.build`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.grounding.languages import language_of
from engine.grounding.words import stems
from engine.scoring.passage import answer
from engine.scoring.reader_model import LANGUAGES, reader_model
from engine.summarising.section_text import SectionText

AROUND = 1
"""Sentences read before and after one that shares a word with the focus: they may go on about it."""
QUESTION = "What does it say about {focus}?"
"""The form in which training asked for a subject."""


@dataclass(frozen=True)
class Focus:
    """A subject, and the stems of its words."""

    text: str
    stems: frozenset[str]

    @classmethod
    def of(cls, text: str) -> Focus:
        """Return the focus on `text`, which may be empty."""
        return cls(text.strip(), stems(text))

    def named_in(self, section: SectionText) -> list[bool]:
        """Return for each sentence of a section whether it shares a word with the focus."""
        return [bool(self.stems & stems(sentence.text)) for sentence in section.sentences]


def stretches(named: Sequence[bool]) -> list[range]:
    """Return the runs of sentences that lie within AROUND of one that is named, in order."""
    near = [any(named[max(0, i - AROUND) : i + AROUND + 1]) for i in range(len(named))]
    found: list[range] = []
    for i, inside in enumerate(near):
        if inside and found and found[-1].stop == i:
            found[-1] = range(found[-1].start, i + 1)
        elif inside:
            found.append(range(i, i + 1))
    return found


def focus_logits(focus: Focus, sections: Sequence[SectionText]) -> list[NDArray[np.float32] | None]:
    """Return for each section the logits [S] of "this sentence tells about the focus"; NaN for a sentence that was not
    read, None for a section that was not: in another language, without a word of the focus, or without a reader."""
    places: list[tuple[int, range]] = []
    for number, section in enumerate(sections):
        runs = stretches(focus.named_in(section))
        if runs and language_of(section.text) in LANGUAGES:
            places += [(number, run) for run in runs]
    found: list[NDArray[np.float32] | None] = [None] * len(sections)
    reader = reader_model() if places else None
    if reader is None:
        return found
    passages = []
    for number, run in places:
        spans = [sections[number].spans[i] for i in run]
        begin = spans[0][0]
        passages.append(
            (sections[number].text[begin : spans[-1][1]], [(start - begin, end - begin) for start, end in spans])
        )
    asked = QUESTION.format(focus=focus.text)
    for candidate in answer(reader.model, reader.heads, reader.tokenizer, asked, passages).candidates:
        number, run = places[candidate.passage]
        logits = found[number]
        if logits is None:
            logits = found[number] = np.full(len(sections[number].sentences), np.nan, np.float32)
        logits[run.start + candidate.sentence] = candidate.score
    return found
