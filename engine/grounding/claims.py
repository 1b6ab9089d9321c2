"""Claims of a text: the parts that can be looked up word by word, namely dates, numbers, identifiers and names.

List numbers, page references and headings are no claims. Light: no torch.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from engine.grounding.dates import dates
from engine.grounding.identifiers import find_identifiers, is_identifier
from engine.grounding.languages import language_of
from engine.grounding.lines import parse_line
from engine.grounding.names import names
from engine.grounding.number_words import spelled_numbers
from engine.grounding.numbers import numbers
from engine.grounding.rounding import Rounding, rounding_at
from engine.grounding.times import times_of_day
from engine.grounding.words import UNSPACED, folded, signs_unified

Kind = Literal["date", "number", "identifier", "name"]
_LETTER = rf"[^\W\d_{UNSPACED}]"
_FIGURE = re.compile(rf"(?:(?<={_LETTER})|(?<!\d))(?:{_LETTER}|[-.,:/])*\d(?:[\d.,:/-]|{_LETTER})*")
_EDGES = ".,:/-"
_LONG_NUMBER = re.compile(r"(?<!\w)(?:[A-Z]{2}\d{2}|\d{4})(?: \d{4}){2,7}(?: \d{1,4})?(?!\w)")
"""Numbers of accounts and cards, in groups of four."""
SMALL_WORDS = 12
_ROUND = frozenset(map(Decimal, (100, 1_000, 10_000, 1_000_000)))
_POWER = re.compile(r"(?:[kcdm]?m|ft|in|yd)[23]|co2", re.IGNORECASE)
"""Pattern of units with a power, which are no figures: m2 and km³."""
_REFERENCE = re.compile(
    r"(?:\b(?:pages?|pp?\.|seiten?|s\.|página|págs?\.|стр\.|страниц\w*|página\w*)|\[|第)\s*"
    r"(?:\d+(?:\s*(?:,|and|to|und|bis|et|à|y|a|и|-|–)\s*)?)+(?:\]|ページ|页)?",
    re.IGNORECASE,
)
"""Pattern of pages and sources that a model names with a statement."""


@dataclass(frozen=True)
class Claim:
    """Something that a text says and that can be looked up."""

    kind: Kind
    text: str
    start: int
    end: int
    first_may_go: bool = False
    """True for a name whose first word may be capitalised only because it begins a sentence."""
    any_word: bool = False
    """True for a name of which one word is enough."""
    rounding: Rounding | None = None
    """How a number is rounded: "about 90"."""


def claims(text: str, language: str | None = None) -> list[Claim]:
    """Return the claims of `text`, each wording once, in order. `language`: default, that of `text`."""
    language = language or language_of(text)
    taken: list[tuple[int, int]] = _not_claimed(text)
    found: list[Claim] = []
    plain = folded(text)

    def take(kind: Kind, start: int, end: int, first_may_go: bool = False, any_word: bool = False) -> None:
        if all(end <= first or last <= start for first, last in taken):
            taken.append((start, end))
            rounding = rounding_at(plain, start, end) if kind == "number" else None
            found.append(Claim(kind, text[start:end], start, end, first_may_go, any_word, rounding))

    for day in dates(text):
        take("date", day.start, day.end)
    for found_number in _LONG_NUMBER.finditer(signs_unified(text)):
        take("identifier", *found_number.span())
    for start, end, _ in times_of_day(text):
        take("number", start, end)
    for start, end, _ in find_identifiers(text):
        take("identifier", start, end)
    for number in numbers(text):
        if number.values and not _is_part(text, number.start, number.end):
            take("number", number.start, number.end)
    for start, end in _figures(text):
        take("number", start, end)
    for name in names(text, language):
        take("name", name.start, name.end, name.first_may_go, name.any_word)
    by_text = {claim.text: claim for claim in sorted(found, key=lambda claim: -claim.start)}
    return sorted(by_text.values(), key=lambda claim: claim.start)


def spelled_claims(text: str) -> list[Claim]:
    """Return the numbers above twelve that `text` writes in words, as claims.

    Smaller ones are on nearly every page, and "thousands" is no number.
    """
    return [
        Claim("number", text[start:end], start, end)
        for start, end, value in spelled_numbers(folded(text))
        if value > SMALL_WORDS and value not in _ROUND
    ]


def _is_part(text: str, start: int, end: int) -> bool:
    """Return whether the number at `start` to `end` is a part of a longer figure, such as a time."""
    before = re.search(r"\d[-:/]$", text[max(0, start - 2) : start])
    return before is not None or re.match(r"[-:/]\w*\d", text[end : end + 12]) is not None


def claim_of(text: str) -> Claim:
    """Return `text` as one claim."""
    plain = folded(text).strip()
    whole = [day for day in dates(text) if day.start == 0 and day.end == len(text)]
    kind: Kind = "name"
    if whole:
        kind = "date"
    elif is_identifier(plain):
        kind = "identifier"
    elif plain[:1].isdigit():
        kind = "number"
    return Claim(kind, text, 0, len(text))


def _figures(text: str) -> list[tuple[int, int]]:
    """Return the spans of tokens with a digit, times and versions among them."""
    places = []
    for found in _FIGURE.finditer(signs_unified(text)):
        start, end = found.span()
        while start < end and text[start] in _EDGES:
            start += 1
        while end > start and text[end - 1] in _EDGES:
            end -= 1
        if not _POWER.fullmatch(signs_unified(text[start:end])) and any(map(str.isdecimal, text[start:end])):
            places.append((start, end))
    return places


def _not_claimed(text: str) -> list[tuple[int, int]]:
    """Return the spans of list numbers and page references."""
    places = [found.span() for found in _REFERENCE.finditer(text)]
    at = 0
    for line in text.splitlines(keepends=True):
        parsed = parse_line(line)
        if parsed.begins and len(line.strip()) > parsed.begins:
            places.append((at, at + parsed.begins))
        at += len(line)
    return places
