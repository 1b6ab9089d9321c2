"""Refusals: the test whether a reply says that the document does not hold the answer, in many languages.

A reply is read clause by clause. A clause states that something is missing (engine.profile.phrases), or is filler (an
apology, an offer), or describes the document, or makes another statement. A reply that makes no statement besides a
missing-clause refuses. A reply that makes one as well is unclear: the pipeline asks the model yes or no. Light: no
torch.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from engine.grounding.dates import dates
from engine.grounding.languages import language_of
from engine.profile.phrases.east_asian import east_asian
from engine.profile.phrases.germanic import dutch_nordic, english, german
from engine.profile.phrases.phrases import Phrases
from engine.profile.phrases.romance import french, italian_portuguese, spanish
from engine.profile.phrases.slavic import slavic
from engine.profile.phrases.west_asian import west_asian
from engine.profile.profile import Verdict
from engine.profile.replies import plain, without_attribution

Kind = Literal["missing", "partly", "filler", "describes", "says"]
"""Kind of a clause: something is missing, or missing in part ("not explicitly"), or one of the other kinds."""

_SENTENCE = re.compile(r"(?<=[.!?…])[\"'”’»)\]*]*\s+|(?<=[。！？؟۔।])|(?<=[;；؛])\s*|\n+")
_ABBREVIATION = re.compile(
    r"\b(?:dr|mr|mrs|ms|prof|no|nos|nr|ext|tel|art|abs|std|incl|min|max|fig|vs|etc|ca|approx|z\.b|d\.h|bzw|usw|inkl|p|pp|s|st|г|им|стр|т\.е|т\.д)\.$",
    re.I,
)
_COMPLEMENT = re.compile(r",? (?:that|dass|daß|qu['’e]|que|che|dat|att|at|что|що|że) ?|أنّ?\s", re.IGNORECASE)
_INSERTED = re.compile(
    r",\s*(?:however|though|nevertheless|jedoch|allerdings|cependant|toutefois|sin embargo|однако|echter|tuttavia|"
    r"porém|contudo|unfortunately|leider|malheureusement|lamentablemente|к сожалению)\s*,\s*",
    re.IGNORECASE,
)
"""A contrast between two commas, inside a clause."""
_PRONOUN = re.compile(r"^\W*(?:(?:and )?(?:it|they|this|these)\s+|(?=(?:do|does|did)(?: not|n['’]t)\b))", re.IGNORECASE)
"""The beginning of a clause whose subject is that of the one before: "It does not", "does not"."""
_EDGES = " .!?…,;:：，。、！？؟۔।–—-\"'“”„«»()[]*_"
_FIGURE = re.compile(r"\d")
_DAY = re.compile(r"(?<![\d.,])\d{1,2}\.$")
_NONE = re.compile(r"^(?:none|no|nothing|nein|keine?|ninguno|ninguna|aucune?|нет|无|無|لا شيء)$", re.IGNORECASE)
_COUNTS = re.compile(
    r"\b(?:how many|which|any|are there|is there|was there|were there|wie viele|welche|combien|quels?|"
    r"cuánt\w+|cuál\w*|сколько|как\w+)\b",
    re.IGNORECASE,
)
_FEW_WORDS = 3
"""A clause of fewer words says nothing by itself."""


@cache
def _phrases() -> tuple[Phrases, ...]:
    """Return the phrases of all languages: a clause is too short to tell its own. Compiled once (0.15 s)."""
    return (
        english(),
        german(),
        french(),
        spanish(),
        italian_portuguese(),
        dutch_nordic(),
        slavic(),
        east_asian(),
        west_asian(),
    )


@dataclass(frozen=True)
class Clause:
    """A clause of a reply."""

    kind: Kind
    text: str
    contrasts: bool = False
    """True when the clause begins with "but", or follows a semicolon."""


def judge(reply: str, question: str = "") -> Verdict:
    """Return whether `reply` to `question` says that the document does not hold the answer."""
    clauses = clauses_of(reply, question)
    missing = [place for place, clause in enumerate(clauses) if clause.kind in ("missing", "partly")]
    if not missing:
        return "answers"
    asked = set(re.findall(r"\d[\d.,]*", question))
    said = [
        place
        for place, clause in enumerate(clauses)
        if clause.kind == "says" or (place > missing[0] and _has_new_figure(clause, asked))
    ]
    if not said:
        return "refuses"
    first = missing[0]
    hedged = any(clauses[place].kind == "partly" for place in missing)
    before = any(place < first for place in said)
    contrasted = any(place > first and clauses[place].contrasts for place in said)
    return "unclear" if hedged or before or contrasted else "refuses"


def clauses_of(reply: str, question: str = "") -> list[Clause]:
    """Return the clauses of a reply in order, each with its kind."""
    found: list[Clause] = []
    follows = False
    for sentence in sentences(plain(reply)):
        inserted = _INSERTED.search(sentence)
        whole = _INSERTED.sub(" ", sentence)
        for contrasts, text in _clauses(whole):
            # "It" after a sentence about the document is the document.
            about = found and found[-1].kind == "describes" and _PRONOUN.match(text)
            kind = _kind(_PRONOUN.sub("the document ", text) if about else text, question)
            if kind is not None:
                found.append(Clause(kind, text, contrasts or follows or inserted is not None))
            follows = False
        follows = sentence.endswith((";", "；", "؛"))
    return found


def sentences(text: str) -> list[str]:
    """Return the sentences of a reply without markdown."""
    parts: list[str] = []
    for part in _SENTENCE.split(text):
        if parts and part and (_ABBREVIATION.search(parts[-1]) or _is_in_date(parts[-1], part)):
            parts[-1] += f" {part}"
        elif part and part.strip(_EDGES):
            parts.append(part.strip())
    return parts


def _is_in_date(before: str, after: str) -> bool:
    """Return whether a full stop belongs to a day: 17. April."""
    day = _DAY.search(before)
    return day is not None and any(found.start == 0 for found in dates(f"{day[0]} {after[:20]}"))


def _clauses(sentence: str) -> list[tuple[bool, str]]:
    """Return (begins with "but", text) of each clause of a sentence; only a contrast divides it."""
    pieces = [(False, sentence)]
    language = language_of(sentence, "")
    for phrases in _phrases():
        if language and language not in phrases.languages:
            continue  # "ma" is "but" in Italian and "has" in Polish
        divided: list[tuple[bool, str]] = []
        for contrasts, piece in pieces:
            at = 0
            for found in phrases.contrast.finditer(piece):
                if piece[at : found.start()].strip(_EDGES):
                    divided.append((contrasts, piece[at : found.start()]))
                contrasts, at = True, found.end()
            if piece[at:].strip(_EDGES):
                divided.append((contrasts, piece[at:]))
        pieces = divided
    return pieces


def _kind(clause: str, question: str) -> Kind | None:
    """Return the kind of a clause; None for one that says nothing by itself."""
    text = clause.strip(_EDGES)
    bare = without_attribution(text).strip(_EDGES) or text
    if _NONE.match(bare):
        return "says" if _COUNTS.search(question) else "missing"
    for phrases in _phrases():
        if (kind := _kind_in(phrases, text, bare)) is not None:
            return kind
    if any(phrases.filler.search(bare) for phrases in _phrases()):
        return "filler"
    if any(phrases.describes.search(bare) for phrases in _phrases()):
        return "describes"
    return "says" if _is_long_enough(bare) else None


def _kind_in(phrases: Phrases, text: str, bare: str) -> Kind | None:
    """Return the kind of a clause as one language has it; None where it has none."""
    complement = _COMPLEMENT.search(text)
    head = text[: complement.start()] if complement else text
    if phrases.reports.search(text) and complement and not phrases.missing.search(head):
        return "says"
    for wording in dict.fromkeys((bare, text)):
        if phrases.missing.search(wording):
            return "partly" if phrases.hedge.search(wording) else "missing"
    return None


def _has_new_figure(clause: Clause, asked: set[str]) -> bool:
    """Return whether a clause that describes the document gives a figure that was not asked about."""
    figures = set(re.findall(r"\d[\d.,]*", clause.text))
    return clause.kind == "describes" and bool(figures - asked)


def _is_long_enough(text: str) -> bool:
    words = text.split()
    return len(words) >= _FEW_WORDS or _FIGURE.search(text) is not None or any(len(word) > 3 for word in words)
