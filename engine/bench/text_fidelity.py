"""Words lost between a PDF and its text: each page's words against poppler's, over folders of PDFs.

    main.py bench fidelity FOLDER... [--least 0.9] [--pages 20] [--out FILE]

Words are compared as multisets, so reading order does not count. A file is listed if less than nine tenths of poppler's
words are found, with the page that loses most and some of its lost words. Poppler is no measure of truth: it reads text
outside the page and hidden layers, and fonts without a map as noise. So each listed file is to be looked at.

Needs `pdftotext`, and skips files that it cannot open.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import time
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console

from engine.bench.harness import surroundings, write
from engine.documents.cleaning.characters import clean_pdf_page
from engine.documents.extraction.extractor import open_document
from engine.documents.pages import DocumentError

_WORD = re.compile(r"\w+")
_POPPLER_SECONDS = 60
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
    seconds: float = 0.0
    worst_page: int = 0
    lost: list[str] = field(default_factory=list)
    """Some words of the worst page that were not found."""

    @property
    def share(self) -> float:
        return self.found / self.words if self.words else 1.0


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
                missing = sum(lost.values())
                result.words += total
                result.found += total - missing
                if missing > worst:
                    worst, result.worst_page = missing, page.number
                    result.lost = [word for word, _ in lost.most_common(8)]
            result.end = document.outcome.kind if document.outcome else "text"
    except DocumentError as error:
        result.end = error.kind
    result.seconds = time.monotonic() - started
    return result


def pdfs(folders: list[Path]) -> Iterator[Path]:
    """Yield the PDFs under the folders."""
    for folder in folders:
        yield from sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".pdf" and path.is_file())


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="main.py bench fidelity", description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--least", type=float, default=0.9, help="share of words from which on a file is not listed")
    parser.add_argument("--pages", type=int, default=20, help="pages of each file that are compared")
    parser.add_argument("--out", type=Path, help="also write the figures here, as JSON")
    options = parser.parse_args(arguments)
    console = Console(soft_wrap=True, highlight=False)
    if shutil.which("pdftotext") is None:
        console.print("pdftotext is not installed; it comes with poppler-utils")
        return
    results = []
    for path in pdfs(options.folders):
        result = compare(path, options.pages)
        results.append(result)
        if result.words and result.share < options.least:
            console.print(
                f"{result.name}: {result.share:.0%} of {result.words} words, {result.end}, "
                f"page {result.worst_page}: {' '.join(result.lost)}",
                markup=False,
            )
    compared = [result for result in results if result.words]
    listed = [result for result in compared if result.share < options.least]
    total, found = sum(result.words for result in compared), sum(result.found for result in compared)
    console.print(
        f"{len(results)} files, {len(compared)} compared, {len(listed)} lose more than {1 - options.least:.0%}; "
        f"{found:,} of {total:,} words found"
    )
    ends = Counter(result.end for result in results)
    console.print("ends: " + ", ".join(f"{end} {count}" for end, count in ends.most_common()))
    write(options.out, {**surroundings(), "files": [asdict(result) for result in results]})


if __name__ == "__main__":
    main()
