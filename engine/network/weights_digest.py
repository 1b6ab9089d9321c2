"""The digest of a whole weight file, computed once and remembered as long as the file is the same.

A digest covers every byte: two files that differ in one number of one small tensor are two models. It is remembered by
the file's device, inode, size and times in the user's cache folder, so that 15 GB are read for it once.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from engine.private_file import replace_private

PIECE_BYTES = 32 << 20
"""Bytes hashed at once; the pieces' digests are hashed together, so that several processors share the work."""
_REMEMBERED = 1_024
"""Files whose digests are remembered. A network may have a hundred files, and where they do not all fit, each start
would read all of them again."""


def file_digest(path: Path) -> str:
    """Return 64 hex digits over all bytes of a file. Raises OSError."""
    status = path.stat()
    key = f"{status.st_dev}-{status.st_ino}-{status.st_size}-{status.st_mtime_ns}-{status.st_ctime_ns}"
    known = _remembered()
    if key not in known:
        known[key] = _compute(path, status.st_size)
        _remember(known)
    return known[key]


def _compute(path: Path, size: int) -> str:
    workers = min(8, os.cpu_count() or 1)
    with ThreadPoolExecutor(workers) as pool:
        pieces = pool.map(lambda offset: _piece(path, offset), range(0, max(size, 1), PIECE_BYTES))
        digest = hashlib.blake2b(f"{size} ".encode(), digest_size=32, person=b"rt-weights")
        for piece in pieces:
            digest.update(piece)
    return digest.hexdigest()


def _piece(path: Path, offset: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return hashlib.blake2b(file.read(PIECE_BYTES), digest_size=32).digest()


def _cache_file() -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir("Readthrough", appauthor=False)) / "weights.json"


def _remembered() -> dict[str, str]:
    try:
        found = json.loads(_cache_file().read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {str(key): value for key, value in found.items() if isinstance(value, str) and len(value) == 64}


def _remember(known: dict[str, str]) -> None:
    """Replace the cache file; a digest that cannot be remembered is computed again next time."""
    newest = dict(list(known.items())[-_REMEMBERED:])
    with contextlib.suppress(OSError):
        replace_private(_cache_file(), json.dumps(newest))
