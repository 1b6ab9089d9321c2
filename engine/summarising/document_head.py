"""The head of a digest: the kind of document, its length, its period and its recurring names. Light: no torch."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.grounding.front_matter import lower_words, title_lines
from engine.grounding.languages import language_of
from engine.grounding.page_kinds import page_kind
from engine.grounding.words import folded
from engine.library.records import Ledger, Page
from engine.summarising.section_text import one_line

MOST_NAMES = 6
_LEAST_PAGES = 3
"""Lowest number of pages with a recurring name, when the document has more than a few pages."""
_KINDS = (
    (
        "minutes of a meeting",
        re.compile(r"(?<!\w)minutes of (?:the|a)(?!\w)|(?<!\w)(?:protokoll der|procès-verbal)(?!\w)"),
    ),
    ("scientific paper", re.compile(r"(?:^|\n)\s*abstract\s*(?:\n|[.:—-])")),
    ("contract", re.compile(r"(?<!\w)(?:this agreement|hereinafter|the parties agree|vertragsparteien)(?!\w)")),
    (
        "manual",
        re.compile(
            r"(?<!\w)(?:manual|handbook|user guide|reference|handbuch|manuel|руководство|マニュアル|手引き)(?!\w)"
        ),
    ),
    ("policy", re.compile(r"(?<!\w)policy(?!\w)")),
    ("report", re.compile(r"(?<!\w)(?:report|bericht|rapport|informe|отч[её]т|報告)(?!\w)")),
    ("act or regulation", re.compile(r"(?<!\w)(?:be it enacted|an act to|regulation \(e[uc]\))(?!\w)")),
)
"""Kinds of text, by words of the title and the first page."""
_LOG_LINE = re.compile(r"\s*\[?(?:\d{4}-\d\d-\d\d|\d\d?:\d\d(?::\d\d)?|\w{3} +\d{1,2} \d\d:\d\d)")
_TABLE_KINDS = {"csv": "table", "tsv": "table", "xlsx": "table", "json": "data", "jsonl": "data", "xml": "data"}
_LOG_SHARE = 0.5
_YEAR = re.compile(r"(1[5-9]\d\d|20\d\d)-")
_TITLE_LENGTH = 160
_FRONT_PAGES, _COVERS, _FEWEST_WORDS = 6, 2, 2
"""Pages whose words tell names from nouns, pages that may have the title, and its fewest words of three letters."""
_TITLE_WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True)
class DocumentHead:
    """The facts at the head of a digest."""

    title: str
    kind: str
    """Kind of text in words; "" when it is unknown."""
    pages: int
    sections: int
    first_year: str
    last_year: str
    names: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """Return a description of the document in one line."""
        size = f"{self.pages:,} pages" if self.pages != 1 else "one page"
        if self.sections > 1:
            size += f" in {self.sections:,} sections"
        parts = [f"{self.kind[:1].upper()}{self.kind[1:]}, {size}" if self.kind else size]
        if self.first_year:
            years = self.first_year if self.first_year == self.last_year else f"{self.first_year} to {self.last_year}"
            parts.append(f"dates from {years}" if " to " in years else f"dates of {years}")
        return f"{self.title}: {'; '.join(parts)}."


def document_head(title: str, file_kind: str, pages: Sequence[Page], sections: int, entities: Ledger) -> DocumentHead:
    """Return the head of a document. `file_kind`: the kind of its file, as the library has it."""
    cited = {page.number for page in pages if page.text and page_kind(page.text)}
    own = [entry for entry in entities.entries if not cited.issuperset(entry.pages)]
    years = sorted(match[1] for entry in own if entry.kind == "date" and (match := _YEAR.match(entry.value)))
    least = _LEAST_PAGES if len(pages) > _LEAST_PAGES else 1
    names = [
        entry.text
        for entry in own
        if entry.kind == "name" and len(set(entry.pages) - cited) >= least and entry.count > 1
    ]
    return DocumentHead(
        title=_short(one_line(title)),
        kind=_kind(title, file_kind, pages),
        pages=len(pages),
        sections=sections,
        first_year=years[0] if years else "",
        last_year=years[-1] if years else "",
        names=tuple(names[:MOST_NAMES]),
    )


def shown_title(title: str, file_name: str, pages: Sequence[Page]) -> str:
    """Return the title of a document; where it is only the name of its file, with the title on its first page."""
    if title != file_name:
        return title
    early = [page.text for page in pages[:_FRONT_PAGES] if page.text]
    lower = lower_words(early)
    for text in early[:_COVERS]:
        lines = title_lines(text, lower) if language_of(text) == "en" else []
        found = one_line(" ".join(line.text for line in lines))
        if len(_TITLE_WORD.findall(found)) >= _FEWEST_WORDS and ":" not in found.split(" ", 1)[0]:
            return f"{title} (“{_short(found)}”)"
    return title


def _short(title: str) -> str:
    """Return a title of at most `_TITLE_LENGTH` characters, cut behind a word."""
    if len(title) <= _TITLE_LENGTH:
        return title
    cut = title[:_TITLE_LENGTH]
    return (cut.rpartition(" ")[0] or cut).rstrip(" ,;:–-") + " …"


def _kind(title: str, file_kind: str, pages: Sequence[Page]) -> str:
    if kind := _TABLE_KINDS.get(file_kind.lower()):
        return kind
    texts = [page.text for page in pages if page.text]
    lines = [line for text in texts[:5] for line in text.splitlines() if line.strip()]
    if lines and sum(_LOG_LINE.match(line) is not None for line in lines) >= _LOG_SHARE * len(lines):
        return "log"
    first = folded(f"{title}\n{texts[0][:1500] if texts else ''}")
    named = folded(title)
    in_title = next((kind for kind, pattern in _KINDS if pattern.search(named)), "")
    return in_title or next((kind for kind, pattern in _KINDS[:4] if pattern.search(first)), "")
