"""Hostile clients of the MCP server: lines that are no requests, deep and long ones, wild arguments, paths that
lead out.

The server answers the last request all the same, and ends with its input.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

from engine.bench.attack.place import Case, Place
from engine.bench.attack.signals import MAIN

_HELLO: dict[str, Any] = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}},
}
_LAST = 99


def _call(name: str, **arguments: Any) -> bytes:
    request = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
    return json.dumps(request).encode()


LINES: dict[str, list[bytes]] = {
    "lines that are no JSON": [b"{", b"rubbish", b"\xff\xfe", b"\0\0", b"[1,2]", b"null", b'"x"'],
    "deep JSON": [b"[" * 100_000, b'{"jsonrpc":"2.0","id":3,"method":"tools/list","params":' + b"[" * 100_000],
    "unknown methods and tools": [
        b'{"jsonrpc":"2.0","id":4,"method":"nosuch"}',
        _call("nosuch"),
        _call("\x1b]0;PWNED\x07"),
    ],
    "wild arguments": [
        _call("ask", document="1", question=" "),
        _call("ask", document=2**70, question="?"),
        _call("ask", document=[1], question={"a": "b"}),
        _call("pages", document="1", first=-1),
        _call("pages", document="1", first=2**70),
        _call("read", path="/dev/zero"),
        _call("read", path="~nosuchuser/x"),
        _call("read", path="/no\0ne"),
        _call("read", path="/"),
        _call("table", document="../../x"),
        _call("summary", document="x" * 100_000),
    ],
    "resources that lead out": [
        json.dumps({"jsonrpc": "2.0", "id": 5, "method": "resources/read", "params": {"uri": uri}}).encode()
        for uri in (
            "file:///etc/passwd",
            "readthrough://documents/../../x",
            "readthrough://documents/99999999999999999999",
            "readthrough://documents/1/pages/0",
            "\x1b]0;x",
        )
    ],
    "a line of 8 MB": [
        b'{"jsonrpc":"2.0","id":6,"method":"tools/list","params":{"x":"' + b"y" * (8 * (1 << 20)) + b'"}}'
    ],
    "2,000 requests": [b'{"jsonrpc":"2.0","id":7,"method":"tools/list"}'] * 2_000,
}


def cases(place: Place, chance: random.Random, share: float) -> Iterator[Case]:
    """Yield lines, each list of them to a server of its own."""
    for name, lines in LINES.items() if share >= 1 else chance.sample(list(LINES.items()), 2):
        yield Case("mcp", name, partial(use_mcp, place, lines))


def use_mcp(place: Place, lines: list[bytes]) -> list[str]:
    """Send lines to an MCP server, then ask for its tools: it answers, and ends with its input."""
    folder = place.new_folder()
    given = ["mcp", "--library", str(folder / "library.db"), "--model", str(place.model), "--device", "cpu"]
    last = json.dumps({"jsonrpc": "2.0", "id": _LAST, "method": "tools/list"}).encode()
    ready = b'{"jsonrpc":"2.0","method":"notifications/initialized"}'
    with (folder / "stderr").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, str(MAIN), *given], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
        )
    assert process.stdin is not None and process.stdout is not None
    rest = threading.Thread(target=process.stdout.read, daemon=True)
    try:
        said = _talk(process, b"\n".join([json.dumps(_HELLO).encode(), ready, *lines, last]) + b"\n")
        process.stdin.close()
        os.set_blocking(process.stdout.fileno(), True)
        rest.start()  # or it would wait for a reader
        status = process.wait(30)
    except subprocess.TimeoutExpired:
        return ["it did not end with its input"]
    finally:
        process.kill()
        process.wait()
        if rest.ident is not None:
            rest.join(10)
        process.stdout.close()
    told = (folder / "stderr").read_bytes()
    faults = [] if f'"id":{_LAST}'.encode() in said.replace(b": ", b":") else [f"it answered no more: {told[-300:]!r}"]
    if b"Traceback" in told + said or b"root:" in said:
        faults.append(f"it tells of a bug or a file: {told[-300:]!r}")
    return faults + ([f"exit status {status}"] if status else [])


def _talk(process: subprocess.Popen[bytes], data: bytes) -> bytes:
    """Write `data` and read meanwhile, until the last reply has come, nothing comes any more, or the time is over."""
    assert process.stdin is not None and process.stdout is not None
    wanted = f'"id":{_LAST}'.encode()
    said = bytearray()
    end = time.monotonic() + 60
    with selectors.DefaultSelector() as selector:
        for file, kind in ((process.stdin, selectors.EVENT_WRITE), (process.stdout, selectors.EVENT_READ)):
            os.set_blocking(file.fileno(), False)
            selector.register(file, kind)
        while time.monotonic() < end and wanted not in said[-4_000_000:].replace(b": ", b":"):
            for key, _ in selector.select(1):
                if key.fileobj is process.stdin:
                    with contextlib.suppress(BrokenPipeError):
                        data = data[os.write(process.stdin.fileno(), data[: 1 << 16]) :]
                    if not data:
                        selector.unregister(process.stdin)
                elif not (piece := os.read(process.stdout.fileno(), 1 << 16)):
                    return bytes(said)
                else:
                    said += piece
    return bytes(said)
