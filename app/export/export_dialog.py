"""Asks in which format to export a document's results, and with which parts."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.style.translation import mark, tr
from app.style.widgets import button, label
from engine.wording.report import Parts

FORMATS = (
    (".docx", mark("Word document (*.docx)")),
    (".pdf", mark("PDF (*.pdf)")),
    (".md", mark("Markdown (*.md)")),
    (".odt", mark("OpenDocument text (*.odt)")),
)


class ExportDialog(QDialog):
    """Format and parts of an export; summary and answers are always part of it."""

    chosen = Signal(str, object)
    """(suffix, engine.wording.report.Parts)"""

    def __init__(self, name: str, suffix: str, parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("exportDialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Export"))
        self.setMinimumWidth(380)
        self.format = QComboBox()
        self.format.setObjectName("exportFormat")
        self.format.setAccessibleName(tr("Format"))
        for value, words in FORMATS:
            self.format.addItem(tr(words), value)
        self.format.setCurrentIndex(max(self.format.findData(suffix), 0))
        self.sections = QCheckBox(tr("Section summaries"))
        self.sections.setObjectName("exportSections")
        self.sections.setChecked(True)
        self.entities = QCheckBox(tr("Dates, amounts and names"))
        self.entities.setObjectName("exportEntities")
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(button(tr("Cancel"), self.reject))
        row.addWidget(button(tr("Export…"), self._choose, "primary", "exportGo"))
        column = QVBoxLayout(self)
        column.setContentsMargins(26, 22, 26, 20)
        column.setSpacing(10)
        column.addWidget(label(tr("Export “{name}”", name=name), "heading", wrap=True))
        column.addWidget(self.format)
        column.addWidget(label(tr("Summary and answers, with quotes and pages. Also:"), "small", wrap=True))
        column.addWidget(self.sections)
        column.addWidget(self.entities)
        column.addSpacing(6)
        column.addLayout(row)

    def _choose(self) -> None:
        parts = Parts(self.sections.isChecked(), self.entities.isChecked())
        self.accept()
        self.chosen.emit(self.format.currentData(), parts)
