"""Text recognition by tesseract, from its table of words."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.documents.formats.pdf import recognition, tesseract
from engine.documents.formats.pdf.recognised import Recognised
from tests.engine.documents.reading import posix_only

HEAD = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext"
ROWS = [
    "1\t1\t0\t0\t0\t0\t0\t0\t900\t400\t-1\t",
    "5\t1\t1\t1\t1\t1\t10\t10\t80\t20\t95.5\tНасос",
    "5\t1\t1\t1\t1\t2\t100\t10\t120\t20\t91\tостановлен",
    "5\t1\t1\t1\t1\t3\t400\t10\t30\t20\t93\t120",
    "5\t1\t1\t1\t2\t1\t10\t40\t80\t20\t12\t~~|",
]
TABLE = "\n".join([HEAD, *ROWS, ""])


def test_words_make_lines_and_cells_and_unsure_lines_are_counted() -> None:
    found = tesseract.result_of(TABLE)
    assert found is not None
    assert found.text == "Насос остановлен\t120"
    assert 0.91 < found.certainty < 0.95 and found.lost == 1
    assert tesseract.result_of(HEAD) is None


@posix_only
def test_a_page_that_rapidocr_cannot_read_is_read_by_tesseract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "tesseract"
    (tmp_path / "table").write_text(TABLE, encoding="utf-8")
    lines = (
        f"#!{sys.executable}",
        "import sys",
        "assert sys.argv[1:5] == ['stdin', 'stdout', '-l', 'rus']",
        "assert sys.stdin.buffer.read().startswith(b'P6 60 40 255')",
        f"sys.stdout.buffer.write(open({str(tmp_path / 'table')!r}, 'rb').read())",
    )
    program.write_text("\n".join(lines))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(tesseract, "program", lambda: str(program))
    monkeypatch.setattr(tesseract, "languages", lambda: ("rus",))
    monkeypatch.setattr(recognition, "_has_rapidocr", lambda: True)
    picture = np.full((40, 60, 3), 255, dtype=np.uint8)
    for answer, right in (
        (Recognised("", 0.0, 5), "Насос остановлен\t120"),
        (Recognised("Latin", 0.95, 0), "Latin"),
        (None, None),
    ):
        monkeypatch.setattr(recognition, "_by_rapidocr", lambda _, answer=answer: answer)
        found = recognition.recognise(picture)
        assert (found.text if found else None) == right
