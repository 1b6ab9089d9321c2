"""Running heads and feet, taken out while pages stream.

A line at the top or bottom of a page is running when its neighbours show it to be: the same line again, or a page
number that counts along with the pages. A page waits for the 4 after it, so that the first page of a chapter is judged
like the others; how pages came in ranges or processes does not matter. Records are the danger: a log printed to PDF has
lines at the page ends that look alike and are content. Hence: numbers are compared, never masked; one number a page;
a number beside words counts only where the words are a title; a line that also stands in the middle of pages stays;
"name: value" stays; the first of a row of equal heads stays, so that a title is not lost; and a page is never emptied.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
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
_OF = re.compile(
    rf"(?P<rest>.*?)\W*\b(?:(?:page|p\.|seite|страница|стр\.|página|pagina)\s*)?(?P<page>{_NUMBER})\s*"
    rf"(?:/|of|von|de|из|di)\s*\d{{1,5}}\W*",
    re.IGNORECASE,
)
"""'Manual 23 / 233', 'Page 1 of 6'."""
_ALONE = re.compile(
    rf"\W*(?:(?:page|p\.|seite|страница|стр\.|página|pagina)\s*)?(?P<page>{_NUMBER})(?:\s*ページ)?\W*(?P<rest>)",
    re.IGNORECASE,
)
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
_SHORTEST_TITLE = 4
_WORDS_BEFORE_TITLE = 3
"""'Chapter 5. Control files': the title of the chapter is 'Control files'."""
_SENTENCE_END = re.compile(r"\w{2}[.!?。！？]$")
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True)
class _Folio:
    """A number in a line that may be its page's."""

    offset: int
    """The number less the page's own: the same on all pages that are counted together."""
    roman: bool
    rest: str
    """The line without it."""
    explicit: bool
    """Alone, or written as '3 / 12': nothing but a page number looks like this."""


@dataclass(frozen=True)
class _Marks:
    """What a page shows to its neighbours."""

    page: Page
    lines: list[str]
    zone: Counter[str]
    body: Counter[str]
    folios: frozenset[_Folio]
    titles: frozenset[str]


def without_running_lines(pages: Iterable[Page], titles: Iterable[str] = ()) -> Iterator[Page]:
    """`pages`, in order, without their running heads and feet; at most 4 are held back.

    `titles`: of the document and its chapters, which are what runs beside page numbers.
    """
    known = frozenset(key for title in titles if len(key := _key(title)) >= _SHORTEST_TITLE)
    window: deque[_Marks] = deque()
    turn = 0  # of the window's page to be judged next
    for page in pages:
        window.append(_marks(page, known))
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


def _marks(page: Page, titles: frozenset[str]) -> _Marks:
    lines = page.text.split("\n")
    filled = [index for index, line in enumerate(lines) if line.strip()]
    ends = set(filled[:_ZONE] + filled[-_ZONE:])
    zone = Counter(_key(lines[index]) for index in ends)
    body = Counter(_key(lines[index]) for index in filled if index not in ends)
    folios = {folio for index in ends for folio in _folios(lines[index], page.number, titles)}
    return _Marks(page, lines, zone, body, frozenset(folios), titles)


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
            repeats = _repeats(marks.lines[index], marks, before, after)
            if not repeats:
                break
            if repeats == "again":
                dropped.add(index)
    if not dropped or len(dropped) >= len(filled):
        return marks.page
    text = "\n".join(line for index, line in enumerate(marks.lines) if index not in dropped).strip("\n")
    return replace(marks.page, text=text)


def _folio_line(marks: _Marks, filled: Sequence[int], others: Sequence[_Marks]) -> int | None:
    """Which line holds the page's number, counting along with the neighbours'. One that is nothing else goes before."""
    anywhere = [*filled[:_ZONE], *reversed(filled[-_ZONE:])]
    outermost = [filled[0], filled[-1]]
    for explicit, candidates in ((True, anywhere), (False, outermost)):
        for index in candidates:
            for folio in _folios(marks.lines[index], marks.page.number, marks.titles):
                if folio.explicit == explicit and _counts_along(folio, others):
                    return index
    return None


def _repeats(
    line: str, marks: _Marks, before: Sequence[_Marks], after: Sequence[_Marks]
) -> Literal["", "first", "again"]:
    """Whether the neighbours have the same line at their ends, and whether it stood there before this page."""
    key = _key(line)
    if len(line) > _LONGEST or not _LETTER.search(key) or _NAMED_VALUE.match(line) or _SENTENCE_END.search(line):
        return ""
    others = [*before, *after]
    shown = sum(key in other.zone for other in others)
    inside = sum(other.body[key] for other in (*others, marks))
    if shown < _WITNESSES or inside > shown:
        return ""
    return "again" if any(key in other.zone for other in before) else "first"


def _counts_along(folio: _Folio, others: Sequence[_Marks]) -> bool:
    """Whether enough neighbours have the number that this one leads to expect, in a line of the same kind."""
    fitting = [
        {other.rest for other in marks.folios if other.offset == folio.offset and other.roman == folio.roman}
        for marks in others
    ]
    if sum(bool(rests) for rests in fitting) < _WITNESSES:
        return False
    if folio.explicit or folio.roman:
        return True
    # A number beside words: the words must recur too. ("Record 12" never comes here: it is no title.)
    return any(folio.rest in rests for rests in fitting)


def _folios(line: str, page: int, titles: frozenset[str]) -> Iterator[_Folio]:
    """Numbers in `line` that may be the page's: alone, of so many, Roman, or beside a title."""
    if len(line) > _LONGEST or _LEADER.search(line) or _key(line) in titles:
        return  # too long, of a table of contents, or a numbered title itself
    for pattern, explicit in ((_ALONE, True), (_OF, True), (_AT_END, False), (_AT_START, False)):
        found = pattern.fullmatch(line.strip())
        if found:
            number = _value(found["page"])
            rest, roman = _key(found["rest"]), not found["page"][0].isdigit()
            if number is not None and (explicit or roman or _is_title(rest, titles)):
                yield _Folio(number - page, roman, rest, explicit)


def _is_title(rest: str, titles: frozenset[str]) -> bool:
    """Whether words beside a number are a title, so that it is a page's number and not that of a record."""
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
