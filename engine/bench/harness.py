"""Parts of the speed benches: contestants that take turns, a description of the machine, tables and JSON."""

from __future__ import annotations

import json
import math
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numba
import torch
from rich.console import Console
from rich.table import Table

Figures = dict[str, Any]


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds of `work`, the GPU's part included, and its result."""
    synchronize()
    start = time.perf_counter()
    result = work()
    synchronize()
    return time.perf_counter() - start, result


def synchronize() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def contest(works: Mapping[str, Callable[[], Any]], rounds: int) -> tuple[dict[str, float], dict[str, Any]]:
    """Return the least seconds of each work and its last result, after one call that does not count.

    All take turns for `rounds` rounds, so that other work on the machine hits all alike.
    """
    for work in works.values():
        work()
    best = dict.fromkeys(works, math.inf)
    results: dict[str, Any] = {}
    for _ in range(rounds):
        for name, work in works.items():
            seconds, results[name] = timed(work)
            best[name] = min(best[name], seconds)
    return best, results


def distance(one: torch.Tensor, other: torch.Tensor) -> float:
    """Return the largest difference, as a share of the largest value."""
    one, other = one.float(), other.float()
    return float((one - other).abs().max() / other.abs().max())


def surroundings(device: torch.device | str = "cpu") -> Figures:
    """Return machine, versions, date and load of a measurement."""
    device = torch.device(device)
    gpu = {"gpu": torch.cuda.get_device_name(device)} if device.type == "cuda" else {}
    load = {"load average": round(os.getloadavg()[0], 1)} if hasattr(os, "getloadavg") else {}
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": f"{_processor()}, {os.cpu_count()} processors, {platform.system()}",
        **gpu,
        "threads": torch.get_num_threads(),
        "versions": f"Python {platform.python_version()}, torch {torch.__version__}, numba {numba.__version__}",
        **load,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def show(title: str, figures: Figures) -> None:
    """Print single figures as lines and lists of rows (dictionaries with the same keys) as tables."""
    console = Console()
    console.width = max(console.width, 120)
    lines = Table("", "", title=title, show_header=False)
    for name, value in figures.items():
        if not _is_rows(value):
            lines.add_row(name, plain(value))
    console.print(lines)
    for name, value in figures.items():
        if _is_rows(value):
            console.print(_table(name, value))


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _table(title: str, rows: Sequence[Figures]) -> Table:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    table = Table(*columns, title=title)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows:
        table.add_row(*(plain(row.get(column)) for column in columns))
    return table


def plain(value: Any) -> str:
    """Return a figure as text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "NO"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return str(value)


def write(path: Path | None, figures: Figures) -> None:
    """Save the figures as JSON where `path` is given."""
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
