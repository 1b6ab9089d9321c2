"""Files that change while they are read, and libraries that two processes write under two names.

A file that was overwritten, cut, replaced or put back in the middle is refused or read whole: what the library then
holds as read is the content of one moment. A text that grows is read as it was.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from engine.bench.attack import pdf_writer
from engine.bench.attack.kills import CLOSE, undisturbed
from engine.bench.attack.left import left_in, unsound
from engine.bench.attack.place import Case, Place, write_pages
from engine.library.library import Library
from engine.protocol import wire

ROUNDS = 2


def cases(place: Place, chance: random.Random, share: float) -> Iterator[Case]:
    """Yield changes at the opening and in the middle, of texts and PDFs, then second writers."""
    all_changes = [(kind, name, late) for kind in ("txt", "pdf") for name in CHANGES for late in (False, True)]
    for kind, name, late in all_changes if share >= 1 else chance.sample(all_changes, 4):
        when = "later" if late else "at its opening"
        yield Case(
            "changes",
            f"{kind} {name} {when}",
            lambda kind=kind, name=name, late=late: change_file(place, kind, CHANGES[name], late),  # type: ignore[misc]
        )
    for name, link in LINKS.items():
        yield Case("changes", f"a second writer through {name}", lambda link=link: write_twice(place, link))  # type: ignore[misc]


def _document(path: Path, seed: int, pages: int) -> Path:
    return (pdf_writer.write_record if path.suffix == ".pdf" else write_pages)(path, pages, seed=seed)


def _overwrite(path: Path, other: bytes) -> None:
    with path.open("r+b") as file:
        file.write(other[: path.stat().st_size].ljust(path.stat().st_size, b"\n"))


def _put_back(path: Path, other: bytes) -> None:
    before = path.read_bytes()
    _overwrite(path, other)
    status = path.stat()
    with path.open("r+b") as file:
        file.write(before)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))


def _cut(path: Path, other: bytes) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _replace(path: Path, other: bytes) -> None:
    new = path.with_name("new")
    new.write_bytes(other)
    os.replace(new, path)


def _grow(path: Path, other: bytes) -> None:
    with path.open("ab") as file:
        file.write(other[:2000])


CHANGES: dict[str, Callable[[Path, bytes], None]] = {
    "overwritten": _overwrite,
    "overwritten and put back": _put_back,
    "cut": _cut,
    "replaced": _replace,
    "deleted": lambda path, other: path.unlink(),
    "grown": _grow,
    "emptied": lambda path, other: os.truncate(path, 0),
}


def change_file(place: Place, kind: str, change: Callable[[Path, bytes], None], late: bool) -> list[str]:
    """Change a file while it is read; read the original again and compare."""
    folder = place.new_folder()
    path = _document(folder / f"record.{kind}", 3, 14)
    original, other = path.read_bytes(), _document(folder / f"other.{kind}", 8, 14).read_bytes()
    library = folder / "library.db"
    victim = place.start("read", str(path), "--json", "--library", str(library), settings=CLOSE)
    wanted = wire.PrefillAdvanced if late else wire.DocumentOpened
    victim.wait_for(lambda event: isinstance(event, wanted))
    change(path, other)
    ended = victim.finish()
    faults = ended.faults(place.base, one_line=False)
    path.unlink(missing_ok=True)
    path.write_bytes(original)
    expected = undisturbed(place, path)
    if ended.status == 0:
        faults += _as_original(library, expected.pages)
    again = place.run("read", str(path), "--library", str(library), settings=CLOSE)
    faults += [f"read again: {fault}" for fault in again.faults(place.base, statuses=(0,))]
    with Library.open(library) as opened:
        found = next((document.id for document in opened.documents.all() if document.state == "done"), 1)
    left = left_in(library, found)
    if left and not left.exact:  # it went on from a rounded checkpoint of the changed file, and says so
        left = replace(left, exact=True, state=expected.state)
    return faults + unsound(library) + (left.differences(expected) if left else ["it was not read to its end"])


def _as_original(library: Path, pages: list) -> list[str]:  # type: ignore[type-arg]
    """Return a fault where a document that counts as read holds other text than the original's first pages."""
    with Library.open(library) as opened:
        for document in opened.documents.all():
            if document.state != "done":
                continue
            held = [(page.number, page.text) for page in opened.pages.of(document.id) if page.text]
            known = {(number, text) for number, text, *_ in pages}
            if any(page not in known for page in held):
                return ["another text is stored as read"]
    return []


def _linked(link: Callable[..., None], library: Path, folder: Path) -> Path:
    link(library, folder / "other.db")
    return folder / "other.db"


def _linked_folder(library: Path, folder: Path) -> Path:
    (folder / "there").symlink_to(library.parent)
    return folder / "there" / library.name


LINKS: dict[str, Callable[[Path, Path], Path]] = {
    "the same name": lambda library, folder: library,
    "a symbolic link": lambda library, folder: _linked(os.symlink, library, folder),
    "a hard link": lambda library, folder: _linked(os.link, library, folder),
    "a linked folder": _linked_folder,
    "a relative name": lambda library, folder: library.parent / ".." / library.parent.name / library.name,
}


def write_twice(place: Place, link: Callable[[Path, Path], Path]) -> list[str]:
    """Read while another process reads into the same library under another name: it is refused in one line."""
    first, second = place.new_folder(), place.new_folder()
    file = write_pages(first / "record.txt", 30)
    library = first / "library.db"
    victim = place.start("read", str(file), "--json", "--library", str(library), settings=CLOSE)
    victim.wait_for(lambda event: isinstance(event, wire.CheckpointSaved))
    other = place.run("read", str(place.document), "--library", str(link(library, second)))
    alive = victim.is_alive
    faults = other.faults(place.base, statuses=(2,)) if alive else ["the reading ended too soon for this test"]
    faults += victim.finish().faults(place.base, statuses=(0,))
    shutil.rmtree(second)
    return faults + unsound(library)
