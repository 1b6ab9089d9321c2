"""Dialogs over the window: file choosers, the model, the settings, help. Each is imported when first shown."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QInputDialog, QLabel, QLineEdit, QMessageBox, QWidget

from app.export.export_dialog import FORMATS, ExportDialog
from app.export.exporter import Exporter
from app.jobs.controller import JobController
from app.library.model import Entry
from app.library.reader import LibraryReader
from app.settings.store import SettingsStore
from app.state.session import DocumentSession
from app.style.translation import tr
from app.window.samples import sample_file
from engine.documents.outcomes import READABLE_SUFFIXES
from engine.wording.report import Parts
from engine.wording.report_file import SUFFIXES

if TYPE_CHECKING:
    from PySide6.QtPrintSupport import QPrinter

    from app.document.text_printer import TextPrinter
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
        self._suffix = FORMATS[0][0]
        """The format of the last export."""
        self._printing: PagePrinter | TextPrinter | None = None
        self.exporter = Exporter(self)
        self.exporter.finished.connect(self.done)

    def browse(self) -> None:
        """Choose a file to open."""
        start = str(Path(self._settings.now.recent[0]).parent) if self._settings.now.recent else str(Path.home())
        path, _ = QFileDialog.getOpenFileName(self._window, tr("Open a document"), start, file_filter())
        if path:
            self._controller.open(path)

    def browse_folder(self, chosen: Callable[[str], None]) -> None:
        """Choose a folder whose documents are read into a collection."""
        start = str(Path(self._settings.now.recent[0]).parent) if self._settings.now.recent else str(Path.home())
        folder = QFileDialog.getExistingDirectory(self._window, tr("Open a folder"), start)
        if folder:
            chosen(folder)

    def ask_collection(self, document_id: int) -> None:
        """Ask for the collection, a known or a new one, that a document is put into."""
        box = QInputDialog(self._window)
        box.setObjectName("collectionDialog")
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowTitle(tr("Add to collection"))
        box.setLabelText(tr("Collection, a known or a new one:"))
        box.setComboBoxEditable(True)
        box.setComboBoxItems(sorted(self._controller.collections.all, key=str.casefold))
        box.textValueSelected.connect(lambda name: self._controller.collections.add(name, [document_id]))
        box.open()

    def open_sample(self) -> None:
        """Open the sample that comes with the program."""
        sample = sample_file()
        if sample is not None:
            self._controller.open(str(sample))

    def export(self) -> None:
        """Export summary, answers and what else is wished to a file."""
        session = self._controller.current
        if session is None or session.document_id is None:
            return
        dialog = ExportDialog(session.name, self._suffix, self._window)
        dialog.chosen.connect(partial(self._export, session.path, session.document_id))
        dialog.open()

    def _export(self, document_path: str, document: int, suffix: str, parts: Parts) -> None:
        """Ask for the file and write it."""
        self._suffix = suffix
        suggestion = str(Path(document_path).with_suffix("")) + tr(" - summary") + suffix
        kind = next(tr(words) for value, words in FORMATS if value == suffix)
        path, _ = QFileDialog.getSaveFileName(self._window, tr("Export"), suggestion, kind)
        if path:
            path = path if Path(path).suffix.lower() in SUFFIXES else path + suffix
            self.exporter.export(path, self._settings.now.library, document, parts)

    def print_pages(self) -> None:
        """Print the shown document: the pages of a PDF, the text of another one."""
        from PySide6.QtPrintSupport import QPrintDialog, QPrinter

        session = self._controller.current
        if session is None:
            return
        if not session.is_pdf and session.document_id is None:
            self.done.emit(tr("Nothing of this document is in the library yet, so it cannot be printed."))
            return
        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        printer.setDocName(session.name)
        dialog = QPrintDialog(printer, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self.print_to(printer, session))
        dialog.setModal(True)
        dialog.show()

    def print_to(self, printer: QPrinter, session: DocumentSession) -> None:
        """Print a document to a printer that is set up."""
        from app.document.text_printer import TextPrinter
        from app.export.printing import PagePrinter

        if session.is_pdf:
            pages = self._printing = PagePrinter(printer, self)
            pages.finished.connect(self.done)
            pages.start(session.path, session.password)
        elif session.document_id is not None:
            text = self._printing = TextPrinter(printer, self)
            text.finished.connect(self.done)
            text.start(self._settings.now.library, session.document_id, session.path)

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
        dialog.free_requested.connect(self._controller.library.free_space)
        self._controller.library.space_freed.connect(dialog.note_freed)
        dialog.show()

    def show_keys(self) -> None:
        """Show the keyboard shortcuts."""
        from app.window.keys_dialog import KeysDialog

        KeysDialog(self._window).show()

    def show_about(self) -> None:
        """Show version, licence and log file."""
        from app.window.about_dialog import AboutDialog

        AboutDialog(self.log_file, self._window).show()

    def ask_tags(self, entry: Entry, known: list[str]) -> None:
        """Ask for the tags of a document, with commas between them. known: the tags that other documents have."""
        if entry.document_id is None:
            return
        box = QInputDialog(self._window)
        box.setObjectName("tagsDialog")
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowTitle(tr("Tags"))
        box.setLabelText(tr("Tags of “{title}”, with commas between them:", title=entry.title))
        box.setTextValue(", ".join(entry.tags))
        field = box.findChild(QLineEdit)
        if field is not None and known:
            field.setPlaceholderText(", ".join(known))
        number = entry.document_id
        box.textValueSelected.connect(
            lambda text: self._controller.library.edit(number, None, [tag.strip() for tag in text.split(",")])
        )
        box.open()

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
        for label in box.findChildren(QLabel):  # the box sets the format of its first text only
            label.setTextFormat(Qt.TextFormat.PlainText)
        box.setStandardButtons(QMessageBox.StandardButton.Open | QMessageBox.StandardButton.Cancel)
        box.accepted.connect(lambda: QDesktopServices.openUrl(url))
        box.open()

    def ask_long_reading(self, name: str, time: str, stop: object) -> QMessageBox:
        """Ask whether a reading that takes `time` shall go on; `stop` is called where it shall not. The window can be
        used meanwhile; returns the question."""
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
        box.setModal(False)
        box.show()
        return box


def file_filter() -> str:
    """Return the filter of the file dialog: the kinds of files that can be read."""
    kinds = " ".join(f"*{suffix}" for suffix in READABLE_SUFFIXES)
    return tr("Documents ({kinds});;All files (*)", kinds=kinds)
