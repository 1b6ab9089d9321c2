"""Pages read by text recognition: their certainty reaches the coverage, the stored page and the answer's evidence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.control import Control
from engine.documents.extraction.extractor import Document
from engine.documents.pages import Page
from engine.protocol import wire
from engine.protocol.commands import Ask, Read
from engine.session.session import Session, open_session
from engine.wording.sentences import doubts


@pytest.fixture
def scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A text whose pages come as if they had been recognised."""
    pages = Document.pages

    def recognised(document: Document, first: int = 1) -> Iterator[Page]:
        for page in pages(document, first):
            yield replace(page, certainty=0.91, removed=("Shift record",))

    monkeypatch.setattr(Document, "pages", recognised)
    path = tmp_path / "scan.txt"
    path.write_text("Pump P-204 was repaired on 3 May by Marta Quill.\nThe seal was replaced the day after.\n")
    return path


def finished(session: Session, command: Read | Ask, kind: type) -> wire.Event:
    events = list(session.run(command, Control()))
    assert isinstance(events[-1], wire.JobFinished), events[-1]
    return next(event for event in events if isinstance(event, kind))


def test_certainty_reaches_coverage_page_and_evidence(scan: Path, tmp_path: Path) -> None:
    library = tmp_path / "library.db"
    with open_session(library=library, device="cpu") as session:
        read = finished(session, Read(job_id="r", path=str(scan)), wire.ReadingFinished)
        assert isinstance(read, wire.ReadingFinished) and read.document_id is not None
        (page,) = session.library.pages.of(read.document_id)
        assert (page.certainty, page.removed) == (0.91, ("Shift record",))
        again = finished(session, Read(job_id="s", path=str(scan)), wire.ReadingFinished)
        assert isinstance(again, wire.ReadingFinished)
        assert again.recognised == {"1": 0.91} and again.left_out == {"1": 1}
        ask = Ask(job_id="q", path=str(scan), question="When was pump P-204 repaired?")
        answer = finished(session, ask, wire.AnswerFinished)
    assert isinstance(answer, wire.AnswerFinished)
    assert answer.evidence.recognised_pages == (1,)
    assert any("text recognition" in doubt for doubt in doubts(answer.evidence))
