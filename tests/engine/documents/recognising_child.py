"""An extractor process with a fake recogniser: `python -m tests.engine.documents.recognising_child LOG`.

It recognises the same line on every picture, and adds a line to LOG for each.
"""

from __future__ import annotations

import sys
from pathlib import Path

from engine.documents.extraction import child
from engine.documents.formats.pdf import pdf_file
from engine.documents.formats.pdf.recognised import Recognised

LINES = ["Shift book of the pumping station", "Pump P-204 was repaired on 3 May by Marta Quill."]


def _recognise(picture: object) -> Recognised:
    with Path(sys.argv[1]).open("a", encoding="utf-8") as log:
        log.write("recognised\n")
    return Recognised("\n".join(LINES), 0.93, 1)


if __name__ == "__main__":
    pdf_file.is_available = lambda: True
    pdf_file.recognise = _recognise
    child.main()
