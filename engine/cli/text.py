"""Text in lines of a terminal: names, titles and answers can hold escape codes and line ends. Light."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from engine.wording.printable import CONTROL, printable

_SMALL = ("Another", "No", "The", "There", "This")
"""First words of sentences that are not names."""


def escaped_json(line: str) -> str:
    """Return a line of JSON with escapes for the characters that are not printed: it means the same."""
    return CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", line)


def one_line(text: str) -> str:
    """Return a printable text with a blank for each run of blanks and line ends."""
    return " ".join(printable(text).split())


def error_line(sentence: str, reason: str = "") -> str:
    """Return a sentence as an error is printed: one line, in lower case after "error:" unless it begins with a name.
    `reason`: that of its KnownError."""
    line = one_line(sentence).rstrip(".") + (" with --password WORD" if reason == "needs_password" else "")
    first, _, rest = line.partition(" ")
    return f"error: {first.lower()} {rest}" if first in _SMALL else f"error: {line}"


def closest(word: str, words: Iterable[str]) -> str:
    """Return `" (did you mean X?)"` for the word that is most like `word`; "" where none is."""
    found = difflib.get_close_matches(word.casefold(), list(words), n=1)
    return f" (did you mean {found[0]}?)" if found else ""


def fitted(text: str, width: int) -> str:
    """Return `one_line` of a text, cut to `width` terminal cells."""
    from rich.cells import cell_len, set_cell_size

    line = one_line(text)
    return line if cell_len(line) <= width else set_cell_size(line, max(width - 1, 0)).rstrip() + "…"
