"""Drives the real window through the whole story and writes numbered screenshots: `main.py tour --out DIR`."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import (
    QCoreApplication,
    QDeadlineTimer,
    QEvent,
    QEventLoop,
    QPoint,
    QPointF,
    QRectF,
    QSize,
    QSizeF,
    QTimer,
)
from PySide6.QtGui import QPainter, QPainterPath, QPen, QPixmap
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from app.settings.store import Settings, SettingsStore
from app.state.conversation import Turn
from app.state.session import Phase
from app.window.application import Application
from app.window.samples import SAMPLES, sample_questions
from app.window.side_pane import ENTITIES, QUESTIONS, SECTIONS, SUMMARY

ASKED = 4
"""Questions: one in mid-reading, three at the end."""
SIZE = QSize(1440, 900)
PATIENCE_SECONDS = 900


class TourError(RuntimeError):
    """The tour could not go on."""


@dataclass
class Stage:
    """One window and where its pictures go."""

    parts: Application
    out: Path
    shade: str
    number: int = 0

    def wait(self, milliseconds: int) -> None:
        """Let the window live for a while."""
        loop = QEventLoop()
        QTimer.singleShot(milliseconds, loop.quit)
        loop.exec()

    def until(self, true: Callable[[], object], what: str) -> None:
        """Let the window live until something is so. Raises TourError when it does not come."""
        deadline = QDeadlineTimer(PATIENCE_SECONDS * 1000)
        while not true():
            if deadline.hasExpired():
                raise TourError(f"{what} did not come within {PATIENCE_SECONDS} s")
            self.wait(30)

    def shoot(self, name: str) -> None:
        """Write a picture of the window and of the dialogs over it."""
        self.wait(250)
        window = self.parts.window
        picture = window.grab()
        painter = QPainter(picture)
        for top in QApplication.topLevelWidgets():
            if isinstance(top, QDialog) and top.isVisible():
                painter.fillRect(picture.rect(), self.parts.theme.color("shade"))
                box = QRectF(QPointF(_centre(window, top)), QSizeF(top.size()))
                frame = QPainterPath()
                frame.addRoundedRect(box, 10, 10)
                painter.setClipPath(frame)
                painter.drawPixmap(box.topLeft(), top.grab())
                painter.setClipping(False)
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.strokePath(frame, QPen(self.parts.theme.color("border_strong"), 1))
        painter.end()
        self.number += 1
        self.save(picture, name)

    def save(self, picture: QPixmap, name: str) -> None:
        path = self.out / f"{self.number:02}-{name}-{self.shade}.png"
        if not picture.save(str(path)):
            raise TourError(f"{path} could not be written")
        print(path, flush=True)

    def close(self) -> None:
        """Close the window as a person does."""
        self.parts.window.close()
        self.until(lambda: not self.parts.client.running, "the end of the worker")
        self.parts.end()
        self.parts.window.deleteLater()
        self.parts.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def run(
    out: str | Path,
    options: dict[str, str] | None = None,
    document: str = "",
    questions: tuple[str, ...] = (),
    command: Callable[[Settings], list[str]] | None = None,
) -> int:
    """Write the pictures, light and dark, into the folder `out`; returns the exit status.

    document: another file than the sample; questions: about it, the first in mid-reading; command: another worker.
    """
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    path = document or str(next((file for file in sorted(SAMPLES.glob("*.pdf")) if questions_about(file)), ""))
    if not path:
        print("error: there is no sample to show; name a document", file=sys.stderr)
        return 2
    questions = questions or questions_about(Path(path)) or ("What is this about?",) * ASKED
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.setdefault("QT_LOGGING_RULES", "default.warning=false")  # what the offscreen platform cannot do
    app = QApplication.instance() or QApplication(["readthrough"])
    assert isinstance(app, QApplication)
    app.setApplicationName("Readthrough")
    app.setQuitOnLastWindowClosed(False)
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["READTHROUGH_LIBRARY"] = str(Path(scratch) / "library.db")
        store = SettingsStore(Path(scratch) / "settings.json")
        _first_day(_stage(app, store, options, command, folder, "light"), path, questions[0])
        _next_day(_stage(app, store, options, command, folder, "light"), questions[1:])
        store.update(theme="dark")
        _in_the_dark(_stage(app, store, options, command, folder, "dark"))
    return 0


def questions_about(path: Path) -> tuple[str, ...]:
    """Return questions about a sample, one of which it does not answer; none of a file without a list."""
    held, absent = sample_questions(path)
    chosen = [*held[2:3], *held[4:5], *absent[:1], *held[5:6]]
    return tuple(chosen) if len(chosen) == ASKED else ()


def _stage(
    app: QApplication,
    store: SettingsStore,
    options: dict[str, str] | None,
    command: Callable[[Settings], list[str]] | None,
    folder: Path,
    shade: str,
) -> Stage:
    if store.now.theme == "system":
        store.update(theme=shade)
    parts = Application(app, store, options, command)
    parts.window.resize(SIZE)
    parts.start()
    stage = Stage(parts, folder, shade)
    stage.until(lambda: parts.controller.worker.state == "ready", "the worker")
    return stage


def _first_day(stage: Stage, path: str, question: str) -> None:
    parts = stage.parts
    window, control = parts.window, parts.controller
    stage.shoot("first-start")
    record = next(iter(sorted(SAMPLES.glob("*.log"))), None)
    if record is not None and Path(path).parent == SAMPLES:
        _read_aside(stage, str(record))
    control.open(path)
    session = control.current
    assert session is not None
    stage.until(lambda: session.fraction > 0.3, "the reading")
    stage.until(lambda: not session.is_pdf or window.document.pages.is_drawn, "the pages")
    window.document.go_to(session.pages // 9)
    stage.wait(400)
    stage.shoot("reading")
    window.side.question.asked.emit(question)
    turn = session.conversation.turns[-1]
    stage.until(lambda: turn.done or turn.problem, "the answer in mid-reading")
    stage.shoot("a-question-in-mid-reading")
    stage.until(lambda: session.fraction > 0.6, "more of the reading")
    if not session.fully_read:
        stage.close()
        return
    stage.until(lambda: not session.phase.busy, "the summary")
    stage.close()


def _read_aside(stage: Stage, path: str) -> None:
    """Read another document, so that the library shows two."""
    parts = stage.parts
    parts.settings.update(on_open="read")
    parts.controller.open(path)
    session = parts.controller.current
    assert session is not None
    stage.until(lambda: session.fully_read and not session.phase.busy, "the record")
    parts.settings.update(on_open="summarize")


def _next_day(stage: Stage, questions: tuple[str, ...]) -> None:
    parts = stage.parts
    window, control = parts.window, parts.controller
    stage.number = 3
    stage.until(lambda: control.current is not None, "the document of yesterday")
    session = control.current
    assert session is not None
    if not session.fully_read:
        stage.until(lambda: session.phase in (Phase.READING, Phase.SUMMARISING) or session.fully_read, "going on")
        stage.shoot("goes-on-where-it-was-closed")
    window.side.tabs.setCurrentIndex(SECTIONS)
    stage.until(lambda: session.notes or session.summary.text, "the first note")
    stage.wait(1500)
    window.side.tabs.setCurrentIndex(SECTIONS if session.notes else SUMMARY)
    stage.shoot("notes-stream-in")
    stage.until(lambda: session.summary_done and not session.phase.busy, "the summary")
    window.side.tabs.setCurrentIndex(SUMMARY)
    stage.shoot("summary")
    window.side.tabs.setCurrentIndex(ENTITIES)
    stage.shoot("dates-and-names")
    for question in questions:
        window.side.question.asked.emit(question)
        turn = session.conversation.turns[-1]
        stage.until(partial(_is_answered, turn), "an answer")
        stage.wait(600)
    window.side.tabs.setCurrentIndex(QUESTIONS)
    stage.shoot("three-questions")
    cited = [turn for turn in session.conversation.turns if turn.pages or turn.mentions]
    if cited:
        window.questions.show_evidence(cited[-1].key)
        stage.wait(1200)
        window.side.conversation.show_card(cited[-1].key)
    stage.shoot("evidence")
    window.document.strip.ask_as_of_requested.emit(max(session.pages // 2, 1))
    window.document.find_bar.begin(_word_of(session.summary.text))
    stage.wait(1500)
    stage.shoot("find-and-ask-as-of-a-page")
    window.document.find_bar.dismiss()
    stage.close()


def _in_the_dark(stage: Stage) -> None:
    parts = stage.parts
    window, control = parts.window, parts.controller
    stage.number = 10
    stage.until(lambda: control.current is not None, "the document of yesterday")
    session = control.current
    assert session is not None
    stage.until(lambda: session.opened and not session.phase.busy, "the document of yesterday")
    stage.until(lambda: not session.is_pdf or window.document.pages.is_drawn, "the pages")
    stage.wait(500)
    stage.shoot("summary-kept")
    window.side.tabs.setCurrentIndex(QUESTIONS)
    stage.wait(600)
    turns = session.conversation.turns
    cited = [turn for turn in turns if turn.pages or turn.mentions]
    if cited:
        window.questions.show_evidence(cited[0].key)
        stage.wait(900)
    stage.shoot("questions-kept")
    for name, show in (
        ("model", window.dialogs.choose_model),
        ("settings", window.dialogs.show_settings),
        ("keyboard", window.dialogs.show_keys),
    ):
        show()
        stage.wait(500)
        stage.shoot(name)
        for top in QApplication.topLevelWidgets():
            if isinstance(top, QDialog) and top.isVisible():
                top.close()
    stage.close()


def _is_answered(turn: Turn) -> bool:
    return turn.done or bool(turn.problem)


def _word_of(summary: str) -> str:
    """Return the longest word of a summary, to be found in the document."""
    words = [word.strip(".,;:()") for word in summary.split()]
    return max((word for word in words if word.isalpha()), key=len, default="the")


def _centre(window: QWidget, dialog: QWidget) -> QPoint:
    room = window.size() - dialog.size()
    return QPoint(room.width() // 2, room.height() // 2)
