"""Characters and line ends of a page, as the model is to read them.

Unicode's compatibility form (NFKC) folds ligatures, full-width letters and the many spaces. It also loses positions:
x² becomes x2. Where that would change a figure (10², 1½) or leave a bare combining mark, the sign is written out first.
"""

from __future__ import annotations

import re
import unicodedata

_VULGAR = {
    chr(code): unicodedata.normalize("NFKC", chr(code)).replace("\u2044", "/")
    for code in (*range(0xBC, 0xBF), *range(0x2150, 0x215F), 0x2189)
}
"""½ -> 1/2. NFKC alone turns 1½ into 11⁄2."""
_FRACTION = re.compile(f"[{''.join(_VULGAR)}]")

_RAISED = "[\u00b2\u00b3\u00b9\u2070\u2074-\u2079]"
_SUPERSCRIPT = re.compile(f"{_RAISED}(?<=[0-9]{_RAISED}){_RAISED}*")
"""Raised digits after a digit: 10² is not 102, and 2023¹ (a footnote) is not 20231. The unit m² becomes m2."""

_SPACING_MARKS = re.compile(
    "([\u00a8\u00af\u00b4\u00b8\u02d8-\u02dd\u1fbd\u1fbf-\u1fc1\u1fcd-\u1fcf\u1fdd-\u1fdf\u1fed-\u1fef\u1ffd\u1ffe\u203e]+)"
)
"""Accents that stand alone: NFKC makes a space and a combining mark of them."""

_WORD_SIGNS = re.compile("([\u2116\u2120-\u2122\u213b]+)")
"""№, service mark, telephone, trade mark, fax."""
_LINE_BREAKS = re.compile("[\r\u0085\u2028\u2029\x0b\x0c]")
_DROPPED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f"  # controls
    "\u00ad\u200b\u2060\ufeff"  # soft hyphen, zero-width space, word joiner, byte order mark
    "\u202a-\u202e\u2066-\u2069"  # orders to write backwards: the text is in reading order already
    "\ud800-\udfff"  # lone surrogates
    "\ue0d0-\ue0d2"  # used by engine.prompts to mark the places of a chat template
    "\ufdd0-\ufdef\ufffe\uffff"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(1, 17))
    + "]"
)  # noncharacters
_BLANK_LINES = re.compile(r"\n{4,}")

_BEFORE_LEADER = re.compile(r"(?<=[^\s.])(?=\.{5}|\.(?: \.){3})")
_AFTER_LEADER = re.compile(r"(?<=\.\.\.\.\.)(?=[^\W_])|(?<=\. \. \. \.)(?=[^\W_])")
"""Places between leader dots and a word or a figure; an ellipsis has fewer dots."""

_NORMALISED = 500
_MARK_ROW = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\ufe20-\ufe2f]{30}"
)
"""Thirty marks on one letter: no language has as many."""

_SMALL = "a-zß-öø-ÿ\u0101-\u024fα-ωа-џ"
_BREAK = re.compile(f"[\x02\ufffe\\-\u2010](?:(?<=[\x02\ufffe])[\r\n]*|(?<=[{_SMALL}][-\u2010])\n[ \t]*(?=[{_SMALL}]))")
"""PDFium's sign for a hyphen at a line end, the line end itself already taken out; or the hyphen and the line end.
The signs stand first: a search for one of a few characters is ten times as fast as for alternatives."""
_BREAK_SIGNS = ("\x02", "\ufffe", "-\n", "\u2010\n")
_LONGEST_WORD = 60
_COMPOUND_STARTS = frozenset(
    ("well", "self", "ex", "quasi", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
)
_DOUBLED = re.compile("(?:co-o|re-e|pre-e|anti-i|semi-i)")
_VOWEL = re.compile("[aeiouy]", re.IGNORECASE)
_BETWEEN_WORDS = re.compile(r"[^\w-]+")
_SOFT_LINE_END = re.compile("\u00ad[ \t]*\n[ \t]*")

_WIDE = re.compile("[\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
"""Kana and Chinese characters, of which words are made without spaces; not the marks that end a sentence."""
_WIDE_RUN = re.compile("[\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
_SPACED = re.compile(f" (?<={_WIDE.pattern} )(?={_WIDE.pattern})")
_MOST_SPACED = 0.8
"""Share of a line's Chinese characters with a space before the next one, from which on it is the setting's."""
_AS_UTF16 = re.compile("[\ud080-\ud0bf\ud180-\ud1bf]")
_KOREAN = re.compile("[\uac00-\ud7a3]")
_FEWEST_MENDED = 8
_FULL_LINE = 0.8
"""Least width of a full line, as a share of the page's widest line. Letters of other scripts shorten a full line."""


def clean_characters(text: str) -> str:
    """Return `text` in compatibility form, with "\\n" line ends and without characters that carry no text.

    Idempotent, and line by line the same as for the whole text.
    """
    text = _LINE_BREAKS.sub("\n", text.replace("\r\n", "\n"))
    if (
        not text.replace("\n", "").replace("\t", "").isprintable()
    ):  # nearly all pages are, and this is ten times as fast
        text = _DROPPED.sub("", text)
    if not text.isascii():
        text = _FRACTION.sub(_written_out, text)
        text = _SUPERSCRIPT.sub(lambda found: "^" + unicodedata.normalize("NFKC", found[0]), text)
        pieces = _SPACING_MARKS.split(text)
        pieces[::2] = [_compatible(piece) for piece in pieces[::2]]
        text = "".join(pieces)
    return text


def _written_out(found: re.Match[str]) -> str:
    """Return a fraction in figures, set apart from a digit before it."""
    before = found.string[found.start() - 1 : found.start()]
    return (" " if before.isascii() and before.isdigit() else "") + _VULGAR[found[0]]


def _compatible(text: str) -> str:
    """Return `text` in compatibility form, signs that stand for words kept: "№ 7" is not "No 7"."""
    return "".join(part if number % 2 else _normalised(part) for number, part in enumerate(_WORD_SIGNS.split(text)))


def _normalised(text: str) -> str:
    """Return `text` in Unicode's compatibility form; a long row of marks, whose sorting takes its square, in parts."""
    if len(text) < _NORMALISED or not _MARK_ROW.search(text):
        return unicodedata.normalize("NFKC", text)
    parts = (text[start : start + _NORMALISED] for start in range(0, len(text), _NORMALISED))
    return "".join(unicodedata.normalize("NFKC", part) for part in parts)


def tidy_lines(text: str) -> str:
    """Return `text` without spaces at line ends, long rows of blank lines, and blank lines at either end."""
    text = "\n".join(line.rstrip(" \t") for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n\n", text).strip("\n")


def join_hyphens(text: str) -> str:
    """Return `text` with words joined that were broken at line ends, for text set in lines (a PDF; never a log).

    A compound keeps its hyphen where the same page has it unbroken ("apt-get"), and where joining would run into a
    capital or a digit.
    """

    text = text.replace("\r\n", "\n")
    if "\u00ad" in text:
        text = _SOFT_LINE_END.sub("", text)
    if not any(sign in text for sign in _BREAK_SIGNS) or not _BREAK.search(text):
        return text
    words = set(_BETWEEN_WORDS.split(text))

    def mend(found: re.Match[str]) -> str:
        start, end = found.span()
        before, after = _word_before(text, start), _word_after(text, end)
        if not before and not after:
            return ""
        if not before or not after or not after[0].islower() or not before[-1].isalpha():
            return "-"
        if f"{before}-{after}" in words and before + after not in words:
            return "-"
        return "-" if _is_compound(before, after, text[start - len(before) - 1 : start - len(before)]) else ""

    return _BREAK.sub(mend, text)


def _is_compound(before: str, after: str, sign: str) -> bool:
    """Return whether a word broken at a line end keeps its hyphen, by its parts; `sign` stands before the first.

    No word is broken into a single letter, or a part without a vowel ("e-mail", "dpkg-dev"); "up-to-date" has another
    hyphen, "well-known" begins as compounds do, and "co-operate" parts two equal vowels.
    """
    if _DOUBLED.fullmatch(f"{before}-{after[:1]}".casefold()):
        return True
    if sign == "-" or len(before) < 2 or len(after) < 2 or before.casefold() in _COMPOUND_STARTS:
        return True
    return any(part.isascii() and not _VOWEL.search(part) for part in (before, after))


def _word_before(text: str, end: int) -> str:
    start = end
    while start > max(0, end - _LONGEST_WORD) and _is_word(text[start - 1]):
        start -= 1
    return text[start:end]


def _word_after(text: str, start: int) -> str:
    end = start
    while end < min(len(text), start + _LONGEST_WORD) and _is_word(text[end]):
        end += 1
    return text[start:end]


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def join_wide_lines(text: str) -> str:
    """Return `text` with lines of Japanese or Chinese joined where the first is full and so ends within a word."""
    if text.isascii() or not _WIDE.search(text):
        return text
    lines = text.split("\n")
    full = _FULL_LINE * max(map(_width, lines))
    joined = [lines[0]]
    last_width = _width(lines[0])
    for line in lines[1:]:
        width = _width(line)
        is_cells = "\t" in line or "\t" in joined[-1]
        if last_width >= full and not is_cells and _WIDE.match(line[:1]) and _WIDE.match(joined[-1][-1:]):
            joined[-1] += line
        else:
            joined.append(line)
        last_width = width
    return "\n".join(joined)


def join_spaced_characters(text: str) -> str:
    """Return `text` without the spaces of lines whose Chinese characters are all set apart from each other."""
    if text.isascii() or not _SPACED.search(text):
        return text
    return "\n".join(_unspaced(line) if _SPACED.search(line) else line for line in text.split("\n"))


def _unspaced(line: str) -> str:
    is_set_apart = len(_SPACED.findall(line)) >= _MOST_SPACED * max(1, len(_WIDE.findall(line)) - 1)
    return _SPACED.sub("", line) if is_set_apart else line


def mend_utf8(text: str) -> str:
    """Return `text` with Cyrillic and Greek letters whose two bytes in UTF-8 a font's map gives as one character.

    Such characters are Korean syllables of a narrow range; a text that holds other Korean is left alone.
    """
    taken = [] if text.isascii() else _AS_UTF16.findall(text)
    if len(taken) < _FEWEST_MENDED or len(_KOREAN.findall(text)) > len(taken):
        return text
    return _AS_UTF16.sub(lambda found: ord(found[0]).to_bytes(2, "big").decode("utf-8"), text)


def _width(line: str) -> int:
    """Return the width of a line in columns; a wide character takes two."""
    return len(line) + sum(map(len, _WIDE_RUN.findall(line)))


def set_leaders_apart(text: str) -> str:
    """Return `text` with a space between the leader dots of a table of contents and what they join."""
    if "....." not in text and ". . . ." not in text:
        return text
    return _AFTER_LEADER.sub(" ", _BEFORE_LEADER.sub(" ", text))


def clean_pdf_page(text: str) -> str:
    """Return a PDF page cleaned by itself; running heads need its neighbours (`running_heads.py`)."""
    joined = join_spaced_characters(tidy_lines(clean_characters(join_hyphens(mend_utf8(text)))))
    return set_leaders_apart(join_wide_lines(joined))


def clean_text_page(text: str) -> str:
    """Return a cleaned page of a text file, whose line ends and hyphens are its own."""
    return tidy_lines(clean_characters(text))


def clean_title(text: str, limit: int) -> str:
    """Return `text` as one line of at most `limit` characters."""
    return " ".join(clean_characters(text[: 4 * limit]).split())[:limit]
