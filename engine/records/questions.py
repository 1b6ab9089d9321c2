"""Questions over records: how many, list every, total, average, first, last, highest, with dates and amounts between
bounds.

The grammar is small on purpose. A question with a word that it cannot place (a negation, "per", a comparison) is not
understood and goes the ordinary way, so that no count rests on half a question. English, and the same forms in German.
Light: no torch.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass, field, replace

from engine.grounding.dates import MONTHS, dates
from engine.grounding.identifiers import find_identifiers
from engine.grounding.languages import language_of
from engine.grounding.numbers import amounts, numbers
from engine.grounding.question_kinds import question_kind
from engine.grounding.stopwords import stop_words
from engine.grounding.words import folded, stem, tokens
from engine.records.question_forms import TIMES, Operation, operation_of

_REFUSED = re.compile(
    r"\b(?:not|no|without|except|excluding|never|neither|nor|other than|per|each|average|mean|median|percent|"
    r"percentage|share|ratio|compared?|difference|differ|more often|most|least|fewest|highest|lowest|largest|"
    r"smallest|best|worst|why|how|"
    r"because|if|would|should|could|nicht|kein\w*|ohne|außer|pro|je|durchschnitt\w*|anteil|warum|höchste\w*|"
    r"niedrigste\w*|"
    r"it|its|he|she|him|her|his|this|that|these|those|than|almost|nearly|about|around)\b|n't\b"
)
_OF_DOCUMENT = re.compile(
    r"\b(?:are|were|is|was|sind|waren|gibt es|there|does|do|did|have|has|had)? ?(?:there )?"
    r"(?:(?:in|of|from|im|in dem|in der) (?:the|this|these|that|all|all the|dem|diesem|der|dieser)? ?"
    r"(?:whole |entire )?"
    r"(?:document|file|text|table|list|collection|library|pdf|report|log|book|dokument|datei|tabelle|liste|sammlung)s?)\b"
)
_ALSO = re.compile(
    r",? (?:and|with|und) (?:(?:what|how much|when|where|who|was|wie viel|wann) "
    r"(?:do|does|did|is|are|was|were|kosten|kostet)? ?(?:they|it|each|these|the|sie|er|es)?|"
    r"(?:their|its|the|ihre[nr]?))"
    r" ?(?P<words>[\w ]{0,40})$"
)
_GROUPED = re.compile(r"\b(?:by|nach) (?:the |der |dem )?(\w+)")
_DISTINCT = re.compile(r"^(?:different|distinct|unique|verschiedene[nr]?) ")
_MONTH = "|".join(sorted((name for name in MONTHS if len(name) > 2), key=len, reverse=True))
_CLAUSE_END = r"(?=$|[,;](?= |$)| (?:with|for|by|at|in|on|of|and|mit|für|bei)\b)"
_DATE_WORDS = (
    ("between", r"(?:between|zwischen|from|von) (?P<x>.+?) (?:and|und|to|until|till|bis(?: zum)?|through) (?P<y>.+?)"),
    ("from", r"(?:since|from|on or after|starting|seit|ab) (?:the )?(?P<x>.+?)"),
    ("after", r"(?:after|nach)(?: dem)? (?P<x>.+?)"),
    ("before", r"(?:before|vor)(?: dem)? (?P<x>.+?)"),
    ("to", r"(?:until|till|up to|by|bis(?: zum)?) (?P<x>.+?)"),
    ("in", r"(?:in|during|on|for|of|dated|am|im|vom) (?:the (?:year|month) )?(?P<x>.+?)"),
)
_YEAR = re.compile(r"(?:the year |jahr )?((?:1[89]|20)\d\d)")
_AMOUNT_WORDS = (
    ("between", r"(?:between|zwischen|from|von) (?P<x>.+?) (?:and|und|to|bis) (?P<y>.+?)"),
    ("over", r"(?:more than|over|above|exceeding|greater than|higher than|mehr als|über)(?: the)? (?P<x>.+?)"),
    ("least", r"(?:at least|no less than|mindestens) (?P<x>.+?)"),
    ("under", r"(?:less than|under|below|lower than|fewer than|weniger als|unter) (?P<x>.+?)"),
    ("equal", r"(?:exactly|equal to|genau) (?P<x>.+?)"),
    ("most", r"(?:at most|no more than|up to|höchstens) (?P<x>.+?)"),
)
_NEUTRAL_WORDS = (
    "there document file text collection library recorded listed reported logged documented noted registered "
    "entered happened happen occurred occur took place exist exists contain contains given found present "
    "overall altogether please mentioned named appear appears whole entire us me we see aufgeführt "
    "verzeichnet gibt vorhanden enthalten dokument datei sammlung bitte insgesamt stattgefunden cost costs "
    "kosten"
)
NEUTRAL = frozenset(_NEUTRAL_WORDS.split())
"""Words that restrict nothing; "cost" asks for a column where it names one."""
_GENERIC_WORDS = (
    "times row rows entry entries record records item items line lines case cases zeile zeilen eintrag einträge"
)
GENERIC = frozenset(_GENERIC_WORDS.split())
"""Nouns that fit the rows of any table."""


@dataclass(frozen=True)
class DateRange:
    """Days from `low` to before `high` (2024-03-01); or every year's month `month`."""

    low: str = ""
    high: str = "9999"
    month: int = 0
    words: str = ""


@dataclass(frozen=True)
class AmountRange:
    """Numbers from `low` to `high`, of the currency or unit `unit` where it is given."""

    low: float = float("-inf")
    high: float = float("inf")
    strict: bool = False
    unit: str = ""
    words: str = ""

    def holds(self, number: float) -> bool:
        """Return whether `number` is within the range."""
        return self.low < number < self.high if self.strict else self.low <= number <= self.high


@dataclass(frozen=True)
class Word:
    """A content word of the question, or an identifier in it."""

    text: str
    stem: str
    identifier: bool = False
    joined: bool = False
    """The next content word follows it with nothing but a blank between."""


@dataclass(frozen=True)
class RecordQuestion:
    """A question that the grammar has understood so far; whether its words fit a table is seen there."""

    operation: Operation
    words: tuple[Word, ...]
    """Content words in order."""
    dates: DateRange | None = None
    amounts: AmountRange | None = None
    distinct: bool = False
    also: tuple[Word, ...] = ()
    """Words of a clause such as "and what do they cost"."""
    language: str = "en"
    subject: str = ""
    """The words that are looked for, as the question writes them."""
    which: bool = False
    """It asks which things do something, so that something must tell them from the others."""
    grouped: tuple[str, ...] = ()
    """Stems of words behind "by": where a column has such a name, a number for each of its values is wanted."""


@dataclass
class _Rest:
    """The part of a question that is not placed yet; `text` keeps capitals, which dates need."""

    text: str
    language: str
    placed: list[str] = field(default_factory=list)


def record_question(question: str) -> RecordQuestion | None:
    """Return `question` as one over records; None when the grammar does not surely understand it."""
    text = " ".join(question.split()).strip().rstrip("?.! ")
    plain = folded(text)
    language = "de" if language_of(text) == "de" else "en"
    if times := TIMES.fullmatch(plain):
        return _times(text, times, language)
    matched = operation_of(plain, text)
    if matched is None or question_kind(text).kind == "about":
        return None
    operation, rest_text = matched
    rest = _Rest(rest_text, language)
    also: tuple[Word, ...] = ()
    if clause := _ALSO.search(folded(rest.text)):
        also = words_of(clause["words"] + (" cost" if "much" in clause[0] else ""), language)
        rest.text = rest.text[: clause.start()]
    rest.text = _cut(rest.text, _OF_DOCUMENT)
    distinct = _DISTINCT.match(folded(rest.text))
    if distinct:
        rest.text = rest.text[distinct.end() :]
    amount = _amount_range(rest)
    days = _date_range(rest)
    if _refuses(rest.text) or re.search(r"\b(?:19|20)\d\d\b(?!-)", rest.text):
        return None
    words = words_of(rest.text, language)
    if not words or len(words) > 12:
        return None
    grouped = tuple(stem(word, language) for word in _GROUPED.findall(folded(rest.text)))
    subject = " ".join(rest.text.split())
    which = operation == "list" and plain.startswith(("which ", "welche"))
    return RecordQuestion(operation, words, days, amount, distinct is not None, also, language, subject, which, grouped)


def words_of(text: str, language: str) -> tuple[Word, ...]:
    """Return the content words of `text`; an identifier is one word. "and" and "or" are kept: they change a count."""
    stops = stop_words(language) - {"and", "or", "und", "oder"}
    spans = [(start, end) for start, end, _ in find_identifiers(text)]
    found: list[tuple[int, int, Word]] = [
        (start, end, Word(text[start:end], folded(text[start:end]), identifier=True)) for start, end in spans
    ]
    for token, start, end in tokens(text):
        if token in stops or any(a <= start and end <= b for a, b in spans):
            continue
        found.append((start, end, Word(text[start:end], stem(token, language))))
    found.sort(key=lambda item: item[0])
    following = [start for start, _, _ in found[1:]] + [0]
    return tuple(
        replace(word, joined=begin > end and not text[end:begin].strip())
        for (_, end, word), begin in zip(found, following, strict=True)
    )


def _refuses(text: str) -> bool:
    """Return whether `text` has a word that the grammar cannot place; letters of an identifier (IT-204) are none."""
    for start, end, _ in find_identifiers(text):
        text = f"{text[:start]}{'0' * (end - start)}{text[end:]}"
    return _REFUSED.search(folded(text)) is not None


def _times(text: str, found: re.Match[str], language: str) -> RecordQuestion | None:
    name = next(name for name in "abc" if found[name])
    subject = text[slice(*found.span(name))]
    words = words_of(subject, language)
    if not words or _refuses(subject):
        return None
    return RecordQuestion("times", words, language=language, subject=subject)


def _cut(text: str, pattern: re.Pattern[str]) -> str:
    found = pattern.search(folded(text))
    return text if found is None else f"{text[: found.start()]} {text[found.end() :]}".strip()


def _date_range(rest: _Rest) -> DateRange | None:
    """Take the condition on a date out of `rest`; None where it has none."""
    for kind, pattern in _DATE_WORDS:
        for found in re.finditer(rf"\b{pattern}{_CLAUSE_END}", folded(rest.text)):
            low = _day(rest.text[slice(*found.span("x"))])
            high = _day(rest.text[slice(*found.span("y"))]) if kind == "between" else low
            if kind == "between" and low is not None and high is not None and not low.low and low.month and high.low:
                low = _day(f"{rest.text[slice(*found.span('x'))]} {high.low[:4]}")  # from March to May 2024
            if low is None or high is None or (kind != "in" and not (low.low and high.low)):
                continue
            words = rest.text[found.start() : found.end()]
            rest.text = f"{rest.text[: found.start()]} {rest.text[found.end() :]}"
            return _range(kind, low, high, words)
    return None


def _range(kind: str, low: DateRange, high: DateRange, words: str) -> DateRange:
    match kind:
        case "between":
            return DateRange(low.low, high.high, words=words)
        case "from":
            return DateRange(low.low, words=words)
        case "after":
            return DateRange(low.high, words=words)
        case "before":
            return DateRange("", low.low, words=words)
        case "to":
            return DateRange("", low.high, words=words)
    return DateRange(low.low, low.high, low.month, words)


def _day(text: str) -> DateRange | None:
    """Return the days that `text` as a whole names: a day, a month, a year or a month of every year."""
    plain = folded(text).strip(" ,")
    if year := _YEAR.fullmatch(plain):
        return DateRange(f"{year[1]}-01-01", f"{int(year[1]) + 1}-01-01")
    if re.fullmatch(rf"(?:{_MONTH})\.?", plain):
        return DateRange(month=MONTHS[plain.rstrip(".")])
    found = list(dates(text))
    if (
        len(found) != 1
        or len(found[0].values) != 1
        or text[: found[0].start].strip()
        or text[found[0].end :].strip(" ,")
    ):
        return None
    return period(next(iter(found[0].values)))


def period(value: str) -> DateRange | None:
    """Return the days of a date's normal form: 2024-03-12, 2024-03, 2024-Q3; None for one without a year."""
    day = re.fullmatch(r"(\d{4})-(\d\d)(?:-(\d\d))?(?:T.*)?", value)
    if day is None:
        quarter = re.fullmatch(r"(\d{4})-Q([1-4])", value)
        if quarter is None:
            return None
        year, first = int(quarter[1]), 3 * int(quarter[2]) - 2
        return DateRange(f"{year}-{first:02}-01", f"{year}-{first + 3:02}-01" if first < 10 else f"{year + 1}-01-01")
    year, month = int(day[1]), int(day[2])
    after = f"{year}-{month + 1:02}-01" if month < 12 else f"{year + 1:04}-01-01"
    if day[3] is None:
        return DateRange(f"{day[1]}-{day[2]}-01", after)
    last = int(day[3]) >= calendar.monthrange(year, month)[1]
    return DateRange(value[:10], after if last else f"{day[1]}-{day[2]}-{int(day[3]) + 1:02}")


def _amount_range(rest: _Rest) -> AmountRange | None:
    """Take the condition on an amount out of `rest`; None where it has none."""
    for kind, pattern in _AMOUNT_WORDS:
        for found in re.finditer(rf"\b{pattern}{_CLAUSE_END}", folded(rest.text)):
            first = _sum(rest.text[slice(*found.span("x"))])
            second = _sum(rest.text[slice(*found.span("y"))]) if kind == "between" else first
            if first is None or second is None:
                continue
            words = rest.text[found.start() : found.end()]
            rest.text = f"{rest.text[: found.start()]} {rest.text[found.end() :]}"
            unit = second[1] or first[1]
            match kind:
                case "between":
                    return AmountRange(first[0], second[0], unit=unit, words=words)
                case "over":
                    return AmountRange(low=first[0], strict=True, unit=unit, words=words)
                case "equal":
                    return AmountRange(first[0], first[0], unit=unit, words=words)
                case "least":
                    return AmountRange(low=first[0], unit=unit, words=words)
                case "under":
                    return AmountRange(high=first[0], strict=True, unit=unit, words=words)
            return AmountRange(high=first[0], unit=unit, words=words)
    return None


def _sum(text: str) -> tuple[float, str] | None:
    """Return the number and the unit that `text` as a whole names; a bare year is none."""
    text = text.strip()
    amount = next(amounts(text), None)
    if amount is not None and (amount.start, amount.end) == (0, len(text)):
        return amount.number, amount.unit
    number = next(numbers(text), None)
    if number is None or (number.start, number.end) != (0, len(text)) or _YEAR.fullmatch(text):
        return None
    english = [value for value in number.values if "," in text or value == value.to_integral_value() or "." in text]
    return (float(max(english)), "") if len(number.values) == 1 or "," in text else None
