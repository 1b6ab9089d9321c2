"""Sizes of windows and dialogs that fit the screen they open on."""

from __future__ import annotations

from PySide6.QtCore import QRect
from PySide6.QtWidgets import QWidget

FRAME = 40
"""Pixels left for the title bar and the frame, which the window manager adds."""


def fit_to_screen(widget: QWidget, width: int, height: int) -> None:
    """Give a window this size, or as much of it as the screen has room for."""
    room = available(widget)
    widget.resize(min(width, room.width() - FRAME), min(height, room.height() - FRAME))


def available(widget: QWidget) -> QRect:
    """Return the part of the widget's screen that panels leave free."""
    return widget.screen().availableGeometry()
