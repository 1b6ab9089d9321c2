"""Running the HTTP service: the token, the socket, the worker, and uvicorn until it is told to end."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from engine.errors import KnownError
from engine.library.database import library_path
from engine.service import token_file, uploads
from engine.service.application import Settings, application
from engine.service.gate import LOOPBACK_NAMES, MOST_UPLOAD, RATE, Rules
from engine.service.operations import Operations
from engine.service.refusal import Refusal
from engine.service.worker_process import MOST_JOBS, WorkerProcess

PORT = 8377
MOST_CONNECTIONS = 1_000
GRACE_SECONDS = 3
"""Requests in progress have so long to end when the service stops."""
TOKEN_NAME = "service-token"


@dataclass(frozen=True)
class Wishes:
    """Options of `readthrough serve`."""

    host: str = "127.0.0.1"
    port: int = PORT
    names: tuple[str, ...] = ()
    """Further names of this machine that a Host header may have."""
    token_file: Path | None = None
    with_token: bool = True
    rate: float = RATE
    waiting: int = MOST_JOBS
    upload: int = MOST_UPLOAD


def serve(
    worker: Sequence[str],
    library: Path | None,
    checkpoint: str,
    version: str,
    wishes: Wishes,
    tell: Callable[[str], None],
) -> int:
    """Serve until SIGINT or SIGTERM; return the exit status. `worker`: the worker's command line. `tell` shows a line
    to the user.

    Raises KnownError where the address is in use, the token cannot be kept, or another program writes the library.
    """
    is_local = wishes.host in LOOPBACK_NAMES
    if not wishes.with_token and not is_local:
        raise KnownError("a service that other machines can reach needs a token; leave --no-token out")
    file = library_path(library)
    token = None
    if wishes.with_token:
        place = wishes.token_file or file.with_name(TOKEN_NAME)
        token, is_new = token_file.token_in(place)
        tell(f"token: {token}\nIt is kept in {place} and not shown again." if is_new else f"The token is in {place}.")
    rules = Rules(token, wishes.host, wishes.names, wishes.rate, upload=wishes.upload)
    settings = Settings(version, checkpoint, uploads.folder_of(file), reads_paths=is_local)
    operations = Operations(WorkerProcess(worker, wishes.waiting), file)
    listening = listening_socket(wishes.host, wishes.port)
    try:
        with listening:
            asyncio.run(_run(operations, settings, rules, listening, tell))
    except KeyboardInterrupt:
        pass  # the service has ended in order by then
    return 0


async def _run(
    operations: Operations, settings: Settings, rules: Rules, listening: socket.socket, tell: Callable[[str], None]
) -> None:
    try:
        await operations.hold_library()
    except Refusal as refusal:
        raise KnownError(str(refusal), refusal.code) from refusal
    else:
        host, port = listening.getsockname()[:2]
        tell(f"Readthrough serves on http://{f'[{host}]' if ':' in host else host}:{port} until Ctrl-C.")
        if not rules.is_local:
            tell("Other machines can reach it, and what they send and get is not encrypted.")
        preparing = asyncio.create_task(_prepare(operations, tell))
        await server(application(operations, settings, rules)).serve(sockets=[listening])
        await preparing
    finally:
        await operations.worker.stop()


async def _prepare(operations: Operations, tell: Callable[[str], None]) -> None:
    try:
        await operations.prepare()
    except Refusal as refusal:  # the first question says it again
        tell(f"The model is not ready: {refusal}")


def server(app: object) -> uvicorn.Server:
    """Return a server for `app`, without access log: requests name documents."""
    config = uvicorn.Config(
        app,  # type: ignore[arg-type]
        http="h11",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return uvicorn.Server(config)


def listening_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens on `host`. Raises KnownError."""
    listening: socket.socket | None = None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(2048)
    except (OSError, UnicodeError, OverflowError) as error:
        if listening is not None:
            listening.close()
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            raise KnownError(f"port {port} is in use; choose another with --port", "port") from error
        raise KnownError(
            f"the service cannot listen on {host}:{port} ({error}); choose another --host or --port", "port"
        ) from error
    return listening
