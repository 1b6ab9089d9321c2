"""The library as the service reads it: read-only, beside the worker that writes it. Light."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import KnownError
from engine.library import records as rows
from engine.library.database import LibraryError
from engine.library.library import Library
from engine.service.records import (
    MOST_PAGES,
    Citation,
    Document,
    DocumentDetail,
    DocumentName,
    Lookup,
    Page,
    PageList,
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
        """Return the entities of a document; None before they were extracted."""
        with self._opened() as library:
            found = library.entities.of(document)
        if found is None:
            return None
        entries = [TableRow(e.kind, e.text, e.value, e.count, e.pages) for e in found.entries]
        return Table(document=document, rows=entries, left_out=found.left_out, pages_searched=found.pages)

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
            citations=citations_of(evidence),
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
            citation = Citation(passage.page, passage.text, passage.start, passage.end) if passage else None
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
