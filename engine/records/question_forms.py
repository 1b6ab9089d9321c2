"""Forms of questions over records: what is asked for, and the rest that names things and conditions. No torch."""

from __future__ import annotations

import re
from typing import Literal

Operation = Literal["count", "list", "total", "average", "first", "last", "highest", "lowest", "times"]

_COUNT = re.compile(
    r"(?:how many|(?:what (?:is|was) |give me |tell me )?(?:the )?(?:total )?number of|count (?:all |every |the )+|"
    r"wie ?viele|(?:wie hoch ist |was ist )?die (?:an)?zahl (?:der|von|aller)) ?(?P<rest>.+)"
)
TIMES = re.compile(
    r"(?:how (?:many times|often) (?:is|was|are|were|does|did|has|have) (?:the )?(?P<a>.+?) (?:been )?"
    r"(?:mentioned|named|appear|occur|cited|referred to|listed|come up|show up)|"
    r"how many (?:mentions|occurrences) (?:of|are there of) (?:the )?(?P<b>.+?)(?: are there)?|"
    r"wie (?:oft|häufig) (?:wird|werden|kommt|kommen|ist|sind) (?P<c>.+?) (?:erwähnt|genannt|vor))"
    r"(?: (?:in|im|there|here) ?.*)?"
)
_LIST = re.compile(
    r"(?:please )?(?:(?:list|show|give|name|find|enumerate)(?: me)? (?:every|each|all(?: of)?(?: the)?)|list(?: the)?|"
    r"(?:which|what are (?:all )?the)|welche[rns]?|"
    r"(?:bitte )?(?:liste|nenne|zeige)(?: mir)? (?:alle|jede[nrs]?|sämtliche))"
    r" (?P<rest>.+?)(?: auf)?"
)
_TOTAL = re.compile(
    r"(?:(?:what (?:is|was|are|were) |give me |tell me )?(?:the )?(?:grand |overall )?(?:total|sum)(?: of)?(?: all)?"
    r"(?: the)?|(?:wie hoch ist |was ist )?die (?:gesamt)?summe(?: aller| der)?) (?P<a>.+)"
    r"|how much (?:did|do|does|was|were|is|are) (?P<b>.+?) (?:in total|altogether|together|all told)"
    r"|what (?:did|do|does) (?P<c>.+?) cost (?:in total|altogether|together)"
    r"|(?:how much|what) (?:did|do|have) (?:we|you|they|i) (?:spend|spent|pay|paid) (?:on|for) (?P<spent>.+?)"
    r"(?: in total| altogether)?"
)
_AVERAGE = re.compile(
    r"(?:(?:what (?:is|was|are|were) |give me |tell me )?(?:the |an )?(?:average|mean)(?: of)?(?: all)?(?: the)?|"
    r"(?:wie hoch (?:ist|sind|war|waren) |was (?:ist|war) )?(?:die |der |das )?durchschnittliche[nrs]?|"
    r"(?:wie hoch (?:ist|war) |was (?:ist|war) )?der durchschnitt (?:der|aller)) (?P<rest>.+)"
)
_HIGH = r"highest|largest|biggest|greatest|höchste[nrs]?|größte[nrs]?"
_LOW = r"lowest|smallest|niedrigste[nrs]?|kleinste[nrs]?"
_DEAR = r"most expensive|costliest|dearest|teuerste[nrs]?"
_CHEAP = r"cheapest|least expensive|billigste[nrs]?|günstigste[nrs]?"
_EXTREME = re.compile(
    rf"(?:(?:what|which|was|welche[rs]?) (?:is|was|were|are|ist|war) )?(?:the |der |die |das )?"
    rf"(?:(?P<high>{_HIGH})|(?P<low>{_LOW})|(?P<dear>{_DEAR})|(?P<cheap>{_CHEAP})) (?P<a>.+)"
    rf"|(?:which|welche[rs]?) (?P<b>.+?) (?:has|had|have|hat|hatte) (?:the |den |die |das )?"
    rf"(?:(?P<high_b>{_HIGH})|(?P<low_b>{_LOW})) (?P<of>.+)"
    r"|(?:which|welche[rs]?) (?P<c>.+?) (?:costs?|kostete?) (?:the |am )?"
    r"(?:(?P<dear_c>most|meisten)|(?P<cheap_c>least|wenigsten))"
    r"|(?:which|welche[rs]?) (?P<d>.+?) (?:is|was|ist|war) (?:the |der |die |das )?(?:(?P<dear_d>"
    rf"{_DEAR})|(?P<cheap_d>{_CHEAP}))"
)
_FIRST = r"first|earliest|oldest|erste[nrs]?|früheste[nrs]?|älteste[nrs]?"
_LAST = r"last|latest|most recent|newest|letzte[nrs]?|jüngste[nrs]?|neueste[nrs]?"
_END = re.compile(
    rf"(?:(?:what|which|when|show|give me|wann|was|welche[rs]?) ?(?:is|was|did|were|ist|war)? )?"
    r"(?:(?:the )?date of )?(?:the |der |die |das )?"
    rf"(?P<end>{_FIRST}|{_LAST}) (?P<rest>.+)"
)


def operation_of(plain: str, text: str) -> tuple[Operation, str] | None:
    """Return the operation and the rest of the question; `plain` is `text` folded, letter for letter."""
    if found := _COUNT.fullmatch(plain):
        return "count", text[slice(*found.span("rest"))]
    if found := _TOTAL.fullmatch(plain):
        name = next(name for name in ("a", "b", "c", "spent") if found[name])
        return "total", ("cost " if name == "spent" else "") + text[slice(*found.span(name))]
    if found := _AVERAGE.fullmatch(plain):
        return "average", text[slice(*found.span("rest"))]
    if found := _EXTREME.fullmatch(plain):
        return _extreme(found, text)
    if found := _END.fullmatch(plain):
        last = re.fullmatch(_LAST, found["end"]) is not None
        return "last" if last else "first", text[slice(*found.span("rest"))]
    if found := _LIST.fullmatch(plain):
        return "list", text[slice(*found.span("rest"))]
    return None


def _extreme(found: re.Match[str], text: str) -> tuple[Operation, str]:
    """Return the operation of a question for the highest or the lowest; one for the dearest names the cost."""
    names = [name for name, value in found.groupdict().items() if value]
    said = next(name.partition("_")[0] for name in names if name.startswith(("high", "low", "dear", "cheap")))
    parts = [text[slice(*found.span(name))] for name in ("a", "b", "of", "c", "d") if found[name]]
    if said in ("dear", "cheap"):
        parts.insert(0, "cost")
    return "highest" if said in ("high", "dear") else "lowest", " ".join(parts)
