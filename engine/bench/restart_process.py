"""One process of a contestant of `bench restart`: it reads and saves, or is restarted and asked; every step is timed.

Light: no torch, so that a contestant loads what it needs itself, and nothing else is in its time.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Logits = NDArray[np.float32]
CHUNK = 512
STEPS = ("imported", "loaded", "restored", "first", "last", "second")
"""Steps of an asking process; all but `second` as the time of day in seconds."""


class Contestant(Protocol):
    """A program that reads a document and is asked about it, in one process."""

    def read(self, ids: list[int]) -> None:
        """Read the document from the start."""

    def save(self, folder: Path, ids: list[int]) -> dict[str, int]:
        """Save the state after the document `ids`; return the bytes on disk of each kind in which it is stored."""

    def restore(self, folder: Path, ids: list[int]) -> None:
        """Come to the state after the document in a new process."""

    def first_token(self, question: list[int]) -> Logits:
        """Read a question from the document's state; return the logits [1, vocab_size] after it."""

    def rest(self, count: int) -> None:
        """Decode `count` tokens greedily."""


def run(make: Callable[[Path, str], Contestant], arguments: list[str]) -> None:
    """Run the process that `arguments` describe and print what it measured as a line of JSON.

    They are: the phase ("read", "ask", or "again" for a program that reads a share of the document again), the kind of
    stored state, the folder, and the name of the file for the logits.
    """
    found: dict[str, float] = {"imported": time.time()}
    phase, kind, name, noted = arguments
    folder = Path(name)
    task = json.loads((folder / "task.json").read_text())
    document, questions = task["document"], task["questions"]
    one = make(folder, kind)
    found["loaded"] = time.time()
    if phase == "read":
        started = time.time()
        one.read(document)
        found["seconds"] = time.time() - started
        found |= {f"bytes {name}": size for name, size in one.save(folder, document).items()}
        logits = one.first_token(questions[0])
    else:
        share = task["share"] if phase == "again" else 1
        one.restore(folder, document[: round(len(document) * share)])
        found["restored"] = time.time()
        logits = one.first_token(questions[0])
        found["first"] = time.time()
        one.rest(task["answer"])
        found["last"] = time.time()
        one.first_token(questions[1])
        found["second"] = time.time() - found["last"]
    np.save(folder / noted, logits)
    print(json.dumps(found))


def arguments() -> list[str]:
    """Return the arguments of this process."""
    return sys.argv[1:]
