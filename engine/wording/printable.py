"""Printable text: titles, questions and answers can hold escape codes and broken characters. Light."""

from __future__ import annotations

import re

UNPRINTABLE = "\ufffd"
"""Stands for each character that is not printed."""
# C0 and C1 controls, DEL, line and paragraph separators, marks that change the direction of what follows, surrogates.
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """Return a text without characters that control a terminal; line ends and tabs stay, and nothing else is lost."""
    return CONTROL.sub(UNPRINTABLE, text.replace("\r\n", "\n"))
