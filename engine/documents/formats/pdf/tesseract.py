"""Text recognition by the program tesseract, where it is installed: for the scripts that rapidocr's models do not know.

It runs as a program of its own, started by the extractor process, under the same limits, and for a limited time.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from engine.documents.formats.pdf.columns import in_reading_order
from engine.documents.formats.pdf.recognised import Recognised
from engine.documents.formats.pdf.segment import Segment

_SECONDS = 30
_NO_LANGUAGES = frozenset(("osd", "equ", "snum"))
_MOST_LANGUAGES = 4
"""Languages that are tried at once where none are chosen; each makes it slower."""
_CELL_GAP = 1.2
_LEAST_CERTAINTY = 0.5
_WORD_LEVEL = "5"


class _Word(NamedTuple):
    line: tuple[str, ...]
    left: float
    top: float
    width: float
    height: float
    certainty: float
    text: str


@cache
def program() -> str | None:
    """Return the path of tesseract, None if it is not installed."""
    return shutil.which("tesseract")


@cache
def languages() -> tuple[str, ...]:
    """Return the languages to read in: those chosen by READTHROUGH_OCR_LANGUAGES ("rus+eng"), else those installed."""
    chosen = os.environ.get("READTHROUGH_OCR_LANGUAGES", "").strip()
    if chosen:
        return tuple(chosen.split("+"))
    path = program()
    if path is None:
        return ()
    try:
        done = subprocess.run([path, "--list-langs"], capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    names = done.stdout.decode("utf-8", "replace").split("\n")[1:]
    return tuple(name.strip() for name in names if name.strip() and name.strip() not in _NO_LANGUAGES)[:_MOST_LANGUAGES]


def recognise(picture: Any) -> Recognised | None:
    """Return the text on a picture ([height, width, 3] uint8), None if there is none or tesseract fails."""
    path, names = program(), languages()
    if path is None or not names:
        return None
    height, width = picture.shape[:2]
    data = b"P6 %d %d 255\n" % (width, height) + picture.tobytes()
    command = [path, "stdin", "stdout", "-l", "+".join(names), "--psm", "3", "tsv"]
    try:
        done = subprocess.run(
            command,
            input=data,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result_of(done.stdout.decode("utf-8", "replace")) if done.returncode == 0 else None


def result_of(table: str) -> Recognised | None:
    """Return the text of tesseract's table of words, None if it has none."""
    words = list(_words(table))
    sure = [word for word in words if word.certainty >= _LEAST_CERTAINTY]
    weight = sum(len(word.text) for word in sure)
    if not words:
        return None
    lost = len({word.line for word in words} - {word.line for word in sure})
    if not weight:
        return Recognised("", 0.0, lost)
    certainty = sum(len(word.text) * word.certainty for word in sure) / weight
    return Recognised("\n".join(in_reading_order(list(_segments(sure)))), certainty, lost)


def _words(table: str) -> Iterator[_Word]:
    for row in table.split("\n")[1:]:
        cells = row.rstrip("\r").split("\t")
        if len(cells) == 12 and cells[0] == _WORD_LEVEL and cells[11].strip():
            left, top, width, height, certainty = map(float, cells[6:11])
            yield _Word(tuple(cells[1:5]), left, top, width, height, certainty / 100, cells[11].strip())


def _segments(words: list[_Word]) -> Iterator[Segment]:
    """Yield runs of words on one line without a gap as wide as between cells; y upwards."""
    run: list[_Word] = []
    for number, word in enumerate([*words, None]):
        before = run[-1] if run else None
        if before is not None and (
            word is None
            or word.line != before.line
            or word.left - before.left - before.width > _CELL_GAP * max(word.height, before.height)
        ):
            low = -max(one.top + one.height for one in run)
            high = -min(one.top for one in run)
            text = " ".join(one.text for one in run)
            yield Segment(text, run[0].left, before.left + before.width, low, high, number)
            run = []
        if word is not None:
            run.append(word)
