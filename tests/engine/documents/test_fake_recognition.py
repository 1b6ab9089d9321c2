"""Scans with a fake recogniser: certainty, remarks, and that a page is recognised once only."""

from __future__ import annotations

import functools
import sys
from pathlib import Path

import pytest

from engine.control import Control
from engine.documents.extraction.extractor import open_document
from engine.protocol import wire
from engine.protocol.commands import Read
from engine.session import document_source
from engine.session.session import open_session
from tests.engine.documents.drawing import draw_pdf
from tests.engine.documents.recognising_child import LINES

PICTURE = "q 500 0 0 700 50 50 cm BI /W 1 /H 1 /CS /G /BPC 8 ID a EI Q"


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    return draw_pdf(tmp_path / "scan.pdf", [PICTURE] * 6)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def command(log: Path) -> tuple[str, ...]:
    return (sys.executable, "-m", "tests.engine.documents.recognising_child", str(log))


def test_certainty_and_lost_lines_are_told(scan: Path, command: tuple[str, ...]) -> None:
    with open_document(scan, processes=1, command=command) as document:
        pages = list(document.pages())
    assert [page.certainty for page in pages] == [0.93] * 6
    assert pages[0].text.split("\n") == LINES and pages[0].notes == ("1 line could not be recognised",)
    assert pages[3].removed == (LINES[0],) and pages[3].raw == "\n".join(LINES)
    outcome = document.outcome
    assert outcome is not None and outcome.recognised == tuple((number, 0.93) for number in range(1, 7))
    assert "Pages 1–6 were read by text recognition (OCR), with a certainty of 93% or more." in outcome.sentence


def test_known_pages_are_not_recognised_again(scan: Path, log: Path, command: tuple[str, ...]) -> None:
    with open_document(scan, processes=1, command=command) as document:
        first = list(document.pages())
        log.unlink()
        document.know(page for page in first if page.number in (2, 3, 4))
        assert [page.number for page in document.pages()] == [1, 2, 3, 4, 5, 6]
    assert log.read_text().count("recognised") == 3


def test_a_second_reading_takes_the_recognised_pages_from_the_library(
    scan: Path, log: Path, command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document_source, "open_document", functools.partial(open_document, command=command))
    with open_session(library=tmp_path / "library.db", device="cpu") as session:

        def read() -> list[str]:
            events = list(session.run(Read(job_id="r", path=str(scan)), Control()))
            finished = next(event for event in events if isinstance(event, wire.ReadingFinished))
            assert finished.document_id is not None
            return [page.text for page in session.library.pages.of(finished.document_id)]

        texts = read()
        assert log.read_text().count("recognised") == 6
        monkeypatch.setattr(document_source, "end_state", lambda *_: None)  # so that the file is read again
        assert read() == texts
    assert log.read_text().count("recognised") == 6
