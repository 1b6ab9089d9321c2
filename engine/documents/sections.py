"""Sections of 1,000 to 3,000 tokens, made of pages, that follow headings and page ends.

A section begins where the document itself begins something: at a page that an outline entry or a heading opens, else at
the page that fills the section best. A decision never depends on more than the page that no longer fits, so sections
come while the document is read, and a document that grows keeps all its sections but the last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from engine.documents.pages import OutlineEntry, Page

MIN_TOKENS = 1_000
"""Least tokens of a section: a shorter text gives a state too little to answer from. Only the last
section is shorter, and one before a page that is too long to join."""
MAX_TOKENS = 3_000
"""Most tokens of a section: above this the recall of a single fact falls. A longer page is cut into equal pieces."""

_TOP_CHARACTERS = 300
"""Characters at the top of a page within which a heading begins the page."""
_LONGEST_HEADING, _PROSE_WORDS = 100, 6
"""Characters of a heading, and words behind a number that may as well begin a paragraph."""
_LINES_LOOKED_AT = 400

_MARKDOWN = re.compile(r"(#{1,6})\s+(\S.*?)#*\s*$")
_CHAPTER = re.compile(
    r"(?:(?:chapter|part|appendix|book|kapitel|teil|chapitre|capítulo|capitolo|глава|часть|приложение)\s+"
    r"(?:\d+|[ivxlc]+|[a-z])\b|第\s*[0-9一二三四五六七八九十百]+\s*[章節节部編])",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"(?P<number>\d{1,3}(?:\.\d{1,3}){0,4})\.?\s+(?P<title>[^\W\d_a-zа-я].*)")
_COMMON = re.compile(
    r"(?:executive summary|summary|abstract|introduction|background|overview|purpose|scope|definitions|"
    r"method(?:s|ology)|results|findings|discussion|recommendations|conclusions?|concluding (?:remarks|observations)|"
    r"references|bibliography|glossary|acknowledge?ments|foreword|preface|key takeaways|zusammenfassung|einleitung|"
    r"hintergrund|ergebnisse|schluss(?:folgerung(?:en)?)?|literatur(?:verzeichnis)?|vorwort|résumé|conclusiones|"
    r"introducción)",
    re.IGNORECASE,
)
"""Headings that many documents have without a number, alone in their line."""
_NO_HEADING = re.compile(r"(?:\.\s?){4,}|[.,;:!?。、]$|\s[\d.,]*\d%?$|\t.*\t|[|{}=<>]")
"""Leader dots and page numbers of a table of contents, ends of sentences, rows of a table, code."""
_CONTENTS = re.compile(r"(?P<title>\S.*?)(?:\t|\s{2,}|\s?(?:\.\s?){3,})\s*(?:\d{1,4}|[ivxlc]{1,6})")
_FEWEST_LISTED, _SHORTEST_TITLE, _LISTED_LEVEL = 6, 4, 3
"""A line of a table of contents; the fewest of them on a page, letters of a title, and its level as a heading."""
_SENTENCE = re.compile(r"[^\W\d_]{3}[.!?] +[^\W\d_a-zа-я]")
"""The end of a sentence and the beginning of the next."""
_GOES_ON = re.compile(r"\b(?:a|an|and|as|at|by|for|from|in|is|it|of|on|or|that|the|to|was|which|with)$")
"""The last word of a line of prose that goes on in the next line."""
_CITED = re.compile(
    r"\bet al\b|\((?:[^()]*, )?(?:19|20)\d\d[a-z]?\)|"
    r"^(?:January|February|March|April|May|June|July|August|September|October|November|December)\b(?!['’])"
)
"""A source, as a footnote names it, or the rest of a date."""


@dataclass(frozen=True)
class Section:
    """A run of the document's tokens that ends where a page ends (or inside a page too long for one section)."""

    number: int
    """Section number, from 1."""
    first_page: int
    last_page: int
    heading: str
    """Heading that it stands under; empty where the document has none."""
    first_token: int
    """Position of its first token, in the count of the pages' tokens."""
    n_tokens: int
    text: str
    """Text of its pages."""


@dataclass(frozen=True)
class _Piece:
    """A page, or a part of a page longer than a section."""

    page: int
    first_token: int
    n_tokens: int
    text: str
    opens: int
    """Rank of the beginning that the document has here: 0 for none."""
    heading: str
    """First heading on it, or empty."""


@dataclass
class _Seen:
    """What pages have told of the document's headings."""

    titles: set[str] = field(default_factory=set)
    """Titles in its table of contents."""
    running: dict[str, str] = field(default_factory=dict)
    """Titles behind a number, each with the number under which it stood first."""

    def contents(self, lines: Sequence[str]) -> bool:
        """Return whether the lines of a page are a table of contents; its titles are kept."""
        found = [match for line in lines if (match := _CONTENTS.fullmatch(line.strip()))]
        if len(found) < _FEWEST_LISTED or 2 * len(found) < len(lines):
            return False
        self.titles |= {title for match in found if len(title := _plain(match["title"])) >= _SHORTEST_TITLE}
        return True

    def is_running(self, line: str, page: Page) -> bool:
        """Return whether a line is a running title beside its page's number: the number is the page's, or the title
        stood under another number before."""
        found = _NUMBERED.fullmatch(line.strip())
        if found is None or "." in found["number"]:
            return False
        first = self.running.setdefault(_plain(found["title"]), found["number"])
        return found["number"] in (str(page.number), page.label) or first != found["number"]


_OUTLINE_AT_TOP, _HEADING_AT_TOP, _OUTLINE_ON_PAGE = 30, 20, 10
_OPENS_CHAPTER = _OUTLINE_AT_TOP + 8
"""Least rank of a beginning that ends the section before it even if there is room."""


class SectionBuilder:
    """Builds the sections of one document while its pages come."""

    def __init__(self, outline: Sequence[OutlineEntry] = ()) -> None:
        self._by_page: dict[int, list[OutlineEntry]] = {}
        for entry in outline:
            self._by_page.setdefault(entry.page, []).append(entry)
        self._seen = _Seen()
        self._held: list[_Piece] = []
        self._under = ""
        self._number = 0

    def add(self, page: Page, first_token: int, n_tokens: int) -> list[Section]:
        """Return the sections that `page` completes. Pages come in order, their tokens in one sequence."""
        done = []
        entries = self._by_page.get(page.number, [])
        for piece in _pieces(page, first_token, n_tokens, entries, bool(self._by_page), self._seen):
            while _total(self._held) + piece.n_tokens > MAX_TOKENS:
                done.append(self._close(_best_cut(self._held, piece)))
            if piece.opens >= _OPENS_CHAPTER and _total(self._held) >= MIN_TOKENS:
                done.append(self._close(len(self._held)))
            self._held.append(piece)
        return done

    def finish(self) -> list[Section]:
        """Return the last section, if anything is left for one."""
        return [self._close(len(self._held))] if _total(self._held) else []

    def _close(self, count: int) -> Section:
        taken, self._held = self._held[:count], self._held[count:]
        heading = next((piece.heading for piece in taken if piece.heading), self._under)
        lasting = (piece.heading for piece in reversed(taken) if piece.heading and not _COMMON.fullmatch(piece.heading))
        self._under = next(lasting, self._under)
        self._number += 1
        return Section(
            number=self._number,
            first_page=taken[0].page,
            last_page=taken[-1].page,
            heading=heading,
            first_token=taken[0].first_token,
            n_tokens=_total(taken),
            text="\n\n".join(piece.text for piece in taken if piece.text),
        )


def sections(pages: Iterable[tuple[Page, int]], outline: Sequence[OutlineEntry] = ()) -> Iterator[Section]:
    """Yield the sections of `pages` (each with its number of tokens) in order, each as soon as it is complete.

    Together they hold every token once. Pages without tokens belong to the section around them.
    """
    builder = SectionBuilder(outline)
    first_token = 0
    for page, n_tokens in pages:
        yield from builder.add(page, first_token, n_tokens)
        first_token += n_tokens
    yield from builder.finish()


def _total(pieces: Sequence[_Piece]) -> int:
    return sum(piece.n_tokens for piece in pieces)


def _best_cut(held: Sequence[_Piece], following: _Piece) -> int:
    """Return how many of `held` make the section; `following` is the piece that does not fit any more."""
    best, best_rank = len(held), (-1, 0)
    n_tokens = 0
    for count, piece in enumerate(held, 1):
        n_tokens += piece.n_tokens
        after = held[count] if count < len(held) else following
        rank = (after.opens, n_tokens)
        if n_tokens >= MIN_TOKENS and rank > best_rank:
            best, best_rank = count, rank
    return best


def _pieces(
    page: Page,
    first_token: int,
    n_tokens: int,
    entries: Sequence[OutlineEntry],
    has_outline: bool,
    seen: _Seen,
) -> Iterator[_Piece]:
    opens, heading = _opening(page, entries, has_outline, seen)
    count = max(1, -(-n_tokens // MAX_TOKENS))
    for index in range(count):
        # The characters of a part's tokens are not known here: an equal share is near enough.
        start, end = n_tokens * index // count, n_tokens * (index + 1) // count
        text = page.text[len(page.text) * index // count : len(page.text) * (index + 1) // count]
        first = index == 0
        yield _Piece(
            page.number, first_token + start, end - start, text, opens if first else 0, heading if first else ""
        )


def _opening(page: Page, entries: Sequence[OutlineEntry], has_outline: bool, seen: _Seen) -> tuple[int, str]:
    """Return the rank of the beginning at the page's top, and the first heading on it. `seen`: what the pages before
    have told, to which that of this one is added."""
    text = page.text
    top = _plain(text[:_TOP_CHARACTERS])
    for entry in entries:
        if _plain(entry.title) in top:
            return _OUTLINE_AT_TOP + max(0, 9 - entry.level), entry.title
    if entries:
        entry = min(entries, key=lambda entry: entry.level)
        return _OUTLINE_ON_PAGE + max(0, 9 - entry.level), entries[0].title
    lines = [line for line in text.split("\n", _LINES_LOOKED_AT)[:_LINES_LOOKED_AT] if line.strip()]
    levels = _levels(lines, page, seen)
    for index, line in enumerate(lines[:2]):
        level = levels[index]
        if level:
            opens = _HEADING_AT_TOP if has_outline or index else _HEADING_AT_TOP + max(0, 9 - level)
            return opens, "" if has_outline else _title(line)
    if has_outline:
        return 0, ""
    return 0, next((_title(line) for line, level in zip(lines, levels, strict=True) if level), "")


def _levels(lines: Sequence[str], page: Page, seen: _Seen) -> list[int]:
    """Return the level of each line of a page as a heading, 0 for none."""
    listed = seen.contents(lines)
    levels = []
    for index, line in enumerate(lines):
        known = not listed and not line.lstrip()[:1].islower() and _plain(line) in seen.titles
        level = _heading_level(line) or (_LISTED_LEVEL if known else 0)
        if level and (_begins_prose(lines, index) or seen.is_running(line, page)):
            level = 0
        levels.append(level)
    if len(lines) > 1:
        levels[-1] = 0  # nothing stands under it
    return levels


def _begins_prose(lines: Sequence[str], index: int) -> bool:
    """Return whether a line begins a numbered paragraph: it is long, and the one below begins in lower case."""
    found = _NUMBERED.fullmatch(lines[index].strip())
    long = found is not None and len(found["title"].split()) >= _PROSE_WORDS
    return long and index + 1 < len(lines) and lines[index + 1].lstrip()[:1].islower()


def _heading_level(line: str) -> int:
    """Return 1 for the heading of a chapter, more for one under it, 0 for a line that is no heading."""
    line = line.strip()
    if len(line) > _LONGEST_HEADING:
        return 0
    markdown = _MARKDOWN.fullmatch(line)
    if markdown:
        return len(markdown[1])
    if _NO_HEADING.search(line) or _SENTENCE.search(line) or _GOES_ON.search(line):
        return 0
    if chapter := _CHAPTER.match(line):
        rest = line[chapter.end() :].lstrip()
        return 0 if rest[:1].islower() and not rest.startswith(("to ", "of ")) else 1  # "Part 1 provides …"
    if _COMMON.fullmatch(line):
        return 2
    numbered = _NUMBERED.fullmatch(line)
    if numbered and len(numbered["title"].split()) <= 12 and not _CITED.search(numbered["title"]):
        return 1 + numbered["number"].count(".") + (0 if "." in numbered["number"] else 1)
    return 0


def _title(line: str) -> str:
    markdown = _MARKDOWN.fullmatch(line.strip())
    return " ".join((markdown[2] if markdown else line).split())


def _plain(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
