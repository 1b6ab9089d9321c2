"""The command `serve` and its token."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import KnownError
from engine.library.library import Library
from engine.service import token_file
from engine.service.uploads import safe_name

MAIN = Path(__file__).resolve().parents[3] / "main.py"


def test_a_token_is_made_once(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "token"
    token, is_new = token_file.token_in(file)
    assert is_new and len(token) >= 40
    assert token_file.token_in(file) == (token, False)
    if os.name == "posix":
        assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX permissions")
def test_a_token_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "token"
    token_file.token_in(file)
    file.chmod(0o644)
    with pytest.raises(KnownError, match="other users"):
        token_file.token_in(file)
    link = tmp_path / "link"
    link.symlink_to(file)
    with pytest.raises(KnownError, match="cannot be read"):
        token_file.token_in(link)
    file.chmod(0o600)
    file.write_text("short\n")
    with pytest.raises(KnownError, match="no token"):
        token_file.token_in(file)


def test_names_of_uploaded_files_are_harmless() -> None:
    names = ("../../etc/passwd", "C:\\x\\report.pdf", ".bashrc", "", "nul.txt", "a\0b?.pdf", "ж" * 300 + ".pdf")
    found = [safe_name(name) for name in names]
    assert found[:6] == ["passwd", "report.pdf", "bashrc", "document", "_nul.txt", "a_b_.pdf"]
    assert found[6].endswith(".pdf") and len(found[6].encode()) < 255


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
def test_the_service_starts_answers_and_ends(marked_folder: Path, tmp_path: Path) -> None:
    library = tmp_path / "library.db"
    command = [
        sys.executable,
        str(MAIN),
        "serve",
        "--port",
        "0",
        "--model",
        str(marked_folder),
        "--library",
        str(library),
    ]
    tokens = []
    for start in range(2):
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        with process.stderr:
            lines = [process.stderr.readline() for _ in range(3 - start)]
            token = (tmp_path / "service-token").read_text().strip()
            tokens.append(token)
            assert (f"token: {token}\n" in lines) is (start == 0)
            port = re.search(r"http://127\.0\.0\.1:(\d+)", lines[-1])
            assert port is not None, lines
            connection = http.client.HTTPConnection("127.0.0.1", int(port[1]), timeout=30)
            connection.request("GET", "/documents", headers={"Authorization": f"Bearer {token}"})
            assert connection.getresponse().status == 200
            connection.close()
            with pytest.raises(KnownError, match="Another Readthrough"):
                Library.open(library)
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0
        Library.open(library).close()
    assert tokens[0] == tokens[1]
    with Library.open(library):
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and "error: another Readthrough" in done.stderr
