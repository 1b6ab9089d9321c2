"""Puts the panes together, routes what people want to the controller and its facts to the panes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, Qt, QUrl, Signal
from PySide6.QtGui import QCloseEvent, QDesktopServices, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QMainWindow, QSplitter, QStackedWidget, QWidget

from app.document.pane import DocumentPane
from app.export import markdown
from app.jobs.controller import JobController
from app.library.pane import LibraryPane
from app.library.reader import LibraryReader
from app.settings.store import SettingsStore
from app.state.session import Aspect, DocumentSession
from app.style.icons import app_icon
from app.style.theme import Theme
from app.tasks.throttle import Throttle
from app.window.actions import Actions
from app.window.dialogs import Dialogs, sample_file
from app.window.questions import Inquiry
from app.window.side_pane import LEDGER, QUESTIONS, SECTIONS, SUMMARY, SidePane
from app.window.toast import Toast
from app.window.welcome import Welcome

SIDE_LINES = 22
"""Width of the right side at least, in lines' heights: its figures and tabs stay whole in large letters too."""


class MainWindow(QMainWindow):
    """The window. It decides nothing."""

    closing = Signal()

    def __init__(self, controller: JobController, reader: LibraryReader, settings: SettingsStore, theme: Theme):
        super().__init__()
        self.setWindowTitle("Readthrough")
        self.setWindowIcon(app_icon())
        self.setAcceptDrops(True)
        self.resize(1440, 900)
        self._controller, self._settings = controller, settings
        self._shown: DocumentSession | None = None
        # Two throttles out of step: neither side waits in the same turn of the event loop for the other to be drawn.
        self._throttle = Throttle(self._refresh_document, 60, self)
        self._side_throttle = Throttle(self._refresh_side, 50, self)
        self.library = LibraryPane(theme)
        self.document = DocumentPane(reader, theme)
        self.side = SidePane(theme)
        self.welcome = Welcome(theme, sample_file() is not None)
        self.dialogs = Dialogs(self, controller, settings, theme)
        self.inquiry = Inquiry(controller, self.document, self.side, self)
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
        self.side.setMinimumWidth(SIDE_LINES * self.fontMetrics().height())
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
        self._outer.setSizes([280, 1160])
        self.setCentralWidget(self._outer)

    def _connect(self) -> None:
        control, library, side, document = self._controller, self.library, self.side, self.document
        dialogs = self.dialogs
        control.session_changed.connect(self._on_session)
        control.current_changed.connect(self._on_current)
        control.shelf.documents_changed.connect(library.set_documents)
        control.worker_changed.connect(side.set_worker)
        control.shelf.removal_pending.connect(library.show_undo)
        control.library_failed.connect(library.set_problem)
        for pane in (library, side):
            control.lock.changed.connect(pane.set_read_only)
        side.retry_requested.connect(control.lock.retry)
        library.open_requested.connect(control.show)
        library.browse_requested.connect(dialogs.browse)
        library.remove_requested.connect(control.remove)
        library.undo_requested.connect(control.shelf.undo)
        library.folder_requested.connect(
            lambda path: QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(path).parent)))
        )
        self.welcome.browse_requested.connect(dialogs.browse)
        self.welcome.sample_requested.connect(dialogs.open_sample)
        document.sidebar_requested.connect(self._toggle_library)
        document.trouble.retry_requested.connect(control.retry)
        document.trouble.password_given.connect(control.provide_password)
        document.trouble.model_requested.connect(dialogs.choose_model)
        document.trouble.dismissed.connect(control.dismiss_trouble)
        side.model_requested.connect(dialogs.choose_model)
        side.settings_requested.connect(dialogs.show_settings)
        side.restart_requested.connect(control.restart_worker)
        side.progress.pause_requested.connect(control.pause)
        side.progress.resume_requested.connect(control.resume)
        side.progress.stop_requested.connect(control.stop)
        side.progress.read_requested.connect(control.summarize_as_usual)
        side.ledger.entry_requested.connect(document.show_words)
        for view in (side.summary, side.notes):
            view.page_requested.connect(document.go_to)
        side.summary.copy_requested.connect(self.copy_summary)
        side.summary.kept_requested.connect(self._show_summary)
        side.summary.export_requested.connect(dialogs.export)
        side.summary.summary_requested.connect(control.summarize)
        self.inquiry.tree_changed.connect(lambda: self._side_throttle.add(Aspect.TURNS))
        for doer in (self.dialogs, self.inquiry):
            doer.done.connect(self.toast.say)

    def _handlers(self) -> dict[str, Callable[[], object]]:
        document, control, dialogs, inquiry = self.document, self._controller, self.dialogs, self.inquiry
        return {
            "open": dialogs.browse,
            "sample": dialogs.open_sample,
            "export": dialogs.export,
            "quit": self.close,
            "copy_summary": self.copy_summary,
            "find": document.begin_find,
            "find_next": lambda: document.step_hit(1),
            "find_previous": lambda: document.step_hit(-1),
            "undo_remove": control.shelf.undo,
            "search_library": self._search_library,
            "settings": dialogs.show_settings,
            "library": self._toggle_library,
            "next_page": lambda: document.go_to(document.view.page + 1),
            "previous_page": lambda: document.go_to(document.view.page - 1),
            "go_to_page": document.focus_page_number,
            "zoom_in": lambda: document.view.zoom_step(1),
            "zoom_out": lambda: document.view.zoom_step(-1),
            "fit_width": document.fit_width,
            "next_pane": self._next_pane,
            "full_screen": lambda: self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen),
            "summarize": control.summarize_as_usual,
            "pause": control.pause_or_resume,
            "stop": control.stop,
            "show_summary": lambda: self.side.tabs.setCurrentIndex(SUMMARY),
            "show_sections": lambda: self.side.tabs.setCurrentIndex(SECTIONS),
            "show_ledger": lambda: self.side.tabs.setCurrentIndex(LEDGER),
            "another_summary": self._another_summary,
            "show_questions": lambda: self.side.tabs.setCurrentIndex(QUESTIONS),
            "model": dialogs.choose_model,
            "ask": self.side.question.focus,
            "follow": lambda: inquiry.with_last(inquiry.follow),
            "again": lambda: inquiry.with_last(inquiry.again),
            "edit_last": lambda: inquiry.with_last(inquiry.edit),
            "evidence": lambda: inquiry.with_last(inquiry.show_evidence),
            "keys": dialogs.show_keys,
            "about": dialogs.show_about,
        }

    # What people do

    def copy_summary(self) -> None:
        """Put the summary with its source on the clipboard."""
        session = self._controller.current
        if session is not None and session.summary_done:
            QGuiApplication.clipboard().setText(markdown.summary_text(session))
            self.toast.say("Summary copied")

    # What is to be shown

    def _on_current(self, session: DocumentSession | None) -> None:
        self._throttle.clear()
        self._side_throttle.clear()
        if self._shown is not None:
            self._note_place()
            self.library.show_session(self._shown)
        self._shown = session
        self.inquiry.drop_context()
        self._centre.setCurrentWidget(self.welcome if session is None else self._reading)
        self.actions_.set_has_document(session is not None)
        self.document.set_session(session)
        self.library.set_current(session.path if session else None)
        self.setWindowTitle(f"{session.name} - Readthrough" if session else "Readthrough")
        if session is not None:
            self.side.set_session(session)
            place = self._settings.now.places.get(session.path, 1)
            if place > 1:
                self.document.go_to(place)
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

    def _show_summary(self, place: int) -> None:
        session = self._controller.current
        if session is not None:
            session.show_summary(place)
            self._side_throttle.add(Aspect.SUMMARY)

    def _another_summary(self) -> None:
        self.side.tabs.setCurrentIndex(SUMMARY)
        self.side.summary.begin_wish()

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

    def _note_place(self) -> None:
        """Remember which page of the shown document was looked at."""
        if self._shown is not None and self.document.view.page_count:
            now = self._settings.now
            self._settings.update(places=now.with_place(self._shown.path, self.document.view.page))

    def _save(self) -> None:
        self._note_place()
        states = {
            "geometry": self.saveGeometry(),
            "outer": self._outer.saveState(),
            "reading": self._reading.saveState(),
        }
        self._settings.update(window={name: bytes(state.toHex().data()).decode() for name, state in states.items()})

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.ApplicationFontChange) and hasattr(self, "side"):
            self.side.setMinimumWidth(SIDE_LINES * self.fontMetrics().height())
        super().changeEvent(event)

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
