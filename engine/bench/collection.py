"""A folder read into a collection, killed and resumed; then questions to all of it whose answers are known.

    main.py bench collection FOLDER [--records 1000] [--corpus DIR] [--kills 5] [--seconds N] [--model DIR] [--out FILE]

FOLDER gets generated records (`generated_collection`), a copy of the files of --corpus, and a library. The reading is a
process of its own. It is killed (SIGKILL) `kills` times at drawn moments and then goes on until all files are read.
With --seconds the bench stops after so long, and goes on when it is called again with the same FOLDER: in pieces it can
run beside other work. When all is read, each file must be noted once, each document whole and once in the library, and
the library sound; then the questions are asked through a session.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.bench.generated_collection import COUNTED, QUOTED, REFUSED, SAID, Answer, Known, generated
from engine.bench.harness import Figures, show, surroundings, write
from engine.collections.folder import files_of
from engine.control import Control
from engine.errors import KnownError
from engine.library.library import Library
from engine.protocol import wire
from engine.resources import source_root
from engine.session.session import Session, open_session

NAME = "works"
_KILL_AFTER = (2.0, 12.0)
"""Seconds from the first file that was read to the kill."""
_LEAST_WORDS = 0.98
"""Share of a generated file's words that its page must have."""


def prepare(folder: Path, records: int, corpus: Path | None) -> None:
    """Make the files below `folder` where they are not there yet."""
    files = folder / "files"
    if files.exists():
        return
    made = folder / "files.new"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    for name, text in generated(records, Known()):
        (made / name).write_text(text, encoding="utf-8")
    if corpus is not None:
        shutil.copytree(corpus, made / "corpus")
    made.rename(files)


def read(folder: Path, model: Path | None, kills: int, seconds: float) -> Figures:
    """Read the files of `folder`, with `kills` kills in all; stop after `seconds`. Return what was done so far."""
    noted = folder / "reading.json"
    state: Figures = {"kills": 0, "processes": 0, "seconds": 0.0, "processor seconds": 0.0, "finished": False}
    if noted.exists():
        state |= json.loads(noted.read_text())
    draw = random.Random(int(state["processes"]))
    end = time.monotonic() + seconds
    while not state["finished"] and time.monotonic() < end:
        after = draw.uniform(*_KILL_AFTER) if state["kills"] < kills else None
        began, used = time.monotonic(), _processor_seconds()
        code, killed = _process(folder, model, after, end)
        state["kills"] += killed
        state["processes"] += 1
        state["seconds"] += time.monotonic() - began
        state["processor seconds"] += _processor_seconds() - used
        state["finished"] = code == 0
        noted.write_text(json.dumps(state))
        if not killed and code not in (0, 130, -signal.SIGINT):
            raise KnownError(f"the reading ended with code {code}; see {folder / 'reading.log'}")
    return state


def _process(folder: Path, model: Path | None, kill_after: float | None, end: float) -> tuple[int, bool]:
    """Run one reading; kill it `kill_after` seconds after its first file, or interrupt it at `end`. Return its code and
    whether it was killed."""
    command = [sys.executable, str(source_root() / "main.py"), "--library", str(folder / "library.db"), "--json"]
    command += ["--model", str(model)] if model else []
    command += ["read", str(folder / "files"), "--collection", NAME, "--order", "smallest"]
    with (folder / "reading.log").open("a") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=source_root())
        began, read_before = time.monotonic(), _noted(folder)
        first: float | None = None
        killed = interrupted = False
        while process.poll() is None:
            time.sleep(0.1)
            now = time.monotonic()
            if kill_after is not None and first is None and now - began > 1 and _noted(folder) > read_before:
                first = now
            if kill_after is not None and first is not None and now - first > kill_after and not killed:
                process.kill()
                killed = True
            elif now > end and not interrupted and not killed:
                process.send_signal(signal.SIGINT)
                interrupted = True
        return process.wait(), killed


def _noted(folder: Path) -> int:
    """Return the number of files that the library has noted."""
    if not (folder / "library.db").exists():
        return 0
    with contextlib.suppress(KnownError), Library.open(folder / "library.db", read_only=True) as library:
        return len(library.collections.files(NAME))
    return 0


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def check(folder: Path, records: int) -> Figures:
    """Return what the library holds. Raises KnownError where a file is missing, noted twice, or not whole."""
    with Library.open(folder / "library.db", read_only=True) as library:
        files = {file.path for file in files_of(folder / "files").readable}
        noted = library.collections.files(NAME)
        documents = {one.id: one for one in library.documents.all()}
        failed = {path: file.error for path, file in noted.items() if file.error}
        _require(set(noted) == files, "a file is not noted, or one that is not there is")
        contents = Counter(one.sha256 for one in documents.values())
        _require(max(contents.values()) == 1, "a content is in the library twice")
        _require(all(one.state == "done" for one in documents.values()), "a document was not read to its end")
        ends = Counter(row.document for row in library.snapshots.all() if row.kind == "end")
        _require(set(ends) == set(documents) and max(ends.values()) == 1, "a document has no end state, or two")
        for name, text in generated(records, Known()):
            document = noted[str(folder / "files" / name)].document
            _require(document is not None, f"{name} was not read")
            assert document is not None
            words = Counter("\n".join(page.text for page in library.pages.of(document)).split())
            there = (Counter(text.split()) & words).total()
            _require(there >= _LEAST_WORDS * len(text.split()), f"words of {name} are lost")
        _require(library.maintenance.verify().sound, "the library is damaged")
        size = sum(Path(f"{folder / 'library.db'}{more}").stat().st_size for more in ("", "-wal") if
                   Path(f"{folder / 'library.db'}{more}").exists())  # fmt: skip
        return {
            "files": len(files),
            "documents": len(documents),
            "files not read": len(failed),
            "pages": sum(one.pages_read for one in documents.values()),
            "tokens": sum(one.tokens_read for one in documents.values()),
            "library, MB": size / 1e6,
            "states, MB": sum(one.snapshot_bytes for one in documents.values()) / 1e6,
            "library a document, KB": size / 1e3 / len(documents),
        }


def _require(held: bool, otherwise: str) -> None:
    if not held:
        raise KnownError(otherwise)


def ask(folder: Path, model: Path | None, records: int) -> list[Figures]:
    """Ask every question; return one row for each."""
    known = Known()
    for _ in generated(records, known):
        pass
    rows = []
    with open_session(model, folder / "library.db", "cpu", "auto") as session:
        for question, answer in _questions():
            began, used = time.monotonic(), time.process_time()
            finished = _answered(session, question)
            text = finished.text.splitlines()[0]
            found = finished.evidence.counted
            expected = answer(known) if answer is not None else "not counted"
            if (question, answer) in COUNTED:
                right = finished.evidence.kind == "records" and found is not None and found.total == expected
            elif answer is None:
                right = finished.evidence.kind != "records"
            else:
                right = str(expected) in text
            rows.append(
                {
                    "question": question,
                    "right": right,
                    "expected": str(expected),
                    "answer": text[:70],
                    "seconds": time.monotonic() - began,
                    "processor seconds": time.process_time() - used,
                }
            )
    return rows


def _questions() -> Iterator[tuple[str, Answer | None]]:
    yield from (*QUOTED, *COUNTED, *SAID)
    yield from ((question, None) for question in REFUSED)


def _answered(session: Session, question: str) -> wire.AnswerFinished:
    command = wire.AskCollection(job_id="bench", collection=NAME, question=question)
    for event in session.run(command, Control()):
        if isinstance(event, wire.JobFailed):
            raise KnownError(f"{question}: {event.message}")
        if isinstance(event, wire.AnswerFinished):
            return event
    raise KnownError(f"{question}: there was no answer")


def main(arguments: list[str] | None = None) -> int:
    """Read, check and ask; return 1 where an answer is wrong, 2 where the reading is not at its end yet."""
    parser = argparse.ArgumentParser(prog="main.py bench collection", description="A folder, killed and asked.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--records", type=int, default=1000)
    parser.add_argument("--corpus", type=Path, help="folder whose files are read as well")
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so long; call again to go on")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--out", type=Path, help="also write the figures here, as JSON")
    chosen = parser.parse_args(arguments)
    folder = chosen.folder.resolve()
    prepare(folder, chosen.records, chosen.corpus)
    state = read(folder, chosen.model, chosen.kills, chosen.seconds)
    if not state["finished"]:
        print(f"{_noted(folder):,} files so far, {state['kills']} kills; call again to go on")
        return 2
    figures: dict[str, Any] = {**surroundings(), "reading": _said(state), **check(folder, chosen.records)}
    figures["processor seconds a document"] = state["processor seconds"] / figures["documents"]
    figures["seconds a document"] = state["seconds"] / figures["documents"]
    rows = ask(folder, chosen.model, chosen.records)
    figures |= {"right": f"{sum(row['right'] for row in rows)} of {len(rows)}", "questions": rows}
    show("A folder as a collection", figures)
    write(chosen.out, figures)
    return 0 if all(row["right"] for row in rows) else 1


def _said(state: Figures) -> str:
    return (
        f"{state['processes']} processes, {state['kills']} of them killed; {state['seconds']:.0f} s, "
        f"{state['processor seconds']:.0f} s of processor time"
    )
