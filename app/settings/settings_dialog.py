"""The settings; each is saved as soon as it is changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices
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
from app.settings.registry import OPTIONS
from app.settings.store import Settings, SettingsStore
from app.style.screen import fit_to_screen
from app.style.translation import tr
from app.style.widgets import button, label, plain_tip
from engine.library.database import library_path
from engine.units import size_text

_KEEP = QFileDialog.Option.DontConfirmOverwrite


class SettingsDialog(QDialog):
    """Not modal: it shows and changes the settings, nothing else."""

    free_requested = Signal()
    """Delete the cached data of all documents."""

    def __init__(self, settings: SettingsStore, open_models: Callable[[], object], parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("settingsDialog")
        self.setWindowTitle(tr("Settings"))
        self.setSizeGripEnabled(True)
        self._settings = settings
        self._open_models = open_models
        self._used: int | None = None
        self._model: QPushButton = button("", open_models, name="chooseModel")
        self._cache = label(role="small", wrap=True, name="cacheUse")
        self._scroll = QScrollArea()
        self._scroll.setObjectName("dialogScroll")
        self._scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        row = QHBoxLayout()
        row.setContentsMargins(30, 8, 30, 22)
        row.addStretch(1)
        row.addWidget(button(tr("Close"), self.accept, "primary"))
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._scroll, 1)
        whole.addLayout(row)
        self._fill()
        settings.changed.connect(self._on_change)

    def show_usage(self, used: int) -> None:
        """Say how much of the cache limit is used, bytes."""
        self._used = used
        self._show_cache()

    def note_freed(self, size: int) -> None:
        """Show the use of the cache after so many bytes of it were deleted."""
        if self._used is not None:
            self.show_usage(max(self._used - size, 0))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and self.isVisible():
            # Labels and fields of the form keep their old size, so it is rebuilt with the new font.
            QTimer.singleShot(0, self, self._fill)

    def _fill(self) -> None:
        """Build the form."""
        self._model = button("", self._open_models, name="chooseModel")
        self._model.setToolTip(tr("Choose another model"))
        self._cache = label(role="small", wrap=True, name="cacheUse")
        body = QWidget()
        body.setObjectName("dialogBody")
        column = QVBoxLayout(body)
        column.setContentsMargins(30, 24, 30, 12)
        column.setSpacing(10)
        column.addWidget(label(tr("Settings"), "title"))
        form = self._group(column, tr("Reading"))
        for name in ("on_open", "summary_method", "summary_length"):
            self._choice(form, name)
        form = self._group(column, tr("Model"))
        self._row(form, tr("Model"), self._model)
        self._choice(form, "device")
        self._choice(form, "precision")
        form = self._group(column, tr("Library"))
        self._row(form, tr("Location"), self._location())
        self._choice(form, "quota_gb")
        column.addWidget(self._cache)
        free = button(tr("Delete cached data"), self.free_requested.emit, name="freeSpace")
        column.addWidget(free, 0, Qt.AlignmentFlag.AlignLeft)
        form = self._group(column, tr("Appearance"))
        for name in ("theme", "text_size", "language"):
            self._choice(form, name)
        column.addStretch(1)
        self._show_model()
        self._show_cache()
        self._scroll.setWidget(body)
        letter = self.fontMetrics().horizontalAdvance("m")
        fit_to_screen(self, max(44 * letter, body.sizeHint().width() + 30), body.sizeHint().height() + 90)
        self.setMinimumWidth(min(body.minimumSizeHint().width() + 20, self.width()))

    def _group(self, column: QVBoxLayout, title: str) -> QFormLayout:
        column.addSpacing(10)
        column.addWidget(label(title, "heading"))
        form = QFormLayout()
        form.setHorizontalSpacing(24)
        form.setVerticalSpacing(9)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        column.addLayout(form)
        return form

    def _choice(self, form: QFormLayout, name: str) -> None:
        option = OPTIONS[name]
        title = tr(option.title)
        box = QComboBox()
        box.setObjectName(name)
        box.setAccessibleName(title)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(16)
        for value, words in option.choices:
            box.addItem(tr(words), value)
        box.setCurrentIndex(max(0, box.findData(getattr(self._settings.now, name))))
        box.currentIndexChanged.connect(lambda _place: self._settings.update(**{name: box.currentData()}))
        self._row(form, title, box)

    def _row(self, form: QFormLayout, title: str, field: QWidget) -> None:
        """Add a row; the titles of all groups have one width."""
        name = QLabel(title)
        name.setBuddy(field)
        titles = [tr(option.title) for option in OPTIONS.values()]
        name.setMinimumWidth(max(self.fontMetrics().horizontalAdvance(words) for words in titles) + 8)
        form.addRow(name, field)

    def _on_change(self, before: Settings, after: Settings) -> None:
        if before.model != after.model:
            self._show_model()
        if before.quota_gb != after.quota_gb:
            self._show_cache()

    def _show_model(self) -> None:
        folder = self._settings.now.model
        name = model_name(folder) if folder else tr("Included model")
        self._model.setText(f"{name}…")
        self._model.setAccessibleName(tr("Model: {name}; choose another", name=name))

    def _show_cache(self) -> None:
        words = tr(
            "Texts, summaries and answers are always kept. When the limit is reached, the oldest cached data is "
            "deleted first."
        )
        if self._used is not None:
            words = tr("{size} used.", size=size_text(self._used)) + " " + words
        self._cache.setText(words)

    def _location(self) -> QWidget:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        usual = library_path()
        field = QLineEdit(self._settings.now.library)
        field.setObjectName("libraryFile")
        field.setPlaceholderText(str(usual))
        field.setToolTip(plain_tip(self._settings.now.library or str(usual)))
        field.setAccessibleName(tr("Library file"))
        field.editingFinished.connect(lambda: self._settings.update(library=field.text().strip()))

        def browse() -> None:
            kinds = tr("Libraries (*.db)")
            path, _ = QFileDialog.getSaveFileName(self, tr("Library"), field.text(), kinds, options=_KEEP)
            if path:
                field.setText(path)
                self._settings.update(library=path)

        def show() -> None:
            folder = Path(field.text().strip() or usual).expanduser().parent
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

        row.addWidget(field, 1)
        row.addWidget(button(tr("Show"), show))
        row.addWidget(button(tr("Browse…"), browse))
        return holder
