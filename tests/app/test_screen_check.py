"""Where no window can be opened, one sentence says why; Qt would end the process with an abort."""

from __future__ import annotations

import sys

import pytest

from app.window import screen_check

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="platforms as Linux has them")


@pytest.fixture
def environment(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_no_screen_is_said(environment):
    assert "no screen" in screen_check.why_no_window()
    environment.setenv("QT_QPA_PLATFORM", "offscreen")
    assert screen_check.why_no_window() == ""


def test_missing_library_of_qt_is_named(environment):
    environment.setenv("DISPLAY", ":77")

    def load(_path: str) -> None:
        raise OSError("libxcb-cursor.so.0: cannot open shared object file: No such file or directory")

    environment.setattr(screen_check.ctypes, "CDLL", load)
    sentence = screen_check.why_no_window()
    assert sentence.startswith("Qt needs libxcb-cursor.so.0, which is missing") and "apt install" in sentence


def test_screen_that_does_not_answer_is_named(environment):
    environment.setenv("DISPLAY", ":77")
    environment.setattr(screen_check.ctypes, "CDLL", lambda _path: None)
    environment.setattr(screen_check, "_display_answers", lambda: False)
    assert "the screen :77 does not answer" in screen_check.why_no_window()
