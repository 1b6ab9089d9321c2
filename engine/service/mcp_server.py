"""The MCP server: the library's documents as tools and resources, over stdin and stdout.

The worker is started with the server. The first tool that needs it makes it the library's writer; after IDLE_SECONDS
without one it is ended: a client that stays open all day must not keep the window from writing the library.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mcp_types as types
import msgspec
from mcp.server import Server, ServerRequestContext
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError

from engine.library.database import library_path
from engine.protocol import wire
from engine.service import records
from engine.service.citations import answer_text, summary_text
from engine.service.operations import Operations
from engine.service.records import plain
from engine.service.refusal import Refusal
from engine.service.worker_process import WorkerProcess

IDLE_SECONDS = 120.0
MOST_JOBS = 20
SCHEME = "readthrough://documents/"
_PLACE = re.compile(re.escape(SCHEME) + r"(\d{1,18})(?:/pages/(\d{1,18}))?")
INSTRUCTIONS = (
    "Documents that were read on this machine. `documents` lists them; `ask` answers from one, with pages and quoted "
    "sentences. Cite the pages. An answer with found=false is no answer: say so."
)
Context = ServerRequestContext[Any, Any]
Progress = Callable[[wire.PrefillAdvanced], Awaitable[None]]


class DocumentsRequest(records.Request, frozen=True, kw_only=True):
    """List the documents of the library."""


@dataclass(frozen=True)
class ToolSpec:
    """A tool: the types of its arguments and of its result, and whether it only reads."""

    request: type[records.Request]
    reply: type[msgspec.Struct]
    text: str
    only_reads: bool = True


TOOLS = {
    "documents": ToolSpec(DocumentsRequest, records.DocumentList, "List the documents that were read."),
    "read": ToolSpec(
        records.ReadRequest,
        records.Reading,
        "Read a file of this machine, or what is new in it, so that questions can be asked of it.",
        only_reads=False,
    ),
    "ask": ToolSpec(
        records.AskRequest,
        records.Answer,
        "Answer a question from a document or a collection, with the pages and sentences that support the answer.",
    ),
    "summary": ToolSpec(records.SummaryRequest, records.Summary, "Summarise a document; every line has its pages."),
    "digest": ToolSpec(records.DigestRequest, records.Summary, "Quote a document's key sentences, with their pages."),
    "table": ToolSpec(
        records.TableRequest,
        records.Table,
        "List a document's tables, and its dates, amounts and names, with their pages.",
    ),
    "pages": ToolSpec(records.PagesRequest, records.PageList, "Return the text of pages, at most a hundred at a time."),
}


def run_mcp(worker: Sequence[str], library: Path | None, version: str) -> int:
    """Serve one client on stdin and stdout until it closes them; return the exit status."""
    file = library_path(library)
    operations = Operations(WorkerProcess(worker, MOST_JOBS, IDLE_SECONDS), file)
    asyncio.run(_run(operations, version))
    return 0


async def _run(operations: Operations, version: str) -> None:
    server = mcp_server(operations, version)
    warming = asyncio.create_task(_warm(operations.worker))
    try:
        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())
    finally:
        await warming
        await operations.worker.stop()


async def _warm(worker: WorkerProcess) -> None:
    with suppress(Refusal):  # the first tool that needs the worker says it
        await worker.warm()


def mcp_server(operations: Operations, version: str) -> Server[Any]:
    """Return the server of `operations`."""
    handlers = Handlers(operations)
    return Server(
        "readthrough",
        version=version,
        title="Readthrough",
        instructions=INSTRUCTIONS,
        on_list_tools=handlers.list_tools,
        on_call_tool=handlers.call_tool,
        on_list_resources=handlers.list_resources,
        on_list_resource_templates=handlers.list_templates,
        on_read_resource=handlers.read_resource,
    )


class Handlers:
    """The requests of one client."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    async def list_tools(self, context: Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(
            tools=[
                types.Tool(
                    name=name,
                    description=spec.text,
                    input_schema=_schema(spec.request, without=("stream",)),
                    output_schema=_schema(spec.reply),
                    annotations=types.ToolAnnotations(read_only_hint=spec.only_reads, open_world_hint=False),
                )
                for name, spec in TOOLS.items()
            ]
        )

    async def call_tool(self, context: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        spec = TOOLS.get(params.name)
        if spec is None:
            raise MCPError(types.INVALID_PARAMS, f"there is no tool {params.name}")

        async def progress(event: wire.PrefillAdvanced) -> None:
            total = None if event.total_tokens is None else float(event.total_tokens)
            await context.session.report_progress(float(event.tokens), total, f"page {event.page}")

        try:
            request = msgspec.convert(params.arguments or {}, spec.request)
            text, record = await self._carried_out(request, progress)
        except msgspec.ValidationError as error:
            return _failed(f"the arguments are not valid: {error}")
        except Refusal as refusal:
            return _failed(str(refusal))
        return types.CallToolResult(
            content=[types.TextContent(type="text", text=text)], structured_content=plain(record)
        )

    async def list_resources(
        self, context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        try:
            documents = await self._operations.documents()
        except Refusal as refusal:
            raise MCPError(types.INTERNAL_ERROR, str(refusal)) from refusal
        return types.ListResourcesResult(
            resources=[
                types.Resource(
                    name=document.title,
                    uri=f"{SCHEME}{document.number}",
                    description=f"{document.pages_read} pages read of {document.path}",
                    mime_type="text/plain",
                )
                for document in documents
            ]
        )

    async def list_templates(
        self, context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        return types.ListResourceTemplatesResult(
            resource_templates=[
                types.ResourceTemplate(
                    name="page",
                    uri_template=SCHEME + "{document}/pages/{page}",
                    description="One page of a document.",
                    mime_type="text/plain",
                )
            ]
        )

    async def read_resource(
        self, context: Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        found = _PLACE.fullmatch(str(params.uri))
        if found is None:
            raise MCPError(types.INVALID_PARAMS, f"there is no resource {params.uri}")
        page = int(found[2]) if found[2] else None
        request = records.PagesRequest(document=int(found[1]), first=page or 1, last=page)
        try:
            pages = await self._operations.pages(request)
        except Refusal as refusal:
            raise MCPError(types.INVALID_PARAMS, str(refusal)) from refusal
        contents = types.TextResourceContents(uri=str(params.uri), mime_type="text/plain", text=_pages_text(pages))
        return types.ReadResourceResult(contents=[contents])

    async def _carried_out(self, request: records.Request, progress: Progress) -> tuple[str, msgspec.Struct]:
        """Return the result of a tool, as text and as a record. Raises Refusal."""
        operations = self._operations
        match request:
            case DocumentsRequest():
                documents = await operations.documents()
                lines = [f"{d.number}: {d.title} ({d.pages_read} pages, {d.state})" for d in documents]
                return "\n".join(lines) or "The library is empty.", records.DocumentList(documents=documents)
            case records.ReadRequest():
                reading: records.Reading = await _last(operations.read(request), progress)
                return f"Document {reading.document.number}: {reading.coverage}", reading
            case records.AskRequest():
                answer: records.Answer = await _last(operations.ask(request), progress)
                return answer_text(answer), answer
            case records.SummaryRequest():
                summary: records.Summary = await _last(operations.summary(request), progress)
                return summary_text(summary), summary
            case records.DigestRequest():
                digest: records.Summary = await _last(operations.digest(request), progress)
                return summary_text(digest), digest
            case records.TableRequest():
                table = await operations.table(request.document)
                rows = [f"{row.kind}: {row.text} (pages {', '.join(map(str, row.pages))})" for row in table.rows]
                for one in table.tables:
                    rows += ["", f"Table: {one.caption or one.form}", " | ".join(one.columns)]
                    rows += [f"{' | '.join(row.cells)} (page {row.page})" for row in one.rows]
                return "\n".join(rows) or "No tables, dates, amounts or names were found.", table
            case records.PagesRequest():
                pages = await operations.pages(request)
                return _pages_text(pages), pages
            case _:
                raise AssertionError(f"no tool takes {type(request).__name__}")


async def _last(events: AsyncGenerator[Any, None], progress: Progress) -> Any:
    """Return the record at the end of an operation; report what is read meanwhile."""
    last: Any = None
    async with aclosing(events):
        async for last in events:
            if isinstance(last, wire.PrefillAdvanced):
                await progress(last)
    return last


def _pages_text(pages: records.PageList) -> str:
    parts = []
    for page in pages.pages:
        problem = f"[{page.problem}]\n" if page.problem else ""
        parts.append(f"--- page {page.number} ---\n{problem}{page.text}")
    return "\n".join(parts)


def _schema(kind: type[msgspec.Struct], without: Sequence[str] = ()) -> dict[str, Any]:
    """Return the JSON schema of a record, an object at its root."""
    _, components = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    root = dict(components.pop(kind.__name__))
    root["properties"] = {name: schema for name, schema in root["properties"].items() if name not in without}
    return {**root, "$defs": components} if components else root


def _failed(sentence: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=sentence)], is_error=True)
