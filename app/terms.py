"""The words of an answer that are worth looking for in the document, and the pages that hold most of them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

MAX_TERMS = 16
MAX_PAGES = 3
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


def best_pages(pages: Iterable[tuple[int, str]], terms: list[str]) -> list[int]:
    """The pages, at most three and best first, that hold the most and the rarest of `terms`.

    A page counts only with half of the terms' weight on it: a stray word is no evidence. pages: (number, text).
    """
    wanted = [term.casefold() for term in terms]
    held: list[tuple[int, set[int]]] = []
    count = 0
    for number, text in pages:
        count += 1
        folded = text.casefold()
        here = {place for place, term in enumerate(wanted) if term in folded}
        if here:
            held.append((number, here))
    spread = [sum(place in here for _, here in held) for place in range(len(wanted))]
    weight = [math.log((count + 1) / max(found, 0.5)) * (2 if any(c.isdigit() for c in term) else 1)
              for term, found in zip(wanted, spread, strict=True)]  # fmt: skip
    least = sum(weight) / 2
    scored = sorted(((sum(weight[place] for place in here), -number) for number, here in held), reverse=True)
    if not scored or scored[0][0] < least:
        return []
    return [-number for score, number in scored[:MAX_PAGES] if score >= max(least, scored[0][0] * 0.7)]
