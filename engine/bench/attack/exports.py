"""Hostile contents and places of what is exported: formulas in cells, escape codes, HTML, and targets that are no
ordinary files."""

from __future__ import annotations

import csv
import io
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.bench.attack.place import Case, Place

FORMULAS = (
    "=1+1",
    "=HYPERLINK('http://127.0.0.1:9','x')",
    "=cmd|'/C calc'!A0",
    "+cmd|'/C calc'!A0",
    "-cmd|'/C calc'!A0",
    "@SUM(A1:A9)",
    "=WEBSERVICE(CONCAT('http://127.0.0.1:9/',A1))",
)
NUMBERS = ("-12.50", "+49 30 1234", "-5 %")
"""Cells that begin like formulas and are numbers, which are kept as they are."""


def cases(place: Place, chance: random.Random, share: float) -> Iterator[Case]:
    """Yield exports of formulas in each form, then targets."""
    for form in ("csv", "xlsx", "json"):
        yield Case("exports", f"formulas in {form}", lambda form=form: export_formulas(place, form))  # type: ignore[misc]
    yield Case("exports", "HTML and escape codes in Markdown", lambda: export_markdown(place))
    for name in list(TARGETS) if share >= 1 else chance.sample(list(TARGETS), 3):
        yield Case("exports", name, lambda name=name: write_to(place, TARGETS[name]))  # type: ignore[misc]


def _table(folder: Path) -> Path:
    rows = ["Part;Note;Price", *(f"part {n};{text};{n}.50" for n, text in enumerate((*FORMULAS, *NUMBERS), 1))]
    path = folder / "=1+1.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def export_formulas(place: Place, form: str) -> list[str]:
    """Export a table with cells that begin like formulas; a spreadsheet that opens it computes none."""
    folder = place.new_folder()
    file, target = _table(folder), folder / f"out.{form}"
    option = [] if form == "json" else [f"--{form}"]
    library = ["--library", str(folder / "library.db")]
    more = ["--json"] if form == "json" else []
    ended = place.run("table", str(file), *option, "-o", str(target), *library, *more)
    faults = ended.faults(place.base, statuses=(0,))
    if faults:
        return faults
    if form == "csv":
        cells = [cell for row in csv.reader(io.StringIO(target.read_text())) for cell in row]
        faults += [f"{cell!r} is a formula" for cell in cells if cell[:1] in tuple("=+-@\t\r") and cell not in NUMBERS]
        faults += [f"{number!r} is lost" for number in NUMBERS if number not in cells]
    elif form == "xlsx":
        from openpyxl import load_workbook

        found = [cell for row in load_workbook(target).worksheets[0].iter_rows() for cell in row]
        faults += [f"{cell.value!r} is a formula" for cell in found if cell.data_type == "f"]
        faults += [f"{text!r} is lost" for text in FORMULAS if text not in [cell.value for cell in found]]
    else:
        text = target.read_text()
        faults += [f"{formula!r} is lost" for formula in FORMULAS if formula not in text]
    return faults


def export_markdown(place: Place) -> list[str]:
    """Export the summary and the answers of a document whose title, text and question hold HTML and escape codes."""
    folder = place.new_folder()
    file = folder / "page.html"
    file.write_text(
        "<title>&lt;img src='file:///etc/hostname'&gt;&#27;[31m</title>"
        + "<p>The pump &lt;b&gt; was repaired by Anna Smith. &#27;]0;PWNED&#7; x&lt;y.</p>" * 5
    )
    library = ["--library", str(folder / "library.db")]
    faults = place.faults("ask", str(file), "Who <img src=x> repaired \x1b[31m the pump?", *library)
    faults += place.faults("summarize", str(file), *library)
    faults += place.faults("library", "export", "1", *library, statuses=(0,))
    for suffix in ("md", "txt", "pdf", "odt", "docx", "exe", ""):
        target = folder / f"out.{suffix}"
        faults += place.faults("library", "export", "1", "-o", str(target), *library)
        if target.exists() and b"\x1b" in target.read_bytes() and suffix in ("md", "txt"):
            faults.append(f"escape codes are in the export to .{suffix}")
    return faults


def _folder(folder: Path) -> Path:
    (folder / "target.md").mkdir()
    return folder / "target.md"


def _missing(folder: Path) -> Path:
    return folder / "no" / "such" / "target.md"


def _pipe(folder: Path) -> Path:
    os.mkfifo(folder / "target.md")
    return folder / "target.md"


def _circle(folder: Path) -> Path:
    (folder / "target.md").symlink_to("target.md")
    return folder / "target.md"


TARGETS: dict[str, Callable[[Path], Path]] = {
    "a target that is a folder": _folder,
    "a target in no folder": _missing,
    "a target that is a pipe": _pipe,
    "a target that is a link to itself": _circle,
    "a target that is a full disk": lambda folder: Path("/dev/full"),
    "a target in /proc": lambda folder: Path("/proc/target.md"),
    "a target of 3,000 characters": lambda folder: folder / ("x" * 3_000 + ".md"),
    "a target of escape codes": lambda folder: folder / "\x1b]0;PWNED\x07\n.md",
    "a target that is the document": lambda folder: folder / "a.txt",
    "a target that is the library": lambda folder: folder / "library.db",
}


def write_to(place: Place, make: Callable[[Path], Path]) -> list[str]:
    """Export a summary to a target; the document and the library are not overwritten."""
    folder = place.new_folder()
    file, library = folder / "a.txt", folder / "library.db"
    file.write_text("The pump was repaired by Anna Smith on 3 May.\n" * 5)
    before = file.read_bytes()
    target = make(folder)
    given = ["--library", str(library)]
    faults = place.faults("summarize", str(file), "-o", str(target), *given)  # before there is a library, too
    faults += place.faults("summarize", str(file), *given, statuses=(0,))
    faults += place.faults("summarize", str(file), "-o", str(target), *given)
    faults += place.faults("library", "export", "1", "-o", str(target), *given)
    faults += place.faults("library", "list", *given, statuses=(0,))
    if file.read_bytes() != before:
        faults.append("the document was overwritten")
    return faults + ([] if library.read_bytes().startswith(b"SQLite format 3") else ["the library was overwritten"])
