"""The ledger: the dates, amounts and names that stand in a document's pages, counted, with their pages. No model.

Patterns of our own rather than a library: what there is for dates (dateparser's search) tries every language and format
on every word, seconds a page, and reads "may" and "12.5" as dates; amounts and names it does not know. English first.

What is told apart, and how
- Dates: 2024-03-12, 12 March 2024, March 12, 2024, March 2024, 12 March, 12.3.2024, and 3/12/2024, which is read in the
  order that some slashed date of the document can only have; where none says so, its value is what stands there.
- Amounts: a number with a currency, a per cent sign or a unit of measure.
- Names: identifiers of letters and digits (P-204), names behind a title (Dr Stone), and two or three capitalised words
  in a row of which none stands anywhere in the document without its capital. That keeps "Shell Commands" out and loses
  an Elena Stone in a document that speaks of stones.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from engine.library.library import Library
from engine.library.records import Ledger, LedgerEntry
from engine.protocol.wire import Event, LedgerEntered, LedgerFinished

MOST_ENTRIES = 60
"""Of one kind: a page of them. The rest is counted."""

_MONTH_NAMES = "january february march april may june july august september october november december"
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES.split(), 1)}
_MONTHS |= {name[:3]: number for name, number in _MONTHS.items()} | {"sept": 9}
# With a capital: "may" is a verb.
_MONTH = "(?:" + "|".join(name.capitalize() for name in sorted(_MONTHS, key=len, reverse=True)) + r")\b\.?"
_DAY = r"(?:3[01]|[12]\d|0?[1-9])"
_YEAR = r"(?:1[6-9]|20|21)\d\d"
_DATE = re.compile(
    rf"(?<![\w./-])(?:"
    rf"(?P<iso>{_YEAR}-(?:1[0-2]|0[1-9])(?:-(?:3[01]|[12]\d|0[1-9]))?(?=T\d|(?![\w-])))"
    rf"|(?P<d1>{_DAY})(?:st|nd|rd|th|\.)?\s+(?:of\s+)?(?P<m1>{_MONTH})(?:,?\s+(?P<y1>{_YEAR}))?(?!\w)"
    rf"|(?P<m2>{_MONTH})\s+(?P<d2>{_DAY})(?:st|nd|rd|th)?(?:,?\s+(?P<y2>{_YEAR}))?(?![\w.,:/-]*\d)"
    rf"|(?P<m3>{_MONTH}),?\s+(?P<y3>{_YEAR})(?!\w)"
    rf"|(?P<d4>{_DAY})\.\s?(?P<m4>1[0-2]|0?[1-9])\.\s?(?P<y4>{_YEAR})(?!\w|\.\d)"
    rf"|(?P<a5>{_DAY})/(?P<b5>{_DAY})/(?P<y5>{_YEAR})(?![\w/])"
    r")"
)

_SPACE = " \u00a0\u202f"
_NUMBER = (
    r"(?:\d{1,3}(?:['\u00a0\u202f]\d{3})+(?:[.,]\d+)?|\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3})+(?:,\d+)?"
    r"|\d+(?:[.,]\d+)?)(?![.,]?\d)"
)
# Only sums are grouped by spaces here: in a table, figures side by side would be taken for one.
_SUM = rf"(?:\d{{1,3}}(?: \d{{3}})+(?:[.,]\d+)?(?![.,]?\d)|{_NUMBER})"
_CODES = "EUR USD GBP CHF JPY SEK NOK DKK PLN CAD AUD INR"
_CURRENCIES = {
    "€": "EUR",
    "$": "USD",
    "us$": "USD",
    "£": "GBP",
    "¥": "JPY",
    "euro": "EUR",
    "euros": "EUR",
    "dollar": "USD",
    "dollars": "USD",
    "pound": "GBP",
    "pounds": "GBP",
    "franc": "CHF",
    "francs": "CHF",
    "yen": "JPY",
    **{code.lower(): code for code in _CODES.split()},
}
_SCALES = {"thousand": 3, "k": 3, "million": 6, "m": 6, "mn": 6, "billion": 9, "bn": 9}
_UNITS = (
    "bar|mbar|kPa|MPa|Pa|psi|°C|°F|K|rpm|bpm|kg|mg|µg|g|t|tonnes|tons|kW|MW|GW|W|kWh|MWh|kV|V|mA|kHz|MHz|GHz|Hz|mm/s|"
    "m/s|km/h|mph|mm|cm|m|km|m²|m³|ha|ml|l|litres|liters|hours|hour|minutes|days|weeks|months|years|KB|MB|GB|TB|KiB|MiB|"
    "GiB|dB|mmHg"
)
_WORDS = "|".join(sorted((word for word in _CURRENCIES if word.isalpha()), key=len, reverse=True))
_SCALE = "|".join(_SCALES)
# $1 to $9 are the parameters of a program, and "8 $" waits for a command; the A of "13 A list" is no ampere.
_AMOUNT = re.compile(
    rf"(?<![\w.,])(?:"
    rf"(?:(?P<before>US\$|[€£¥]|\$(?!\d(?![\d.,])))[{_SPACE}]?|(?P<code>{_CODES.replace(' ', '|')})[{_SPACE}])"
    rf"(?P<n1>{_SUM})(?:[{_SPACE}]?(?P<s1>{_SCALE})\b)?"
    rf"|(?P<n2>{_NUMBER})[{_SPACE}]?(?P<percent>%|per cent\b|percent\b)"
    rf"|(?P<n3>{_SUM})(?:[{_SPACE}]?(?P<s3>{_SCALE}))?[{_SPACE}]?(?P<after>[€£](?!\w)|(?i:{_WORDS})\b)"
    rf"|(?P<n4>{_NUMBER})[{_SPACE}]?(?P<unit>{_UNITS}|A(?![{_SPACE}][a-z]))(?![\w/²³])"
    r")"
)

_IDENTIFIER = re.compile(r"(?<![\w/.@-])(?!(?:ISO|UTF|RFC)-?\d)[A-Z]{1,5}(?:[-_]\d{2,}|\d{3,})(?:-\w+)*(?![\w/.@-]*\w)")
_CAPITALISED = r"[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ]+(?:[-'’][A-ZÀ-ÖØ-Þ]?[a-zß-öø-ÿ]+)*"
_PARTICLE = r"(?:van|von|de|der|den|di|da|la|ten|Mc|Mac|O['’])"
_NAME = re.compile(
    rf"(?<![\w@/.-])(?P<title>(?:Dr|Mr|Ms|Mrs|Prof)\.?[ \n])?"
    rf"(?P<words>{_CAPITALISED}(?:[ \n](?:{_PARTICLE}[ \n])*(?:[A-Z]\.[ \n])?{_CAPITALISED})*)"
)
_MOST_WORDS = 3
"""Capitalised words in a name; more are the columns of a list run together."""
_LOWER = re.compile(r"(?<![\w-])[a-zß-öø-ÿ]{2,}")
_PLACES = "monday tuesday wednesday thursday friday saturday sunday chapter section table figure page appendix"
_NOT_NAMES = frozenset([*_MONTHS, *_PLACES.split()])


def make_ledger(pages: Iterable[tuple[int, str]]) -> Ledger:
    """The ledger of `pages`, number and text."""
    found = {kind: _Found() for kind in ("date", "amount", "name")}
    slashed: list[tuple[int, int]] = []
    lower: set[str] = set()
    n_pages = 0
    for number, text in pages:
        n_pages += 1
        for match in _DATE.finditer(text):
            found["date"].add(_date(match), match[0], number)
            if match["a5"]:
                slashed.append((int(match["a5"]), int(match["b5"])))
        for match in _AMOUNT.finditer(text):
            found["amount"].add(_amount(match), match[0], number)
        lower.update(_LOWER.findall(text))
        for match in _IDENTIFIER.finditer(text):
            found["name"].add(match[0], match[0], number)
        for match in _NAME.finditer(text):
            if match["title"] or re.search(r"[ \n]", match["words"]):
                found["name"].add(("title " if match["title"] else "") + match["words"], match[0], number)
    found["date"].rename(_slashed_reader(slashed))
    found["name"].rename(lambda value: _person(value, lower))
    entries: list[LedgerEntry] = []
    left_out = 0
    for kind, ranked in (("date", _by_count), ("amount", _by_weight), ("name", _by_count)):
        of_kind = sorted(found[kind].entries(kind), key=ranked)
        entries += of_kind[:MOST_ENTRIES]
        left_out += max(0, len(of_kind) - MOST_ENTRIES)
    return Ledger(entries, left_out, n_pages)


def events(library: Library, document: int, job_id: str) -> Iterator[Event]:
    """The ledger of a document as it is told: the stored one, or one made and stored now."""
    ledger = library.entities.of(document)
    if ledger is None:
        ledger = make_ledger((page.number, page.text) for page in library.pages.of(document))
        library.entities.save(document, ledger)
    for entry in ledger.entries:
        yield LedgerEntered(
            job_id=job_id, kind=entry.kind, text=entry.text, value=entry.value, count=entry.count, pages=entry.pages
        )
    yield LedgerFinished(job_id=job_id, entries=len(ledger.entries), left_out=ledger.left_out, pages=ledger.pages)


@dataclass
class _Found:
    """What was found of one kind, by value."""

    texts: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    pages: dict[str, dict[int, None]] = field(default_factory=dict)

    def add(self, value: str, text: str, page: int) -> None:
        if value:
            self.texts.setdefault(value, " ".join(text.split()))
            self.counts[value] += 1
            self.pages.setdefault(value, {})[page] = None

    def rename(self, named: Callable[[str], str]) -> None:
        """Call each value what `named` says, and what has one name then is one; "" takes it out."""
        texts, counts, pages = self.texts, self.counts, self.pages
        self.texts, self.counts, self.pages = {}, Counter(), {}
        for value, text in texts.items():
            if name := named(value):
                same = name == value or name in text
                self.texts.setdefault(name, text if name == value or not same else name)
                self.counts[name] += counts[value]
                self.pages.setdefault(name, {}).update(pages[value])

    def entries(self, kind: str) -> Iterator[LedgerEntry]:
        for value, text in self.texts.items():
            yield LedgerEntry(kind, text, value, self.counts[value], sorted(self.pages[value]))


def _by_count(entry: LedgerEntry) -> tuple:
    """What comes up on most pages first, then what comes first."""
    return -len(entry.pages), -entry.count, entry.pages[0], entry.value


def _by_weight(entry: LedgerEntry) -> tuple:
    """Money first, the largest sum first; then shares, then measures, as they are met with."""
    number, _, unit = entry.value.partition(" ")
    if unit in _CURRENCIES.values():
        return 0, -float(number), *_by_count(entry)
    return 1 if unit == "%" else 2, *_by_count(entry)


def _date(match: re.Match[str]) -> str:
    """Year, month and day as ISO 8601 writes them; a date with slashes as it stands."""
    if match["iso"]:
        return match["iso"]
    if match["a5"]:
        return match[0]
    year = match["y1"] or match["y2"] or match["y3"] or match["y4"]
    month = (
        int(match["m4"]) if match["m4"] else _MONTHS[(match["m1"] or match["m2"] or match["m3"]).rstrip(".").lower()]
    )
    day = match["d1"] or match["d2"] or match["d4"]
    return "-".join([year or "-", f"{month:02}", *([f"{int(day):02}"] if day else [])])


def _slashed_reader(slashed: list[tuple[int, int]]) -> Callable[[str], str]:
    """Reads 3/12/2024 in the order that the document's dates with slashes can have."""
    day_first = any(first > 12 for first, _ in slashed)
    month_first = any(second > 12 for _, second in slashed)

    def read(value: str) -> str:
        first, _, rest = value.partition("/")
        if not rest or day_first == month_first:
            return value
        second, _, year = rest.partition("/")
        day, month = (first, second) if day_first else (second, first)
        return f"{year}-{int(month):02}-{int(day):02}"

    return read


def _amount(match: re.Match[str]) -> str:
    """The number as Python writes it, and what it is of."""
    text = match["n1"] or match["n2"] or match["n3"] or match["n4"]
    number = _number(text)
    scale = match["s1"] or match["s3"]
    if scale:
        number *= 10 ** _SCALES[scale]
    if match["percent"]:
        unit = "%"
    elif match["unit"]:
        unit = match["unit"]
    else:
        unit = _CURRENCIES[(match["before"] or match["code"] or match["after"]).lower()]
    return f"{number:.10g} {unit}" if number < 1e10 else f"{number:.0f} {unit}"


def _number(text: str) -> float:
    """1,234.5, 1.234,5, 1 234,5 and 1'234.5 are one number; 1,234 is more than a thousand, 1,23 and 1.234 are not."""
    text = re.sub(r"[ '\u00a0\u202f]", "", text)
    point = max(text.rfind("."), text.rfind(","))
    if point < 0:
        return float(text)
    sign = text[point]
    grouped = text.count(sign) > 1 or (sign == "," and "." not in text and len(text) - point == 4)
    if grouped:
        return float(re.sub(r"[.,]", "", text))
    return float(re.sub(r"[.,]", "", text[:point]) + "." + text[point + 1 :])


def _person(value: str, lower: set[str]) -> str:
    """A name without the words around it that are no part of it; "" where too little is left. Identifiers stay."""
    if any(character.isdigit() for character in value):
        return value
    titled = value.startswith("title ")
    words = [re.sub(r"['’]s$", "", word) for word in value.removeprefix("title ").split()]
    if titled:
        return " ".join(words[:_MOST_WORDS])
    if re.search(r"['’]s[ \n]", value):
        return ""  # something of somebody's
    common = [word.lower() in lower or word.lower() in _NOT_NAMES for word in words]
    while words and common[-1]:
        words.pop(), common.pop()
    while words and common[0]:
        words.pop(0), common.pop(0)
    capitals = [word for word in words if word[0].isupper() and len(word) > 2]
    # What is common within is a particle ("van") or no part of a name.
    within = [word for word, is_common in zip(words, common, strict=True) if is_common and word[0].isupper()]
    return " ".join(words) if 2 <= len(capitals) <= _MOST_WORDS and not within else ""
