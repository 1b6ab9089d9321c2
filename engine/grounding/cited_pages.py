"""Pages that a model cites with a statement: "(page 3)", "S. 4", "第3页". Light: no torch."""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.grounding.words import folded

_CITED = re.compile(
    r"(?<!\w)(?:pages?|pp?\.|seiten?|s\.|páginas?|págs?\.|pagina|стр\.|страниц\w*|صفحة|الصفحة) ?"
    r"(?P<n>\d{1,5}(?: ?(?:,|and|to|und|bis|et|à|y|a|и|-) ?\d{1,5})*)(?![\w%]|[.,]\d)|第 ?(?P<z>\d{1,5}) ?[页頁ページ]"
)


def cited_pages(text: str) -> list[tuple[str, list[int]]]:
    """Return the page references of `text` as they are written, each with its numbers."""
    return [
        (text[found.start() : found.end()], [int(number) for number in re.findall(r"\d+", found["n"] or found["z"])])
        for found in _CITED.finditer(folded(text))
    ]


def cited_beyond(answer: str, pages: int, texts: Iterable[str]) -> list[str]:
    """Return the page references of `answer` to pages that a document of `pages` pages does not have and that none of
    `texts` makes itself."""
    beyond = {folded(text): text for text, numbers in cited_pages(answer) if any(n > pages or n < 1 for n in numbers)}
    for text in texts:
        if not beyond:
            break
        plain = folded(text)
        beyond = {wording: written for wording, written in beyond.items() if wording not in plain}
    return list(beyond.values())
