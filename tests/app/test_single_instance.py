"""A second start of the program hands its files to the window that is open."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from PySide6.QtCore import QProcess, QProcessEnvironment

from app.window.single_instance import SingleInstance, server_name

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = (
    "import sys; from app.window.single_instance import hand_over; sys.exit(not hand_over(sys.argv[1], sys.argv[2:]))"
)


def second_start(library: Path, *files: str) -> QProcess:
    """Start a process that hands over files."""
    process = QProcess()
    environment = QProcessEnvironment.systemEnvironment()
    environment.insert("PYTHONPATH", str(ROOT))
    process.setProcessEnvironment(environment)
    process.start(sys.executable, ["-c", SCRIPT, str(library), *files])
    return process


def test_second_start_opens_its_files_in_the_first_window(start, pdf, tmp_path: Path):
    driver = start(settings={"on_open": "wait"})
    library = tmp_path / "library.db"
    instance = SingleInstance(str(library), driver.parts)
    instance.files_handed.connect(driver.parts.come_forward)
    driver.window.showMinimized()
    process = second_start(library, str(pdf))
    driver.until(lambda: driver.session is not None and driver.session.path == str(pdf))
    driver.until(lambda: process.state() == QProcess.ProcessState.NotRunning)
    assert process.exitCode() == 0 and not driver.window.isMinimized()
    instance.close()


def test_a_start_without_another_window_is_the_first(qtbot, tmp_path: Path):
    process = second_start(tmp_path / "library.db")
    qtbot.waitUntil(lambda: process.state() == QProcess.ProcessState.NotRunning, timeout=20_000)
    assert process.exitCode() == 1


def test_libraries_have_windows_of_their_own(tmp_path: Path):
    assert server_name(str(tmp_path / "a.db")) != server_name(str(tmp_path / "b.db"))
    assert server_name("") == server_name("") and os.sep not in server_name("")
