"""Times of day in a text, as several languages write them, in minutes after midnight. Light: no torch."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.grounding.number_words import numeral, spelled_numbers
from engine.grounding.words import folded

_HOUR = r"(?:[01]?\d|2[0-4])"
_MINUTE = r"[0-5]\d"
_WORD = r"(?:uhr|heures?|horas?|hrs|часов|часа|час|uur|ore|h(?![a-z])|時|时|点|點|시)"
_NOON = r"(?:午前|午後|上午|下午|早上|晚上|傍晚|오전|오후)"
_TO = r"(?:до|bis|to|tot|till|until|a|à|às|al|alle|au|y|e|und|and|から|到|至|부터|-|~|〜)"
_LETTER = r"[^\W\d_\u3040-\u9fff\uac00-\ud7af]"
_PART_OF_DAY = (
    r"(?:de la (?:mañana|tarde|noche|madrugada)|da (?:manhã|tarde|noite|madrugada)|(?:di|del|della) (?:mattina|"
    r"mattino|pomeriggio|sera|notte)|du (?:matin|soir)|de l'après-midi|утра|вечера|дня|ночи|in the (?:morning|"
    r"afternoon|evening)|at night)(?!\w)"
)
_ALONE = rf"(?<![\d.,:])(?<!{_LETTER})"
"""What precedes a time: a letter of a script without blanks may."""
_TIME = re.compile(
    rf"{_ALONE}(?P<h1>{_HOUR}):(?P<m1>{_MINUTE})(?::{_MINUTE})?(?![\d:])(?: ?(?P<p1>[ap])\.?m\b)?"
    rf"|{_ALONE}(?P<h2>{_HOUR}) ?(?:(?P<p2>[ap])\.?m\b|{_WORD} ?(?:(?P<m2>{_MINUTE})(?!\d) ?(?:分|분|min)?)?)"
    rf"|{_ALONE}(?P<h4>{_HOUR}) {_PART_OF_DAY}"
    rf"|(?P<h3>{_HOUR}|[一二两兩三四五六七八九十]{{1,3}}) ?[時时点點시](?!间|間) ?"
    rf"(?:(?P<m3>{_MINUTE}|[一二三四五六七八九十]{{1,3}}) ?[分분]|(?P<half>[半반]))?"
    r"|(?<!\w)(?P<noon>noon|midday|midi|mittags?|mediodía|mezzogiorno|meio-dia|полдень|полудня)(?!\w)|(?P<noon2>正午|中午12点)"
)
_HOURS = re.compile(
    r" (?:heures?|horas|ore|uhr|hours|часов|часа)(?!\w) ?(?P<half>et demie|y media|e mezz[ao]|e meia|с половиной)?"
)
_POINT = re.compile(rf"(?<![\w.,:])(?P<h>{_HOUR})\.(?P<m>{_MINUTE})(?![\w%]|[.,:]\d)")
"""13.30, which is a decimal number as well."""
_RANGE = re.compile(
    rf"(?<![\w.,:])(?P<h>{_HOUR}) ?{_TO} ?(?:(?:las?|os|as|le|the) )?(?={_HOUR}(?: ?{_WORD}| ?[ap]\.?m\b))"
)
_AFTERNOON = re.compile(r"(?:午後|下午|晚上|傍晚|오후) ?$")
_HALF_DAY = 12 * 60


def times_of_day(text: str) -> Iterator[tuple[int, int, int]]:
    """Yield (start, end, minutes) of the times of day in `text` that cannot be other numbers."""
    plain = folded(text)
    for found in _TIME.finditer(plain):
        if found["noon"] or found["noon2"]:
            yield found.start(), found.end(), _HALF_DAY
            continue
        hour = _number(found["h1"] or found["h2"] or found["h3"] or found["h4"])
        half = found["p1"] or found["p2"]
        if half == "p" or _AFTERNOON.search(plain[: found.start()]):
            hour = hour % 12 + 12
        minute = 30 if found["half"] else _number(found["m1"] or found["m2"] or found["m3"] or "0")
        yield found.start(), found.end(), 60 * hour + minute


def _in_words(plain: str) -> Iterator[tuple[int, int, int]]:
    """Yield the times of day in words: quatorze heures trente, las siete y media."""
    numbers = [(start, end, int(value)) for start, end, value in spelled_numbers(plain) if value == int(value)]
    for start, end, hour in numbers:
        word = _HOURS.match(plain, end)
        if word is None or not 0 <= hour <= 24:
            continue
        minute, last = (30, word.end("half")) if word["half"] else (0, word.end())
        if not word["half"]:
            behind = next(((stop, value) for first, stop, value in numbers if 0 <= first - word.end() <= 3), None)
            if behind is not None and behind[1] < 60:
                last, minute = behind
        yield start, last, 60 * hour + minute


def _number(text: str) -> int:
    """Return the value of an hour or a minute in digits or numerals."""
    return int(text) if text.isdecimal() else numeral(text) or 0


def possible_times(text: str) -> set[int]:
    """Return all minutes that `text` may mean: also 13.30, and the 6 of "6 to 23 hours"."""
    plain = folded(text)
    found = {minutes for _, _, minutes in times_of_day(text)} | {minutes for _, _, minutes in _in_words(plain)}
    found |= {60 * int(point["h"]) + int(point["m"]) for point in _POINT.finditer(plain)}
    return found | {60 * int(first["h"]) for first in _RANGE.finditer(plain)}


def states_time(claim: str, text: str) -> bool:
    """Return whether `text` gives the time of day `claim`; 2:00 may be in the afternoon."""
    wanted = {minutes for _, _, minutes in times_of_day(claim)} | {
        60 * int(point["h"]) + int(point["m"]) for point in _POINT.finditer(folded(claim))
    }
    if not wanted:
        return False
    stated = possible_times(text)
    return any(
        minutes in stated or minutes + _HALF_DAY in stated or minutes - _HALF_DAY in stated for minutes in wanted
    )
