"""A running service: the HTTP application in a thread, a tiny model in its worker, one document that was read before.

The checkpoint is marked as the demonstration model, to which every text is unfamiliar: answers are quotations with
their pages.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from engine.service.records import ReadRequest
from tests.engine.tiny import write_texts

pytest.importorskip("starlette", reason="needs the extra [serve]")
pytest.importorskip("uvicorn", reason="needs the extra [serve]")

TOKEN = "a-token-of-the-tests-and-of-nobody-else"
PUMP = "The pump at Harlow was replaced on 12 March 2024 because its bearing had failed."
SIGNED = "Mr Adams signed the protocol of the works meeting."


@dataclass
class Service:
    """A service that listens on `url`."""

    url: str
    operations: Any
    rules: Any
    loop: asyncio.AbstractEventLoop
    file: Path
    """A document of three pages that is in the library."""
    library: Path
    folder: Path
    """Checkpoint of the worker."""

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {TOKEN}"}

    def run(self, work: Any) -> Any:
        """Return the result of a coroutine, run in the service's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)


def worker_command(folder: Path, library: Path) -> list[str]:
    """Return the command line of a worker with the tiny model."""
    options = ["--model", str(folder), "--library", str(library), "--device", "cpu", "--precision", "fp32"]
    return [sys.executable, "-P", "-m", "engine.cli.worker", *options]


@pytest.fixture(scope="session")
def marked_folder(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny checkpoint, marked as the demonstration model."""
    folder = tmp_path_factory.mktemp("marked") / "tiny"
    shutil.copytree(tiny_folder, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "readthrough": {"demo": True}}))
    return folder


@pytest.fixture(scope="session")
def service(marked_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with one document in its library."""
    from engine.service.application import Settings, application
    from engine.service.gate import Rules
    from engine.service.operations import Operations
    from engine.service.server import listening_socket, server
    from engine.service.worker_process import WorkerProcess

    place = tmp_path_factory.mktemp("service")
    library = place / "library.db"
    file = write_texts(place / "works.txt", [PUMP, SIGNED, "The budget of the works was 48,200 euros."])
    operations = Operations(WorkerProcess(worker_command(marked_folder, library)), library)
    rules = Rules(TOKEN, rate=10_000)
    app = application(operations, Settings("test", "tiny", place / "uploads"), rules)
    listening = listening_socket("127.0.0.1", 0)
    running = server(app)
    ready = threading.Event()
    found: list[asyncio.AbstractEventLoop] = []

    async def main() -> None:
        found.append(asyncio.get_running_loop())
        async for _ in operations.read(ReadRequest(path=str(file))):
            pass
        ready.set()
        await running.serve(sockets=[listening])

    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    assert ready.wait(60), "the service did not start"
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    yield Service(url, operations, rules, found[0], file, library, marked_folder)
    running.should_exit = True
    thread.join(30)
    listening.close()
