"""What a user can send with a report: the log, stalls in it, version and system."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QGuiApplication

from app.jobs.jobs import Job, trouble_of
from app.tasks.watchdog import Watchdog
from engine.protocol import wire


def test_about_copies_version_system_and_log(start, tmp_path: Path):
    log = tmp_path / "window.log"
    log.write_text("a line of the log\n")
    driver = start()
    driver.window.dialogs.log_file = log
    driver.window.dialogs.show_about()
    dialog = driver.find("aboutDialog")
    assert str(log) in driver.text("logFile", dialog) and driver.text("version", dialog).startswith("Version ")
    driver.click("copyLog", dialog)
    copied = QGuiApplication.clipboard().text()
    assert copied.startswith("Readthrough ") and "Qt" in copied and copied.endswith("a line of the log\n")
    dialog.close()


def test_a_blocked_window_leaves_a_stack_in_the_log(qapp, caplog: pytest.LogCaptureFixture):
    dog = Watchdog(limit=0.1, tick=0.02)
    QCoreApplication.processEvents()
    with caplog.at_level(logging.WARNING, "app.tasks.watchdog"):
        time.sleep(0.3)
        while not dog.stalls:
            QCoreApplication.processEvents()
    dog.stop()
    assert dog.stalls[0].seconds > 0.1 and "test_a_blocked_window_leaves_a_stack_in_the_log" in dog.stalls[0].where
    assert "did not respond" in caplog.text


def test_watchdog_runs_in_the_window(start):
    driver = start()
    assert driver.parts.watchdog.limit == 0.2


@pytest.mark.parametrize(
    ("message", "kind", "sentence"),
    [
        ("report.pdf is damaged", "known", "report.pdf is damaged."),
        ("the disk is full", "known", "The disk is full."),
        ("KeyError: 'x'", "bug", "Internal error: KeyError: 'x'"),
    ],
)
def test_error_sentences_keep_file_names(message: str, kind: str, sentence: str):
    job = Job(wire.Read(job_id="1", path="/files/report.pdf"))
    failure = wire.JobFailed(job_id="1", kind=kind, message=message)
    assert trouble_of(job, failure).sentence == sentence
