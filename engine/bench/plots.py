"""Pictures of figures that the benches saved: `--out` files in, SVG into docs/plots.

    main.py bench plots --headline headline.json --speed speed.json --peers peers.json [--folder docs/plots]

Needs matplotlib (the optional dependencies `bench`). Each picture says on what machine and when it was measured.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.bench.harness import Figures
from engine.errors import KnownError

FOLDER = Path(__file__).parents[2] / "docs" / "plots"
OURS, THEIRS, LIMIT = "#2a6f97", "#bc6c25", "#8d99ae"


def headline(figures: Figures, pyplot: Any) -> Any:
    """Plot decode speed over the position in the text, and the bytes beside the weights."""
    rows = figures.get("decode at a position")
    if not rows:
        raise KnownError("these figures of bench headline were made without positions; there is nothing to draw")
    at = [row["position"] for row in rows]
    picture, (speed, memory) = pyplot.subplots(1, 2, figsize=(8, 3.2))
    for axis, what, unit in ((speed, "tokens/s", "tokens per second"), (memory, "MB", "MB of state or cache")):
        ours, theirs = ("ours, tokens/s", "transformer, tokens/s")
        if what == "MB":
            ours, theirs = "ours, state MB", "transformer, cache MB"
        axis.plot(at, [row[ours] for row in rows], "o-", color=OURS, label="Readthrough")
        axis.plot(at, [row[theirs] for row in rows], "s-", color=THEIRS, label="transformer of that size")
        axis.set(xscale="log", yscale="log", xlabel="tokens before", ylabel=unit)
    speed.legend(frameon=False, fontsize=8)
    return picture


def speed(figures: Figures, pyplot: Any) -> Any:
    """Plot prefill and decode beside the limits of the same run, by precision; on a GPU prefill by tokens read."""
    picture, axes = pyplot.subplots(1, 2, figsize=(8, 3.2))
    for axis, (title, names, reached, limit) in zip(axes, _speeds(figures), strict=True):
        axis.bar(names, limit, color=LIMIT, width=0.8, label="limit measured in the run")
        axis.bar(names, reached, color=OURS, width=0.5, label="Readthrough")
        axis.set(title=title, ylabel="tokens per second")
    axes[1].legend(frameon=False, fontsize=8, loc="upper left")
    return picture


def _speeds(figures: Figures) -> list[tuple[str, list[str], list[float], list[float]]]:
    """Return for prefill and decode: title, names of the bars, speeds and limits."""
    if "speed" in figures:
        rows = figures["speed"]
        names = [row["precision"] for row in rows]
        prefill = next(key for key in rows[0] if key.startswith("prefill") and key.endswith("tokens/s"))
        columns = [("prefill", prefill, "its limit"), ("decode, one text", "decode, tokens/s", "limit")]
        return [(title, names, [r[key] for r in rows], [r[most] for r in rows]) for title, key, most in columns]
    lengths, rows = figures["prefill"], figures["decode of one row"]
    return [
        (title, names, [row["tokens/s"] for row in of], [row["limit"] for row in of])
        for title, names, of in (
            ("prefill, by tokens read", [f"{row['tokens']:,}" for row in lengths], lengths),
            ("decode, one text", [row["precision"] for row in rows], rows),
        )
    ]


def peers(figures: Figures, pyplot: Any) -> Any:
    """Plot every contestant's prefill and decode."""
    rows = figures["contestants"][::-1]
    names = [row["contestant"] for row in rows]
    colours = [OURS if name.startswith("ours") else THEIRS for name in names]
    picture, axes = pyplot.subplots(1, 2, figsize=(8, 0.6 + 0.35 * len(rows)), sharey=True)
    for axis, part in zip(axes, ("prefill", "decode"), strict=True):
        axis.barh(names, [row[f"{part}, tokens/s"] for row in rows], color=colours)
        axis.set(xlabel=f"{part}, tokens per second")
    return picture


def restart(figures: Figures, pyplot: Any) -> Any:
    """Plot each contestant's seconds from the start of a process to the first and to the last token of an answer."""
    rows = figures["contestants"][::-1]
    names = [row["contestant"] for row in rows]
    colours = [OURS if name.startswith("ours") else THEIRS for name in names]
    picture, axis = pyplot.subplots(figsize=(8, 0.8 + 0.4 * len(rows)))
    axis.barh(names, [row["last token, s"] for row in rows], color=LIMIT, height=0.8, label="last token")
    axis.barh(names, [row["first token, s"] for row in rows], color=colours, height=0.5, label="first token")
    axis.set(xscale="log", xlabel=f"seconds from the start of a process; {figures['document']}")
    axis.legend(frameon=False, fontsize=8)
    return picture


PICTURES: dict[str, Callable[[Figures, Any], Any]] = {
    "headline": headline,
    "speed": speed,
    "peers": peers,
    "restart": restart,
}


def draw(name: str, source: Path, folder: Path = FOLDER) -> Path:
    """Draw the picture `name` of the figures in `source` and return the file. Raises KnownError."""
    try:
        import matplotlib
    except ImportError as error:
        raise KnownError("the pictures need matplotlib; install it with: pip install matplotlib") from error
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = name  # the same figures make the same file
    matplotlib.rcParams["svg.fonttype"] = "none"
    from matplotlib import pyplot

    try:
        figures = json.loads(source.read_text(encoding="utf-8"))
        picture = PICTURES[name](figures, pyplot)
    except (OSError, ValueError, KeyError, StopIteration) as error:
        raise KnownError(f"{source} holds no figures of bench {name}; save them with --out and try again") from error
    where = figures.get("gpu", figures["machine"])
    picture.text(0.01, 0.01, f"main.py bench {name}, {where}, {figures['date']}", fontsize=6, color="#666666")
    picture.tight_layout(rect=(0, 0.03, 1, 1))
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{source.stem}.svg"
    picture.savefig(target, metadata={"Date": None})
    pyplot.close(picture)
    return target


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="main.py bench plots", description="Pictures of saved figures.")
    for name in PICTURES:
        parser.add_argument(f"--{name}", type=Path, nargs="*", default=[], help=f"files that bench {name} --out wrote")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    chosen = parser.parse_args(arguments)
    sources = [(name, source) for name in PICTURES for source in getattr(chosen, name)]
    if not sources:
        raise KnownError("name the files of figures to draw, for example --headline headline.json")
    for name, source in sources:
        print(draw(name, source, chosen.folder))


if __name__ == "__main__":
    main()
