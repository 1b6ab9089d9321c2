"""What the service can do, apart from HTTP and MCP: requests in, the worker's events and the reply's record out.

An operation that runs in the worker is an asynchronous generator. It yields the worker's events, and as its last item
the record of the reply. Closing it cancels the job. All raise Refusal.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TypeVar

from engine.errors import KnownError
from engine.protocol import wire
from engine.protocol.commands import Ask, AskCollection, Command, Read, RemoveDocument, Summarize
from engine.protocol.events import Event
from engine.service import refusal
from engine.service.citations import pages_of
from engine.service.library_view import LibraryView
from engine.service.records import (
    Answer,
    AskRequest,
    Collection,
    DigestRequest,
    Document,
    DocumentDetail,
    DocumentName,
    EvidenceRequest,
    Line,
    Lookup,
    PageList,
    PagesRequest,
    Reading,
    ReadRequest,
    Removed,
    Summary,
    SummaryRequest,
    Table,
    TurnEvidence,
    citations_of,
)
from engine.service.refusal import Refusal
from engine.service.worker_process import WorkerProcess
from engine.wording import sentences

T = TypeVar("T")
Running = AsyncGenerator[Event | T, None]
"""The events of a job, and at last the record of its reply."""


class Operations:
    """The operations on one worker and one library."""

    def __init__(self, worker: WorkerProcess, library_file: Path | None) -> None:
        self.worker = worker
        self._library = LibraryView(library_file)

    async def hold_library(self) -> None:
        """Let the worker open the library as its one writer. Raises Refusal when another program is."""
        async for _ in self._job(wire.ListDocuments()):
            pass

    async def prepare(self) -> None:
        """Let the worker load its models, so that the first question need not wait. Raises Refusal."""
        async for _ in self._job(wire.Prepare()):
            pass

    async def documents(self) -> list[Document]:
        """Return the documents of the library, the last used first."""
        return await _in_thread(self._library.documents)

    async def document(self, name: DocumentName) -> DocumentDetail:
        """Return a document with its saved states."""
        return await _in_thread(lambda: self._library.detail(name))

    async def find(self, name: DocumentName) -> Document:
        """Return the document of this name."""
        return await _in_thread(lambda: self._library.find(name))

    async def pages(self, request: PagesRequest) -> PageList:
        """Return the text of pages."""
        return await _in_thread(lambda: self._library.pages(request.document, request.first, request.last))

    async def turn(self, number: int) -> TurnEvidence:
        """Return the evidence of an earlier answer."""
        return await _in_thread(lambda: self._library.turn(number))

    async def lookup(self, request: EvidenceRequest) -> Lookup:
        """Return the passages that support the sentences of a text."""
        return await _in_thread(lambda: self._library.lookup(request.document, request.text))

    async def latest_turn(self, document: int, questions: Sequence[str]) -> int | None:
        """Return the turn that ends the conversation with these questions; None where there was none."""
        return await _in_thread(lambda: self._library.latest_turn(document, list(questions)))

    async def remove(self, name: DocumentName) -> Removed:
        """Remove a document from the library; its file stays."""
        document = await self.find(name)
        async for _ in self._job(RemoveDocument(document_id=document.number)):
            pass
        return Removed(document.number)

    async def read(self, request: ReadRequest) -> Running[Reading]:
        """Read a file."""
        finished: wire.ReadingFinished | None = None
        async with aclosing(self._job(Read(path=request.path, password=request.password))) as events:
            async for event in events:
                if isinstance(event, wire.ReadingFinished):
                    finished = event
                yield event
        if finished is None or finished.document_id is None:
            raise Refusal(500, "the reading gave no result", "bug")
        yield Reading(
            document=await self.find(finished.document_id),
            coverage=f"{finished.outcome} {sentences.read_tokens(finished)}".strip(),
            tokens=finished.tokens,
            tokens_reused=finished.tokens_reused,
            pages_read=finished.pages_read,
            pages_without_text=finished.pages_without_text,
            problems=finished.problems,
            seconds=finished.seconds,
        )

    async def collections(self) -> list[Collection]:
        """Return the collections of the library."""
        return await _in_thread(self._library.collections)

    async def collection(self, name: str) -> Collection:
        """Return the collection of this name."""
        return await _in_thread(lambda: self._library.collection(name))

    async def ask(self, request: AskRequest) -> Running[Answer]:
        """Ask a document a question, of which what is new in its file is read first; or a collection."""
        command, number = await self._question(request)
        answered: wire.AnswerFinished | None = None
        async with aclosing(self._job(command)) as events:
            async for event in events:
                number = getattr(event, "document_id", None) or number  # the file may have another content by now
                if isinstance(event, wire.AnswerFinished):
                    answered = event
                yield event
        if answered is None:
            raise Refusal(500, "the question got no answer", "bug")
        evidence = answered.evidence
        yield Answer(
            document=number,
            question=request.question,
            text=answered.text,
            found=evidence.found,
            pages=pages_of(evidence),
            citations=citations_of(evidence, number),
            source=sentences.source(evidence),
            doubts=sentences.doubts(evidence),
            evidence=evidence,
            turn=answered.turn_id,
            seconds=answered.seconds_to_first_token,
        )

    async def _question(self, request: AskRequest) -> tuple[Command, int | None]:
        """Return the command for a question, and the number of its document; None for a collection."""
        if request.document is None and request.collection is not None:
            collection = await self.collection(request.collection)
            return AskCollection(collection=collection.name, question=request.question), None
        if request.document is None or request.collection is not None:
            raise Refusal(400, "name one document, or one collection", "document", "document")
        document = await self.find(request.document)
        command = Ask(
            path=document.path,
            question=request.question,
            page=request.page,
            parent=request.parent,
            reread=request.reread,
            seed=request.seed,
        )
        return command, document.number

    async def require(self, request: AskRequest) -> None:
        """Raise Refusal where the request names no document and no collection of the library."""
        await self._question(request)

    async def summary(self, request: SummaryRequest) -> Running[Summary]:
        """Summarise a document."""
        document = await self.find(request.document)
        command = Summarize(
            path=document.path,
            length=request.length,
            method=request.method,
            focus=request.focus,
            again=request.again,
        )
        number, made = document.number, None
        async with aclosing(self._job(command)) as events:
            async for event in events:
                number = getattr(event, "document_id", None) or number
                if isinstance(event, wire.SummaryFinished):
                    made = event
                yield event
        if made is None:
            raise Refusal(500, "there is no summary", "bug")
        lines, line_pages = made.text.splitlines(), made.basis.line_pages
        yield Summary(
            document=number,
            text=made.text,
            lines=[
                Line(text, list(line_pages[place]) if place < len(line_pages) else [])
                for place, text in enumerate(lines)
            ],
            length=made.length,
            method=made.basis.made_from,
            coverage=sentences.summary_basis(made.basis),
            basis=made.basis,
            saved=made.saved,
        )

    def digest(self, request: DigestRequest) -> Running[Summary]:
        """Quote the key sentences of a document."""
        return self.summary(
            SummaryRequest(document=request.document, length=request.length, method="selection", focus=request.focus)
        )

    async def table(self, name: DocumentName) -> Table:
        """Return the dates, amounts and names of a document; they are searched for when this is first asked."""
        document = await self.find(name)
        table = await _in_thread(lambda: self._library.table(document.number))
        if table is not None:
            return table
        command = Summarize(path=document.path, length="paragraph", ledger=True)
        number = document.number
        async with aclosing(self._job(command)) as events:
            async for event in events:
                number = getattr(event, "document_id", None) or number
                if isinstance(event, wire.LedgerFinished):
                    break  # which cancels the summary that would follow
        table = await _in_thread(lambda: self._library.table(number))
        if table is None:
            raise Refusal(409, "the file has changed while it was read; try again", "changed")
        return table

    async def _job(self, command: Command) -> AsyncGenerator[Event, None]:
        """Yield the events of a job. Raises Refusal where it does not end well."""
        async with aclosing(self.worker.events(command)) as events:
            async for event in events:
                yield event
                match event:
                    case wire.JobFailed():
                        raise refusal.of_failed(event)
                    case wire.JobCancelled():
                        raise Refusal(503, "the service is stopping; the part read so far is saved", "stopping")


async def _in_thread(work: Callable[[], T]) -> T:
    """Return the result of `work`, done in a thread. Raises Refusal for a KnownError."""
    try:
        return await asyncio.to_thread(work)
    except KnownError as error:
        raise refusal.of_known(error) from error
