"""The menus and their keys, in one table; the window supplies a handler for each action."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from app.style.translation import mark, tr

MENUS: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...] = (
    (
        mark("&File"),
        (
            ("open", mark("Open…"), "Ctrl+O"),
            ("open_folder", mark("Open a folder…"), "Ctrl+Shift+O"),
            ("recent", mark("Open recent"), ""),
            ("sample", mark("Open the sample"), ""),
            ("-", "", ""),
            ("export", mark("Export…"), "Ctrl+E"),
            ("print", mark("Print…"), "Ctrl+Alt+P"),
            ("-", "", ""),
            ("close", mark("Close document"), "Ctrl+W"),
            ("quit", mark("Quit"), "Ctrl+Q"),
        ),
    ),
    (
        mark("&Edit"),
        (
            ("copy_summary", mark("Copy summary"), "Ctrl+Shift+C"),
            ("-", "", ""),
            ("find", mark("Find…"), "Ctrl+F"),
            ("find_next", mark("Find next"), "F3"),
            ("find_previous", mark("Find previous"), "Shift+F3"),
            ("undo_remove", mark("Undo remove"), "Ctrl+Z"),
            ("search_library", mark("Search documents"), "Ctrl+K"),
            ("-", "", ""),
            ("settings", mark("Settings…"), "Ctrl+,"),
        ),
    ),
    (
        mark("&View"),
        (
            ("library", mark("Library"), "Ctrl+B"),
            ("outline", mark("Contents"), "F7"),
            ("-", "", ""),
            ("back", mark("Back"), "Alt+Left"),
            ("forward", mark("Forward"), "Alt+Right"),
            ("next_page", mark("Next page"), "Alt+Down"),
            ("previous_page", mark("Previous page"), "Alt+Up"),
            ("go_to_page", mark("Go to page…"), "Ctrl+G"),
            ("-", "", ""),
            ("zoom_in", mark("Zoom in"), "Ctrl++"),
            ("zoom_out", mark("Zoom out"), "Ctrl+-"),
            ("fit_width", mark("Fit width"), "Ctrl+0"),
            ("-", "", ""),
            ("next_pane", mark("Next pane"), "F6"),
            ("full_screen", mark("Full screen"), "F11"),
        ),
    ),
    (
        mark("&Reading"),
        (
            ("summarize", mark("Read and summarise"), "Ctrl+R"),
            ("another_summary", mark("New summary…"), "Ctrl+Shift+S"),
            ("pause", mark("Pause / Resume"), "Ctrl+P"),
            ("stop", mark("Stop"), "Ctrl+."),
            ("-", "", ""),
            ("show_summary", mark("Summary"), "Ctrl+1"),
            ("show_sections", mark("Sections"), "Ctrl+2"),
            ("show_entities", mark("Dates && names"), "Ctrl+3"),
            ("-", "", ""),
            ("model", mark("Choose a model…"), "Ctrl+M"),
        ),
    ),
    (
        mark("&Questions"),
        (
            ("ask", mark("Ask…"), "Ctrl+L"),
            ("show_questions", mark("Questions"), "Ctrl+4"),
            ("follow", mark("Ask a follow-up"), "Ctrl+Shift+L"),
            ("again", mark("Regenerate the last answer"), "Ctrl+Shift+R"),
            ("edit_last", mark("Edit the last question"), "Ctrl+Shift+E"),
            ("evidence", mark("Show the source of the last answer"), "Ctrl+J"),
        ),
    ),
    (
        mark("&Help"),
        (
            ("keys", mark("Keyboard shortcuts"), "F1"),
            ("about", mark("About Readthrough"), ""),
        ),
    ),
)
_ALWAYS = frozenset(
    (
        "open", "open_folder", "sample", "quit", "search_library", "settings", "library", "next_pane", "full_screen",
        "model", "keys", "about",
    )
)  # fmt: skip
"""Actions that need no document."""
_OWN = frozenset(("undo_remove", "back", "forward"))
"""Actions that are enabled by what there is to undo or to go to."""


class Actions:
    """Builds the menus of `window` and calls `handlers[name]` for each action."""

    def __init__(self, window: QMainWindow, handlers: dict[str, Callable[[], object]]):
        self.by_name: dict[str, QAction] = {}
        self.recent = QMenu(tr("Open recent"), window)
        for title, rows in MENUS:
            menu = window.menuBar().addMenu(tr(title))
            for name, words, keys in rows:
                if name == "-":
                    menu.addSeparator()
                elif name == "recent":
                    menu.addMenu(self.recent)
                else:
                    action = QAction(tr(words), window)
                    action.setObjectName(name)
                    action.setShortcut(QKeySequence(keys))
                    action.triggered.connect(lambda _checked=False, name=name: handlers[name]())
                    menu.addAction(action)
                    self.by_name[name] = action
        self.by_name["zoom_in"].setShortcuts([QKeySequence("Ctrl++"), QKeySequence("Ctrl+=")])
        self.by_name["undo_remove"].setEnabled(False)

    def set_has_document(self, there: bool) -> None:
        """Enable what can be done with a document, or without one."""
        for name, action in self.by_name.items():
            if name not in _OWN:
                action.setEnabled(there or name in _ALWAYS)

    def set_can_undo(self, there: bool) -> None:
        """Enable undo while there is a removal to undo."""
        self.by_name["undo_remove"].setEnabled(there)


def key_groups() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the keys for the help: (group, [(action, keys)]); two spaces stand between the keys of one line."""
    groups = [
        (tr(title).replace("&", ""), [(_plain(words), _native(keys)) for _, words, keys in rows if keys])
        for title, rows in MENUS
    ]
    return [
        *groups,
        (
            tr("Document"),
            [
                (tr("Copy"), _native("Ctrl+C")),
                (tr("Select all"), _native("Ctrl+A")),
                (tr("Select a word"), tr("Double-click")),
            ],
        ),
        (
            tr("Strip of pages"),
            [
                (tr("Move"), "←  →"),
                (tr("Go to the page"), "Enter"),
                (tr("Ask using pages up to here"), tr("Menu")),
            ],
        ),
        (tr("Library"), [(tr("Open"), "Enter"), (tr("Rename"), "F2"), (tr("Remove"), tr("Delete"))]),
        (tr("Question box"), [(tr("Ask"), "Enter"), (tr("New line"), "Shift+Enter")]),
    ]


def _plain(words: str) -> str:
    return tr(words).rstrip("…").replace("&&", "&")


def _native(keys: str) -> str:
    """Return keys as the system and its language write them."""
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)
