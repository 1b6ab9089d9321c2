"""What goes wrong is said in place, in words, with what to do; and the window lives on."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from app.jobs import commands
from app.jobs.worker_client import WorkerClient
from app.state.session import Phase
from tests.app.conftest import make_pdf


def test_a_killed_worker_is_started_again_and_the_reading_goes_on(start, pdf):
    driver = start(delay=0.03)
    driver.open(pdf)
    driver.until(lambda: driver.session.progress.page > 5)
    os.kill(driver.parts.client.pid, signal.SIGKILL)
    driver.until(lambda: driver.controller.worker.state == "restarting")
    driver.settle()
    assert "stopped unexpectedly (signal 9). It was restarted" in driver.text("noticeText")
    driver.until_done()
    assert not driver.shown("notice")


def test_a_worker_that_dies_in_mid_reading_is_resumed(start, pdf):
    driver = start("die")
    driver.open(pdf)
    driver.until_done()
    assert driver.session.fully_read and driver.session.trouble is None


def test_a_worker_that_always_dies_is_given_up_with_a_sentence(start, pdf):
    driver = start("die-always")
    driver.open(pdf)
    driver.until(lambda: driver.controller.worker.state == "failed")
    driver.settle()
    assert "3 times within a minute" in driver.text("noticeText")
    assert driver.shown("noticeRestart")
    assert driver.window.document.trouble.isVisible()


@pytest.mark.parametrize("scenario", ["old", "garbage", "stubborn"])
def test_strange_workers(start, scenario: str):
    driver = start(scenario)
    if scenario == "old":
        driver.until(lambda: driver.controller.worker.state == "failed")
        assert "install Readthrough again" in driver.controller.worker.sentence
    else:
        driver.until(lambda: driver.controller.worker.state == "ready")
    began = time.monotonic()
    driver.close()
    assert time.monotonic() - began < 2.0


def test_a_worker_that_cannot_be_started_is_reported(qtbot):
    client = WorkerClient(["/no/such/program"])
    with qtbot.waitSignal(client.died, timeout=5000) as caught:
        client.start()
    assert caught.args[0].sentence.startswith("The reading process could not be started") and not client.running


def test_the_worker_ends_when_the_window_is_killed(qtbot, tmp_path: Path):
    import subprocess

    script = (
        "import os, sys; os.environ['QT_QPA_PLATFORM'] = 'offscreen'\n"
        "from pathlib import Path; from PySide6.QtWidgets import QApplication\n"
        "from app.window.application import Application; from app.settings.store import SettingsStore\n"
        "from tests import fakes\n"
        f"app = QApplication([]); parts = Application(app, SettingsStore(Path({str(tmp_path / 's.json')!r})),"
        " command=lambda s: fakes.worker_command())\n"
        "parts.client.started.connect(lambda event: print(event.pid, flush=True)); parts.start(); app.exec()"
    )
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "READTHROUGH_LIBRARY": str(tmp_path / "library.db")}
    window = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=root, env=environment)
    assert window.stdout is not None
    worker = int(window.stdout.readline())
    window.kill()
    window.wait()
    window.stdout.close()
    qtbot.waitUntil(lambda: not _runs(worker), timeout=3000)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")")[-1].split()[0] != "Z"
    except OSError:
        return False


def test_the_password_is_asked_in_place(start, pdf):
    driver = start("password")
    driver.open(pdf)
    panel = driver.window.document.trouble
    driver.until(panel.isVisible)
    assert panel.password.isVisible() and "locked" in driver.text("troubleSentence")
    panel.password.setText("sesame")
    driver.bot.keyClick(panel.password, Qt.Key.Key_Return)
    driver.until(lambda: driver.text("troubleSentence").startswith("That is not the password"))
    panel.password.setText("swordfish")
    driver.find("unstored").setChecked(True)
    driver.bot.keyClick(panel.password, Qt.Key.Key_Return)
    driver.until_done()
    assert panel.isHidden()
    assert not driver.session.store and not commands.read(driver.session).store


@pytest.mark.parametrize(
    ("scenario", "words", "choose"),
    [("damaged", "damaged", False), ("model-gone", "choose another model", True), ("disk-full", "make room", False)],
)
def test_a_failed_job_says_what_to_do(start, pdf, scenario: str, words: str, choose: bool):
    driver = start(scenario)
    driver.open(pdf)
    panel = driver.window.document.trouble
    driver.until(panel.isVisible)
    assert words in driver.text("troubleSentence") and driver.shown("troubleRetry")
    assert driver.shown("troubleModel") is choose
    assert driver.session.phase is Phase.IDLE


def test_a_library_that_another_program_writes_is_only_read(start, pdf, tmp_path: Path):
    driver = start("locked")
    driver.open(pdf)
    driver.until(lambda: driver.shown("noticeRetry"))
    assert "view-only" in driver.text("noticeText") and driver.window.document.trouble.isHidden()
    assert "view-only" in driver.ask("When?").problem
    (tmp_path / "marker").touch()
    driver.click("noticeRetry")
    driver.until_done()
    assert not driver.shown("noticeRetry")


def test_a_bug_of_ours_says_so_and_shows_details_on_demand(start, pdf):
    driver = start("bug")
    driver.open(pdf)
    panel = driver.window.document.trouble
    driver.until(panel.isVisible)
    assert driver.text("troubleSentence").startswith("Internal error: ")
    assert not driver.shown("troubleDetails")
    driver.click("troubleMore")
    assert driver.shown("troubleDetails") and "Traceback" in driver.find("troubleDetails").toPlainText()


def test_a_pdf_that_cannot_be_drawn_says_so(start, tmp_path: Path):
    path = tmp_path / "broken.pdf"
    path.write_bytes(b"%PDF-1.4 and then nothing of use")
    driver = start(delay=0.03)
    driver.open(path)
    driver.until(lambda: "cannot be displayed" in driver.text("documentMessage"))


def test_the_page_process_may_die_and_the_pages_come_back(start, pdf):
    driver = start()
    driver.open(pdf)
    pages = driver.window.document.pages
    driver.until(lambda: pages.is_drawn)
    before = driver.window.document.source.process_id
    os.kill(before, signal.SIGKILL)
    driver.until(lambda: driver.window.document.source.process_id != before)
    pages.go_to(30)
    driver.until(lambda: pages.is_drawn)


def test_a_document_of_five_thousand_pages(start, tmp_path: Path):
    driver = start(pages=5000, delay=0.0)
    driver.open(make_pdf(tmp_path / "long.pdf", 5000))
    driver.until(lambda: driver.window.document.pages.page_count == 5000)
    driver.until_done(60)
    strip = driver.window.document.strip
    assert strip.pages_per_cell > 1 and strip.words(1).startswith("Pages 1–")
    driver.window.document.go_to(4321)
    driver.until(lambda: driver.window.document.pages.is_drawn)
    assert driver.window.document.pages.page == 4321


@pytest.mark.parametrize(
    "text", ['{"version": 1, "theme": 7, "recent": "x"}', "no json", "[]", '{"version": 99, "new": 1}']
)
def test_damaged_settings_fall_back_to_the_defaults(tmp_path: Path, text: str, qapp):
    from app.settings.store import Settings, SettingsStore

    (tmp_path / "settings.json").write_text(text)
    store = SettingsStore(tmp_path / "settings.json")
    assert store.now == Settings()
    store.update(theme="dark")
    assert SettingsStore(tmp_path / "settings.json").now.theme == "dark"
