"""Starts Qt: settings, language, theme, the parts and the window; ends them again within two seconds."""

from __future__ import annotations

import gc
import logging
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import TracebackType

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QObject, QSocketNotifier, Qt, QTimer, QTranslator
from PySide6.QtWidgets import QApplication

from app.jobs.controller import JobController
from app.jobs.worker_client import WorkerClient
from app.jobs.worker_supervisor import worker_command
from app.library.reader import LibraryReader
from app.settings.models import is_included
from app.settings.store import Settings, SettingsStore
from app.style import translation
from app.style.icons import app_icon
from app.style.theme import RESOURCES, Theme
from app.tasks.watchdog import Watchdog
from app.window.main_window import MainWindow
from app.window.screen_check import why_no_window
from app.window.single_instance import SingleInstance, hand_over
from engine.logs import log_file

GIGABYTE = 1 << 30
NAMES = ("model", "library", "device", "precision")
STALL_SECONDS = 0.2
"""The window did not respond for this long: a stack is logged."""
TICK_SECONDS = 0.1

logger = logging.getLogger(__name__)


class Application(QObject):
    """Holds the parts of a running window."""

    def __init__(
        self,
        app: QApplication,
        settings: SettingsStore,
        options: dict[str, str] | None = None,
        command: Callable[[Settings], list[str]] | None = None,
    ):
        super().__init__(app)
        self._options = {
            name: value for name, value in (options or {}).items() if name in NAMES and value not in ("", "auto")
        }
        self._command = command or worker_command
        self.settings = settings
        self.theme = Theme(app, settings.now.theme)
        _set_text_size(app, settings.now.text_size)
        self.theme.apply(settings.now.theme)
        chosen = self._chosen()
        self.reader = LibraryReader(chosen.library, self)
        self.client = WorkerClient(self._command(chosen), self)
        self.controller = JobController(self.client, self.reader, settings, self)
        self.window = MainWindow(self.controller, self.reader, settings, self.theme)
        self._show_model(chosen.model)
        self.watchdog = Watchdog(STALL_SECONDS, TICK_SECONDS, self)
        settings.changed.connect(self._on_settings)
        self.window.closing.connect(self._close)
        self.controller.stopped.connect(self._closed)

    def start(self, files: Sequence[str] = ()) -> None:
        """Show the window; everything else starts when it is on the screen."""
        self.window.show()
        QTimer.singleShot(0, self, lambda: self._begin(files))

    def come_forward(self, files: Sequence[str] = ()) -> None:
        """Bring the window forward and open files, for a second start of the program."""
        for file in files:
            self.controller.open(file)
        self.window.setWindowState(self.window.windowState() & ~Qt.WindowState.WindowMinimized)
        self.window.show()
        self.window.raise_()
        self.window.activateWindow()

    def end(self) -> None:
        """Stop everything; may wait, for no window is left."""
        self.watchdog.stop()
        self.client.wait_stopped()
        self.reader.stop()
        self.window.document.source.wait_stopped()
        self.window.document.outline.thumbnails.source.wait_stopped()
        self.window.dialogs.wait_stopped()

    def _begin(self, files: Sequence[str]) -> None:
        # Objects that exist now stay: without this a full collection walks all of them, for tens of milliseconds.
        gc.freeze()
        self.reader.start()
        self.controller.start()
        for file in files:
            self.controller.open(file)
        if self.settings.problem:
            self.window.toast.say(self.settings.problem)

    def _chosen(self) -> Settings:
        """Return the settings with the command line's options over them; those are not saved."""
        return replace(self.settings.now, **self._options)  # type: ignore[arg-type]

    def _on_settings(self, before: Settings, after: Settings) -> None:
        if before.theme != after.theme:
            self.theme.apply(after.theme)
        if before.text_size != after.text_size:
            _set_text_size(QApplication.instance(), after.text_size)
            self.theme.apply(after.theme)
        changed = [name for name in NAMES if getattr(before, name) != getattr(after, name)]
        for name in changed:
            self._options.pop(name, None)
        if changed:
            if "library" in changed:
                self.reader.set_path(after.library)
            self._show_model(self._chosen().model)
            self.controller.change_worker(self._command(self._chosen()))
        elif before.quota_gb != after.quota_gb:
            self.client.command = self._command(self._chosen())
            self.controller.library.set_quota(after.quota_gb * GIGABYTE)

    def _show_model(self, folder: str) -> None:
        self.window.side.set_chosen_model(folder)
        self.window.welcome.set_demo(is_included(folder))

    def _close(self) -> None:
        self.controller.shut_down()

    def _closed(self) -> None:
        QCoreApplication.quit()


def run(options: dict[str, str] | None = None, files: Sequence[str] = ()) -> int:
    """Run the window until it is closed; returns the exit status.

    options: model, library, device, precision, as on the command line; files: to open, the last is shown.
    """
    reason = why_no_window() if QApplication.instance() is None else ""
    if reason:
        print(f"error: {reason}", file=sys.stderr)
        return 2
    sys.excepthook = _report
    app = QApplication.instance() or QApplication(["readthrough"])
    assert isinstance(app, QApplication)
    app.setApplicationName("Readthrough")
    app.setApplicationDisplayName("Readthrough")
    app.setDesktopFileName("org.readthrough.Readthrough")
    app.setQuitOnLastWindowClosed(False)
    app.setWindowIcon(app_icon())
    settings = SettingsStore()
    set_language(app, settings.now.language)
    library = (options or {}).get("library") or settings.now.library
    if hand_over(library, files):
        return 0
    parts = Application(app, settings, options)
    instance = SingleInstance(library, parts)
    instance.files_handed.connect(parts.come_forward)
    parts.window.dialogs.log_file = log_file("window")
    _close_on_signals(parts)
    parts.start(files)
    status = app.exec()
    instance.close()
    parts.end()
    return status


def set_language(app: QApplication, language: str) -> None:
    """Use a language for the window and for Qt's own dialogs. language: a code; "" for the system's."""
    wanted = [language] if language else [name.replace("-", "_") for name in QLocale.system().uiLanguages()]
    code = translation.install(RESOURCES / "translations", wanted)
    translator = QTranslator(app)
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    if code and translator.load(f"qtbase_{code}", folder):
        app.installTranslator(translator)


def _set_text_size(app: QCoreApplication | None, points: int) -> None:
    assert isinstance(app, QApplication)
    font = app.font()
    default = app.property("default points") or font.pointSizeF()
    app.setProperty("default points", default)
    font.setPointSizeF(points or default)
    app.setFont(font)


def _close_on_signals(parts: Application) -> None:
    """Close the window, as its button does, on Ctrl+C in the terminal and on SIGTERM."""
    if sys.platform == "win32":
        return
    import socket

    here, there = socket.socketpair()
    here.setblocking(False)
    there.setblocking(False)
    signal.set_wakeup_fd(there.fileno())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    notifier = QSocketNotifier(here.fileno(), QSocketNotifier.Type.Read, parts)

    def woken() -> None:
        here.recv(16)
        parts.window.close()

    notifier.activated.connect(woken)
    parts.setProperty("sockets", (here, there))


def _report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Log an unexpected exception in a slot; the window keeps running."""
    logger.error("unexpected error", exc_info=(kind, error, trace))
    sys.__excepthook__(kind, error, trace)
