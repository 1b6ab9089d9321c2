"""Records of a document in the library: made while it is read, or from its pages when they are first asked for."""

from __future__ import annotations

from collections.abc import Iterable

from engine.library.library import Library
from engine.library.records import Document, Page
from engine.library.typed_records import NewRecords, RecordCell, RecordMention, RecordRow, RecordTable
from engine.records.extract import Extraction, Mention, extract
from engine.records.tables import Table

VERSION = 2
"""Version of the rules of extraction: a library's records of another version are made again."""
LONGEST_QUOTE = 600


def ensure_records(library: Library, document: Document) -> bool:
    """Make the records of `document` unless the library has those of all its pages; return whether it has them now.

    A library that was opened for reading only is not written.
    """
    if library.typed_records.is_current(document.id, VERSION):
        return True
    if library.read_only:
        return False
    pages = library.pages.of(document.id)
    found = extract(document.path, ((page.number, page.text) for page in pages))
    library.typed_records.save(document.id, new_records(found, pages))
    return True


def new_records(found: Extraction, pages: Iterable[Page]) -> NewRecords:
    """Return what was extracted from `pages` as rows of the library."""
    texts = {page.number: page.text for page in pages}
    return NewRecords(
        VERSION,
        len(texts),
        found.unread_tables,
        [_table(table, texts) for table in found.tables],
        [_mention(mention) for mention in found.mentions],
    )


def _table(table: Table, texts: dict[int, str]) -> RecordTable:
    rows = []
    for row, cells in zip(table.rows, table.typed_rows(), strict=True):
        quoted = texts.get(row.page, "")[row.start : row.end][:LONGEST_QUOTE]
        stored = [RecordCell(cell.kind, cell.text, cell.value, cell.number, cell.unit) for cell in cells]
        rows.append(RecordRow(row.page, row.start, row.end, quoted, stored, row.confidence))
    return RecordTable(table.form, table.caption, table.columns, table.named, table.unread, rows)


def _mention(mention: Mention) -> RecordMention:
    return RecordMention(
        mention.kind,
        mention.page,
        mention.start,
        mention.end,
        " ".join(mention.text.split()),
        mention.value,
        mention.number,
        mention.unit,
        mention.confidence,
    )
