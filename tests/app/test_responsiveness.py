"""The window never waits: start-up, import, and the event loop while much goes on."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from app.settings.models import DEMO_FOLDER
from app.tasks.watchdog import Watchdog
from app.window.side_pane import ENTITIES, SECTIONS, SUMMARY
from tests.app.conftest import make_pdf

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 0.05
START_SECONDS = 1.0


def test_the_window_imports_without_torch():
    script = (
        "import sys, app.window.application, app.window.tour;"
        "sys.exit(','.join(name for name in ('torch', 'transformers', 'triton', 'numba') if name in sys.modules) or 0)"
    )
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_window_is_visible_within_a_second(tmp_path: Path):
    """Measured in the process's own time, for the machine may be busy with other things."""
    fill_library(tmp_path / "library.db", 500)
    script = (
        "import os, time; from pathlib import Path\n"
        "from PySide6.QtCore import QTimer; from PySide6.QtWidgets import QApplication\n"
        "from app.window.application import Application; from app.settings.store import SettingsStore\n"
        "from tests import fakes\n"
        f"app = QApplication([]); parts = Application(app, SettingsStore(Path({str(tmp_path / 's.json')!r})),"
        " command=lambda s: fakes.worker_command())\n"
        "parts.start(); app.processEvents(); print(time.process_time(), flush=True)\n"
        "parts.window.close(); parts.end()"
    )
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "READTHROUGH_LIBRARY": str(tmp_path / "library.db")}
    times = []
    for _ in range(3):
        began = time.monotonic()
        process = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, env=environment, stdout=subprocess.PIPE)
        assert process.stdout is not None
        worked = float(process.stdout.readline())
        times.append((worked, time.monotonic() - began))
        process.wait()
        process.stdout.close()
    worked, passed = min(times)
    print(f"visible after {worked:.2f} s of work, {passed:.2f} s by the clock")
    assert worked <= START_SECONDS


def fill_library(path: Path, documents: int) -> None:
    """A library with that many documents."""
    from engine.library.library import Library

    class Info:
        def __init__(self, number: int):
            self.path, self.sha256, self.title = f"/files/{number}.pdf", f"{number:064x}", f"Report {number}"
            self.kind, self.size, self.page_count = "pdf", 100_000 + number, 40

    with Library.open(path) as library:
        for number in range(documents):
            library.documents.for_file(Info(number))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("worker", ["real", "flood"])
def test_the_event_loop_is_never_blocked(start, tmp_path: Path, worker: str):
    """A 2,000-page PDF is opened, read, summarised, scrolled, searched and asked; by the real worker, and by one that
    sends 2,000 words a second.

    On a machine that is busy with other things only the window's own work is held against it.
    """
    if worker == "real" and not (DEMO_FOLDER / "model.safetensors").exists():
        pytest.skip("no demo model")
    path = make_pdf(tmp_path / "long.pdf", 2000)
    fill_library(tmp_path / "library.db", 500)
    driver = start(real=True) if worker == "real" else start("flood", pages=2000, delay=0.0005)
    driver.settle()
    dog = Watchdog(LIMIT)
    driver.open(path)
    driver.until(lambda: driver.window.document.pages.page_count == 2000)
    bar = driver.window.document.pages.verticalScrollBar()
    for _ in range(120):
        bar.setValue(bar.value() + 400)
        QApplication.processEvents()
    driver.until(lambda: driver.session.notes or driver.session.summary.text, 300)
    for place in (SECTIONS, ENTITIES, SUMMARY):
        driver.window.side.tabs.setCurrentIndex(place)
        driver.settle()
    driver.window.document.find_bar.begin()
    driver.window.document.find_bar.field.setText("inspected")
    driver.until_done(300)
    driver.ask("When did it fail?", 100)
    driver.window.actions_.by_name["evidence"].trigger()
    driver.window.resize(1100, 700)
    driver.settle()
    dog.stop()
    print(f"longest stall {dog.longest * 1000:.0f} ms, of work {dog.longest_work * 1000:.0f} ms")
    idle = os.getloadavg()[0] < 1.5
    stalls = [stall for stall in dog.stalls if idle or stall.worked > LIMIT]
    worst = sorted(stalls, key=lambda stall: -stall.worked)[:3]
    said = (f"{one.seconds * 1000:.0f} ms, {one.worked * 1000:.0f} of work\n{one.where}" for one in worst)
    assert not worst, "\n\n".join(said)
