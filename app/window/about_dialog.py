"""About this program: version, licence, link, log file."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, metadata, version
from pathlib import Path

import PySide6
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.style.icons import pixmap
from app.style.translation import tr
from app.style.widgets import button, label

LOG_BYTES = 200_000
"""End of the log file that is copied."""


class AboutDialog(QDialog):
    """Says what this program is, and copies its log for a report. log_file: None where nothing is logged to a file."""

    def __init__(self, log_file: Path | None, parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("aboutDialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("About Readthrough"))
        self.setMinimumWidth(440)
        self._log_file = log_file
        column = QVBoxLayout(self)
        column.setContentsMargins(30, 26, 30, 22)
        column.setSpacing(12)
        mark = QLabel()
        scale = self.devicePixelRatioF()
        picture = pixmap("readthrough", "#000000", round(48 * scale))
        picture.setDevicePixelRatio(scale)
        mark.setPixmap(picture)
        column.addWidget(mark)
        column.addWidget(label("Readthrough", "title"))
        column.addWidget(label(tr("Version {version}", version=program_version()), "strong", name="version"))
        for words in (
            tr("Reads and summarises long documents, and answers questions about them. Nothing leaves this computer."),
            tr("Apache License 2.0. Pages are displayed by PDFium."),
        ):
            column.addWidget(label(words, wrap=True))
        if log_file is not None:
            where = label(tr("Log file: {path}", path=log_file), "small", wrap=True, name="logFile")
            where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            column.addWidget(where)
        row = QHBoxLayout()
        link = project_link()
        if link:
            row.addWidget(button(tr("Website"), lambda: QDesktopServices.openUrl(QUrl(link)), name="website"))
        row.addWidget(button(tr("Copy log"), self.copy_log, name="copyLog"))
        row.addStretch(1)
        row.addWidget(button(tr("Close"), self.accept, "primary"))
        column.addLayout(row)

    def copy_log(self) -> None:
        """Put version, system and the end of the log on the clipboard."""
        QGuiApplication.clipboard().setText(f"{system_words()}\n\n{log_end(self._log_file)}")


def program_version() -> str:
    """Return the installed version; "unknown" where the program runs from a folder that was never installed."""
    try:
        return version("readthrough")
    except PackageNotFoundError:
        return tr("unknown")


def project_link() -> str:
    """Return the project's address from the package's metadata; "" where it names none."""
    try:
        found = metadata("readthrough").get_all("Project-URL") or []
    except PackageNotFoundError:
        return ""
    links = [entry.partition(",")[2].strip() for entry in found]
    return next((link for link in links if link.startswith("https://")), "")


def system_words() -> str:
    """Return version, Python, Qt and system in one line."""
    return (
        f"Readthrough {program_version()}, Python {platform.python_version()}, Qt {PySide6.__version__}, "
        f"{platform.platform()}"
    )


def log_end(log_file: Path | None) -> str:
    """Return the last part of the log; "" where there is none."""
    try:
        data = log_file.read_bytes() if log_file is not None else b""
    except OSError:
        return ""
    return data[-LOG_BYTES:].decode("utf-8", "replace")
