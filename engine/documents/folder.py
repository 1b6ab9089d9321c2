"""Documents of a folder, with those under its subfolders."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.documents.extraction.extractor import kind_of
from engine.documents.formats.regular_file import printable
from engine.documents.outcomes import READABLE_SUFFIXES
from engine.errors import KnownError

MOST_FILES = 1_000
"""Documents of one folder; more is a whole disk, chosen by mistake."""
_DEEPEST = 16
_LISTED = 5
_SYSTEM_NAMES = frozenset(("__MACOSX", "Thumbs.db", "desktop.ini", "node_modules"))
_HEADER_BYTES = 16


@dataclass(frozen=True)
class Folder:
    """The documents in a folder."""

    documents: tuple[Path, ...]
    """In the order of their names, those of a folder before those of its subfolders."""
    others: tuple[str, ...]
    """Names of files of kinds that are not read."""

    @property
    def note(self) -> str:
        """Return a sentence that names the files that are not read; empty where all are."""
        return not_read(self.others)


def not_read(names: Sequence[str]) -> str:
    """Return a sentence that names files of kinds that are not read; empty where there are none."""
    if not names:
        return ""
    listed = ", ".join(printable(name) for name in names[:_LISTED])
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    files = "1 file is" if len(names) == 1 else f"{len(names)} files are"
    return f"{files} of kinds that Readthrough does not read: {listed}{more}."


def documents_in(folder: Path) -> Folder:
    """Return the documents in `folder`. Hidden files and links are passed over.

    Raises KnownError where the folder cannot be listed, holds no document or too many.
    """
    documents: list[Path] = []
    others: list[str] = []
    try:
        os.listdir(folder)
    except OSError as error:
        reason = error.strerror or str(error)
        raise KnownError(f"{printable(str(folder))} cannot be listed ({reason}); check its permissions.") from None
    for place, folders, names in os.walk(folder):
        depth = len(Path(place).relative_to(folder).parts)
        folders[:] = sorted(filter(is_shown, folders)) if depth < _DEEPEST else []
        for name in sorted(filter(is_shown, names)):
            path = Path(place, name)
            if path.is_symlink() or not path.is_file():
                continue
            if is_document(path):
                documents.append(path)
            else:
                others.append(name)
            if len(documents) > MOST_FILES:
                raise KnownError(
                    f"{printable(folder.name)} holds more than {MOST_FILES:,} documents; choose a folder in it."
                )
    if not documents:
        raise KnownError(f"{printable(folder.name)} has no document that can be read; choose another folder.")
    return Folder(tuple(documents), tuple(others))


def with_folders(paths: Iterable[Path]) -> tuple[list[Path], list[str]]:
    """Return `paths` with the documents of each folder in its place, and sentences on what is not read of them.

    Raises KnownError, as `documents_in`.
    """
    files: list[Path] = []
    notes: list[str] = []
    for path in paths:
        if path.is_dir():
            folder = documents_in(path)
            files += folder.documents
            notes += [f"{printable(path.name)}: {folder.note}"] if folder.note else []
        else:
            files.append(path)
    return files, notes


def is_shown(name: str) -> bool:
    """Return whether a name is neither hidden nor of a file that a system or an office program keeps for itself."""
    return not name.startswith((".", "~$")) and name not in _SYSTEM_NAMES


def is_document(path: Path) -> bool:
    """Return whether a file is of a kind that is read: by its name, else by its first bytes."""
    if path.suffix.lower() in READABLE_SUFFIXES:
        return True
    try:
        with path.open("rb") as file:
            return kind_of(file.read(_HEADER_BYTES), path.suffix.lower()) != "text"
    except OSError:
        return False
