"""A newcomer's story on a real document, with numbered pictures: `readthrough tour --out DIR [FILE [QUESTION...]]`.

First start, reading, a question meanwhile, the summary, suggested questions, sources, export; and the next day.
"""

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
from app.window.application import Application
from app.window.samples import sample_file
from app.window.side_pane import ENTITIES, QUESTIONS, SECTIONS, SUMMARY

NOT_THERE = "What is the telephone number of the author?"
"""A question that few documents answer."""
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

    document: another file than the sample; questions: about it, besides the suggested ones; command: another worker.
    """
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    path = document or str(sample_file() or "")
    if not path:
        print("error: there is no sample to show; name a document", file=sys.stderr)
        return 2
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.setdefault("QT_LOGGING_RULES", "default.warning=false")  # what the offscreen platform cannot do
    app = QApplication.instance() or QApplication(["readthrough"])
    assert isinstance(app, QApplication)
    app.setApplicationName("Readthrough")
    app.setQuitOnLastWindowClosed(False)
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["READTHROUGH_LIBRARY"] = str(Path(scratch) / "library.db")
        store = SettingsStore(Path(scratch) / "settings.json")
        _first_day(_stage(app, store, options, command, folder, "light"), path, questions or (NOT_THERE,))
        store.update(theme="dark")
        _next_day(_stage(app, store, options, command, folder, "dark"))
    return 0


def _stage(
    app: QApplication,
    store: SettingsStore,
    options: dict[str, str] | None,
    command: Callable[[Settings], list[str]] | None,
    folder: Path,
    shade: str,
) -> Stage:
    if store.now.theme == "system":
        store.update(theme=shade, show_library=True)
    parts = Application(app, store, options, command)
    parts.window.resize(SIZE)
    parts.start()
    stage = Stage(parts, folder, shade)
    stage.until(lambda: parts.controller.worker.state == "ready", "the worker")
    return stage


def _first_day(stage: Stage, path: str, questions: tuple[str, ...]) -> None:
    parts = stage.parts
    window, control = parts.window, parts.controller
    stage.shoot("first-start")
    window.dialogs.choose_model()
    stage.wait(600)
    stage.shoot("models")
    _close_dialogs()
    control.open(path)
    session = control.current
    assert session is not None
    stage.until(lambda: session.progress.tokens or session.fully_read or session.long_seconds, "the reading")
    if session.long_seconds:
        stage.shoot("a-long-document")
        control.summarize_as_usual()
    stage.until(lambda: session.fraction > 0.3 or session.fully_read, "the reading")
    _until_drawn(stage)
    window.document.set_outline_shown(True)
    window.document.go_to(max(session.pages // 9, 1))
    stage.wait(600)
    stage.shoot("reading")
    _ask(stage, questions[0])
    stage.shoot("a-question-in-mid-reading")
    stage.until(lambda: session.summary_done and not session.phase.busy, "the summary")
    window.document.set_outline_shown(False)
    for tab, name in ((SUMMARY, "summary"), (SECTIONS, "sections"), (ENTITIES, "dates-and-names")):
        window.side.tabs.setCurrentIndex(tab)
        stage.wait(900)
        stage.shoot(name)
    suggested: list[str] = []
    parts.reader.suggestions_read.connect(lambda _document, found: suggested.extend(found))
    if session.document_id is not None:
        parts.reader.read_suggestions(session.document_id)
    stage.wait(1500)
    for question in (*suggested[:2], *questions[1:]):
        _ask(stage, question)
        stage.shoot("an-answer-and-its-source")
    window.document.find_bar.begin(_word_of(session.summary.text))
    stage.wait(1500)
    stage.shoot("find")
    window.document.find_bar.dismiss()
    window.dialogs.export()
    stage.wait(300)
    stage.shoot("export")
    _close_dialogs()
    stage.close()


def _next_day(stage: Stage) -> None:
    """Everything is there again, without reading."""
    parts = stage.parts
    window, control = parts.window, parts.controller
    stage.number = 20
    stage.until(lambda: control.current is not None, "the document of yesterday")
    session = control.current
    assert session is not None
    stage.until(lambda: session.opened and not session.phase.busy, "the document of yesterday")
    stage.wait(600)
    _until_drawn(stage)
    stage.shoot("the-next-day")
    window.side.tabs.setCurrentIndex(QUESTIONS)
    cited = [turn for turn in session.conversation.turns if turn.pages or turn.mentions]
    if cited:
        window.questions.show_evidence(cited[-1].key)
        stage.wait(1200)
        window.side.conversation.show_card(cited[-1].key)
    stage.shoot("questions-kept")
    for name, show in (("settings", window.dialogs.show_settings), ("keyboard", window.dialogs.show_keys)):
        show()
        stage.wait(500)
        stage.shoot(name)
        _close_dialogs()
    stage.close()


def _ask(stage: Stage, question: str) -> None:
    """Ask as a person does, and wait for the answer and its page."""
    window, session = stage.parts.window, stage.parts.controller.current
    assert session is not None
    window.side.question.asked.emit(question)
    turn = session.conversation.turns[-1]
    stage.until(partial(_is_answered, turn), "an answer")
    stage.wait(1500)
    window.side.conversation.show_card(turn.key)


def _until_drawn(stage: Stage) -> None:
    window, session = stage.parts.window, stage.parts.controller.current
    stage.until(lambda: session is None or not session.is_pdf or window.document.pages.is_drawn, "the pages")
    stage.wait(500)


def _close_dialogs() -> None:
    for top in QApplication.topLevelWidgets():
        if isinstance(top, QDialog) and top.isVisible():
            top.close()


def _is_answered(turn: Turn) -> bool:
    return turn.done or bool(turn.problem)


def _word_of(summary: str) -> str:
    """Return the longest word of a summary, to be found in the document."""
    words = [word.strip(".,;:()") for word in summary.split()]
    return max((word for word in words if word.isalpha()), key=len, default="the")


def _centre(window: QWidget, dialog: QWidget) -> QPoint:
    room = window.size() - dialog.size()
    return QPoint(room.width() // 2, room.height() // 2)
