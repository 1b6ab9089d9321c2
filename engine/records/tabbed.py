"""Tables of lines with tabs between the cells: office files, web pages, PDF pages; and of lines with pipes (Markdown).

Office files and web pages keep the places of empty cells, but for those at the end of a row. On a PDF page an empty
cell leaves nothing, so a short row is assigned to the columns by the kinds of its cells, or counted as unread where
that is not certain. Light: no torch.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from engine.grounding.lines import is_contents
from engine.records.cells import Writing, typed
from engine.records.lines import Line
from engine.records.tables import Row, Table, Unread, fill, head_of, is_total, names_of

_FEWEST_WHOLE = 0.6
"""Share of a table's lines that have all cells; with fewer the lines are no table that can be read."""
_MOST_COLUMNS = 200
_PIPED = re.compile(r"\s*\|.*\|\s*$")
_RULE = re.compile(r"[\s|:+=-]*[-=]{2,}[\s|:+=-]*")
_LONGEST_CAPTION = 120
_MOST_REST, _LONGEST_REST = 3, 70
"""Lines of a wrapped cell between two rows, and characters of such a line."""
_FEWEST_JOINED = 3
"""Rows that runs must have together to be joined."""
_SENTENCE_END = (".", "!", "?", "。", "！", "？")
_SECTION_NUMBER = re.compile(r"\s*\d+(?:\.\d+){2,}\.?\s*")
_NUMBERED = re.compile(r"(?:table|tab\.|tabelle|tableau|tabla|таблица|表) ?[\dA-Z]+(?:\.\d+)*\b", re.IGNORECASE)
"""Begins the caption of a numbered table."""


@dataclass
class _Run:
    """Lines with cells that follow each other."""

    caption: str
    lines: list[Line] = field(default_factory=list)
    cells: list[list[str]] = field(default_factory=list)
    above: str = ""
    """The line above the run."""
    ruled: bool = False
    """The second line is a rule, as in Markdown: the first one is the head."""
    at_top: bool = False
    """The run begins on the first lines of its page."""
    between: list[str] = field(default_factory=list)
    """The lines between the run before, on the same page, and this one; empty where a blank line parts them."""
    breaks: int = 0
    """Places where lines of wrapped cells are between two rows."""
    wrapped: dict[int, list[str]] = field(default_factory=dict)
    """The lines between two rows of a joined run, by the place of the second row."""


def tabbed_tables(lines: Sequence[Line], *, structured: bool) -> tuple[list[Table], list[Unread], set[tuple[int, int]]]:
    """Return the tables of `lines`, the stretches that could not be read, and the places (page, start) of all lines
    that were looked at. `structured`: the file keeps empty cells apart."""
    tables: list[Table] = []
    unread: list[Unread] = []
    used: set[tuple[int, int]] = set()
    for run in _runs(lines) if structured else _joined(_runs(lines)):
        used |= {(line.page, line.start) for line in run.lines}
        table = _table(run, structured=structured)
        if table is None:
            if len(run.lines) >= 3:
                unread.append(Unread(run.lines[0].page, run.lines[0].start, len(run.lines)))
        elif tables and _goes_on(tables[-1], table, run):
            tables[-1].rows += table.rows
            tables[-1].unread += table.unread
        else:
            tables.append(table)
    return tables, unread, used


def _runs(lines: Sequence[Line]) -> Iterator[_Run]:
    """Yield the runs of lines with two cells and more; a page's end ends a run."""
    run: _Run | None = None
    above, page, seen = "", 0, 0
    between: list[str] | None = None
    for line in lines:
        if line.page != page:
            page, seen, between = line.page, 0, None
            if run is not None:
                yield run
            run, above = None, ""
        cells = _cells(line.text)
        if cells is not None and len(cells) <= _MOST_COLUMNS:
            if run is None:
                run = _Run(above, above=above, at_top=seen <= 2, between=between or [])
                between = None
            if _RULE.fullmatch(line.text):
                run.ruled = run.ruled or len(run.lines) == 1
            else:
                run.lines.append(line)
                run.cells.append(cells)
        else:
            text = line.text.strip()
            between = [*(between or []), text] if text and (run is not None or between is not None) else None
            above = "" if not text or is_contents(line.text) else text[:_LONGEST_CAPTION]
            if run is not None:
                above = _caption_below(run, above) if text else ""
                yield run
            run = None
        seen += bool(line.text.strip())
    if run is not None:
        yield run


def _caption_below(run: _Run, text: str) -> str:
    """Let `text`, the line below a run, be its caption where it numbers a table; return the caption of the next run."""
    if not _NUMBERED.match(text) or _NUMBERED.match(run.caption):
        return text
    run.caption = text
    return ""


def _joined(runs: Iterator[_Run]) -> Iterator[_Run]:
    """Yield the runs of PDF pages, those joined that few lines part which are the rest of a wrapped cell."""
    group: list[_Run] = []
    for run in runs:
        if group and _is_rest(group, run):
            group.append(run)
            continue
        yield from _one(group)
        group = [run]
    yield from _one(group)


def _one(group: list[_Run]) -> Iterator[_Run]:
    """Yield the runs of a group as one; each by itself where they have too few rows together."""
    if sum(len(run.lines) for run in group) < _FEWEST_JOINED:
        yield from group
        return
    first = group[0]
    for run in group[1:]:
        first.wrapped[len(first.lines)] = run.between
        first.lines += run.lines
        first.cells += run.cells
        first.breaks += 1
        first.caption = run.caption if _NUMBERED.match(run.caption) else first.caption
    yield first


def _is_rest(group: Sequence[_Run], run: _Run) -> bool:
    """Return whether `run` is the rest of the table before it on the same page, behind lines of a wrapped cell."""
    if group[-1].lines[0].page != run.lines[0].page or not 0 < len(run.between) <= _MOST_REST:
        return False
    if any(len(text) > _LONGEST_REST or text.endswith((":", "：")) or _NUMBERED.match(text) for text in run.between):
        return False
    if run.between[-1].endswith(_SENTENCE_END):
        return False
    wide = max(len(cells) for before in group for cells in before.cells)
    own = max(map(len, run.cells))
    alone = len(run.lines) == 1 or sum(len(before.lines) for before in group) == 1
    return (own == wide or (alone and abs(own - wide) == 1)) and not head_of(run.cells, structured=False)


def _head_joined(run: _Run) -> None:
    """Join the lines of a head whose names are wrapped: lines with empty cells that fill each other's, all but one of
    which begin with an empty cell."""
    for count in (3, 2):
        lines = run.cells[:count]
        n = max(map(len, lines))
        if len(run.cells) <= count or any(place in run.wrapped for place in range(1, count)):
            continue
        filled = [fill(cells, n) for cells in lines]
        names = [" ".join(cells[place] for cells in filled if cells[place]) for place in range(n)]
        begins_empty = sum(not cells[0] for cells in filled)
        parted = begins_empty == count - 1 and not any(all(cells) for cells in filled)
        if parted and all(names) and n >= max(map(len, run.cells[count:])) and not re.search(r"\d", "".join(names)):
            run.cells[0][:] = names
            del run.cells[1:count], run.lines[1:count]
            run.wrapped = {place - count + 1: texts for place, texts in run.wrapped.items()}
            return


def _cells(text: str) -> list[str] | None:
    """Return the cells of a line; None for a line that has only one, or that is of a table of contents."""
    if "\t" in text and text.strip():
        if is_contents(text) or re.fullmatch(r"\s*\d+(?:\.\d+)+\.?\s+[^\t]*\t\s*\d{1,4}\s*", text):
            return None
        cells = text.split("\t")
        return None if len(cells) == 2 and _SECTION_NUMBER.fullmatch(cells[0]) else cells
    if _PIPED.match(text) and text.count("|") >= 3:
        return [cell.strip() for cell in text.strip().strip("|").split("|")]
    return None


def _table(run: _Run, *, structured: bool) -> Table | None:
    """Return the table of a run; None where it is none, or cannot be read."""
    if not structured:
        _head_joined(run)
    counts = Counter(map(len, run.cells))
    n = max(counts) if structured else max(counts, key=lambda count: (counts[count], count))
    if run.breaks and len(run.cells[0]) == n + 1 == max(counts):
        n += 1  # the head has all columns; cells that are wrapped are missing in their rows
    whole = [cells for cells in run.cells if len(cells) == n or (run.breaks and len(cells) == n - 1 > 1)]
    if len(run.lines) < 2 or n < 2:
        return None
    if not structured and len(whole) < _FEWEST_WHOLE * len(run.cells):
        return None
    if _labels(run, n):
        return None
    whole_first = len(run.cells[0]) == n or structured
    filled = [list(fill(cells, n)) for cells in run.cells if structured or len(cells) == n]
    named = whole_first and (run.ruled or head_of(filled, structured=structured))
    heads = names_of(filled[0] if named else [""] * n)
    table = Table("table", run.caption, heads, named=named, unread=run.breaks)
    columns = [[row[place] for row in filled[named:]] for place in range(n)]
    for number, (line, cells) in list(enumerate(zip(run.lines, run.cells, strict=True)))[named:]:
        around = _around(run, number, n) if len(cells) == n - 1 else ""
        if structured or len(cells) == n:
            placed: tuple[str, ...] | None = fill(cells, n)
        else:
            placed = (*fill(cells, n - 1), around) if around else _aligned(cells, columns)
        if placed is not None and not placed[0] and not structured and number in run.wrapped:
            placed = (run.wrapped[number][-1], *placed[1:])  # the first cell is the line above
        if placed is None:
            table.unread += 1
        elif not is_total(placed):
            sure = 1.0 if structured else 0.6 if around else 0.8 if len(cells) < n or run.breaks else 0.95
            table.rows.append(Row(line.page, line.start, line.end, placed, sure if named else 0.9 * sure))
    return table if table.rows else None


def _around(run: _Run, number: int, n: int) -> str:
    """Return the text of the last cell of a row without one: the lines above and below it, which are no other row's."""
    above, below = run.wrapped.get(number, []), run.wrapped.get(number + 1, [])
    if number + 1 < len(run.cells) and len(run.cells[number + 1]) < n and len(below) > 1:
        below = below[: len(below) // 2]
    if number > 0 and len(run.cells[number - 1]) < n and len(above) > 1:
        above = above[-(len(above) // 2) :]
    return " ".join([*above, *below])


def _labels(run: _Run, n: int) -> bool:
    """Return whether a run is a form, "label: value" with a tab between them."""
    return n == 2 and sum(cells[0].rstrip().endswith((":", "：")) for cells in run.cells) >= 0.8 * len(run.cells)


def _aligned(cells: Sequence[str], columns: Sequence[Sequence[str]]) -> tuple[str, ...] | None:
    """Return the cells of a short row in their columns, where their kinds allow only one way; else None."""
    if len(cells) > len(columns):
        return None
    plain = Writing()
    kinds = [typed(cell, plain).kind for cell in cells]
    allowed = [{typed(text, plain).kind for text in column} for column in columns]
    found: list[list[int]] = []

    def place(index: int, start: int, taken: list[int]) -> None:
        if len(found) > 1:
            return
        if index == len(cells):
            found.append(taken)
            return
        for column in range(start, len(columns) - (len(cells) - index) + 1):
            if kinds[index] in allowed[column]:
                place(index + 1, column + 1, [*taken, column])

    place(0, 0, [])
    if len(found) != 1 or found[0][0] != 0:  # without its first cell it is the rest of the row above
        return None
    placed = [""] * len(columns)
    for column, cell in zip(found[0], cells, strict=True):
        placed[column] = cell.strip()
    return tuple(placed)


def _goes_on(before: Table, table: Table, run: _Run) -> bool:
    """Return whether `table` continues the one before it on the next page, under the same heads or none."""
    if len(before.columns) != len(table.columns) or not run.at_top:
        return False
    if not 0 <= table.rows[0].page - before.rows[-1].page <= 1 or table.rows[0].page == before.rows[-1].page:
        return False
    return not table.named or table.columns == before.columns
