"""The lines of a summary by selection: a head, the document's own outline, and key sentences with their pages.

A paragraph has the few best sentences of the whole, a page more of them under their headings, an outline one for every
part of the document. What is not in quotation marks and has no page is said by the program.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from engine.grounding.languages import language_of
from engine.grounding.page_references import page_list
from engine.scoring.reader_model import LANGUAGES
from engine.summarising.digest import (
    OWN_SECTION,
    KeySentence,
    SectionDigest,
    digest_section,
    digest_whole,
    plain_lines,
)
from engine.summarising.document_head import DocumentHead
from engine.summarising.focus_scores import Focus
from engine.summarising.parts import Part, shown
from engine.summarising.read_scores import Logits, score
from engine.summarising.section_text import SectionText, Sentence
from engine.summarising.sentence_scores import Scorer, WordScores

PARAGRAPH_SENTENCES = 5
PAGE_SENTENCES = (8, 16)
"""Key sentences on a page: of a document of few sections, and of many."""
_SECTIONS_A_SENTENCE = 4
CONTENTS, OUTLINE = 12, 60
"""Most parts named in the head of a page, and most lines of an outline."""
FOCUS = 1.0
"""Weight of a logit behind the focus, relative to one of importance."""
OWN_FOCUS = 2.0
"""Weight of a sentence's own score when the whole document is compared under a focus."""
_BY_WORDS = "The model that chooses was trained on English; these sentences were chosen by their words alone."
_SHARE_BY_WORDS = 0.5
"""Share of sections in another language from which that is said."""

Line = tuple[str, list[int]]
"""A line and its pages."""


@dataclass(frozen=True)
class Selection:
    """The choice of key sentences from one document."""

    title: str
    focus: str = ""
    """Subject; empty for the whole document."""

    def digest(
        self, place: int, section: SectionText, logits: Logits | None, about: Logits | None = None
    ) -> SectionDigest:
        """Return the digest of the section at `place`; by words alone where no network has read it. `about`: logits
        [S] of a network that has read the sentences behind the focus."""
        words = WordScores(title=f"{self.title} {section.heading}", focus=self.focus)
        scores = score(section, logits, words) if section.sentences else []
        if self.focus:
            scores = _focused(scores, Focus.of(self.focus).named_in(section), about)
        return replace(digest_section(place, section, scores, lines=not self.focus), read=logits is not None)

    def whole(self, sections: int) -> Scorer:
        """Return the scorer of the key sentences of a document of so many sections: place counts less in a long one."""
        place = WordScores.place / max(1.0, math.log2(sections + 1) / 2)
        return WordScores(title=self.title, focus=self.focus, place=place)


def _focused(scores: Sequence[float], named: Sequence[bool], about: Logits | None) -> list[float]:
    """Return the scores under a focus: -inf for a sentence that shares no word with it, unless the network is sure."""
    if about is None:
        return [score if name else -math.inf for score, name in zip(scores, named, strict=True)]
    return [
        score + FOCUS * float(logit) if not math.isnan(logit) and (name or logit > 0) else -math.inf
        for score, name, logit in zip(scores, named, about, strict=True)
    ]


def selection_lines(
    selection: Selection,
    length: str,
    made: Sequence[SectionDigest],
    head: DocumentHead,
    parts: Sequence[Part],
) -> Iterator[Line]:
    """Yield the lines of a summary of `length` (paragraph, page or outline) from the digests of all sections."""
    if selection.focus and not any(digest.key for digest in made):
        yield f"No sentence mentions “{selection.focus}”.", []
        return
    if length == "outline":
        yield from _outline(made, shown(parts, OUTLINE))
        return
    if not selection.focus:
        yield head.sentence, []
        if head.names:
            yield f"Names that recur: {', '.join(head.names)}.", []
        if length != "paragraph":
            yield from _contents(parts)
    if _is_foreign(made):
        yield _BY_WORDS, []
    own = OWN_FOCUS if selection.focus else OWN_SECTION
    if length == "paragraph":
        chosen = digest_whole(made, selection.whole(len(made)), PARAGRAPH_SENTENCES, own)
        yield from ((quoted(key.sentence), [key.sentence.page]) for key in chosen)
    else:
        few, many = PAGE_SENTENCES
        most = min(many, max(few, len(made) // _SECTIONS_A_SENTENCE))
        yield from _under_headings(parts, digest_whole(made, selection.whole(len(made)), most, own))
    if not any(digest.key for digest in made):
        yield from ((quoted(sentence), [sentence.page]) for digest in made[:2] for sentence in digest.lines)


def quoted(sentence: Sentence) -> str:
    """Return a sentence as a quotation."""
    return f"“{sentence.quoted}”"


def _is_foreign(made: Sequence[SectionDigest]) -> bool:
    """Return whether most sections with sentences are in a language that the reader does not know."""
    told = [digest for digest in made if digest.scored]
    foreign = sum(not digest.read and language_of(digest.section.text) not in LANGUAGES for digest in told)
    return bool(told) and foreign >= _SHARE_BY_WORDS * len(told)


def _contents(parts: Sequence[Part]) -> Iterator[Line]:
    """Yield a line that names the parts of the document, if it has several."""
    outer = shown(parts, CONTENTS)
    if len(outer) < 2:
        return
    named = "; ".join(f"{part.title} ({page_list([part.begins[0]])})" for part in outer[:CONTENTS])
    more = f"; and {len(outer) - CONTENTS} more" if len(outer) > CONTENTS else ""
    yield f"Contents: {named}{more}.", []


def _under_headings(parts: Sequence[Part], chosen: Sequence[KeySentence]) -> Iterator[Line]:
    """Yield the chosen sentences, each group under the title of its part, with the page if it stands on one."""
    begins = [part.begins for part in parts]
    places = [(key, bisect_right(begins, (key.sentence.page, key.sentence.start)) - 1) for key in chosen]
    for place, group in groupby(places, key=lambda pair: pair[1]):
        if place >= 0:
            part = parts[place]
            yield f"{part.title}:", [part.begins[0]] if part.found else []
        yield from ((quoted(key.sentence), [key.sentence.page]) for key, _ in group)


def _outline(made: Sequence[SectionDigest], parts: Sequence[Part]) -> Iterator[Line]:
    """Yield a line for each part: its title, its pages and its best sentence, or its first line. Sections of a document
    without parts have a line each."""
    if not parts:
        for digest in made:
            pages = page_list(range(digest.section.first_page, digest.section.last_page + 1))
            yield _outlined(f"{pages[:1].upper()}{pages[1:]}", next(iter(digest.scored), None), digest.lines)
        return
    for part in parts:
        inside = [digest for digest in made if _meets(digest.section, part)]
        scored = (key for digest in inside for key in digest.scored if _within(key.sentence, part))
        lines = [line for digest in inside for line in plain_lines(digest.section) if _within(line, part)]
        last = part.ends[0] if part.ends[1] else part.ends[0] - 1
        pages = page_list(range(part.begins[0], max(part.begins[0], last) + 1))
        yield _outlined(f"{part.title}, {pages}", max(scored, key=lambda key: key.score, default=None), lines)


def _outlined(place: str, best: KeySentence | None, lines: Sequence[Sentence]) -> Line:
    sentence = best.sentence if best is not None else next(iter(lines), None)
    return (f"{place}: {quoted(sentence)}", [sentence.page]) if sentence is not None else (place, [])


def _meets(section: SectionText, part: Part) -> bool:
    return section.first_page <= part.ends[0] and section.last_page >= part.begins[0]


def _within(sentence: Sentence, part: Part) -> bool:
    return part.begins <= (sentence.page, sentence.start) < part.ends
