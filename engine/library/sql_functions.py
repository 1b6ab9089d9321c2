"""SQL functions of the library's statements."""

from __future__ import annotations

import sqlite3
from hashlib import blake2b

from engine.library import cjk

Value = str | bytes | int | float | None


def register(conn: sqlite3.Connection) -> None:
    """Give `conn` the functions text_checksum(...), has_cjk(text) and cjk_bigrams(text)."""
    conn.create_function("text_checksum", -1, text_checksum, deterministic=True)
    conn.create_function("has_cjk", 1, cjk.has_cjk, deterministic=True)
    conn.create_function("cjk_bigrams", 1, cjk.bigrams, deterministic=True)


def text_checksum(*values: Value) -> bytes:
    """Return 16 bytes over the values of a row; every value counts with its type and length."""
    digest = blake2b(digest_size=16, person=b"rt-text")
    for value in values:
        data = value if isinstance(value, bytes) else b"" if value is None else str(value).encode()
        digest.update(f"{type(value).__name__} {len(data)} ".encode() + data)
    return digest.digest()
