"""Main window: builds the panes and connects their signals with the controller."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDesktopServices,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
    QResizeEvent,
)
from PySide6.QtWidgets import QMainWindow, QWidget

from app.collections.view import CollectionsView
from app.document.pane import DocumentPane
from app.export.clipboard import summary_text
from app.jobs.controller import JobController
from app.library.pane import LibraryPane
from app.library.reader import LibraryReader
from app.settings.store import SettingsStore
from app.state.session import Aspect, DocumentSession, Phase
from app.style.icons import app_icon
from app.style.theme import Theme
from app.style.translation import tr
from app.style.widgets import plain_tip
from app.style.words import dropped_words, freed_words
from app.tasks.throttle import Throttle
from app.window.actions import Actions
from app.window.dialogs import Dialogs
from app.window.drops import dropped, has_files
from app.window.frame import Frame
from app.window.long_readings import LongReadings
from app.window.questions import Questions
from app.window.samples import sample_file, sample_questions
from app.window.side_pane import ENTITIES, QUESTIONS, SECTIONS, SUMMARY, SidePane
from app.window.toast import Toast
from app.window.welcome import Welcome

SUGGESTIONS = 3


class MainWindow(QMainWindow):
    """The window: shows the current session and passes intents to the controller."""

    closing = Signal()

    def __init__(self, controller: JobController, reader: LibraryReader, settings: SettingsStore, theme: Theme):
        super().__init__()
        self.setObjectName("mainWindow")
        self.setAnimated(False)
        self.setWindowTitle("Readthrough")
        self.setWindowIcon(app_icon())
        self.setAcceptDrops(True)
        self._controller, self._reader, self._settings = controller, reader, settings
        self._shown: DocumentSession | None = None
        self._goal: tuple[str, int, str] | None = None
        self._suggested_for: int | None = None
        # Two throttles out of step: neither side waits in the same turn of the event loop for the other to be drawn.
        self._throttle = Throttle(self._refresh_document, 60, self)
        self._side_throttle = Throttle(self._refresh_side, 50, self)
        self.library = LibraryPane(theme)
        self.document = DocumentPane(reader, theme)
        self.side = SidePane(theme)
        self.welcome = Welcome(sample_file() is not None)
        self.dialogs = Dialogs(self, controller, reader, settings)
        self._long_readings = LongReadings(controller, self.dialogs, self)
        self.questions = Questions(controller, self.document, self.side, self)
        self.toast = Toast(self)
        self._frame = Frame(self.library, self.document, self.side, self.welcome)
        self.collections = CollectionsView(controller.collections, theme, self)
        self._frame.add_page(self.collections.page)
        self.library.add_above(self.collections.panel)
        self.setCentralWidget(self._frame)
        self.actions_ = Actions(self, self._handlers())
        self.actions_.recent.aboutToShow.connect(self._fill_recent)
        self.actions_.set_has_document(False)
        self._connect_library()
        self._connect_reading()
        self._connect_collections()
        self._frame.restore(self, settings.now)
        theme.changed.connect(self._fit_letters)
        self.document.set_outline_shown(settings.now.show_outline)
        self.welcome.open_button.setFocus()

    def _connect_library(self) -> None:
        control, library, reader, dialogs = self._controller, self.library, self._reader, self.dialogs
        control.shelf.documents_changed.connect(library.set_documents)
        control.shelf.removal_pending.connect(library.show_undo)
        control.shelf.removal_pending.connect(lambda title, _path: self.actions_.set_can_undo(bool(title)))
        control.library_failed.connect(library.set_problem)
        control.lock.changed.connect(library.set_read_only)
        library.open_requested.connect(control.show)
        library.place_requested.connect(self._show_place)
        library.browse_requested.connect(dialogs.browse)
        library.remove_requested.connect(control.remove)
        library.dismiss_requested.connect(self._dismiss)
        library.rename_requested.connect(control.library.edit)
        library.tags_requested.connect(lambda entry: dialogs.ask_tags(entry, library.model.tags))
        control.library.states_dropped.connect(lambda event: self.toast.say(dropped_words(event)))
        library.free_requested.connect(control.library.free_space)
        control.library.space_freed.connect(lambda size: self.toast.say(freed_words(size)))
        library.undo_requested.connect(control.shelf.undo)
        library.search_requested.connect(reader.search_texts)
        reader.texts_found.connect(library.show_found)
        library.folder_requested.connect(
            lambda path: QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(path).parent)))
        )
        self.welcome.browse_requested.connect(dialogs.browse)
        self.welcome.sample_requested.connect(dialogs.open_sample)
        self.welcome.model_requested.connect(dialogs.choose_model)

    def _connect_collections(self) -> None:
        control, view = self._controller, self.collections
        control.shelf.documents_changed.connect(view.set_documents)
        view.shown.connect(self._show_collection)
        view.closed.connect(lambda: self._frame.show_welcome(self._controller.current is None))
        view.document_requested.connect(control.show)
        view.place_requested.connect(self._show_place)
        self.library.collect_requested.connect(self.dialogs.ask_collection)

    def _connect_reading(self) -> None:
        control, side, document, dialogs = self._controller, self.side, self.document, self.dialogs
        control.session_changed.connect(self._on_session)
        control.current_changed.connect(self._on_current)
        control.worker_changed.connect(side.set_worker)
        control.lock.changed.connect(side.set_read_only)
        side.retry_requested.connect(control.lock.retry)
        document.sidebar_requested.connect(self._toggle_library)
        document.outline_shown.connect(lambda shown: self._settings.update(show_outline=shown))
        document.address_followed.connect(dialogs.open_address)
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
        side.progress.first_requested.connect(control.read_first)
        side.entities.entry_requested.connect(document.show_words)
        side.entities.snippets_wanted.connect(self._reader.read_snippets)
        self._reader.snippets_read.connect(side.entities.show_snippets)
        self._reader.suggestions_read.connect(self._on_suggestions)
        for view in (side.summary, side.notes):
            view.page_requested.connect(document.jump)
        side.summary.copy_requested.connect(self.copy_summary)
        side.summary.kept_requested.connect(self._show_summary)
        side.summary.export_requested.connect(dialogs.export)
        side.summary.summary_requested.connect(control.summarize)
        self.questions.tree_changed.connect(lambda: self._side_throttle.add(Aspect.TURNS))
        for doer in (self.dialogs, self.questions):
            doer.done.connect(self.toast.say)

    def _handlers(self) -> dict[str, Callable[[], object]]:
        document, control, dialogs, questions = self.document, self._controller, self.dialogs, self.questions
        return {
            "open": dialogs.browse,
            "open_folder": lambda: dialogs.browse_folder(self.collections.read_folder),
            "sample": dialogs.open_sample,
            "export": dialogs.export,
            "print": dialogs.print_pages,
            "close": control.close_document,
            "quit": self.close,
            "copy_summary": self.copy_summary,
            "find": document.begin_find,
            "find_next": lambda: document.step_match(1),
            "find_previous": lambda: document.step_match(-1),
            "undo_remove": control.shelf.undo,
            "search_library": self._search_library,
            "settings": dialogs.show_settings,
            "library": self._toggle_library,
            "outline": document.toggle_outline,
            "back": document.go_back,
            "forward": document.go_forward,
            "next_page": lambda: document.go_to(document.view.page + 1),
            "previous_page": lambda: document.go_to(document.view.page - 1),
            "go_to_page": document.bar.focus_number,
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
            "show_entities": lambda: self.side.tabs.setCurrentIndex(ENTITIES),
            "another_summary": self._another_summary,
            "show_questions": lambda: self.side.tabs.setCurrentIndex(QUESTIONS),
            "model": dialogs.choose_model,
            "ask": self.side.question.focus,
            "follow": lambda: questions.with_last(questions.follow),
            "again": lambda: questions.with_last(questions.again),
            "edit_last": lambda: questions.with_last(questions.edit),
            "evidence": lambda: questions.with_last(questions.show_evidence),
            "keys": dialogs.show_keys,
            "about": dialogs.show_about,
        }

    @property
    def is_up_to_date(self) -> bool:
        """Return whether every change is on the screen."""
        return self._throttle.is_idle and self._side_throttle.is_idle and self.collections.throttle.is_idle

    def copy_summary(self) -> None:
        """Put the summary with its source on the clipboard."""
        session = self._controller.current
        if session is not None and session.summary_done:
            QGuiApplication.clipboard().setText(summary_text(session))
            self.toast.say(tr("Summary copied"))

    def _on_current(self, session: DocumentSession | None) -> None:
        self._throttle.clear()
        self._side_throttle.clear()
        if self._shown is not None:
            self._note_place()
            self.library.show_session(self._shown)
        self._shown = session
        self._suggested_for = None
        self.questions.drop_context()
        self.collections.leave()
        self._frame.show_welcome(session is None)
        self.actions_.set_has_document(session is not None)
        self.document.set_session(session)
        self.library.set_current(session.path if session else None)
        self._set_title(session)
        if session is not None:
            self.side.set_session(session)
            place = self._settings.now.places.get(session.path, 1)
            if place > 1:
                self.document.go_to(place)
            self.document.view.setFocus()
        self._take_goal()

    def _on_session(self, session: DocumentSession, what: int) -> None:
        if session is self._controller.current:
            self._throttle.add(what & ~Aspect.SUMMARY & ~Aspect.TURNS)
            self._side_throttle.add(what & ~Aspect.STRIP)
            return
        if what & (Aspect.PROGRESS | Aspect.DOCUMENT | Aspect.TROUBLE):
            self.library.show_session(session)
        if what & (Aspect.PROGRESS | Aspect.SUMMARY):
            self._side_throttle.add(Aspect.PROGRESS)

    def _refresh_side(self, what: int) -> None:
        session = self._controller.current
        if session is not None:
            self.side.set_ahead(self._ahead_of(session))
            self.side.show_session(session, what)
            self.questions.take_answers(session)

    def _ahead_of(self, session: DocumentSession) -> DocumentSession | None:
        """Return the document that the worker is busy with, where it is another one."""
        at_work = (Phase.READING, Phase.SUMMARISING, Phase.ANSWERING)
        others = (other for other in self._controller.sessions.values() if other is not session)
        return next((other for other in others if other.phase in at_work and not other.paused), None)

    def _refresh_document(self, what: int) -> None:
        session = self._controller.current
        if session is None:
            return
        if what & (Aspect.PROGRESS | Aspect.DOCUMENT | Aspect.TROUBLE):
            self.library.show_session(session)
            self.library.set_current(session.path)
            self._set_title(session)
            self._long_readings.follow(session)
            self._suggest(session)
        self.document.show_session(session, what)

    def _suggest(self, session: DocumentSession) -> None:
        """Offer questions about a document that has been read and not been asked."""
        document = session.document_id
        if session.fully_read and document is not None and document != self._suggested_for:
            self._suggested_for = document
            held, _ = sample_questions(Path(session.path))
            if held:
                self.side.conversation.show_suggestions(held[-SUGGESTIONS:])
            else:
                self._reader.read_suggestions(document)

    def _on_suggestions(self, document: int, questions: list[str]) -> None:
        session = self._controller.current
        if session is not None and session.document_id == document:
            self.side.conversation.show_suggestions(questions)

    def _show_collection(self) -> None:
        name = self.collections.current
        self._controller.close_document()
        self.collections.current = name
        self._frame.show_page(self.collections.page)
        self.setWindowTitle(f"{name} — Readthrough")

    def _set_title(self, session: DocumentSession | None) -> None:
        self.setWindowTitle(f"{session.name} — Readthrough" if session else "Readthrough")

    def _show_place(self, path: str, page: int, words: str) -> None:
        """Show where a search of the library was found."""
        self._goal = (path, page, words)
        self._controller.show(path)
        self._take_goal()

    def _take_goal(self) -> None:
        session = self._controller.current
        if self._goal is not None and session is not None and session.path == self._goal[0]:
            _, page, words = self._goal
            self._goal = None
            self.document.show_words(page, words)

    def _dismiss(self, path: str) -> None:
        """Take a file that could not be read off the list."""
        self._controller.forget(path)
        self.library.forget(path)

    def _show_summary(self, place: int) -> None:
        session = self._controller.current
        if session is not None:
            session.show_summary(place)
            self._side_throttle.add(Aspect.SUMMARY)

    def _another_summary(self) -> None:
        self.side.tabs.setCurrentIndex(SUMMARY)
        self.side.summary.begin_request()

    def _toggle_library(self) -> None:
        self._settings.update(show_library=self._frame.toggle_library())

    def _search_library(self) -> None:
        self._frame.show_library()
        self.library.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.library.search.selectAll()

    def _next_pane(self) -> None:
        stops: list[QWidget] = [
            self.library.list,
            self.document.outline.tree,
            self.document.outline.thumbnails,
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
            action = menu.addAction(Path(path).name.replace("&", "&&"), partial(self._controller.open, path))
            action.setToolTip(plain_tip(path))
        if menu.isEmpty():
            menu.addAction(tr("No documents yet")).setEnabled(False)

    def _note_place(self) -> None:
        """Save which page of the shown document was shown last."""
        if self._shown is not None and self.document.view.page_count:
            now = self._settings.now
            self._settings.update(places=now.with_place(self._shown.path, self.document.view.page))

    def _fit_letters(self) -> None:
        """Arrange the panes for letters of another size, which the theme has just set."""
        self._frame.fit_letters()
        self._frame.fit_width(self.width())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._frame.fit_width(self.width())

    def closeEvent(self, event: QCloseEvent) -> None:
        self._note_place()
        self._settings.update(window=self._frame.states(self))
        event.accept()
        self.closing.emit()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if has_files(event.mimeData()):
            event.acceptProposedAction()
            self.welcome.show_drop(True)
            self.toast.hold(tr("Drop to open"))

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        self.welcome.show_drop(False)
        self.toast.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self.welcome.show_drop(False)
        self.toast.hide()
        found = dropped(event.mimeData())
        for folder in found.folders:
            self.collections.read_folder(folder)
        for path in found.documents:
            self._controller.open(path)
        if found.model:
            self.dialogs.choose_model(found.model)
        elif not found.documents and not found.folders:
            self.toast.say(tr("No documents in this folder"))
        event.acceptProposedAction()
