"""The end of a text that streams: a stop string, or repetition."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from engine.generation.repetition import repeats
from engine.generation.stopping import EndReason
from engine.generators import Kept


def before_stop(text: str, stops: Sequence[str]) -> str | None:
    """Return the part of `text` before the first of `stops`; None where it has none. White space before the answer's
    first word stops nothing."""
    begins = len(text) - len(text.lstrip())
    places = [place for stop in stops if (place := text.find(stop, begins)) >= 0]
    return text[: min(places)] if places else None


def until_end(pieces: Generator[str, None, EndReason], stops: Sequence[str]) -> Generator[str, None, EndReason]:
    """Stream `pieces` of text up to the first of `stops`, or until they repeat themselves; return why they ended."""
    text, given = "", 0
    kept = Kept(pieces)
    for piece in kept:
        text += piece
        whole = before_stop(text, stops)
        end = len(whole) if whole is not None else len(text) - _begun(text, stops)
        if end > given:
            yield text[given:end]
            given = end
        if whole is not None or (_ends_a_line(piece) and repeats(text)):
            pieces.close()
            return "stop" if whole is not None else "repetition"
    if text[given:]:
        yield text[given:]
    return kept.value


def _ends_a_line(piece: str) -> bool:
    return piece.endswith((".", "!", "?", "。", "\u061f")) or "\n" in piece


def _begun(text: str, stops: Sequence[str]) -> int:
    """Return the length of the longest end of `text` that one of `stops` begins with."""
    longest = max(map(len, stops), default=1) - 1
    for size in range(min(longest, len(text)), 0, -1):
        if any(stop.startswith(text[-size:]) for stop in stops):
            return size
    return 0
