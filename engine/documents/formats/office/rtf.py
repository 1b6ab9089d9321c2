"""Rich text (.rtf) through striprtf; hidden text is taken out before, and told."""

from __future__ import annotations

import re
from collections.abc import Iterator

from striprtf.striprtf import rtf_to_text

from engine.documents.formats.parts import Block, Parts

_HIDDEN = re.compile(r"(?<!\\)\\v(?![A-Za-z0-9])")
_CHARACTER = re.compile(r"\\u(-?\d+)")
_STEP = re.compile(r"\\[\\{}]|\\v0(?![0-9])|[{}]")


def read_rtf(data: bytes) -> Parts:
    """Return the pages of an RTF file."""
    text, hidden = _without_hidden(_CHARACTER.sub(_sound_character, data.decode("latin-1")))
    plain: str = rtf_to_text(text, errors="ignore")  # type: ignore[no-untyped-call]
    parts = Parts()
    body = [Block(_cells(line)) for line in plain.split("\n")]
    parts.add_blocks([*_beside(text, "header"), *body, *_beside(text, "footer")])
    if hidden:
        parts.notes.append("hidden text not read")
    return parts


def _beside(text: str, kind: str) -> list[Block]:
    """Return the lines of all headers or footers, each once; striprtf leaves them out."""
    page = re.search(r"\\ansicpg\d+", text)
    fonts = next(_groups(text, r"\\fonttbl"), "")
    lines: dict[str, None] = {}
    for group in _groups(text, rf"\\{kind}[lrf]?(?![a-z])"):
        inner = re.sub(rf"^\{{\\{kind}[lrf]?", "{", group)
        plain: str = rtf_to_text(  # type: ignore[no-untyped-call]
            f"{{\\rtf1\\ansi{page[0] if page else ''} {fonts}{inner}}}", errors="ignore"
        )
        lines |= {line.strip(): None for line in plain.split("\n") if any(map(str.isalpha, line))}
    return [Block(_cells(line)) for line in lines]


def _groups(text: str, word: str) -> Iterator[str]:
    """Yield the groups that begin with a control word."""
    for found in re.finditer(rf"\{{{word}", text):
        depth = 0
        for step in _STEP.finditer(text, found.start()):
            depth += (step[0] == "{") - (step[0] == "}")
            if depth == 0:
                yield text[found.start() : step.end()]
                break


def _sound_character(found: re.Match[str]) -> str:
    """Return a character's control word; one beyond 16 bits becomes the sign for unknown characters."""
    is_sound = len(found[1]) <= 6 and -0x8000 <= int(found[1]) <= 0xFFFF
    return found[0] if is_sound else r"\u65533"


def _without_hidden(text: str) -> tuple[str, bool]:
    """Return RTF without what is switched to hidden, up to the end of its group, and whether there was any."""
    pieces = []
    start = 0
    found = _HIDDEN.search(text)
    while found is not None:
        pieces.append(text[start : found.start()])
        start = _end_of_hidden(text, found.end())
        found = _HIDDEN.search(text, start)
    return "".join([*pieces, text[start:]]), bool(pieces)


def _end_of_hidden(text: str, start: int) -> int:
    depth = 0
    for step in _STEP.finditer(text, start):
        if step[0] == "{":
            depth += 1
        elif step[0] == "}":
            if depth == 0:
                return step.start()
            depth -= 1
        elif step[0] == "\\v0" and depth == 0:
            return step.start()
    return len(text)


def _cells(line: str) -> str:
    """Return a line of striprtf's, which ends every cell of a row with a bar, with tabs between the cells."""
    return "\t".join(cell.strip() for cell in line[:-1].split("|")) if line.endswith("|") else line
