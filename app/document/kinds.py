"""The kinds of text documents, by the suffix of their files, and the layout of each."""

from __future__ import annotations

from pathlib import Path

from app.document.columns import in_columns
from app.document.markdown_text import rendered
from app.document.shaped import Shaper, as_it_is

MARKDOWN = (".md", ".markdown")
TABLES = (".csv", ".tsv")


def shaper_of(path: str) -> Shaper:
    """Return the layout of a file: Markdown rendered, tables in columns, other text as it is."""
    suffix = Path(path).suffix.lower()
    return rendered if suffix in MARKDOWN else in_columns if suffix in TABLES else as_it_is
