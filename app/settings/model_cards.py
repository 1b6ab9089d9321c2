"""Cards of the model dialog: a model on this machine, and one that can be downloaded."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QRadioButton, QVBoxLayout

from app.settings.models import ModelEntry, Suggestion, memory_for
from app.style.translation import tr
from app.style.widgets import button, label, restyle
from engine.units import size_text

TIGHT = 0.7
"""Share of the machine's memory above which a model only just fits."""


class ModelCard(QFrame):
    """One model to choose. remove: takes its folder off the list, where the user added it."""

    def __init__(self, entry: ModelEntry, memory: int, remove: Callable[[], object] | None = None):
        super().__init__()
        self.entry = entry
        self.setObjectName("modelCard")
        self.setProperty("role", "card")
        self.choice = QRadioButton(entry.name)
        self.choice.setEnabled(not entry.problem)
        font = self.choice.font()
        font.setBold(True)
        self.choice.setFont(font)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(5)
        column.addWidget(self.choice)
        words, role = fit_words(entry, memory)
        self.choice.setAccessibleDescription(words)
        column.addWidget(label(words, role, wrap=True, name="modelFit"))
        if entry.included:
            about = tr("Included. A small model: it finds and quotes passages. Larger models write better answers.")
            column.addWidget(label(about, "muted", wrap=True))
        else:
            place = label(entry.folder, "small", wrap=True)
            place.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            column.addWidget(place)
        if remove is not None:
            column.addWidget(
                button(tr("Remove from list"), remove, "link", "removeModel"), 0, Qt.AlignmentFlag.AlignLeft
            )
        self.choice.toggled.connect(lambda on: restyle(self, "chosen", "true" if on else "false"))

    def mousePressEvent(self, _event: QMouseEvent) -> None:
        if self.choice.isEnabled():
            self.choice.setChecked(True)


class SuggestionCard(QFrame):
    """One model to download: what it is good for, its size, whether it fits, and the command that gets it."""

    def __init__(self, suggestion: Suggestion, memory: int):
        super().__init__()
        self.setObjectName("suggestionCard")
        self.setProperty("role", "card")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(5)
        column.addWidget(label(suggestion.repository, "strong", name="repository"))
        column.addWidget(label(f"{tr(suggestion.note)} {suggestion.licence}.", "muted", wrap=True))
        words, role = need_words(suggestion.weight_bytes, memory)
        column.addWidget(label(words, role, wrap=True))
        command = QLineEdit(suggestion.command)
        command.setObjectName("downloadCommand")
        command.setReadOnly(True)
        command.setAccessibleName(tr("Download command"))
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(command, 1)
        row.addWidget(button(tr("Copy"), lambda: QGuiApplication.clipboard().setText(suggestion.command)))
        column.addLayout(row)


def fit_words(entry: ModelEntry, memory: int) -> tuple[str, str]:
    """Return whether a model fits this machine, and the role of the text that says so."""
    return (entry.problem, "warning") if entry.problem else need_words(entry.weight_bytes, memory)


def need_words(weight_bytes: int, memory: int) -> tuple[str, str]:
    """Return size, memory and fit of a model in words, and the role of the text."""
    needs = memory_for(weight_bytes)
    size = tr("{size} on disk, about {memory} of memory", size=size_text(weight_bytes), memory=size_text(needs))
    room = size_text(memory)
    if needs > memory:
        least = size_text(memory_for(weight_bytes // 4))
        fits = memory_for(weight_bytes // 4) <= memory * TIGHT
        more = tr("; about {memory} with 4-bit precision (Settings)", memory=least) if fits else ""
        return tr("{size}: too large for this computer ({room})", size=size, room=room) + more + ".", "warning"
    if needs > memory * TIGHT:
        words = tr("{size}: just fits this computer ({room}); close other programs.", size=size, room=room)
        return words, "warning"
    return tr("{size}: fits this computer.", size=size), "small"
