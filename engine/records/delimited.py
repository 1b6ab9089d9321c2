"""Tables of delimited text (CSV, TSV) and of JSON objects, one a line or in an array. Light: no torch."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import PurePath

from engine.records.lines import Line
from engine.records.tables import Row, Table, Unread, fill, head_of, is_total, names_of

DELIMITED = (".csv", ".tsv", ".tab")
JSON = (".json", ".jsonl", ".ndjson", ".geojson")
_DELIMITERS = (",", ";", "\t", "|")
_SAMPLE = 200
_LONGEST_FIELD = 1 << 20
_DEEPEST = 4


def file_tables(name: str, lines: Sequence[Line]) -> tuple[list[Table], list[Unread]] | None:
    """Return the tables of a file whose name says that it is one; None for every other file."""
    suffix = PurePath(name).suffix.lower()
    if suffix in DELIMITED:
        return _delimited(lines)
    if suffix in JSON:
        return _json(lines)
    return None


def _delimited(lines: Sequence[Line]) -> tuple[list[Table], list[Unread]]:
    csv.field_size_limit(_LONGEST_FIELD)  # the module's own limit, for the whole process, is 128 KB
    filled = [line for line in lines if line.text.strip()]
    if not filled:
        return [], []
    delimiter = max(_DELIMITERS, key=lambda mark: _agreement(filled, mark))
    if not _agreement(filled, delimiter):
        return [], [Unread(filled[0].page, filled[0].start, len(filled))]
    records = list(_records(lines, delimiter))
    counts = [len(cells) for _, _, cells in records]
    n = max(set(counts[:_SAMPLE]), key=lambda count: (counts[:_SAMPLE].count(count), count))
    while len(records) > 1 and len(records[0][2]) == 1 < n:  # a title above the heads
        records.pop(0)
    named = head_of([cells for _, _, cells in records[:_SAMPLE] if len(cells) == n], structured=True)
    heads = fill(records[0][2][:n], n) if named else [""] * n  # a first line may have other cells than most
    table = Table("table", "", names_of(heads), named=named)
    for first, last, cells in records[named:]:
        if len(cells) > n and any(cell.strip() for cell in cells[n:]):
            table.unread += 1
        elif not is_total(cells):
            end = last.end if last.page == first.page else first.end
            table.rows.append(Row(first.page, first.start, end, fill(cells[:n], n)))
    return ([table] if table.rows else []), []


def _agreement(lines: Sequence[Line], delimiter: str) -> int:
    """Return how many of the first lines have the most frequent number of fields; 0 for one field."""
    try:
        rows = list(csv.reader([line.text for line in lines[:_SAMPLE]], delimiter=delimiter))
    except csv.Error:
        return 0
    counts = [len(row) for row in rows if row]
    best = max(set(counts), key=lambda count: (counts.count(count), count)) if counts else 1
    return counts.count(best) * 1000 + min(best, 999) if best > 1 else 0


def _records(lines: Sequence[Line], delimiter: str) -> Iterator[tuple[Line, Line, list[str]]]:
    """Yield (first line, last line, fields) of each record; a quoted field may hold line ends."""
    reader = csv.reader((line.text + "\n" for line in lines), delimiter=delimiter)
    before = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            before = reader.line_num
            continue
        if any(cell.strip() for cell in cells):
            # Blank lines before the record's own one belong to no record.
            yield lines[before], lines[reader.line_num - 1], [" ".join(cell.split()) for cell in cells]
        before = reader.line_num


def _json(lines: Sequence[Line]) -> tuple[list[Table], list[Unread]]:
    text = "\n".join(line.text for line in lines)
    starts: list[int] = []
    at = 0
    for line in lines:
        starts.append(at)
        at += len(line.text) + 1
    found: list[tuple[int, int, dict[str, str]]] = []
    bad = 0
    decoder = json.JSONDecoder(strict=False)
    place = 0
    while (begin := text.find("{", place)) >= 0:
        try:
            value, end = decoder.raw_decode(text, begin)
        except (ValueError, RecursionError):
            bad += 1
            place = text.find("\n", begin) + 1 or len(text)
            continue
        place = end
        inner = _lists_within(value)
        for record in inner or [value]:
            found.append((begin, end, dict(_flat(record))))
    if not found:
        return [], ([Unread(lines[0].page, lines[0].start, bad)] if bad and lines else [])
    columns = list(dict.fromkeys(name for _, _, fields in found for name in fields))
    table = Table("table", "", columns, unread=bad)
    index = 0
    for begin, end, fields in found:
        while index + 1 < len(starts) and starts[index + 1] <= begin:
            index += 1
        line = lines[index]
        start = line.start + begin - starts[index]
        table.rows.append(
            Row(line.page, start, min(line.end, start + end - begin), tuple(fields.get(name, "") for name in columns))
        )
    return [table], []


def _lists_within(value: object) -> list[dict[str, object]]:
    """Return the objects of the one list that a wrapping object holds, as in {"records": [...]}."""
    if not isinstance(value, dict):
        return []
    lists = [item for item in value.values() if isinstance(item, list) and item and isinstance(item[0], dict)]
    whole = len(lists) == 1 and len(lists[0]) > 1
    return [item for item in lists[0] if isinstance(item, dict)] if whole else []


def _flat(value: object, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield (name, text) of the fields of an object, those of inner objects as "outer.inner"."""
    if isinstance(value, dict) and depth < _DEEPEST:
        for name, item in value.items():
            yield from _flat(item, f"{prefix}.{name}" if prefix else str(name), depth + 1)
    elif isinstance(value, list):
        yield prefix, "; ".join(str(item) for item in value)
    else:
        text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        yield prefix, " ".join(text.split())
