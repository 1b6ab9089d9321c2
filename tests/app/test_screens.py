"""The window at other scales and text sizes, where nothing is clipped or stretched, and on a real X server.

Each in a process of its own, for Qt takes scale and platform when it starts.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

SCRIPT = """
import sys
from pathlib import Path
from PySide6.QtCore import QEventLoop, QSize, QTimer
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel
app = QApplication([])
app.setQuitOnLastWindowClosed(False)
from app.window.application import Application
from app.settings.store import SettingsStore
from app.settings.settings_dialog import SettingsDialog
from app.style.widgets import ElidedLine
from tests import fakes
from tests.app.conftest import make_pdf

folder, text_size, width, height = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
settings = SettingsStore(folder / "settings.json")
settings.update(theme="light", text_size=text_size)
parts = Application(app, settings, command=lambda _: fakes.worker_command(delay=0.01))
window = parts.window
window.resize(QSize(width, height))


def wait(milliseconds):
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def until(true):
    for _ in range(600):
        if true():
            return
        wait(30)
    raise SystemExit("too slow")


def check(where, top):
    wait(150)
    for label in top.findChildren(QLabel):
        if label.isVisible() and label.text() and not isinstance(label, ElidedLine) and not label.pixmap():
            needed = label.heightForWidth(label.width()) if label.wordWrap() else label.sizeHint().height()
            if label.height() < needed - 1 or (not label.wordWrap() and label.width() < label.sizeHint().width() - 1):
                print(f"{where}: {label.text()!r} in {label.size()}, needs {label.sizeHint()}")
    for button in top.findChildren(QAbstractButton):
        if button.isVisible() and button.text():
            words = button.fontMetrics().horizontalAdvance(button.text())
            if button.width() < words or button.height() < button.fontMetrics().height():
                print(f"{where}: the button {button.text()!r} in {button.size()}")


parts.start()
until(lambda: parts.controller.worker.state == "ready")
check("empty", window)
parts.controller.open(str(make_pdf(folder / "halden.pdf", 40)))
session = parts.controller.current
until(lambda: session.progress.page > 10)
check("reading", window)
until(lambda: session.summary_done and not session.phase.busy)
for question in ("When did it fail?", "What was the weather?"):
    window.side.question.asked.emit(question)
    turn = session.conversation.turns[-1]
    until(lambda: turn.done)
check("questions", window)
for place in range(4):
    window.side.tabs.setCurrentIndex(place)
    check(f"tab {place}", window)
window.side.tabs.setCurrentIndex(0)
window.side.summary.begin_request()
check("another summary", window)
dialog = SettingsDialog(settings, lambda: None, window)
dialog.show()
check("settings", dialog)
dialog.close()
pages = window.document.pages
until(lambda: pages.is_drawn)
image = pages.image_of(pages.page)
drawn = pages.page_rect(pages.page).width() * pages.devicePixelRatioF()
if abs(image.width() - drawn) > 1.5:
    print(f"page: {image.width()} pixels for {drawn}")
print("ratio", window.devicePixelRatioF())
window.close()
until(lambda: not parts.client.running)
parts.end()
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scale", "text_size", "size"),
    [("1.25", 0, "1440 900"), ("1.5", 0, "1040 700"), ("2", 16, "1366 760"), ("2.5", 0, "1200 760")],
)
def test_nothing_is_clipped_or_stretched(tmp_path: Path, scale: str, text_size: int, size: str):
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "QT_SCALE_FACTOR": scale,
        "READTHROUGH_LIBRARY": str(tmp_path / "library.db"),
    }
    command = [sys.executable, "-c", SCRIPT, str(tmp_path), str(text_size), *size.split()]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"ratio {float(scale)}\n"


START = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
app = QApplication([])
app.setQuitOnLastWindowClosed(False)
from app.window.application import Application
from app.settings.store import SettingsStore
from tests import fakes
parts = Application(app, SettingsStore(Path(sys.argv[1])), command=lambda _: fakes.worker_command())
parts.start()
assert QTest.qWaitForWindowExposed(parts.window, 8000)
print(app.platformName(), parts.window.isVisible())
parts.controller.stopped.connect(app.quit)
parts.client.started.connect(lambda _event: parts.window.close())
QTimer.singleShot(20_000, app.quit)
app.exec()
parts.end()
"""


@pytest.mark.skipif(shutil.which("xvfb-run") is None, reason="no Xvfb")
def test_the_window_opens_on_an_x_server(tmp_path: Path):
    environment = {**os.environ, "QT_QPA_PLATFORM": "xcb", "READTHROUGH_LIBRARY": str(tmp_path / "library.db")}
    python = [sys.executable, "-c", START, str(tmp_path / "settings.json")]
    command = ["xvfb-run", "-a", "-s", "-screen 0 1440x900x24", *python]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "xcb True\n"), done.stderr
    assert "qt" not in done.stderr.lower(), done.stderr
