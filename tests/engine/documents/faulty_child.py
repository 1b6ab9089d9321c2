"""An extractor process whose layout code has a fault: `python -m tests.engine.documents.faulty_child`."""

from __future__ import annotations

from engine.documents.extraction import child
from engine.documents.formats.pdf import pdfium_reader


def _broken(*_: object) -> None:
    raise IndexError("a fault of the layout code")


if __name__ == "__main__":
    pdfium_reader.plain_text = _broken  # type: ignore[assignment]
    child.main()
