"""Corrections: sentences that correct another sentence, and the values that they withdraw. Light: no torch.

Two signs count, both general English (and a little German, French, Spanish and Russian): an announcement
("Correction:", "was corrected", "the entry is wrong"), and a contrast of two values of one kind ("was 900 rpm, not 800
rpm"). Neither comes from the generator of the demo model's records. Ordinary words such as "revised" or "wrong" are no
sign by themselves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from engine.grounding.claims import Claim, claims
from engine.grounding.words import folded

_NOUN = (
    r"(?:corrections?|corrigend(?:um|a)|errat(?:um|a)|rectifications?|misprints?|amendments?|"
    r"berichtigung(?:en)?|korrektur(?:en)?|rectificatifs?|correctifs?|corrección|rectificación|fe de erratas|"
    r"исправлени[ея]|опечатк[аи])"
)
_STATEMENT = r"(?:entry|entries|figure|value|number|date|name|statement|report|note|record|eintrag|angabe|wert|запись)"
_ANNOUNCED = re.compile(
    rf"^\W*(?:\w+ )?{_NOUN}(?!\w)|(?<!\w){_NOUN}(?: to [\w ]{{1,24}})?\s*(?::|- )"
    r"|(?<!\w)(?:corrected|amended|rectified|superseded|retracted|restated|(?:put|set) (?:right|straight)|korrigiert|"
    r"berichtigt|corrigée?s?|corregid[oa]s?|rectifi(?:é|ée|cado|cada)|исправлен[оаы]?)(?!\w)"
    rf"|(?<!\w)(?:earlier|previous|first|original|former|prior) {_STATEMENT}(?!\w)"
    rf"|(?<!\w){_STATEMENT}(?!\w)[^.;]{{0,50}}(?<!\w)(?:wrong|incorrect|mistaken|erroneous|in error|wrongly|mistakenly|"
    r"erroneously|incorrectly|falsch|irrtümlich|ошибочн\w+)(?!\w)"
)
"""Pattern of words that announce a correction."""
_DOUBTED = re.compile(
    r"(?<!\w)(?:mistake(?:s|nly)?|erroneous(?:ly)?|in error|no longer|in fact|actually|wrong(?:ly)?|incorrect(?:ly)?|"
    r"irrtümlich|ошибочно)(?!\w)"
)
"""Pattern of words that may accompany a correction; they count beside two values only."""
_NEGATION = (
    r"(?:not|never|instead of|rather than|in place of|in lieu of|as opposed to|nicht|statt|anstatt|anstelle von|"
    r"au lieu de|en lugar de|en vez de|no|а не|не|вместо)"
)
_DENIED = re.compile(rf"(?<!\w){_NEGATION}(?: (?:by|on|in|at|from|as|the|to|am|vom|von|le|el|la))?[\s:]*$")
_BRACKETED = re.compile(
    r"\((?:was|formerly|previously|old|earlier|before|vorher|früher|bisher|antes|avant|ранее)[\s:]*$"
)
_FORMERLY = re.compile(
    r"(?<!\w)(?:formerly|previously|earlier|originally|wrongly|erroneously|mistakenly|incorrectly|irrtümlich|ошибочно|"
    r"entry|value|figure)(?: \w+){0,2}[\s:]*$"
)
_FROM = re.compile(r"(?<!\w)(?:from|von|de|du|от|с)\s*$")
_TO = re.compile(r"\s*(?:to|auf|zu|à|a|в|на|до)(?!\w)")
_AFTERWARDS = re.compile(
    r",?[^.;,]{0,40}?(?<!\w)(?:(?:is|was|are|were|had been|being)? ?(?:wrong|incorrect|erroneous|mistaken|a mistake|"
    r"an error|in error|void|superseded|withdrawn|no longer)|by mistake|falsch|war ein irrtum|ошибочно)(?!\w)"
)
_BEFORE, _BETWEEN = 32, 60
"""Characters before a value in which its negation is searched, and between two values that are contrasted."""


@dataclass(frozen=True)
class Correction:
    """The correction in a sentence, if there is one."""

    corrects: bool
    """True when the sentence announces or shows a correction."""
    taken_back: tuple[tuple[int, int], ...]
    """Spans (start, end) of the values that the sentence denies or replaces, in characters."""


@lru_cache(maxsize=8192)
def correction_in(text: str) -> Correction:
    """Return the correction in `text`, which is one sentence or two."""
    plain = folded(text)
    values = claims(text, "en")
    announced = _ANNOUNCED.search(plain) is not None
    doubted = announced or _DOUBTED.search(plain) is not None
    denied = [value for value in values if _is_denied(plain, value.start, value.end, doubted=doubted)]
    contrasted = any(_is_contrast(plain, value, other) for value in denied for other in values if other not in denied)
    replaced = announced and len(values) > len(denied)
    return Correction(contrasted or replaced, tuple((value.start, value.end) for value in denied))


def corrects(text: str) -> bool:
    """Return whether `text` puts something right."""
    return correction_in(text).corrects


def denies_at(text: str, start: int, end: int) -> bool:
    """Return whether `text` mentions the value at `start` to `end` only to deny or withdraw it."""
    plain = folded(text)
    doubted = _ANNOUNCED.search(plain) is not None or _DOUBTED.search(plain) is not None
    return _is_denied(plain, start, end, doubted=doubted)


def _is_denied(plain: str, start: int, end: int, *, doubted: bool) -> bool:
    before = plain[max(0, start - _BEFORE) : start]
    if _DENIED.search(before):
        return True
    if _BRACKETED.search(before):
        return True
    if doubted and _FORMERLY.search(before):
        return True
    if _FROM.search(before) and _TO.match(plain, end):
        return doubted
    return doubted and _AFTERWARDS.match(plain, end) is not None


def _is_contrast(plain: str, denied: Claim, other: Claim) -> bool:
    """Return whether two values of one kind are near each other in one sentence."""
    first, second = sorted((denied, other), key=lambda claim: claim.start)
    between = plain[first.end : second.start]
    return denied.kind == other.kind != "identifier" and len(between) <= _BETWEEN and not re.search(r"[.!?]\s", between)
