"""Hostile folders: links in circles, pipes, devices, deep and full folders, names of escape codes, files that vanish.

Each is read into a collection, which is then listed, shown, asked and compared; nothing outside the folder is read.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.bench.attack.kills import CLOSE
from engine.bench.attack.left import unsound
from engine.bench.attack.place import Case, Place
from engine.bench.attack.texts import NAMES
from engine.library.library import Library
from engine.protocol import wire

TEXT = "The pump was repaired by Anna Smith on 3 May. It cost 250 euros.\n" * 3
SECRET = "zyxandrian lies outside of the folder\n"
MANY = 10_000
"""Full number of files in a full folder."""


def cases(place: Place, chance: random.Random, share: float) -> Iterator[Case]:
    """Yield folders, then names of collections, then readings of full folders that are stopped."""
    for name, make in FOLDERS.items():
        yield Case("folders", name, lambda make=make: use_folder(place, make))  # type: ignore[misc]
    for name in COLLECTIONS if share >= 1 else chance.sample(COLLECTIONS, 2):
        yield Case("folders", f"a collection called {name[:30]!r}", lambda name=name: use_name(place, name))  # type: ignore[misc]
    many = max(1_000, int(MANY * share))
    yield Case("folders", f"{many:,} files, stopped", lambda: stop_reading(place, many))
    yield Case("folders", f"{many:,} files that are not read", lambda: list_folder(place, many))
    yield Case("folders", "files that vanish and change", lambda: change_files(place, random.Random(chance.random())))


def use_folder(place: Place, make: Callable[[Path], None]) -> list[str]:
    """Read, list, show, ask, compare and print a folder. Its sound file is read."""
    outside = place.new_folder()
    (outside / "secret.txt").write_text(SECRET)
    folder = outside / "folder"
    folder.mkdir()
    (folder / "sound.txt").write_text(TEXT)
    make(folder)
    library = ["--library", str(outside / "library.db")]
    faults = place.faults("read", str(folder), *library, settings=CLOSE)
    for action in ("list", "show"):
        faults += place.faults("collection", action, *(["folder"] if action == "show" else []), *library)
    faults += place.faults("ask", "--collection", "folder", "Who repaired the pump?", *library)
    faults += place.faults("text", str(folder))
    summarised = place.run("summarize", str(folder), *library, settings=CLOSE)  # a line for each that cannot be read
    faults += [f"summarize: {fault}" for fault in summarised.faults(place.base, one_line=False)]
    faults += unsound(outside / "library.db")
    with Library.open(outside / "library.db") as opened:
        names = [Path(path).name for path, file in opened.collections.files("folder").items() if not file.error]
        paths = [document.path for document in opened.documents.all()]
    if "sound.txt" not in names:
        faults.append("the sound file of the folder was not read")
    if any("secret" in path for path in (*names, *paths)):
        faults.append("a file outside of the folder was read")
    subprocess.run(["rm", "-rf", str(folder)], check=False)  # shutil's way down is too deep for Python
    return faults


def _loops(folder: Path) -> None:
    (folder / "a").mkdir()
    (folder / "a" / "up").symlink_to("..")
    (folder / "self").symlink_to("self")
    (folder / "root").symlink_to("/")
    (folder / "itself.txt").symlink_to("itself.txt")


def _outside(folder: Path) -> None:
    (folder / "link.txt").symlink_to("../secret.txt")
    (folder / "inner").symlink_to("..")


def _special(folder: Path) -> None:
    os.mkfifo(folder / "pipe.txt")
    (folder / "zero.txt").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as bound:
        here = os.open(folder, os.O_RDONLY)
        bound.bind(f"/proc/self/fd/{here}/socket.txt")
        os.close(here)


def _deep(folder: Path) -> None:
    here = os.open(folder, os.O_RDONLY)
    for _ in range(1_300):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    with os.fdopen(os.open("deep.txt", os.O_WRONLY | os.O_CREAT, dir_fd=here), "w") as file:
        file.write(TEXT)
    os.close(here)


def _names(folder: Path) -> None:
    for number, name in enumerate(NAMES):
        (folder / name).write_text(f"{TEXT}It is number {number}.\n")
    inner = folder / "\x1b]0;PWNED\x07\n\udce4"
    inner.mkdir()
    (inner / "a.txt").write_text("The valve was replaced by Carl Jones.\n" * 3)


def _damaged(folder: Path) -> None:
    for number, (suffix, data) in enumerate(
        {
            "pdf": b"%PDF-1.7 rubbish",
            "docx": b"PK\x03\x04rubbish",
            "txt": bytes(range(256)) * 20,
            "html": b"",
            "eml": b"\0" * 1000,
            "jsonl": b"[" * 100_000,
            "csv": b'"' * 100_000,
        }.items()
    ):
        (folder / f"{number}.{suffix}").write_bytes(data)


def _locked(folder: Path) -> None:
    inner = folder / "locked"
    inner.mkdir()
    (inner / "a.txt").write_text(TEXT)
    inner.chmod(0)
    (folder / "locked.txt").write_text(TEXT)
    (folder / "locked.txt").chmod(0)


def _same(folder: Path) -> None:
    for number in range(30):
        (folder / f"copy{number}.txt").write_text(TEXT)
    for number in range(30):
        os.link(folder / "sound.txt", folder / f"link{number}.txt")


def _sparse(folder: Path) -> None:
    for number in range(20):
        with (folder / f"big{number}.log").open("wb") as file:
            file.truncate(70 << 30)


FOLDERS: dict[str, Callable[[Path], None]] = {
    "links in circles": _loops,
    "links that lead out": _outside,
    "pipes, devices and sockets": _special,
    "a folder 1,300 deep": _deep,
    "names of escape codes": _names,
    "damaged files": _damaged,
    "a folder that nobody may list": _locked,
    "the same file 60 times": _same,
    "files of 70 GB": _sparse,
}
COLLECTIONS = (
    "\x1b]0;PWNED\x07",
    "two\nlines",
    "x" * 100_000,
    "../../evil",
    "%s{0}$HOME",
    "'; DROP TABLE turns; --",
    " ",
)


def use_name(place: Place, name: str) -> list[str]:
    """Read a folder into a collection of that name, and use it."""
    outside = place.new_folder()
    (outside / "a.txt").write_text(TEXT)
    library = ["--library", str(outside / "library.db")]
    faults = place.faults("read", str(outside), "--collection", name, *library, settings=CLOSE)
    for arguments in (["collection", "list"], ["collection", "show", name], ["ask", "--collection", name, "Who?"]):
        faults += place.faults(*arguments, *library)
    faults += place.faults("collection", "remove", name, *library)
    return faults + unsound(outside / "library.db")


def stop_reading(place: Place, count: int) -> list[str]:
    """Read a folder of `count` files and send SIGINT after some; what was read is kept."""
    outside = place.new_folder()
    folder = outside / "folder"
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:05}.txt").write_text(f"Gauge {number} was read by Anna Smith.\n")
    library = outside / "library.db"
    victim = place.start("read", str(folder), "--json", "--library", str(library), settings=CLOSE)
    read = 0
    for event in victim.events():
        read += isinstance(event, wire.FileRead)
        if read == 20:
            victim.signal(signal.SIGINT)
            break
    faults = victim.finish().faults(place.base, statuses=(130,)) + unsound(library)
    with Library.open(library) as opened:
        held = len(opened.documents.all())
    if held < 20:
        faults.append(f"20 files were read, {held} are kept")
    shutil.rmtree(folder)
    return faults


def list_folder(place: Place, count: int) -> list[str]:
    """Read a folder with one document among `count` files of other kinds."""
    outside = place.new_folder()
    folder = outside / "folder"
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:05}.bin").write_bytes(b"\0\1\2")
    (folder / "sound.txt").write_text(TEXT)
    library = ["--library", str(outside / "library.db")]
    faults = place.faults("read", str(folder), *library, statuses=(0,), settings=CLOSE)
    faults += place.faults("summarize", str(folder), *library, statuses=(0,))
    shutil.rmtree(folder)
    return faults


def change_files(place: Place, chance: random.Random) -> list[str]:
    """Delete, replace, cut and rename files of a folder while it is read."""
    outside = place.new_folder()
    folder = outside / "folder"
    folder.mkdir()
    files = [folder / f"{number:03}.txt" for number in range(60)]
    for number, file in enumerate(files):
        file.write_text(f"Gauge {number} was read by Anna Smith.\n" * 50)
    library = outside / "library.db"
    victim = place.start("read", str(folder), "--library", str(library), settings=CLOSE)
    end = time.monotonic() + 40
    while victim.is_alive and time.monotonic() < end and files:
        file = files.pop(chance.randrange(len(files)))
        match chance.randrange(4):
            case 0:
                file.unlink(missing_ok=True)
            case 1:
                file.write_text("The valve was replaced by Carl Jones.\n" * chance.randrange(100))
            case 2:
                file.rename(file.with_suffix(".log"))
            case _:
                file.unlink()
                file.mkdir()
        time.sleep(chance.uniform(0, 0.15))
    return victim.finish().faults(place.base) + unsound(library)
