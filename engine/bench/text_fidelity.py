"""Words lost between a PDF and its text: each page's words against poppler's, over folders of PDFs.

    main.py bench fidelity FOLDER... [--least 0.9] [--pages 20] [--log FILE] [--out FILE]

Words are compared as multisets, so reading order does not count. Poppler is no measure of truth: it cuts spaced and
slanted words into letters, and reads what lies outside the page. So on a page with less than nine tenths of its words
pypdf is asked too, and a word counts as lost if both have it. Words of a page that is named as unread are told, not
lost. A file is listed if it loses more than a tenth, with the page that loses most and some of its words; each is to be
looked at.

With `--log`, each file's result is written as a line as soon as it is there, and files that have a line are not read
again: a run over a large collection may be ended and continued. Needs `pdftotext`, and skips files that it cannot open.
"""

from __future__ import annotations

import argparse
import logging
import re
import shutil
import subprocess
import time
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import msgspec
import pypdf
from rich.console import Console

from engine.bench.harness import surroundings, write
from engine.documents.cleaning.characters import clean_pdf_page
from engine.documents.extraction.extractor import open_document
from engine.documents.pages import DocumentError

_WORD = re.compile(r"\w+")
_POPPLER_SECONDS = 60
_ASK_SECOND = 0.1
_FEWEST_WORDS = 5
"""Least words by poppler on a compared page: a page with fewer is no evidence."""


@dataclass
class Fidelity:
    """Comparison of one file."""

    name: str
    end: str
    """Outcome of its reading; "poppler" where poppler could not open it."""
    words: int = 0
    """Words that poppler finds on the pages that were read."""
    found: int = 0
    told: int = 0
    """Words on pages that are named as not read, or not in full."""
    seconds: float = 0.0
    worst_page: int = 0
    lost: list[str] = field(default_factory=list)
    """Some words of the worst page that were not found."""

    @property
    def share(self) -> float:
        return (self.found + self.told) / self.words if self.words else 1.0


def words(text: str) -> Counter[str]:
    """Return the words of a text in compatibility form, characters of Chinese and Japanese one by one."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = re.sub("([\u3040-\u30ff\u3400-\u9fff])", r" \1 ", text)
    return Counter(_WORD.findall(text))


def poppler_pages(path: Path, last: int) -> list[str] | None:
    """Return the text of the first pages as poppler reads it, None if it cannot."""
    command = ["pdftotext", "-enc", "UTF-8", "-l", str(last), str(path), "-"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_POPPLER_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:
        return None
    return done.stdout.decode("utf-8", "replace").split("\f")[:-1]


def compare(path: Path, last: int) -> Fidelity:
    """Read the first `last` pages of `path` and compare each with poppler's."""
    started = time.monotonic()
    expected = poppler_pages(path, last)
    if expected is None:
        return Fidelity(path.name, "poppler")
    result = Fidelity(path.name, "")
    worst = 0
    second = _SecondReader(path)
    try:
        with open_document(path, processes=1) as document:
            for page in document.pages():
                if page.number > min(last, len(expected)):
                    break
                want = words(clean_pdf_page(expected[page.number - 1]))
                total = sum(want.values())
                if total < _FEWEST_WORDS:
                    continue
                lost = want - words("\n".join([page.text, *page.removed]))
                result.words += total
                if page.problem is not None:
                    result.told += sum(lost.values())
                    result.found += total - sum(lost.values())
                    continue
                if sum(lost.values()) > _ASK_SECOND * total:
                    lost &= second.words(page.number)
                missing = sum(lost.values())
                result.found += total - missing
                if missing > worst:
                    worst, result.worst_page = missing, page.number
                    result.lost = [word for word, _ in lost.most_common(8)]
            result.end = document.outcome.kind if document.outcome else "text"
    except DocumentError as error:
        result.end = error.kind
    result.seconds = time.monotonic() - started
    return result


class _SecondReader:
    """The words of pages by pypdf, which is opened when it is first asked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._document: pypdf.PdfReader | None = None

    def words(self, number: int) -> Counter[str]:
        """Return the words of page `number`; none where pypdf fails on it."""
        try:
            if self._document is None:
                logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it has a line for each fault of a file
                self._document = pypdf.PdfReader(self._path)
            return words(clean_pdf_page(self._document.pages[number - 1].extract_text()))
        except Exception:  # damaged files raise anything at all
            return Counter()


def pdfs(folder: Path) -> list[Path]:
    """Return the PDFs under a folder, in the order of their names."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".pdf" and path.is_file())


def compared(folders: list[Path], last: int, log: Path | None) -> Iterator[Fidelity]:
    """Yield the result of each file; those in `log` come from there, and new ones are added to it."""
    known: dict[str, Fidelity] = {}
    if log is not None and log.exists():
        for line in log.read_text(encoding="utf-8").splitlines():
            result = msgspec.json.decode(line, type=Fidelity)
            known[result.name] = result
    for folder in folders:
        for path in pdfs(folder):
            name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
            if name not in known:
                result = known[name] = replace(compare(path, last), name=name)
                if log is not None:
                    with log.open("ab") as file:
                        file.write(msgspec.json.encode(result) + b"\n")
            yield known[name]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="main.py bench fidelity", description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--least", type=float, default=0.9, help="share of words from which on a file is not listed")
    parser.add_argument("--pages", type=int, default=20, help="pages of each file that are compared")
    parser.add_argument("--log", type=Path, help="write each result here at once, and skip the files that are in it")
    parser.add_argument("--out", type=Path, help="also write the figures here, as JSON")
    options = parser.parse_args(arguments)
    console = Console(soft_wrap=True, highlight=False)
    if shutil.which("pdftotext") is None:
        console.print("pdftotext is not installed; it comes with poppler-utils")
        return
    results = []
    for result in compared(options.folders, options.pages, options.log):
        results.append(result)
        if result.words and result.share < options.least:
            console.print(
                f"{result.name}: {result.share:.0%} of {result.words} words, {result.end}, "
                f"page {result.worst_page}: {' '.join(result.lost)}",
                markup=False,
            )
    with_words = [result for result in results if result.words]
    listed = [result for result in with_words if result.share < options.least]
    total, found = sum(result.words for result in with_words), sum(result.found for result in with_words)
    console.print(
        f"{len(results)} files, {len(with_words)} compared, {len(listed)} lose more than {1 - options.least:.0%}; "
        f"{found:,} of {total:,} words found, {sum(result.told for result in with_words):,} told to be unread"
    )
    ends = Counter(result.end for result in results)
    console.print("ends: " + ", ".join(f"{end} {count}" for end, count in ends.most_common()))
    write(options.out, {**surroundings(), "files": [asdict(result) for result in results]})


if __name__ == "__main__":
    main()
