"""The worker as a process: no line ends it, and each job that a line names gets one terminal event."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from engine.protocol import wire
from engine.protocol.wire import Event

ROOT = Path(__file__).resolve().parents[3]


def answers(folder: Path, *lines: bytes) -> list[Event]:
    """Return the events of a worker that is given `lines`, and then the end of its input."""
    command = [sys.executable, "-m", "engine.cli.worker", "--library", str(folder / "library.db"), "--device", "cpu"]
    given = b"".join(line + b"\n" for line in lines)
    done = subprocess.run(command, input=given, capture_output=True, cwd=ROOT, timeout=60, check=True)
    return [wire.decode_event(line) for line in done.stdout.splitlines()]


def command(kind: str, job: str, **fields: object) -> bytes:
    return json.dumps({"type": kind, "job_id": job, **fields}).encode()


def test_no_line_ends_the_worker(tmp_path):
    bad = [
        b"hello",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"type": "Explode"}',
        b'{"type": "Read", "job_id": "\\ud800", "path": "x"}',
        command("Ask", "big", path="x", question="q", page=10**30),
        command("Ask", "seed", path="x", question="q", seed=2**64),
        command("Summarize", "word", path="x", method="magic"),
        command("RemoveDocument", "type", document_id="one"),
    ]
    events = answers(tmp_path, *bad, command("ListDocuments", "last"))
    assert isinstance(events[0], wire.WorkerStarted)
    assert sum(isinstance(event, wire.Notice) and event.kind == "bad_command" for event in events) == 6
    failed = [event for event in events if isinstance(event, wire.JobFailed)]
    assert [event.job_id for event in failed] == ["big", "seed", "word", "type"]
    assert {(event.kind, event.reason) for event in failed} == {("known", "bad command")}
    assert events[-1] == wire.JobFinished(job_id="last")


def test_paths_that_no_file_has_are_known_errors(tmp_path):
    paths = {"user": "~nosuchuser/x", "nul": "a\0b", "empty": "", "folder": str(tmp_path), "gone": str(tmp_path / "x")}
    events = answers(tmp_path, *(command("Read", job, path=path) for job, path in paths.items()))
    failed = {event.job_id: event.kind for event in events if isinstance(event, wire.JobFailed)}
    assert failed == dict.fromkeys(paths, "known")
