"""Forms of questions over records: what is asked for, and the rest that names things and conditions. No torch."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Operation = Literal[
    "count",
    "list",
    "total",
    "average",
    "median",
    "share",
    "first",
    "last",
    "highest",
    "lowest",
    "most",
    "fewest",
    "value",
    "times",
]

_COUNT = re.compile(
    r"(?:how many|in how many|(?:what (?:is|was) |give me |tell me )?(?:the )?(?:total )?number of|"
    r"count (?:all |every |the )+|how often (?:is|was|were|are|do|does|did|has|have)|wie ?viele|"
    r"(?:wie hoch ist |was ist )?die (?:an)?zahl (?:der|von|aller)) ?(?P<rest>.+)"
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
    r"(?:which|what are (?:all )?the|who|what(?= (?!is |was |are |were |do |does |did |has |have |had |can |will )"
    r"\w+s ))|welche[rns]?|"
    r"(?:bitte )?(?:liste|nenne|zeige)(?: mir)? (?:alle|jede[nrs]?|sämtliche))"
    r" (?P<rest>.+?)(?: auf)?"
)
_TOTAL = re.compile(
    r"(?:(?:what (?:is|was|are|were) |give me |tell me )?(?:the )?(?:grand |overall )?(?:total|sum)(?: of)?(?: all)?"
    r"(?: the)?|(?:wie hoch ist |was ist )?die (?:gesamt)?summe(?: aller| der)?) (?P<a>.+)"
    r"|how much (?:did|do|does|was|were|is|are) (?P<b>.+?) (?:in total|altogether|together|all told)"
    r"|(?:what|how much) (?:did|do|does|have|has) (?P<c>.+?) (?P<verb>cost|earn|earned|pay|paid|spend|spent|charge|"
    r"charged|take|took|make|made)(?: (?:in|on|for|from) (?P<d>.+?))? (?:in total|altogether|together)"
    r"|(?:how much|what) (?:did|do|have) (?:we|you|they|i) (?:spend|spent|pay|paid) (?:on|for) (?P<spent>.+?)"
    r"(?: in total| altogether)?"
)
_AVERAGE = re.compile(
    r"(?:(?:what (?:is|was|are|were) |give me |tell me )?(?:the |an )?(?:average|mean|(?P<median>median))"
    r"(?: of)?(?: all)?(?: the)?|"
    r"(?:wie hoch (?:ist|sind|war|waren) |was (?:ist|war) )?(?:die |der |das )?durchschnittliche[nrs]?|"
    r"(?:wie hoch (?:ist|war) |was (?:ist|war) )?der durchschnitt (?:der|aller)) (?P<rest>.+)"
)
_HIGHEST = (
    "highest|largest|biggest|greatest|deepest|longest|heaviest|tallest|widest|fastest|hottest|warmest|thickest|"
    "strongest|farthest|most populous|höchste[nrs]?|größte[nrs]?|längste[nrs]?|tiefste[nrs]?|schwerste[nrs]?"
)
_LOWEST = (
    "lowest|smallest|shallowest|shortest|lightest|narrowest|slowest|coldest|coolest|thinnest|weakest|nearest|"
    "niedrigste[nrs]?|kleinste[nrs]?|kürzeste[nrs]?|leichteste[nrs]?"
)
_DEAR = "most expensive|costliest|dearest|teuerste[nrs]?"
_CHEAP = "cheapest|least expensive|billigste[nrs]?|günstigste[nrs]?"
_ENDS = rf"(?:(?P<high>{_HIGHEST})|(?P<low>{_LOWEST})|(?P<dear>{_DEAR})|(?P<cheap>{_CHEAP}))"
_ENGLISH, _GERMAN = "two three four five six seven eight nine ten", "zwei drei vier fünf sechs sieben acht neun zehn"
_NUMBERS = {
    **{word: number for number, word in enumerate(_ENGLISH.split(), 2)},
    **{word: number for number, word in enumerate(_GERMAN.split(), 2)},
    "dozen": 12,
}
_SOME = rf"(?:(?:top )?(?P<n>\d{{1,3}}|{'|'.join(_NUMBERS)}) )?"
_HAS = r"(?:has|had|have|hat|hatte)"
_EXTREMES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:(?:what|which|was|welche[rs]?|list|show(?: me)?|name|give me) ?(?:is|was|were|are|ist|war|sind)? )?"
        rf"(?:the |der |die |das )?{_SOME}{_ENDS} (?P<a>.+)",
        rf"(?:which|what|welche[rs]?) (?P<a>.+?) {_HAS} (?:the |den |die |das )?{_ENDS} (?P<b>.+)",
        rf"(?:which|what|welche[rs]?) {_SOME}(?P<a>.+?) (?:is|was|are|were|ist|war|lasted|took|weighs?|weighed) "
        rf"(?:the |der |die |das |am )?{_ENDS}(?: of all| overall)?",
        rf"(?:which|what|welche[rs]?) {_SOME}(?P<a>.+?) (?:costs?|kostete?) (?:the |am )?"
        r"(?:(?P<dear>most|meisten)|(?P<cheap>least|wenigsten))",
        rf"(?:the )?top (?P<n>\d{{1,3}}|{'|'.join(_NUMBERS)}) (?P<a>.+?) by (?P<b>.+)",
        r"who (?P<a>(?:earn|weigh|pay|cost|spen)\w*) (?:the )?(?:(?P<high>most)|(?P<low>least))",
    )
)
_MOST = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?:which|what|welche[rs]?|(?:in|on|at|for|by) (?:which|what)) (?P<group>\w+(?: \w+)??) "
        r"(?:(?:has|have|had|received|got|made|held|sent|saw|caused|suffered|took|did|does|do|is|was|are|were|hat|"
        r"hatte|\w+ed) )?"
        r"(?:there )?(?:named in |involved in |affected by |with |by )?(?:the |die )?"
        r"(?:(?P<most>most|meisten)|(?P<fewest>fewest|least|wenigsten)) (?P<rest>(?!expensive|often|recent).+)",
        r"(?:what|which|welche[rs]?) (?P<group>\w+(?: \w+)?) (?P<rest>\w+) (?:the )?"
        r"(?:(?P<most>most)|(?P<fewest>least)) (?:often|frequently)",
        r"(?:(?:what|which) (?:is|was) )?the (?:(?P<most>most)|(?P<fewest>least)) (?:common|frequent|often named) "
        r"(?P<group>\w+)(?: (?:of|for|with|in|among|at) (?P<rest>.+))?",
    )
)
_SHARE = re.compile(
    r"(?:(?:what|which) (?:percentage|percent|per cent|share|proportion|fraction|part)|how (?:large|high|big) a share) "
    r"of (?:all |the |all the )?(?P<base>.+?) (?:is|are|was|were|has|have|had|do|does|did|go|goes|went|come|came|"
    r"belong|belongs|cost|costs|concern|concerned|concerns|involve|involved) (?P<rest>.+)"
)
_VALUES = tuple(
    re.compile(pattern)
    for pattern in (
        r"what (?:is|was|are|were) (?:the )?(?P<rest>.+)",
        r"(?P<when>when) (?:is|was|were|are|did|does|do|will) (?P<rest>.+)",
        r"(?P<much>how much|what) (?:did|does|do|is|was) (?P<rest>.+?)(?: cost)?",
        r"how (?P<adjective>deep|long|high|tall|heavy|wide|old|fast|large|big|far|warm|thick) (?:is|was|are|were) "
        r"(?P<rest>.+)",
        r"(?:in |to |from |at |by )?(?:which|what) (?P<column>\w+) (?:is|was|are|were|does|did|has|had) (?P<rest>.+)",
        r"(?P<where>where) (?:is|was|does|did|are|were) (?P<rest>.+)",
    )
)
_FIRST = r"first|earliest|oldest|erste[nrs]?|früheste[nrs]?|älteste[nrs]?"
_LAST = r"last|latest|most recent|newest|letzte[nrs]?|jüngste[nrs]?|neueste[nrs]?"
_END = re.compile(
    rf"(?:(?:what|which|when|show|give me|wann|was|welche[rs]?) ?(?:is|was|did|were|ist|war)? )?"
    r"(?:(?:the )?date of )?(?:the |der |die |das )?"
    rf"(?P<end>{_FIRST}|{_LAST}) (?P<rest>.+)"
)
_END_BEHIND = re.compile(
    rf"(?:who|which|what|welche[rs]?) (?P<rest>.+?) (?:(?:is|was|were|are|came) )?(?:the )?(?P<end>{_FIRST}|{_LAST})"
)


_BARE_GROUP = re.compile(
    r"(?!how |what |which |who |when |where |why )[^\W\d_]+(?: \w+){0,4} (?:per|for each|pro|je) \w+"
)


@dataclass(frozen=True)
class Form:
    """The form of a question: what is asked for, and the rest of its words."""

    operation: Operation
    rest: str
    n: int = 1
    """Rows that are asked for, as in "the three largest"."""
    adjective: str = ""
    """"deepest": names a column where no other word does."""
    group: str = ""
    """Words of the column whose values are compared: "which port had the most"."""
    bare: bool = False
    """Without a word that asks: rows are counted only where no word names a figure."""
    base: str = ""
    """The words of all the rows that a share is of; `rest` begins with them."""


def operation_of(plain: str, text: str) -> Form | None:
    """Return the form of a question; `plain` is `text` folded, letter for letter."""
    for form in (_of_share, _of_most, _of_extreme):
        if made := form(plain, text):
            return made
    if found := _COUNT.fullmatch(plain):
        return Form("count", text[slice(*found.span("rest"))])
    if found := _TOTAL.fullmatch(plain):
        name = next(name for name in ("a", "b", "c", "spent") if found[name])
        subject = text[slice(*found.span(name))]
        what = "cost" if name == "spent" else found["d"] or found["verb"] or ""
        return Form("total", f"{what} {subject}".strip())
    if found := _AVERAGE.fullmatch(plain):
        return Form("median" if found["median"] else "average", text[slice(*found.span("rest"))])
    if found := _END.fullmatch(plain) or _END_BEHIND.fullmatch(plain):
        last = re.fullmatch(_LAST, found["end"]) is not None
        return Form("last" if last else "first", text[slice(*found.span("rest"))])
    if found := _LIST.fullmatch(plain):
        return Form("list", text[slice(*found.span("rest"))])
    return _of_bare_group(plain, text)


def _of_bare_group(plain: str, text: str) -> Form | None:
    """Return the form of "faults per machine", without a verb."""
    return Form("count", text, bare=True) if _BARE_GROUP.fullmatch(plain) else None


def value_form(plain: str, text: str) -> Form | None:
    """Return the form of a question for one value of a row, as "what is the salary of Dev Patel"."""
    for pattern in _VALUES:
        if found := pattern.fullmatch(plain):
            said = {name: value for name, value in found.groupdict().items() if value}
            rest = text[slice(*found.span("rest"))]
            if "column" in said:
                rest = f"{text[slice(*found.span('column'))]} {rest}"
            kind = next((name for name in ("when", "much", "where") if name in said), "")
            adjective = said.get("adjective", "") or {"when": "when", "much": "cost", "where": "place"}.get(kind, "")
            return Form("value", rest, adjective=adjective)
    return None


def _of_share(plain: str, text: str) -> Form | None:
    found = _SHARE.fullmatch(plain)
    if found is None:
        return None
    base = text[slice(*found.span("base"))]
    return Form("share", f"{base} {text[slice(*found.span('rest'))]}", base=base)


def _of_most(plain: str, text: str) -> Form | None:
    for pattern in _MOST:
        if found := pattern.fullmatch(plain):
            rest = text[slice(*found.span("rest"))] if found["rest"] else ""
            return Form("most" if found["most"] else "fewest", rest, group=text[slice(*found.span("group"))])
    return None


def _of_extreme(plain: str, text: str) -> Form | None:
    """Return the form of a question for the highest or the lowest; one for the dearest names the cost."""
    found = next((found for pattern in _EXTREMES if (found := pattern.fullmatch(plain))), None)
    if found is None:
        return None
    said = {name: value for name, value in found.groupdict().items() if value}
    kind = next((name for name in ("high", "low", "dear", "cheap") if name in said), "high")
    parts = [text[slice(*found.span(name))] for name in ("a", "b") if name in said]
    if kind in ("dear", "cheap"):
        parts.insert(0, "cost")
    number = said.get("n", "1")
    n = int(number) if number.isdigit() else _NUMBERS[number]
    adjective = said.get("high", "") or said.get("low", "")
    return Form("highest" if kind in ("high", "dear") else "lowest", " ".join(parts), n=n, adjective=adjective)
