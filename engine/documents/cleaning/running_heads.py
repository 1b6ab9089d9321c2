"""Running heads and feet, taken out while pages stream, and kept beside the page's text.

A line goes only where its neighbours show for sure that it runs: a title of the document or a chapter that stands at
the ends of other pages too; a longer line that all pages around have at their top; a number that counts pages along and
is called a page, stands alone at the very end of the page near the page's own number, or beside a title. Records are
the danger: certificates and tickets, one a page, end in dates, results and counters, which look alike and are content.
Hence: single words stay; numbers are compared, never masked; a date is no page number; "name: value" stays, and so does
a number under a label; a line that also stands in the middle of pages stays; the first of a row of equal heads stays,
so that a title is not lost; and a page is never emptied.

A page waits for the 4 after it, so that the first page of a chapter is judged like the others. How pages came in ranges
or processes does not matter.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from engine.documents.pages import Page

LOOK_BACK = 4
"""Pages on either side that are looked at: two before and two after where left and right pages differ."""

_ZONE = 2
"""Lines at each end of a page that may be running: a head of two lines is common, of three rare."""
_LONGEST = 120
"""Characters of a running line; a paragraph is longer."""
_WITNESSES = 2
"""Other pages that must show the same."""

_ROMAN = r"[ivxlcdm]{1,8}"
_NUMBER = rf"(?:\d{{1,5}}|{_ROMAN})"
_PAGE_WORD = (
    r"(?:(?:pages?|p\.|pg\.|pag\.|pág\.|seite|s\.|página|pagina|strona|str\.|strana|stránka|stranica|sida|sivu|oldal|"
    r"sayfa|lapa|puslapis|lehekülg|lk\.|trang|страница|стр\.|сторінка|σελίδα|σελ\.|페이지|第)\s*)"
)
"""What stands before a page's number. "Side" and "Sheet" are not here: records are called so too."""
_AFTER = r"(?:ページ|页|頁|쪽|페이지)"
_OF = re.compile(
    rf"(?P<rest>.*?)(?<![\d/.:-])\W*(?<![\d/.:-])\b(?:{_PAGE_WORD}|side\s+)?(?P<page>{_NUMBER})\s*{_AFTER}?\W*"
    rf"(?P<by>/|\bof\b|von|de|sur|di|из|з|ze?|od|af|av|van|共|全|中)\s*(?P<of>\d{{1,5}})\s*{_AFTER}?\W*",
    re.IGNORECASE,
)
"""'Manual 23 / 233', 'Page 1 of 6', '第3页 共8页'."""
_ALONE = re.compile(rf"\W*{_PAGE_WORD}?(?P<page>{_NUMBER})\s*{_AFTER}?\W*(?P<rest>)", re.IGNORECASE)
_CALLED = re.compile(rf"\W*{_PAGE_WORD}|.*\d\s*{_AFTER}", re.IGNORECASE)
_DATE = re.compile(r"\d{1,4}\s?[/.-]\s?\d{1,2}\s?[/.-]\s?\d{1,4}")
_FURNITURE = re.compile(
    r"©|\(c\) \d{4}|confidential|vertraulich|all rights reserved|https?://|www\.|\w@\w", re.IGNORECASE
)
"""Words of lines that stand at the foot of every page."""
_RESULT = re.compile(
    r"\b(?:not?|pass(?:ed)?|fail(?:ed|ure)?|open(?:ed)?|closed|approved|rejected|accepted|denied|pending|paid|unpaid|due|"
    r"overdue|valid|invalid|positive|negative|complete[d]?|incomplete|cancell?ed|confirmed|ok|yes|done|found|missing|"
    r"bestanden|offen|geschlossen|genehmigt|abgelehnt|bezahlt|kein\w*|nicht|ja|nein|non|oui|sí)\b"
)
"""Words of results, which may be the same on many certificates in a row."""
_NAME = re.compile(r"\b[A-Z][a-z]+(?: [A-Z][a-z]+){2,}\b")
"""A name of three words or more. In Federal Open Market Committee "open" is no result."""
_SURE_RESULT = re.compile(r"(?:not?|nicht|kein\w*|\w+ed)")
"""Results also between words with capitals: "Pump Test Not Passed Yet"."""
_AT_END = re.compile(rf"(?P<rest>.*\S)\s+\W*(?P<page>{_NUMBER})\W*", re.IGNORECASE)
_AT_START = re.compile(rf"\W*(?P<page>{_NUMBER})\W*\s(?P<rest>\S.*)", re.IGNORECASE)
_NAMED_VALUE = re.compile(r"[^:=]{1,40}[:=]\s*\S")
_LEADER = re.compile(r"(?:\.\s?){4,}")
"""The dots of a table of contents: its numbers are other pages'."""
_CHAPTER = re.compile(
    r"(?:(?:chapter|part|appendix|kapitel|teil|chapitre|capítulo|capitolo|глава|часть|приложение)\s+\w{1,5}\b"
    r"|\d{1,2}(?:\.\d{1,2})+)\W+\w"
)
"""'chapter 3: ...', '13.2. ...'"""
_LABEL_WORDS = 3
_SHORTEST_TITLE = 4
_SHORTEST_HEAD, _HEAD_WORDS = 10, 2
"""Letters and words of a running head that is no known title. Single words may be results: "Passed", "CLOSED"."""
_LARGEST_OFFSET, _LARGEST_LEAD = 60, 9
"""Pages before page 1, and pages left out, that a number alone may allow for; a counter is farther off."""
_WORDS_BEFORE_TITLE = 3
"""'Chapter 5. Control files': the title of the chapter is 'Control files'."""
_SENTENCE_END = re.compile(r"\w{2}[.!?。！？]$")
_LETTER, _FIGURE = re.compile(r"[^\W\d_]"), re.compile(r"\d")


@dataclass(frozen=True)
class _Folio:
    """A number in a line that may be its page's."""

    offset: int
    """The number less the page's own: the same on all pages that are counted together."""
    roman: bool
    rest: str
    """The line without it."""
    explicit: bool
    """True for "page 3" or "3 / 12": only a page number has this form."""
    alone: bool
    """True if the line has no other text."""
    side: Literal["", "left", "right"] = ""
    """Where the number stands beside words that are no known title."""


@dataclass(frozen=True)
class _Marks:
    """Lines at the ends of a page by which it is compared with its neighbours."""

    page: Page
    lines: list[str]
    zone: frozenset[str]
    """Keys of the lines at both ends."""
    middle: Sequence[str]
    """Lines between the ends."""
    top: frozenset[str]
    """Keys of the lines at the upper end."""
    folios_of: dict[int, tuple[_Folio, ...]]
    """Numbers in the lines at the ends, by the lines' places."""
    folios: frozenset[_Folio]
    titles: frozenset[str]

    @cached_property
    def words(self) -> str:
        """Key of the lines between the ends together; the key of each stands in it."""
        return _key(" ".join(self.middle))

    def count_inside(self, key: str) -> int:
        """Return the number of lines between the ends that have this key."""
        return [_key(line) for line in self.middle].count(key) if key in self.words else 0


def without_running_lines(
    pages: Iterable[Page], titles: Iterable[str] = (), page_count: int | None = None
) -> Iterator[Page]:
    """Yield `pages`, in order, without their running heads and feet; at most 4 are held back.

    `titles`: of the document and its chapters, which are what runs beside page numbers. `page_count`: of the document,
    by which "3/24" is told to be a page of so many, not a month of a year.
    """
    known = frozenset(key for title in titles if len(key := _key(title)) >= _SHORTEST_TITLE)
    window: deque[_Marks] = deque()
    turn = 0  # of the window's page to be judged next
    for page in pages:
        window.append(_marks(page, known, page_count))
        if len(window) - turn > LOOK_BACK:
            yield _judged(window, turn)
            turn += 1
        if turn > LOOK_BACK:
            window.popleft()
            turn -= 1
    while turn < len(window):
        yield _judged(window, turn)
        turn += 1
        if turn > LOOK_BACK:
            window.popleft()
            turn -= 1


def _marks(page: Page, titles: frozenset[str], page_count: int | None) -> _Marks:
    lines = page.text.split("\n")
    filled = [index for index, line in enumerate(lines) if line.strip()]
    ends = set(filled[:_ZONE] + filled[-_ZONE:])
    zone = frozenset(_key(lines[index]) for index in ends)
    middle = [lines[index] for index in filled if index not in ends]
    folios = {index: tuple(_folios(lines[index], page.number, titles, page_count)) for index in ends}
    top = frozenset(_key(lines[index]) for index in filled[:_ZONE])
    every = frozenset(folio for found in folios.values() for folio in found)
    return _Marks(page, lines, zone, middle, top, folios, every, titles)


def _judged(window: Sequence[_Marks], turn: int) -> Page:
    marks = window[turn]
    if not marks.page.text.strip():
        return marks.page
    before = [window[index] for index in range(max(0, turn - LOOK_BACK), turn)]
    after = [window[index] for index in range(turn + 1, min(len(window), turn + LOOK_BACK + 1))]
    filled = [index for index, line in enumerate(marks.lines) if line.strip()]
    folio = _folio_line(marks, filled, [*before, *after])
    dropped: set[int] = set()
    for ends in (filled[:_ZONE], filled[: -_ZONE - 1 : -1]):
        for index in ends:  # from the outside in: nothing stands outside a running line but running lines
            if index == folio:
                dropped.add(index)
                continue
            repeats = _repeats(marks.lines[index], index in filled[:_ZONE], marks, before, after)
            if not repeats:
                break
            if repeats == "again":
                dropped.add(index)
    if not dropped or len(dropped) >= len(filled):
        return marks.page
    text = "\n".join(line for index, line in enumerate(marks.lines) if index not in dropped).strip("\n")
    raw = marks.page.text if marks.page.certainty is not None else None
    return replace(marks.page, text=text, removed=tuple(marks.lines[index] for index in sorted(dropped)), raw=raw)


def _folio_line(marks: _Marks, filled: Sequence[int], others: Sequence[_Marks]) -> int | None:
    """Return the line that holds the page's number, counting along with the neighbours'; the surest one first."""
    anywhere = [*filled[:_ZONE], *reversed(filled[-_ZONE:])]
    outermost = [filled[-1], filled[0]]
    for explicit, candidates in ((True, anywhere), (False, outermost)):
        for index in candidates:
            for folio in marks.folios_of[index]:
                if folio.explicit != explicit or not _counts_along(folio, others):
                    continue
                is_bare = folio.alone and not explicit and not folio.roman
                if is_bare and (index != filled[-1] or _is_labelled(marks, filled, index, others)):
                    continue  # a number at the top may be the record's, and one under a label is a value
                return index
    return None


def _is_labelled(marks: _Marks, filled: Sequence[int], index: int, others: Sequence[_Marks]) -> bool:
    """Return whether the line before is a label, so that the number in line `index` is its value.

    A label ends in a colon, or is a few words that the neighbours have too and that are no title.
    """
    place = filled.index(index)
    if place == 0:
        return False
    before = marks.lines[filled[place - 1]].rstrip()
    if before.endswith((":", "=", "：")):
        return True
    key = _key(before)
    if not 0 < len(key.split()) <= _LABEL_WORDS or _is_title(key, marks.titles) or _FURNITURE.search(before):
        return False
    return sum(key in other.zone for other in others) >= _WITNESSES and _LETTER.search(key) is not None


def _repeats(
    line: str, is_top: bool, marks: _Marks, before: Sequence[_Marks], after: Sequence[_Marks]
) -> Literal["", "first", "again"]:
    """Return whether the neighbours have the same line at their ends, and whether one before this page has it."""
    key = _key(line)
    if len(line) > _LONGEST or not _LETTER.search(key) or _NAMED_VALUE.match(line) or _SENTENCE_END.search(line):
        return ""
    others = [*before, *after]
    shown = sum(key in other.zone for other in others)
    if shown < _WITNESSES or sum(other.count_inside(key) for other in (*others, marks)) > shown:
        return ""
    is_sure = _is_title(key, marks.titles) or _FURNITURE.search(line) is not None
    if not is_sure and not (is_top and _is_head(line) and _is_uniform(key, marks, others)):
        return ""
    return "again" if any(key in other.zone for other in before) else "first"


def _is_head(line: str) -> bool:
    key = _key(line)
    is_long = len(key.split()) >= _HEAD_WORDS and sum(map(str.isalpha, key)) >= _SHORTEST_HEAD
    return is_long and _RESULT.search(_key(_NAME.sub(_without_inner_words, line))) is None


def _without_inner_words(name: re.Match[str]) -> str:
    first, *inner, last = name[0].split()
    return " ".join((first, *(word for word in inner if _SURE_RESULT.fullmatch(word.casefold())), last))


def _is_uniform(key: str, marks: _Marks, others: Sequence[_Marks]) -> bool:
    """Return whether all pages around have the line at their top, or all left or all right ones.

    The document's first page, its cover, need not have it.
    """
    filled = [other for other in others if other.lines != [""] and (other.page.number > 1 or key in other.top)]
    same_side = [key in other.top for other in filled if (other.page.number - marks.page.number) % 2 == 0]
    other_side = [key in other.top for other in filled if (other.page.number - marks.page.number) % 2]
    return bool(same_side) and all(same_side) and (all(other_side) or not any(other_side))


def _counts_along(folio: _Folio, others: Sequence[_Marks]) -> bool:
    """Return whether enough neighbours have the number that this one leads to expect, in a line of the same kind."""
    fitting = [
        {other.rest for other in marks.folios if other.offset == folio.offset and other.roman == folio.roman}
        for marks in others
    ]
    if sum(bool(rests) for rests in fitting) < _WITNESSES:
        return False
    if folio.explicit or folio.roman or folio.alone:
        return True
    if folio.side:
        return _is_mirrored(folio, others)
    # A number beside words: the words must recur too. ("Record 12" never comes here: it is no title.)
    return any(folio.rest in rests for rests in fitting)


def _is_mirrored(folio: _Folio, others: Sequence[_Marks]) -> bool:
    """Return whether the number changes sides from page to page, as in a book, with the same words on its own side: the
    counter of records stays where it is."""
    along = {other for marks in others for other in marks.folios if other.offset == folio.offset and other.side}
    beside = sum(
        any(other.offset == folio.offset and other.side not in ("", folio.side) for other in marks.folios)
        for marks in others
    )
    return beside >= _WITNESSES and any(other.side == folio.side and other.rest == folio.rest for other in along)


def _folios(line: str, page: int, titles: frozenset[str], page_count: int | None) -> Iterator[_Folio]:
    """Yield the numbers in `line` that may be the page's: called so, alone, of so many, Roman, or beside a title."""
    if len(line) > _LONGEST or _LEADER.search(line) or _DATE.search(line) or _key(line) in titles:
        return  # too long, of a table of contents, a date, or a numbered title itself
    called = _CALLED.match(line) is not None
    patterns = (_ALONE, _OF, _AT_END, _AT_START) if _FIGURE.search(line) else (_ALONE, _AT_END, _AT_START)
    for pattern in patterns:
        found = pattern.fullmatch(line.strip())
        number = _value(found["page"]) if found else None
        if found is None or number is None:
            continue
        rest, roman, offset = _key(found["rest"]), not found["page"][0].isdigit(), number - page
        if pattern is _ALONE:
            if called or roman or -_LARGEST_OFFSET <= offset <= _LARGEST_LEAD:
                yield _Folio(offset, roman, rest, called, True)
        elif pattern is _OF:
            is_last = page_count is None or int(found["of"]) - page_count == offset
            # "Blood sample 3 of 8" is a record's, "User manual 3 / 8" a page's; only a few words tell.
            is_head = _is_title(rest, titles) or (found["by"] == "/" and len(rest.split()) >= _HEAD_WORDS)
            if called or (is_last and (not rest or is_head or _FURNITURE.search(rest))):
                yield _Folio(offset, roman, rest, True, False)
        elif roman or _is_title(rest, titles):
            yield _Folio(offset, roman, rest, False, False)
        elif len(_LETTER.findall(rest)) >= _SHORTEST_TITLE and -_LARGEST_OFFSET <= offset <= _LARGEST_LEAD:
            yield _Folio(offset, roman, rest, False, False, "right" if pattern is _AT_END else "left")


def _is_title(rest: str, titles: frozenset[str]) -> bool:
    """Return whether words beside a number are a title: then it is a page's number, not that of a record."""
    if _CHAPTER.match(rest):
        return True
    words = rest.split()
    return any(" ".join(words[start:]) in titles for start in range(min(len(words), _WORDS_BEFORE_TITLE + 1)))


def _value(number: str) -> int | None:
    if number.isdigit():
        return int(number)
    units = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}
    values = [units[letter] for letter in number.lower()]
    value = sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))
    return value if _roman(value) == number.lower() else None


def _roman(value: int) -> str:
    tens = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"))
    letters = ""
    for unit, letter in (*tens, (9, "ix"), (5, "v"), (4, "iv"), (1, "i")):
        letters += letter * (value // unit)
        value %= unit
    return letters


def _key(line: str) -> str:
    return " ".join(line.split()).casefold()
