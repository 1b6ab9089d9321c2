"""Memory of the service's processes over many requests. The clients are in another process, this one."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.engine.service.conftest import PUMP, SIGNED

psutil = pytest.importorskip("psutil")
MAIN = Path(__file__).resolve().parents[3] / "main.py"
ALLOWED = 8 << 20
"""Bytes by which a process may grow over the 8,000 requests after the first 2,000."""


@pytest.fixture
def served(marked_folder: Path, tmp_path: Path) -> Iterator[tuple[Any, int, dict[str, str]]]:
    """The process of `readthrough serve`, its port, and the headers of a request."""
    command = [sys.executable, str(MAIN), "serve", "--port", "0", "--rate", "100000"]
    command += ["--model", str(marked_folder), "--library", str(tmp_path / "library.db")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        port = next(found for line in process.stderr if (found := re.search(r"http://127\.0\.0\.1:(\d+)", line)))
        token = (tmp_path / "service-token").read_text().strip()
        yield psutil.Process(process.pid), int(port[1]), {"Authorization": f"Bearer {token}"}
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


@pytest.mark.slow
def test_memory_is_flat_over_ten_thousand_requests(served: tuple[Any, int, dict[str, str]], tmp_path: Path) -> None:
    process, port, headers = served
    file = tmp_path / "harlow.txt"
    file.write_text(f"{PUMP}\n\n{SIGNED}\n")

    def request(method: str, path: str, body: Any = None, **own: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=110)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), own or headers)
            reply = connection.getresponse()
            reply.read()
            return reply.status
        finally:
            connection.close()

    def send(number: int) -> int:
        if number % 20 == 0:
            question = f"When was it replaced, {number % 50}?"
            return request("POST", "/ask", {"document": 1, "question": question})
        match number % 3:
            case 0:
                return request("GET", "/documents/1")
            case 1:
                return request("GET", "/documents/1/pages")
        return request("GET", "/documents", X="y")

    def resident() -> list[int]:
        return [one.memory_info().rss for one in (process, *process.children())]

    assert request("POST", "/documents", {"path": str(file)}) in (200, 201)
    statuses: Counter[int] = Counter()
    before: list[int] = []
    with ThreadPoolExecutor(8) as pool:
        for start in range(0, 10_000, 500):
            if start == 2_000:
                before = resident()
            statuses.update(pool.map(send, range(start, start + 500)))
    after = resident()
    print(f"resident MiB before {[b >> 20 for b in before]}, after {[a >> 20 for a in after]}; {statuses}")
    assert set(statuses) == {200, 401}
    assert all(b - a < ALLOWED for a, b in zip(before, after, strict=True))
