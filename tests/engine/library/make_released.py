"""Make the library that stands for a released version: `python -m tests.engine.library.make_released VERSION`.

Run it once for each release, with that release's code, and commit the file: the tests bring every one of them up to
date.
"""

from __future__ import annotations

import lzma
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from engine.library.library import Library
from engine.library.prefix import PrefixHasher
from engine.library.reading_run import Progress
from engine.library.records import (
    Ledger,
    LedgerEntry,
    NewPage,
    NewSection,
    NewSnapshot,
    NewSummary,
    NewTurn,
    Retention,
)
from engine.protocol.evidence import Evidence, SummaryBasis
from tests.engine.library_fakes import IDENTITY, FakeFile

FOLDER = Path(__file__).parent / "released"
DOCUMENTS = {
    "/documents/report.pdf": "The valve was inspected by Ann Weber. Page {page}.",
    "/documents/log_zh.txt": "安娜检修了冷却塔。第{page}页。",
}
"""Path -> the text of each of its three pages."""


def fill(library: Library) -> None:
    """Put two documents of three pages into a library, with everything that one can hold."""
    for number, (path, text) in enumerate(DOCUMENTS.items()):
        document = library.documents.for_file(FakeFile(path, f"{number:064x}", page_count=3)).id
        hasher = PrefixHasher(IDENTITY)
        run = library.reading(document, IDENTITY)
        for page in (1, 2, 3):
            hasher.feed(list(range(page * 100, page * 100 + 50)))
            kind, words = ("end" if page == 3 else "checkpoint"), text.format(page=page)
            decay = bytes([page]) * 16
            progress = Progress(
                page * 50,
                [NewPage(page, words, page * 50 - 50, 50)],
                [NewSection(page, f"Part {page}", words, page, page, page * 50 - 50, 50, decay=decay)],
                NewSnapshot(kind, hasher.at(), bytes([page]) * 400, "fp32", decay=decay),
                1.0,
            )
            if page < 3:
                run.commit(progress)
            else:
                run.finish(progress, "done", "read in full", 3)
        library.retention.save(run.id, Retention(150, [1, 2, 3], [1, 2, 3], [0.1, 0.5, 1.0], 0))
        basis = SummaryBasis(made_from="state", first_page=1, last_page=3)
        library.summaries.add(document, IDENTITY, NewSummary("state", "All is well.", 150, basis=basis))
        for section in library.sections.of(document):
            library.section_summaries.save(section.id, "Summarise.", "- Fine.", [[section.number]])
            library.sentence_scores.save("a model", {section.id: bytes([section.number]) * 8})
        library.outlines.save(document, [("Part 1", 1, 1), ("Part 3", 3, 1)])
        library.sentence_indexes.save(document, "index 1", bytes(40))
        library.overviews.save(document, "overview 1", [("All is well.", (1, 3))])
        library.entities.save(document, Ledger([LedgerEntry("name", "Ann Weber", "Ann Weber", 3, [1, 2, 3])], 0, 3))
        hasher.feed([7, 8, 9])
        turn = NewTurn(
            "Who inspected it?",
            "Ann Weber",
            Evidence(kind="section", first_page=1, last_page=1),
            snapshot=NewSnapshot("turn", hasher.at(), bytes(400), "fp32"),
            kept=True,
            tokens=[7, 8, 9],
        )
        first = library.turns.add(document, IDENTITY, turn)
        library.turns.add(document, IDENTITY, NewTurn("When?", "Not in this document.", parent=first))


def make(version: str) -> Path:
    """Write the file of a version, made by the code as it is now."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "library.db"
        with Library.open(path) as library:
            fill(library)
        with closing(sqlite3.connect(path)) as conn:
            conn.execute("PRAGMA journal_mode = DELETE").fetchall()
            conn.execute("VACUUM")
        target = FOLDER / f"{version}.db.xz"
        target.write_bytes(lzma.compress(path.read_bytes(), preset=9))
        return target


if __name__ == "__main__":
    print(make(sys.argv[1]))
