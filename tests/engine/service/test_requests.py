"""Requests over HTTP: who is let in, what is refused, what happens when many come or one leaves."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import socket
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.engine.service.conftest import PUMP, Service
from tests.engine.tiny import write_pages

ASK = {"document": 1, "question": "When was the pump replaced?"}


def request(service: Service, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    """Return status and JSON of one request with the token, or with `headers` instead."""
    connection = http.client.HTTPConnection(urlsplit(service.url).netloc, timeout=110)
    data = body if isinstance(body, (bytes, str)) or body is None else json.dumps(body)
    try:
        connection.request(method, path, data, headers or service.headers)
        reply = connection.getresponse()
        text = reply.read()
        return reply.status, json.loads(text) if text else None
    finally:
        connection.close()


def events(service: Service, path: str, body: Any) -> list[tuple[str, Any]]:
    """Return the names and records of the server-sent events that answer a request."""
    connection = http.client.HTTPConnection(urlsplit(service.url).netloc, timeout=60)
    connection.request("POST", path, json.dumps(body), service.headers)
    reply = connection.getresponse()
    assert reply.getheader("content-type", "").startswith("text/event-stream"), reply.read()
    found = []
    for block in reply.read().decode().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if lines:
            found.append((lines["event"], json.loads(lines["data"])))
    connection.close()
    return found


@pytest.mark.parametrize("path", ["/v1/models", "/documents", "/documents/1/pages", "/openapi.json", "/nothing"])
def test_nothing_is_answered_without_the_token(service: Service, path: str) -> None:
    for headers in (
        {"X": "y"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic " + service.headers["Authorization"].split()[1]},
        {"Authorization": "Bearer"},
    ):
        status, body = request(service, "GET", path, **headers)
        assert status == 401 and body["error"]["code"] == "token" and PUMP not in json.dumps(body)


def test_web_pages_and_other_host_names_are_refused(service: Service) -> None:
    for origin in ("http://evil.example", "null", service.url):
        status, _ = request(service, "GET", "/documents", **service.headers, Origin=origin)
        assert status == 403
        status, _ = request(service, "OPTIONS", "/ask", **service.headers, Origin=origin)
        assert status == 403
    status, _ = request(service, "GET", "/documents", **service.headers, Host="evil.example")
    assert status == 421
    port = service.url.rpartition(":")[2]
    assert request(service, "GET", "/documents", **service.headers, Host=f"localhost:{port}")[0] == 200


def test_bodies_that_are_no_request_are_refused(service: Service) -> None:
    for body, status in (
        ("{", 400),
        ('"text"', 400),
        ("[" * 100_000, 400),
        ({"document": 1}, 400),
        ({**ASK, "unknown": 1}, 400),
        ({**ASK, "question": "  "}, 400),
        ({**ASK, "question": "x" * 8_001}, 400),
        ({**ASK, "document": 99}, 404),
        ({**ASK, "document": "a\0b"}, 404),
        ({**ASK, "page": 99}, 404),
        ({**ASK, "parent": 9_999_999}, 422),
        (json.dumps({**ASK, "question": "\ud800?"}), 400),
        (b" " * (1 << 20) + b"{}", 413),
    ):
        found, reply = request(service, "POST", "/ask", body)
        assert found == status, (found, reply)
        assert status == 200 or reply["error"]["message"]
    assert request(service, "POST", "/ask", "{}", **service.headers, **{"Content-Type": "text/plain"})[0] == 415
    assert request(service, "PUT", "/ask", "{}")[0] == 405
    assert request(service, "GET", "/nothing")[0] == 404


def test_a_body_that_does_not_arrive_is_given_up() -> None:
    from engine.service.gate import Gate, Rules

    replies: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        from engine.service.refusal import Refusal

        with pytest.raises(Refusal, match="did not arrive"):
            await receive()
        replies.append("refused")

    async def receive() -> Any:
        await asyncio.sleep(60)

    async def send(message: Any) -> None:
        replies.append(message)

    scope = {"type": "http", "headers": [(b"host", b"localhost")]}
    asyncio.run(Gate(app, Rules(None, body_seconds=0.01))(scope, receive, send))
    assert replies == ["refused"]


def test_the_rate_is_limited_and_refills() -> None:
    from engine.service.gate import Bucket

    bucket = Bucket(rate=1_000.0, size=3.0)
    taken = [bucket.take() for _ in range(4)]
    assert taken[:3] == [0.0, 0.0, 0.0] and 0 <= taken[3] <= 0.001
    bucket.seen -= 1
    assert bucket.take() == 0.0


def test_only_addresses_and_given_names_reach_an_open_service() -> None:
    from engine.service.gate import Gate, Rules

    gate = Gate(None, Rules("token", "0.0.0.0", names=("reader.lan",)))  # type: ignore[arg-type]
    known = {host: gate.knows_host(host) for host in ("192.168.1.7", "reader.lan", "::1", "evil.example", "")}
    assert known == {"192.168.1.7": True, "reader.lan": True, "::1": True, "evil.example": False, "": False}


def test_pages_states_and_evidence_of_a_document(service: Service) -> None:
    status, detail = request(service, "GET", "/documents/1")
    assert status == 200 and detail["state"] == "done" and "end" in {state["kind"] for state in detail["saved_states"]}
    status, pages = request(service, "GET", "/documents/works.txt/pages?first=1&last=1")
    assert status == 200 and PUMP in pages["pages"][0]["text"] and len(pages["pages"]) == 1
    assert request(service, "GET", "/documents/1/pages?first=9")[0] == 404
    assert request(service, "GET", "/documents/1/pages?first=x")[0] == 400
    status, answer = request(service, "POST", "/ask", ASK)
    place = answer["citations"][0]
    assert status == 200 and pages["pages"][0]["text"][place["start"] : place["end"]] == place["text"]
    status, evidence = request(service, "GET", f"/evidence/{answer['turn']}")
    assert status == 200 and evidence["citations"] == answer["citations"]
    claims = {"document": 1, "text": f"{PUMP} The mayor was Mrs Quill."}
    status, lookup = request(service, "POST", "/evidence", claims)
    assert status == 200 and lookup["sentences"][0]["citation"]["page"] == 1
    assert lookup["sentences"][1]["citation"] is None and lookup["sentences"][1]["not_found"]
    assert request(service, "POST", "/ask", {"question": "What?"})[0] == 400
    assert request(service, "POST", "/ask", {**ASK, "collection": "works"})[0] == 400
    assert request(service, "POST", "/ask", {"question": "What?", "collection": "nothing"})[0] == 404
    status, table = request(service, "POST", "/table", {"document": 1})
    assert status == 200 and ["12 March 2024", [1]] in [[row["text"], row["pages"]] for row in table["rows"]]


def test_reading_a_file_sends_its_progress(service: Service, tmp_path: Path) -> None:
    file = write_pages(tmp_path / "long.txt", 3, 12)
    seen = events(service, "/documents", {"path": str(file), "stream": True})
    names = [name for name, _ in seen]
    assert "PrefillAdvanced" in names and names[-1] == "result"
    number = seen[-1][1]["document"]["number"]
    assert seen[-1][1]["pages_read"] == seen[-1][1]["document"]["pages_read"] > 0
    assert request(service, "DELETE", f"/documents/{number}") == (200, {"removed": number})
    assert request(service, "GET", f"/documents/{number}")[0] == 404
    assert file.exists()
    assert request(service, "POST", "/documents", {"path": str(tmp_path / "none.txt")})[0] == 404


def test_an_uploaded_file_is_kept_beside_the_library(service: Service) -> None:
    boundary = "part"
    text = "The lock at Bingley was repaired on 3 May 2021 by two fitters.\n" * 3
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="../../lock.txt"\r\n\r\n{text}\r\n',
        f"--{boundary}--\r\n",
    ]
    kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    status, reading = request(service, "POST", "/documents", "".join(parts), **service.headers, **kind)
    assert status == 200, reading
    path = Path(reading["document"]["path"])
    assert path.name == "lock.txt" and path.read_text() == text and path.parents[1].name == "uploads"
    if os.name == "posix":
        assert path.stat().st_mode & 0o077 == 0
    status, answer = request(
        service, "POST", "/ask", {"document": "lock.txt", "question": "When was the lock repaired?"}
    )
    assert status == 200 and "3 May 2021" in answer["text"]
    assert request(service, "DELETE", "/documents/lock.txt")[0] == 200
    assert not path.exists()
    assert request(service, "POST", "/documents", "".join(parts[1:]), **service.headers, **kind)[0] == 400


def test_two_hundred_requests_at_once_are_answered_or_refused(service: Service) -> None:
    def ask(number: int) -> int:
        question = f"When was the pump replaced, asked for the {number % 20}th time?"
        status, reply = request(service, "POST", "/ask", {"document": 1, "question": question})
        assert ("12 March 2024" in reply["text"]) if status == 200 else reply["error"]["code"] == "busy", reply
        return status

    with ThreadPoolExecutor(200) as pool:
        statuses = Counter(pool.map(ask, range(200)))
    assert set(statuses) <= {200, 429} and statuses.total() == 200 and statuses[200] >= 100
    assert request(service, "POST", "/ask", ASK)[0] == 200
    assert service.operations.worker.jobs == 0


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_client_that_leaves_cancels_its_job(service: Service, tmp_path: Path, stream: bool) -> None:
    file = write_pages(tmp_path / "endless.txt", 400)
    body = json.dumps({"path": str(file), "stream": stream}).encode()
    host, port = urlsplit(service.url).netloc.split(":")
    head = f"POST /documents HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in service.headers.items())
    with socket.create_connection((host, int(port)), 60) as client:
        client.sendall(head.encode() + b"\r\n" + body)
        until(lambda: any(doc["title"] == "endless" for doc in documents(service)))
    until(lambda: service.operations.worker.jobs == 0)
    (document,) = [each for each in documents(service) if each["title"] == "endless"]
    assert document["state"] == "stopped" and document["pages_read"] < 400
    request(service, "DELETE", f"/documents/{document['number']}")


def documents(service: Service) -> list[dict[str, Any]]:
    return list(request(service, "GET", "/documents")[1]["documents"])


def until(holds: Any) -> None:
    """Wait until `holds()`, at most a minute."""
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, "it did not happen within a minute"
        time.sleep(0.02)
