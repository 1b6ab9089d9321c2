"""The service's worker: started when it is needed, shared, restarted after its death, ended when nobody needs it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from engine.library.library import Library
from engine.protocol import wire
from engine.service.operations import Operations
from engine.service.refusal import Refusal
from engine.service.worker_process import WorkerProcess
from tests.engine.service.conftest import worker_command

ECHO = """
import sys, json
print(json.dumps({"type": "WorkerStarted", "protocol_version": VERSION, "app_version": "x", "pid": 1}), flush=True)
for line in sys.stdin:
    command = json.loads(line)
    def say(kind, **fields): print(json.dumps({"type": kind, "job_id": command["job_id"], **fields}), flush=True)
    if command["type"] == "Shutdown":
        break
    if command["type"] == "Cancel":
        say("JobCancelled")
    if command["type"] == "Ask":
        say("JobStarted", command="Ask")
        if command["question"] == "die":
            sys.exit(3)
        if command["question"] != "wait":
            say("JobFinished")
"""
"""A worker that answers at once, without a model."""


@pytest.fixture
def echo(tmp_path: Path) -> list[str]:
    import sys

    script = tmp_path / "echo.py"
    script.write_text(ECHO.replace("VERSION", str(wire.PROTOCOL_VERSION)))
    return [sys.executable, str(script)]


def running(command: list[str], work: Callable[[WorkerProcess], Awaitable[Any]], **options: Any) -> Any:
    """Return the result of `work` on a worker, which is stopped then."""

    async def main() -> Any:
        worker = WorkerProcess(command, **options)
        try:
            async with asyncio.timeout(60):
                return await work(worker)
        finally:
            await worker.stop()

    return asyncio.run(main())


async def events(worker: WorkerProcess, question: str) -> list[str]:
    return [type(event).__name__ async for event in worker.events(wire.Ask(path="f", question=question))]


def test_a_job_after_the_workers_death_starts_another(echo: list[str]) -> None:
    async def work(worker: WorkerProcess) -> None:
        assert worker.pid == 0
        assert await events(worker, "a") == ["JobStarted", "JobFinished"]
        first = worker.pid
        assert await events(worker, "die") == ["JobStarted", "JobFailed"]
        assert await events(worker, "b") == ["JobStarted", "JobFinished"]
        assert worker.pid not in (0, first) and worker.jobs == 0
        for _ in range(2):
            await events(worker, "die")
        with pytest.raises(Refusal, match="several times"):
            await events(worker, "c")

    running(echo, work)


def test_the_same_question_is_one_job_that_its_last_asker_cancels(echo: list[str]) -> None:
    async def work(worker: WorkerProcess) -> None:
        asks = [worker.events(wire.Ask(path="f", question="wait")) for _ in range(3)]
        assert {type(await anext(ask)).__name__ for ask in asks} == {"JobStarted"}
        assert worker.jobs == 1
        for ask in asks[:2]:
            await ask.aclose()
        assert worker.jobs == 1
        await asks[2].aclose()
        while worker.jobs:
            await asyncio.sleep(0.01)
        assert await events(worker, "a") == ["JobStarted", "JobFinished"]

    running(echo, work)


def test_further_jobs_than_allowed_are_refused(echo: list[str]) -> None:
    async def work(worker: WorkerProcess) -> None:
        async with aclosing(worker.events(wire.Ask(path="f", question="wait"))) as waiting:
            await anext(waiting)
            with pytest.raises(Refusal) as refused:
                await events(worker, "b")
            assert refused.value.status == 429 and refused.value.retry_after

    running(echo, work, most_jobs=1)


def test_an_idle_worker_is_ended(echo: list[str]) -> None:
    async def work(worker: WorkerProcess) -> None:
        await events(worker, "a")
        while worker.pid:
            await asyncio.sleep(0.01)
        assert await events(worker, "b") == ["JobStarted", "JobFinished"]
        while worker.pid:
            await asyncio.sleep(0.01)
        await worker.warm()
        assert worker.pid
        while worker.pid:
            await asyncio.sleep(0.01)

    running(echo, work, idle_seconds=0.02)


def test_a_command_that_is_no_worker_is_refused(tmp_path: Path) -> None:
    async def work(worker: WorkerProcess) -> None:
        with pytest.raises(Refusal) as refused:
            await events(worker, "a")
        assert refused.value.status == 503 and worker.jobs == 0

    running([str(tmp_path / "nothing")], work)
    running(["true"] if os.name == "posix" else ["cmd", "/c", "exit"], work)


def test_a_killed_worker_fails_its_job_and_the_library_stays_whole(
    marked_folder: Path, tmp_path: Path, file: Path
) -> None:
    library = tmp_path / "library.db"

    async def work(worker: WorkerProcess) -> None:
        operations = Operations(worker, library)
        await operations.hold_library()
        other = Operations(WorkerProcess(worker_command(marked_folder, library)), library)
        with pytest.raises(Refusal, match="Another Readthrough") as refused:
            await other.hold_library()
        assert refused.value.status == 409
        await other.worker.stop()
        os.kill(worker.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        with pytest.raises(Refusal) as died:
            await events_of(worker, file)
        assert died.value.status == 503

    async def events_of(worker: WorkerProcess, path: Path) -> None:
        from engine.service.records import ReadRequest

        async for _ in Operations(worker, library).read(ReadRequest(path=str(path))):
            pass

    running(worker_command(marked_folder, library), work)
    Library.open(library).close()
