"""The head of a first page: the lines of title, authors and date. English. Light: no torch.

A page's text has no sizes of letters, so lines are told by what they hold: a line of authors is made of persons' names
alone, or follows "by"; a title stands above the authors, or is the first line of several words. A word of a name hardly
ever stands in lower case elsewhere in the document, the words of a title do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from engine.grounding.dates import dates
from engine.grounding.sentences import BULLET, is_row
from engine.grounding.stopwords import stop_words
from engine.grounding.words import folded, stem

_HEAD_LINES, _TITLE_LINES, _MOST_LINES = 45, 4, 16
"""Lines of a page that are its head; most lines of a title and of a list of authors."""
_OWN_NAMES, _MOST_WORDS = 0.7, 6
"""Share of the names in a line that are no words of the language, and words of one."""
_LONGEST_NAME_LINE, _LONGEST_TITLE_LINE = 160, 120
_BEGINS_TEXT = re.compile(
    r"\W*(?:\d+\.?\s+)?(?:abstract\b|(?:(?:executive )?summary|introduction|(?:table of )?contents|foreword|preface|"
    r"acknowledge?ments|background|key ?words)\W*(?:$|[:：—]))",
    re.I,
)
_BY = re.compile(
    r"^\W*(?:(?:written|prepared|compiled|edited|presented|drafted|produced|submitted|a?n? ?(?:report|paper|study|"
    r"novel|"
    r"essay|speech|lecture|talk|address|remarks?|testimony|statement))\s+(?:and \w+ )?by|by|authors?(?:\(s\))?|"
    r"editors?)"
    r"(?P<colon>\s*[:：])?(?:\s+|$)(?P<rest>.*)$",
    re.I,
)
_NO_AUTHOR = re.compile(
    r"\b(?:correspond\w*|contact|received|accepted|revised|attention|attn|thanks?|acknowledg\w*|copyright|tel|phone|"
    r"fax|"
    r"cc|dear|chair(?:man|woman|person)?|present|editor-in-chief|reviewed|supervis\w+|advis[eo]rs?|members?|order|"
    r"citation|"
    r"(?:e-?)?mail|post|telephone|courier)\b",
    re.I,
)
"""Words of a line that names persons who are no authors, or whose "by" tells a way."""
_MARKS = re.compile(r"(?<!\d)\d{1,2}(?!\d)|[∗*†‡¶‖#$^+~°⁰¹²³⁴-⁹]+|\([^)]*\)|<[^>]*>|\S+@\S+")
"""Signs beside a name that refer to an affiliation, and what stands in brackets behind it."""
_ATTENDED = re.compile(
    r"\bminutes of\b|\b(?:those )?present\s*[:：]|\battendees\b|\bin attendance\b|\battended by\b", re.I
)
"""Names below are those of a meeting."""
_MAIL = re.compile(r"\{[^}\n]*\}@\S+|\S+@\S+")
_NUMBER = re.compile(r"\d{3}|§")
_DEGREE = re.compile(
    r"\b(?:Ph\.?\s?D|M\.?D|M\.?Sc|B\.?Sc|M\.?A|B\.?A|MPH|MBA|R\.?N|J\.?D|LL\.?[BM]|Esq|Jr|Sr|FRCPC?|FRS|CPA|II|III|DVM|"
    r"EdD|P\.?E|CFA)\b\.?",
)
_HONOUR = re.compile(r"^(?:Dr|Prof(?:essor)?|Mr|Mrs|Ms|Sir|Dame|Lord|Lady|The Hon(?:ourable)?|Rev|Senator|Judge)\.?\s+")
_BETWEEN = re.compile(r"\s*(?:[,;&|·•\t]|\band\b|\bwith\b)\s*")
_NAME_WORD = re.compile(
    r"(?:[A-Z]\.-?)+|[A-Z]|(?:[OD]['’]|Ma?c)?[A-ZÀ-ÖØ-Þ][^\W\d_A-Z]+(?:[-'’][^\W\d_]+)*\.?|[A-Z][a-z]+[A-Z][a-z]+"
)
_CAPITALS_WORD = re.compile(r"[A-ZÀ-ÖØ-Þ][A-ZÀ-ÖØ-Þ'’-]+|(?:[A-Z]\.-?)+|[A-Z]")
_PARTICLES_TEXT = "van von de der den di da du del della dos la le ten ter zu bin ibn al el st"
_PARTICLES = frozenset(_PARTICLES_TEXT.split())
_NO_NAME_TEXT = (
    "university institute institut department school college faculty corporation company inc ltd llc llp plc gmbh "
    "bank center centre laboratory laboratories lab labs agency office ministry association society press "
    "publication publications publishing group team committee commission council federal national international "
    "report paper guide manual handbook act law bill regulation regulations minutes speech lecture review journal "
    "proceedings conference workshop volume issue number section chapter part page form version edition draft "
    "north south east west new city county state states street avenue road building hospital clinic division "
    "branch administration authority board bureau service services foundation trust union court district republic "
    "kingdom america africa asia europe england scotland wales ireland britain france germany india china japan "
    "canada australia zealand switzerland netherlands california texas florida washington london paris january "
    "february march april may june july august september october november december monday tuesday wednesday "
    "thursday friday saturday sunday cover front annual quarterly monthly research science sciences technology "
    "engineering health medicine medical public policy project program programme system systems director "
    "president executive senior professor chief officer secretary minister governor fellow manager abstract "
    "summary introduction contents keywords figure table deputy counsel economist vice assistant associate general "
    "governors islands sea river lake mountain the and for of in on to with by from"
)
_NO_NAME = frozenset(_NO_NAME_TEXT.split())
"""Words that are in no person's name, or seldom."""
_JUNK = re.compile(
    r"https?:|www\.|\bdoi\b|@|\bISSN\b|\bISBN\b|\bVol(?:ume|\.)|\bNo\.\s?\d|\bpp?\.\s?\d|©|copyright (?:\d|©|\(c\)|c "
    r")|available (?:at|free)|"
    r"downloaded|^front cover$|^page \d|received|accepted|revised|all rights|^(?:\W|\d)*$|licen[cs]e|^citation|"
    r"journal homepage|contents lists|for (?:immediate )?release|^draft$|full text archive",
    re.I,
)
"""A line of a first page that is no title."""
_LOWER = re.compile(r"(?<![\w.-])[a-zà-ÿ]{2,}(?!\w)")
_NOUN_END = re.compile(r"(?:tion|ment|ness|ity|sis|ance|ence|ism|ical|ology|[^k]ing|ful|less|able|ures?|ives?)$")
"""Ends of nouns and adjectives, never of a first name."""
_TITLE_WORD = re.compile(r"[^\W\d_]{3,}")
_OPEN_END = re.compile(
    r"\b(?:of|the|for|and|in|on|to|with|a|an|from|by|at|using|or|as|its|their|into|under|:|-)\s*$|[:,–—-]$", re.I
)


_TITLE_LABEL = re.compile(
    r"(?:^|\s)Title:\s+(?P<title>\S.*?)(?=\s+(?:Authors?|Status|Type|Created|Version|Date|Subject|Sponsor|"
    r"Keywords|Abstract|Published|Publisher|Language)\b[^:\n]{0,20}:\s|$)"
)
_LABEL_OF_DATE = re.compile(
    r"(?:^|[\s(|;,.])(?:(?P<published>(?:first )?published(?: online)?|publication date|release date|released|posted|"
    r"issued|date of issue|issue date)|"
    r"(?P<written>dated?|created|written|prepared|submitted|adopted|approved|as of|effective(?: date)?)|"
    r"(?P<changed>(?:last )?(?:updated|modified|revised|changed|amended)|revision|version)|"
    r"(?P<received>received|accepted))(?: on| in)?\s*[:：]?\s*$",
    re.I,
)
_SURE_BY_LABEL = {"published": 10.0, "written": 8.0, "changed": 5.0, "received": 3.0}
_VOLUME = re.compile(r"\bVol(?:ume|\.)?\s?\d+.*\b(?:19|20)\d\d\b")
_COPYRIGHT = re.compile(
    r"(?:(?:©|\(c\))[^\n]{0,60}|copyright\W{0,3}(?:c\W{0,3})?(?:\d{4}\W{1,3})?)\b(?:19|20)\d\d\b", re.I
)
_YEAR = re.compile(r"(?<![\w-])(?:1[6-9]|20)\d\d(?![\w-])")
_BESIDE_DATE, _YEAR_LETTERS = 14, 4
"""Letters beside the date in a line that is nothing else, and those of a year."""
_PROSE_WORDS, _FEWEST_WORDS, _LONGEST_HEAD_LINE = 8, 4, 300


@dataclass(frozen=True)
class FrontLine:
    """A line of a page."""

    start: int
    end: int
    """Characters of the page's text."""
    text: str


def author_lines(page: str, lower: Set[str]) -> list[FrontLine]:
    """Return the lines in the head of `page` that name its authors; none where it names none. `lower`: words that the
    document writes in lower case, see `lower_words`."""
    head = list(_head(page))
    if labelled := list(_labelled(head, lower)):
        return labelled
    if any(_ATTENDED.search(line.text) for line in head):
        return []
    title = _first_title(head)
    if title is None:
        return []
    found = [number for number, line in enumerate(head) if _is_names(line.text, lower)]
    found = [number for number in found if number != title and not _NO_AUTHOR.search(_above(head, number))]
    if not found or (found[0] and head[found[0] - 1].text.endswith((",", ";", "Mr.", "Messrs."))):
        return []  # the end of a longer list, such as those present
    return [head[number] for number in found if number <= found[0] + _MOST_LINES][:_MOST_LINES]


def title_lines(page: str, lower: Set[str]) -> list[FrontLine]:
    """Return the lines of `page` that are the document's title; none where no line is like one."""
    head = list(_head(page))
    if (labelled := _labelled_title(head)) is not None:
        return [labelled]
    begin = _first_title(head)
    if begin is None:
        return []
    authors = author_lines(page, lower)
    below = next((number for number, line in enumerate(head) if authors and line == authors[0]), 0)
    above = [number for number in range(below) if _is_title(head[number].text) and not _is_label(head[number].text)]
    if above:
        end = begin = above[-1]
        while begin - 1 in above:
            begin -= 1
        if end - begin < _TITLE_LINES:
            return head[begin : end + 1]
    end = begin + 1
    while end < min(len(head), begin + _TITLE_LINES) and _continues(head[end - 1].text, head[end].text):
        end += 1
    return head[begin:end]


def date_lines(page: str) -> list[tuple[float, FrontLine]]:
    """Return the lines of the head of `page` that date the document, with how surely they do, best first."""
    found = []
    for line in _head(page, whole=True):
        if (sure := _dates(line.text)) > 0.0:
            found.append((sure, line))
    return sorted(found, key=lambda pair: (-pair[0], pair[1].start))


def head_lines(page: str) -> list[FrontLine]:
    """Return the lines of `page` above its running text or table."""
    return list(_head(page))


def lower_words(texts: Sequence[str]) -> frozenset[str]:
    """Return the words that `texts` write in lower case."""
    words = (word for text in texts for word in _LOWER.findall(_MAIL.sub(" ", text)))
    return frozenset(form for word in words for form in (word, stem(word, "en")))


def _dates(line: str) -> float:
    """Return how surely a line dates its document: 0 to 10."""
    stated = [(date.start, date.end) for date in dates(line) if any(value[:1].isdigit() for value in date.values)]
    stated = stated or [found.span() for found in _YEAR.finditer(line)]
    if not stated or len(line) > _LONGEST_NAME_LINE:
        return 0.0
    label = _LABEL_OF_DATE.search(line[: stated[0][0]])
    if label is not None and (not _is_prose(line) or label.start() == 0):
        return _SURE_BY_LABEL[str(label.lastgroup)]
    if _VOLUME.search(line):
        return 6.0
    if _COPYRIGHT.search(line):
        return 4.0
    rest = line[: stated[0][0]] + line[stated[0][1] :]
    alone = len(stated) == 1 and sum(map(str.isalpha, rest)) <= _BESIDE_DATE and not any(map(str.isdigit, rest))
    return 7.0 if alone and "\t" not in line and stated[0][1] - stated[0][0] > _YEAR_LETTERS else 0.0


def _head(page: str, *, whole: bool = False) -> Iterator[FrontLine]:
    """Yield the first lines of a page with something on them; not `whole`: up to its running text or table."""
    at = count = prose = 0
    for line in page.split("\n"):
        start, at = at, at + len(line) + 1
        own = line.strip()
        if not own:
            continue
        prose = prose + 1 if _is_prose(own) else 0
        if count == _HEAD_LINES or (not whole and _ends_head(own, count, prose)):
            return
        begin = start + line.index(own)
        yield FrontLine(begin, begin + len(own), own)
        count += 1


def _ends_head(line: str, count: int, prose: int) -> bool:
    """Return whether a line, behind `count` others, begins the text: it is the second line of prose, the heading of an
    abstract, or the row of a table."""
    begins = count > 0 and _BEGINS_TEXT.match(line) is not None
    return (
        begins
        or prose > 1
        or line.count("\t") > 1
        or (is_row(line) and not any(dates(line)))
        or len(line) > _LONGEST_HEAD_LINE
    )


def _is_prose(line: str) -> bool:
    """Return whether a line is like one of running text: eight words, most of them in lower case."""
    words = line.split()
    return len(words) >= _PROSE_WORDS and 2 * sum(word[0].islower() for word in words) >= len(words)


def _labelled_title(head: Sequence[FrontLine]) -> FrontLine | None:
    """Return the title behind the label "Title:"."""
    for line in head:
        if found := _TITLE_LABEL.search(line.text):
            start = line.start + found.start("title")
            return FrontLine(start, start + len(found["title"]), found["title"])
    return None


def _labelled(head: Sequence[FrontLine], lower: Set[str]) -> Iterator[FrontLine]:
    """Yield the lines that name authors behind "by" or "Author:", or below a line that ends so."""
    for number, line in enumerate(head):
        found = _BY.match(line.text)
        if found is None or _NO_AUTHOR.search(line.text):
            continue
        rest = found["rest"].strip()
        if rest and (found["colon"] or _is_names(rest, lower, capitals=True)):
            if _TITLE_WORD.search(rest) and len(rest) <= _LONGEST_NAME_LINE:
                yield line
        elif not rest:
            for below in head[number + 1 : number + 1 + _MOST_LINES]:
                if not _is_names(below.text, lower, capitals=True):
                    break
                yield below


def _is_names(line: str, lower: Set[str], *, capitals: bool = False) -> bool:
    """Return whether a line is made of persons' names alone. `capitals`: they may be written in capitals."""
    if len(line) > _LONGEST_NAME_LINE or line.endswith((":", "?", "!")):
        return False
    if _NUMBER.search(line):
        return False
    plain = _DEGREE.sub("", _MARKS.sub(" ", _MAIL.sub(" ", line)))
    pieces = [piece for part in _BETWEEN.split(plain) if (piece := " ".join(part.split()).strip(" ."))]
    shaped = [_has_shape_of_name(piece, capitals=capitals) for piece in pieces]
    if not pieces or not all(shaped):
        return False
    # A line of single words is a list of places or of heads; of many names, one or another may be a common word.
    own = sum(_is_own(piece, lower) for piece in pieces)
    return any(len(piece.split()) > 1 for piece in pieces) and own >= _OWN_NAMES * len(pieces)


def _has_shape_of_name(piece: str, *, capitals: bool) -> bool:
    """Return whether the words of `piece` are written as a person's name is."""
    words = [word for word in _HONOUR.sub("", piece).split() if word.lower() not in _PARTICLES]
    shapes = (_NAME_WORD, _CAPITALS_WORD) if capitals else (_NAME_WORD,)
    if not 0 < len(words) <= _MOST_WORDS or all(len(word.strip(".")) < 2 for word in words):
        return False
    return any(all(shape.fullmatch(word) for word in words) for shape in shapes)


def _is_own(piece: str, lower: Set[str]) -> bool:
    """Return whether the words of `piece` are those of a name, not of the language."""
    parts = [folded(part) for part in re.split(r"[\s-]", _HONOUR.sub("", piece)) if len(part.strip(".")) > 1]
    if any(part.strip(".") in _NO_NAME or part in stop_words("en") for part in parts):
        return False
    known = [part in lower or stem(part, "en") in lower for part in parts]
    return not known[0] and not _NOUN_END.search(parts[0]) and 2 * sum(known) <= len(known)


def _above(head: Sequence[FrontLine], number: int) -> str:
    """Return the line at `number` behind the one above it where that ends with a colon."""
    before = head[number - 1].text if number else ""
    return f"{before if before.endswith((':', '：')) else ''} {head[number].text}"


def _first_title(head: Sequence[FrontLine]) -> int | None:
    """Return the number of the first line that may be a title's; None on a page that begins within a sentence."""
    for number, line in enumerate(head):
        below = head[number + 1].text if number + 1 < len(head) else ""
        if _is_title(line.text):
            if line.text[:1].islower() and len(line.text.split()) >= _FEWEST_WORDS:
                return None
            if not (_is_prose(line.text) and below.endswith(".")):
                return number
    return None


def _is_title(line: str) -> bool:
    """Return whether a line may be a part of a title."""
    if len(line) > _LONGEST_TITLE_LINE or _JUNK.search(line) or "\t" in line or BULLET.match(line):
        return False
    if line.endswith((".", ",", ";")):
        return False
    covered = sum(date.end - date.start for date in dates(line))
    return bool(_TITLE_WORD.search(line)) and covered < 0.6 * len(line)


def _is_label(line: str) -> bool:
    return _BY.fullmatch(line) is not None


def _continues(line: str, below: str) -> bool:
    """Return whether the title in `line` goes on in the line `below`."""
    if not _is_title(below) or _is_label(below):
        return False
    if _OPEN_END.search(line) or below[:1].islower():
        return True
    return line.isupper() and below.isupper()
