"""The panes of the window: their sizes on screens of any width, saved and restored."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtWidgets import QMainWindow, QSplitter, QStackedWidget, QWidget

from app.settings.store import Settings
from app.style.screen import available, fit_to_screen
from app.window.side_pane import SidePane

WIDTH, HEIGHT = 1440, 900
ROOMY = 1366
"""Screens below this width start without the library."""
STACKED = 780
"""Below this width the document stands above the side pane instead of beside it."""
SIDE_LINES = 18
"""Least width of the side pane, in heights of a line, where its tabs do not need more."""
DOCUMENT = 320
LIBRARY = 190


class Frame(QSplitter):
    """Library | (welcome, or document | side pane)."""

    def __init__(self, library: QWidget, document: QWidget, side: SidePane, welcome: QWidget):
        super().__init__(Qt.Orientation.Horizontal)
        self._library, self._document, self._side, self._welcome = library, document, side, welcome
        self._reading = QSplitter(Qt.Orientation.Horizontal)
        self._centre = QStackedWidget()
        for splitter in (self._reading, self):
            splitter.setHandleWidth(1)
            splitter.setChildrenCollapsible(False)
        document.setMinimumWidth(DOCUMENT)
        library.setMinimumWidth(LIBRARY)
        self.fit_side()
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

    def fit_side(self) -> None:
        """Set the side pane's least width, which the size of the letters decides: its tabs stay whole."""
        self._side.setMinimumWidth(max(SIDE_LINES * self._side.fontMetrics().height(), self._side.tabs_width()))

    def fit_width(self, width: int) -> None:
        """Arrange the panes for a window of this width, in pixels."""
        stacked = width < STACKED
        direction = Qt.Orientation.Vertical if stacked else Qt.Orientation.Horizontal
        if self._reading.orientation() != direction:
            self._reading.setOrientation(direction)
            self._reading.setSizes([500, 400] if stacked else [740, 460])

    def restore(self, window: QMainWindow, saved: Settings) -> None:
        """Give the window the saved size, or one that fits the screen."""
        fit_to_screen(window, WIDTH, HEIGHT)
        for name, restore in (
            ("geometry", window.restoreGeometry),
            ("outer", self.restoreState),
            ("reading", self._reading.restoreState),
        ):
            if name in saved.window:
                restore(QByteArray.fromHex(saved.window[name].encode()))
        room = available(window)
        if window.width() > room.width() or window.height() > room.height():
            fit_to_screen(window, WIDTH, HEIGHT)
            window.move(room.topLeft())
        shown = saved.show_library
        self._library.setVisible(room.width() >= ROOMY if shown is None else shown)

    def states(self, window: QMainWindow) -> dict[str, str]:
        """Return the sizes to save, hex."""
        states = {"geometry": window.saveGeometry(), "outer": self.saveState(), "reading": self._reading.saveState()}
        return {name: bytes(state.toHex().data()).decode() for name, state in states.items()}
