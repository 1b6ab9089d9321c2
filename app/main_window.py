"""Puts the panes together, routes what people want to the controller and its facts to the panes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QByteArray, Qt, QUrl, Signal
from PySide6.QtGui import QCloseEvent, QDesktopServices, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMainWindow, QSplitter, QStackedWidget, QWidget

from app import copying
from app.actions import Actions
from app.document_pane import DocumentPane
from app.document_session import Aspect, DocumentSession
from app.exporter import Exporter
from app.icons import app_icon
from app.job_controller import JobController
from app.library_pane import LibraryPane
from app.library_reader import LibraryReader
from app.settings import SettingsStore
from app.side_pane import QUESTIONS, SECTIONS, SUMMARY, SidePane
from app.terms import figures_of, terms_of
from app.theme import RESOURCES, Theme
from app.throttle import Throttle
from app.toast import Toast
from app.welcome import Welcome

SAMPLES = RESOURCES / "samples"
FILE_FILTER = "Documents (*.pdf *.txt *.md *.log *.csv *.jsonl *.html);;All files (*)"


def sample_file() -> Path | None:
    """The sample that the first run offers."""
    return next(iter([*sorted(SAMPLES.glob("*.pdf")), *sorted(SAMPLES.glob("*.log"))]), None)


class MainWindow(QMainWindow):
    """The window. It decides nothing."""

    closing = Signal()

    def __init__(self, controller: JobController, reader: LibraryReader, settings: SettingsStore, theme: Theme):
        super().__init__()
        self.setWindowTitle("Readthrough")
        self.setWindowIcon(app_icon())
        self.setAcceptDrops(True)
        self.resize(1440, 900)
        self._controller, self._settings, self._theme = controller, settings, theme
        self._shown: DocumentSession | None = None
        self._as_of: int | None = None
        self._follows: int | None = None
        # Two throttles out of step: neither side waits in the same turn of the event loop for the other to be drawn.
        self._throttle = Throttle(self._refresh_document, 60, self)
        self._side_throttle = Throttle(self._refresh_side, 50, self)
        self.library = LibraryPane(theme)
        self.document = DocumentPane(reader, theme)
        self.side = SidePane(theme)
        self.welcome = Welcome(theme, sample_file() is not None)
        self.exporter = Exporter(self)
        self.toast = Toast(self, theme)
        self._reading = QSplitter(Qt.Orientation.Horizontal)
        self._outer = QSplitter(Qt.Orientation.Horizontal)
        self._centre = QStackedWidget()
        self._lay_out()
        self.actions_ = Actions(self, self._handlers())
        self.actions_.recent.aboutToShow.connect(self._fill_recent)
        self.actions_.set_has_document(False)
        self._connect()
        self._restore()
        self.welcome.open_button.setFocus()

    def _lay_out(self) -> None:
        for splitter in (self._reading, self._outer):
            splitter.setHandleWidth(1)
            splitter.setChildrenCollapsible(False)
        self.document.setMinimumWidth(430)
        self.side.setMinimumWidth(340)
        self.library.setMinimumWidth(190)
        self._reading.addWidget(self.document)
        self._reading.addWidget(self.side)
        self._reading.setStretchFactor(0, 1)
        self._reading.setSizes([780, 420])
        self._centre.addWidget(self.welcome)
        self._centre.addWidget(self._reading)
        self._outer.addWidget(self.library)
        self._outer.addWidget(self._centre)
        self._outer.setStretchFactor(1, 1)
        self._outer.setSizes([264, 1176])
        self.setCentralWidget(self._outer)

    def _connect(self) -> None:
        control, library, side, document = self._controller, self.library, self.side, self.document
        control.session_changed.connect(self._on_session)
        control.current_changed.connect(self._on_current)
        control.documents_changed.connect(library.set_documents)
        control.worker_changed.connect(side.set_worker)
        control.removal_pending.connect(library.show_undo)
        control.library_failed.connect(library.set_problem)
        library.open_requested.connect(control.show)
        library.browse_requested.connect(self.browse)
        library.remove_requested.connect(control.remove)
        library.undo_requested.connect(control.undo_remove)
        library.folder_requested.connect(
            lambda path: QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(path).parent)))
        )
        self.welcome.browse_requested.connect(self.browse)
        self.welcome.sample_requested.connect(self.open_sample)
        document.sidebar_requested.connect(self._toggle_library)
        document.ask_as_of_requested.connect(self.ask_as_of)
        document.trouble.retry_requested.connect(control.retry)
        document.trouble.password_given.connect(control.provide_password)
        document.trouble.model_requested.connect(self.choose_model)
        document.trouble.dismissed.connect(control.dismiss_trouble)
        side.model_requested.connect(self.choose_model)
        side.settings_requested.connect(self.show_settings)
        side.restart_requested.connect(control.restart_worker)
        side.progress.pause_requested.connect(control.pause)
        side.progress.resume_requested.connect(control.resume)
        side.progress.stop_requested.connect(control.stop)
        side.progress.read_requested.connect(control.summarize)
        for view in (side.summary, side.notes):
            view.page_requested.connect(document.go_to)
        side.summary.copy_requested.connect(self.copy_summary)
        side.summary.export_requested.connect(self.export)
        side.summary.again_requested.connect(control.summarize)
        side.question.asked.connect(self._ask)
        side.question.context_dropped.connect(self._drop_context)
        turns = side.conversation
        turns.evidence_requested.connect(self._show_evidence)
        turns.copy_requested.connect(self._copy_turn)
        turns.follow_requested.connect(self.follow)
        turns.again_requested.connect(self._again)
        turns.edited.connect(self._edited)
        turns.try_requested.connect(self._show_try)
        self.exporter.finished.connect(self.toast.say)

    def _handlers(self) -> dict[str, Callable[[], object]]:
        document, control = self.document, self._controller
        return {
            "open": self.browse,
            "sample": self.open_sample,
            "export": self.export,
            "quit": self.close,
            "copy_summary": self.copy_summary,
            "find": document.begin_find,
            "find_next": lambda: document.step_hit(1),
            "find_previous": lambda: document.step_hit(-1),
            "search_library": self._search_library,
            "settings": self.show_settings,
            "library": self._toggle_library,
            "next_page": lambda: document.go_to(document.view.page + 1),
            "previous_page": lambda: document.go_to(document.view.page - 1),
            "go_to_page": document.focus_page_number,
            "zoom_in": lambda: document.view.zoom_step(1),
            "zoom_out": lambda: document.view.zoom_step(-1),
            "fit_width": document.fit_width,
            "next_pane": self._next_pane,
            "full_screen": lambda: self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen),
            "summarize": control.summarize,
            "pause": control.pause_or_resume,
            "stop": control.stop,
            "show_summary": lambda: self.side.tabs.setCurrentIndex(SUMMARY),
            "show_sections": lambda: self.side.tabs.setCurrentIndex(SECTIONS),
            "show_questions": lambda: self.side.tabs.setCurrentIndex(QUESTIONS),
            "model": self.choose_model,
            "ask": self.side.question.focus,
            "follow": lambda: self._with_last_card(self.follow),
            "again": lambda: self._with_last_card(self._again),
            "edit_last": lambda: self._with_last_card(self._edit),
            "evidence": lambda: self._with_last_card(lambda key: self._show_evidence(key, 0)),
            "keys": self.show_keys,
            "about": self.show_about,
        }

    # What people do

    def browse(self) -> None:
        """Choose a file to open."""
        start = str(Path(self._settings.now.recent[0]).parent) if self._settings.now.recent else str(Path.home())
        path, _ = QFileDialog.getOpenFileName(self, "Open a document", start, FILE_FILTER)
        if path:
            self._controller.open(path)

    def open_sample(self) -> None:
        """Open the sample that comes with the program."""
        sample = sample_file()
        if sample is not None:
            self._controller.open(str(sample))

    def export(self) -> None:
        """Write summary and questions to a file."""
        session = self._controller.current
        if session is None:
            return
        suggestion = str(Path(session.path).with_suffix("")) + " - summary.md"
        path, _ = QFileDialog.getSaveFileName(self, "Export", suggestion, "Markdown (*.md);;PDF (*.pdf)")
        if path:
            self.exporter.export(path, copying.markdown(session), session.name)

    def copy_summary(self) -> None:
        """Put the summary with its source on the clipboard."""
        session = self._controller.current
        if session is not None and session.summary:
            QGuiApplication.clipboard().setText(copying.summary_text(session))
            self.toast.say("Summary copied")

    def choose_model(self) -> None:
        """Choose the model that reads."""
        from app.model_dialog import ModelDialog

        ModelDialog(self._settings, self._theme, self).open()

    def show_settings(self) -> None:
        """Show the settings."""
        from app.settings_dialog import SettingsDialog

        dialog = SettingsDialog(self._settings, self.choose_model, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.show()

    def show_keys(self) -> None:
        """Show the keyboard map."""
        from app.help_dialog import KeysDialog

        KeysDialog(self).open()

    def show_about(self) -> None:
        """Say what this program is."""
        from app.help_dialog import AboutDialog

        AboutDialog(self).open()

    def ask_as_of(self, page: int) -> None:
        """The next question is about what was known by the end of a page."""
        self._as_of, self._follows = page, None
        self.side.question.set_context(f"As of the end of page {page}")
        self.side.question.focus()

    def follow(self, key: int) -> None:
        """The next question goes on from an answer."""
        turn = self._turn(key)
        if turn is not None and turn.turn_id is not None:
            self._as_of, self._follows = None, key
            question = turn.question if len(turn.question) < 44 else turn.question[:42] + "…"
            self.side.question.set_context(f"Following “{question}”")
            self.side.tabs.setCurrentIndex(QUESTIONS)
            self.side.question.focus()

    def _ask(self, question: str) -> None:
        parent = self._turn(self._follows) if self._follows is not None else None
        self._controller.ask(question, self._as_of, parent)
        self._drop_context()
        self.side.tabs.setCurrentIndex(QUESTIONS)

    def _drop_context(self) -> None:
        self._as_of = self._follows = None
        self.side.question.set_context("")

    def _again(self, key: int) -> None:
        turn = self._turn(key)
        if turn is not None:
            self._controller.ask_again(turn)

    def _edited(self, key: int, question: str) -> None:
        turn = self._turn(key)
        if turn is not None:
            self._controller.ask_again(turn, question)

    def _edit(self, key: int) -> None:
        card = next((card for card in self.side.conversation.cards if card.key == key), None)
        if card is not None:
            self.side.tabs.setCurrentIndex(QUESTIONS)
            card.begin_edit()

    def _show_try(self, key: int, step: int) -> None:
        turn, session = self._turn(key), self._controller.current
        if turn is not None and session is not None:
            session.conversation.show_try(turn, step)
            self._side_throttle.add(Aspect.TURNS)

    def _copy_turn(self, key: int) -> None:
        turn, session = self._turn(key), self._controller.current
        if turn is not None and session is not None:
            QGuiApplication.clipboard().setText(copying.turn_text(session, turn))
            self.toast.say("Question and answer copied")

    def _show_evidence(self, key: int, page: int) -> None:
        turn = self._turn(key)
        if turn is None:
            return
        if not page or (turn.pages and page == turn.pages[0]):
            page = turn.best_page
        self._controller.show_evidence(turn, page)
        if page:
            self.document.go_to(page)
            self.document.mark(page, terms_of(turn.answer) + figures_of(turn.question))

    def _turn(self, key: int):
        session = self._controller.current
        return session.conversation.by_key(key) if session is not None else None

    def _with_last_card(self, act: Callable[[int], object]) -> None:
        cards = self.side.conversation.cards
        if cards:
            act(max(card.key for card in cards))

    # What is to be shown

    def _on_current(self, session: DocumentSession | None) -> None:
        self._throttle.clear()
        self._side_throttle.clear()
        if self._shown is not None:
            self.library.show_session(self._shown)
        self._shown = session
        self._drop_context()
        self._centre.setCurrentWidget(self.welcome if session is None else self._reading)
        self.actions_.set_has_document(session is not None)
        self.document.set_session(session)
        self.library.set_current(session.path if session else None)
        self.setWindowTitle(f"{session.name} - Readthrough" if session else "Readthrough")
        if session is not None:
            self.side.set_session(session)
            self.document.view.setFocus()

    def _on_session(self, session: DocumentSession, what: int) -> None:
        if session is self._controller.current:
            self._throttle.add(what & ~Aspect.SUMMARY & ~Aspect.TURNS)
            self._side_throttle.add(what & ~Aspect.STRIP)
        elif what & (Aspect.PROGRESS | Aspect.DOCUMENT):
            self.library.show_session(session)

    def _refresh_side(self, what: int) -> None:
        session = self._controller.current
        if session is not None:
            self.side.show_session(session, what)

    def _refresh_document(self, what: int) -> None:
        session = self._controller.current
        if session is None:
            return
        if what & (Aspect.PROGRESS | Aspect.DOCUMENT):
            self.library.show_session(session)
            self.library.set_current(session.path)
            self.setWindowTitle(f"{session.name} - Readthrough")
        self.document.show_session(session, what)

    # The window itself

    def _toggle_library(self) -> None:
        self.library.setVisible(self.library.isHidden())
        self._settings.update(show_library=not self.library.isHidden())

    def _search_library(self) -> None:
        self.library.show()
        self.library.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.library.search.selectAll()

    def _next_pane(self) -> None:
        stops: list[QWidget] = [
            self.library.list,
            self.document.view,
            self.document.strip,
            self.side.tabs,
            self.side.question.box,
        ]
        stops = [stop for stop in stops if stop.isVisible()]
        if stops:
            here = next((place for place, stop in enumerate(stops) if stop.hasFocus()), -1)
            stops[(here + 1) % len(stops)].setFocus(Qt.FocusReason.TabFocusReason)

    def _fill_recent(self) -> None:
        menu = self.actions_.recent
        menu.clear()
        for path in self._settings.now.recent:
            menu.addAction(Path(path).name, partial(self._controller.open, path)).setToolTip(path)
        if menu.isEmpty():
            menu.addAction("Nothing yet").setEnabled(False)

    def _restore(self) -> None:
        saved = self._settings.now.window
        for name, restore in (
            ("geometry", self.restoreGeometry),
            ("outer", self._outer.restoreState),
            ("reading", self._reading.restoreState),
        ):
            if name in saved:
                restore(QByteArray.fromHex(saved[name].encode()))
        self.library.setVisible(self._settings.now.show_library)

    def _save(self) -> None:
        states = {
            "geometry": self.saveGeometry(),
            "outer": self._outer.saveState(),
            "reading": self._reading.saveState(),
        }
        self._settings.update(window={name: bytes(state.toHex().data()).decode() for name, state in states.items()})

    def closeEvent(self, event: QCloseEvent) -> None:
        self._save()
        event.accept()
        self.closing.emit()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            self.welcome.show_drop(True)
            self.toast.hold("Drop it to read it")

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.welcome.show_drop(False)
        self.toast.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self.welcome.show_drop(False)
        self.toast.hide()
        for url in event.mimeData().urls():
            if url.isLocalFile():
                self._controller.open(url.toLocalFile())
        event.acceptProposedAction()
