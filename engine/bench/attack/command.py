"""The command: its arguments, the run over all kinds, the table."""

from __future__ import annotations

import argparse
import json
import logging
import random
import shutil
import threading
import time
import traceback
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from engine.bench.attack import (
    changes,
    damage,
    disks,
    downloads,
    exports,
    folders,
    kills,
    mcp_lines,
    models,
    office,
    pdfs,
    protocol,
    service,
    signals,
    special_tokens,
    texts,
)
from engine.bench.attack.place import Case, Cases, make_place, plain
from engine.bench.harness import surroundings

# The long ones first, as several run at a time.
KINDS: dict[str, Cases] = {
    "kills": kills.cases,
    "damage": damage.cases,
    "texts": texts.cases,
    "models": models.cases,
    "pdfs": pdfs.cases,
    "office": office.cases,
    "folders": folders.cases,
    "exports": exports.cases,
    "protocol": protocol.cases,
    "signals": signals.cases,
    "disks": disks.cases,
    "changes": changes.cases,
    "downloads": downloads.cases,
    "service": service.cases,
    "mcp": mcp_lines.cases,
    "tokens": special_tokens.cases,
}
QUICK = 0.12
"""Share of the cases that `--quick` tries."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the attacks; return 2 where one was not survived."""
    parser = argparse.ArgumentParser(prog="python -m engine.bench.attack", description="Attack the program.")
    parser.add_argument("--quick", action="store_true", help="a few minutes instead of a quarter of an hour")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS), metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--share", type=float, help="share of the full number of cases (may exceed 1)")
    parser.add_argument("--only", default="", metavar="WORD", help="only cases with WORD in their name")
    parser.add_argument("--jobs", type=int, default=3, metavar="N", help="kinds that run at a time (default: 3)")
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    parser.add_argument("--keep", action="store_true", help="keep the folder with all files")
    chosen = parser.parse_args(arguments)
    share = chosen.share or (QUICK if chosen.quick else 1.0)
    logging.getLogger().addHandler(logging.NullHandler())  # the log of what the attack itself opens
    started = time.monotonic()
    place = make_place()
    rows: dict[str, dict[str, Any]] = {
        kind: {"kind": kind, "tried": 0, "survived": 0, "seconds": 0.0} for kind in chosen.kinds
    }
    failures: list[dict[str, Any]] = []
    stopped = threading.Event()

    def run_kind(kind: str) -> None:
        for case in KINDS[kind](place, random.Random(f"{chosen.seed} {kind}"), share):
            if stopped.is_set():
                return
            if chosen.only not in case.name:
                continue
            begun = time.monotonic()
            faults = _tried(case)
            rows[kind]["tried"] += 1
            rows[kind]["survived"] += not faults
            rows[kind]["seconds"] += time.monotonic() - begun
            if faults:
                failures.append({"kind": kind, "case": plain(case.name), "faults": faults})
                print(f"FAILED {kind}: {plain(case.name)}: {'; '.join(faults)}", flush=True)

    try:
        with ThreadPoolExecutor(chosen.jobs) as pool:
            try:
                list(pool.map(run_kind, chosen.kinds))
            finally:
                stopped.set()  # after Ctrl-C each kind ends with its case
    finally:
        if not chosen.keep:
            shutil.rmtree(place.folder, ignore_errors=True)
    figures = {
        **surroundings(),
        "seed": chosen.seed,
        "share": share,
        "seconds": round(time.monotonic() - started),
        "kinds": [{**row, "seconds": round(row["seconds"], 1)} for row in rows.values()],
        "failures": failures,
    }
    print("| kind | tried | survived | seconds |\n|---|---|---|---|")
    for row in rows.values():
        print(f"| {row['kind']} | {row['tried']} | {row['survived']} | {row['seconds']:.0f} |")
    if chosen.out:
        chosen.out.parent.mkdir(parents=True, exist_ok=True)
        chosen.out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(f"{sum(row['tried'] for row in rows.values())} tried, {len(failures)} failures", flush=True)
    return 2 if failures else 0


def _tried(case: Case) -> list[str]:
    """Run a case; an error of the attack itself is a fault too."""
    try:
        return case.run()
    except Exception:
        return [f"the attack failed: {traceback.format_exc()}"]
