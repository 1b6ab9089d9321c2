"""Things that an answer must hold whatever its words: a sum of money, a number of what is counted, a stretch of time.
English.

The reader and the words find a sentence near every question; where a question for a price, a count, an age or a share
finds none of the expected kind among the best sentences, the document most likely does not tell.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.grounding.answer_sentences import Answer, Asked
from engine.grounding.numbers import numbers
from engine.grounding.sentence_index import IndexedSentence
from engine.grounding.stopwords import stop_words
from engine.grounding.words import stem, terms, tokens
from engine.scoring.everyday_words import alike

LOOKED_AT = 5
"""Best sentences that are searched for the expected thing: those that are shown."""
_FOR_MONEY = re.compile(
    r"\bhow much\b(?=.*\b(?:costs?|paid|pays?|earns?|salary|fees?|price|charged?|spen[dt]|dollars|euros|severance|"
    r"wages?|rent|fines?|money|compensation)\b)|"
    r"\b(?:what|which) (?:is|was|are|were) the (?:\w+ ){0,2}(?:price|cost|fee|salary|rent|fine|wage|premium)s?\b|"
    r"\b(?:what|which) (?:\w+ )?(?:salary|price|fee|rent|fine|wage|compensation)s?\b|"
    r"\bwhat (?:does|do|did|will|would|must|should) .*\b(?:costs?|earn|pay)\b",
    re.I,
)
_FOR_PRICE = re.compile(r"\b(?:costs?|prices?|dollars|euros)\b", re.I)
"""Asks for a sum, not for a share of one."""
_SUM = re.compile(
    r"[$€£¥]|(?<!\w)(?:USD|EUR|GBP|CHF|NZD|AUD|CAD)(?!\w)|"
    r"\d[\d.,]*\s?(?:(?:thousand|million|billion|trillion)\s)?"
    r"(?:dollars?|euros?|pounds?|cents?|pence|francs?|yen|rupees?|crowns?|baht|roubles?)\b|"
    r"\b(?:free|no (?:charge|fee|cost)|costs? nothing|(?:at|of) (?:his|her|its|their|your) own (?:cost|expense)|"
    r"(?:market|face|book|fair) value|at cost)\b",
    re.I,
)
_SHARE_OF_SUM = re.compile(r"\bper ?cent\b|\d\s?%|\btimes\b", re.I)
_NUMBER = (
    r"(?:\d[\d.,]*|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|"
    r"sixty|ninety|hundred|half|several|few|couple)"
)
_TIME_UNIT = (
    r"(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|fortnights?|months?|quarters?|years?|yrs?|decades?|"
    r"centur(?:y|ies)|nights?|ms|s|h)"
)
_STRETCH = (
    rf"\b(?:{_NUMBER}|an?|each|every|per|some|many)[\s-]+(?:\w+[\s-]+){{0,2}}?{_TIME_UNIT}\b|"
    rf"\b{_TIME_UNIT}\s*[:(]?\s*\d|\bin (?:minutes|hours|days|weeks|months|years|decades)\b|"
    r"\b(?:permanent|indefinite)(?:ly)?\b|\buntil\b|\blifetime\b|\bovernight\b|\b(?:for|the) (?:life|duration|rest)\b|"
    r"\b\d{4}\s?[–-]\s?\d{2,4}\b"
)
_LENGTH = (
    rf"\b{_NUMBER}[\s-]?(?:k?m|cm|mm|ft|feet|foot|in|inch(?:es)?|miles?|met(?:re|er)s?|kilomet(?:re|er)s?|yards?|"
    r"pages?|words?|characters?|letters?|lines?|tokens?|[kmg]?bytes?|columns?|k)\b"
)
_AGE = (
    r"\bage[ds]?\b\D{0,15}\d|\d\D{0,12}\b(?:years?[ -]old|of age)\b|"
    r"\b(?:born|birth|built|founded|established)\b"
)
_DATE = (
    r"\b(?:1\d{3}|20\d\d)\b|\b(?:january|february|march|april|may|june|july|august|september|october|november|"
    r"december|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b|"
    r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\bcentury\b|\b(?:today|yesterday)\b|\bago\b"
)
_EXPECTED = tuple(
    (re.compile(asks, re.I), re.compile(holds, re.I))
    for asks, holds in (
        (
            r"\b(?:over |for )?how many (?:seconds|minutes|hours|days|weeks|months|years)\b|\bfor how long\b|"
            r"\bhow long (?:does|do|did|will|would|must|should|can|could|may|has|have|had)\b"
            r".*\b(?:takes?|last|stay|keep|kept|wait|live|go on|serve|sent)\b",
            _STRETCH,
        ),
        (r"\bhow long\b", f"{_STRETCH}|{_LENGTH}"),
        (r"\bhow old\b|\bwhat age\b", _AGE),
        (r"\bhow (?:far|deep|wide|tall)\b", _LENGTH),
        (
            r"\bhow heavy\b|\b(?:how much|what) (?:does|do|did|can|may) .*\bweigh\b",
            rf"\b{_NUMBER}[\s-]?(?:kg|m?g|lbs?|pounds?|ounces?|oz|tons?|tonnes?|grams?|kilo(?:gram)?s?)\b|\bweigh",
        ),
        (
            r"\bhow (?:often|frequently)\b|\bhow many times\b",
            rf"\b(?:times?|once|twice|every|each|daily|weekly|monthly|quarterly|yearly|annual(?:ly)?|hourly|often|"
            rf"rare(?:ly)?|seldom|always|never|sometimes|frequen\w*|regular\w*|occasional\w*|intervals?|continu\w+|"
            rf"(?:per|an?) {_TIME_UNIT})\b",
        ),
        (
            r"\b(?:what|which) (?:share|percentage|per ?cent|proportion|fraction)\b",
            r"\d|%|\bper ?cent|\b(?:half|thirds?|quarters?|tenths?|fifths?|majority|minority|most|all|none|ratio)\b",
        ),
        (
            r"\bhow (?:high|large|big|fast|much)\b",
            rf"\d|\b{_NUMBER}\b|\b(?:double|twice|thrice|triple|third|quarter|most|none|all|no)\b",
        ),
        (
            r"\b(?:what|which) (?:year|day|date|month|century|decade)\b|^(?:since |until |by )?when (?:was|were|did)\b",
            _DATE,
        ),
        (r"\be-?mail address\b", r"@|\(at\)"),
        (r"\bphone number\b", r"(?:\d[\s()./-]?){6}"),
        (r"\bweb ?site\b|\bweb (?:address|page)\b|\burl\b", r"www\.|https?:|\.(?:org|com|gov|net|edu|uk|de|io)\b"),
    )
)
"""Questions, and what one of the sentences that answer holds; the first that fits counts. A row of a table may hold a
length, a number or a date without its unit."""
_BESIDE_NUMBER = tuple(
    (re.compile(asks, re.I), re.compile(holds, re.I))
    for asks, holds in (
        (
            r"\bhow many (?:\w+ ){0,4}(?:die[sd]?|(?:were|are|was) killed|killed|lost their lives)\b",
            r"\b(?:deaths?|fatal\w*|died?|dies|kill(?:s|ed|ing)|dead|mortality|victims?|casualt\w+|lives)\b",
        ),
        (
            r"\bhow many (?:people|persons|men|women)\b.*\bwork(?:s|ed|ing)?\b",
            r"\b(?:employ\w*|staff|work(?:s|ed|ing|ers?|force)?|personnel|headcount)\b",
        ),
    )
)
"""Questions that count people, and what a sentence that answers holds beside the number."""
_HOW_MANY = re.compile(r"\bhow many (?P<rest>(?!of\b|more\b|times\b|different\b)[^?,]+)", re.I)
_PEOPLE = frozenset(
    terms(
        "people persons population inhabitants residents citizens individuals participants patients workers employees "
        "women men children members users cases deaths victims voters students pupils adults staff subjects lives dead "
        "respondents humans households families readers customers soldiers players passengers",
        "en",
    )
)
"""Words for people; a question for "people" may be answered with any of them."""
_AGENTS = re.compile(r"[a-z]{3,}(?:[aeo]r|ist|ian|ee|ant)s")
"""Employees, arbitrators, musicians: words for people by their endings."""
_MOST_NOUNS = 2
_BEFORE, _BEHIND = 6, 7
"""Words before and behind a number among which stands what it counts."""
_YEAR = re.compile(r"(?:1[89]|20)\d\d")
_MEASURED = re.compile(rf"[\s-]*(?:{_TIME_UNIT}|kg|mm|cm|km|miles?|met(?:re|er)s?|dollars?|euros?|pounds?)\b", re.I)
"""Stands behind a number that counts nothing else."""
_ROLE = re.compile(r"^who (?:is|was|are|were) the (?P<role>[^?]+?)(?= (?:of|in|at|for|to|on|from)\b|\s*\?|$)", re.I)


@dataclass(frozen=True)
class _Counted:
    """What a question counts."""

    names: frozenset[str]
    """Stems of its words, and of words of like meaning."""
    people: bool
    """Whether they may be people of any kind."""


def lacks_expected(asked: Asked, answers: Sequence[Answer]) -> bool:
    """Return whether none of the best `answers` holds what the question must be answered with."""
    best = [one.sentence for one in answers[:LOOKED_AT]]
    question = asked.question
    if _FOR_MONEY.search(question):
        only_sums = _FOR_PRICE.search(question) is not None
        return not any(_has_money(one, only_sums) for one in best)
    for asks, holds in _EXPECTED:
        if asks.search(question):
            return not any(one.is_row or holds.search(one.text) for one in best)
    for asks, holds in _BESIDE_NUMBER:
        if asks.search(question) and not any(one.is_row or holds.search(one.text) for one in best):
            return True
    counted = _counted(question)
    if counted is not None:
        return not any(_counts(one, counted) for one in best)
    role = _role(question)
    return role is not None and not any(
        role & set(terms(f"{one.text} {one.heading} {one.columns}", "en")) for one in best
    )


def _has_money(one: IndexedSentence, only_sums: bool) -> bool:
    """Return whether a sentence holds a sum of money, or, unless `only_sums`, a share of one."""
    return bool(_SUM.search(f"{one.text} {one.columns}") or (not only_sums and _SHARE_OF_SUM.search(one.text)))


def _counted(question: str) -> _Counted | None:
    """Return what a question with "how many" counts: the first words behind it, up to a function word or
    a verb in the past."""
    found = _HOW_MANY.search(question)
    if found is None:
        return None
    nouns: list[str] = []
    for token, _, _ in tokens(found["rest"]):
        if token in stop_words("en") or token.endswith("ed") or len(nouns) == _MOST_NOUNS:
            break
        nouns.append(stem(token, "en"))
    people = nouns[:1] == [stem("people", "en")] or nouns[:1] == [stem("persons", "en")]
    names = {name for noun in nouns for name in (noun, *alike(noun))}
    if people or (nouns and nouns[0] in _PEOPLE):
        names |= _PEOPLE if people else {stem("people", "en"), stem("persons", "en")}
    return _Counted(frozenset(names), people) if names else None


def _counts(one: IndexedSentence, counted: _Counted) -> bool:
    """Return whether a sentence has a number, but for years and numbers with a unit, near what is counted, or under a
    heading that is it."""
    words = list(tokens(one.text))
    found = [
        number
        for number in numbers(one.text, words=True)
        if not _YEAR.fullmatch(number.text) and not _MEASURED.match(one.text, number.end)
    ]
    if one.is_row or (found and counted.names & set(terms(f"{one.heading} {one.columns}", "en"))):
        return bool(found)
    for number in found:
        at = next((i for i, (_, _, end) in enumerate(words) if end >= number.end), len(words))
        near = [token for token, _, _ in words[max(0, at - _BEFORE) : at + _BEHIND + 1]]
        if counted.names & {stem(token, "en") for token in near}:
            return True
        if counted.people and any(_AGENTS.fullmatch(token) for token in near):
            return True
    return False


def _role(question: str) -> set[str] | None:
    """Return the stems of the role, and of words of like meaning, where the question is who has it: "Who is the mayor
    of …?"; None for another question."""
    found = _ROLE.match(question.strip())
    words = found["role"].split() if found is not None else []
    if not words or not words[-1].islower() or not words[-1].isalpha():
        return None
    own = stem(words[-1], "en")
    return {own, *alike(own)}
