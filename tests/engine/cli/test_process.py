"""The command line as a process: signals, a full disk, output that goes away."""

from __future__ import annotations

import os
import resource
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.library.library import Library
from engine.protocol import wire
from tests.engine.cli.common import ROOT, is_one_error_line
from tests.engine.tiny import write_pages


def start(tiny_folder: Path, tmp_path: Path, *arguments: object, **options) -> subprocess.Popen:
    command = [sys.executable, str(ROOT / "main.py"), *map(str, arguments), "--model", str(tiny_folder)]
    command += ["--library", str(tmp_path / "library.db"), "--device", "cpu"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
def test_ctrl_c_saves_and_the_same_command_goes_on(tiny_folder, tmp_path):
    file = write_pages(tmp_path / "long.txt", 60)
    process = start(tiny_folder, tmp_path, "read", file, "--json")
    assert process.stdout is not None
    for line in process.stdout:
        if isinstance(wire.decode_event(line), wire.PrefillAdvanced):
            process.send_signal(signal.SIGINT)
            break
    sent = time.monotonic()
    rest, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert isinstance(wire.decode_event(rest.splitlines()[-1]), wire.JobCancelled)
    assert time.monotonic() - sent < 10
    again, _ = start(tiny_folder, tmp_path, "read", file, "--json").communicate(timeout=120)
    resumed = next(
        event
        for event in map(wire.decode_event, again.splitlines())
        if isinstance(event, wire.ReadingResumed | wire.ReadingFinished)
    )
    assert getattr(resumed, "tokens_reused", 0) or resumed.tokens > 0


@pytest.mark.skipif(os.name != "posix", reason="file size limits as POSIX has them")
def test_a_full_disk_is_one_line_and_nothing_is_half_written(tiny_folder, tmp_path):
    file = write_pages(tmp_path / "log.txt", 20)

    def limit() -> None:  # writing past the limit fails as on a full disk
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (120_000, 120_000))

    process = start(tiny_folder, tmp_path, "read", file, preexec_fn=limit)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 2, err
    assert is_one_error_line(err)
    done = start(tiny_folder, tmp_path, "read", file)
    out, err = done.communicate(timeout=120)
    assert done.returncode == 0, err
    assert "read in full" in out


def test_a_reader_that_goes_away_is_no_error(tiny_folder, tmp_path):
    with start(tiny_folder, tmp_path, "read", write_pages(tmp_path / "log.txt", 3), "--json") as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.wait(timeout=60) == 0
        assert "Traceback" not in process.stderr.read()


@pytest.mark.skipif(os.name != "posix", reason="descriptors as POSIX has them")
@pytest.mark.parametrize(("redirect", "status"), [(">/dev/full", 2), (">&-", 2), ("2>&-", 0), ("2>/dev/full", 0)])
def test_output_that_cannot_be_written_is_one_line_and_the_reading_is_saved(tiny_folder, tmp_path, redirect, status):
    file = write_pages(tmp_path / "log.txt", 2)
    arguments = [sys.executable, str(ROOT / "main.py"), "read", str(file), "--model", str(tiny_folder)]
    arguments += ["--library", str(tmp_path / "library.db"), "--device", "cpu"]
    line = f"{shlex.join(arguments)} {redirect}"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    if status:
        assert is_one_error_line(done.stderr) and "the output cannot be written" in done.stderr
    with Library.open(tmp_path / "library.db", read_only=True) as library:
        assert library.documents.all()[0].state == "done"
