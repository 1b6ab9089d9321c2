"""Signals to readers and workers, and outputs that are closed, full or in another encoding.

TERM, HUP and INT save what was read; QUIT and KILL lose at most the tokens since the last checkpoint. A reading goes
on afterwards and ends as an undisturbed one.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from engine.bench.attack.kills import CLOSE, undisturbed
from engine.bench.attack.left import left_in, unsound
from engine.bench.attack.place import Case, Place, write_pages
from engine.library.library import Library
from engine.protocol import wire

SAVING = ("SIGINT", "SIGTERM", "SIGHUP")
OTHERS = ("SIGQUIT", "SIGPIPE", "SIGUSR1", "SIGSTOP")
MAIN = Path(__file__).parents[3] / "main.py"
ROUNDS = 2
"""Full number of rounds over all signals."""


def cases(place: Place, chance: random.Random, share: float) -> Iterator[Case]:
    """Yield signals to readers and workers, then outputs."""
    for number in range(max(1, round(ROUNDS * share))):
        for name in (*SAVING, *OTHERS):
            for who in ("read", "worker"):
                seed = chance.random()
                yield Case(
                    "signals",
                    f"{name} to {who} {number + 1}",
                    lambda name=name, who=who, seed=seed: send(place, name, who, random.Random(seed)),  # type: ignore[misc]
                )
        yield Case("signals", f"SIGINT twice {number + 1}", lambda: send_twice(place))
    outputs = list(OUTPUTS) if share >= 1 else chance.sample(list(OUTPUTS), 3)
    for name in outputs:
        yield Case("signals", name, lambda name=name: write_to(place, name))  # type: ignore[misc]


def send(place: Place, name: str, who: str, chance: random.Random) -> list[str]:
    """Send a signal in the middle of a reading; the next reading goes on and ends as an undisturbed one."""
    file = write_pages(place.new_folder() / "record.txt", 12)
    library = file.parent / "library.db"
    arguments = ["worker"] if who == "worker" else ["read", str(file), "--json"]
    victim = place.start(*arguments, "--library", str(library), settings=CLOSE)
    if who == "worker":
        victim.send(wire.encode(wire.Read(job_id="r", path=str(file))) + "\n")
    advanced = victim.wait_for(lambda event: isinstance(event, wire.PrefillAdvanced))
    time.sleep(chance.uniform(0, 0.3))
    victim.signal(getattr(signal, name))
    if name == "SIGSTOP":
        time.sleep(2)
        victim.signal(signal.SIGCONT)
    last = advanced.tokens if advanced else 0
    terminal = 0
    if name != "SIGQUIT":
        for event in victim.events(30):
            if isinstance(event, wire.PrefillAdvanced):
                last = event.tokens
            terminal += isinstance(event, wire.TERMINAL)
            if terminal and who == "worker":
                break
    ended = victim.finish(30)
    statuses = {"SIGQUIT": (-signal.SIGQUIT,), "SIGUSR1": (-signal.SIGUSR1,)}.get(name, (0, 130))
    faults = ended.faults(place.base, statuses=statuses) + unsound(library)
    if name in SAVING:
        with Library.open(library) as opened:
            documents = opened.documents.all()
            held = max((row.n_tokens for row in opened.snapshots.all()), default=0)
        if documents and documents[0].state == "stopped" and held < last:
            faults.append(f"{last} tokens were read, {held} saved")
        if terminal != 1:
            faults.append(f"the job ended {terminal} times")
    again = place.run("read", str(file), "--library", str(library), settings=CLOSE)
    faults += [f"read again: {fault}" for fault in again.faults(place.base, statuses=(0,))]
    left = left_in(library)
    return faults + (left.differences(undisturbed(place, file)) if left else ["it was not read to its end"])


def send_twice(place: Place) -> list[str]:
    """Send SIGINT twice: the command ends at once, and nothing saved is lost."""
    file = write_pages(place.new_folder() / "record.txt", 12)
    library = file.parent / "library.db"
    victim = place.start("read", str(file), "--json", "--library", str(library), settings=CLOSE)
    victim.wait_for(lambda event: isinstance(event, wire.CheckpointSaved))
    victim.signal(signal.SIGINT)
    victim.signal(signal.SIGINT)
    return victim.finish(20).faults(place.base, statuses=(0, 130)) + unsound(library)


OUTPUTS = {
    "stdout closed": ">&-",
    "stderr closed": "2>&-",
    "both closed": ">&- 2>&-",
    "stdin closed": "<&-",
    "a full stdout": ">/dev/full",
    "a full stderr": "2>/dev/full",
    "a reader that leaves": "| head -1 >/dev/null",
    "stdout in ASCII": ">/dev/null",
    "stdout in cp1252": ">/dev/null",
}


def write_to(place: Place, name: str) -> list[str]:
    """Read a document with a title in another script, with this output; a process of its own, not forked."""
    folder = place.new_folder()
    file = folder / "冷却塔 ünï.txt"
    file.write_text("冷却塔在五月三日由安娜检修。\n" * 40)
    library = folder / "library.db"
    encoding = {"stdout in ASCII": "ascii", "stdout in cp1252": "cp1252"}.get(name, "utf-8")
    faults = []
    for arguments in (["read", str(file)], ["library", "list"], ["library", "export", "1"], ["text", str(file)]):
        words = [
            sys.executable,
            str(MAIN),
            *arguments,
            "--library",
            str(library),
            "--model",
            str(place.model),
            "--device",
            "cpu",
        ]
        done = subprocess.run(
            ["bash", "-c", f'exec 9>&2; "$@" {OUTPUTS[name]}; echo "STATUS ${{PIPESTATUS[0]}}" >&9', "bash", *words],
            capture_output=True,
            timeout=60,
            check=False,
            env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
        )
        said = (done.stdout + done.stderr).decode("utf-8", "replace")
        status = said.rpartition("STATUS ")[2].strip()
        if "Traceback" in said or "something is wrong" in said or status not in ("0", "2"):
            faults.append(f"{arguments[0]}: status {status}: {said[-300:]!r}")
    return faults + unsound(library)
