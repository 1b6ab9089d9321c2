"""Whether Qt can open a window here: where it cannot, it ends the process with an abort instead of an error. Linux."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

from PySide6.QtCore import QLibraryInfo

PACKAGES = "libegl1 libgl1 libxkbcommon-x11-0 libdbus-1-3 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0"
"""Packages of Debian and Ubuntu that a window needs."""


def why_no_window() -> str:
    """Return one sentence about why no window can be opened; "" where nothing speaks against it."""
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    if not sys.platform.startswith("linux") or platform not in ("", "xcb"):
        return ""
    if os.environ.get("WAYLAND_DISPLAY") and not platform:
        return ""
    if not os.environ.get("DISPLAY"):
        return "there is no screen to open a window on; use the commands instead (--help)"
    plugin = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath)) / "platforms" / "libqxcb.so"
    try:
        ctypes.CDLL(str(plugin))
    except OSError as error:
        missing = str(error).split(":")[0]
        return f"Qt needs {missing}, which is missing; on Debian or Ubuntu: sudo apt install {PACKAGES}"
    if not _display_answers():
        return f"the screen {os.environ['DISPLAY']} does not answer; check DISPLAY, or use the commands (--help)"
    return ""


def _display_answers() -> bool:
    """Return whether the X server can be reached; the library for that is loaded with Qt's plugin."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)
    answers = bool(xcb.xcb_connection_has_error(connection) == 0)
    xcb.xcb_disconnect(connection)
    return answers
