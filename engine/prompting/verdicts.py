"""Results of the checks on a model's template and tokenizer, kept in the user's cache: each is made once. Light."""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path

from engine.private_file import replace_private

_KEPT = 64
_BYTES = 16 << 20


def key_of(*parts: str) -> str:
    """Return the key of a result that depends on `parts`."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(f"{len(data)} ".encode() + data)
    return digest.hexdigest()


def recall(key: str) -> str | None:
    """Return the kept result, or None."""
    return _load().get(key)


def keep(key: str, result: str) -> None:
    """Keep a result; a disk that cannot be written is no error."""
    found = _load()
    found[key] = result
    newest = dict(list(found.items())[-_KEPT:])
    with contextlib.suppress(OSError):
        replace_private(_file(), json.dumps(newest))


def _file() -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir("Readthrough", appauthor=False)) / "verdicts.json"


def _load() -> dict[str, str]:
    try:
        file = _file()
        if file.stat().st_size > _BYTES:
            return {}
        found = json.loads(file.read_text(encoding="utf-8"))
        return {key: value for key, value in found.items() if isinstance(value, str)}
    except (OSError, ValueError, AttributeError, RecursionError):
        return {}
