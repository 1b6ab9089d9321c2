"""Conversions: a quantity of an answer that is on no page, but is one of the others that are, in another unit.

"Two years (24 months)" is right where the page says 24 months. Light: no torch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from engine.grounding.numbers import numbers
from engine.grounding.rounding import rounding_at, rounds_to
from engine.grounding.words import folded

_MOST = 24
"""Quantities of an answer that are compared."""
_UNIT_WORDS = {
    "%": "% percent prozent pct процент процента процентов procent procentów cento",
    "eur": "€ eur euro euros евро",
    "usd": "$ usd dollar dollars",
    "gbp": "£ gbp pound pounds",
    "m": "m metre metres meter meters metri metro mètre mètres metros метров метра 米 公尺 メートル متر مترا",
    "km": "km kilometre kilometres kilometer kilometers kilomètres kilómetros chilometri quilômetros quilómetros "
    "километров километра км 公里 千米 キロメートル كيلومتر كيلومترا",
    "cm": "cm centimetre centimetres centimeter centimeters zentimeter centimètres centimetri centímetros сантиметров "
    "сантиметра 厘米 センチ",
    "mm": "mm millimetre millimetres millimeter millimeters millimètres millimetri milímetros миллиметров 毫米 ミリ",
    "ft": "ft foot feet fuß pieds pies piedi pés фут футов фута 英尺 フィート قدم قدما",
    "in": "inch inches zoll pouces pulgadas pollici polegadas дюймов дюйма дюйм 英寸 インチ بوصة",
    "mi": "mi mile miles meilen milles millas miglia milhas миль мили 英里 マイル ميل",
    "kg": "kg kilogram kilograms kilogramm kilo kilos kilogrammes chilogrammi chili quilos quilogramas kilogramos "
    "килограммов килограмма кг 公斤 千克 キロ كيلوغراما كيلوغرام",
    "g": "g gram grams gramm grammes grammi gramos gramas граммов 克 グラム غرام",
    "t": "t tonne tonnes ton tons tonnen toneladas тонн 吨",
    "lb": "lb lbs libbre libbra libras livres фунтов фунта 磅 ポンド رطل رطلا",
    "ha": "ha hectare hectares hektar hectáreas гектаров 公顷",
    "km2": "km2",
    "m2": "m2 sqm",
    "acre": "acre acres",
    "l": "l litre litres liter liters litri litros литров литра л 升 リットル لتر لترا",
    "ml": "ml",
    "s": "s sec second seconds sekunden secondes segundos секунд 秒",
    "min": "min minute minutes minuten minutos минут 分钟 分",
    "h": "h hr hrs hour hours stunde stunden heure heures hora horas ora ore часов часа 小时 時間 ساعة ساعات",
    "d": "day days tag tage tagen jour jours día días giorno giorni dia dias дней дня 天 يوم يوما أيام",
    "w": "week weeks woche wochen semaine semaines semana semanas settimana settimane недель недели "
    "周 週間 أسبوع أسابيع",
    "fortnight": "fortnight fortnights",
    "mo": "month months monat monate monaten mois mes meses mese mesi mês месяцев месяца 个月 か月 ヶ月 شهر شهرا أشهر",
    "a": "year years jahr jahre jahren an ans année années año años anno anni ano anos лет года 年 سنة سنوات عام أعوام",
    "b": "bytes byte",
    "kb": "kb kib",
    "mb": "mb mib",
    "gb": "gb gib",
    "tb": "tb tib",
    "w_": "w watt watts",
    "kw": "kw",
    "mw": "mw",
    "gw": "gw",
    "kwh": "kwh",
    "mwh": "mwh",
    "gwh": "gwh",
    "c": "°c celsius",
    "f": "°f fahrenheit",
    "bar": "bar",
    "psi": "psi",
    "kpa": "kpa",
}
UNIT_OF = {word: unit for unit, words in _UNIT_WORDS.items() for word in words.split()}
"""Word or sign -> its unit."""
_SIZES = (
    {"mm": "0.001", "cm": "0.01", "m": "1", "km": "1000", "in": "0.0254", "ft": "0.3048", "mi": "1609.344"},
    {"g": "0.001", "kg": "1", "t": "1000", "lb": "0.45359237", "gbp": "0.45359237"},  # "pounds" may be either
    {"m2": "1", "ha": "10000", "km2": "1000000", "acre": "4046.86"},
    {"ml": "0.001", "l": "1"},
    {"s": "1", "min": "60", "h": "3600", "d": "86400", "w": "604800", "fortnight": "1209600"},
    {"mo": "1", "a": "12"},
    {"d": "1", "mo": "30", "a": "365"},
    {"w": "1", "a": "52"},
    {"b": "1", "kb": "1024", "mb": "1048576", "gb": "1073741824", "tb": "1099511627776"},
    {"b": "1", "kb": "1000", "mb": "1000000", "gb": "1000000000", "tb": "1000000000000"},
    {"w_": "1", "kw": "1000", "mw": "1000000", "gw": "1000000000"},
    {"kwh": "1", "mwh": "1000", "gwh": "1000000"},
    {"bar": "1", "psi": "0.0689476", "kpa": "0.01"},
)
_FACTORS = [{unit: Decimal(size) for unit, size in sizes.items()} for sizes in _SIZES]
_PER_CENT = re.compile(r" (?:per cent|pour cent|por ciento|per cento|por cento|v\. ?h\.|от сотни)(?!\w)")
_DUALS = {
    **dict.fromkeys(("سنتان", "سنتين", "عامان", "عامين"), "a"),
    **dict.fromkeys(("شهران", "شهرين"), "mo"),
    **dict.fromkeys(("أسبوعان", "أسبوعين"), "w"),
    **dict.fromkeys(("يومان", "يومين"), "d"),
    **dict.fromkeys(("ساعتان", "ساعتين"), "h"),
}
"""Arabic words for two of a unit."""
_DUAL = re.compile(rf"(?<!\w)(?:{'|'.join(_DUALS)})(?!\w)")
_AFTER = re.compile(r"[ \u00a0\u202f-]?(°[cf]|[%€$£]|(?:km|m)[23]|[^\W\d_\u3040-\u9fff]+|[\u3040-\u9fff]{1,2})")


@dataclass(frozen=True)
class _Quantity:
    """A number of an answer and its unit."""

    text: str
    start: int
    end: int
    value: Decimal
    unit: str

    @property
    def step(self) -> Decimal:
        """Return the place of its last digit: 0.1 for 2.7."""
        exponent = self.value.as_tuple().exponent
        return Decimal(1).scaleb(min(0, exponent if isinstance(exponent, int) else 0))


def unconverted(missing: Sequence[str], answer: str) -> list[str]:
    """Return the claims of `missing` that are not the conversion of another quantity of `answer`."""
    if not missing:
        return []
    plain = folded(answer)
    found = list(_quantities(plain))[:_MOST]
    wrong = [folded(claim) for claim in missing]
    known = [each for each in found if not any(_is_in(each.text, claim) for claim in wrong)]
    return [
        claim
        for claim, plain_claim in zip(missing, wrong, strict=True)
        if not any(
            _agree(each, value, plain)
            for each in found
            if _is_in(each.text, plain_claim) or _is_in(plain_claim, each.text)
            for value in _conversions(each, known)
        )
    ]


def unit_behind(plain: str, end: int) -> str | None:
    """Return the unit behind a number that ends at `end` of a folded text, None without one."""
    if _PER_CENT.match(plain, end):
        return "%"
    after = _AFTER.match(plain, end)
    return UNIT_OF.get(after[1]) if after else None


def _is_in(number: str, text: str) -> bool:
    """Return whether a number as a whole is in a text: 2 is not in 2,048."""
    return re.search(rf"(?<![\w.,]){re.escape(folded(number))}(?![.,]?\w)", text) is not None


def _agree(each: _Quantity, value: Decimal, plain: str) -> bool:
    """Return whether `value` is the number of `each` in the digits that it is written with."""
    if abs(value - each.value) <= each.step / 2:
        return True
    rounding = rounding_at(plain, each.start, each.end)
    return rounding is not None and rounds_to([value], each.value, rounding)


def _conversions(each: _Quantity, known: Sequence[_Quantity]) -> Iterator[Decimal]:
    for other in known:
        if {each.unit, other.unit} == {"c", "f"}:
            yield other.value * Decimal("1.8") + 32 if each.unit == "f" else (other.value - 32) / Decimal("1.8")
        for sizes in _FACTORS:
            if each.unit != other.unit and each.unit in sizes and other.unit in sizes:
                yield other.value * sizes[other.unit] / sizes[each.unit]


def _quantities(plain: str) -> Iterator[_Quantity]:
    for number in numbers(plain, words=True):
        unit = unit_behind(plain, number.end)
        if unit is not None:
            for value in number.values:
                yield _Quantity(number.text, number.start, number.end, value, unit)
    for dual in _DUAL.finditer(plain):
        yield _Quantity(dual[0], dual.start(), dual.end(), Decimal(2), _DUALS[dual[0]])
