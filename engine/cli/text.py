"""Printable text: names, titles and answers can hold escape codes, line ends and broken characters. Light."""

from __future__ import annotations

import re

UNPRINTABLE = "\ufffd"
"""Stands for each character that is not printed."""
# C0 and C1 controls, DEL, line and paragraph separators, marks that change the direction of what follows, surrogates.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """Return a text without characters that control a terminal; line ends and tabs stay, and nothing else is lost."""
    return _CONTROL.sub(UNPRINTABLE, text.replace("\r\n", "\n"))


def escaped_json(line: str) -> str:
    """Return a line of JSON with escapes for the characters that are not printed: it means the same."""
    return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", line)


def one_line(text: str) -> str:
    """Return a printable text with a blank for each run of blanks and line ends."""
    return " ".join(printable(text).split())


def fitted(text: str, width: int) -> str:
    """Return `one_line` of a text, cut to `width` terminal cells."""
    from rich.cells import cell_len, set_cell_size

    line = one_line(text)
    return line if cell_len(line) <= width else set_cell_size(line, max(width - 1, 0)).rstrip() + "…"
