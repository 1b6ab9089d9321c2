"""The library's times at the shapes of a 7B model: save, restore, list, look up. `main.py bench library` prints them.

The state is random bytes of the right size (ssm 64 x 8192 x 16 in fp32 or bf16, conv 64 x 8192 x 3 in bf16): the
library never looks inside. Needs about a gigabyte of disk for a minute, no model and no torch.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from engine.library.library import Library
from engine.library.prefix import Identity, PrefixHasher
from engine.library.records import NewSnapshot

FP32_STATE = 64 * 8192 * 16 * 4 + 64 * 8192 * 3 * 2
BF16_STATE = 64 * 8192 * 16 * 2 + 64 * 8192 * 3 * 2
_IDENTITY = Identity("bench", "bench", "", "bf16", "1", "bench")
_ROUNDS = 7
_SNAPSHOTS = 10_000
_TOKENS = 1_000_000


@dataclass(frozen=True)
class Figure:
    """One measured value and its target."""

    name: str
    value: float
    unit: str
    target: float | None = None
    at_least: bool = False

    @property
    def reached(self) -> bool | None:
        if self.target is None:
            return None
        return self.value >= self.target if self.at_least else self.value <= self.target

    def __str__(self) -> str:
        sign = "" if self.target is None else f"   (wanted {'>=' if self.at_least else '<='} {self.target:g})"
        mark = {None: " ", True: "+", False: "!"}[self.reached]
        return f"{mark} {self.name:<58} {self.value:10.4g} {self.unit}{sign}"


@dataclass(frozen=True)
class _File:
    path: str
    sha256: str
    title: str | None = None
    kind: str = "text"
    size: int = 0
    page_count: int | None = None


def measure(folder: str | os.PathLike[str] | None = None) -> list[Figure]:
    """Measure all figures, in a temporary library under `folder` (default: the system's temporary folder)."""
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        with Library.open(Path(temporary) / "states.db") as library:
            figures = _states(library)
        with Library.open(Path(temporary) / "rows.db", quota=1 << 62, max_checkpoints=1 << 30) as library:
            figures += _rows(library)
    return figures


def main(arguments: list[str] | None = None) -> int:
    """Print the figures; return 1 when one misses its target."""
    parser = argparse.ArgumentParser(prog="main.py bench library", description="Time the library at 7B shapes.")
    parser.add_argument("--folder", help="where its library may lie for a while (2 GB)")
    folder = parser.parse_args(arguments).folder
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    figures = measure(folder)
    print("\n".join(map(str, figures)))
    return int(any(figure.reached is False for figure in figures))


def _states(library: Library) -> list[Figure]:
    document = library.documents.for_file(_File("/bench/states", "states")).id
    figures = []
    for name, size in (("fp32", FP32_STATE), ("bf16", BF16_STATE)):
        hasher, saves, loads = PrefixHasher(_IDENTITY), [], []
        hasher.feed([size])
        for number in range(_ROUNDS):
            data = os.urandom(size)
            hasher.feed([number])
            new = NewSnapshot("checkpoint", hasher.at(), data, name)
            seconds, saved = _timed(partial(library.snapshots.save, document, new))
            saves.append(seconds)
            seconds, loaded = _timed(partial(library.snapshots.load, saved))
            loads.append(seconds)
            if loaded != data:
                raise AssertionError("the state came back changed")
        size_in_mb = size / 1e6
        figures += [
            Figure(f"save a {name} state of {size_in_mb:.1f} MB, median", statistics.median(saves), "s", 0.5),
            Figure(f"save a {name} state of {size_in_mb:.1f} MB, slowest", max(saves), "s", 0.5),
            Figure(f"restore a {name} state, median", statistics.median(loads), "s", 0.25),
            Figure(f"restore a {name} state, slowest", max(loads), "s", 0.25),
        ]
    # States decay smoothly: normal values are a kinder case for a compressor than they will meet in a real state.
    normal = np.random.default_rng(0).standard_normal(1 << 20, dtype=np.float32).tobytes()
    seconds, packed = _timed(lambda: zlib.compress(normal, 1))
    figures.append(Figure("zlib -1 on normal fp32 values: share left", len(packed) / len(normal), ""))
    figures.append(
        Figure("zlib -1 on normal fp32 values: time for a whole state", seconds * FP32_STATE / (4 << 20), "s")
    )
    seconds, _ = _timed(lambda: library.documents.remove(document))
    figures.append(Figure(f"remove a document of {2 * _ROUNDS} states, overwritten", seconds, "s"))
    seconds, given_back = _timed(library.maintenance.compact)
    figures.append(Figure(f"compact: give {given_back / 1e6:.0f} MB back", seconds, "s"))
    return figures


def _rows(library: Library) -> list[Figure]:
    tokens = np.random.default_rng(0).integers(0, 65_024, _TOKENS, dtype=np.uint32)
    as_list = tokens.tolist()
    pages = [as_list[at : at + 700] for at in range(0, _TOKENS, 700)]
    hasher = PrefixHasher(_IDENTITY)
    seconds, _ = _timed(partial(_feed, hasher, pages))
    figures = [Figure("hash token ids, lists page by page", _TOKENS / seconds / 1e6, "M tokens/s", 10, True)]
    seconds, _ = _timed(lambda: PrefixHasher(_IDENTITY).feed(tokens))
    figures.append(Figure("hash token ids, one array", _TOKENS / seconds / 1e6, "M tokens/s", 10, True))
    seconds, _ = _timed(lambda: [hasher.at(position) for position in range(1, _TOKENS, 1000)])
    figures.append(Figure("prefix at any position, each", seconds / 1000 * 1e6, "us"))

    document = library.documents.for_file(_File("/bench/rows", "rows")).id
    blob = os.urandom(16_384)
    with library._db.write():
        for position in range(_TOKENS // _SNAPSHOTS, _TOKENS + 1, _TOKENS // _SNAPSHOTS):
            library.snapshots.save(document, NewSnapshot("checkpoint", hasher.at(position), blob, "bf16"))
    figures.append(_median(f"list {_SNAPSHOTS:,} snapshots", library.snapshots.all, 50))
    figures.append(_median("list the documents", library.documents.all, None))

    whole = f"longest prefix among {_SNAPSHOTS:,} of {_TOKENS:,} tokens"
    edited = tokens.copy()
    edited[_TOKENS // 2] ^= 1
    early = tokens.copy()
    early[10] ^= 1
    stranger = np.random.default_rng(1).integers(0, 65_024, _TOKENS, dtype=np.uint32)
    for name, sequence, expected in (
        ("all of it stored", tokens, _TOKENS),
        ("an edit in the middle", edited, _TOKENS // 2 // 100 * 100),
        ("an edit at the start", early, None),
        ("another document", stranger, None),
    ):
        other = PrefixHasher(_IDENTITY)
        other.feed(sequence)
        found = library.snapshots.longest(other)
        if (found.n_tokens if found else None) != expected:
            raise AssertionError(f"{name}: found {found}")
        figures.append(_median(f"{whole}: {name}", partial(library.snapshots.longest, other), 20))
    return figures


def _feed(hasher: PrefixHasher, pages: list[list[int]]) -> None:
    for page in pages:
        hasher.feed(page)


def _median(name: str, work: Callable[[], Any], target: float | None) -> Figure:
    """Return the milliseconds of a call, the median of several runs."""
    return Figure(name, statistics.median(_timed(work)[0] for _ in range(9)) * 1000, "ms", target)


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


if __name__ == "__main__":
    raise SystemExit(main())
