"""The settings; each is saved as soon as it is changed."""

from __future__ import annotations

from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from app.settings import SettingsStore
from app.widgets import button, label

_CHOICES = {
    "theme": (("system", "As the system"), ("light", "Light"), ("dark", "Dark")),
    "on_open": (("summarize", "Read it and summarise"), ("read", "Only read it"), ("wait", "Wait until I ask")),
    "summary_method": (
        ("auto", "Whichever suits its length"),
        ("state", "From the whole document at once"),
        ("sections", "Section by section, merged"),
    ),
    "text_size": (
        (0, "As the system"),
        *((points, f"{points} points") for points in (9, 10, 11, 12, 13, 14, 16, 18, 20)),
    ),
    "precision": (("auto", "As the model comes"), ("fp32", "Full, 32 bits"), ("bf16", "Half the memory, bf16")),
    "device": (("auto", "Whichever is fastest"), ("cpu", "Processor"), ("cuda", "NVIDIA graphics card")),
}


NAMES_WIDTH = 190


class SettingsDialog(QDialog):
    """Not modal: it shows and changes the settings, nothing else."""

    def __init__(self, settings: SettingsStore, open_models, parent: QWidget | None = None):
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self.setMinimumWidth(520)
        self._settings = settings
        column = QVBoxLayout(self)
        column.setContentsMargins(28, 22, 28, 22)
        column.setSpacing(10)
        column.addWidget(label("Settings", "title"))
        column.addSpacing(4)
        column.addWidget(label("Reading", "heading"))
        form = self._form(column)
        self._row(form, "When a document is opened", self._choice("on_open", "When a document is opened"))
        self._row(form, "Summary", self._choice("summary_method", "Summary method"))
        column.addSpacing(8)
        column.addWidget(label("Model", "heading"))
        form = self._form(column)
        self._row(form, "Model", button("Choose a model…", open_models))
        self._row(form, "Runs on", self._choice("device", "Runs on"))
        self._row(form, "Precision", self._choice("precision", "Precision"))
        self._row(form, "Library", self._library())
        form.addRow(
            "", label("Everything read, asked and answered is kept in this file, on this computer.", "small", wrap=True)
        )
        column.addSpacing(8)
        column.addWidget(label("Look", "heading"))
        form = self._form(column)
        self._row(form, "Theme", self._choice("theme", "Theme"))
        self._row(form, "Text size", self._choice("text_size", "Text size"))
        column.addStretch(1)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(button("Close", self.accept, "primary"))
        column.addLayout(row)

    def _form(self, column: QVBoxLayout) -> QFormLayout:
        form = QFormLayout()
        form.setHorizontalSpacing(24)
        form.setVerticalSpacing(9)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        column.addLayout(form)
        return form

    def _row(self, form: QFormLayout, words: str, field: QWidget) -> None:
        name = label(words)
        name.setFixedWidth(NAMES_WIDTH)
        form.addRow(name, field)

    def _choice(self, name: str, said: str) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(said)
        for value, words in _CHOICES[name]:
            box.addItem(words, value)
        box.setCurrentIndex(max(0, box.findData(getattr(self._settings.now, name))))
        box.currentIndexChanged.connect(lambda _place: self._settings.update(**{name: box.currentData()}))
        return box

    def _library(self) -> QWidget:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        field = QLineEdit(self._settings.now.library)
        field.setPlaceholderText("The usual place")
        field.setAccessibleName("Library file")
        field.editingFinished.connect(lambda: self._settings.update(library=field.text().strip()))

        def browse() -> None:
            path, _ = QFileDialog.getSaveFileName(self, "Library", field.text(), "Libraries (*.db)", options=_KEEP)
            if path:
                field.setText(path)
                self._settings.update(library=path)

        row.addWidget(field, 1)
        row.addWidget(button("Browse…", browse))
        return holder


_KEEP = QFileDialog.Option.DontConfirmOverwrite
