"""The settings; each is saved as soon as it is changed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.settings.models import model_name
from app.settings.store import QUOTAS, Settings, SettingsStore
from app.style.widgets import button, label

_CHOICES: dict[str, tuple[tuple[object, str], ...]] = {
    "theme": (("system", "As the system"), ("light", "Light"), ("dark", "Dark")),
    "on_open": (("summarize", "Read it and summarise"), ("read", "Only read it"), ("wait", "Wait until I ask")),
    "summary_method": (
        ("auto", "Whichever suits its length"),
        ("state", "From the whole document at once"),
        ("sections", "Section by section, merged"),
    ),
    "summary_length": (
        ("paragraph", "A paragraph"),
        ("page", "A page"),
        ("outline", "An outline: headings, pages, a line each"),
    ),
    "text_size": (
        (0, "As the system"),
        *((points, f"{points} points") for points in (9, 10, 11, 12, 13, 14, 16, 18, 20)),
    ),
    "precision": (
        ("auto", "As the model comes"),
        ("fp32", "Full, 32 bits"),
        ("bf16", "Half the memory, bf16"),
        ("int8", "A quarter of the memory, int8"),
        ("int4", "An eighth of the memory, int4"),
    ),
    "device": (("auto", "Whichever is fastest"), ("cpu", "Processor"), ("cuda", "NVIDIA graphics card")),
    "quota_gb": tuple((size, f"{size} GB of saved states") for size in QUOTAS),
}
_KEEP = QFileDialog.Option.DontConfirmOverwrite


def _note(words: str, width: int) -> QLabel:
    """A small text as high as it needs to be: a dialog asks nobody for the height of a width."""
    result = label(words, "small", wrap=True)
    result.setMinimumWidth(width)
    result.ensurePolished()
    result.setMinimumHeight(result.heightForWidth(width))
    return result


class SettingsDialog(QDialog):
    """Not modal: it shows and changes the settings, nothing else."""

    def __init__(self, settings: SettingsStore, open_models, parent: QWidget | None = None):
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self.setSizeGripEnabled(True)
        em = self.fontMetrics().horizontalAdvance("m")
        self._names_width = self.fontMetrics().horizontalAdvance("When a document is opened") + em
        self._settings = settings
        self._model: QPushButton = button("", open_models)
        self._model.setToolTip("Choose another model")
        self._show_model(settings.now, settings.now)
        settings.changed.connect(self._show_model)
        body = QWidget()
        body.setObjectName("dialogBody")
        column = QVBoxLayout(body)
        column.setContentsMargins(30, 24, 30, 12)
        column.setSpacing(10)
        column.addWidget(label("Settings", "title"))
        width = max(40 * em, 540)
        form = self._group(column, "Reading")
        self._row(form, "When a document is opened", self._choice("on_open", "When a document is opened"))
        self._row(form, "Summaries are made", self._choice("summary_method", "How summaries are made"))
        self._row(form, "Summaries are", self._choice("summary_length", "Length of summaries"))
        form = self._group(column, "Model")
        self._row(form, "Model", self._model)
        self._row(form, "Runs on", self._choice("device", "Runs on"))
        self._row(form, "Precision", self._choice("precision", "Precision"))
        form = self._group(column, "Library")
        self._row(form, "File", self._library())
        self._row(form, "Room", self._choice("quota_gb", "Room for saved states"))
        note = "All that was read, asked and answered is kept there, on this computer. When the room is used up, old "
        note += "saved states give way; texts, summaries and answers stay."
        column.addWidget(_note(note, width - 60))
        form = self._group(column, "Look")
        self._row(form, "Theme", self._choice("theme", "Theme"))
        self._row(form, "Text size", self._choice("text_size", "Text size"))
        scroll = QScrollArea()
        scroll.setObjectName("dialogScroll")
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidgetResizable(True)
        scroll.setWidget(body)
        row = QHBoxLayout()
        row.setContentsMargins(30, 8, 30, 22)
        row.addStretch(1)
        row.addWidget(button("Close", self.accept, "primary"))
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll, 1)
        whole.addLayout(row)
        needed = body.sizeHint().height() + row.sizeHint().height() + 12
        width = max(width, body.minimumSizeHint().width() + 16)
        self.setMinimumWidth(width)
        self.resize(width, min(needed, max(self.screen().availableGeometry().height() - 60, 480)))

    def _group(self, column: QVBoxLayout, title: str) -> QFormLayout:
        column.addSpacing(10)
        column.addWidget(label(title, "heading"))
        form = QFormLayout()
        form.setHorizontalSpacing(24)
        form.setVerticalSpacing(9)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        column.addLayout(form)
        return form

    def _row(self, form: QFormLayout, words: str, field: QWidget) -> None:
        name: QLabel = label(words)
        name.setFixedWidth(self._names_width)
        name.setMinimumHeight(field.sizeHint().height())
        name.setAlignment(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
        form.addRow(name, field)

    def _choice(self, name: str, said: str) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(said)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(18)
        for value, words in _CHOICES[name]:
            box.addItem(words, value)
        box.setCurrentIndex(max(0, box.findData(getattr(self._settings.now, name))))
        box.currentIndexChanged.connect(lambda _place: self._settings.update(**{name: box.currentData()}))
        return box

    def _show_model(self, _before: Settings, now: Settings) -> None:
        self._model.setText(f"{model_name(now.model)}…")
        self._model.setAccessibleName(f"Model: {model_name(now.model)}; choose another")

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
