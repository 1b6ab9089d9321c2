"""Titles that a file gives itself: those of people are kept, those that a program left are not. Light."""

from __future__ import annotations

import re

_LEFT = frozenset(
    (
        "untitled",
        "untitled document",
        "untitled-1",
        "unnamed",
        "no title",
        "(no title)",
        "none",
        "null",
        "unknown",
        "(anonymous)",
        "anonymous",
        "title",
        "document",
        "document1",
        "dokument1",
        "presentation",
        "powerpoint presentation",
        "powerpoint-präsentation",
        "présentation powerpoint",
        "slide 1",
        "workbook1",
        "book1",
        "sheet1",
        "layout 1",
        "print",
        "scan",
        "scanned document",
    )
)
"""Titles that programs write where nobody gave one."""
_PROGRAM = re.compile(r"^(?:microsoft )?(?:word|powerpoint|excel|publisher) - ", re.IGNORECASE)
"""Word's printer puts its name before that of the file."""
_FILE = re.compile(
    r"\.(?:docx?|dotx?|odt|rtf|wpd|pages|txt|tex|dvi|ps|eps|pdf|indd|qx[dp]|pmd|p65|fm|cdr|ai|pptx?|odp|xlsx?|ods|html?)$",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]{2}")


def given_title(title: str) -> str:
    """Return `title` if a person can have given it; "" for a program's placeholder, a file's name or mere numbers, as
    page ranges of a printer are."""
    own = _PROGRAM.sub("", title.strip())
    if own.casefold() in _LEFT or _FILE.search(own) or not _WORD.search(own):
        return ""
    return own
