"""Seconds that reading takes here: measured by readings, kept by precision, scaled to networks of another size.

A reading that lasted long enough reports its tokens, seconds and network; the file in the user's cache keeps the newest
figures. The time of a reading is close to proportional to the weights that each token passes. Light: no torch.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path

from engine.network.config import FalconMambaConfig
from engine.network.footprint import parameter_count
from engine.private_file import replace_private

PAGE_TOKENS = 470
"""Tokens of a page of prose: an ordinary report's (14,014 tokens on 30 pages)."""
LEAST_TOKENS = 512
"""Tokens below which a reading says little of the speed."""
LEAST_WEIGHTS = 1 << 20
"""Weights below which a network is a test's: its time is not that of its products."""
_KEPT = 12


@dataclass(frozen=True)
class Measured:
    """Speed of one network in one precision on one device."""

    weights: int
    """Weights that each token passes."""
    seconds_per_token: float


def cache_file() -> Path:
    """Return the file of the measurements in the user's cache folder."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("Readthrough", appauthor=False)) / "speed.json"


def multiplied(config: FalconMambaConfig) -> int:
    """Return the weights that each token of a reading passes: all but embeddings and head."""
    heads = config.vocab_size * config.d_model * (1 if config.tie_word_embeddings else 2)
    return max(1, parameter_count(config) - heads)


def note(config: FalconMambaConfig, precision: str, device: str, tokens: int, seconds: float) -> None:
    """Keep the speed of a reading of `tokens` tokens in `seconds`. A short one is left out; a full disk is no error."""
    if tokens < LEAST_TOKENS or seconds <= 0 or multiplied(config) < LEAST_WEIGHTS:
        return
    found = _load()
    key = f"{device} {precision} {multiplied(config)}"
    found.pop(key, None)
    found[key] = Measured(multiplied(config), seconds / tokens)
    newest = dict(list(found.items())[-_KEPT:])
    rows = {name: [each.weights, each.seconds_per_token] for name, each in newest.items()}
    with contextlib.suppress(OSError):
        replace_private(cache_file(), json.dumps(rows))


def seconds_per_token(config: FalconMambaConfig, precision: str, device: str = "cpu") -> float | None:
    """Return the expected seconds of reading a token, from the measured network of the nearest size, in this precision
    if there is one: chunks of 512 tokens take about as long in each. None where nothing was measured on this device."""
    wanted = multiplied(config)
    found = [
        (key.split()[1] != precision, max(each.weights, wanted) / min(each.weights, wanted), each)
        for key, each in _load().items()
        if key.split()[0] == device
    ]
    if not found:
        return None
    best = min(found, key=lambda row: row[:2])[2]
    return best.seconds_per_token * wanted / best.weights


def measured(config: FalconMambaConfig, device: str = "cpu") -> float | None:
    """Return the seconds of reading a token that this very network took at last, in whatever precision; None where it
    was not measured on this device."""
    found = [row for key, row in _load().items() if key.split()[0] == device and row.weights == multiplied(config)]
    return found[-1].seconds_per_token if found else None


def seconds_per_page(config: FalconMambaConfig) -> dict[str, float]:
    """Return the expected seconds of reading a page on the CPU, by the precisions that were measured."""
    found = {name: seconds_per_token(config, name) for name in ("fp32", "bf16", "int8", "int4")}
    return {name: PAGE_TOKENS * seconds for name, seconds in found.items() if seconds is not None}


def _load() -> dict[str, Measured]:
    try:
        rows = json.loads(cache_file().read_text(encoding="utf-8"))
        kept = {str(key): Measured(int(row[0]), float(row[1])) for key, row in rows.items() if row[1] > 0}
        return {key: row for key, row in kept.items() if row.weights >= LEAST_WEIGHTS}
    except (OSError, ValueError, TypeError, AttributeError, IndexError, KeyError, RecursionError):
        return {}
