"""What a document is for and whom it is for, in its own words: sentences that say so near its beginning. English.

Light: no torch.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.grounding.question_kinds import TEXT
from engine.grounding.sentence_index import IndexedSentence, SentenceIndex
from engine.grounding.words import folded

LEAST = 2.0
"""Least weight of a sentence that tells an aim or a reader."""
_FRONT_SHARE, _FEWEST, _MOST = 0.2, 80, 600
"""Share of a document's sentences, from its beginning, among which an aim is told; at least and at most so many."""
_LATE = 1.0
"""Weight that the last of these sentences loses against the first."""
_WORK = rf"(?:{TEXT}|work|research|project|survey|analysis|review|talk|address|chapter|volume|series|website|course)"
_DOES = (
    r"(?:aims?|seeks?|attempts?|tries|sets out|provides?|describes?|presents?|explains?|introduces?|examines?|"
    r"outlines?|"
    r"covers?|discusses|defines?|establishes|summari[sz]es|reports?|investigates?|analy[sz]es|explores?|reviews?|"
    r"offers?|"
    r"gives?|helps?|shows?|tells?|deals with|addresses|proposes|implements?|details|lists|updates|documents)"
)
_AIMS = (
    (
        4.0,
        rf"\b(?:purposes?|aims?|goals?|objectives?|intent|intention)(?: \w+)? of (?:this|our|the present) (?:\w+ "
        rf"){{0,2}}{_WORK} "
        r"(?:is|are|was|were)\b",
    ),
    (
        3.5,
        rf"\b(?:this|the present|our) (?:\w+ ){{0,2}}{_WORK} (?:\w+ )?(?:is|was|are) (?:\w+ )?(?:intended|designed|"
        rf"meant|written)\b",
    ),
    (3.0, rf"\b(?:this|the present) (?:\w+ ){{0,2}}{_WORK} (?:\w+ )?{_DOES}\b"),
    (2.5, rf"\b(?:purpose|aim|goal|objective)s? of the (?:\w+ ){{0,2}}{_WORK} (?:is|are|was|were)\b"),
    (
        3.0,
        r"\b(?:my|our|the) (?:main |primary |overall )?(?:aim|goal|purpose|objective)s? (?:here |today )?(?:is|are|"
        r"was|were) to\b",
    ),
    (3.0, rf"\bin this {_WORK},? (?:we|i)\b|\bhere,? we\b"),
    (3.0, r"^\W*an act to\b|^\W*a bill to\b"),
    (
        2.5,
        r"\bi (?:want|would like|will|shall|intend|propose|am going) to (?:talk|speak|discuss|focus|address|describe|"
        r"offer|share|"
        r"explain|consider|begin by)\b",
    ),
    (
        2.5,
        r"^(?:it|this|they)\b.{0,40}\b(?:aims? (?:to|at)|aimed (?:at|to))\b|\bintended to (?:be|serve|help|provide|"
        r"give|assist|guide)\b|\bpurpose is to\b",
    ),
    (
        2.0,
        r"\bwe (?:present|propose|introduce|describe|investigate|study|examine|report|aim|seek|explore|develop|"
        r"analy[sz]e)d?\b",
    ),
)
_READERS = (
    (4.0, r"\b(?:intended|target) (?:audience|readers?|readership|users?)\b|\baudience (?:is|for)\b"),
    (
        4.0,
        rf"\b(?:this|the) (?:\w+ ){{0,2}}{_WORK} (?:\w+ )?(?:is|was|are) (?:\w+ )?(?:intended|designed|meant|written|"
        rf"aimed|addressed|directed) "
        r"(?:\w+ )?(?:for|at|to (?:help|assist|be used by))\b",
    ),
    (3.5, rf"\b(?:this|the) (?:\w+ ){{0,2}}{_WORK} is for\b"),
    (
        3.0,
        r"^\W*(?:\(\s*)?for (?:the )?(?:use (?:of|by) )?(?:\w+ ){0,2}(?:users?|readers?|students?|teachers?|parents?|"
        r"patients?|"
        r"professionals|clinicians|practitioners|farmers?|owners?|holders?|holders|employees?|employers?|officers?|"
        r"beginners|"
        r"developers?|engineers?|managers?|families|carers?|people|persons?|members?|residents?|citizens|"
        r"applicants?|policymakers?)\b",
    ),
    (
        2.5,
        r"\breaders? (?:who|should|are|will|is|of this)\b|\b(?:useful|helpful|of interest) (?:to|for) (?:\w+ "
        r"){0,2}\w+s\b|"
        r"\bwritten for\b|\bwe hope (?:\w+ )*(?:readers|helps? you)\b",
    ),
)
_PARTIAL = re.compile(
    r"\bthis (?:section|sub-?section|paragraph|table|figure|appendix|annex|clause|article|part|step|page|form)\b"
)
"""Tells the aim of a part."""
_NOTICE = re.compile(
    r"\bnot (?:intended|meant|be (?:seen|taken|construed))\b|\bendors\w+|\bidentified in this\b|\bliab\w+"
)
_COMPILED_AIMS = [(weight, re.compile(pattern)) for weight, pattern in _AIMS]
_COMPILED_READERS = [(weight, re.compile(pattern)) for weight, pattern in _READERS]


def aims(index: SentenceIndex, most: int) -> list[IndexedSentence]:
    """Return the sentences that tell what the document is for, the clearest first, at most `most`."""
    return _told(index, _COMPILED_AIMS, most)


def readers(index: SentenceIndex, most: int) -> list[IndexedSentence]:
    """Return the sentences and lines that tell whom the document is for, the clearest first, at most `most`."""
    return _told(index, _COMPILED_READERS, most)


def _told(index: SentenceIndex, patterns: Sequence[tuple[float, re.Pattern[str]]], most: int) -> list[IndexedSentence]:
    count = min(max(_FEWEST, round(_FRONT_SHARE * len(index.sentences))), _MOST, len(index.sentences))
    found: list[tuple[float, int, IndexedSentence]] = []
    seen: set[str] = set()
    for place, sentence in enumerate(index.sentences[:count]):
        plain = " ".join(folded(sentence.text).split())
        weight = max((weight for weight, pattern in patterns if pattern.search(plain)), default=0.0)
        if weight and not _PARTIAL.search(plain) and not _NOTICE.search(plain) and plain not in seen:
            seen.add(plain)
            found.append((weight - _LATE * place / count, place, sentence))
    best = sorted((one for one in found if one[0] >= LEAST), key=lambda one: (-one[0], one[1]))
    return [sentence for _, _, sentence in best[:most]]
