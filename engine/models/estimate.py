"""How long a document will take to read here, before it is read. Light: no torch."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from engine.models.local import included
from engine.models.speed import PAGE_TOKENS, measured, seconds_per_token
from engine.network.config import FalconMambaConfig

BYTES_PER_TOKEN = 4.0
"""Bytes of text for a token, about."""
READER = "reader"
"""The included model that the estimate is compared with."""


def expected_tokens(kind: str, size: int, page_count: int | None) -> int | None:
    """Return the tokens of a document, about: from its pages, else a text's from its bytes; None where neither says."""
    if kind == "text":
        return max(1, round(size / BYTES_PER_TOKEN))
    return page_count * PAGE_TOKENS if page_count else None


def reading_seconds(config: FalconMambaConfig, precision: str, device: str, tokens: int) -> float | None:
    """Return the seconds of reading `tokens` tokens, None where nothing was measured on this device."""
    seconds = seconds_per_token(config, precision, device)
    return None if seconds is None else seconds * tokens


def reader_seconds(device: str, tokens: int) -> float | None:
    """Return the seconds of scoring `tokens` tokens with the included reader, which computes on the CPU; None where
    nothing was measured. `device`: that of the other measurements where the reader itself was not measured."""
    config = _reader_config()
    if config is None:
        return None
    own = measured(config)
    return own * tokens if own is not None else reading_seconds(config, "bf16", device, tokens)


def is_included(folder: Path) -> bool:
    """Return whether a model comes with the program."""
    return folder.resolve() in {place.resolve() for place in included().values()}


@cache
def _reader_config() -> FalconMambaConfig | None:
    folder = included().get(READER)
    return None if folder is None else FalconMambaConfig.from_folder(folder)
