"""The words of an answer that are worth looking for in the document, and the pages that hold most of them."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable

MAX_TERMS = 16
MAX_PAGES = 3
STRETCH = 240
"""Characters: about a sentence and its neighbour."""
_FIGURE = re.compile(r"\w*\d[\w.,:/-]*\w")
_WORD = re.compile(r"[^\W\d_][\w'-]{3,}")
_COMMON = frozenset(
    """
    about after again also because been before being between both could does document during each from have here into
    itself more most only other over page pages same should since some such than that their them then there these they
    this those through under until very were what when where which while will with would your
    """.split()  # noqa: SIM905
)


def terms_of(answer: str) -> list[str]:
    """Figures first, then names, then longer words; without repetition, case kept."""
    figures = [found[0] for found in _FIGURE.finditer(answer)]
    words = [found[0] for found in _WORD.finditer(answer) if found[0].casefold() not in _COMMON]
    names = [word for word in words if word[0].isupper()]
    seen: dict[str, str] = {}
    for term in [*figures, *names, *(word for word in words if len(word) > 4)]:
        seen.setdefault(term.casefold(), term)
    return list(seen.values())[:MAX_TERMS]


def figures_of(text: str) -> list[str]:
    """The terms of `text` that hold a digit: numbers, dates, names of things such as P-204."""
    return [term for term in terms_of(text) if _is_figure(term)]


def best_pages(pages: Iterable[tuple[int, str]], answer: list[str], question: list[str]) -> list[int]:
    """The pages, at most three and best first, that hold the most and the rarest terms of an answer and its question.

    A page counts only with a term of the answer and half of all the weight on it: a stray word is no evidence, and
    neither is a figure without the thing that was asked about. pages: (number, text).
    """
    wanted = list(dict.fromkeys(term.casefold() for term in [*answer, *question]))
    own = {wanted.index(term.casefold()) for term in answer}
    held: list[tuple[int, set[int]]] = []
    count = 0
    for number, text in pages:
        count += 1
        folded = text.casefold()
        here = {place for place, term in enumerate(wanted) if _stands_in(term, folded)}
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


def best_stretch(text: str, terms: list[str]) -> tuple[int, int]:
    """Where in `text` most of the terms stand close together: first character and the one after the last; (0, 0)
    where none stands."""
    folded = text.casefold()
    if len(folded) != len(text):
        folded = text.lower() if len(text.lower()) == len(text) else text
    hits = sorted(
        (found.start(), found.end(), which)
        for which, term in enumerate(terms)
        for found in itertools.islice(re.finditer(rf"(?<!\w){re.escape(term.casefold())}(?!\w)", folded), 50)
    )
    best: list[tuple[int, int, int]] = []
    for place, (start, _, _) in enumerate(hits):
        stretch = [hit for hit in hits[place:] if hit[0] < start + STRETCH]
        if len({which for _, _, which in stretch}) > len({which for _, _, which in best}):
            best = stretch
    return (best[0][0], max(end for _, end, _ in best)) if best else (0, 0)


def _is_figure(term: str) -> bool:
    return any(letter.isdigit() for letter in term)


def _stands_in(term: str, text: str) -> bool:
    """Whether `text` holds the term; a figure counts only as a whole: 45 is not in 1945."""
    if term not in text:
        return False
    return not _is_figure(term) or re.search(rf"(?<![\w.,]){re.escape(term)}(?!\w)", text) is not None
