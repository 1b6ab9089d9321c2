"""The panes of the window: their sizes on screens of any width, saved and restored."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtWidgets import QMainWindow, QSplitter, QStackedWidget, QWidget

from app.library.pane import LibraryPane
from app.settings.store import Settings
from app.style.screen import available, fit_to_screen
from app.window.side_pane import SidePane

WIDTH, HEIGHT = 1440, 900
ROOMY = 1366
"""Screens below this width start without the library."""
SIDE_LINES = 18
"""Least width of the side pane, in heights of a line, where its tabs do not need more."""
MOST_SIDE = 560
"""Least width of the side pane at most, pixels; in very large letters the tabs scroll."""
DOCUMENT = 320
"""Least width of the document, pixels."""


class Frame(QSplitter):
    """Library | (welcome, or document | side pane). In a narrow window the library goes first, then the side pane goes
    below the document.
    """

    def __init__(self, library: LibraryPane, document: QWidget, side: SidePane, welcome: QWidget):
        super().__init__(Qt.Orientation.Horizontal)
        self._library, self._document, self._side, self._welcome = library, document, side, welcome
        self._wants_library = True
        self._reading = QSplitter(Qt.Orientation.Horizontal)
        self._centre = QStackedWidget()
        for splitter in (self._reading, self):
            splitter.setHandleWidth(1)
            splitter.setChildrenCollapsible(False)
        document.setMinimumWidth(DOCUMENT)
        self.fit_letters()
        self._reading.addWidget(document)
        self._reading.addWidget(side)
        self._reading.setStretchFactor(0, 1)
        self._reading.setSizes([740, 460])
        self._centre.addWidget(welcome)
        self._centre.addWidget(self._reading)
        self.addWidget(library)
        self.addWidget(self._centre)
        self.setStretchFactor(1, 1)
        self.setSizes([280, 1160])

    def show_welcome(self, welcome: bool) -> None:
        """Show the welcome, or the document and its side pane."""
        self._centre.setCurrentWidget(self._welcome if welcome else self._reading)

    def add_page(self, page: QWidget) -> None:
        """Add a page that takes the place of document and side pane."""
        self._centre.addWidget(page)

    def show_page(self, page: QWidget) -> None:
        """Show an added page."""
        self._centre.setCurrentWidget(page)

    def toggle_library(self) -> bool:
        """Show the library, or hide it; returns whether it is shown."""
        self._wants_library = self._library.isHidden()
        self._library.setVisible(self._wants_library)
        return self._wants_library

    def show_library(self) -> None:
        """Show the library, also where there is little room for it."""
        self._library.show()

    def fit_letters(self) -> None:
        """Set the least widths of the panes, which the size of the letters decides."""
        side = max(SIDE_LINES * self._side.fontMetrics().height(), self._side.tabs_width())
        self._side.setMinimumWidth(min(side, MOST_SIDE))
        self._library.setMinimumWidth(self._library.least_width())
        # Less than its panes need side by side: `fit_width` puts them below each other.
        self.setMinimumWidth(self._side.minimumWidth())

    def fit_width(self, width: int) -> None:
        """Arrange the panes for a window of this width, in pixels."""
        needed = DOCUMENT + self._side.minimumWidth()
        self._library.setVisible(self._wants_library and width >= needed + self._library.minimumWidth())
        stacked = width < needed
        direction = Qt.Orientation.Vertical if stacked else Qt.Orientation.Horizontal
        if self._reading.orientation() != direction:
            self._reading.setOrientation(direction)
            self._reading.setSizes([500, 400] if stacked else [740, 460])

    def restore(self, window: QMainWindow, saved: Settings) -> None:
        """Give the window the saved size, or one that fits the screen."""
        fit_to_screen(window, WIDTH, HEIGHT)
        room = available(window)
        shown = saved.show_library
        self._wants_library = room.width() >= ROOMY if shown is None else shown
        for name, restore in (
            ("geometry", window.restoreGeometry),
            ("outer", self.restoreState),
            ("reading", self._reading.restoreState),
        ):
            if name in saved.window:
                restore(QByteArray.fromHex(saved.window[name].encode()))
        if window.width() > room.width() or window.height() > room.height():
            fit_to_screen(window, WIDTH, HEIGHT)
            window.move(room.topLeft())
        self.fit_width(window.width())

    def states(self, window: QMainWindow) -> dict[str, str]:
        """Return the sizes to save, hex."""
        states = {"geometry": window.saveGeometry(), "outer": self.saveState(), "reading": self._reading.saveState()}
        return {name: bytes(state.toHex().data()).decode() for name, state in states.items()}
