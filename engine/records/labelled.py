"""Records of "label: value" lines, lists, and lines that begin with a time. Light: no torch.

Lines with labels that follow each other are one record. A label that comes again begins the next record, and records
with the same labels are the rows of one table. A list's items are the rows of a table with one column, or with two
where each item is "name: value".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from engine.grounding.lines import is_contents
from engine.records.lines import Line
from engine.records.tables import Row, Table, is_total, names_of

_BULLETS = r"[-*+\u2022\u2023\u25aa\u25cf\u25e6\u2013\u00b7\u30fb]"
_LABEL = re.compile(
    r"\s*(?:\*\*|__)?(?P<label>[^\W\d_][^:：\t\n|.!?;,]{0,38}?)(?:\*\*|__)?\s*"
    r"[:：](?:\*\*|__)?(?:\s+|(?<=：))(?P<value>\S.*)$"
)
_CODE_LABEL = re.compile(r"\s*(?P<label>[^\W\d_][\w ()/.-]{0,38}\d[\w/.-]*)\s*[:：]\s+(?P<value>\S.*)$")
"""P-204: 5 bar. A name with a figure is a label in a list of things, and is one only there."""
_ITEM = re.compile(rf"\s*(?:{_BULLETS}\s+|\(?(?:\d{{1,3}}|[a-z])[.)]\s+)(?P<text>\S.*)$")
_PAIR = re.compile(r"(?P<name>[^:|\t]{1,60}?)(?:\s*[:：]\s+|\s+[-–|]\s+|\s{2,}|\t)(?P<value>\S.*)$")
_STAMP = re.compile(
    r"\s*[\[(]?(?P<time>(?:\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{4}|\d{1,2} [A-Z][a-z]{2,8} \d{4})"
    r"(?:[T ,]+\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)?|"
    r"\d{1,2}[:.]\d\d(?::\d\d)?)[\])]?\s*[-–:|,]?\s+(?P<text>\S.*)$"
)
_MOST_LABEL_WORDS = 5
_HEADING = re.compile(r"\s*#{1,6}\s+(?P<title>\S.*)$")
_ALIKE = 0.6
"""Share of labels that two records have in common from which on they are rows of one table."""
_LONGEST_CAPTION = 120
_PROSE, _LONGEST_CELL = re.compile(r"[^\W\d_]{2}[.;] +\S"), 120
"""A sentence that another follows, and letters from which an item with one is a clause of a text, not a row."""


@dataclass
class _Group:
    """Lines with labels that follow each other: one record."""

    caption: str
    first: Line
    last: Line
    fields: dict[str, str] = field(default_factory=dict)
    places: list[tuple[int, int]] = field(default_factory=list)
    """Page and start of each line."""


def labelled_tables(lines: Sequence[Line], used: set[tuple[int, int]]) -> list[Table]:
    """Return the tables of label groups, lists and logs in `lines`, without the lines at the places `used`."""
    free = [line for line in lines if (line.page, line.start) not in used]
    tables = _labels(free, used)
    rest = [line for line in free if (line.page, line.start) not in used]
    return [*tables, *_logs(rest, used), *_lists([line for line in rest if (line.page, line.start) not in used])]


def _labels(lines: Sequence[Line], used: set[tuple[int, int]]) -> list[Table]:
    tables: list[Table] = []
    for group in _groups(lines):
        if len(group.fields) < 2:
            continue
        used |= set(group.places)
        table = next((known for known in tables[-3:] if _is_alike(known, group)), None)
        if table is None:
            table = Table("labels", group.caption, [])
            tables.append(table)
        _add(table, group)
    return tables


def _groups(lines: Sequence[Line]) -> Iterator[_Group]:
    """Yield the records of label lines. A blank line ends a record unless the next line goes on with new labels."""
    group: _Group | None = None
    caption, blank, page = "", 0, 0
    for line in lines:
        if not line.text.strip():
            blank += 1
            continue
        found = _label(line.text)
        if found is None:
            if group is not None:
                yield group
                group = None
            caption = _caption(line.text)
        else:
            label, value = found
            ends = group is not None and (
                label.casefold() in map(str.casefold, group.fields) or blank > 0 or line.page != page
            )
            if group is None or ends:
                if group is not None:
                    yield group
                group = _Group(caption, line, line)
            group.fields[label] = value
            group.last = line
            group.places.append((line.page, line.start))
        blank, page = 0, line.page
    if group is not None:
        yield group


def _label(text: str) -> tuple[str, str] | None:
    found = _LABEL.match(text.replace("\t", " "))
    if found is None or len(found["label"].split()) > _MOST_LABEL_WORDS or is_contents(text):
        return None
    if re.search(r"\d\d", found["label"]):
        return None  # P-204: a thing of a list, not the label of a form
    return " ".join(found["label"].split()), found["value"].strip().strip("*_").strip()


def _is_alike(table: Table, group: _Group) -> bool:
    known, new = set(map(str.casefold, table.columns)), set(map(str.casefold, group.fields))
    return len(known & new) >= _ALIKE * len(known | new)


def _add(table: Table, group: _Group) -> None:
    """Append a record to a table; a label that is new becomes a column."""
    by_name = {name.casefold(): place for place, name in enumerate(table.columns)}
    for label in group.fields:
        if label.casefold() not in by_name:
            by_name[label.casefold()] = len(table.columns)
            table.columns.append(label)
            table.rows = [Row(r.page, r.start, r.end, (*r.cells, ""), r.confidence) for r in table.rows]
    cells = [""] * len(table.columns)
    for label, value in group.fields.items():
        cells[by_name[label.casefold()]] = value
    end = group.last.end if group.last.page == group.first.page else group.first.end
    table.rows.append(Row(group.first.page, group.first.start, end, tuple(cells)))


def _logs(lines: Sequence[Line], used: set[tuple[int, int]]) -> list[Table]:
    """Return the lines that begin with a time as one table, if there are three of them and more."""
    table = Table("log", "", ["Time", "Entry"])
    places: list[tuple[int, int]] = []
    for line in lines:
        found = _STAMP.match(line.text)
        if found is not None:
            table.rows.append(Row(line.page, line.start, line.end, (found["time"], found["text"].strip()), 0.9))
            places.append((line.page, line.start))
    if len(table.rows) < 3:
        return []
    used |= set(places)
    return [table]


def _lists(lines: Sequence[Line]) -> list[Table]:
    """Return the lists of items that follow each other, with the line above each as its caption."""
    tables: list[Table] = []
    caption, items, blank = "", list[tuple[Line, str]](), 0
    announced = False

    def end() -> None:
        clauses = sum(len(text) > _LONGEST_CELL and _PROSE.search(text) is not None for _, text in items)
        if len(items) > 1 and 2 * clauses <= len(items):
            tables.append(_list(caption, items))
        items.clear()

    for line in [*lines, Line(0, 0, "end.")]:
        text = line.text.strip()
        if not text:
            blank += 1
            announced = announced and not items
            continue
        item = _ITEM.match(line.text)
        plain = announced and blank == 0 and len(text) <= 80 and not text.endswith((".", ":", "!", "?"))
        if item is not None or plain:
            items.append((line, item["text"].strip() if item else text))
        elif items and item is None and line.text.startswith("  ") and blank == 0:
            pass  # the rest of an item
        else:
            end()
            caption, announced = _caption(line.text), text.endswith((":", "："))
        blank = 0
    end()
    return tables


def _list(caption: str, items: Sequence[tuple[Line, str]]) -> Table:
    pairs = [_CODE_LABEL.match(text) or _PAIR.match(text) for _, text in items]
    if all(pairs):
        table = Table("list", caption, names_of(["Item", caption.rstrip(":：") or "Value"]), named=bool(caption))
        rows: list[tuple[str, ...]] = [tuple(part.strip() for part in found.groups()) for found in pairs if found]
    else:
        table = Table("list", caption, ["Item"], named=False)
        rows = [(text,) for _, text in items]
    for (line, _), cells in zip(items, rows, strict=True):
        if not is_total(cells):
            table.rows.append(Row(line.page, line.start, line.end, cells, 0.9))
    return table


def _caption(text: str) -> str:
    heading = _HEADING.match(text)
    return " ".join((heading["title"] if heading else text).split())[:_LONGEST_CAPTION]
