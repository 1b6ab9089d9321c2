"""Questions over records: how many, list every, total, average, first, last, highest, with dates and amounts between
bounds.

The grammar is small on purpose. A question with a word that it cannot place is not understood and goes the ordinary
way, so that no count rests on half a question. English, and the same forms in German. Light: no torch.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from engine.grounding.identifiers import find_identifiers
from engine.grounding.languages import language_of
from engine.grounding.question_kinds import question_kind
from engine.grounding.stopwords import stop_words
from engine.grounding.words import folded, stem, tokens
from engine.records.question_forms import TIMES, Form, Operation, operation_of, value_form
from engine.records.ranges import AmountRange, DateRange, Rest, amount_range, date_range

_REFUSED = re.compile(
    r"\b(?:not|no|without|except|excluding|never|neither|nor|other than|per|each|every|average|mean|median|percent|"
    r"percentage|share|ratio|compared?|difference|differ|more often|most|least|fewest|highest|lowest|largest|"
    r"smallest|best|worst|why|how|"
    r"because|if|would|should|could|nicht|kein\w*|ohne|außer|pro|je|durchschnitt\w*|anteil|warum|höchste\w*|"
    r"niedrigste\w*|"
    r"it|its|he|she|him|her|his|this|that|these|those|than|almost|nearly|about|around)\b|n't\b"
)
_RELATIVE = re.compile(r"(?P<before>[^\W_]+) (?P<pronoun>that|which|who)(?= \w)")
_NEGATION = re.compile(
    r"(?:\b(?:do|does|did|is|are|was|were|has|have|had)n't|"
    r"\b(?:(?:do|does|did|is|are|was|were|has|have|had) )?not|\bnever|\bno(?! ?\.? ?\d)|\bwithout|"
    r"\bneither|\bweder|\boutside(?: of)?|\bexcept(?: for)?|\bexcluding|\bother than|\bapart from|\bnicht|\bkein\w*|"
    r"\bohne|\baußer)\b(?: (?:a|an|any|the|yet|been|be|ein\w*)\b)*"
)
_NOR = re.compile(r"(?<= )(?:nor|noch)(?= )")
_NEGATED_TO = re.compile(r"[,;]| (?:were|was|are|is|have|had|has|did|does|do) |$")
_GROUP = re.compile(
    r"(?:,? (?:broken down|grouped|split))? "
    r"(?P<sure>per|for each|for every|in each|in every|by each|of each|at each|on each|each|every|pro|je|"
    r"für jede[nrs]?|in jede[mr])?(?P<by>(?<= )(?:by|nach))? (?:the |calendar |der |dem )?"
    r"(?P<words>[^\W\d_]\w*(?:[ -][^\W\d_]\w*)?)$"
)
_OF_DOCUMENT = re.compile(
    r"\b(?:are|were|is|was|sind|waren|gibt es|there|does|do|did|have|has|had)? ?(?:there )?"
    r"(?:(?:in|of|from|im|in dem|in der) (?:the|this|these|that|all|all the|dem|diesem|der|dieser)? ?"
    r"(?:whole |entire )?"
    r"(?:document|file|text|table|list|collection|library|pdf|report|log|book|dokument|datei|tabelle|liste|sammlung)s?)\b"
)
_ALSO = re.compile(
    r",? (?:and|with|und) (?:(?:what|how much|when|where|who|was|wie viel|wann) "
    r"(?:do|does|did|is|are|was|were|kosten|kostet)? ?(?:(?:they|it|each|these|their|the|sie|er|es)\b)?|"
    r"(?:their|its|the|ihre[nr]?))"
    r" ?(?P<words>[\w ]{0,40})$"
)
_DISTINCT = re.compile(r"^(?:different|distinct|unique|verschiedene[nr]?) ")
_NEUTRAL_WORDS = (
    "there document file text collection library recorded listed reported logged documented noted registered "
    "entered happened happen occurred occur took place exist exists contain contains given found present overall "
    "altogether please mentioned named appear appears whole entire us me we see aufgeführt verzeichnet gibt gab "
    "vorhanden enthalten dokument datei sammlung bitte insgesamt stattgefunden cost costs kosten go goes went "
    "gone going come comes came coming get gets got take takes taken make makes made work works worked working "
    "live lives lived based located situated belong belongs belonged concern concerns concerned concerning "
    "involve involves involved involving affect affects affected affecting relate relates related regarding last "
    "lasts lasted run runs ran carry carries carried send sends sent ship ships shipped use uses used still "
    "currently already ever now far yet suffer suffers suffered receive receives received hold holds held keep "
    "keeps kept show shows name names called up due time times one ones cases sagt betreffen betrifft betrafen "
    "arbeiten arbeitet haben hatte hatten hat ging gingen"
)
NEUTRAL = frozenset(_NEUTRAL_WORDS.split())
"""Words that restrict nothing, where neither a cell nor a head says them; "cost" asks for a column where it names
one."""
_GENERIC_WORDS = (
    "people persons person times row rows entry entries record records item items line lines case cases zeile zeilen "
    "eintrag einträge"
)
GENERIC = frozenset(_GENERIC_WORDS.split())
"""Nouns that fit the rows of any table."""


@dataclass(frozen=True)
class Word:
    """A content word of the question, or an identifier in it."""

    text: str
    stem: str
    identifier: bool = False
    joined: bool = False
    """The next content word follows it with nothing but a blank between."""
    negated: bool = False
    behind: str = field(default=" ", compare=False)
    """The characters between it and the next content word."""


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
    group: tuple[Word, ...] = ()
    """Words of the column, or the period, for each value of which a number is wanted."""
    n: int = 1
    """Rows that are asked for, of the highest or lowest."""
    adjective: str = ""
    """A word that names the column of the answer where no other does."""
    negates: bool = False
    """It has a negation, which must restrict the rows."""
    bare: bool = False
    """It has no word that asks; rows are counted only where no word names a figure."""
    base: int = 0
    """The first words, that tell all the rows which a share is of."""


def record_questions(question: str) -> list[RecordQuestion]:
    """Return the ways in which `question` can be read as one over records, the surest first; none where the grammar
    does not surely understand it."""
    text = " ".join(question.split()).strip().rstrip("?.! ")
    plain = folded(text)
    language = "de" if language_of(text) == "de" else "en"
    if times := TIMES.fullmatch(plain):
        read = _times(text, times, language)
        return [read] if read is not None else []
    if question_kind(text).kind == "about":
        return []
    found = []
    for form in (operation_of(plain, text), value_form(plain, text)):
        for grouped in (True, False) if form is not None else ():
            assert form is not None
            read = _read(form, text, language, grouped=grouped)
            found += [read] if read is not None else []
    return found


def _read(form: Form, text: str, language: str, *, grouped: bool) -> RecordQuestion | None:
    """Return one reading of a question; `grouped`: with a group ("per month") that it must have."""
    rest = Rest(form.rest, language)
    also: tuple[Word, ...] = ()
    if clause := _ALSO.search(folded(rest.text)):
        also = words_of(clause["words"] + (" cost" if "much" in clause[0] else ""), language)
        rest.text = rest.text[: clause.start()]
    rest.text = _cut(rest.text, _OF_DOCUMENT)
    distinct = _DISTINCT.match(folded(rest.text))
    if distinct:
        rest.text = rest.text[distinct.end() :]
    amount = amount_range(rest)
    days = date_range(rest)
    group = words_of(form.group, language)
    if grouped:
        group = group or _group(rest)
        if not group:
            return None
    elif form.group:
        return None
    rest.text = _without_relatives(rest.text, language)
    negated = _negated(rest)
    if _refuses(rest.text) or re.search(r"\b(?:19|20)\d\d\b(?!-)", rest.text):
        return None
    words = words_of(rest.text, language, negated)
    if (not words and not group) or len(words) > 14:
        return None
    before = {word.stem for word in words_of(form.base, language)}
    base = next((place for place, word in enumerate(words) if word.stem not in before), len(words))
    return RecordQuestion(
        form.operation,
        words,
        days,
        amount,
        distinct is not None,
        also,
        language,
        subject=" ".join(rest.text.split()),
        which=form.operation == "list" and folded(text).startswith(("which ", "welche", "who ", "what ")),
        group=group,
        n=form.n,
        adjective=form.adjective,
        bare=form.bare,
        negates=negated != (0, 0),
        base=base if form.base else 0,
    )


def _group(rest: Rest) -> tuple[Word, ...]:
    """Take the words of a group out of `rest`; none where it has no group."""
    rest.text = rest.text.strip()
    found = _GROUP.search(folded(f" {rest.text}"))
    if found is None or not (found["sure"] or found["by"]):
        return ()
    start, end = found.span("words")
    words = words_of(rest.text[start - 1 : end - 1], rest.language)
    rest.text = rest.text[: max(0, found.start() - 1)]
    return words


def _without_relatives(text: str, language: str) -> str:
    """Return `text` without the pronouns of relative clauses; "that machine" keeps its word."""
    text = " ".join(text.split())
    stops = stop_words(language)
    for found in reversed(list(_RELATIVE.finditer(folded(text)))):
        if found["before"] not in stops:
            start, end = found.span("pronoun")
            text = text[:start] + " " * (end - start) + text[end:]
    return text


def _negated(rest: Rest) -> tuple[int, int]:
    """Take a negation out of `rest`; return where the words that it negates begin and end."""
    found = _NEGATION.search(folded(rest.text))
    if found is None:
        return 0, 0
    end = _NEGATED_TO.search(folded(rest.text), found.end())
    text = rest.text[: found.start()] + " " * (found.end() - found.start()) + rest.text[found.end() :]
    rest.text = _NOR.sub(lambda nor: "or".ljust(len(nor[0])), text)
    return found.end(), end.start() if end is not None else len(rest.text)


def words_of(text: str, language: str, negated: tuple[int, int] = (0, 0)) -> tuple[Word, ...]:
    """Return the content words of `text`; an identifier is one word. "and" and "or" are kept: they change a count.

    `negated`: characters from where to where words are negated.
    """
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
    following = [start for start, _, _ in [*found[1:], (0, 0, None)]][: len(found)]
    return tuple(
        replace(
            word,
            joined=begin > end and not text[end:begin].strip(),
            negated=negated[0] <= start and end <= negated[1],
            behind=" ".join(f"|{text[end:begin]}|".split()).strip("|") or " ",
        )
        for (start, end, word), begin in zip(found, following, strict=True)
    )


def is_neutral(word: Word) -> bool:
    """Return whether a word restricts nothing where neither a cell nor a head says it."""
    return word.text.casefold() in NEUTRAL and not word.identifier


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
