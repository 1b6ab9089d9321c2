"""Places of an answer or a sentence in a page's text. Light: no torch; used by the window too."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from rapidfuzz import fuzz

from engine.grounding.claims import claims
from engine.grounding.languages import language_of
from engine.grounding.support import supports
from engine.grounding.words import folded, stem, terms, tokens

MAX_TERMS = 16
MAX_PAGES = 3
STRETCH = 240
"""Characters: about a sentence and its neighbour."""
_ALIKE = 80.0
"""Least similarity (0 to 100) of a stretch that is accepted as the sentence."""


def sentence_place(text: str, sentence: str) -> tuple[int, int]:
    """Return the start and end of `sentence` in `text`, ignoring spaces and punctuation; the most similar stretch when
    it does not occur word for word; (0, 0) when no stretch is similar."""
    words = folded(sentence).split()
    if not words:
        return 0, 0
    plain = folded(text)
    found = re.search(r"\s+".join(map(re.escape, words)), plain)
    if found:
        return found.span()
    near = fuzz.partial_ratio_alignment(" ".join(words), plain, score_cutoff=_ALIKE)
    return (near.dest_start, near.dest_end) if near is not None else (0, 0)


def terms_of(answer: str) -> list[str]:
    """Return the search terms of an answer: its claims, then its longer words, each once, case kept."""
    language = language_of(answer)
    seen = {folded(claim.text): claim.text for claim in claims(answer, language)}
    kept = set(terms(answer, language))
    for token, start, end in tokens(answer):
        if len(token) > 3 and stem(token, language) in kept:
            seen.setdefault(token, answer[start:end])
    return list(seen.values())[:MAX_TERMS]


def figures_of(text: str) -> list[str]:
    """Return the terms of `text` that hold a digit: numbers, dates, identifiers."""
    return [term for term in terms_of(text) if _is_figure(term)]


def best_pages(pages: Iterable[tuple[int, str]], answer: list[str], question: list[str]) -> list[int]:
    """Return the pages (number, text), at most three and best first, that hold the most and the rarest terms of an
    answer and its question.

    A page counts only with a term of the answer and half of all the weight on it: a stray word is no evidence, and
    neither is a figure without the thing that was asked about.
    """
    wanted = list(dict.fromkeys([*answer, *question]))
    own = set(range(len(answer)))
    held: list[tuple[int, set[int]]] = []
    count = 0
    for number, text in pages:
        count += 1
        here = {place for place, term in enumerate(wanted) if supports(term, text)}
        if here & own:
            held.append((number, here))
    weight = []
    for place, term in enumerate(wanted):
        found = sum(place in here for _, here in held)
        weight.append(math.log((count + 1) / max(found, 0.5)) * (2 if _is_figure(term) else 1))
    least = sum(weight) / 2
    scored = sorted(((sum(weight[place] for place in here), -number) for number, here in held), reverse=True)
    if not scored or scored[0][0] < least:
        return []
    return [-number for score, number in scored[:MAX_PAGES] if score >= max(least, scored[0][0] * 0.7)]


def best_stretch(text: str, wanted: list[str]) -> tuple[int, int]:
    """Return the start and end of the stretch of `text` where most of the `wanted` terms are close together; (0, 0)
    when none occurs."""
    plain = folded(text)
    hits = sorted(
        (found.start(), found.end(), which)
        for which, term in enumerate(wanted)
        for found in re.finditer(rf"(?<!\w){re.escape(folded(term))}(?!\w)", plain)
    )[: 50 * MAX_TERMS]
    best: list[tuple[int, int, int]] = []
    for place, (start, _, _) in enumerate(hits):
        stretch = [hit for hit in hits[place : place + 50] if hit[0] < start + STRETCH]
        if len({which for _, _, which in stretch}) > len({which for _, _, which in best}):
            best = stretch
    return (best[0][0], max(end for _, end, _ in best)) if best else (0, 0)


def _is_figure(term: str) -> bool:
    return any(letter.isdigit() for letter in term)
