"""Who wrote the document, what it is called, when it was published and which period it covers: its first pages' lines.

They stand under the title without a label, where neither words nor the reader find them. Where the first pages do not
tell, the question is answered as any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Protocol

from engine.grounding.aims import aims, readers
from engine.grounding.front_matter import FrontLine, author_lines, date_lines, head_lines, lower_words, title_lines
from engine.grounding.periods import period_lines
from engine.grounding.question_kinds import TEXT
from engine.grounding.sentence_index import IndexedSentence, SentenceIndex
from engine.grounding.words import folded

CERTAIN, LIKELY = 0.95, 0.7
"""Certainty of a line that only such a line can be, and of one that is the most likely of several."""
_PAGES, _LEARNT_FROM = 3, 60
"""First pages whose heads are read, and pages that teach which words are no names."""
_SHORT_PAGE = 120
"""Words of a page that may be a cover or a title page, behind which the head of the next page counts too."""
_SURE_DATE, _DATE = 7.0, 4.0
_MOST_AIMS, _MOST_DATES, _BELOW = 3, 3, 3
"""Most sentences about an aim and lines with dates that are shown, and lines below an author's name that tell where "
"he works."""
_THIS = rf"(?:this|it|that|(?:(?:this|the|that) (?:\w+ )?)?{TEXT})"
_WROTE = r"(?:wrote|authored|has written|have written|created|compiled|prepared|composed|drew up|put together)"
_MADE = r"(?:written|authored|compiled|prepared|made)"
_AUTHOR = re.compile(
    rf"who (?:{_WROTE}|was it that wrote) {_THIS}|"
    rf"who(?:'s| is| are| was| were) the (?:main |first )?(?:authors?|writers?)(?: (?:of|behind) {_THIS})?|"
    rf"who(?:'s| is| was| were) {_THIS} (?:{_MADE} )?by|by whom (?:is|was|were) {_THIS} {_MADE}|"
    rf"(?:what|which)(?: is| are|'s)? (?:the )?(?:names? of )?(?:the )?(?:author|writer)(?:'s|s|s')?(?: names?)?"
    rf"(?: (?:of|behind) {_THIS})?|(?:name|list|give)(?: me)? (?:all )?the authors?(?: of {_THIS})?|"
    r"who (?:gave|delivered|held) (?:this|the) (?:speech|talk|lecture|address|presentation)|whose \w+ is (?:this|it)|"
    r"who is (?:the speaker|speaking)(?:,? and .*)?"
)
_PLACE_OF_AUTHORS = re.compile(
    r"(?:at|for|in|from) (?:what|which) (?:\w+ )?(?:universit(?:y|ies)|institut(?:e|es|ion|ions)|compan(?:y|ies)|"
    r"firms?|colleges?|"
    r"organi[sz]ations?|school|hospital|bank|department) (?:do|does|did|are|is|was|were) the "
    r"(?:authors?|writers?|researchers|speaker)(?: (?:work|come|from|employed|at|based))*|"
    r"where do(?:es)? the (?:authors?|writers?|researchers|speaker) (?:work|come from)|"
    r"(?:what|which) (?:universit(?:y|ies)|institutions?|compan(?:y|ies)) (?:are|is|do|does) the (?:authors?|writers?)"
    r"(?: (?:work|come|from|at|for|affiliated|with))*|what(?:'s| is) the (?:authors?'?s?|speaker's) (?:affiliations?|"
    r"job|position)"
)
_DATE_VERB = (
    r"(?:(?:first |last )?(?:published|written|issued|released|created|made|produced|posted|printed|dated|prepared|"
    r"updated|revised|drawn up))"
)
_DATED = re.compile(
    rf"when (?:is|was|were|has|have) {_THIS} (?:been )?{_DATE_VERB}|"
    rf"what(?:'s| is| was) (?:the |its )?(?:(?:publication|release|issue|publishing) )?date"
    rf"(?: of (?:publication|issue|release))?(?: of {_THIS})?|"
    rf"(?:in )?(?:what|which) (?:year|month|day|date) (?:is|was|were) {_THIS} {_DATE_VERB}(?: (?:in|on))?|"
    rf"when did {_THIS} (?:come out|appear|get published)|(?:what|which) (?:year|date) (?:is|was) {_THIS} from|"
    rf"how (?:old|recent|current) is {_THIS}|from (?:when|what year|which year) is {_THIS}|when is {_THIS} from"
)
_CHANGE = re.compile(r"\b(?:updated|revised)\b")
_LAPSE = (
    r"(?:(?:time |reporting |accounting |fiscal )?(?:periods?|spans?|time ?spans?|time ?frames?|ranges?|years?|months?|"
    r"quarters?|dates?|weeks?|days?))(?: of time)?"
)
_PERIOD = re.compile(
    rf"(?:for )?(?:what|which) {_LAPSE}(?: \w+)? (?:does|do|is|are|did|was|were) {_THIS}(?: \w+){{0,2}} "
    rf"(?:covers?|covered|about|for|from|refers? to|relates? to|deal with|reports? on|describes?|concern(?:ed)?|spans?)"
    rf"(?: by {_THIS})?|(?:what|which) {_LAPSE} (?:is|are|was|were) (?:covered|reported|described|reviewed|listed|"
    rf"included|shown)(?: (?:by|in) {_THIS})?|from when (?:to|till|until) when(?: (?:is|does|do|are) {_THIS}.*)?|"
    rf"what(?:'s| is) the (?:time |reporting )?(?:period|span|time ?frame|range)(?: of time)?"
    rf"(?: (?:of|covered by|that) {_THIS})?(?: covers)?"
)


_PURPOSE = re.compile(
    rf"what(?:'s| is| are| was) (?:the |its )?(?:main |overall )?(?:purpose|aim|goal|objective|intention|point)s?"
    rf"(?: (?:of|behind) {_THIS})?|what(?:'s| is| was) {_THIS} (?:(?:meant|intended|good|written|made|used) )?for|"
    rf"what does {_THIS} (?:do|aim (?:to do|at)|want(?: to do)?|try to do|set out to do|intend to do)|"
    rf"why (?:was|is|were|has) {_THIS} (?:been )?(?:written|published|made|issued|produced|created)|"
    rf"why did (?:they|he|she|the authors?) (?:write|publish|make|issue) {_THIS}|what use is {_THIS}"
)
_READERS = re.compile(
    rf"(?:and )?who(?:m)?(?:'s| is| are| was| were) {_THIS} (?:(?:meant|intended|written|made|designed) )?for|"
    rf"(?:for|to) whom (?:is|was|are|were) {_THIS}(?: (?:meant|intended|written|made|designed|addressed|aimed))?(?: "
    rf"for)?|"
    rf"who (?:should|is supposed to|is meant to|ought to|is expected to|can|may) (?:read|use) {_THIS}|"
    rf"(?:who|what)(?:'s| is| are) (?:the |its )?(?:target |intended )?(?:audience|readers(?:hip)?|target group)(?: "
    rf"of {_THIS})?|"
    rf"who(?:'s| is| was) {_THIS} (?:addressed to|aimed at)"
)


class _Page(Protocol):
    @property
    def number(self) -> int: ...
    @property
    def text(self) -> str: ...


def front_answer(question: str, pages: Sequence[_Page]) -> tuple[list[IndexedSentence], float]:
    """Return the lines of the first of `pages` that answer a question for author, date or period of the document, the
    best first, and how certain they are; none for another question and where they do not tell."""
    plain = folded(question).strip().rstrip("?.! ").removeprefix("and ")
    if _AUTHOR.fullmatch(plain):
        return authors(pages), CERTAIN
    if _PLACE_OF_AUTHORS.fullmatch(plain):
        return authors(pages, below=_BELOW), LIKELY
    if _DATED.fullmatch(plain):
        return _dated(pages, changed=_CHANGE.search(plain) is not None)
    if _PERIOD.fullmatch(plain):
        found = next(([_line(page.number, line) for line in lines] for page, lines in _periods(pages) if lines), [])
        return found[:_MOST_DATES], CERTAIN
    return [], 0.0


def aim_answer(question: str, index: SentenceIndex) -> list[IndexedSentence]:
    """Return the sentences that tell what the document is for, or whom it is for, where the question asks for that."""
    plain = folded(question).strip().rstrip("?.! ").removeprefix("and ")
    if _PURPOSE.fullmatch(plain):
        return aims(index, _MOST_AIMS)
    return readers(index, _MOST_AIMS) if _READERS.fullmatch(plain) else []


def authors(pages: Sequence[_Page], below: int = 0) -> list[IndexedSentence]:
    """Return the lines of the first of `pages` that name authors; none where they do not. `below`: with so many lines
    under each, which tell where they work."""
    lower = _lower(pages)
    for page in _front(pages):
        if found := author_lines(page.text, lower):
            head = head_lines(page.text)
            places = {place for line in found for place in range(head.index(line), head.index(line) + below + 1)}
            return [_line(page.number, head[place]) for place in sorted(places) if place < len(head)]
    return []


def title(pages: Sequence[_Page]) -> IndexedSentence | None:
    """Return the title that the first of `pages` shows; None where no line is like one."""
    lower = _lower(pages)
    for page in _front(pages):
        if lines := title_lines(page.text, lower):
            start, end = lines[0].start, lines[-1].end
            text = page.text[start:end]
            return IndexedSentence(page.number, start, end, text, listed=True, heading=text)
    return None


def _dated(pages: Sequence[_Page], *, changed: bool) -> tuple[list[IndexedSentence], float]:
    """Return the lines of the first pages that date the document, and how certain they are. `changed`: the date of its
    last change is asked for."""
    found: list[tuple[float, int, FrontLine]] = []
    for place, page in enumerate(_front(pages)):
        for sure, line in date_lines(page.text):
            told = re.search(r"updated|modified|revised|changed|amended", line.text, re.I) is not None
            found.append((sure - place + (10.0 if changed and told else 0.0), page.number, line))
    found = sorted((one for one in found if one[0] >= _DATE), key=lambda one: (-one[0], one[1], one[2].start))
    if changed and (not found or found[0][0] < 10.0):
        return [], 0.0
    sure = CERTAIN if found and found[0][0] >= _SURE_DATE else LIKELY
    return [_line(number, line) for _, number, line in found[:_MOST_DATES]], sure


def _periods(pages: Sequence[_Page]) -> Iterable[tuple[_Page, list[FrontLine]]]:
    return ((page, period_lines(page.text)) for page in _front(pages))


def _front(pages: Sequence[_Page]) -> Iterable[_Page]:
    """Yield the first page with text and, behind pages that may be covers, the next ones."""
    for page in [page for page in pages[: 2 * _PAGES] if page.text and page.text.strip()][:_PAGES]:
        yield page
        if len(page.text.split()) > _SHORT_PAGE:
            return


def _lower(pages: Sequence[_Page]) -> frozenset[str]:
    return lower_words([page.text for page in pages[:_LEARNT_FROM] if page.text])


def _line(number: int, line: FrontLine) -> IndexedSentence:
    return IndexedSentence(number, line.start, line.end, line.text, listed=True, heading="")
