"""A window over the stand-in worker, and what every test of it must leave behind: nothing."""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

# A screen of 1920 by 1080: the offscreen platform's own has 800 by 800.
os.environ.setdefault("QT_QPA_PLATFORM", f"offscreen:configfile={Path(__file__).with_name('screen.json')}")
os.environ.setdefault("LANGUAGE", "en")

import psutil
import pytest

pytest.importorskip("PySide6")
pytest.importorskip("pytestqt")

from PySide6.QtCore import (
    QCoreApplication,
    QEvent,
    QMarginsF,
    QProcess,
    QThread,
    QTimer,
    QtMsgType,
    qInstallMessageHandler,
)
from PySide6.QtGui import QFont, QPageSize, QPainter, QPdfWriter
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from app.settings.store import Settings, SettingsStore
from app.style.widgets import ElidedLine
from app.window.application import Application
from engine.protocol import wire
from tests import fakes

HARMLESS = (
    "propagateSizeHints",
    "grabbing the keyboard",
    "does not support raise",
    "OpenType support missing",
    "XDG_RUNTIME_DIR",
)
"""Lines of the offscreen platform and of fonts, not of ours."""


@pytest.fixture(autouse=True)
def no_qt_warning(request: pytest.FixtureRequest) -> Iterator[None]:
    """A Qt warning fails the test."""
    said: list[str] = []

    def take(kind: QtMsgType, _context: Any, text: str) -> None:
        if kind != QtMsgType.QtDebugMsg and not any(word in text for word in HARMLESS):
            said.append(text)

    before = qInstallMessageHandler(take)
    yield
    qInstallMessageHandler(before)
    assert not said, said


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """No thread, no child process and no running timer stays behind."""
    threads, children = set(threading.enumerate()), set(psutil.Process().children(recursive=True))
    yield
    left = [thread.name for thread in threading.enumerate() if thread not in threads and "pydev" not in thread.name]
    gone = set(psutil.wait_procs(set(psutil.Process().children(recursive=True)) - children, timeout=20)[0])
    left += [
        " ".join(child.cmdline()[:4])
        for child in set(psutil.Process().children(recursive=True)) - children - gone
        if child.status() != psutil.STATUS_ZOMBIE
    ]
    end = time.monotonic() + 20
    while running_timers() and time.monotonic() < end:  # what is deleted later stops its timer then
        QCoreApplication.processEvents()
        gc.collect()
    left += [f"timer of {timer.parent()!r}, {timer.interval()} ms" for timer in running_timers()]
    assert not left, left


def running_timers() -> list[QTimer]:
    """The timers of the process that are valid and active."""
    timers = (thing for thing in gc.get_objects() if issubclass(type(thing), QTimer))
    return [timer for timer in timers if isValid(timer) and timer.isActive()]


@pytest.fixture(scope="session")
def pdf(tmp_path_factory: pytest.TempPathFactory, qapp: QApplication) -> Path:
    """Forty pages, each with its number and a few lines."""
    return make_pdf(tmp_path_factory.mktemp("pdf") / "halden.pdf", 40)


def make_pdf(path: Path, pages: int, words: Callable[[int], str] | None = None) -> Path:
    """A PDF with `pages` pages of text."""
    writer = QPdfWriter(str(path))
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A5))
    writer.setPageMargins(QMarginsF(12, 12, 12, 12))
    writer.setTitle("Halden pumping station")
    painter = QPainter(writer)
    painter.setFont(QFont("DejaVu Sans", 11))
    for page in range(1, pages + 1):
        if page > 1:
            writer.newPage()
        text = words(page) if words else f"Entry {page}. Pump P-{200 + page} was inspected; pressure {page * 3} bar."
        painter.drawText(200, 900, f"Page {page}")
        for line, part in enumerate(text.split("\n")):
            painter.drawText(200, 1700 + 420 * line, part)
    painter.end()
    return path


def _fake_command(scenario: str, fake: dict[str, Any], _settings: Settings) -> list[str]:
    return fakes.worker_command(scenario, **fake)


def _is_paused(event: object) -> bool:
    return isinstance(event, wire.JobPaused)


class Driver:
    """A running window and short words for what tests do with it."""

    def __init__(self, parts: Application, qtbot: Any):
        self.parts, self.bot = parts, qtbot
        self.window, self.controller = parts.window, parts.controller

    @property
    def session(self) -> Any:
        return self.controller.current

    def find(self, name: str, kind: type[QWidget] = QWidget, within: QWidget | None = None) -> Any:
        """The widget with this object name."""
        widget = (within or self.window).findChild(kind, name)
        assert widget is not None, f"no {name}"
        return widget

    def text(self, name: str, within: QWidget | None = None) -> str:
        """The text of a label or a button."""
        widget = self.find(name, within=within)
        return widget.whole if isinstance(widget, ElidedLine) else widget.text()

    def shown(self, name: str, within: QWidget | None = None) -> bool:
        return self.find(name, within=within).isVisible()

    def click(self, name: str, within: QWidget | None = None) -> None:
        self.find(name, within=within).click()

    def round_trips(self, count: int) -> int:
        """Pause again and wait for the worker's answers, one after the other; the page that is read then."""
        for _ in range(count):
            with self.bot.waitSignal(self.parts.client.received, check_params_cb=_is_paused, timeout=5000):
                self.controller.pause()
        return int(self.session.progress.page)

    def settle(self) -> None:
        """Wait until everything that has changed is on the screen."""
        self.until(lambda: self.window.is_up_to_date)

    def until(self, true: Callable[[], object], seconds: float = 20) -> None:
        self.bot.waitUntil(lambda: bool(true()), timeout=round(seconds * 1000))

    def open(self, path: Path) -> None:
        self.controller.open(str(path))

    def until_idle(self, seconds: float = 20) -> None:
        self.until(lambda: self.session is not None and self.session.opened and not self.session.phase.busy, seconds)

    def until_done(self, seconds: float = 20) -> None:
        self.until(
            lambda: self.session is not None and self.session.summary_done and not self.session.phase.busy, seconds
        )
        self.settle()

    def until_read(self, seconds: float = 20) -> None:
        self.until(
            lambda: self.session is not None and self.session.fully_read and not self.session.phase.busy, seconds
        )

    def ask(self, question: str, seconds: float = 20) -> Any:
        """Type a question, send it, wait for its answer."""
        self.window.side.question.box.setPlainText(question)
        self.window.side.question.box.sent.emit()
        turn = self.session.conversation.turns[-1]
        self.until(lambda: turn.done or turn.problem, seconds)
        self.settle()
        return turn

    def close(self) -> None:
        """As a person does; afterwards nothing runs any more."""
        self.window.close()
        self.until(lambda: not self.parts.client.running, 4)
        self.parts.end()


@pytest.fixture
def start(
    qtbot: Any, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Driver]]:
    """start(scenario, ...) -> a Driver over a FakeWorker; real=True: over the real one; command=...: over another.

    settings=... over what is saved.
    """
    monkeypatch.setenv("READTHROUGH_LIBRARY", str(tmp_path / "library.db"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    qapp.setQuitOnLastWindowClosed(False)
    running: list[Driver] = []

    def begin(
        scenario: str = "",
        real: bool = False,
        settings: dict[str, Any] | None = None,
        command: Callable[[Settings], list[str]] | None = None,
        **fake: Any,
    ) -> Driver:
        store = SettingsStore(tmp_path / "settings.json")
        store.update(theme="light", **(settings or {}))
        fake.setdefault("marker", str(tmp_path / "marker"))
        if not real and command is None:
            command = partial(_fake_command, scenario, fake)
        parts = Application(qapp, store, command=command)
        parts.start()
        driver = Driver(parts, qtbot)
        running.append(driver)
        driver.until(lambda: driver.controller.worker.state != "starting" or scenario == "silent")
        return driver

    yield begin
    for driver in running:
        if driver.parts.client.running:
            driver.close()
        driver.parts.end()
        assert not [
            one for one in driver.parts.findChildren(QProcess) if one.state() != QProcess.ProcessState.NotRunning
        ]
        assert not [one for one in driver.parts.findChildren(QThread) if one.isRunning()]
        driver.window.deleteLater()
        driver.parts.theme.deleteLater()
        driver.parts.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
