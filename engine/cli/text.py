"""Text in lines of a terminal: names, titles and answers can hold escape codes and line ends. Light."""

from __future__ import annotations

from engine.wording.printable import CONTROL, printable


def escaped_json(line: str) -> str:
    """Return a line of JSON with escapes for the characters that are not printed: it means the same."""
    return CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", line)


def one_line(text: str) -> str:
    """Return a printable text with a blank for each run of blanks and line ends."""
    return " ".join(printable(text).split())


def fitted(text: str, width: int) -> str:
    """Return `one_line` of a text, cut to `width` terminal cells."""
    from rich.cells import cell_len, set_cell_size

    line = one_line(text)
    return line if cell_len(line) <= width else set_cell_size(line, max(width - 1, 0)).rstrip() + "…"
