"""Colours by role, light and dark, and the style sheet; no other file of the window names a colour."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

from engine.resources import resource_path

RESOURCES = resource_path("")


@dataclass(frozen=True)
class Roles:
    """A colour for each role. `soft` is a wash behind text of the same family."""

    window: str
    surface: str
    sunken: str
    hover: str
    border: str
    border_strong: str
    text: str
    muted: str
    accent: str
    accent_hover: str
    on_accent: str
    accent_soft: str
    accent_text: str
    faded: str
    """A page that was read, of which little is left in the model's memory."""
    evidence: str
    evidence_soft: str
    evidence_text: str
    evidence_mark: str
    """Behind the sentence that supports an answer."""
    warning: str
    warning_soft: str
    error: str
    error_soft: str
    selection: str
    page: str
    """The sheet; white of a page is shown in it."""
    page_text: str
    shade: str
    """Over the window while a dialog is open."""


LIGHT = Roles(
    window="#f5f4f1",
    surface="#ffffff",
    sunken="#ebe9e4",
    hover="#eceae5",
    border="#e1ded7",
    border_strong="#c6c2b8",
    text="#1e2226",
    muted="#5c636b",
    accent="#17695f",
    accent_hover="#125349",
    on_accent="#ffffff",
    accent_soft="#dcecea",
    accent_text="#12574e",
    faded="#a9cdc8",
    evidence="#e3a008",
    evidence_soft="#fbeecb",
    evidence_text="#6b4a00",
    evidence_mark="#ffd978",
    warning="#8a5200",
    warning_soft="#fdf1d8",
    error="#a8261d",
    error_soft="#fbe7e4",
    selection="#bcdcd7",
    page="#ffffff",
    page_text="#b9b5ac",
    shade="#66302c26",
)

DARK = Roles(
    window="#1a1c1e",
    surface="#222528",
    sunken="#141617",
    hover="#2b2f32",
    border="#33373b",
    border_strong="#4c5257",
    text="#e9e7e2",
    muted="#a5abb1",
    accent="#58bfb1",
    accent_hover="#74d0c3",
    on_accent="#08211e",
    accent_soft="#1d3a37",
    accent_text="#8bdacf",
    faded="#386b65",
    evidence="#f0b93c",
    evidence_soft="#443614",
    evidence_text="#f8d98c",
    evidence_mark="#7a5c10",
    warning="#f2c368",
    warning_soft="#3d3115",
    error="#ff958a",
    error_soft="#472421",
    selection="#2a5a54",
    page="#e4e1da",
    page_text="#8b877e",
    shade="#99000000",
)

_UI_FONTS = ("Inter", "Noto Sans", "Cantarell", "Ubuntu", "Open Sans")
_PLAIN_FONTS = ("", "Sans Serif", "Sans", "DejaVu Sans", "MS Shell Dlg 2")


class Theme(QObject):
    """Holds the colours in use; follows the system unless a theme is chosen."""

    changed = Signal()

    def __init__(self, app: QApplication, choice: str = "system"):
        super().__init__(app)
        self._app = app
        self._choice = choice
        self._template = (RESOURCES / "theme.qss").read_text(encoding="utf-8")
        self.roles = LIGHT
        app.setStyle("Fusion")
        app.setFont(ui_font(app.font()))
        app.styleHints().colorSchemeChanged.connect(self._system_changed)
        self.apply(choice)

    @property
    def dark(self) -> bool:
        return self.roles is DARK

    def apply(self, choice: str) -> None:
        """choice: system, light or dark."""
        self._choice = choice
        scheme = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}.get(choice, Qt.ColorScheme.Unknown)
        self._app.styleHints().setColorScheme(scheme)
        self._paint()

    def color(self, role: str) -> QColor:
        """Return the colour of a role."""
        return QColor(getattr(self.roles, role))

    def _system_changed(self) -> None:
        if self._choice == "system":
            self._paint()

    def _paint(self) -> None:
        if self._choice == "system":
            dark = self._app.styleHints().colorScheme() == Qt.ColorScheme.Dark
        else:
            dark = self._choice == "dark"
        self.roles = DARK if dark else LIGHT
        self._app.setPalette(palette(self.roles))
        self._app.setStyleSheet(fill(self._template, self.roles, self._app.font().pointSizeF()))
        self.changed.emit()


def fill(template: str, roles: Roles, points: float = 10.0) -> str:
    """Return the style sheet with every `@role` replaced, and `@1.2em` by 1.2 times `points`.

    Raises KeyError for a role that does not exist.
    """
    template = re.sub(r"@([\d.]+)em", lambda match: f"{float(match[1]) * points:.2f}pt", template)
    colors = dataclasses.asdict(roles)
    shade = "dark" if roles is DARK else "light"
    colors["down_arrow"] = f'url("{(RESOURCES / "icons" / f"arrow-{shade}.svg").as_posix()}")'
    return re.sub(r"@([a-z_]+)", lambda match: colors[match[1]], template)


def palette(roles: Roles) -> QPalette:
    """Return the Qt palette, for widgets that the style sheet does not reach."""
    result = QPalette()
    role = QPalette.ColorRole
    for where, color in {
        role.Window: roles.window,
        role.WindowText: roles.text,
        role.Base: roles.surface,
        role.AlternateBase: roles.sunken,
        role.Text: roles.text,
        role.PlaceholderText: roles.muted,
        role.Button: roles.surface,
        role.ButtonText: roles.text,
        role.ToolTipBase: roles.text,
        role.ToolTipText: roles.surface,
        role.Highlight: roles.selection,
        role.HighlightedText: roles.text,
        role.Link: roles.accent_text,
        role.LinkVisited: roles.accent_text,
        role.Accent: roles.accent,
        role.Mid: roles.border,
        role.Dark: roles.border_strong,
        role.Light: roles.surface,
    }.items():
        result.setColor(where, QColor(color))
    for where in (role.Text, role.WindowText, role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, where, QColor(roles.border_strong))
    return result


def ui_font(system: QFont) -> QFont:
    """Return the system's font; where that is only a fallback, the best one installed."""
    font = QFont(system)
    if system.family() in _PLAIN_FONTS:
        present = set(QFontDatabase.families())
        font.setFamilies([name for name in _UI_FONTS if name in present] + [system.family()])
    if font.pointSizeF() < 9.5:
        font.setPointSizeF(9.5)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


def scaled(font: QFont, factor: float, weight: QFont.Weight | None = None) -> QFont:
    """Return a font `factor` times as large."""
    result = QFont(font)
    if font.pointSizeF() > 0:
        result.setPointSizeF(font.pointSizeF() * factor)
    else:
        result.setPixelSize(round(font.pixelSize() * factor))
    if weight is not None:
        result.setWeight(weight)
    return result
