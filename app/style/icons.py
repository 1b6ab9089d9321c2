"""Line icons of resources/icons, in the theme's colours and at the screen's own resolution."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QToolButton

from app.style.theme import RESOURCES, Theme

FOLDER: Path = RESOURCES / "icons"
SIZE = 18
LINE = 17
"""Height of a line in letters of usual size, pixels: icons grow with larger ones."""


@cache
def _source(name: str) -> str:
    return (FOLDER / f"{name}.svg").read_text(encoding="utf-8")


@cache
def icon(name: str, color: str, disabled: str, size: int = SIZE) -> QIcon:
    """Return the icon in one colour, with a pixmap for each screen's scale, so that none is stretched."""
    result = QIcon()
    scales = {screen.devicePixelRatio() for screen in QGuiApplication.screens()}
    for tint, mode in ((color, QIcon.Mode.Normal), (disabled, QIcon.Mode.Disabled)):
        for scale in sorted(scales | {1.0, 2.0}):
            result.addPixmap(pixmap(name, tint, round(size * scale)), mode)
    return result


def pixmap(name: str, color: str, pixels: int) -> QPixmap:
    """Return the icon as `pixels` by `pixels` device pixels."""
    renderer = QSvgRenderer(QByteArray(_source(name).replace("currentColor", QColor(color).name()).encode()))
    result = QPixmap(QSize(pixels, pixels))
    result.fill(Qt.GlobalColor.transparent)
    painter = QPainter(result)
    renderer.render(painter, QRectF(0, 0, pixels, pixels))
    painter.end()
    return result


def app_icon() -> QIcon:
    """Return the program's own icon."""
    result = QIcon()
    for pixels in (16, 32, 48, 128):
        result.addPixmap(pixmap("readthrough", "#000000", pixels))
    return result


class IconButton(QToolButton):
    """A flat button with an icon that follows the theme. name: for screen readers, and the tooltip."""

    def __init__(self, icon_name: str, name: str, theme: Theme, role: str = "muted", size: int = SIZE):
        super().__init__()
        self._icon_name = icon_name
        self._theme = theme
        self._role = role
        self._size = size
        self.setAutoRaise(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(name)
        self.setToolTip(name)
        theme.changed.connect(self._paint_icon)
        self._paint_icon()

    def set_icon(self, icon_name: str, name: str | None = None) -> None:
        """Show another icon, with another name."""
        self._icon_name = icon_name
        if name is not None:
            self.setAccessibleName(name)
            self.setToolTip(name)
        self._paint_icon()

    def set_role(self, role: str) -> None:
        """Draw the icon in another colour."""
        if role != self._role:
            self._role = role
            self._paint_icon()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._paint_icon()

    def _paint_icon(self) -> None:
        roles = self._theme.roles
        size = max(self._size, round(self._size * self.fontMetrics().height() / LINE))
        if size != self.iconSize().width():
            self.setIconSize(QSize(size, size))
        self.setIcon(icon(self._icon_name, getattr(roles, self._role), roles.border_strong, size))
