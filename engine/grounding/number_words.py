"""Numbers that prose writes in words, with their values: "twenty-eight", "quatre-vingt-dix", "sechsundfünfzig", "三十".

Words for 2 to the millions in ten languages, and the numerals of Chinese and Japanese. "One" is mostly an article or a
pronoun, so it counts inside a longer number only. Light: no torch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import product

from engine.grounding.languages import language_of

_TO_TWELVE = {
    "en": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen",
    "de": "null ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn "
    "siebzehn "
    "achtzehn neunzehn",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept "
    "dix-huit "
    "dix-neuf",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis "
    "diecisiete "
    "dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete "
    "veintiocho veintinueve",
    "ru": "ноль один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать "
    "четырнадцать "
    "пятнадцать шестнадцать семнадцать восемнадцать девятнадцать",
    "it": "zero uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici "
    "diciassette diciotto diciannove",
    "pt": "zero um dois três quatro cinco seis sete oito nove dez onze doze treze catorze quinze dezesseis dezessete "
    "dezoito dezenove",
    "nl": "nul een twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien zestien "
    "zeventien "
    "achttien negentien",
    "ar": "صفر واحد اثنان ثلاثة أربعة خمسة ستة سبعة ثمانية تسعة عشرة",
    "pl": "zero jeden dwa trzy cztery pięć sześć siedem osiem dziewięć dziesięć jedenaście dwanaście trzynaście "
    "czternaście "
    "piętnaście szesnaście siedemnaście osiemnaście dziewiętnaście",
}
_TENS = {
    "en": "twenty thirty forty fifty sixty seventy eighty ninety",
    "de": "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
    "fr": "vingt trente quarante cinquante soixante septante quatre-vingts nonante",
    "es": "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
    "ru": "двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто",
    "it": "venti trenta quaranta cinquanta sessanta settanta ottanta novanta",
    "pt": "vinte trinta quarenta cinquenta sessenta setenta oitenta noventa",
    "ar": "عشرون ثلاثون أربعون خمسون ستون سبعون ثمانون تسعون",
    "pl": "dwadzieścia trzydzieści czterdzieści pięćdziesiąt sześćdziesiąt siedemdziesiąt osiemdziesiąt "
    "dziewięćdziesiąt",
    "nl": "twintig dertig veertig vijftig zestig zeventig tachtig negentig",
}
_LARGE = {
    "en": "hundred=100 thousand=1000 million=1000000 billion=1000000000 dozen=12",
    "de": "hundert=100 tausend=1000 million=1000000 millionen=1000000 dreissig=30",
    "fr": "cent=100 cents=100 mille=1000 million=1000000 millions=1000000 vingts=20 dix-sept=17",
    "es": "cien=100 ciento=100 doscientos=200 trescientos=300 cuatrocientos=400 quinientos=500 seiscientos=600 "
    "setecientos=700 ochocientos=800 novecientos=900 doscientas=200 trescientas=300 quinientas=500 mil=1000 "
    "millón=1000000 millones=1000000",
    "ru": "сто=100 двести=200 триста=300 четыреста=400 пятьсот=500 шестьсот=600 семьсот=700 восемьсот=800 "
    "девятьсот=900 "
    "тысяча=1000 тысячи=1000 тысяч=1000 миллион=1000000 миллиона=1000000 миллионов=1000000 двух=2 две=2 трёх=3 трех=3 "
    "четырёх=4 четырех=4 пяти=5 шести=6 семи=7 восьми=8 девяти=9 десяти=10 двенадцати=12 пятнадцати=15 двадцати=20 "
    "тридцати=30 сорока=40 пятидесяти=50",
    "it": "cento=100 duecento=200 trecento=300 quattrocento=400 cinquecento=500 mille=1000 mila=1000 milione=1000000 "
    "milioni=1000000",
    "pt": "cem=100 cento=100 duzentos=200 trezentos=300 quatrocentos=400 quinhentos=500 seiscentos=600 setecentos=700 "
    "oitocentos=800 novecentos=900 mil=1000 milhão=1000000 milhões=1000000 duas=2 dezasseis=16 dezassete=17",
    "pl": "dwie=2 dwóch=2 trzech=3 czterech=4 pięciu=5 sześciu=6 siedmiu=7 ośmiu=8 dziewięciu=9 dziesięciu=10 sto=100 "
    "dwieście=200 trzysta=300 pięćset=500 tysiąc=1000 tysiące=1000 tysięcy=1000 milion=1000000 milionów=1000000",
    "ar": "اثنين=2 اثنتان=2 اثنتين=2 ثلاث=3 أربع=4 اربع=4 اربعة=4 خمس=5 ست=6 سبع=7 ثماني=8 ثمان=8 تسع=9 عشر=10 "
    "عشرين=20 ثلاثين=30 أربعين=40 خمسين=50 ستين=60 سبعين=70 ثمانين=80 تسعين=90 مئة=100 مائة=100 مئتان=200 مئتين=200 "
    "مائتان=200 مائتين=200 ألف=1000 آلاف=1000 ألفا=1000 ألفان=2000 ألفين=2000 مليون=1000000 ملايين=1000000",
    "nl": "honderd=100 duizend=1000 miljoen=1000000",
}
_OTHER = "once elf sei due otto sept cent cents mil mille tres million millions dozen sette"
_OTHER_WORDS = frozenset(_OTHER.split())
"""Number words that are other words, or short forms of months, in another language: they count in their own only."""
_JOINED = {"de": "und", "nl": "en"}
"""Languages that write the ones before the tens, as one word."""
_JOINERS = frozenset(("and", "et", "y", "e", "und", "en"))
_TOKEN = re.compile(r"[^\W\d_]+")
_LONGEST = 12
"""Words of the longest number."""
_DIGITS = {**dict(zip("〇一二三四五六七八九", range(10), strict=True)), "零": 0, "两": 2, "兩": 2}
_UNITS = {"十": 10, "百": 100, "千": 1_000, "천": 1_000, "백": 100}
_MYRIADS = {"万": 10**4, "萬": 10**4, "만": 10**4, "亿": 10**8, "億": 10**8, "억": 10**8, "兆": 10**12, "조": 10**12}
_HALF = re.compile(
    r"(?<!\w)(?:half a (?:million|thousand)|(?:eine )?halbe million|(?:un )?demi[- ]million|medio millón|mezzo milione|"
    r"meio milhão|полмиллиона|полтысячи)(?!\w)"
)
_NUMERAL = re.compile("[〇零一二两兩三四五六七八九十百千万萬亿億]+")
_RUN, _SIGN = r"\d+(?:[.,]\d+)*", "[十百千백천万萬만亿億억兆조]"
_MIXED = re.compile(rf"{_RUN}{_SIGN}(?:\s?{_RUN}{_SIGN}|{_SIGN})*(?:\d{{1,3}}(?:,\d{{3}})+(?!\d)|\d*)")


def _tables() -> dict[str, dict[str, int]]:
    """Return language -> word -> value."""
    found: dict[str, dict[str, int]] = {}
    for language, row in _TO_TWELVE.items():
        small = dict(zip(row.split(), range(40), strict=False))
        tens = {word: 10 * place for place, word in enumerate(_TENS[language].split(), 2)}
        table = {**small, **tens}
        if joiner := _JOINED.get(language):
            for (one, value), (ten, more) in product(list(small.items())[1:10], tens.items()):
                table[one + joiner + ten] = value + more
                table[f"{one.removesuffix('e')}ë{joiner[1:]}{ten}"] = value + more  # tweeëntwintig
        if language == "it":
            for (one, value), (ten, more) in product(list(small.items())[1:10], tens.items()):
                joined = (ten[:-1] if one[0] in "uo" else ten) + one
                table[joined] = value + more
                if one == "tre":
                    table[joined[:-1] + "é"] = value + more
        if language == "de":
            hundreds = {
                f"{one}hundert{rest}": 100 * value + more
                for (one, value), (rest, more) in product(
                    [("", 1), *list(small.items())[1:10]], [("", 0), *list(table.items())]
                )
            }
            table |= hundreds
        table |= {word: int(value) for word, _, value in (part.partition("=") for part in _LARGE[language].split())}
        found[language] = table
    return found


_TABLES = _tables()
_ANY = {
    word: value for table in reversed(_TABLES.values()) for word, value in table.items() if word not in _OTHER_WORDS
}


def spelled_numbers(plain: str) -> Iterator[tuple[int, int, Decimal]]:
    """Yield (start, end, value) of the numbers in words of a folded text, in order."""
    own = _TABLES.get(language_of(plain), {})
    run: list[tuple[int, int, int]] = []
    end = -1
    for token in _TOKEN.finditer(plain):
        values = _values(token[0], own)
        gap = plain[end : token.start()] if run else ""
        joins = bool(run) and gap in (" ", "-", "\n")
        if joins and token[0] in _JOINERS:
            end = token.end()
            continue
        if not values or not joins or len(run) >= _LONGEST:
            yield from _in_run(run)
            run = []
        if values:
            run += [(token.start(), token.end(), value) for value in values]
        end = token.end()
    yield from _in_run(run)
    for found in _HALF.finditer(plain):
        yield found.start(), found.end(), Decimal(500_000 if "mil" in found[0] or "мил" in found[0] else 500)
    for found in _NUMERAL.finditer(plain):
        if (value := numeral(found[0])) is not None and value > 1:
            yield found.start(), found.end(), Decimal(value)


def _values(word: str, own: dict[str, int]) -> list[int]:
    """Return the values of the parts of a word; none for one that is no number."""
    value = own.get(word, _ANY.get(word))
    if value is not None:
        return [value]
    for thousand in ("tausend", "mila", "duizend"):
        head, found, rest = word.partition(thousand)
        values = {**_ANY, **own}
        if found and head in values and (not rest or rest in values):
            return [values[head], 1_000, *([values[rest]] if rest else [])]
    return []


def _in_run(run: Sequence[tuple[int, int, int]]) -> Iterator[tuple[int, int, Decimal]]:
    """Yield the numbers that adjacent words make."""
    total, part, first = 0, 0, 0
    for place, (_, _, value) in enumerate(run):
        begins = place == first
        if begins:
            total, part = 0, value if value < 1_000 else 0
            if value >= 1_000:
                total = value
            continue
        joined = _joined(total, part, value)
        if joined is None:
            yield from _made(run[first:place], total + part)
            first, total, part = place, 0 if value < 1_000 else value, value if value < 1_000 else 0
        else:
            total, part = joined
    if run:
        yield from _made(run[first:], total + part)


def _joined(total: int, part: int, value: int) -> tuple[int, int] | None:
    """Return (thousands and more, rest) of a number with another word behind it; None where that begins a new "
    "number."""
    if value >= 1_000:
        fits = part and (not total or total % (1_000 * value) == 0)
        return (total + part * value, 0) if fits else None
    if value == 100 and 0 < part < 10:
        return total, 100 * part
    if value == 20 and part % 100 == 4:
        return total, part + 76  # quatre-vingt
    ones = part % 100
    room = 100 if ones == 0 else 20 if ones in (60, 80) else 10 if ones % 10 == 0 and ones >= 10 else 0
    if ones == 10 and value not in (7, 8, 9):
        room = 0  # dix-sept
    if not part:
        room = 1_000
    return (total, part + value) if 0 < value < room else None


def _made(words: Sequence[tuple[int, int, int]], value: int) -> Iterator[tuple[int, int, Decimal]]:
    if value > 1:
        yield words[0][0], words[-1][1], Decimal(value)


def numeral(text: str) -> int | None:
    """Return the value of Chinese numerals; None for a text that is no number."""
    if not any(sign in _UNITS or sign in _MYRIADS for sign in text):
        return int("".join(str(_DIGITS[sign]) for sign in text))
    if text[0] in _MYRIADS or (text[0] in _UNITS and text[0] != "十"):
        return None
    total, part, digit = 0, 0, None
    for sign in text:
        if sign in _DIGITS:
            digit = _DIGITS[sign]
        elif sign in _UNITS:
            part += (1 if digit is None else digit) * _UNITS[sign]
            digit = None
        else:
            total += (part + (digit or 0)) * _MYRIADS[sign]
            part, digit = 0, None
    return total + part + (digit or 0)


def mixed_numbers(plain: str) -> Iterator[tuple[int, int, Decimal]]:
    """Yield (start, end, value) of numbers of digits and numerals, such as 1万2千 and 3.5亿."""
    for found in _MIXED.finditer(plain):
        if (value := _mixed(found[0])) is not None:
            yield found.start(), found.end(), value


def _mixed(text: str) -> Decimal | None:
    total = part = Decimal(0)
    number: Decimal | None = None
    for piece in re.findall(r"\d+(?:[.,]\d+)*|[^\d\s]", text):
        if piece[0].isdigit():
            plain = piece.replace(",", "")
            if plain.count(".") > 1:
                return None
            number = Decimal(plain)
        elif piece in _UNITS:
            part += (Decimal(1) if number is None else number) * _UNITS[piece]
            number = None
        else:
            total += (part + (number or 0)) * _MYRIADS[piece]
            part, number = Decimal(0), None
    return total + part + (number or 0)
