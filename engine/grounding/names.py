"""Names in a text, by capital letters where the language has a use for them. Light: no torch.

A script without capitals gives no names. A language that capitalises nouns gives runs of capitals only, and those
count leniently. A single word at the start of a sentence, a line or a label is no name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from engine.grounding.languages import capitalises_nouns, has_case, language_of
from engine.grounding.lines import parse_line
from engine.grounding.numbers import CURRENCIES
from engine.grounding.stopwords import stop_words
from engine.grounding.words import UNSPACED, signs_unified

_WORD = re.compile(rf"[^\W\d_{UNSPACED}]+(?:['.][^\W\d_{UNSPACED}]+)*")
_SENTENCE_END = re.compile(r"(?:[.!?:…;][\"'”’)\]]*\s+|[\"“„«(\[|]\s*)$")
_POSSESSIVE = re.compile(r"'s?$")
_PARTICLES = frozenset(
    {"van", "von", "de", "der", "den", "di", "da", "du", "la", "ten", "zu", "bin", "ibn", "al", "el"}
)
_ARTICLES_TOO = frozenset({"der", "den"})
"""Particles that are articles where nouns have capitals: "Zahl der Gäste" is no name."""
TITLES = frozenset(("Dr", "Mr", "Ms", "Mrs", "Prof", "St", "Herr", "Frau", "Mme", "Sr", "Sra"))
_CODES = frozenset(code.upper() for code in CURRENCIES if len(code) == 3 and code.isascii()) | {
    "AM",
    "PM",
    "UTC",
    "CET",
    "Celsius",
    "Fahrenheit",
    "Kelvin",
    "Hertz",
    "Pascal",
    "Newton",
    "Watt",
    "Volt",
}
"""Codes of currencies and of times, which are units."""
_SHORT_ACRONYM = 3
_ABBREVIATION = 4
"""Letters of an abbreviation behind a number at most: 62 Std."""
_ELIDED = re.compile(
    r"(?:[^\W\d_]{1,2}|qu|quell|quest|dell|nell|sull|that|what|here|there|let)'[^\W\d_]", re.IGNORECASE
)
"""Begins a word with an elided one before it: "C'est"."""
_OPENERS_WORDS = (
    "according based later earlier finally overall additionally furthermore however thus therefore hence "
    "meanwhile moreover next last first second third key main list note yes please summary document section "
    "chapter page table figure since although though while despite given contrary each every later per via unlike "
    "like"
)
_OPENERS = frozenset(_OPENERS_WORDS.split())
"""Words that open sentences, besides the stop words."""


@dataclass(frozen=True)
class Name:
    """A name in a text."""

    start: int
    end: int
    first_may_go: bool = False
    """True when the first word may be capitalised only because it begins a sentence."""
    any_word: bool = False
    """One of its words is enough: their capitals may be no sign of a name."""


def names(text: str, language: str | None = None) -> Iterator[Name]:
    """Yield the names of `text` in order. `language`: default, that of `text`."""
    language = language or language_of(text)
    if not has_case(language):
        return
    whole = signs_unified(text)
    at = 0
    for line in text.splitlines(keepends=True):
        yield from _names_of_line(whole[at : at + len(line)], at, language)
        at += len(line)


def _names_of_line(line: str, offset: int, language: str) -> Iterator[Name]:
    parsed = parse_line(line)
    nouns = capitalises_nouns(language)
    if parsed.heading and nouns:
        return
    for run in _runs(line, parsed.begins, _PARTICLES - _ARTICLES_TOO if nouns else _PARTICLES):
        start, end = run[0].start(), run[-1].end()
        if possessive := _POSSESSIVE.search(line[start:end]):
            end -= len(possessive[0])
        opens = start == _begin(line, parsed.begins) or _SENTENCE_END.search(line, 0, start) is not None
        if nouns and len(run) > 1 and re.search(r"\d[ \u00a0]$", line[:start]):
            run = run[1:]  # the thing that is counted: 30 Tage Zeit
            start = run[0].start()
        words = [word[0].lower() for word in run]
        if opens and (_is_opener(words[0], language) or _is_elided(run[0][0])):
            run, words = run[1:], words[1:]
            if not run:
                continue
            start, opens = run[0].start(), False
        capitals = [word for word in run if word[0][0].isupper()]
        in_label = parsed.begins <= start and end <= parsed.label and (parsed.item or "*" in line[: parsed.label])
        if len(capitals) == 1 and (opens or nouns or parsed.heading or in_label):
            continue
        if len(capitals) == 1 and (capitals[0][0] in _CODES or _is_unit(line, capitals[0])):
            continue
        acronym = len(capitals) == 2 and capitals[1][0].isupper() and len(capitals[1][0]) <= _SHORT_ACRONYM
        if not capitals or all(word in stop_words(language) for word in words):
            continue
        loose = nouns or parsed.heading or in_label
        yield Name(offset + start, offset + end, first_may_go=opens and (len(capitals) > 2 or acronym), any_word=loose)


def _runs(line: str, begins: int, particles: frozenset[str]) -> Iterator[list[re.Match[str]]]:
    """Yield runs of adjacent words with capitals, with `particles` between them."""
    run: list[re.Match[str]] = []
    pending: list[re.Match[str]] = []
    for word in _WORD.finditer(line, begins):
        last = (pending or run)[-1] if run else None
        beside = last is not None and _stand_together(last, line[last.end() : word.start()])
        if word[0][0].isupper() and len(word[0]) > 1 and _is_word(word, line):
            if run and not beside:
                yield run
                run, pending = [], []
            run += [*pending, word]
            pending = []
        elif run and beside and word[0] in particles:
            pending.append(word)
        elif run and beside and len(word[0]) == 1 and word[0].isupper():
            pending.append(word)  # an initial
        elif run:
            yield run
            run, pending = [], []
    if run:
        yield run


def _stand_together(word: re.Match[str], gap: str) -> bool:
    """Return whether `gap` may follow `word` inside a name: Anna Berg, Anna-Maria, J. Berg, Dr. Berg."""
    return gap in (" ", "-") or (gap == ". " and (len(word[0]) == 1 or word[0] in TITLES))


def _is_word(word: re.Match[str], line: str) -> bool:
    """Return whether a match is a word of its own, not a part of an identifier such as FT-474 or Q3."""
    before, after = line[: word.start()][-1:], line[word.end() : word.end() + 2]
    return not (
        before.isdigit() or before == "_" or after[:1].isdigit() or (after[:1] in "-_" and after[1:2].isdigit())
    )


def _is_unit(line: str, word: re.Match[str]) -> bool:
    """Return whether short capitals or an abbreviation stand behind a number: 350 TL, 18 MW, 62 Std."""
    is_abbreviation = len(word[0]) <= _ABBREVIATION and line[word.end() : word.end() + 1] == "."
    return (is_abbreviation or (word[0].isupper() and len(word[0]) <= _SHORT_ACRONYM)) and re.search(
        r"\d(?:[ \u00a0][^\W\d_]{1,10}\.?)?[ \u00a0]$", line[: word.start()]
    ) is not None


def _begin(line: str, begins: int) -> int:
    """Return the position of the first letter at or after `begins`."""
    found = _WORD.search(line, begins)
    return found.start() if found else begins


def _is_opener(word: str, language: str) -> bool:
    return word in _OPENERS or word in stop_words(language)


def _is_elided(word: str) -> bool:
    """Return whether a word is a small one behind an elided one: "C'est", but not "D'Angelo"."""
    found = _ELIDED.match(word)
    return found is not None and word[found.end() - 1].islower()
