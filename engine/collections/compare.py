"""Comparison of two documents, or of two versions of one: sections that match, are new, gone or changed, and the dates,
amounts and identifiers that differ, each with its pages on both sides. No model; light: no torch.

Sections are matched by the shingles of words that they share, whatever their order, heading or page. Inside a changed
section the sentences are aligned, and a fact differs where two sentences that stand for each other name other facts.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Literal

from rapidfuzz import fuzz

from engine.grounding.numbers import numbers
from engine.grounding.sentences import units
from engine.grounding.words import folded, tokens
from engine.records.extract import MentionKind, mentions

SHINGLE = 4
"""Words of a shingle."""
MATCHING = 0.25
"""Share of the shorter section's shingles that two sections have in common from which on they stand for each other."""
_SAME_HEADING = 0.1
"""Share that is enough under the same heading."""
_ALIKE = 55.0
"""Similarity of two sentences (0 to 100) from which on one replaces the other."""
_MOST_CANDIDATES = 8
_MARK = re.compile(r"^\s*(?:#{1,6}|[-*•–])\s+")

FactKind = Literal["date", "amount", "identifier", "number"]
Outcome = Literal["same", "changed", "new", "gone"]


@dataclass(frozen=True)
class Part:
    """A section of a document."""

    heading: str
    pages: tuple[tuple[int, str], ...]
    """Its pages, number and text."""

    @property
    def first_page(self) -> int:
        """Return the number of its first page."""
        return self.pages[0][0]

    @property
    def text(self) -> str:
        """Return the text of all its pages."""
        return "\n".join(text for _, text in self.pages)


@dataclass(frozen=True)
class Sentence:
    """A sentence and its page."""

    text: str
    page: int


@dataclass(frozen=True)
class FactChange:
    """Facts of a sentence that differ from those of the sentence that stands for it."""

    kind: FactKind
    before: tuple[str, ...]
    after: tuple[str, ...]
    old: Sentence
    new: Sentence


@dataclass
class Pair:
    """Two sections that stand for each other, or one without the other."""

    outcome: Outcome
    old: Part | None
    new: Part | None
    added: list[Sentence] = field(default_factory=list)
    removed: list[Sentence] = field(default_factory=list)
    replaced: list[tuple[Sentence, Sentence]] = field(default_factory=list)
    facts: list[FactChange] = field(default_factory=list)


def compare(old: Sequence[Part], new: Sequence[Part]) -> list[Pair]:
    """Return the sections of two documents in pairs: those of `new` in order, then those of `old` that are gone."""
    partner = _partners(old, new)
    pairs = []
    for place, part in enumerate(new):
        before = partner.get(place)
        if before is None:
            pairs.append(Pair("new", None, part))
        else:
            pairs.append(_compared(old[before], part))
    kept = set(partner.values())
    pairs += [Pair("gone", part, None) for place, part in enumerate(old) if place not in kept]
    _settle_moves(pairs)
    return pairs


def _settle_moves(pairs: Sequence[Pair]) -> None:
    """Take out what merely stands in another section now: where a section begins may differ between two versions.

    A new section whose sentences were mostly elsewhere before is one that changed, and so is one that is gone.
    """
    left: defaultdict[str, list[tuple[Pair, Sentence]]] = defaultdict(list)
    for pair in pairs:
        if pair.old is not None:
            for sentence in pair.removed if pair.new else _sentences(pair.old):
                left[_key(sentence)].append((pair, sentence))
    moved: defaultdict[int, list[Sentence]] = defaultdict(list)
    for pair in pairs:
        if pair.new is not None:
            _settle_added(pair, left, moved)
    for pair in pairs:
        if pair.old is not None and moved[id(pair)]:
            _settle_removed(pair, moved[id(pair)])


def _settle_added(pair: Pair, left: dict[str, list[tuple[Pair, Sentence]]], moved: dict[int, list[Sentence]]) -> None:
    """Take out the sentences of a section that stood in another one, and note them in `moved` by their old pair."""
    assert pair.new is not None
    own = pair.added if pair.old else list(_sentences(pair.new))
    rest: list[Sentence] = []
    sources: list[Pair] = []
    for sentence in own:
        if before := left.get(_key(sentence)):
            other, twin = before.pop(0)
            moved[id(other)].append(twin)
            sources.append(other)
        else:
            rest.append(sentence)
    if pair.old is None and sources and 2 * len(rest) <= len(own):
        most, _ = Counter(map(id, sources)).most_common(1)[0]
        pair.outcome, pair.old = "changed", next(other.old for other in sources if id(other) == most)
    if pair.outcome == "changed":
        pair.added = rest
        _settle_outcome(pair)


def _settle_removed(pair: Pair, gone: Sequence[Sentence]) -> None:
    """Take out the sentences `gone` of a section, which stand in another one now."""
    assert pair.old is not None
    if pair.new is not None:
        pair.removed = [sentence for sentence in pair.removed if sentence not in gone]
        _settle_outcome(pair)
        return
    whole = list(_sentences(pair.old))
    rest = [sentence for sentence in whole if sentence not in gone]
    if 2 * len(rest) <= len(whole):
        pair.outcome, pair.removed = "changed", rest
        _settle_outcome(pair)


def _settle_outcome(pair: Pair) -> None:
    if pair.outcome == "changed" and not (pair.added or pair.removed or pair.replaced):
        pair.outcome = "same"


def _partners(old: Sequence[Part], new: Sequence[Part]) -> dict[int, int]:
    """Return place in `new` -> place in `old` of the sections that stand for each other, each used once."""
    shingles = [_shingles(part.text) for part in old]
    holders: defaultdict[int, list[int]] = defaultdict(list)
    for place, own in enumerate(shingles):
        for shingle in own:
            holders[shingle].append(place)
    scored: list[tuple[float, int, int]] = []
    for place, part in enumerate(new):
        own = _shingles(part.text)
        shared = Counter(holder for shingle in own for holder in holders.get(shingle, ()))
        for before, common in shared.most_common(_MOST_CANDIDATES):
            share = common / max(1, min(len(own), len(shingles[before])))
            alike = bool(part.heading) and folded(part.heading) == folded(old[before].heading)
            if share >= (_SAME_HEADING if alike else MATCHING):
                scored.append((share + 0.5 * alike, place, before))
    partner: dict[int, int] = {}
    for _, place, before in sorted(scored, key=lambda item: (-item[0], abs(item[1] - item[2]), item[1])):
        if place not in partner and before not in partner.values():
            partner[place] = before
    return partner


def _shingles(text: str) -> set[int]:
    words = [token for token, _, _ in tokens(text)]
    if len(words) < SHINGLE:
        return {hash(tuple(words))} if words else set()
    return {hash(tuple(words[at : at + SHINGLE])) for at in range(len(words) - SHINGLE + 1)}


def _compared(old: Part, new: Part) -> Pair:
    before, after = list(_sentences(old)), list(_sentences(new))
    keys = [[_key(sentence) for sentence in side] for side in (before, after)]
    if keys[0] == keys[1]:
        return Pair("same", old, new)
    pair = Pair("changed", old, new)
    matcher = SequenceMatcher(None, keys[0], keys[1], autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag != "equal":
            _align(pair, before[a:b], after[c:d])
    if not (pair.added or pair.removed or pair.replaced):
        pair.outcome = "same"
    return pair


def _align(pair: Pair, old: list[Sentence], new: list[Sentence]) -> None:
    """Add the sentences of a stretch to `pair`: those that stand for each other, the added and the removed ones."""
    left = list(new)
    for sentence in old:
        best = max(left, key=lambda other: fuzz.ratio(sentence.text, other.text), default=None)
        if best is None or fuzz.ratio(sentence.text, best.text) < _ALIKE:
            pair.removed.append(sentence)
            continue
        left.remove(best)
        pair.replaced.append((sentence, best))
        pair.facts += _differing(sentence, best)
    pair.added += left


def _differing(old: Sentence, new: Sentence) -> Iterator[FactChange]:
    """Yield the facts of one kind that only one of two sentences names."""
    for kind in ("date", "amount", "identifier", "number"):
        before, after = _facts(kind, old.text), _facts(kind, new.text)
        gone = tuple(text for value, text in before.items() if value not in after)
        come = tuple(text for value, text in after.items() if value not in before)
        if gone or come:
            yield FactChange(kind, gone, come, old, new)


def _facts(kind: FactKind, text: str) -> dict[str, str]:
    """Return normal form -> text of the facts of a sentence; numbers are those that no other fact holds."""
    found = list(mentions(0, text))
    if kind != "number":
        wanted: MentionKind = kind
        return {mention.value: " ".join(mention.text.split()) for mention in found if mention.kind == wanted}
    spans = [(mention.start, mention.end) for mention in found]
    plain = (n for n in numbers(text) if not any(start < n.end and n.start < end for start, end in spans))
    return {str(sorted(number.values)): number.text for number in plain}


def _sentences(part: Part) -> Iterator[Sentence]:
    for page, text in part.pages:
        for unit in units(text):
            yield Sentence(" ".join(text[unit.start : unit.end].split()), page)


def _key(sentence: Sentence) -> str:
    """Return what two sentences are compared by: not the mark of a heading or an item, which not every format has."""
    return folded(_MARK.sub("", sentence.text))


def parts_of_pages(pages: Iterable[tuple[int, str]], sections: Iterable[tuple[str, int, int]]) -> list[Part]:
    """Return the sections of a document, (heading, first page, last page), with their pages. A page that two sections
    share belongs to the first."""
    texts = dict(pages)
    parts: list[Part] = []
    taken: set[int] = set()
    for heading, first, last in sections:
        own = [number for number in range(first, last + 1) if number in texts and number not in taken]
        taken.update(own)
        if own:
            parts.append(Part(heading, tuple((number, texts[number]) for number in own)))
    return parts
