"""Kills: readers, workers, extractors, questions, summaries, removals, compactions and updates killed at random.

Readings are killed again and again until one comes to its end; what it leaves is then that of a reading that was never
disturbed, bit for bit: the end state, pages, sections and the states of the sections.
"""

from __future__ import annotations

import contextlib
import lzma
import random
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from engine.bench.attack import pdf_writer
from engine.bench.attack.left import Left, left_in, unsound
from engine.bench.attack.place import Case, Place, write_pages
from engine.bench.attack.process import Settings, Victim
from engine.library import schema
from engine.library.library import Library
from engine.protocol import wire

KILLS = {"reading": 104, "extractor": 20, "ask": 18, "summarize": 18, "remove": 18, "compact": 11, "update": 11}
"""Full number of kills of each kind."""
CLOSE = Settings(save_tokens=2000)
"""Checkpoints so close that a kill often falls between two."""
RELEASED = Path(__file__).parents[3] / "tests" / "engine" / "library" / "released" / "0.1.0.db.xz"


def cases(place: Place, chance: random.Random, share: float) -> Iterator[Case]:
    """Yield kills, each a case; the last kill of a document compares what is left."""
    makers: dict[str, Callable[[Place, random.Random], Callable[[], list[str]]]] = {
        "reading": lambda place, chance: _Chain(place, chance).kill,
        "extractor": lambda place, chance: lambda: kill_extractors(place, chance),
        "ask": lambda place, chance: lambda: kill_and_repeat(place, chance, "ask"),
        "summarize": lambda place, chance: lambda: kill_and_repeat(place, chance, "summarize"),
        "remove": lambda place, chance: lambda: kill_and_repeat(place, chance, "remove"),
        "compact": lambda place, chance: lambda: kill_and_repeat(place, chance, "compact"),
        "update": lambda place, chance: lambda: kill_update(place, chance),
    }
    for kind, full in KILLS.items():
        work = makers[kind](place, chance)
        for number in range(max(1, round(full * share))):
            yield Case("kills", f"{kind} {number + 1}", work)


class _Chain:
    """Readings of one document after another, each killed until it is done."""

    def __init__(self, place: Place, chance: random.Random) -> None:
        self._place, self._chance = place, chance
        self._next()

    def _next(self) -> None:
        self._folder = self._place.new_folder()
        pages = self._chance.randint(6, 14)
        if self._chance.random() < 0.4:
            self._file = pdf_writer.write_record(self._folder / "record.pdf", pages, self._chance.randint(2, 9))
        else:
            self._file = write_pages(self._folder / "record.txt", pages, seed=self._chance.randint(2, 9))
        self._library = self._folder / "library.db"
        self._expected: Left | None = None

    def kill(self) -> list[str]:
        """Kill readings until one kill has hit; compare where one ended before its kill."""
        while True:
            faults, done = self._once()
            if faults:
                self._next()
                return faults
            if not done:
                return []
            faults = self._compare()
            self._next()
            if faults:
                return faults

    def _once(self) -> tuple[list[str], bool]:
        """Start a reader or a worker and kill it; return faults, and whether it was done before."""
        is_worker = self._chance.random() < 0.5
        arguments = ["worker"] if is_worker else ["read", str(self._file), "--json"]
        victim = self._place.start(*arguments, "--library", str(self._library), settings=CLOSE)
        if is_worker:
            victim.send(wire.encode(wire.Read(job_id="r", path=str(self._file))) + "\n")
        patience = self._chance.randrange(60)
        if self._chance.random() < 0.2:  # while it starts, opens, extracts
            time.sleep(self._chance.uniform(0, 0.8))
            victim.kill()
        promised, done, failed = 0, False, None
        for event in victim.events():
            match event:
                case wire.PrefillAdvanced() | wire.SectionsRead():
                    patience -= 1
                case wire.CheckpointSaved():
                    promised = event.tokens
                    patience -= self._chance.randrange(8)
                case wire.JobFailed():
                    failed = event.message
                case wire.JobFinished():
                    done = True
            if patience < 0 or done or failed:
                time.sleep(self._chance.uniform(0, 0.03))
                victim.kill()
        ended = victim.finish()
        faults = [f"{ended.orphans} extractors were left behind"] if ended.orphans else []
        if failed:
            faults.append(f"a sound file was refused: {failed}")
        return faults + unsound(self._library, promised), done

    def _compare(self) -> list[str]:
        left = left_in(self._library)
        if left is None:
            return ["it was read to its end, and no end state is left"]
        return left.differences(undisturbed(self._place, self._file))


def undisturbed(place: Place, file: Path) -> Left:
    """Return what a reading leaves that nothing disturbs. Raises RuntimeError where it fails."""
    library = place.new_folder() / "library.db"
    ended = place.run("read", str(file), "--library", str(library), settings=CLOSE, seconds=300)
    left = left_in(library) if ended.status == 0 else None
    if left is None:
        raise RuntimeError(f"an undisturbed reading failed: {ended.err}")
    return left


def kill_extractors(place: Place, chance: random.Random) -> list[str]:
    """Kill extractors at random moments, at the opening of the file too; the reading must not be changed by it."""
    folder = place.new_folder()
    file = pdf_writer.write_record(folder / "record.pdf", chance.randint(20, 60), chance.randint(2, 9))
    library = folder / "library.db"
    victim = place.start("read", str(file), "--json", "--library", str(library), settings=CLOSE)
    _kill_children(victim, chance, chance.randint(1, 4))
    ended = victim.finish()
    faults = ended.faults(place.base, statuses=(0,))
    left = left_in(library)
    if left is None:
        return [*faults, "it was not read to its end"]
    return faults + unsound(library) + left.differences(undisturbed(place, file))


def _kill_children(victim: Victim, chance: random.Random, times: int) -> None:
    end = time.monotonic() + 30
    while times and victim.is_alive and time.monotonic() < end:
        if children := victim.extractors():
            time.sleep(chance.choice([0, 0.05, 0.2, 0.4]) * chance.random())
            with contextlib.suppress(psutil.Error):
                chance.choice(children).kill()
                times -= 1
        time.sleep(0.01)


def kill_and_repeat(place: Place, chance: random.Random, command: str) -> list[str]:
    """Kill a command on a library with a document that was read; the repeated command ends well, the document's state
    is what it was (or gone, with its words, where it was removed)."""
    folder = place.new_folder()
    library = folder / "library.db"
    shutil.copy(_library_with_document(place), library)
    before = left_in(library)
    file = str(place.document)
    arguments = {
        "ask": ["ask", file, "Which gauge was read on day 2?"],
        "summarize": ["summarize", file],
        "remove": ["library", "remove", "1"],
        "compact": ["library", "compact"],
    }[command]
    victim = place.start(*arguments, "--library", str(library))
    time.sleep(chance.uniform(0, {"ask": 2.0, "summarize": 3.0}.get(command, 0.4)))
    victim.kill()
    victim.finish()
    faults = unsound(library)
    if command == "remove":
        with Library.open(library) as opened:
            left = opened.documents.all()
        ended = place.run(*arguments, "--library", str(library)) if left else None
        words = [name for name in folder.glob("library.db*") if b"reading 7 of gauge" in name.read_bytes()]
        faults += [f"{name.name} still holds words of the removed document" for name in words]
    else:
        ended = place.run(*arguments, "--library", str(library))
        after = left_in(library)
        faults += before.differences(after) if before and after else ["the document's state is lost"]
    return faults + (ended.faults(place.base, statuses=(0,)) if ended else [])


def _library_with_document(place: Place) -> Path:
    path = place.folder / "read.db"
    if not path.exists():
        ended = place.run("read", str(place.document), "--library", str(path), settings=CLOSE)
        if ended.status:
            raise RuntimeError(f"an undisturbed reading failed: {ended.err}")
        with Library.open(path) as library:
            library.maintenance.compact()
    return path


def kill_update(place: Place, chance: random.Random) -> list[str]:
    """Kill the update of a library that version 0.1.0 made; the next command updates it with all that it holds."""
    folder = place.new_folder()
    library = folder / "library.db"
    library.write_bytes(lzma.decompress(RELEASED.read_bytes()))
    victim = place.start("library", "list", "--library", str(library))
    time.sleep(chance.uniform(0, 0.3))
    victim.kill()
    victim.finish()
    ended = place.run("library", "list", "--json", "--library", str(library))
    faults = ended.faults(place.base, statuses=(0,)) + unsound(library, with_states=False)
    with Library.open(library) as opened:
        turns = [len(opened.turns.of(document.id)) for document in opened.documents.all()]
        with opened._db.read() as conn:
            pending = schema.pending(conn)
    return faults + ([] if (turns, pending) == ([2, 2], 0) else [f"turns {turns}, {pending} steps pending"])
