"""The library as the service reads it: read-only, beside the worker that writes it. Light."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from engine.errors import KnownError
from engine.library import records as rows
from engine.library.database import LibraryError
from engine.library.library import Library
from engine.library.typed_records import RecordRow, RecordTable
from engine.records.extract import extract
from engine.records.store import VERSION, new_records
from engine.service.records import (
    MOST_PAGES,
    MOST_ROWS,
    Citation,
    Collection,
    Document,
    DocumentDetail,
    DocumentName,
    FoundTable,
    Lookup,
    Page,
    PageList,
    RecordLine,
    State,
    Support,
    Table,
    TableRow,
    TurnEvidence,
    citations_of,
)
from engine.wording import sentences


class LibraryView:
    """Rows of the library as records of the service. Every method opens the file, and raises KnownError."""

    def __init__(self, file: Path | None) -> None:
        self._file = file

    def documents(self) -> list[Document]:
        """Return all documents, the last used first; none where there is no library yet."""
        try:
            with self._opened() as library:
                return [document_record(row) for row in library.documents.all()]
        except LibraryError as error:
            if error.kind == "missing":
                return []
            raise

    def find(self, name: DocumentName) -> Document:
        """Return the one document with this number, path, file name or title."""
        with self._opened() as library:
            return document_record(_found(library, name))

    def detail(self, name: DocumentName) -> DocumentDetail:
        """Return a document with its saved states."""
        with self._opened() as library:
            row = _found(library, name)
            reading = library.readings.latest(row.id)
            retention = library.retention.of(row.id)
            return DocumentDetail(
                **{field: getattr(document_record(row), field) for field in Document.__struct_fields__},
                note=reading.note if reading else "",
                faded_to_page=retention.faded_to_page if retention else 0,
                saved_states=[_state_record(state) for state in library.snapshots.of(row.id)],
            )

    def pages(self, name: DocumentName, first: int = 1, last: int | None = None) -> PageList:
        """Return pages `first` to `last`, at most MOST_PAGES. Raises KnownError where the document has none of them."""
        last = min(first + MOST_PAGES - 1, 2**63 - 1 if last is None else last)
        with self._opened() as library:
            row = _found(library, name)
            pages = library.pages.of(row.id, first=first, last=last)
        if not pages:
            raise KnownError(f"no page from {first} to {last} was read; {row.pages_read} pages were", "no such page")
        return PageList(
            document=row.id,
            pages=[Page(page.number, page.label, page.text, page.problem) for page in pages],
            pages_read=row.pages_read,
        )

    def table(self, document: int) -> Table | None:
        """Return the tables and entities of a document; None before the entities were extracted."""
        with self._opened() as library:
            found = library.entities.of(document)
            if found is None:
                return None
            tables, unread = _tables(library, library.documents.get(document))
        left, kept = MOST_ROWS, []
        for table in tables:
            rows = [RecordLine(r.page, r.start, r.end, [c.text for c in r.cells]) for r in table.rows[:left]]
            left -= len(rows)
            if rows:
                kept.append(FoundTable(form=table.form, caption=table.caption, columns=list(table.columns), rows=rows))
        return Table(
            document=document,
            rows=[TableRow(e.kind, e.text, e.value, e.count, e.pages) for e in found.entries],
            left_out=found.left_out,
            pages_searched=found.pages,
            tables=kept,
            table_rows_left_out=sum(len(table.rows) for table in tables) - (MOST_ROWS - left),
            tables_unread=unread,
        )

    def collections(self) -> list[Collection]:
        """Return the collections by name; none where there is no library yet."""
        try:
            with self._opened() as library:
                return [
                    Collection(name=c.name, documents=c.documents, failed=c.failed, folders=list(c.folders))
                    for c in library.collections.all()
                ]
        except LibraryError as error:
            if error.kind == "missing":
                return []
            raise

    def collection(self, name: str) -> Collection:
        """Return one collection."""
        with self._opened() as library:
            found = library.collections.get(name)
        return Collection(name=found.name, documents=found.documents, failed=found.failed, folders=list(found.folders))

    def turn(self, number: int) -> TurnEvidence:
        """Return the evidence of an answer that was given before."""
        with self._opened() as library:
            turn = library.turns.get(number)
        evidence = turn.evidence
        return TurnEvidence(
            turn=turn.id,
            document=turn.document,
            question=turn.question,
            text=turn.answer,
            current=turn.current,
            citations=citations_of(evidence, turn.document),
            source=sentences.source(evidence) if evidence else "",
            doubts=sentences.doubts(evidence) if evidence else [],
            evidence=evidence,
        )

    def latest_turn(self, document: int, questions: list[str]) -> int | None:
        """Return the newest turn of a document whose conversation asked exactly `questions`; None without one."""
        if not questions:
            return None
        with self._opened() as library:
            turns = {turn.id: turn for turn in library.turns.of(document)}
        for turn in sorted(turns.values(), key=lambda turn: -turn.id):
            place: rows.Turn | None = turn
            for question in reversed(questions):
                if place is None or place.question.strip() != question.strip():
                    break
                place = turns.get(place.parent) if place.parent is not None else None
            else:
                if place is None:
                    return turn.id
        return None

    def lookup(self, name: DocumentName, text: str) -> Lookup:
        """Return the passages of a document that support the sentences of `text`, found by words."""
        from engine.grounding.attribution import line_sentences
        from engine.grounding.passages import supporting_passage
        from engine.grounding.support import unsupported

        with self._opened() as library:
            row = _found(library, name)
            pages = [(page.number, page.text) for page in library.pages.of(row.id) if page.text]
        found = []
        for sentence in (sentence for line in text.splitlines() for sentence in line_sentences(line)):
            if not sentence.strip():
                continue
            passage = supporting_passage("", sentence, pages)
            missing = unsupported(sentence, (page for _, page in pages))
            place = (passage.page, passage.text, passage.start, passage.end) if passage else None
            citation = Citation(row.id, *place) if place else None
            found.append(Support(sentence=sentence, citation=citation, not_found=missing))
        return Lookup(document=row.id, sentences=found, pages_searched=len(pages))

    @contextmanager
    def _opened(self) -> Iterator[Library]:
        try:
            library = Library.open(self._file, read_only=True)
        except LibraryError as error:
            if error.kind == "missing":
                raise LibraryError("missing", "the library is empty; read a document first") from error
            raise
        with library:
            yield library


def document_record(row: rows.Document) -> Document:
    """Return the record of a library row."""
    return Document(
        number=row.id,
        title=row.title,
        path=next((path for path in (row.path, *row.paths) if Path(path).exists()), row.path),
        kind=row.kind,
        size=row.size,
        pages=row.n_pages if row.n_pages is not None else row.pages_read,
        pages_read=row.pages_read,
        pages_with_problem=row.pages_with_problem,
        tokens=row.tokens_read,
        state=row.state or "none",
        model=row.model,
        sha256=row.sha256,
        added=row.added,
        states=row.n_snapshots,
        state_bytes=row.snapshot_bytes,
    )


def _tables(library: Library, document: rows.Document) -> tuple[list[RecordTable], int]:
    """Return the tables of a document with their rows, and the number of those not read in full. They are extracted
    from its pages where the library does not have them."""
    store = library.typed_records
    if store.is_current(document.id, VERSION):
        tables = store.tables([document.id])
        by_table: dict[int, list[RecordRow]] = {table.id: [] for table in tables}
        for row in store.rows(list(by_table)):
            by_table[row.table].append(row)
        return [replace(table, rows=by_table[table.id]) for table in tables], store.unread([document.id])
    pages = library.pages.of(document.id)
    made = new_records(extract(document.path, ((page.number, page.text) for page in pages)), pages)
    return list(made.tables), made.tables_unread


def _state_record(row: rows.Snapshot) -> State:
    return State(
        number=row.id,
        kind=row.kind,
        tokens=row.n_tokens,
        stored_in=row.dtype,
        exact=row.exact and row.dtype == "fp32",
        size=row.size,
        created=row.created,
    )


def _found(library: Library, name: DocumentName) -> rows.Document:
    found = [] if "\0" in str(name) else library.documents.find_all(str(name))
    found = [document for document in found if document.replaced is None] or found
    if not found:
        raise KnownError(f"the library has no document {name}", "missing")
    if len(found) > 1:
        numbers = ", ".join(str(document.id) for document in found)
        raise KnownError(f"several documents are called {name}: {numbers}; give the number of one", "ambiguous")
    return found[0]
