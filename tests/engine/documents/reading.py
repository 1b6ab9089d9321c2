"""Whole documents read in one call."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from engine.documents.extraction.extractor import open_document
from engine.documents.pages import DocumentError, Outcome, Page

posix_only = pytest.mark.skipif(os.name != "posix", reason="needs POSIX")


def read(path: Path, password: str | None = None, **options: Any) -> tuple[list[Page], Outcome]:
    """Return the pages and the outcome of a document."""
    with open_document(path, password, **options) as document:
        pages = list(document.pages())
    assert document.outcome is not None
    return pages, document.outcome


def refusal(path: Path, password: str | None = None) -> DocumentError:
    """Return the error with which a document is refused."""
    with pytest.raises(DocumentError) as caught:
        read(path, password)
    assert str(caught.value).count(". ") <= 1, "what happened, and perhaps what to do"
    return caught.value
