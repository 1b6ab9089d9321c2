"""Damage of the library: bits, bytes, zeroed pages, truncation, its log and index, its schema and rows.

After every damage the commands go on or end in one line, `verify` and `repair` work, and a reading, where there is
one, ends in the state of an undisturbed reading: a damaged state is never used.
"""

from __future__ import annotations

import contextlib
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.bench.attack.kills import CLOSE, undisturbed
from engine.bench.attack.left import left_in
from engine.bench.attack.place import Case, Place
from engine.library.database import LibraryError

PAGE = 4096
RANDOM = 25
"""Full number of randomly damaged libraries."""
QUESTION = "Which gauge was read on day 2?"


def cases(place: Place, chance: random.Random, share: float) -> Iterator[Case]:
    """Yield random damage, then rows and schemas that no program of ours writes, then logs."""
    for number in range(max(3, round(RANDOM * share))):
        kind = chance.choice(list(DAMAGES))
        seed = chance.random()
        yield Case("damage", f"{kind} {number + 1}", lambda kind=kind, seed=seed: damage_file(place, kind, seed))  # type: ignore[misc]
    for name in list(ROWS) if share >= 1 else chance.sample(list(ROWS), 4):
        yield Case("damage", name, lambda name=name: damage_rows(place, ROWS[name]))  # type: ignore[misc]
    for name in list(LOGS) if share >= 1 else chance.sample(list(LOGS), 3):
        yield Case("damage", name, lambda name=name: damage_log(place, LOGS[name]))  # type: ignore[misc]


def base_library(place: Place) -> Path:
    """Return a library with one document that was read, asked and summarised."""
    path = place.folder / "base.db"
    with place.lock:
        if not path.exists():
            _make_base(place, path)
    return path


def _make_base(place: Place, path: Path) -> None:
    part = place.new_folder() / "library.db"
    for command in (["read"], ["ask"], ["summarize"]):
        arguments = [command[0], str(place.document), *([QUESTION] if command == ["ask"] else [])]
        ended = place.run(*arguments, "--library", str(part), settings=CLOSE, seconds=300)
        if ended.status:
            raise RuntimeError(f"{command} failed: {ended.err}")
    with contextlib.closing(sqlite3.connect(part)) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    shutil.copy(part, path)


def _copy(place: Place) -> Path:
    path = place.new_folder() / "library.db"
    shutil.copy(base_library(place), path)
    return path


def survives(place: Place, path: Path) -> list[str]:
    """Run commands on a damaged library; return their faults."""
    library = ["--library", str(path)]
    faults = place.faults("library", "list", *library)
    faults += place.faults("library", "show", "1", *library)
    faults += place.faults("ask", str(place.document), QUESTION, *library, settings=CLOSE)
    ended = place.run("read", str(place.document), *library, settings=CLOSE)
    faults += [f"read: {fault}" for fault in ended.faults(place.base)]
    if ended.status == 0:
        faults += _same_state(place, path)
    verified = place.run("library", "verify", *library)
    faults += [f"verify: {fault}" for fault in verified.faults(place.base, one_line=False)]
    repaired = place.run("library", "repair", *library)
    faults += [f"repair: {fault}" for fault in repaired.faults(place.base, one_line=False)]
    if path.exists() and "saved" in repaired.out:
        last = place.run("read", str(place.document), *library, settings=CLOSE)
        faults += [f"read after repair: {fault}" for fault in last.faults(place.base, statuses=(0,))]
        if last.status == 0:
            faults += [f"after repair {fault}" for fault in _same_state(place, path)]
    return faults


def _same_state(place: Place, path: Path) -> list[str]:
    """Return a fault where a finished reading ended in another state than an undisturbed one, or holds other pages."""
    expected = undisturbed_once(place)
    try:
        left = next(filter(None, (left_in(path, document) for document in (1, 2, 3))), None)
    except (LibraryError, ValueError):
        return []  # damaged still: the commands say so
    if left is None:
        return []
    faults = [] if left.state == expected.state or not left.exact else ["a damaged state was used"]
    if left.pages != expected.pages:
        faults.append("pages of a finished reading differ")
    return faults


def undisturbed_once(place: Place):  # type: ignore[no-untyped-def]
    """Return what an undisturbed reading of the place's document leaves."""
    with place.lock:
        found = getattr(place, "_undisturbed", None)
        if found is None:
            found = undisturbed(place, place.document)
            place._undisturbed = found  # type: ignore[attr-defined]
        return found


def damage_file(place: Place, kind: str, seed: float) -> list[str]:
    """Damage the file's bytes at random."""
    path = _copy(place)
    data = bytearray(path.read_bytes())
    path.write_bytes(DAMAGES[kind](data, random.Random(seed)))
    return survives(place, path)


def _flip_bits(data: bytearray, chance: random.Random) -> bytes:
    for _ in range(chance.choice([1, 1, 3, 20])):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def _flip_in_schema(data: bytearray, chance: random.Random) -> bytes:
    for _ in range(chance.randint(1, 8)):
        data[chance.randrange(100, min(len(data), 4 * PAGE))] ^= 1 << chance.randrange(8)
    return bytes(data)


def _overwrite(data: bytearray, chance: random.Random) -> bytes:
    for _ in range(chance.randint(1, 40)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


def _zero_pages(data: bytearray, chance: random.Random) -> bytes:
    for _ in range(chance.randint(1, 4)):
        page = chance.randrange(len(data) // PAGE)
        data[page * PAGE : (page + 1) * PAGE] = bytes(PAGE)
    return bytes(data)


def _swap_pages(data: bytearray, chance: random.Random) -> bytes:
    one, two = (chance.randrange(1, len(data) // PAGE) * PAGE for _ in range(2))
    data[one : one + PAGE], data[two : two + PAGE] = data[two : two + PAGE], data[one : one + PAGE]
    return bytes(data)


def _truncate(data: bytearray, chance: random.Random) -> bytes:
    return bytes(data[: chance.randrange(len(data))])


def _header(data: bytearray, chance: random.Random) -> bytes:
    data[chance.randrange(100)] = chance.randrange(256)
    return bytes(data)


DAMAGES: dict[str, Callable[[bytearray, random.Random], bytes]] = {
    "bits": _flip_bits,
    "bits of the schema": _flip_in_schema,
    "bytes": _overwrite,
    "zeroed pages": _zero_pages,
    "exchanged pages": _swap_pages,
    "truncation": _truncate,
    "a byte of the header": _header,
}


def damage_rows(place: Place, script: str) -> list[str]:
    """Run SQL on the library that this program would never run."""
    path = _copy(place)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute("PRAGMA foreign_keys = OFF")
        conn.execute("PRAGMA writable_schema = ON")
        conn.create_function("text_checksum", -1, lambda *_: b"x")
        with contextlib.suppress(sqlite3.Error):
            conn.executescript(script)
    return survives(place, path)


ROWS: dict[str, str] = {
    "text that is not UTF-8": "UPDATE documents SET title = CAST(x'fffe80' AS TEXT)",
    "a page that is not UTF-8": "UPDATE pages SET text = CAST(x'fffe80' AS TEXT) WHERE number = 2",
    "a title of escape codes": "UPDATE documents SET title = char(27) || ']0;PWNED' || char(7)",
    "a path of escape codes": "UPDATE documents SET path = char(27) || '[2J' || char(10) || '/x'",
    "a title of 20 MB": "UPDATE documents SET title = replace(hex(zeroblob(10000000)), '00', 'ab')",
    "evidence that is not JSON": "UPDATE turns SET evidence = '{'; UPDATE summaries SET evidence = '['",
    "evidence of deep JSON": "UPDATE turns SET evidence = replace(hex(zeroblob(50000)), '0', '[')",
    "evidence of another type": "UPDATE turns SET evidence = '[1]'; UPDATE summaries SET evidence = '\"x\"'",
    "a page of 20 digits": "UPDATE summaries SET evidence = '[{\"page\": 99999999999999999999}]'",
    "a turn that follows itself": "UPDATE turns SET parent = id",
    "tokens of a turn cut short": "UPDATE turns SET tokens = x'010203'",
    "decay sums cut short": "UPDATE section_meters SET data = x'00'; UPDATE snapshot_meters SET data = x'000000'",
    "retention that is not JSON": "UPDATE retentions SET figures = 'x'",
    "a ledger that is not JSON": "INSERT OR REPLACE INTO ledgers VALUES (1, 'x', '{', 0, '', NULL)",
    "other page texts": "UPDATE pages SET text = 'The pump was repaired by Carl Jones.'",
    "other section texts": "UPDATE sections SET text = 'The pump was repaired by Carl Jones.'",
    "states of another shape": "UPDATE snapshot_blobs SET data = zeroblob(1000)",
    "empty states": "UPDATE snapshot_blobs SET data = x''",
    "states exchanged": "UPDATE snapshot_blobs SET data = (SELECT data FROM snapshot_blobs LIMIT 1)",
    "no states": "DELETE FROM snapshot_blobs",
    "a state of more tokens": "UPDATE snapshots SET n_tokens = n_tokens + 1",
    "a state of 2^62 tokens": "UPDATE snapshots SET n_tokens = 4611686018427387904",
    "a reading of other tokens": "UPDATE readings SET tokens_read = 9223372036854775807",
    "a reading of minus one token": "UPDATE readings SET tokens_read = -1, seconds = -1",
    "sections of another page": "UPDATE sections SET first_page = -5, last_page = 999999999999",
    "pages that are missing": "DELETE FROM pages WHERE number = 2",
    "page tokens that are missing": "DELETE FROM page_tokens WHERE number = 2",
    "a document that is missing": "DELETE FROM documents",
    "a model that is missing": "DELETE FROM identities",
    "a table that is missing": "DROP TABLE retentions",
    "pages that are missing as a table": "DROP TABLE pages",
    "an index of words that is missing": "DROP TABLE sections_fts",
    "an index of words that is empty": "DELETE FROM sections_fts_data",
    "a column that is missing": "ALTER TABLE summaries DROP COLUMN length",
    "a column too many": "ALTER TABLE documents ADD COLUMN more TEXT",
    "no table of migrations": "DROP TABLE _sqlite_migrations",
    "no migrations": "DELETE FROM _sqlite_migrations",
    "half the migrations": "DELETE FROM _sqlite_migrations WHERE rowid > 2",
    "a migration of the future": "UPDATE _sqlite_migrations SET name = 'm999_future' WHERE rowid = 1",
    "another application": "PRAGMA application_id = 7",
    "a view instead of a table": "DROP TABLE turns; CREATE VIEW turns AS SELECT 1 AS id",
    "a trigger that fails": "CREATE TRIGGER no BEFORE UPDATE ON readings BEGIN SELECT RAISE(ABORT, 'no'); END",
    "a broken schema": "UPDATE sqlite_master SET sql = 'CREATE TABLE x (' WHERE name = 'pages'",
    "a schema of another root": "UPDATE sqlite_master SET rootpage = 999999 WHERE name = 'pages'",
}


def damage_log(place: Place, change: Callable[[Path], None]) -> list[str]:
    """Damage the write-ahead log that a killed reading left, or its index, or put something else in their place."""
    path = place.new_folder() / "library.db"
    victim = place.start("read", str(place.document), "--json", "--library", str(path), settings=CLOSE)
    victim.wait_for(lambda event: type(event).__name__ == "CheckpointSaved")
    victim.kill()
    victim.finish()
    change(path)
    return survives(place, path)


def _side(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _cut(path: Path, suffix: str) -> None:
    side = _side(path, suffix)
    if side.exists():
        data = side.read_bytes()
        side.write_bytes(data[: len(data) * 2 // 3 + 7])


def _replace(path: Path, suffix: str, data: bytes) -> None:
    _side(path, suffix).unlink(missing_ok=True)
    _side(path, suffix).write_bytes(data)


def _folder(path: Path, suffix: str) -> None:
    _side(path, suffix).unlink(missing_ok=True)
    _side(path, suffix).mkdir()


LOGS: dict[str, Callable[[Path], None]] = {
    "no log": lambda path: _side(path, "-wal").unlink(missing_ok=True),
    "no index of the log": lambda path: _side(path, "-shm").unlink(missing_ok=True),
    "a log cut short": lambda path: _cut(path, "-wal"),
    "an index of the log cut short": lambda path: _cut(path, "-shm"),
    "a log of rubbish": lambda path: _replace(path, "-wal", b"rubbish" * 10_000),
    "an index of rubbish": lambda path: _replace(path, "-shm", b"rubbish" * 5_000),
    "a folder as log": lambda path: _folder(path, "-wal"),
    "a lock of rubbish": lambda path: _replace(path, ".lock", b"\xff" * 100),
    "a folder as lock": lambda path: _folder(path, ".lock"),
    "a library of rubbish": lambda path: _replace(path, "", b"rubbish" * 10_000),
    "an empty library": lambda path: _replace(path, "", b""),
}
