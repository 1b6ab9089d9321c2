"""What is opened over the window: files to choose, the model, the settings, help. Each is imported when first shown."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from app.export import markdown
from app.export.exporter import Exporter
from app.jobs.controller import JobController
from app.settings.store import SettingsStore
from app.style.theme import RESOURCES, Theme

SAMPLES = RESOURCES / "samples"
FILE_FILTER = "Documents (*.pdf *.txt *.md *.log *.csv *.jsonl *.html);;All files (*)"


def sample_file() -> Path | None:
    """The sample that the first run offers."""
    return next(iter([*sorted(SAMPLES.glob("*.pdf")), *sorted(SAMPLES.glob("*.log"))]), None)


class Dialogs(QObject):
    """Opens them over `window`."""

    done = Signal(object)
    """What was done, in a sentence worth saying."""

    def __init__(self, window: QWidget, controller: JobController, settings: SettingsStore, theme: Theme):
        super().__init__(window)
        self._window, self._controller, self._settings, self._theme = window, controller, settings, theme
        self.exporter = Exporter(self)
        self.exporter.finished.connect(self.done)

    def browse(self) -> None:
        """Choose a file to open."""
        start = str(Path(self._settings.now.recent[0]).parent) if self._settings.now.recent else str(Path.home())
        path, _ = QFileDialog.getOpenFileName(self._window, "Open a document", start, FILE_FILTER)
        if path:
            self._controller.open(path)

    def open_sample(self) -> None:
        """Open the sample that comes with the program."""
        sample = sample_file()
        if sample is not None:
            self._controller.open(str(sample))

    def export(self) -> None:
        """Write summary and questions to a file."""
        session = self._controller.current
        if session is None:
            return
        suggestion = str(Path(session.path).with_suffix("")) + " - summary.md"
        path, _ = QFileDialog.getSaveFileName(self._window, "Export", suggestion, "Markdown (*.md);;PDF (*.pdf)")
        if path:
            self.exporter.export(path, markdown.markdown(session), session.name)

    def choose_model(self) -> None:
        """Choose the model that reads."""
        from app.settings.model_dialog import ModelDialog

        ModelDialog(self._settings, self._theme, self._window).open()

    def show_settings(self) -> None:
        """Show the settings."""
        from app.settings.settings_dialog import SettingsDialog

        dialog = SettingsDialog(self._settings, self.choose_model, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.show()

    def show_keys(self) -> None:
        """Show the keyboard map."""
        from app.window.help_dialog import KeysDialog

        KeysDialog(self._window).show()

    def show_about(self) -> None:
        """Say what this program is."""
        from app.window.help_dialog import AboutDialog

        AboutDialog(self._window).show()
