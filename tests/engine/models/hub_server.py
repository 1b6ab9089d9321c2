"""A local server that speaks the Hub's interface: the model's page, files behind a redirect, ranges; with faults."""

from __future__ import annotations

import hashlib
import json
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlparse

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class HubServer:
    """One repository at one commit. `faults` are taken one a transfer, from the front."""

    def __init__(self, repository: str, files: dict[str, bytes], card: dict[str, object] | None = None) -> None:
        self.repository, self.files = repository, files
        self.card = card if card is not None else {"license": "apache-2.0"}
        self.revision = COMMIT
        self.faults: list[Callable[[Handler, bytes], bytes | None]] = []
        self.always: Callable[[Handler, bytes], bytes | None] | None = None
        """A fault of every transfer once `faults` is empty."""
        self.stated = {name: _described(name, data) for name, data in files.items()}
        self.page_faults: list[int] = []
        """Statuses of the next answers about the model's page."""
        self.ranges: list[str] = []
        """Range headers of all transfers, "" for a whole file."""
        self.authorisations: list[str] = []
        self.transferred = 0
        self.endpoint = ""

    def fault_of(self, name: str) -> Callable[[Handler, bytes], bytes | None] | None:
        if not name.endswith(".safetensors"):
            return None
        return self.faults.pop(0) if self.faults else self.always


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: HubServer

    def log_message(self, *_: object) -> None: ...

    def do_GET(self) -> None:
        parts = [unquote(part) for part in urlparse(self.path).path.strip("/").split("/")]
        if parts[:2] == ["api", "models"]:
            self._page(parts[2:])
        elif len(parts) == 5 and parts[2] == "resolve":
            self._redirect(parts)
        elif parts[0] == "cdn":
            self._file(parts[1])
        else:
            self.reply(404, b"{}")

    def reply(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def cut(self) -> None:
        """Close the connection in the middle of a body."""
        self.wfile.flush()
        self.close_connection = True
        self.connection.shutdown(2)

    def _page(self, parts: list[str]) -> None:
        hub = self.hub
        if hub.page_faults:
            self.reply(hub.page_faults.pop(0), b"{}", {"Retry-After": "0"})
            return
        if "/".join(parts[:2]) != hub.repository or (len(parts) == 4 and parts[3] not in (hub.revision, "main")):
            what = "RepoNotFound" if "/".join(parts[:2]) != hub.repository else "RevisionNotFound"
            self.reply(404, b'{"error": "not found"}', {"X-Error-Code": what})
            return
        page = {"id": hub.repository, "sha": hub.revision, "siblings": list(hub.stated.values()), "cardData": hub.card}
        self.reply(200, json.dumps(page).encode(), {"Content-Type": "application/json"})

    def _redirect(self, parts: list[str]) -> None:
        hub = self.hub
        if "/".join(parts[:2]) != hub.repository or parts[3] != hub.revision or parts[4] not in hub.files:
            self.reply(404, b"{}", {"X-Error-Code": "EntryNotFound"})
            return
        hub.authorisations.append(self.headers.get("Authorization", ""))
        self.reply(302, b"", {"Location": f"/cdn/{parts[4]}"})

    def _file(self, name: str) -> None:
        hub = self.hub
        data = hub.files[name]
        wanted = self.headers.get("Range", "")
        hub.ranges.append(wanted)
        start = int(wanted.removeprefix("bytes=").split("-")[0]) if wanted else 0
        fault = hub.fault_of(name)
        body: bytes | None = data[start:]
        if fault is not None:
            body = fault(self, data[start:])
            if body is None:
                return
        assert body is not None
        headers = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if wanted else {}
        self.reply(206 if wanted else 200, body, headers)
        hub.transferred += len(body)


def cut_after(share: float) -> Callable[[Handler, bytes], None]:
    """Return a fault: the body ends early, after `share` of what was asked for."""

    def fault(handler: Handler, rest: bytes) -> None:
        wanted = handler.headers.get("Range", "")
        handler.send_response(206 if wanted else 200)
        if wanted:
            whole = len(rest) + int(wanted.removeprefix("bytes=").split("-")[0])
            handler.send_header("Content-Range", f"bytes {whole - len(rest)}-{whole - 1}/{whole}")
        handler.send_header("Content-Length", str(len(rest)))
        handler.end_headers()
        part = rest[: int(share * len(rest))]
        handler.wfile.write(part)
        handler.hub.transferred += len(part)
        handler.cut()

    return fault


def status(code: int, headers: dict[str, str] | None = None) -> Callable[[Handler, bytes], None]:
    """Return a fault: another status, without a body."""
    return lambda handler, _rest: handler.reply(code, b"", headers)


def without_ranges(handler: Handler, rest: bytes) -> None:
    """Answer a range with the whole file, as servers do that know no ranges."""
    name = urlparse(handler.path).path.rpartition("/")[2]
    handler.reply(200, handler.hub.files[name])


def other_bytes(_handler: Handler, rest: bytes) -> bytes:
    """Send as many other bytes."""
    return bytes(byte ^ 1 for byte in rest)


def random_cuts(seed: int, count: int) -> list[Callable[[Handler, bytes], None]]:
    """Return `count` cuts at random places."""
    draw = random.Random(seed)
    return [cut_after(draw.uniform(0.01, 0.4)) for _ in range(count)]


@contextmanager
def serve(hub: HubServer) -> Iterator[HubServer]:
    """Serve a repository on a free port of this computer; `endpoint` is its address."""
    handler = type("BoundHandler", (Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    hub.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _described(name: str, data: bytes) -> dict[str, object]:
    blob = hashlib.sha1(f"blob {len(data)}\0".encode() + data).hexdigest()
    row: dict[str, object] = {"rfilename": name, "size": len(data), "blobId": blob}
    if name.endswith((".safetensors", ".bin")):
        row["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}
    return row
