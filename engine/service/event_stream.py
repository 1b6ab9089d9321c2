"""Server-sent events: the lines of a stream, and its reply. Light."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import anyio
import msgspec
from starlette.responses import StreamingResponse
from starlette.types import Send

from engine.protocol.events import Event
from engine.protocol.wire import TERMINAL, JobStarted
from engine.service.refusal import Refusal

logger = logging.getLogger(__name__)
QUIET_SECONDS = 10.0
"""After so long without an event a comment is sent, so that neither side takes the connection for dead."""
KEEP_ALIVE = b": waiting\n\n"


def sent(data: bytes | str, name: str = "") -> bytes:
    """Return one event. `data` is one line of JSON."""
    line = data.encode() if isinstance(data, str) else data
    return (f"event: {name}\n".encode() if name else b"") + b"data: " + line + b"\n\n"


async def stream_of(events: AsyncGenerator[Event | msgspec.Struct, None]) -> AsyncIterator[bytes]:
    """Yield the worker's events as they come, each under its name, then the reply's record as `result`; or `error`."""
    try:
        async with aclosing(events):
            async for event in events:
                if isinstance(event, (JobStarted, *TERMINAL)):
                    continue
                name = type(event).__name__ if isinstance(event, Event) else "result"
                yield sent(msgspec.json.encode(event), name)
    except Refusal as refusal:
        yield sent(msgspec.json.encode(refusal.reply), "error")
    except Exception:
        logger.exception("a stream failed")
        yield sent(msgspec.json.encode(Refusal(500, "something is wrong in Readthrough itself", "bug").reply), "error")


async def with_comments(lines: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Yield `lines`, and a comment whenever none has come for QUIET_SECONDS."""
    iterator = aiter(lines)
    following: asyncio.Task[bytes] | None = None
    try:
        while True:
            following = following or asyncio.ensure_future(_next(iterator))
            done, _ = await asyncio.wait({following}, timeout=QUIET_SECONDS)
            if not done:
                yield KEEP_ALIVE
                continue
            task, following = following, None
            try:
                yield task.result()
            except StopAsyncIteration:
                return
    finally:
        if following is not None:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
        if isinstance(iterator, AsyncGenerator):
            await iterator.aclose()


async def _next(iterator: AsyncIterator[bytes]) -> bytes:
    return await anext(iterator)


class EventStream(StreamingResponse):
    """The reply that sends a stream. When the client leaves, the stream is closed, and with it its job."""

    def __init__(self, lines: AsyncIterator[bytes]) -> None:
        self._lines = with_comments(lines)
        super().__init__(self._lines, media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    async def stream_response(self, send: Send) -> None:
        try:
            await super().stream_response(send)
        finally:
            with anyio.CancelScope(shield=True):
                await self._lines.aclose()
