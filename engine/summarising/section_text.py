"""The text of a section with its sentences, each with its page and its place there. Light: no torch."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.grounding.page_kinds import NOTICE, PageKind, page_kind
from engine.grounding.references import is_heading_of_references
from engine.grounding.sentences import units
from engine.grounding.words import UNSPACED, tokens
from engine.library.records import Page, Section

FEWEST_WORDS, MOST_WORDS = 5, 70
"""Words of a sentence that can be quoted alone."""
_LETTERS = 0.6
"""Least share of letters among a sentence's characters: less is a formula, a listing or a table."""
_CAPITALS = 0.5
"""Share of capitals among a sentence's letters from which it is a heading."""
_NAMES, _FEWEST_NAMES = 0.7, 10
"""Share of capitalised words from which a sentence of so many words is a list of names, such as those present."""
_ENDS = (".", "!", "?", "…", "。", "！", "？", "؟", "।")
_CLOSING = "\"'”’»)]」』）"
_LEADERS = re.compile(r"(?:\.\s?){4,}|[|{}<>=]{2,}|https?://\S+\s+https?://")
_CAPTION = re.compile(
    r"(?:table|figure|fig\.|box|chart|exhibit|tabelle|abbildung|tableau|cuadro)\s+[\dA-Z][\d.-]*\s*[.:–—|]", re.I
)
"""Begins the caption of a table or figure: it names what is shown and says nothing of it."""
_TABLE_NOTE = re.compile(
    r"see (?:also )?(?:the )?(?:notes?|tables?|figures?|appendix)\b|sources?:|notes?:|\(?this table", re.I
)
"""Begins a remark at the foot of a table."""
_OPENING = "\"'“‘«„([（「"
_OPTION = re.compile(r"[-+/]{1,2}\w|[^\w\s\"'“”‘’«»¿¡(\[„「『（]")
"""Begins the entry of a list of options, or something that is no sentence."""
_QUESTION_WORDS, _NUMBERED = 12, re.compile(r"(?:\d+\.)+\d*\s")
"""Words up to which a question is a heading, and the number of a heading."""
_ASIDE = re.compile(
    r"\b(?:licen[cs]es?|copyrights?|copying|index|indices|bibliography|references|acknowledge?ments?|colophon|legal "
    r"notices?|imprint|trademarks?|table of contents|contents)\b|лицензи|указатель|索引|ライセンス|著作権",
    re.IGNORECASE,
)
"""In the heading of a part about the document, not its subject."""
_ASIDES: dict[PageKind, str] = {
    "": "",
    "references": "A list of references.",
    "contents": "A table of contents.",
    "notices": "Legal notices.",
}
_JOINED = re.compile(rf"(?<=[{UNSPACED}])\s+(?=[{UNSPACED}])")


@dataclass(frozen=True)
class Sentence:
    """A sentence, or a line of a list or table, on its page."""

    page: int
    start: int
    end: int
    """Characters of the page's text."""
    text: str
    listed: bool

    @property
    def is_contents(self) -> bool:
        """Return whether it is a line of a table of contents or of an index."""
        return _LEADERS.search(self.text) is not None

    @property
    def quotable(self) -> bool:
        """Return whether the sentence can be quoted alone in a digest."""
        if self.listed or not is_ended(self.text) or self.text.lstrip(_OPENING)[:1].islower():
            return False
        if _CAPTION.match(self.text) or _TABLE_NOTE.match(self.text):
            return False
        count = sum(1 for _ in tokens(self.text))
        words = re.findall(r"[^\W\d_]+", self.text)
        if len(words) >= _FEWEST_NAMES and sum(word[0].isupper() for word in words) >= _NAMES * len(words):
            return False
        if self.text.endswith(("?", "？")) and (count <= _QUESTION_WORDS or _NUMBERED.match(self.text)):
            return False
        letters = sum(character.isalpha() for character in self.text)
        capitals = sum(character.isupper() for character in self.text)
        printed = sum(not character.isspace() for character in self.text)
        return (
            FEWEST_WORDS <= count <= MOST_WORDS
            and letters >= _LETTERS * printed
            and capitals < _CAPITALS * letters
            and not self.is_contents
            and not _OPTION.match(self.text)
            and not NOTICE.search(self.text)
        )

    @property
    def quoted(self) -> str:
        """Return its words in one line."""
        return one_line(self.text)


@dataclass(frozen=True)
class SectionText:
    """A section as the digest sees it."""

    number: int
    heading: str
    first_page: int
    last_page: int
    text: str
    sentences: tuple[Sentence, ...]
    spans: tuple[tuple[int, int], ...]
    """The places of the sentences in `text`."""
    asides: Mapping[int, PageKind] = field(default_factory=dict)
    """Its pages that consist of references, notices or a table of contents, and of which."""

    @property
    def is_aside(self) -> bool:
        """Return whether it is no part of the content, by its heading or its pages: a licence, an index, references."""
        return _ASIDE.search(self.heading) is not None or all(one.page in self.asides for one in self.sentences)

    @property
    def aside(self) -> str:
        """Return in a few words what all its pages consist of; "" where one is content."""
        kinds = {self.asides.get(one.page, "") for one in self.sentences}
        return _ASIDES[kinds.pop()] if len(kinds) == 1 else ""

    @property
    def content(self) -> tuple[Sentence, ...]:
        """Return its sentences without those of other documents' titles, notices and tables of contents."""
        return tuple(one for one in self.sentences if one.page not in self.asides)

    @classmethod
    def of(cls, section: Section, pages: Sequence[Page]) -> SectionText:
        """Return the text of `section`, whose pages are `pages`; a heading that runs into a sentence is left out."""
        text = ""
        sentences: list[Sentence] = []
        spans: list[tuple[int, int]] = []
        words = [re.escape(word) for word in section.heading.split()]
        run_in = re.compile(r"\s+".join(words) + r"\s+(?=[^\W\d_a-z])") if words else None
        for page in pages:
            first, last = _part(section, page, alone=len(pages) == 1)
            offset = len(text) - first
            text += page.text[first:last] + "\n\n"
            for unit in units(page.text):
                if first <= unit.start and unit.end <= last:
                    glued = run_in.match(page.text, unit.start, unit.end) if run_in else None
                    start = glued.end() if glued else unit.start
                    own = page.text[start : unit.end]
                    sentences.append(Sentence(page.number, start, unit.end, own, unit.listed))
                    spans.append((start + offset, unit.end + offset))
        place = (section.number, section.heading, section.first_page, section.last_page)
        listed: PageKind = "references" if is_heading_of_references(section.heading) else ""
        kinds = {page.number: listed or page_kind(page.text) for page in pages}
        asides = {number: kind for number, kind in kinds.items() if kind}
        return cls(*place, text, tuple(sentences), tuple(spans), asides)


def is_ended(text: str) -> bool:
    """Return whether a text ends as a sentence does; closing quotation marks and brackets may follow."""
    return text.rstrip(_CLOSING).endswith(_ENDS)


def one_line(text: str) -> str:
    """Return `text` in one line; the scripts without blanks get none where a line ended."""
    return " ".join(_JOINED.sub("", text).split())


def _part(section: Section, page: Page, *, alone: bool) -> tuple[int, int]:
    """Return the characters of `page` that belong to `section`: all, unless a long page has several sections."""
    if alone and section.text and len(section.text) < len(page.text):
        at = page.text.find(section.text)
        if at >= 0:
            return at, at + len(section.text)
    return 0, len(page.text)
