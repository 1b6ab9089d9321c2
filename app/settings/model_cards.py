"""A card of the model dialog: one model, on this computer or to download, and what is being done with it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QRadioButton, QVBoxLayout

from app.settings.model_task import ModelTask
from app.style.translation import mark, tr
from app.style.widgets import button, label, restyle
from app.style.words import time_left
from engine.protocol import wire
from engine.protocol.wire import ModelListed
from engine.units import duration_text, size_text

KINDS = {
    "instruct": mark("Answers and summarises in its own words"),
    "base": mark("A base model: it was not trained to answer questions, so expect rough answers"),
    "reader": mark("Finds and quotes passages"),
}
FREE_LICENCES = ("Apache License 2.0",)
PAGES = 100
"""Pages of the document that the expected speed is told for."""


class ModelCard(QFrame):
    """One model. The buttons' wishes are signals with the model's name."""

    download = Signal(str)
    pause = Signal(str)
    check = Signal(str)
    remove = Signal(str)

    def __init__(self, row: ModelListed):
        super().__init__()
        self.row = row
        self.setObjectName("modelCard" if row.path else "suggestionCard")
        self.setProperty("role", "card")
        self._sure = False
        self.choice = QRadioButton(row.title)
        self.choice.setEnabled(bool(row.path) and not row.problem)
        font = self.choice.font()
        font.setBold(True)
        self.choice.setFont(font)
        words, role = fit_words(row)
        self.choice.setAccessibleDescription(words)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(5)
        column.addWidget(self.choice if row.path else label(row.title, "strong", name="repository"))
        if facts := facts_words(row):
            column.addWidget(label(facts, "muted", wrap=True, name="modelFacts"))
        column.addWidget(label(words, role, wrap=True, name="modelFit"))
        if row.place != "included":
            place = label(row.path or row.repository, "small", wrap=True)
            place.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            column.addWidget(place)
        self._bar = QProgressBar()
        self._bar.setObjectName("downloadProgress")
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(tr("Download"))
        self._said = label(role="small", wrap=True, name="modelSaid")
        column.addWidget(self._bar)
        column.addWidget(self._said)
        column.addLayout(self._buttons())
        self.choice.toggled.connect(lambda on: restyle(self, "chosen", "true" if on else "false"))
        self.show_task(None, "", None)

    def show_task(self, task: ModelTask | None, problem: str, checked: wire.ModelChecked | None) -> None:
        """Show what is being done with the model, how the last run failed, or what a check found."""
        event = task.last if task is not None else None
        running = task is not None
        advanced = event if isinstance(event, wire.DownloadAdvanced) else None
        self._bar.setVisible(advanced is not None)
        if advanced is not None:
            self._bar.setMaximum(1000)
            self._bar.setValue(round(1000 * advanced.n_bytes / max(1, advanced.of_bytes)))
        words, role = self._words(running, event, problem, checked)
        self._said.setText(words)
        self._said.setVisible(bool(words))
        restyle(self._said, "role", role)
        self._get.setVisible(not running and self.row.place in ("catalogue", "incomplete"))
        self._pause.setVisible(running and self.row.place in ("catalogue", "incomplete"))
        self._check.setVisible(bool(self.row.path) and self.row.place != "included")
        self._check.setEnabled(not running)
        self._remove.setVisible(self.row.place in ("downloaded", "added", "missing", "incomplete") and not running)

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        free = not self.row.licence or self.row.licence in FREE_LICENCES
        title = tr("Download") if free else tr("Accept licence and download")
        if self.row.place == "incomplete":
            title = tr("Resume download")
        name = self.row.name
        self._get = button(title, lambda: self.download.emit(name), name="downloadModel")
        self._pause = button(tr("Pause"), lambda: self.pause.emit(name), name="pauseDownload")
        self._check = button(tr("Check"), lambda: self.check.emit(name), "link", "checkModel")
        remove = tr("Delete files") if self.row.place in ("downloaded", "incomplete") else tr("Remove from list")
        self._remove = button(remove, self._ask_remove, "link", "removeModel")
        for each in (self._get, self._pause, self._check, self._remove):
            row.addWidget(each)
        row.addStretch(1)
        return row

    def _ask_remove(self) -> None:
        """Remove at the second press where files are deleted."""
        if self.row.place == "downloaded" and not self._sure:
            self._sure = True
            self._remove.setText(tr("Delete {size} now?", size=size_text(self.row.n_bytes)))
            return
        self.remove.emit(self.row.name)

    def _words(
        self, running: bool, event: wire.Event | None, problem: str, checked: wire.ModelChecked | None
    ) -> tuple[str, str]:
        if running:
            return progress_words(event), "small"
        if problem == "stopped":
            return tr("Paused. The part already downloaded is kept."), "small"
        if problem:
            return problem, "warning"
        if checked is not None:
            if checked.sound:
                return " ".join([tr("The check found nothing wrong."), *map(_sentence, checked.warnings)]), "small"
            return tr("Not usable: {faults}", faults=" ".join(map(_sentence, checked.problems))), "warning"
        if self.row.place == "incomplete":
            return tr("The download was interrupted. The part already downloaded is kept."), "small"
        return "", "small"

    def mousePressEvent(self, _event: QMouseEvent) -> None:
        if self.row.path and self.choice.isEnabled():
            self.choice.setChecked(True)


def progress_words(event: wire.Event | None) -> str:
    """Return how far a run is."""
    match event:
        case wire.DownloadAdvanced(phase="check"):
            return tr("Checking {file}…", file=event.file)
        case wire.DownloadAdvanced(phase="wait"):
            return tr("Waiting for the server…")
        case wire.DownloadAdvanced():
            done = tr("{done} of {all}", done=size_text(event.n_bytes), all=size_text(event.of_bytes))
            left = f" · {time_left(event.seconds_left)}" if event.seconds_left is not None else ""
            return f"{done} · {size_text(event.bytes_per_second)}/s{left}"
        case wire.CheckDone():
            return tr("Checking: {part}…", part=event.detail)
        case _:
            return tr("Starting…")


def facts_words(row: ModelListed) -> str:
    """Return what a model is, its sizes, context, languages and licence, in one line."""
    kind = tr(KINDS[row.kind]) if row.kind in KINDS else ""
    facts: Sequence[str] = (
        kind,
        size_text(row.n_bytes) if row.n_bytes and row.place != "included" else "",
        tr("context {tokens} tokens", tokens=f"{row.context:,}") if row.context else "",
        ", ".join(row.languages),
        row.licence,
        row.licence_url if row.licence and row.licence not in FREE_LICENCES else "",
    )
    return " · ".join(fact for fact in facts if fact)


def fit_words(row: ModelListed) -> tuple[str, str]:
    """Return whether a model fits into the free memory, its speed here, and the role of the text."""
    if row.problem:
        return row.problem, "warning"
    if not row.needs:
        return "", "small"
    needs = ", ".join(f"{name} {size_text(needed)}" for name, needed in row.needs.items())
    free = size_text(row.free_bytes)
    if not row.best:
        return tr("Memory: {needs}. Too large for this computer now ({free} free).", needs=needs, free=free), "warning"
    words = tr("Memory: {needs}. Runs in {best} here ({free} free).", needs=needs, best=row.best, free=free)
    seconds = row.seconds_per_page.get(row.best)
    if seconds is not None:
        words += " " + tr("About {time} for {pages} pages.", time=duration_text(PAGES * seconds), pages=PAGES)
    return words, "small"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"
