"""Rows that an instruct model adds: kept where the text supports them, marked by source and confidence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.bench.scripted_model import ScriptedLoader, scripted_runtime
from engine.control import Control
from engine.library.library import Library
from engine.profile.instruct import INSTRUCT
from engine.protocol import wire
from engine.records.reply import reply
from engine.session.session import Session
from tests.engine.running import run

TEXT = (
    "The council met in the old hall. On 12 March 2024 the council bought a new pump for 4,200 EUR. The weather was "
    "mild for the season. On 3 May 2024 the bridge over the Ahr was closed for repairs.\n"
)
REPLY = """date | event | amount
12 March 2024 | the council bought a new pump | 4,200 EUR
- 3 May 2024 | the bridge over the Ahr was closed for repairs |
9 June 2024 | the council sold the old hall | 90,000 EUR
The document also mentions the weather."""


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with Session(ScriptedLoader(scripted_runtime(INSTRUCT, [REPLY])), tmp_path / "library.db") as opened:
        yield opened


def test_supported_lines_of_a_reply_become_rows_with_source_and_confidence(session: Session, tmp_path: Path) -> None:
    file = tmp_path / "minutes.txt"
    file.write_text(TEXT)
    for _ in range(2):  # rows that were added before are replaced
        events = run(session, wire.Read(job_id="r", path=str(file), rows=True))
        assert isinstance(events[-1], wire.JobFinished)
    library = session.library
    (table,) = [table for table in library.typed_records.tables([1]) if table.caption == "Events"]
    rows = library.typed_records.rows([table.id])
    assert [[cell.text for cell in row.cells] for row in rows] == [
        ["12 March 2024", "the council bought a new pump", "4,200 EUR"],
        ["3 May 2024", "the bridge over the Ahr was closed for repairs", ""],
    ]
    assert all(row.source == session.runtime.name and 0.6 <= row.confidence <= 0.9 for row in rows)
    assert rows[0].quoted.startswith("On 12 March 2024") and rows[0].page == 1
    assert (rows[0].cells[0].value, rows[0].cells[2].number) == ("2024-03-12", 4200)
    _check_count(library)


def _check_count(library: Library) -> None:
    made = reply(library, library.documents.all(), "How many events were there in May 2024?")
    assert made is not None
    assert made[1].counted is not None and made[1].counted.total == 1
    assert any("added by" in note and "confidence" in note for note in made[1].counted.notes)


def test_a_model_that_does_not_write_adds_no_rows(session: Session, tmp_path: Path) -> None:
    from engine.profile.demo import DEMO

    file = tmp_path / "minutes.txt"
    file.write_text(TEXT)
    with Session(ScriptedLoader(scripted_runtime(DEMO, [REPLY])), tmp_path / "other.db") as other:
        end = list(other.run(wire.Read(job_id="r", path=str(file), rows=True), Control()))[-1]
        assert isinstance(end, wire.JobFailed) and end.kind == "known" and "instruct model" in end.message
