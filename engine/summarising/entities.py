"""Entities: the dates, amounts and names of a document's pages, counted, with their pages. No model.

- Dates: days, months with a year, quarters and fiscal years (engine.grounding.dates). 3/12/2024 is read in the order
  that some slashed date of the document can only have; where none says so, its value is the text itself.
- Amounts: a number with a currency, a per cent sign or a unit of measure (engine.grounding.numbers).
- Names: identifiers of letters and digits (P-204), names behind a title (Dr Stone), and two or three capitalised words
  in a row of which none stands anywhere in the document without its capital. That keeps "Shell Commands" out and loses
  an Elena Stone in a document about stones.

Lines of program code, and of a terminal's commands and lists of files, are left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from engine.grounding.dates import MONTHS, FoundDate, dates, slash_order
from engine.grounding.identifiers import find_identifiers
from engine.grounding.languages import language_of
from engine.grounding.names import TITLES, names
from engine.grounding.numbers import CURRENCIES, amounts
from engine.library.library import Library
from engine.library.records import Ledger, LedgerEntry
from engine.protocol.wire import Event, LedgerEntered, LedgerFinished

MOST_ENTRIES = 2_000
"""Entries of one kind; the rest is counted. A view shows a page of them first."""
_MOST_WORDS = 3
"""Capitalised words in a name; more are the columns of a list run together."""
_LINE_END = re.compile(r"(?<=[^\W\d_])\n(?=[^\W\d_])")
_TERM_LINE = re.compile(r"^[^\W\d_][\w.-]*(?: [^\W\d_][\w.-]*)?$")
"""A line of one or two words: a term or a label of what follows, seldom the beginning of a name."""
_TERMINAL = re.compile(r"\s*\$ [a-z./~]|[\d\s]*[-bcdlps][-rwxsStT]{9}[.+@]?\s")
"""A command behind a prompt, or a line of `ls -l`."""
_SHORT_BRACKETS = re.compile(r"\([^()\s]{1,6}\)")
"""(a), (19) and (FOMC) are of prose."""
_CAMEL = re.compile(r"(?!Mc|Mac|De|Di|La|Le|Van|Fitz)[^\W\d_]*[^\W\d_A-Z][A-Z]")
"""The beginning of an identifier such as getValue; not of McCarthy."""
_OPENS = re.compile(r"(?:\A|[.!?:;]|\n)\s*$")
_ZERO = re.compile(r"0\d|0[A-Z]")
"""The beginning of a hexadecimal or padded number."""
LISTING = 0.3
"""Share of a page's lines that begin with a bracket, from which the page lists code."""
LAST_YEAR = 2199
"""Years beyond are parts of other numbers, as in ISO 8859-1."""
_CODE = re.compile(r"(?!(?:ISO|UTF|RFC|CVE|SHA|MD)[-_]?\d)[A-Z]{1,5}(?:[-_]\d{2,}|\d{3,})(?:-\w+)*")
"""An identifier that names a thing of the document, and no standard or algorithm."""
_LOWER = re.compile(r"(?<![\w-])[^\W\d_]{2,}")
_PLACES_WORDS = "monday tuesday wednesday thursday friday saturday sunday chapter section table figure page appendix"
_NOT_NAMES = frozenset([*MONTHS, *_PLACES_WORDS.split()])
_OWNER = re.compile(r"['’]s[ \n]")
_HEADING_NUMBER = re.compile(r"(?:^|\n)\s*(?:\d+\.)+\d+ [A-Z]")


def find_entities(pages: Iterable[tuple[int, str]]) -> Ledger:
    """Return the entities of `pages`, number and text."""
    found = {kind: _Found() for kind in ("date", "amount", "name")}
    lower: set[str] = set()
    days_first = months_first = False
    n_pages = 0
    for number, page in pages:
        n_pages += 1
        text = _without_code(page)
        day, month = slash_order(text)
        days_first, months_first = days_first or day, months_first or month
        for date in dates(text):
            if date.text[:1] == "0" and date.text[1:2].isspace():
                continue  # no day of a month
            found["date"].add(_date_value(date), date.text, number)
        headings = [match.span() for match in _HEADING_NUMBER.finditer(text)]
        for amount in amounts(text):
            if not _ZERO.match(amount.text) and not any(start <= amount.start < end for start, end in headings):
                found["amount"].add(amount.value, amount.text, number)
        lower.update(word for word in _LOWER.findall(text) if word.islower())
        for value, written in _names(text):
            found["name"].add(value, written, number)
    found["date"].rename(_slashed_reader(days_first, months_first))
    found["name"].rename(lambda value: _person(value, lower))
    entries: list[LedgerEntry] = []
    left_out = 0
    for kind, rank in (("date", _by_year_and_pages), ("amount", _by_sum), ("name", _by_pages)):
        of_kind = sorted(found[kind].entries(kind), key=rank)
        entries += of_kind[:MOST_ENTRIES]
        left_out += max(0, len(of_kind) - MOST_ENTRIES)
    return Ledger(entries, left_out, n_pages)


def stored_entities(library: Library, document: int) -> Ledger:
    """Return the entities of a document: the stored ones, or those found and stored now."""
    stored = library.entities.of(document)
    if stored is None or (stored.left_out and len(stored.entries) < MOST_ENTRIES):  # an earlier version kept fewer
        stored = find_entities((page.number, page.text) for page in library.pages.of(document))
        library.entities.save(document, stored)
    return stored


def events(library: Library, document: int, job_id: str) -> Iterator[Event]:
    """Yield the entities of a document as events."""
    found = stored_entities(library, document)
    for entry in found.entries:
        yield LedgerEntered(
            job_id=job_id, kind=entry.kind, text=entry.text, value=entry.value, count=entry.count, pages=entry.pages
        )
    yield LedgerFinished(job_id=job_id, entries=len(found.entries), left_out=found.left_out, pages=found.pages)


@dataclass
class _Found:
    """The entities of one kind, by value."""

    texts: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    pages: dict[str, dict[int, None]] = field(default_factory=dict)

    def add(self, value: str, text: str, page: int) -> None:
        """Count `text` on `page` under `value`; nothing without a value."""
        if value:
            self.texts.setdefault(value, " ".join(text.split()))
            self.counts[value] += 1
            self.pages.setdefault(value, {})[page] = None

    def rename(self, named: Callable[[str], str]) -> None:
        """Replace each value by `named(value)`, and count together those that become one; "" removes a value."""
        texts, counts, pages = self.texts, self.counts, self.pages
        self.texts, self.counts, self.pages = {}, Counter(), {}
        for value, text in texts.items():
            if name := named(value):
                same = name == value or name in text
                self.texts.setdefault(name, text if name == value or not same else name)
                self.counts[name] += counts[value]
                self.pages.setdefault(name, {}).update(pages[value])

    def entries(self, kind: str) -> Iterator[LedgerEntry]:
        """Yield the entities in the order in which they were found."""
        for value, text in self.texts.items():
            yield LedgerEntry(kind, text, value, self.counts[value], sorted(self.pages[value]))


Rank = tuple[int | float | str, ...]


def _by_pages(entry: LedgerEntry) -> Rank:
    """Rank by pages, then by count, then by first page."""
    return -len(entry.pages), -entry.count, entry.pages[0], entry.value


def _by_year_and_pages(entry: LedgerEntry) -> Rank:
    """Rank dates with a year before "third quarter" and "12 May"."""
    return not entry.value[:4].isdigit(), *_by_pages(entry)


def _by_sum(entry: LedgerEntry) -> Rank:
    """Rank money first, the largest sum first; then shares, then measures, by pages."""
    number, _, unit = entry.value.partition(" ")
    if unit in CURRENCIES.values():
        return 0, -float(number), *_by_pages(entry)
    return 1 if unit == "%" else 2, *_by_pages(entry)


def _date_value(date: FoundDate) -> str:
    """Return the normal form of a date, or its text where day and month can change places."""
    if len(date.values) == 1:
        value = next(iter(date.values))
        return "" if value[:4].isdigit() and int(value[:4]) > LAST_YEAR else value
    return date.text if date.values else ""


def _slashed_reader(day_first: bool, month_first: bool) -> Callable[[str], str]:
    """Return a reader of 3/12/2024 in the order that the document's dates with slashes can have."""

    def read(value: str) -> str:
        first, _, rest = value.partition("/")
        if not rest or day_first == month_first:
            return value
        second, _, year = rest.partition("/")
        day, month = (first, second) if day_first else (second, first)
        return f"{year}-{int(month):02}-{int(day):02}"

    return read


def _names(text: str) -> Iterator[tuple[str, str]]:
    """Yield (value, text) of the identifiers and of the words that may be names; a titled name has its title in front
    of its value."""
    for start, end, identifier in find_identifiers(text):
        around = text[max(0, start - 1) : start] + text[end : end + 1]
        if _CODE.fullmatch(identifier) and not set(around) & set("/@.-") - {"."}:
            yield identifier, text[start:end]
    joined = _joined(text)
    for name in names(joined, language_of(text)):
        words = joined[name.start : name.end].split()
        before = joined[: name.start]
        if len(words) < 2 or before[-1:] in ("/", "@", ".") or len(set(words)) < len(words):
            continue
        if "\t" in text[name.start : name.end]:
            continue  # two columns
        if any(map(_CAMEL.match, words)) or (len(words) == 2 and words[1].isupper() and _OPENS.search(before[-4:])):
            continue  # identifiers; "Compare RFC ..."
        yield " ".join(words), text[name.start : name.end]


def _joined(text: str) -> str:
    """Return a text with its lines joined where a name may run on in the next one."""
    lines = text.split("\n")
    terms = {place for place, line in enumerate(lines) if _TERM_LINE.match(line)}
    ends = (
        " " if place not in terms and _LINE_END.search(f"{line[-1:]}\n{after[:1]}") else "\n"
        for place, (line, after) in enumerate(pairwise(lines))
    )
    return "".join(line + end for line, end in zip(lines, [*ends, ""], strict=True))


def _without_code(text: str) -> str:
    """Return a page without its lines of code and of a terminal."""
    lines = text.split("\n")
    listing = sum(line.lstrip()[:1] == "(" for line in lines) > LISTING * len(lines)
    return "\n".join(
        "" if _TERMINAL.match(line) or _is_code(line) or (listing and set(line) & set("()")) else line for line in lines
    )


def _is_code(line: str) -> bool:
    """Return whether brackets show that a line is code: two are not closed, or every tenth character is one."""
    line = _SHORT_BRACKETS.sub("", line)
    opened, closed = line.count("("), line.count(")")
    brackets = opened + closed + line.count("\\")
    return abs(opened - closed) > 1 or (brackets >= 4 and 10 * brackets >= len(line))


def _person(value: str, lower: set[str]) -> str:
    """Return a name without the surrounding words that are no part of it; "" when too little is left. Identifiers are
    unchanged."""
    if any(character.isdigit() for character in value):
        return value
    if value.isupper():
        return ""  # a heading
    words = [re.sub(r"['’]s$", "", word) for word in value.split()]
    if words[0].rstrip(".") in TITLES:
        return " ".join(words[1 : 1 + _MOST_WORDS])
    if _OWNER.search(value):
        return ""  # something of somebody's
    common = [word.lower() in lower or word.lower() in _NOT_NAMES for word in words]
    if common[-1] and not common[0] and words[-1][0].isupper() and words[-1].lower() not in _NOT_NAMES:
        return ""  # "Coordinated Universal Time"
    while words and common[-1]:
        words.pop(), common.pop()
    while words and common[0]:
        words.pop(0), common.pop(0)
    capitals = [word for word in words if word[0].isupper() and len(word) > 2]
    # A word common in the document is a particle ("van") or no part of a name.
    within = [word for word, is_common in zip(words, common, strict=True) if is_common and word[0].isupper()]
    return " ".join(words) if 2 <= len(capitals) <= _MOST_WORDS and not within else ""
