"""Hostile clients of the HTTP service: no token, other hosts and origins, bodies that are endless, deep, slow or false,
paths that lead out, floods of connections.

The server outlives every request, lets nobody in without its token, and reads nothing outside of what it may.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from engine.bench.attack.place import Case, Place
from engine.bench.attack.process import MEMORY_BYTES

MAIN = Path(__file__).parents[3] / "main.py"
SECRET = "zyxandrian"
START_SECONDS = 60.0
REPLY_SECONDS = 40.0
_ADDRESS = re.compile(rb"http://127\.0\.0\.1:(\d+)")
_BUG = (b"Traceback (most recent call last)", b"Internal Server Error")
_MB = 1 << 20


class Server:
    """A running `readthrough serve` with one document in its library."""

    def __init__(self, place: Place) -> None:
        self.folder = place.new_folder()
        (self.folder / "secret.txt").write_text(SECRET)
        library = self.folder / "library.db"
        ended = place.run("read", str(place.document), "--library", str(library), seconds=120)
        if ended.status:
            raise RuntimeError(f"the document could not be read: {ended.err}")
        self._log = (self.folder / "stderr").open("wb")
        given = ["serve", "--port", "0", "--library", str(library), "--model", str(place.model), "--device", "cpu"]
        self.process = subprocess.Popen(
            [sys.executable, str(MAIN), *given, "--precision", "fp32"],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        self.port = self._port()
        self.token = (self.folder / "service-token").read_text().strip()
        self._base = self.memory()

    def _port(self) -> int:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            if found := _ADDRESS.search(self.said()):
                return int(found[1])
            time.sleep(0.1)
        raise RuntimeError(f"the service did not start: {self.said()!r}")

    def said(self) -> bytes:
        """Return its output so far."""
        return (self.folder / "stderr").read_bytes()

    def memory(self) -> int:
        """Return the bytes that it holds, without its worker."""
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def send(self, *pieces: bytes, pause: float = 0.0, seconds: float = REPLY_SECONDS) -> bytes:
        """Send bytes; return all that comes back until the connection ends or `seconds` have passed."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as link:
            with contextlib.suppress(OSError):
                for piece in pieces:
                    link.sendall(piece)
                    time.sleep(pause)
            return _received(link, seconds)

    def request(self, method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
        """Send a request with the token; return the reply."""
        return self.send(self.head(method, path, len(body), **headers), body)

    def head(self, method: str, path: str, length: int | None = 0, **headers: str) -> bytes:
        """Return the head of a request with the token, Host and length, unless `headers` say otherwise."""
        given = {"Host": f"127.0.0.1:{self.port}", "Authorization": f"Bearer {self.token}", "Connection": "close"}
        if length is not None:
            given["Content-Length"] = str(length)
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items() if value)]
        return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogatepass")

    def faults(self) -> list[str]:
        """Return what is wrong with it now: it must answer, hold its memory and have told of no bug."""
        found = []
        if self.process.poll() is not None:
            return [f"the service ended with status {self.process.returncode}: {self.said()[-300:]!r}"]
        if not self.request("GET", "/documents").startswith(b"HTTP/1.1 200"):
            found.append("it does not answer a sound request any more")
        if self.memory() > self._base + MEMORY_BYTES:
            found.append(f"it holds {self.memory() >> 20:,} MB")
        if any(sign in self.said() for sign in _BUG):
            found.append("it tells of a bug")
        return found

    def stop(self) -> list[str]:
        """End it with SIGTERM; return what is wrong with its end."""
        children = psutil.Process(self.process.pid).children(recursive=True) if self.process.poll() is None else []
        self.process.terminate()
        try:
            status = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return ["it did not end within 20 s"]
        finally:
            self._log.close()
        _, alive = psutil.wait_procs(children, 10)
        for process in alive:
            process.kill()
        faults = [f"{len(alive)} processes were left behind"] if alive else []
        return faults + ([f"it ended with status {status}"] if status not in (0, -15, 143) else [])


def _received(link: socket.socket, seconds: float) -> bytes:
    end = time.monotonic() + seconds
    found = bytearray()
    with contextlib.suppress(OSError):
        while time.monotonic() < end:
            link.settimeout(max(0.1, end - time.monotonic()))
            piece = link.recv(1 << 16)
            if not piece:
                break
            found += piece
    return bytes(found)


@dataclass(frozen=True)
class Try:
    """A hostile request: sends it, and which statuses refuse it rightly."""

    send: Callable[[Server], bytes]
    statuses: tuple[int, ...]


def _get(path: str, **headers: str) -> Callable[[Server], bytes]:
    return lambda server: server.request("GET", path, b"", **headers)


def _post(path: str, body: bytes | Callable[[Server], bytes], **headers: str) -> Callable[[Server], bytes]:
    kind = {"Content_Type": "application/json", **headers}
    return lambda server: server.request("POST", path, body if isinstance(body, bytes) else body(server), **kind)


def _chunks(server: Server) -> bytes:
    """Send chunks without end."""
    head = server.head("POST", "/ask", None, Transfer_Encoding="chunked", Content_Type="application/json")
    return server.send(head, *(b"10000\r\n" + b" " * 65_536 + b"\r\n" for _ in range(2_000)))


def _slowly(server: Server) -> bytes:
    """Send a body of which one byte comes."""
    return server.send(server.head("POST", "/ask", 100, Content_Type="application/json"), b"{", seconds=50)


def _leaving(server: Server) -> bytes:
    """Leave in the middle of answers."""
    for _ in range(20):
        body = json.dumps({"document": 1, "question": "Which gauge was read on day 2?", "stream": True}).encode()
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as link:
            link.sendall(server.head("POST", "/ask", len(body), Content_Type="application/json") + body)
            link.recv(10)
    return b"HTTP/1.1 200"


def _idle(server: Server) -> bytes:
    """Hold 400 connections open that send nothing, and ask meanwhile."""
    links = [socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(400)]
    try:
        return server.request("GET", "/documents")
    finally:
        for link in links:
            link.close()


def _form(name: str, content: bytes = b"The pump was repaired.") -> Callable[[Server], bytes]:
    body = (
        f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode(
            "utf-8", "surrogatepass"
        )
        + content
        + b"\r\n--b--\r\n"
    )
    return _post("/documents", body, Content_Type="multipart/form-data; boundary=b")


def _ask(**fields: Any) -> bytes:
    return json.dumps({"document": "1", "question": "Which gauge was read on day 2?", **fields}).encode()


REFUSED, WELL = (400, 404, 405, 413, 415, 422), (200, 400, 404, 409, 422)
TRIES: dict[str, Try] = {
    "no token": Try(_get("/documents", Authorization=""), (401,)),
    "another token": Try(_get("/documents", Authorization="Bearer " + "x" * 43), (401,)),
    "an empty token": Try(_get("/documents", Authorization="Bearer "), (401,)),
    "a token of another scheme": Try(_get("/documents", Authorization="Basic eDp5"), (401,)),
    "a token of 60 KB": Try(_get("/documents", Authorization="Bearer " + "x" * 60_000), (401, 400, 431)),
    "a token that is not ASCII": Try(_get("/documents", Authorization="Bearer ünï"), (401, 400)),
    "a host of another name": Try(_get("/documents", Host="evil.example.org"), (421,)),
    "a host that begins like ours": Try(_get("/documents", Host="127.0.0.1.evil.example.org"), (421,)),
    "no host": Try(lambda server: server.send(b"GET /documents HTTP/1.0\r\n\r\n"), (421, 400, 401)),
    "two hosts": Try(
        lambda server: server.send(
            server.head("GET", "/documents")[:-2] + b"Host: evil.example.org\r\n\r\n",
        ),
        (421, 400),
    ),
    "an origin": Try(_get("/documents", Origin="http://evil.example.org"), (403,)),
    "the origin null": Try(_get("/documents", Origin="null"), (403,)),
    "our own origin": Try(_get("/documents", Origin="http://127.0.0.1"), (403,)),
    "a preflight": Try(
        lambda server: server.request("OPTIONS", "/ask", Origin="http://x.org", Access_Control_Request_Method="POST"),
        (403, 405),
    ),
    "a path that leads out": Try(_get("/documents/../../secret.txt"), (404, 400)),
    "an encoded path that leads out": Try(_get("/documents/%2e%2e%2f%2e%2e%2fsecret.txt"), (404, 400)),
    "a path with NUL": Try(_get("/documents/%00"), (404, 400)),
    "a path that is not UTF-8": Try(_get("/documents/%ff%fe"), (404, 400)),
    "a path of 60 KB": Try(_get("/documents/" + "x" * 60_000), (404, 400, 414, 431)),
    "a document of 20 digits": Try(_get("/documents/99999999999999999999"), (404, 400)),
    "a document of 5,000 digits": Try(_get("/documents/" + "9" * 5_000), (404, 400)),
    "a document of other digits": Try(_get("/documents/%C2%B2"), (404, 400)),
    "pages of 2^63": Try(_get(f"/documents/1/pages?first={2**63}"), REFUSED),
    "pages of letters": Try(_get("/documents/1/pages?first=x&last=%00"), REFUSED),
    "pages backwards": Try(_get("/documents/1/pages?first=9&last=-1"), REFUSED),
    "a turn of 5,000 digits": Try(_get("/evidence/" + "9" * 5_000), (404, 400)),
    "a model that leads out": Try(_get("/v1/models/../../../secret.txt"), (404, 400)),
    "a method that is none": Try(lambda server: server.request("PWN", "/documents"), (405, 400)),
    "TRACE": Try(lambda server: server.request("TRACE", "/documents"), (405, 400)),
    "not HTTP": Try(lambda server: server.send(b"\x16\x03\x01\x02\x00rubbish\r\n\r\n"), (400,)),
    "headers without end": Try(lambda server: server.send(b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200_000), (400, 431)),
    "a header of line ends": Try(_get("/documents", X="a\r\nAuthorization: Bearer x"), (200, 400, 401)),
    "a length of minus one": Try(_get("/documents", Content_Length="-1"), (400, 413)),
    "a length of 30 digits": Try(_get("/documents", Content_Length="9" * 30), (400, 413)),
    "two lengths": Try(
        lambda server: server.send(server.head("POST", "/ask")[:-2] + b"Content-Length: 5\r\n\r\n{}"), (400, 413)
    ),
    "a length and chunks": Try(
        lambda server: server.send(server.head("POST", "/ask", 4, Transfer_Encoding="chunked") + b"0\r\n\r\n"),
        (400, 413, 422),
    ),
    "a body beyond the limit": Try(_post("/ask", b" " * (5 * _MB)), (413,)),
    "chunks without end": Try(_chunks, (413,)),
    "a body that does not come": Try(_slowly, (408,)),
    "a body that is not JSON": Try(_post("/ask", b"{"), REFUSED),
    "a body that is not UTF-8": Try(_post("/ask", b'{"question":"\xff"}'), REFUSED),
    "a body of deep JSON": Try(_post("/ask", b"[" * 500_000), REFUSED),
    "a deep field": Try(_post("/ask", b'{"document":"1","question":' + b"[" * 500_000), REFUSED),
    "half a surrogate pair": Try(_post("/ask", rb'{"document":"1","question":"\ud800"}'), REFUSED),
    "a question of a million characters": Try(_post("/ask", _ask(question="x" * 1_000_000)), (413, *WELL)),
    "a blank question": Try(_post("/ask", _ask(question=" \n")), REFUSED),
    "a document of a list": Try(_post("/ask", _ask(document=[1])), REFUSED),
    "a seed of 2^64": Try(_post("/ask", _ask(seed=2**64)), REFUSED),
    "a page of minus one": Try(_post("/ask", _ask(page=-1)), REFUSED),
    "an unknown field": Try(_post("/ask", _ask(path="/etc/passwd")), WELL),
    "escape codes as question": Try(_post("/ask", _ask(question="\x1b]0;PWNED\x07 who?")), WELL),
    "a read of a folder": Try(_post("/documents", b'{"path":"/"}'), REFUSED),
    "a read of a device": Try(_post("/documents", b'{"path":"/dev/zero"}'), REFUSED),
    "a read of nothing": Try(_post("/documents", rb'{"path":"/no\u0000ne"}'), REFUSED),
    "a read of an unknown home": Try(_post("/documents", b'{"path":"~nosuchuser/x"}'), REFUSED),
    "a read of a relative path": Try(_post("/documents", b'{"path":"secret.txt"}'), (*REFUSED, 200)),
    "an upload whose name leads out": Try(_form("../../../evil.txt"), (200,)),
    "an upload whose name is escape codes": Try(_form("\x1b]0;PWNED\x07.txt"), (200, *REFUSED)),
    "an upload without a name": Try(_form(""), (200, *REFUSED)),
    "an upload of nothing": Try(_form("a.txt", b""), REFUSED),
    "an upload of rubbish": Try(_form("a.pdf", os.urandom(10_000)), REFUSED),
    "an upload that does not end": Try(
        _post(
            "/documents",
            b"--b\r\nContent-Disposition: form-data; name=",
            Content_Type="multipart/form-data; boundary=b",
        ),
        REFUSED,
    ),
    "an upload without a boundary": Try(_post("/documents", b"x", Content_Type="multipart/form-data"), REFUSED),
    "20,000 fields": Try(
        _post(
            "/documents",
            b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\ny\r\n' * 20_000 + b"--b--\r\n",
            Content_Type="multipart/form-data; boundary=b",
        ),
        REFUSED,
    ),
    "a chat without messages": Try(_post("/v1/chat/completions", b'{"model":"1","messages":[]}'), REFUSED),
    "a chat of 50,000 messages": Try(
        _post(
            "/v1/chat/completions",
            json.dumps({"model": "1", "messages": [{"role": "user", "content": "x"}] * 20_000}).encode(),
        ),
        (*WELL, 413),
    ),
    "a chat of another role": Try(
        _post("/v1/chat/completions", b'{"model":"1","messages":[{"role":"\\u001b","content":7}]}'), REFUSED
    ),
    "clients that leave": Try(_leaving, (200,)),
    "400 connections that say nothing": Try(_idle, (200,)),
}


def cases(place: Place, chance: random.Random, share: float) -> Iterator[Case]:
    """Yield requests to one server, which must be sound after each, and its end."""
    started: list[Server] = []

    def server() -> Server:
        if started and started[-1].process.poll() is not None:
            started.pop().stop()
        if not started:
            started.append(Server(place))
        return started[-1]

    tries = list(TRIES) if share >= 1 else chance.sample(list(TRIES), max(12, int(len(TRIES) * share)))
    for name in tries:
        yield Case("service", name, lambda name=name: _try(server(), TRIES[name]))  # type: ignore[misc]
    yield Case("service", "its end", lambda: server().stop() + _uploads_outside(place))


def _try(server: Server, wanted: Try) -> list[str]:
    started = time.monotonic()
    reply = wanted.send(server)
    took = time.monotonic() - started
    status = int(reply[9:12]) if reply.startswith(b"HTTP/1.1 ") and reply[9:12].isdigit() else 0
    faults = [] if status in wanted.statuses else [f"status {status}: {reply[:300]!r}"]
    if SECRET.encode() in reply:
        faults.append("it shows the content of another file")
    if any(sign in reply for sign in _BUG):
        faults.append(f"it tells of a bug: {reply[-300:]!r}")
    if took > 60:
        faults.append(f"it took {took:.0f} s")
    return faults + server.faults()


def _uploads_outside(place: Place) -> list[str]:
    found = [*place.folder.rglob("*evil*"), *Path(tempfile.gettempdir()).glob("evil*")]
    return [f"an upload lies at {path}" for path in found if ".uploads" not in str(path)]
