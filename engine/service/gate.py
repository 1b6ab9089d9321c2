"""The gate before every request: host, origin, token, rate and size are checked before a handler sees it.

Pure ASGI, because it must count a body's bytes while they arrive. A refused request gets its reply and nothing else.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.service.refusal import Refusal

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
MOST_BODY = 1 << 20
"""Bytes of a request's body, but for an upload."""
MOST_UPLOAD = 1 << 30
"""Bytes of an uploaded file."""
RATE = 100.0
"""Requests a second, on average; twice as many may come at once, and at least 400."""
BODY_SECONDS = 30.0
"""A body may pause for so long."""
DRAINED, DRAIN_SECONDS = 32 << 20, 5.0
"""Bytes of a refused request's body that are taken before the reply, and the time for them."""
_MOST_DIGITS = 15


@dataclass(frozen=True)
class Rules:
    """What the gate lets through."""

    token: str | None
    """The secret that each request must carry; None lets every local process in."""
    host: str = "127.0.0.1"
    """The address that the service listens on."""
    names: Collection[str] = ()
    """Further names in the Host header that are accepted."""
    rate: float = RATE
    body: int = MOST_BODY
    upload: int = MOST_UPLOAD
    body_seconds: float = BODY_SECONDS

    @property
    def is_local(self) -> bool:
        """Return whether only this machine can reach the service."""
        return self.host in LOOPBACK_NAMES


@dataclass
class Bucket:
    """Requests that may come now: refilled at `rate` a second, up to `size`."""

    rate: float
    size: float
    left: float = field(init=False)
    seen: float = field(init=False)

    def __post_init__(self) -> None:
        self.left, self.seen = self.size, time.monotonic()

    def take(self) -> float:
        """Take one request out and return 0, or the seconds until there is one."""
        now = time.monotonic()
        self.left, self.seen = min(self.size, self.left + (now - self.seen) * self.rate), now
        if self.left < 1:
            return (1 - self.left) / self.rate
        self.left -= 1
        return 0.0


class Gate:
    """ASGI middleware that lets a request through where `rules` allow it."""

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self._app, self._rules = app, rules
        self._bucket = Bucket(rules.rate, max(2 * rules.rate, 400.0))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            self._check(headers)
            limit = self._limit_of(headers)
        except Refusal as refusal:
            await _drain(receive)
            await refused(refusal)(scope, receive, send)
            return
        await self._app(scope, _Body(receive, limit, self._rules.body_seconds), send)

    def _check(self, headers: dict[str, str]) -> None:
        """Raise Refusal where host, origin or token are wrong, or the rate is exceeded."""
        host = _host_of(headers.get("host", ""))
        if not self.knows_host(host):
            raise Refusal(421, "this host name is not one of the service's", "host")
        if "origin" in headers:
            raise Refusal(403, "requests from web pages are refused", "origin")
        wait = self._bucket.take()
        if wait:
            raise Refusal(429, "too many requests a second", "rate", retry_after=max(1, round(wait + 0.5)))
        if self._rules.token is not None:
            scheme, _, given = headers.get("authorization", "").partition(" ")
            known = hmac.compare_digest(given.strip().encode("latin-1", "replace"), self._rules.token.encode())
            if scheme.lower() != "bearer" or not known:
                raise Refusal(401, "send the service's token as Authorization: Bearer TOKEN", "token")

    def knows_host(self, host: str) -> bool:
        """Return whether `host` may be the name or address in a Host header."""
        if host in LOOPBACK_NAMES or host == self._rules.host or host in self._rules.names:
            return True
        if self._rules.is_local:
            return False
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return False
        return True  # a web page can give this machine a name of its own, but no address

    def _limit_of(self, headers: dict[str, str]) -> int:
        is_upload = headers.get("content-type", "").lower().startswith("multipart/form-data")
        limit = self._rules.upload if is_upload else self._rules.body
        length = headers.get("content-length", "0")
        if not length.isdecimal() or len(length) > _MOST_DIGITS or int(length) > limit:
            raise Refusal(413, f"a body may have {limit:,} bytes", "size")
        return limit


class _Body:
    """Receives a request's messages; raises Refusal where its body is too long or stops arriving."""

    def __init__(self, receive: Receive, limit: int, seconds: float) -> None:
        self._receive, self._left, self._seconds = receive, limit, seconds
        self._ended = False

    async def __call__(self) -> Message:
        if self._ended:
            return await self._receive()  # which waits until the client leaves
        try:
            async with asyncio.timeout(self._seconds):
                message = await self._receive()
        except TimeoutError as error:
            raise Refusal(408, "the body did not arrive", "timeout") from error
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            self._ended = not message.get("more_body", False)
            if self._left < 0:
                raise Refusal(413, "the body is too long", "size")
        return message


async def _drain(receive: Receive) -> None:
    """Take the body of a refused request, as far as it is short: a client that is still sending gets no reply."""
    taken = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS):
            while taken < DRAINED:
                message = await receive()
                taken += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return


def refused(refusal: Refusal) -> Response:
    """Return the reply that tells a client why its request was refused."""
    headers = {"Cache-Control": "no-store"}
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    if refusal.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if refusal.status in (408, 413):
        headers["Connection"] = "close"
    body = msgspec.json.encode(refusal.reply)
    return Response(body, refusal.status, headers, "application/json")


def _host_of(header: str) -> str:
    """Return the name or address in a Host header, without the port."""
    if header.startswith("["):
        return header[1:].partition("]")[0].lower()
    return header.partition(":")[0].lower().rstrip(".")
