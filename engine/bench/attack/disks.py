"""Disks and quotas: small and full disks, read-only folders and files, limits on the size of a file, small quotas.

Full disks need the right to mount a tmpfs; without it those cases are left out, and the table says so.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from engine.bench.attack.damage import QUESTION, base_library
from engine.bench.attack.kills import CLOSE, undisturbed
from engine.bench.attack.left import left_in, unsound
from engine.bench.attack.place import Case, Place
from engine.bench.attack.process import Settings

SIZES = ("100k", "400k", "1m", "4m", "34m", "36m", "48m", "70m")
QUOTAS = ("0", "1", "60K", "600K", "3M")
FILE_BYTES = (4096, 100_000, 400_000, 1_000_000)


def cases(place: Place, chance: random.Random, share: float) -> Iterator[Case]:
    """Yield disks (where a tmpfs can be mounted), read-only places, limits on file sizes, and quotas."""
    sizes, quotas, limits = (
        list(each) if share >= 1 else chance.sample(each, 2) for each in (SIZES, QUOTAS, FILE_BYTES)
    )
    if can_mount(place):
        for size in sizes:
            yield Case("disks", f"a disk of {size}", lambda size=size: use_disk(place, size))  # type: ignore[misc]
        yield Case("disks", "a disk that fills up", lambda: fill_disk(place))
        yield Case("disks", "a read-only disk", lambda: use_read_only(place))
    for limit in limits:
        yield Case("disks", f"files of {limit:,} bytes at most", lambda limit=limit: limit_files(place, limit))  # type: ignore[misc]
    for quota in quotas:
        yield Case("disks", f"a quota of {quota}", lambda quota=quota: use_quota(place, quota))  # type: ignore[misc]


def can_mount(place: Place) -> bool:
    """Return whether a tmpfs can be mounted here."""
    with contextlib.suppress(OSError, subprocess.SubprocessError), disk(place, "1m"):
        return True
    return False


@contextlib.contextmanager
def disk(place: Place, size: str) -> Iterator[Path]:
    """Give a folder that is a disk of that size. Raises OSError, CalledProcessError."""
    folder = place.new_folder()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False, capture_output=True)


def use_disk(place: Place, size: str) -> list[str]:
    """Read, ask, list, remove and compact on a small disk."""
    with disk(place, size) as folder:
        library = ["--library", str(folder / "library.db")]
        faults = place.faults("read", str(place.document), *library, settings=CLOSE)
        faults += place.faults("ask", str(place.document), QUESTION, *library, settings=CLOSE)
        for action in (["list"], ["verify"], ["remove", "1"], ["compact"]):
            faults += place.faults("library", *action, *library)
        roomy = place.new_folder()  # a library that found no room to be made is made where it is opened next
        for file in folder.glob("library.db*"):
            shutil.copy(file, roomy)
        return faults + unsound(roomy / "library.db")


def fill_disk(place: Place) -> list[str]:
    """Fill the disk in the middle of a reading; with room again it goes on to the end of an undisturbed one."""
    with disk(place, "80m") as folder:
        library, filler = folder / "library.db", folder / "filler"
        victim = place.start("read", str(place.document), "--json", "--library", str(library), settings=CLOSE)
        victim.wait_for(lambda event: type(event).__name__ == "CheckpointSaved")
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(1 << 16))
        faults = victim.finish().faults(place.base, one_line=False)
        faults += place.faults("library", "list", "--library", str(library))
        filler.unlink()
        faults += place.faults("read", str(place.document), "--library", str(library), statuses=(0,), settings=CLOSE)
        left = left_in(library)
        faults += left.differences(undisturbed(place, place.document)) if left else ["it was not read to its end"]
        return faults


def use_read_only(place: Place) -> list[str]:
    """Use a library on a disk that was mounted read-only: commands that read work, the others say so."""
    with disk(place, "80m") as folder:
        shutil.copy(base_library(place), folder / "library.db")
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True, capture_output=True)
        library = ["--library", str(folder / "library.db")]
        faults = place.faults("library", "list", *library, statuses=(0,))
        faults += place.faults("library", "show", "1", *library, statuses=(0,))
        for command in (
            ["read", str(place.document)],
            ["ask", str(place.document), QUESTION],
            ["library", "remove", "1"],
        ):
            faults += place.faults(*command, *library, statuses=(2,))
        return faults + place.faults(
            "read", str(place.document), "--library", str(folder / "new" / "x.db"), statuses=(2,)
        )


def limit_files(place: Place, limit: int) -> list[str]:
    """Read with a limit on the size of every file; the library stays sound."""
    path = place.new_folder() / "library.db"
    settings = Settings(CLOSE.save_tokens, file_bytes=limit)
    faults = place.faults("read", str(place.document), "--library", str(path), settings=settings)
    faults += unsound(path)
    faults += place.faults("read", str(place.document), "--library", str(path), statuses=(0,), settings=CLOSE)
    left = left_in(path)
    return faults + (left.differences(undisturbed(place, place.document)) if left else ["it was not read to its end"])


def use_quota(place: Place, quota: str) -> list[str]:
    """Read and ask with a small quota: the end state stays, and the second reading finds it."""
    path = place.new_folder() / "library.db"
    given = ["--library", str(path), "--quota", quota]
    faults = place.faults("read", str(place.document), *given, statuses=(0,), settings=CLOSE)
    faults += place.faults("ask", str(place.document), QUESTION, *given, statuses=(0,))
    faults += place.faults("read", str(place.document), *given, statuses=(0,))
    left = left_in(path)
    expected = undisturbed(place, place.document)
    if left is None or left.state != expected.state:
        faults.append("the end state is not that of an undisturbed reading")
    return faults + unsound(path) + ([] if os.path.getsize(path) < 20 << 20 else ["the library has grown"])
