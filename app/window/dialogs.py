"""Dialogs over the window: file choosers, the model, the settings, help. Each is imported when first shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from app.export.exporter import Exporter
from app.jobs.controller import JobController
from app.library.reader import LibraryReader
from app.settings.store import SettingsStore
from app.style.translation import tr
from app.window.samples import sample_file
from engine.documents.outcomes import READABLE_SUFFIXES

if TYPE_CHECKING:
    from PySide6.QtPrintSupport import QPrinter

    from app.export.printing import PagePrinter

WEB = ("https", "http", "mailto")
"""Kinds of addresses that a document's links may open."""


class Dialogs(QObject):
    """Opens dialogs over `window`."""

    done = Signal(object)
    """Completed action, as a sentence for the toast."""

    def __init__(self, window: QWidget, controller: JobController, reader: LibraryReader, settings: SettingsStore):
        super().__init__(window)
        self._window, self._controller, self._reader, self._settings = window, controller, reader, settings
        self.log_file: Path | None = None
        """Path of the window's log; None if there is no log."""
        self._printing: PagePrinter | None = None
        self.exporter = Exporter(self)
        self.exporter.finished.connect(self.done)

    def browse(self) -> None:
        """Choose a file to open."""
        start = str(Path(self._settings.now.recent[0]).parent) if self._settings.now.recent else str(Path.home())
        path, _ = QFileDialog.getOpenFileName(self._window, tr("Open a document"), start, file_filter())
        if path:
            self._controller.open(path)

    def open_sample(self) -> None:
        """Open the sample that comes with the program."""
        sample = sample_file()
        if sample is not None:
            self._controller.open(str(sample))

    def export(self) -> None:
        """Export summary, answers and sections to a file."""
        session = self._controller.current
        if session is None or session.document_id is None:
            return
        suggestion = str(Path(session.path).with_suffix("")) + tr(" - summary") + ".md"
        kinds = tr("Markdown (*.md);;PDF (*.pdf);;OpenDocument (*.odt)")
        path, _ = QFileDialog.getSaveFileName(self._window, tr("Export"), suggestion, kinds)
        if path:
            self.exporter.export(path, self._settings.now.library, session.document_id, session.name)

    def print_pages(self) -> None:
        """Print the shown PDF; text documents have no pages of their own to print."""
        from PySide6.QtPrintSupport import QPrintDialog, QPrinter

        session = self._controller.current
        if session is None:
            return
        if not session.is_pdf:
            self.done.emit(tr("Only PDFs can be printed. Export the results to print them."))
            return
        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        printer.setDocName(session.name)
        dialog = QPrintDialog(printer, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self.print_to(printer, session.path, session.password))
        dialog.setModal(True)
        dialog.show()

    def print_to(self, printer: QPrinter, path: str, password: str | None) -> None:
        """Print a PDF to a printer that is set up."""
        from app.export.printing import PagePrinter

        self._printing = PagePrinter(printer, self)
        self._printing.finished.connect(self.done)
        self._printing.start(path, password)

    def wait_stopped(self) -> None:
        """Block until no export and no printing is left; only for the end of the program."""
        self.exporter.wait()
        if self._printing is not None:
            self._printing.wait_stopped()

    def choose_model(self, folder: str = "") -> None:
        """Choose a model. folder: a folder or file that was dropped on the window, looked at first."""
        from app.settings.model_dialog import ModelDialog

        dialog = ModelDialog(self._settings, self._window)
        if folder:
            dialog.add_folder(folder)
        dialog.open()

    def show_settings(self) -> None:
        """Show the settings."""
        from app.settings.settings_dialog import SettingsDialog

        dialog = SettingsDialog(self._settings, self.choose_model, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._reader.usage_read.connect(dialog.show_usage)
        self._reader.read_usage()
        dialog.show()

    def show_keys(self) -> None:
        """Show the keyboard shortcuts."""
        from app.window.keys_dialog import KeysDialog

        KeysDialog(self._window).show()

    def show_about(self) -> None:
        """Show version, licence and log file."""
        from app.window.about_dialog import AboutDialog

        AboutDialog(self.log_file, self._window).show()

    def open_address(self, address: str) -> None:
        """Ask before a link of the document opens something outside; other kinds of addresses are refused."""
        url = QUrl(address)
        if url.scheme().lower() not in WEB:
            self.done.emit(tr("This link cannot be opened: {address}", address=address))
            return
        box = QMessageBox(self._window)
        box.setObjectName("addressDialog")
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setWindowTitle(tr("Open link"))
        box.setText(tr("Open this link in the browser?"))
        box.setInformativeText(address)
        box.setStandardButtons(QMessageBox.StandardButton.Open | QMessageBox.StandardButton.Cancel)
        box.accepted.connect(lambda: QDesktopServices.openUrl(url))
        box.open()

    def ask_long_reading(self, name: str, time: str, stop: object) -> None:
        """Ask whether a reading that takes `time` shall go on; `stop` is called where it shall not."""
        box = QMessageBox(self._window)
        box.setObjectName("longReading")
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setWindowTitle(tr("Long document"))
        box.setText(tr("Reading “{name}” will take about {time}.", name=name, time=time))
        box.setInformativeText(
            tr("You can ask questions while it is read. It can be paused, and resumes where it stopped.")
        )
        box.addButton(tr("Read all"), QMessageBox.ButtonRole.AcceptRole)
        cancel = box.addButton(tr("Stop here"), QMessageBox.ButtonRole.RejectRole)
        cancel.setObjectName("longReadingStop")
        box.rejected.connect(stop)
        box.open()


def file_filter() -> str:
    """Return the filter of the file dialog: the kinds of files that can be read."""
    kinds = " ".join(f"*{suffix}" for suffix in READABLE_SUFFIXES)
    return tr("Documents ({kinds});;All files (*)", kinds=kinds)
