"""How long a reading will take, before it begins."""

from __future__ import annotations

import os
from pathlib import Path

from app.settings.models import DEFAULT_FOLDER
from app.state.session import DocumentSession

LONG_SECONDS = 20 * 60
"""Readings that take longer are not begun unasked."""
PAGE_TOKENS = 470
"""Tokens of a page of prose: an ordinary report's (14,014 tokens on 30 pages)."""
BYTES_PER_TOKEN = 4
BYTES_PER_SECOND = 140e9
"""Bytes of weights that pass the processor in a second of reading on two cores: tokens a second times bytes of weights.
Measured: 4,600 tokens/s of 30 MB, 10 tokens/s of 14.6 GB."""
TEXT_KINDS = frozenset((".txt", ".md", ".log", ".csv", ".tsv", ".jsonl", ".json", ".html", ".htm"))


def seconds_to_read(session: DocumentSession, model: str, device: str) -> float | None:
    """Return the time that the unread part of a document takes, seconds: as the worker expects it from earlier
    readings, else from the sizes of file and model; None where nothing can be said, or nothing is unread."""
    if session.fully_read:
        return None
    if session.estimate is None or session.estimate.seconds is None:
        return expected_seconds(session, model, device)
    return session.estimate.seconds * (1.0 - session.fraction)


def expected_seconds(session: DocumentSession, model: str, device: str) -> float | None:
    """Return the time that the unread part of a document takes, seconds; None where nothing can be said.

    model: folder of the chosen model, "" for the default one; device: as in the settings. Nothing is said where there
    is a GPU: it reads thousands of times faster.
    """
    if device == "cuda" or (device == "auto" and _has_gpu()):
        return None
    weights = _weight_bytes(Path(model) if model else DEFAULT_FOLDER)
    tokens = _tokens(session)
    if not weights or tokens is None:
        return None
    return max(tokens - session.progress.tokens, 0) * weights / BYTES_PER_SECOND


def _tokens(session: DocumentSession) -> int | None:
    if session.progress.total_tokens:
        return session.progress.total_tokens
    if session.page_count:
        return session.page_count * PAGE_TOKENS
    if Path(session.path).suffix.lower() in TEXT_KINDS:
        return session.size // BYTES_PER_TOKEN
    return None


def _weight_bytes(folder: Path) -> int:
    try:
        return sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    except OSError:
        return 0


def _has_gpu() -> bool:
    return os.path.exists("/proc/driver/nvidia/version")
