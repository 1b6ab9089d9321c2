"""Fixtures of the tests of documents."""

from __future__ import annotations

import pytest


@pytest.fixture
def recognition(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch text recognition on; skip the test where it is not installed."""
    monkeypatch.delenv("READTHROUGH_OCR", raising=False)
    pytest.importorskip("rapidocr")
    pytest.importorskip("onnxruntime")
