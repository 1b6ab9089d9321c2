"""Nothing leaves the machine: with every socket forbidden the program reads, answers, summarises and exports, and its
window starts and reads.

The trap is an audit hook; extractors and the worker inherit it through the environment. Qt's sockets pass no audit
hook, so that the window's process is watched by strace as well, where there is one.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.library.database import LibraryError
from engine.library.library import Library
from tests.engine.documents.samples import write_pdf
from tests.engine.tiny import write_pages

ROOT = Path(__file__).resolve().parents[3]
TRAP = """
import os, sys
def forbid(event, arguments):
    if event in ("socket.__new__", "socket.connect", "socket.bind", "socket.getaddrinfo", "urllib.Request"):
        with open(os.environ["READTHROUGH_TRAP"], "a") as file:
            file.write(f"{event} {arguments}\\n")
        raise OSError("the network is forbidden here")
sys.addaudithook(forbid)
"""


@pytest.fixture
def run(tiny_folder, tmp_path):
    """Run `python CODE|main.py ARGUMENTS` with the trap set; return (status, output)."""
    trap = tmp_path / "trap"
    trap.mkdir()
    (trap / "sitecustomize.py").write_text(TRAP)
    said = tmp_path / "sockets.txt"

    def run(*arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, str(ROOT / "main.py"), *arguments, "--library", str(tmp_path / "library.db")]
            + ([] if arguments[0] == "library" else ["--model", str(tiny_folder), "--device", "cpu"]),
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
            env={**os.environ, "PYTHONPATH": f"{trap}{os.pathsep}{ROOT}", "READTHROUGH_TRAP": str(said)},
        )
        assert not said.exists(), said.read_text()
        return done.returncode, done.stdout + done.stderr

    return run


def test_the_trap_catches(tmp_path, run) -> None:
    with pytest.raises(AssertionError, match="socket"):
        (tmp_path / "trap" / "sitecustomize.py").write_text(
            TRAP + "import socket\ntry:\n    socket.socket()\nexcept OSError:\n    pass\n"
        )
        run("--version")


def test_no_socket_is_opened(tmp_path, run) -> None:
    log = write_pages(tmp_path / "log.txt", 1, words=20)
    page = tmp_path / "page.html"
    page.write_text("<img src='http://127.0.0.1:9/x'><p>The pump was repaired.</p>" * 20)
    pdf = write_pdf(tmp_path / "report.pdf", ["The pump was repaired by Anna Smith."] * 2)
    for arguments in (
        ["read", str(page), str(pdf)],
        ["ask", str(log), "Which gauge was read?"],
        ["summarize", str(log)],
        ["library", "export", "1"],
    ):
        status, output = run(*arguments)
        assert status == 0, output


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_the_window_opens_no_socket_to_a_network(tmp_path, tiny_folder) -> None:
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("needs strace")
    log, library, trace = write_pages(tmp_path / "log.txt", 1, words=20), tmp_path / "library.db", tmp_path / "trace"
    command = [strace, "-f", "-e", "trace=socket,connect", "-o", str(trace), sys.executable, str(ROOT / "main.py")]
    command += ["open", str(log), "--library", str(library), "--model", str(tiny_folder), "--device", "cpu"]
    settings = {"QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    window = subprocess.Popen(command, env={**os.environ, **settings}, start_new_session=True)
    try:
        end = time.monotonic() + 120
        while time.monotonic() < end and not _is_read(library):
            time.sleep(0.5)
    finally:
        os.killpg(window.pid, signal.SIGTERM)
        window.wait(30)
    assert _is_read(library)
    lines = trace.read_text().splitlines()
    assert lines
    assert not [line for line in lines if "AF_INET" in line or "AF_PACKET" in line]


def _is_read(library: Path) -> bool:
    try:
        with Library.open(library, read_only=True) as opened:
            return any(document.state == "done" for document in opened.documents.all())
    except LibraryError:
        return False
