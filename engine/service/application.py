"""The HTTP application: handlers of the endpoints, behind the gate."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from engine.errors import KnownError
from engine.service import refusal, uploads
from engine.service.chat import Chat
from engine.service.event_stream import EventStream, stream_of
from engine.service.gate import Gate, Rules, refused
from engine.service.openai_records import ChatRequest
from engine.service.openapi import description
from engine.service.operations import Operations
from engine.service.records import (
    AskRequest,
    CollectionList,
    DocumentList,
    EvidenceRequest,
    PagesRequest,
    ReadRequest,
    Removed,
    SummaryRequest,
    TableRequest,
)
from engine.service.refusal import Refusal
from engine.service.routes import ENDPOINTS

logger = logging.getLogger(__name__)
R = TypeVar("R")
MOST_FIELDS = 10


@dataclass(frozen=True)
class Settings:
    """Facts about the service that its handlers need."""

    version: str
    checkpoint: str
    """Name of the model that reads."""
    uploads: Path
    """Folder of uploaded files."""
    reads_paths: bool = True
    """Whether a request may name a file of this machine: only where no other machine can reach the service."""


def application(operations: Operations, settings: Settings, rules: Rules) -> ASGIApp:
    """Return the ASGI application. Its lifespan ends the worker."""
    handlers = Handlers(operations, settings)
    routes = []
    for endpoint in ENDPOINTS:
        path = endpoint.path.replace("{model}", "{model:path}")
        routes.append(Route(path, getattr(handlers, endpoint.name), methods=[endpoint.method]))

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        await operations.worker.stop()

    app = Starlette(
        routes=_one_route_a_path(routes),
        lifespan=lifespan,
        exception_handlers={
            Refusal: _on_refusal,
            HTTPException: _on_http_error,
            ClientDisconnect: _on_gone,
            Exception: _on_bug,
        },
    )
    app.router.redirect_slashes = False
    return Gate(app, rules)


class Handlers:
    """A handler for each endpoint, by its name."""

    def __init__(self, operations: Operations, settings: Settings) -> None:
        self._operations, self._settings = operations, settings
        self._chat = Chat(operations, settings.checkpoint)

    @cached_property
    def _description(self) -> bytes:
        return msgspec.json.encode(description(self._settings.version))

    async def description(self, request: Request) -> Response:
        return Response(self._description, media_type="application/json")

    async def models(self, request: Request) -> Response:
        return _json(await self._chat.models())

    async def model(self, request: Request) -> Response:
        return _json(await self._chat.model(request.path_params["model"]))

    async def chat(self, request: Request) -> Response:
        conversation = await self._chat.prepare(await _body(request, ChatRequest))
        if conversation.streams:
            self._operations.worker.require_room()
            return EventStream(conversation.pieces())
        return _json(await _unless_gone(request, conversation.whole()))

    async def documents(self, request: Request) -> Response:
        return _json(DocumentList(documents=await self._operations.documents()))

    async def collections(self, request: Request) -> Response:
        return _json(CollectionList(collections=await self._operations.collections()))

    async def document(self, request: Request) -> Response:
        return _json(await self._operations.document(request.path_params["document"]))

    async def remove(self, request: Request) -> Response:
        document = await self._operations.find(request.path_params["document"])
        removed: Removed = await self._operations.remove(document.number)
        await asyncio.to_thread(uploads.discard, self._settings.uploads, Path(document.path))
        return _json(removed)

    async def pages(self, request: Request) -> Response:
        first, last = (_whole(request, name) for name in ("first", "last"))
        wanted = PagesRequest(document=request.path_params["document"], first=first or 1, last=last)
        return _json(await self._operations.pages(wanted))

    async def read(self, request: Request) -> Response:
        if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
            wanted = await self._uploaded(request)
        else:
            wanted = await _body(request, ReadRequest)
            if not self._settings.reads_paths:
                raise Refusal(403, "other machines can reach this service: upload the file instead", "path", "path")
        return await self._running(request, self._operations.read(wanted), wanted.stream)

    async def ask(self, request: Request) -> Response:
        wanted = await _body(request, AskRequest)
        await self._operations.require(wanted)
        return await self._running(request, self._operations.ask(wanted), wanted.stream)

    async def summary(self, request: Request) -> Response:
        wanted = await _body(request, SummaryRequest)
        await self._operations.find(wanted.document)
        return await self._running(request, self._operations.summary(wanted), wanted.stream)

    async def table(self, request: Request) -> Response:
        wanted = await _body(request, TableRequest)
        return _json(await _unless_gone(request, self._operations.table(wanted.document)))

    async def lookup(self, request: Request) -> Response:
        return _json(await self._operations.lookup(await _body(request, EvidenceRequest)))

    async def turn(self, request: Request) -> Response:
        text = request.path_params["turn"]
        if not text.isdecimal() or not text.isascii() or not 1 <= int(text[:20]) < 2**63:
            raise Refusal(400, "a turn is a number from 1", "turn", "turn")
        return _json(await self._operations.turn(int(text)))

    async def _running(self, request: Request, events: AsyncGenerator[Any, None], stream: bool) -> Response:
        """Return the reply of an operation: its events as a stream, or its record."""
        if stream or "text/event-stream" in request.headers.get("accept", ""):
            self._operations.worker.require_room()
            return EventStream(stream_of(events))
        return _json(await _unless_gone(request, _last(events)))

    async def _uploaded(self, request: Request) -> ReadRequest:
        """Store an uploaded file and return the request to read it."""
        try:
            form = await request.form(max_files=1, max_fields=MOST_FIELDS)
        except HTTPException as error:
            raise Refusal(400, "the body is not a form with one file", "form") from error
        try:
            file, password = form.get("file"), form.get("password")
            if not isinstance(file, UploadFile) or isinstance(password, UploadFile):
                raise Refusal(400, "send the file as `file`", "file", "file")
            path = await asyncio.to_thread(uploads.keep, self._settings.uploads, file.filename or "", file.file)
            stream = form.get("stream") in ("true", "1")
        except KnownError as error:
            raise refusal.of_known(error) from error
        finally:
            await form.close()
        return ReadRequest(path=str(path), password=password or None, stream=stream)


async def _body(request: Request, kind: type[R]) -> R:
    """Return the JSON body as a record. Raises Refusal."""
    content = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if content != "application/json":
        raise Refusal(415, "send the body as application/json", "content_type")
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except msgspec.ValidationError as error:
        raise Refusal(400, str(error), "invalid") from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Refusal(400, "the body is not valid JSON", "json") from error


async def _last(events: AsyncGenerator[Any, None]) -> Any:
    last: Any = None
    async with aclosing(events):
        async for event in events:
            last = event
    return last


async def _unless_gone(request: Request, work: Awaitable[R]) -> R:
    """Return the result of `work`; cancel it when the client leaves. Raises ClientDisconnect then."""
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        working.cancel()
        leaving.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _whole(request: Request, name: str) -> int | None:
    """Return a number of the query; None where it is not given. Raises Refusal."""
    text = request.query_params.get(name)
    if text is None:
        return None
    if not text.isdecimal() or not text.isascii() or len(text) > 19 or not 1 <= int(text) < 2**63:
        raise Refusal(400, f"{name} is a page number from 1", "invalid", name)
    return int(text)


def _json(record: object) -> Response:
    return Response(msgspec.json.encode(record), media_type="application/json", headers={"Cache-Control": "no-store"})


def _one_route_a_path(routes: list[Route]) -> list[Route]:
    """Return `routes` with the methods of a path in one route, so that another method gets 405 with all of them."""
    by_path: dict[str, list[Route]] = {}
    for route in routes:
        by_path.setdefault(route.path, []).append(route)
    return [
        same[0] if len(same) == 1 else Route(path, _by_method(same), methods=[m for r in same for m in r.methods or ()])
        for path, same in by_path.items()
    ]


def _by_method(routes: list[Route]) -> Callable[[Request], Awaitable[Response]]:
    endpoints = {method: route.endpoint for route in routes for method in route.methods or ()}

    async def handle(request: Request) -> Response:
        response: Response = await endpoints[request.method](request)
        return response

    return handle


async def _on_refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return refused(error)


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    response = refused(Refusal(error.status_code, error.detail, "path" if error.status_code == 404 else "method"))
    response.headers.update(error.headers or {})
    return response


async def _on_gone(request: Request, error: Exception) -> Response:
    return Response(status_code=499)  # nobody is there to get it


async def _on_bug(request: Request, error: Exception) -> Response:
    logger.error("a request failed", exc_info=error)
    return refused(Refusal(500, "something is wrong in Readthrough itself; details are in its log", "bug"))
