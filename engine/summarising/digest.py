"""Choose a document's key sentences: from every section, and from the whole. Every sentence is quoted word for word.

For the whole, the best sentences of the sections are scored once more beside each other, so that a section with little
to say gives way. Sentences that repeat each other are chosen once. Light: no torch.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from engine.grounding.references import is_reference
from engine.grounding.words import stems
from engine.summarising.section_text import SectionText, Sentence, one_line
from engine.summarising.sentence_scores import Scorer

ScoreSection = Callable[[SectionText], Sequence[float]]
"""Function from a section to a score of each of its sentences."""
SECTION_SENTENCES = 3
"""Key sentences of a section."""
_CANDIDATES = 4
"""Sentences of a section that are compared with those of other sections."""
_ALIKE = 0.5
"""Share of the shorter sentence's words from which two sentences say the same."""
OWN_SECTION = 0.5
"""Weight of a sentence's score within its section when the whole document is compared."""
_OF_ONE_SECTION = 2
"""Key sentences of one section in the whole, where there are many sections."""
_LONGEST_LINE = 200
_FIRST_LINES, _LABELLED_LINES = 3, 3
"""Lines shown of a section without sentences: the first ones, and those with a sum or a date that people look for."""
_LABELLED = re.compile(
    r"\b(?:(?:grand |sub)?total|amount (?:due|payable)|balance|due|payable (?:by|until)|deadline|expires?|valid until|"
    r"gesamt\w*|summe|endbetrag|fällig|zahlbar|frist|gültig bis|montant|échéance|totale?|importe|vencimiento)\b"
    r"[^\d\n]{0,40}\d",
    re.IGNORECASE,
)
"""A label of a form, invoice or ticket with its sum or date."""


@dataclass(frozen=True)
class KeySentence:
    """A sentence that was chosen."""

    section: int
    """Position of its section in the list of sections."""
    sentence: Sentence
    score: float


@dataclass(frozen=True)
class SectionDigest:
    """The key sentences of one section, or its first lines where it has no sentences."""

    section: SectionText
    key: tuple[KeySentence, ...]
    """Key sentences in the order of the text."""
    candidates: tuple[KeySentence, ...]
    """Sentences that may represent the section in the summary of the whole, best first."""
    first_lines: tuple[Sentence, ...] = ()
    scored: tuple[KeySentence, ...] = ()
    """All sentences that can be quoted, best first."""
    read: bool = True
    """False where the sentences were scored by their words alone."""

    @property
    def lines(self) -> list[Sentence]:
        """Return the shown sentences of the section, in the order of the text."""
        return [chosen.sentence for chosen in self.key] or list(self.first_lines)


def digest_sections(
    sections: Iterable[SectionText], score: ScoreSection, *, lines: bool = True
) -> Iterator[SectionDigest]:
    """Yield the digest of each section, in order. `lines`: see `digest_section`."""
    for place, section in enumerate(sections):
        yield digest_section(place, section, score(section) if section.sentences else (), lines=lines)


def digest_section(place: int, section: SectionText, scores: Sequence[float], *, lines: bool = True) -> SectionDigest:
    """Return the digest of a section. `place`: its position among the sections. `scores`: of its sentences; -inf for
    one that is never chosen. `lines`: show its first lines where it has no sentences."""
    found = [
        KeySentence(place, sentence, score)
        for sentence, score in zip(section.sentences, scores, strict=True)
        if score > -math.inf
        and sentence.page not in section.asides
        and sentence.quotable
        and not is_reference(sentence.text, "")
    ]
    found.sort(key=lambda chosen: -chosen.score)
    ranked = distinct(found, max(_CANDIDATES, SECTION_SENTENCES))
    key = tuple(sorted(ranked[:SECTION_SENTENCES], key=_in_text))
    first = first_lines(section) if not ranked and lines and not section.aside else ()
    return SectionDigest(section, key, tuple(ranked[:_CANDIDATES]), first, tuple(found))


def digest_whole(
    digests: Sequence[SectionDigest], scorer: Scorer, most: int, own_weight: float = OWN_SECTION
) -> list[KeySentence]:
    """Return the `most` key sentences of a whole document, in the order of the text. `own_weight`: weight of a
    sentence's score within its section."""
    content = [digest for digest in digests if digest.candidates and not digest.section.is_aside]
    pool = [chosen for digest in content or digests for chosen in sorted(digest.candidates, key=_in_text)]
    if len(pool) <= most:
        return distinct(pool, most)
    text = ""
    spans: list[tuple[int, int]] = []
    for chosen in pool:
        spans.append((len(text), len(text) + len(chosen.sentence.text)))
        text += chosen.sentence.text + "\n"
    beside = scorer(text, spans)
    own = _standardised([chosen.score for chosen in pool])
    ranked = sorted(range(len(pool)), key=lambda place: -(beside[place] + own_weight * own[place]))
    limit = _OF_ONE_SECTION if len(digests) > most else None
    kept = distinct([pool[place] for place in ranked], most, limit)
    return sorted(kept, key=lambda one: (one.section, *_in_text(one)))


def distinct(ranked: Sequence[KeySentence], most: int, of_one_section: int | None = None) -> list[KeySentence]:
    """Return the first `most` of `ranked` that do not repeat one before. `of_one_section`: the most of a section."""
    kept: list[KeySentence] = []
    bags: list[frozenset[str]] = []
    counts: Counter[int] = Counter()
    for chosen in ranked:
        if of_one_section is not None and counts[chosen.section] >= of_one_section:
            continue
        bag = stems(chosen.sentence.text)
        if any(len(bag & other) > _ALIKE * max(1, min(len(bag), len(other))) for other in bags):
            continue
        kept.append(chosen)
        bags.append(bag)
        counts[chosen.section] += 1
        if len(kept) == most:
            break
    return kept


def plain_lines(section: SectionText) -> list[Sentence]:
    """Return the lines that tell something of a section without sentences: those of a table of contents do not."""
    lines = section.content or section.sentences
    told = (line for line in lines if any(map(str.isalpha, line.text)) and not line.is_contents)
    return [line for line in told if len(line.text) <= _LONGEST_LINE]


def first_lines(section: SectionText) -> tuple[Sentence, ...]:
    """Return the lines that stand for a section without sentences: its first ones but its heading, and those that name
    a total, a due date or the like."""
    told = [line for line in plain_lines(section) if one_line(line.text) != section.heading]
    labelled = [line for line in told[_FIRST_LINES:] if _LABELLED.search(line.text)]
    return (*told[:_FIRST_LINES], *labelled[-_LABELLED_LINES:])


def _in_text(chosen: KeySentence) -> tuple[int, int]:
    return chosen.sentence.page, chosen.sentence.start


def _standardised(scores: Sequence[float]) -> list[float]:
    mean = sum(scores) / len(scores)
    spread = math.sqrt(sum((score - mean) ** 2 for score in scores) / len(scores)) or 1.0
    return [(score - mean) / spread for score in scores]
