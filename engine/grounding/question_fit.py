"""What an answer to a question holds beside the question's words: a reason, a superlative, who paid, a share. English.

The reader and the words find the sentences that are near a question; among these the one with what is asked for comes
first. Light: no torch.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass

from engine.grounding.words import folded, stem

REASON, PURPOSE, RARE, EXTREME, TYPED, BESIDE, OUGHT = 2.0, 2.0, 4.0, 2.5, 1.5, 2.0, 1.0
"""Gains of a sentence in the order of answers: that of a reason and so on."""


@dataclass(frozen=True)
class _Sought:
    """A kind of question, and what the sentence that answers it holds."""

    asks: re.Pattern[str]
    holds: re.Pattern[str]
    gain: float


def _compiled(asks: str, holds: str, gain: float) -> _Sought:
    return _Sought(re.compile(asks), re.compile(holds), gain)


_SOUGHT = (
    _compiled(
        r"^(?:and )?why\b|\bfor what reasons?\b|\bhow come\b|\bwhat (?:is|was|are|were) the (?:\w+ )?(?:reasons?|"
        r"causes?)\b|"
        r"^what (?:caused|causes|led to|leads to)\b|\band why\b|\bbecause of what\b",
        r"\bbecause\b|\bdue to\b|\bowing to\b|\bthanks to\b|\bin order (?:to|that)\b|\bso (?:that|as to)\b|"
        r"\breasons?\b|\bas a (?:result|consequence)\b|\bresult(?:s|ed|ing)? (?:in|from|of)\b|\bcaus(?:e|es|ed|ing)\b|"
        r"\b(?:therefore|thus|hence|consequently|accordingly)\b|\battribut(?:ed|able)\b|\breflect(?:s|ed|ing)\b|"
        r"\bexplain(?:s|ed)?\b|\bexplanation\b|\bdriven by\b|\bstem(?:s|med) from\b|(?:^|[,;] )since (?!\d)|"
        r"\bto (?:avoid|prevent|ensure|reduce|protect|save|allow|make sure)\b|\bgiven that\b|\black of\b|"
        r"\btoo \w+ (?:to|for)\b|\bled to\b|\bowed to\b|\bmakes? it\b|\botherwise\b|(?:^|, )as (?:it|they|the|this|"
        r"these|most|no)\b",
        REASON,
    ),
    _compiled(
        r"^what (?:is|are|was|were) .{2,60} (?:used |meant |good )?for$|\bwhat (?:is|was|are|were) the (?:\w+ )?"
        r"(?:purposes?|aims?|goals?|objectives?|point) of\b|^what (?:purpose|use)\b",
        r"\bpurposes?\b|\baims?\b|\bgoals?\b|\bobjectives?\b|\bintended (?:to|for)\b|\bdesigned (?:to|for)\b|\bused "
        r"(?:to|for|as)\b|"
        r"\bin order to\b|\bso (?:that|as to)\b|\bserves? (?:to|as)\b|\b(?:enable|allow|help)(?:s|ed|ing)?\b",
        PURPOSE,
    ),
    _compiled(
        r"\bpaid for (?:the|this|their|his|her|it)\b|\b(?:fund|financ|sponsor)(?:s|ed|e|er|ers|ing)?\b|\bwhose money\b|"
        r"^who (?:\w+ )?(?:supported|backed|subsidi[sz]ed) (?:the|this|it)\b|\bwhich grants?\b|\bmoney (?:for \w+ "
        r"\w+ )?(?:come|came) from\b|"
        r"\bfinancial (?:support|backing)\b",
        r"\b(?:co-)?fund(?:s|ed|ing|er|ers)\b|\bgrants?\b|\bsupported (?:\w+ ){0,3}by\b|\bsupport (?:from|of|by)\b|"
        r"\bsponsor\w*\b|"
        r"\bfinanc(?:ed|ial support|ing)\b|\bscholarship\b|\bfellowship\b",
        RARE,
    ),
    _compiled(
        r"\bwho(?:m)? (?:can|could|should|do|must|may) (?:i|we|you|one|people) (?:call|contact|ask|write to|turn to|"
        r"phone|ring|"
        r"e-?mail|reach|speak to)\b|\bhow (?:can|do) (?:i|we|you) (?:contact|reach|get in touch)\b|\bcontact "
        r"(?:person|details?|address)\b|"
        r"\b(?:phone|telephone|fax|e-?mail) (?:number|address)\b|\bwhich number can i\b",
        r"\bcontact(?:s|ing)?\b|\S@\S|\b(?:tel|telephone|phone|fax|hotline|e-?mail|call)\b|\(\d{3}\) ?\d{3}|"
        r"\b\d{3}[-–]\d{4}\b|\+\d\d",
        RARE,
    ),
    _compiled(
        r"\bhow many (?:\w+ ){0,4}(?:die|dies|died|killed|were lost|lost their lives)\b",
        r"\d.{0,60}\b(?:deaths?|fatalit(?:y|ies)|died?|dies|killed|dead|victims|lives|mortality)\b|"
        r"\b(?:deaths?|fatalit(?:y|ies)|died|killed|mortality)\b.{0,60}\d",
        BESIDE,
    ),
    _compiled(
        r"\bwhat (?:share|percentage|proportion|fraction|part|per ?cent)\b|\bhow many per ?cent\b|"
        r"\bhow (?:large|big|high|great) (?:a|is the|was the) (?:share|part|proportion|percentage|fraction|rate)\b|"
        r"\bwhat (?:is|was|were|are) the (?:\w+ ){0,2}(?:share|percentage|proportion|rate)\b",
        r"\d\s?%|\bper ?cent\b|\bpercentage\b|\b(?:half|halves|third|thirds|quarter|quarters|fifth|fifths|tenth|"
        r"majority|most)\b|"
        r"\b(?:one|two|three|\d+) (?:in|out of|of) (?:every )?(?:\w+|\d+)\b",
        TYPED,
    ),
    _compiled(
        r"\bhow long (?:does|do|did|is|was|were|are|can|may|must|should|will|would|has|have|had|after|before|"
        r"until)\b|\bfor how long\b|"
        r"\bhow (?:many|much) (?:seconds|minutes|hours|days|weeks|months|years|time)\b|\bhow soon\b|\bhow quickly\b|"
        r"\bwhat is the (?:\w+ )?(?:deadline|duration|term|time limit)\b",
        r"\b(?:seconds?|minutes?|hours?|days?|nights?|weeks?|fortnights?|months?|quarters?|years?|decades?|"
        r"centur(?:y|ies))\b",
        TYPED,
    ),
    _compiled(
        r"\bhow (?:often|frequently|regularly)\b|\bhow many times (?:a|per|each)\b|\bat what intervals?\b",
        r"\b(?:every|each|per) (?:\w+ )?(?:second|minute|hour|day|night|week|month|quarter|year|time)s?\b|"
        r"\b(?:hour|dai|week|month|quarter|year|fortnight|bi-?week|bi-?month|semi-?annual|annual|regular|frequent|"
        r"rare|seldom)ly\b|"
        r"\b(?:once|twice|thrice)\b|\btimes (?:a|per|each|every)\b|\bannual\b|\bcontinuous(?:ly)?\b",
        TYPED + 1.0,
    ),
    _compiled(
        r"\bhow old\b|\b(?:what|which) age\b|\bfrom what age\b",
        r"\byears? (?:old|of age|or (?:older|younger|over|under))\b|\bage[ds]?\b|\byears\b",
        TYPED,
    ),
    _compiled(
        r"^(?:and )?how (?:far|deep|wide|tall|high|large|big|heavy|fast|hot|cold|hot)\b",
        r"\d[\d.,]*\s?(?:[%°]|[a-zµ]{1,3}\d?\b|(?:kilo|centi|milli)?met(?:er|re)s?\b|miles?\b|feet\b|foot\b|"
        r"inch(?:es)?\b|acres?\b|"
        r"hectares?\b|kilograms?\b|grams?\b|tonnes?\b|tons?\b|pounds?\b|degrees?\b|litres?\b|liters?\b|gallons?\b)",
        TYPED,
    ),
    _compiled(
        r"^what (?:must|should|shall) (?:i|you|we|one|they|a|an|the|people|anyone|somebody)\b|"
        r"^what (?:do|does) .*\b(?:have|need) to\b|^(?:what|which) .*\b(?:required|obliged|requirements?|needed)\b",
        r"\b(?:must|shall|requir(?:e|es|ed|ing|ements?)|need(?:s|ed)? to|have to|has to|should|obliged|mandatory|"
        r"necessary)\b",
        OUGHT,
    ),
    _compiled(
        r"^(?:may|can|could|am i|are .* allowed|is it (?:allowed|permitted|possible|legal|illegal|forbidden|lawful)|"
        r"do i have to)\b|"
        r"\b(?:allowed|permitted|forbidden|prohibited)\b",
        r"\b(?:may|can|cannot|must|shall|allow(?:s|ed)?|permit(?:s|ted)?|prohibit(?:s|ed)?|not|no|unlawful|lawful|"
        r"entitled|exempt(?:ed)?|"
        r"only|unless|except)\b",
        OUGHT,
    ),
)
_MOST_WORDS = (
    "most highest greatest largest biggest strongest best maximum longest fastest quickest tallest oldest latest "
    "heaviest richest widest deepest "
    "hardest hottest busiest top peak leading record main chief majority"
)
_LEAST_WORDS = (
    "least lowest smallest fewest weakest worst minimum shortest slowest youngest earliest cheapest lightest poorest "
    "narrowest "
    "coldest bottom minority"
)
_MOST, _LEAST = (re.compile(rf"\b(?:{'|'.join(words.split())})\b") for words in (_MOST_WORDS, _LEAST_WORDS))
_NOT_EXTREME = re.compile(
    r"\bat (?:most|least)\b|\bmost of\b|\bmost (?:people|countries|cases|likely)\b|\bat (?:the )?best\b|\bbest "
    r"practices?\b"
)
_MONEY = _compiled(
    r"\bhow much (?:money|does .* cost|did .* (?:cost|pay|get|receive|earn)|do .* (?:cost|pay|get|earn)|(?:is|was|"
    r"were) .* (?:paid|fined|awarded)|"
    r"must .* pay|will .* (?:cost|pay)|to pay|.* (?:paid|pay|spent|spend|cost|costs|awarded|fined|charged?|earn|"
    r"damages))\b|"
    r"\bwhat (?:is|was|are|were) the (?:\w+ ){0,2}(?:price|cost|fee|salary|rent|fine|budget|damages)s?\b",
    r"[$€£¥]\s?\d|\d\s?[$€£¥]|\b(?:usd|eur|gbp|chf) ?\d|\d[\d.,]*\s?(?:(?:thousand|million|billion|"
    r"trillion)\s)?(?:dollars?|euros?|pounds?|"
    r"cents?|pence|francs?|yen|rupees?)\b|\bfree of charge\b|\bno (?:charge|fee|cost)\b",
    TYPED + 1.0,
)
_HOW_MANY = re.compile(r"\bhow many (?P<things>[a-z][a-z' -]*)")
_VERBS_TEXT = (
    "is are was were do does did have has had can could may must should will would shall there it they i you we he "
    "she of in on "
    "at for to per from by with and or that who which took take live lived died die need needs be been not the a an "
    "this these "
    "those his her its their my your our went go come came get gets got sit make made use used work worked kept keep "
    ""
)
_VERBS = frozenset(_VERBS_TEXT.split())
_LOOSE_TEXT = "different other more kinds types sorts times human such"
_LOOSE = frozenset(_LOOSE_TEXT.split())
_NUMBER = re.compile(
    r"(?<![\w.,])(?:\d[\d.,]*\d|\d|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|"
    r"fifteen|sixteen|"
    r"seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|"
    r"billion|dozen|"
    r"several|no|none|single|both)(?!\w)"
)
_NEAR_WORDS = 3
"""Words behind a number among which the counted thing is searched."""
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Fit:
    """What is sought for one question."""

    sought: tuple[_Sought, ...]
    direction: int
    """1 where the most of something is asked for, -1 where the least is, 0 otherwise."""
    things: frozenset[str]
    """Stems of what is counted, with words of like meaning."""

    @classmethod
    def of(cls, question: str, alike: Callable[[str], Iterable[str]]) -> Fit:
        """Return what is sought for `question`. `alike`: the stems of words that mean about the same as a stem."""
        plain = folded(question).strip().rstrip("?! ")
        sought = tuple(one for one in (*_SOUGHT, _MONEY) if one.asks.search(plain))
        most, least = (pattern.search(_NOT_EXTREME.sub(" ", plain)) is not None for pattern in (_MOST, _LEAST))
        own = frozenset(_things(plain))
        return cls(sought, most - least, own | {other for thing in own for other in alike(thing)})

    def is_rare(self, text: str) -> bool:
        """Return whether `text` holds what few sentences of a document do, and what is sought: thanks for a grant, an
        address."""
        plain = folded(text)
        return any(one.gain == RARE and one.holds.search(plain) for one in self.sought)

    @property
    def seeks_rare(self) -> bool:
        """Return whether such a sentence is sought, whatever its other words."""
        return any(one.gain == RARE for one in self.sought)

    def gain(self, text: str) -> float:
        """Return the gain of a sentence or row `text` in the order of answers, 0 where it holds nothing sought."""
        plain = folded(text)
        gain = sum(one.gain for one in self.sought if one.holds.search(plain))
        if self.direction:
            gain += EXTREME * self.direction * _direction(plain)
        if self.things and _counts(plain, self.things):
            gain += BESIDE
        return gain


def _things(plain: str) -> Iterator[str]:
    """Yield the stems of what a question asks the number of: the words behind "how many" up to the verb."""
    found = _HOW_MANY.search(plain)
    words: list[str] = []
    for word in found["things"].split() if found else ():
        if word in _VERBS:
            break
        if word not in _LOOSE:
            words.append(word)
    yield from (stem(word, "en") for word in words[-1:])


def _direction(plain: str) -> int:
    """Return 1 for a text with the most of something, -1 for one with the least, 0 for both or neither."""
    rest = _NOT_EXTREME.sub(" ", plain)
    return (_MOST.search(rest) is not None) - (_LEAST.search(rest) is not None)


def _counts(plain: str, things: Set[str]) -> bool:
    """Return whether a number stands before one of `things`, at most a few words between them."""
    for number in _NUMBER.finditer(plain):
        behind = plain[number.end() :]
        stop = re.search(r"[.;:!?]\s|\n", behind)
        words = _WORD.findall(behind[: stop.start()] if stop else behind)[:_NEAR_WORDS]
        if any(stem(word, "en") in things for word in words):
            return True
    return False
