"""Numbers in the attributes of office files, which anybody may have written. Light."""

from __future__ import annotations

_DIGITS = 9


def whole(text: str | None, otherwise: int, most: int) -> int:
    """Return the number that an attribute's text is, at most `most`; `otherwise` where it is none."""
    if not (text and text.isascii() and text.isdigit()):
        return otherwise
    return min(int(text), most) if len(text) <= _DIGITS else most
