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
    gap: int = 0
    """Lines between the run before, on the same page, and this one; 0 where a blank line parts them."""
    breaks: int = 0
    """Places where lines of wrapped cells were left out."""


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
    above = ""
    page, seen, gap = 0, 0, 0
    for line in lines:
        if line.page != page:
            page, seen, gap = line.page, 0, 0
            if run is not None:
                yield run
            run, above = None, ""
        cells = _cells(line.text)
        if cells is not None and len(cells) <= _MOST_COLUMNS:
            if run is None:
                run = _Run(above, above=above, at_top=seen <= 2, gap=gap)
                gap = 0
            if _RULE.fullmatch(line.text):
                run.ruled = run.ruled or len(run.lines) == 1
            else:
                run.lines.append(line)
                run.cells.append(cells)
        elif line.text.strip():
            gap = 1 if run is not None else gap + 1 if gap else 0
            above = "" if is_contents(line.text) else line.text.strip()[:_LONGEST_CAPTION]
            if run is not None:
                above = _caption_below(run, above)
                yield run
            run = None
        else:
            if run is not None:
                yield run
            run, above, gap = None, "", 0
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
    before: _Run | None = None
    for run in runs:
        if before is not None and _is_rest(before, run):
            before.lines += run.lines
            before.cells += run.cells
            before.breaks += 1
            before.caption = run.caption if _NUMBERED.match(run.caption) else before.caption
            continue
        if before is not None:
            yield before
        before = run
    if before is not None:
        yield before


def _is_rest(before: _Run, run: _Run) -> bool:
    """Return whether `run` is the rest of the table before it on the same page, behind lines of a wrapped cell."""
    if (
        before.lines[0].page != run.lines[0].page
        or not 0 < run.gap <= _MOST_REST
        or len(before.lines) + len(run.lines) < 3
    ):
        return False
    if len(run.above) > _LONGEST_REST or run.above.endswith((".", ":")) or _NUMBERED.match(run.above):
        return False
    widest = [max(map(len, part.cells)) for part in (before, run)]
    return widest[0] == widest[1] and not head_of(run.cells, structured=False)


def _cells(text: str) -> list[str] | None:
    """Return the cells of a line; None for a line that has only one, or that is of a table of contents."""
    if "\t" in text and text.strip():
        if is_contents(text) or re.fullmatch(r"\s*\d+(?:\.\d+)+\.?\s+[^\t]*\t\s*\d{1,4}\s*", text):
            return None
        return text.split("\t")
    if _PIPED.match(text) and text.count("|") >= 3:
        return [cell.strip() for cell in text.strip().strip("|").split("|")]
    return None


def _table(run: _Run, *, structured: bool) -> Table | None:
    """Return the table of a run; None where it is none, or cannot be read."""
    counts = Counter(map(len, run.cells))
    n = max(counts) if structured else max(counts, key=lambda count: (counts[count], count))
    whole = [cells for cells in run.cells if len(cells) == n]
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
    for line, cells in list(zip(run.lines, run.cells, strict=True))[named:]:
        placed = fill(cells, n) if structured or len(cells) == n else _aligned(cells, columns)
        if placed is None:
            table.unread += 1
        elif not is_total(placed):
            sure = 1.0 if structured else 0.8 if len(cells) < n or run.breaks else 0.95
            table.rows.append(Row(line.page, line.start, line.end, placed, sure if named else 0.9 * sure))
    return table if table.rows else None


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
