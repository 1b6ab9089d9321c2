"""Numbers of lists in the forms of Word and HTML: 3, c, III."""

from __future__ import annotations

_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
          (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip
_HIGHEST = 3_999


def written(number: int, form: str) -> str:
    """Return a number as a list shows it."""
    if form in ("lowerLetter", "upperLetter") and number > 0:
        letters = chr(97 + (number - 1) % 26) * (1 + (number - 1) // 26)
        return letters if form == "lowerLetter" else letters.upper()
    if form in ("lowerRoman", "upperRoman") and 0 < number <= _HIGHEST:
        text = ""
        for unit, letters in _ROMAN:
            text += letters * (number // unit)
            number %= unit
        return text if form == "lowerRoman" else text.upper()
    if form == "decimalZero":
        return f"{number:02d}"
    return "" if form == "none" else str(number)
