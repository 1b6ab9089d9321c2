"""Log files: private, rotated, and never a reason to fail."""

from __future__ import annotations

import logging
import os
import stat

import pytest

from engine import logs
from engine.logs import configure_logging


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("READTHROUGH_LOGS", str(tmp_path / "logs"))
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield tmp_path / "logs"
    for handler in [handler for handler in root.handlers if handler not in before]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)


def test_messages_go_to_a_private_file(folder) -> None:
    logging.getLogger().handlers.clear()  # xdist cannot send a report with the lone surrogate that pytest's would keep
    path = configure_logging("worker")
    assert not path.exists()
    logging.getLogger("engine.x").info("read %s", "\ud800")
    assert "engine.x: read ?" in path.read_text()
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_debug_messages_need_debug(folder, capsys) -> None:
    path = configure_logging("window")
    logging.getLogger("engine.x").debug("hidden")
    logging.getLogger("other.library").info("hidden too")
    assert not path.exists()
    configure_logging("window", debug=True)
    logging.getLogger("engine.x").debug("shown")
    assert path.read_text().count("\n") == 1
    assert "shown" in capsys.readouterr().err


def test_file_is_rotated(folder, monkeypatch) -> None:
    monkeypatch.setattr(logs, "MAX_BYTES", 1000)
    path = configure_logging("worker")
    for _ in range(100):
        logging.getLogger("engine.x").info("x" * 50)
    assert len(list(folder.iterdir())) == 1 + logs.OLD_FILES
    assert path.stat().st_size <= 1000


def test_log_folder_that_cannot_be_made_is_no_error(folder, capsys) -> None:
    folder.write_text("a file")
    configure_logging("worker")
    logging.getLogger("engine.x").error("lost")
    assert capsys.readouterr().err == ""
