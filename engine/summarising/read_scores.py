"""Scores of a section's sentences for a digest: a network reads and compares them, words add title, heading and focus.

The network's logits depend on the section alone, so they are saved with it: another length, a focus, a restart and a
question about the whole document compute nothing again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.grounding.languages import language_of
from engine.library.database import LibraryError
from engine.library.library import Library
from engine.library.records import Section
from engine.scoring.reader_model import LANGUAGES, reader_identity, reader_model
from engine.scoring.section import early, sentence_logits
from engine.summarising.section_text import SectionText
from engine.summarising.sentence_scores import Span, WordScores

WORDS = 0.6
"""Weight of a standardised score by words, relative to a logit."""
FEW = 5
"""Sentences of a text in which the words have half that weight: they share too few words to rank each other."""
WORDY, LEANING = 0.67, 0.83
"""Of the score by words beside a logit; what they gave on held-out documents is in docs/lab/2026-11-digests.md."""
BATCH_SECTIONS = 4
"""Sections that are read in one batch: few, so that their sentences come soon."""

Logits = NDArray[np.float32]
"""[S, 2]: see `engine.network.heads.SentenceHead`; NaN for a sentence without a token of its own."""


def score(section: SectionText, logits: Logits | None, words: WordScores) -> list[float]:
    """Return the score of each sentence of `section`; by words alone where no network has read it."""
    if logits is None:
        return words(section.text, section.spans)
    return combine(logits, section.text, section.spans, words)


def combine(logits: Logits, text: str, spans: Sequence[Span], words: WordScores) -> list[float]:
    """Return the score of each sentence of `text` from its logits and its score by words."""
    by_words = replace(words, wordy=WORDY, leaning=LEANING)(text, spans)
    weight = WORDS * len(spans) / (len(spans) + FEW)
    return [read + weight * by_word for read, by_word in zip(early(logits), by_words, strict=True)]


def read_sections(
    library: Library, sections: Sequence[Section], texts: Sequence[SectionText]
) -> Iterator[list[Logits | None]]:
    """Yield the reader's logits for the next few of `sections`, in order: saved ones, or those computed and saved now.

    None for a section in a language that the reader does not know, and for all where no reader is installed.
    """
    cuts = [0, *range(1, len(sections), BATCH_SECTIONS), len(sections)]  # the first one alone: it comes at once
    if not sections:
        return
    for first, end in pairwise(cuts):
        some, told = sections[first:end], texts[first:end]
        found: list[Logits | None] = list(saved_logits(library, some, told))
        lacking = [i for i, logits in enumerate(found) if logits is None and _is_readable(told[i])]
        reader = reader_model() if lacking else None
        if reader is not None:
            read = sentence_logits(
                reader.model, reader.heads, reader.tokenizer, [(told[i].text, told[i].spans) for i in lacking]
            )
            for i, logits in zip(lacking, read, strict=True):
                found[i] = logits
            with suppress(LibraryError):  # a full disk: the next digest computes them again
                library.sentence_scores.save(
                    reader.identity, {some[i].id: logits.tobytes() for i, logits in zip(lacking, read, strict=True)}
                )
        yield found


def saved_logits(library: Library, sections: Sequence[Section], texts: Sequence[SectionText]) -> list[Logits | None]:
    """Return the logits that the reader of today gave to the sentences of `sections`, None where none are saved."""
    identity = reader_identity()
    saved = library.sentence_scores.of(identity, [section.id for section in sections]) if identity else {}
    found: list[Logits | None] = []
    for section, text in zip(sections, texts, strict=True):
        data = saved.get(section.id, b"")
        fits = section.id in saved and len(data) == 8 * len(text.sentences)
        found.append(np.frombuffer(data, np.float32).reshape(-1, 2) if fits else None)
    return found


def _is_readable(text: SectionText) -> bool:
    return bool(text.sentences) and language_of(text.text) in LANGUAGES
