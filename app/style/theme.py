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
    disabled: str
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
    disabled="#a8a49a",
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
    disabled="#6a7177",
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

CONTRAST_LIGHT = dataclasses.replace(
    LIGHT,
    window="#ffffff",
    surface="#ffffff",
    sunken="#ffffff",
    hover="#d9d9d9",
    border="#000000",
    border_strong="#000000",
    text="#000000",
    disabled="#6e6e6e",
    muted="#1f1f1f",
    accent="#003f37",
    accent_hover="#000000",
    accent_soft="#c4f0ea",
    accent_text="#003a33",
    faded="#5f8f89",
    evidence="#8a5c00",
    evidence_soft="#ffe9a8",
    evidence_text="#3d2900",
    evidence_mark="#ffd100",
    warning="#4a2c00",
    warning_soft="#ffffff",
    error="#7d0000",
    error_soft="#ffffff",
    selection="#8fd6cd",
    page_text="#595959",
)

CONTRAST_DARK = dataclasses.replace(
    DARK,
    window="#000000",
    surface="#000000",
    sunken="#000000",
    hover="#333333",
    border="#ffffff",
    border_strong="#ffffff",
    text="#ffffff",
    disabled="#8f8f8f",
    muted="#e6e6e6",
    accent="#7ff0e2",
    accent_hover="#ffffff",
    on_accent="#000000",
    accent_soft="#00423b",
    accent_text="#a5fff4",
    faded="#4f8c85",
    evidence="#ffd100",
    evidence_soft="#3d3100",
    evidence_text="#ffe680",
    evidence_mark="#806600",
    warning="#ffd98a",
    warning_soft="#000000",
    error="#ffb3ab",
    error_soft="#000000",
    selection="#00665b",
)

THEMES = {"light": LIGHT, "dark": DARK, "contrast_light": CONTRAST_LIGHT, "contrast_dark": CONTRAST_DARK}

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
        return self.roles in (DARK, CONTRAST_DARK)

    def apply(self, choice: str) -> None:
        """choice: system, or a name of `THEMES`."""
        self._choice = choice
        schemes = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}
        scheme = schemes.get(choice.removeprefix("contrast_"), Qt.ColorScheme.Unknown)
        self._app.styleHints().setColorScheme(scheme)
        self._paint()

    def color(self, role: str) -> QColor:
        """Return the colour of a role."""
        return QColor(getattr(self.roles, role))

    def _system_changed(self) -> None:
        if self._choice == "system":
            self._paint()

    def _paint(self) -> None:
        choice = self._choice
        if choice == "system":
            choice = "dark" if self._app.styleHints().colorScheme() == Qt.ColorScheme.Dark else "light"
            choice = f"contrast_{choice}" if wants_contrast(self._app) else choice
        self.roles = THEMES[choice]
        self._app.setPalette(palette(self.roles))
        self._app.setStyleSheet(fill(self._template, self.roles, self._app.font().pointSizeF()))
        self.changed.emit()


def wants_contrast(app: QApplication) -> bool:
    """Return whether the system asks for high contrast; False where Qt is too old to say (before 6.10)."""
    accessibility = getattr(app.styleHints(), "accessibility", None)
    preference = accessibility().contrastPreference() if accessibility is not None else None
    return getattr(preference, "name", "") == "HighContrast"


def fill(template: str, roles: Roles, points: float = 10.0) -> str:
    """Return the style sheet with every `@role` replaced, and `@1.2em` by 1.2 times `points`.

    Raises KeyError for a role that does not exist.
    """
    template = re.sub(r"@([\d.]+)em", lambda match: f"{float(match[1]) * points:.2f}pt", template)
    colors = dataclasses.asdict(roles)
    shade = "dark" if roles in (DARK, CONTRAST_DARK) else "light"
    colors["down_arrow"] = f'url("{(RESOURCES / "icons" / f"arrow-{shade}.svg").as_posix()}")'
    colors["tick"] = f'url("{(RESOURCES / "icons" / f"tick-{shade}.svg").as_posix()}")'
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
        result.setColor(QPalette.ColorGroup.Disabled, where, QColor(roles.disabled))
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
