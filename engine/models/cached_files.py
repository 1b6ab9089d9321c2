"""The cache of huggingface_hub on this computer: interrupted downloads, room on its disk, deleting a model's files."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.models.hub import DownloadError, cache_folder
from engine.models.local import LocalModel

PARTS = ".readthrough"
"""Folder of unfinished files in the cache of huggingface_hub."""


def storage_name(repository: str) -> str:
    """Return the name of the folder of a repository in the cache."""
    return f"models--{repository.replace('/', '--')}"


def parts_folder(repository: str, cache: Path) -> Path:
    """Return the folder of the unfinished files of a repository."""
    return cache / PARTS / storage_name(repository)


@contextmanager
def disk_errors(cache: Path) -> Iterator[None]:
    """Turn errors of the disk and of a connection that was cut into DownloadErrors."""
    import httpx2

    try:
        yield
    except httpx2.HTTPError:
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DownloadError(
                f"the disk of {cache} is full; free some space and run the same command, which resumes the download",
                "disk full",
            ) from error
        if isinstance(error, ConnectionError):
            raise DownloadError(
                f"the connection was cut ({error}); the same command resumes the download", "cut"
            ) from error
        raise DownloadError(f"{error.filename or cache}: {error.strerror}", "no access") from error


def existing(path: Path) -> Path:
    """Return the nearest folder above `path` that exists."""
    while not path.exists():
        path = path.parent
    return path


def incomplete_bytes(repository: str, cache: Path | None = None) -> int:
    """Return the bytes that an interrupted download of a repository left."""
    folder = parts_folder(repository, cache or cache_folder())
    return sum(file.stat().st_size for file in folder.glob("*") if file.is_file()) if folder.is_dir() else 0


def delete(model: LocalModel, cache: Path | None = None) -> int:
    """Delete the files of a downloaded model and of its interrupted download; return the bytes. Raises KnownError.

    Other revisions in the cache, which other programs downloaded, stay.
    """
    from huggingface_hub import scan_cache_dir

    folder = cache or cache_folder()
    parts = parts_folder(model.repository, folder)
    n_bytes = incomplete_bytes(model.repository, folder)
    try:
        shutil.rmtree(parts, ignore_errors=True)
        if folder.is_dir():
            strategy = scan_cache_dir(folder).delete_revisions(model.revision)
            n_bytes += strategy.expected_freed_size
            strategy.execute()
        if Path(model.path).exists():
            raise DownloadError(f"{model.path} could not be deleted; delete the folder yourself", "no access")
    except OSError as error:
        raise DownloadError(f"{error.filename or folder}: {error.strerror or error}", "no access") from error
    return n_bytes
