"""Numbers and amounts of a text, as several languages write them, with their values. Light: no torch.

1,234.5 and 1.234,5 and 1 234,5 and 1'234.5 are one number; 1,234 may be a thousand and more or one and a bit. "1.2
million" is 1200000. An amount is a number with a currency, a per cent sign or a unit of measure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from engine.grounding.number_words import mixed_numbers, spelled_numbers
from engine.grounding.words import folded

_BARE = r"(?<![\w.,])(?<![^\W\d_\u0590-\u05ff]-)"
_CJK = r"(?<=[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])"
_GROUPED = r"\d{1,3}(?:[ ']\d{3})+(?:[.,]\d+)?"
_PLAIN = r"\d+(?:[.,]\d+)*"
_LAST = r"(?![a-z0-9_\u00df-\u024f\u0370-\u03ff\u0400-\u04ff]|[.,]\d)"
_SCALES = {
    "thousand": 3,
    "tausend": 3,
    "mille": 3,
    "mil": 3,
    "тыс": 3,
    "тысяч": 3,
    "k": 3,
    "million": 6,
    "millions": 6,
    "millionen": 6,
    "millones": 6,
    "millón": 6,
    "milioni": 6,
    "milhões": 6,
    "mio": 6,
    "mn": 6,
    "m": 6,
    "млн": 6,
    "миллион": 6,
    "миллионов": 6,
    "billion": 9,
    "billions": 9,
    "milliarde": 9,
    "milliarden": 9,
    "milliard": 9,
    "milliards": 9,
    "mrd": 9,
    "bn": 9,
    "млрд": 9,
    "миллиардов": 9,
    "万": 4,
    "萬": 4,
    "만": 4,
    "亿": 8,
    "億": 8,
    "억": 8,
    **dict.fromkeys(("lakh", "lakhs", "lac", "lacs", "लाख", "লাখ", "لاکھ"), 5),
    **dict.fromkeys(("crore", "crores", "करोड़", "करोड़", "কোটি", "کروڑ"), 7),
    **dict.fromkeys(("हज़ार", "हजार", "tys", "tysięcy", "tisíc", "duizend", "tusen", "ألف", "آلاف", "ribu", "nghìn"), 3),
    **dict.fromkeys(("milyon", "milion", "milionów", "milionu", "mln", "miljoen", "miljoner", "miljoonaa", "مليون"), 6),
    **dict.fromkeys(("ملايين", "juta", "triệu", "milioane", "милиона", "мільйонів", "мільйони", "εκατομμύρια"), 6),
    **dict.fromkeys(("milyar", "miliard", "miliardów", "mld", "miljard", "miljarder", "miliardi", "مليار"), 9),
    **dict.fromkeys(("miliar", "tỷ", "miliarde", "мільярдів", "δισεκατομμύρια"), 9),
    "миллиона": 6,
}
_LETTER_SCALES = frozenset({"k", "m", "mil", "mn", "bn"})
"""Scales that are other words too: they count only for a sum of money."""
_WRITTEN_SCALE = "|".join(sorted(map(re.escape, _SCALES.keys() - _LETTER_SCALES), key=len, reverse=True))
_NUMBER = re.compile(
    rf"(?:{_BARE}|{_CJK})(?P<n>{_GROUPED}(?!\d)|{_PLAIN}){_LAST}(?: ?(?P<s>{_WRITTEN_SCALE})(?![^\W\d_]))?"
)
_OTHER_END = re.compile(
    rf" ?(?:-|to|and|bis|und|à|et|a|y|e|до|и|至|到|から) ?{_PLAIN} ?(?P<s>{_WRITTEN_SCALE})(?![^\W\d_])"
)
"""Follows the lower end of a range whose scale stands behind the upper one only: 15 to 30 thousand."""
_FRACTIONS = {"½": "0.5", "¼": "0.25", "¾": "0.75", "⅛": "0.125"}
_FRACTION = re.compile(rf"(?<![\w.,])(?P<n>\d+)? ?(?P<f>[{''.join(_FRACTIONS)}])")
_SHORT_SCALES = {"k": 3, "m": 6, "mn": 6, "bn": 9, "b": 9}
_SHORT = re.compile(rf"{_BARE}(?P<n>{_PLAIN})(?P<s>{'|'.join(sorted(_SHORT_SCALES, key=len, reverse=True))})(?!\w)")
"""5.1M and 420k: a number with the letter of its scale."""
_CODES = "EUR USD GBP CHF JPY CNY SEK NOK DKK PLN CAD AUD INR RUB"
CURRENCIES = {
    "€": "EUR",
    "$": "USD",
    "us$": "USD",
    "£": "GBP",
    "¥": "JPY",
    "₽": "RUB",
    "₹": "INR",
    **dict.fromkeys(("euro", "euros", "евро"), "EUR"),
    **dict.fromkeys(("dollar", "dollars", "dólares", "долларов"), "USD"),
    **dict.fromkeys(("pound", "pounds"), "GBP"),
    **dict.fromkeys(("franc", "francs", "franken"), "CHF"),
    **dict.fromkeys(("yen", "円"), "JPY"),
    **dict.fromkeys(("рублей", "рубля", "руб"), "RUB"),
    **dict.fromkeys(("yuan", "元"), "CNY"),
    **{code.lower(): code for code in _CODES.split()},
}
"""Signs, words and codes of currencies, in lower case -> ISO 4217."""
_UNITS = (
    "bar|mbar|kPa|MPa|Pa|psi|°C|°F|K|rpm|bpm|kg|mg|µg|g|t|tonnes|tons|kW|MW|GW|W|kWh|MWh|kV|V|mA|kHz|MHz|GHz|Hz|mm/s|"
    "m/s|km/h|mph|mm|cm|m|km|m²|m³|ha|ml|l|litres|liters|hours|hour|minutes|days|weeks|months|years|KB|MB|GB|TB|KiB|MiB|"
    "GiB|dB|mmHg|Stunden|Minuten|Tage|Jahre|heures|jours|ans|horas|días|años"
)
_PERCENT = r"%(?!\w)|％|per cent\b|percent\b|Prozent\b|pour cent\b|por ciento\b|процент\w*"
_SPACE = " \u00a0\u202f"
_AMOUNT_NUMBER = (
    r"(?:\d{1,3}(?:['\u00a0\u202f]\d{3})+(?:[.,]\d+)?|\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3})+(?:,\d+)?"
    r"|\d+(?:[.,]\d+)?)(?![.,]?\d)"
)
# Only sums are grouped by spaces: in a table, two figures side by side would be read as one.
_SUM = rf"(?:\d{{1,3}}(?: \d{{3}})+(?:[.,]\d+)?(?![.,]?\d)|{_AMOUNT_NUMBER})"
_CURRENCY_WORDS = "|".join(sorted((word for word in CURRENCIES if word.isalpha()), key=len, reverse=True))
_SCALE = "|".join(sorted(_SCALES, key=len, reverse=True))
# $1 to $9 and %1 are the parameters of a program, "8 $" waits for a command, [33m sets a colour, 21:42 is a time; the A
# of "13 A list" is no ampere.
_AMOUNT = re.compile(
    rf"(?<![\w.,;\[%])(?<!\d:)(?:"
    rf"(?:(?P<before>US\$|[€£¥₽₹]|\$(?![{_SPACE}]?\d(?!\d|[.,]\d)))[{_SPACE}]?"
    rf"|(?P<code>{_CODES.replace(' ', '|')})[{_SPACE}])"
    rf"(?P<n1>{_SUM})(?:[{_SPACE}]?(?P<s1>(?i:{_SCALE}))\b)?"
    rf"|(?P<n2>{_AMOUNT_NUMBER})[{_SPACE}]?(?P<percent>{_PERCENT})"
    rf"|(?P<n3>{_SUM})(?:[{_SPACE}]?(?P<s3>(?i:{_SCALE}))\.?)?[{_SPACE}]?(?P<after>[€£₽](?!\w)|(?i:{_CURRENCY_WORDS})\b|[円元])"
    rf"|(?P<n4>{_AMOUNT_NUMBER})[{_SPACE}]?(?P<unit>{_UNITS}|A(?![{_SPACE}][a-z]))(?![\w/²³])"
    r")"
)


@dataclass(frozen=True)
class FoundNumber:
    """A number in a text."""

    start: int
    end: int
    text: str
    values: frozenset[Decimal]
    """Possible values of the number."""


@dataclass(frozen=True)
class Amount:
    """A number with its unit in a text."""

    start: int
    end: int
    text: str
    number: float
    unit: str
    """A currency by its ISO 4217 code, "%", or the unit as written."""

    @property
    def value(self) -> str:
        """Return the normal form, as "48200 EUR"."""
        return f"{self.number:.10g} {self.unit}" if self.number < 1e10 else f"{self.number:.0f} {self.unit}"


def numbers(text: str, *, words: bool = False) -> Iterator[FoundNumber]:
    """Yield the numbers of `text`, with their places. `words`: those that are written as words too."""
    plain = folded(text)
    mixed = [*mixed_numbers(plain), *_with_fractions(plain)]
    for start, end, value in mixed:
        yield FoundNumber(start, end, text[start:end], frozenset({value}))
    for found in _NUMBER.finditer(plain):
        start, end = found.span()
        if any(first < end and start < last for first, last, _ in mixed):
            continue
        values = number_values(found["n"])
        if found["s"]:
            values = frozenset(value.scaleb(_SCALES[found["s"]]) for value in values)
        elif other := _OTHER_END.match(plain, end):
            values |= frozenset(value.scaleb(_SCALES[other["s"]]) for value in values)
        yield FoundNumber(start, end, text[start:end], values)
    for found in _SHORT.finditer(plain):
        start, end = found.span()
        values = frozenset(value.scaleb(_SHORT_SCALES[found["s"]]) for value in number_values(found["n"]))
        yield FoundNumber(start, end, text[start:end], values)
    if words:
        for start, end, value in spelled_numbers(plain):
            yield FoundNumber(start, end, text[start:end], frozenset({value}))


def _with_fractions(plain: str) -> Iterator[tuple[int, int, Decimal]]:
    """Yield (start, end, value) of the numbers with a fraction as one sign: 2½."""
    for found in _FRACTION.finditer(plain):
        yield found.start(), found.end(), Decimal(found["n"] or 0) + Decimal(_FRACTIONS[found["f"]])


@lru_cache(maxsize=4096)
def number_values(text: str) -> frozenset[Decimal]:
    """Return the possible values of `text` as a number; empty when it is not a number."""
    text = re.sub(r"(?<=\d)[ '](?=\d{3}(?!\d))", "", text)
    if not re.fullmatch(r"\d+(?:[.,]\d+)*", text):
        return frozenset()
    marks = re.findall("[.,]", text)
    found = set()
    if len(marks) == 1:
        found.add(Decimal(text.replace(",", ".")))
    if not marks or re.fullmatch(r"\d{1,3}(?:,\d{2,3})*,\d{3}|\d{1,3}(?:\.\d{3})+", text):
        found.add(Decimal(re.sub("[.,]", "", text)))
    if len(set(marks)) == 2 and marks.count(marks[-1]) == 1:
        whole, _, part = text.rpartition(marks[-1])
        found.add(Decimal(re.sub("[.,]", "", whole) + "." + part))
    return frozenset(found)


def amounts(text: str) -> Iterator[Amount]:
    """Yield the amounts of `text`, with their places."""
    for found in _AMOUNT.finditer(text):
        number = _number(found["n1"] or found["n2"] or found["n3"] or found["n4"])
        scale = found["s1"] or found["s3"]
        if scale:
            number *= 10 ** _SCALES[scale.lower()]
        if found["percent"]:
            unit = "%"
        elif found["unit"]:
            unit = found["unit"]
        else:
            unit = CURRENCIES[(found["before"] or found["code"] or found["after"]).lower()]
        yield Amount(*found.span(), found[0], number, unit)


def _number(text: str) -> float:
    """Return the value that is meant most likely: 1,234 is more than a thousand, 1,23 and 1.234 are not."""
    text = re.sub(r"[ '\u00a0\u202f]", "", text)
    point = max(text.rfind("."), text.rfind(","))
    if point < 0:
        return float(text)
    sign = text[point]
    grouped = text.count(sign) > 1 or (sign == "," and "." not in text and len(text) - point == 4)
    if grouped:
        return float(re.sub(r"[.,]", "", text))
    return float(re.sub(r"[.,]", "", text[:point]) + "." + text[point + 1 :])
