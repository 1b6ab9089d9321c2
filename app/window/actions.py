"""The menus and the keyboard map, in one table; the window says what each does."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

KEYS: dict[str, list[tuple[str, str, str]]] = {
    "&File": [
        ("open", "Open…", "Ctrl+O"),
        ("recent", "Open recent", ""),
        ("sample", "Open the sample", ""),
        ("-", "", ""),
        ("export", "Export summary and questions…", "Ctrl+E"),
        ("-", "", ""),
        ("quit", "Quit", "Ctrl+Q"),
    ],
    "&Edit": [
        ("copy_summary", "Copy the summary", "Ctrl+Shift+C"),
        ("-", "", ""),
        ("find", "Find in the document…", "Ctrl+F"),
        ("find_next", "Next hit", "F3"),
        ("find_previous", "Previous hit", "Shift+F3"),
        ("undo_remove", "Undo removing a document", "Ctrl+Z"),
        ("search_library", "Search documents", "Ctrl+K"),
        ("-", "", ""),
        ("settings", "Settings…", "Ctrl+,"),
    ],
    "&View": [
        ("library", "Library", "Ctrl+B"),
        ("-", "", ""),
        ("next_page", "Next page", "Alt+Down"),
        ("previous_page", "Previous page", "Alt+Up"),
        ("go_to_page", "Go to page…", "Ctrl+G"),
        ("-", "", ""),
        ("zoom_in", "Larger", "Ctrl++"),
        ("zoom_out", "Smaller", "Ctrl+-"),
        ("fit_width", "Fit the width", "Ctrl+0"),
        ("-", "", ""),
        ("next_pane", "Next pane", "F6"),
        ("full_screen", "Full screen", "F11"),
    ],
    "&Reading": [
        ("summarize", "Read and summarise", "Ctrl+R"),
        ("another_summary", "Another summary…", "Ctrl+Shift+S"),
        ("pause", "Pause or go on", "Ctrl+P"),
        ("stop", "Stop", "Ctrl+."),
        ("-", "", ""),
        ("show_summary", "Summary", "Ctrl+1"),
        ("show_sections", "Sections", "Ctrl+2"),
        ("show_ledger", "Ledger: dates, amounts and names", "Ctrl+3"),
        ("-", "", ""),
        ("model", "Model…", "Ctrl+M"),
    ],
    "&Questions": [
        ("ask", "Ask…", "Ctrl+L"),
        ("show_questions", "Questions and answers", "Ctrl+4"),
        ("follow", "Ask on from the last answer", "Ctrl+Shift+L"),
        ("again", "Answer the last question again", "Ctrl+Shift+R"),
        ("edit_last", "Edit the last question", "Ctrl+Shift+E"),
        ("evidence", "Show the evidence of the last answer", "Ctrl+J"),
    ],
    "&Help": [
        ("keys", "Keyboard", "F1"),
        ("about", "About Readthrough", ""),
    ],
}
_ALWAYS = {
    "open",
    "sample",
    "quit",
    "undo_remove",
    "search_library",
    "settings",
    "library",
    "next_pane",
    "full_screen",
    "model",
    "keys",
}
_ALWAYS |= {"about"}


class Actions:
    """Builds the menus of `window` and calls `handlers[name]` for each action."""

    def __init__(self, window: QMainWindow, handlers: dict[str, Callable[[], object]]):
        self.by_name: dict[str, QAction] = {}
        self.recent = QMenu("Open recent", window)
        for title, rows in KEYS.items():
            menu = window.menuBar().addMenu(title)
            for name, words, keys in rows:
                if name == "-":
                    menu.addSeparator()
                elif name == "recent":
                    menu.addMenu(self.recent)
                else:
                    action = QAction(words, window)
                    action.setShortcut(QKeySequence(keys))
                    action.triggered.connect(lambda _checked=False, name=name: handlers[name]())
                    menu.addAction(action)
                    self.by_name[name] = action
        self.by_name["zoom_in"].setShortcuts([QKeySequence("Ctrl++"), QKeySequence("Ctrl+=")])

    def set_has_document(self, there: bool) -> None:
        """Without a document most actions have nothing to act on."""
        for name, action in self.by_name.items():
            action.setEnabled(there or name in _ALWAYS)


def key_groups() -> list[tuple[str, list[tuple[str, str]]]]:
    """For the help: (what it is about, [(what, keys)]); two spaces between the keys of one line."""
    groups = [
        (title.replace("&", ""), [(words.rstrip("…"), keys) for _, words, keys in rows if keys])
        for title, rows in KEYS.items()
    ]
    return [
        *groups,
        ("Memory strip", [("Move", "←  →"), ("Go to the page", "Enter"), ("Ask as of the page", "Menu")]),
        ("Library", [("Open", "Enter"), ("Remove", "Delete")]),
        ("Question box", [("Ask", "Enter"), ("New line", "Shift+Enter")]),
    ]
