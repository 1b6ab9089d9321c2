"""Lines that are no words of any language: what a font gives whose map to characters is missing.

The codes of such a font are numbers of its drawings. Taken for characters they are signs and figures in rows
("5+( 7$4"), or another text's letters moved by a constant ("Wkh#sxps"). Tables, formulas and programs look alike here
and there: these tests are for pages with a font that is known to have no map.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection

_EDGES = "\"'()[]{}<>.,;:!?…–—*•&%“”‘’«»-"
_NUMBER = re.compile(r"[-+±~≈<>]?[$€£¥#§]?\d[\d.,:/'’%°*x×-]*(?:[A-Za-z]{1,3}\d?)?")
_WORD = re.compile(r"[^\W_]+(?:[-'’._/@:&+][^\W_]+)*")
# fmt: off
_FUNCTION_WORDS = frozenset((
    "the", "of", "and", "to", "in", "is", "was", "for", "on", "that", "by", "with", "as", "at", "it", "be", "from",
    "are", "this", "not", "or", "an", "have", "der", "die", "das", "und", "den", "von", "zu", "mit", "im", "ist",
    "ein", "eine", "auf", "des", "für", "le", "la", "les", "de", "et", "est", "du", "un", "une", "dans", "pour",
    "que", "en", "el", "los", "las", "y", "del", "por", "con", "se", "il", "di", "che", "per", "non", "una", "da",
    "na", "w", "z", "nie", "do", "się", "jest", "i", "v", "ne", "je", "že", "на", "и", "в", "не", "что", "с", "по",
    "het", "een", "van", "og", "til", "av", "som", "på", "att", "det", "er", "ja", "ve", "bir", "bu", "için", "é",
    "o", "os", "um", "uma", "não", "para", "com",
))
# fmt: on
"""Words without which a line or two in a European language is rare."""
_LETTERS = re.compile(r"[A-Za-z]{4,}")
_VOWEL, _CONSONANT = re.compile(r"[aeiou]", re.IGNORECASE), re.compile(r"[^aeiou]", re.IGNORECASE)
_MOST_ODD = 0.3
_FEWEST_WORDS = 4
_FEWEST_LETTERS = 12
_FEWEST_CHARACTERS = 24
"""Characters of noise on a page from which on it is looked for its cause; a formula or a ruler has fewer."""
_LEAST_FUNCTION_WORDS, _FEWEST_SHIFTED_WORDS = 2, 5
_SHIFT_SAMPLE = 2_000
_SHIFTS = tuple(shift for distance in range(1, 33) for shift in (-distance, distance))
_TABLES = {shift: {code: max(0, code + shift) for code in range(256)} for shift in _SHIFTS}
_PAIRS = ("th", "he", "in", "er", "an", "re", "on", "at", "en", "nd", "es", "or", "te", "ed", "st", "de", "ie", "ch")
_FEW_PAIRS = 0.06


def noise_lines(text: str) -> list[str]:
    """Return the lines of noise; all lines where most of the text is noise."""
    filled = [line for line in text.split("\n") if line.strip()]
    if is_moved(text):
        return filled
    noise = [line for line in filled if is_noise(line)]
    if sum(map(len, noise)) < _FEWEST_CHARACTERS:
        return []
    return filled if 2 * sum(map(len, noise)) > sum(map(len, filled)) else noise


def without_lines(text: str, lines: Collection[str]) -> str:
    """Return `text` without `lines`, empty where no other line has anything on it."""
    dropped = set(lines)
    kept = [line for line in text.split("\n") if line not in dropped]
    return "\n".join(kept) if any(map(str.strip, kept)) else ""


def is_noise(line: str) -> bool:
    """Return whether a line is signs, figures and letters in rows without words."""
    first = _LETTERS.search(line)
    if first is not None and _has_both(first[0]):
        return False  # the usual case, without a look at each word
    tokens = line.split()
    if any(token.casefold() in _FUNCTION_WORDS for token in tokens):
        return False
    if not line.isascii() and sum(character > "\u024f" for character in line) > 0.3 * len(line):
        return False  # another script: its words are not told from noise by Latin letters
    if any(map(_is_wordy, tokens)):
        return False
    odd = sum(_is_odd(token) for token in tokens)
    if len(tokens) >= _FEWEST_WORDS and odd > _MOST_ODD * len(tokens):
        return True
    letters = "".join(character for character in line.lower() if character.isalpha())
    return len(letters) >= _FEWEST_LETTERS and _pairs(letters) < _FEW_PAIRS * len(letters)


def is_moved(text: str) -> bool:
    """Return whether `text` has words of a language only after all its characters are moved by one constant."""
    sample = text[:_SHIFT_SAMPLE]
    if _function_words(sample) >= _LEAST_FUNCTION_WORDS or len(sample.strip()) < _FEWEST_LETTERS:
        return False
    if not sample.isascii() and sum(character > "\u024f" for character in sample) > 0.1 * len(sample):
        return False
    letters = sum(map(str.isalpha, sample))
    if letters and _pairs(sample) > _FEW_PAIRS * letters:
        return False  # names in a program, of whole words
    sample = "".join(character for character in sample if character not in "\r\n")
    for shift in _SHIFTS:
        words = sample.translate(_TABLES[shift]).split()
        found = Counter(word for word in words if word in _FUNCTION_WORDS)
        enough = len(words) >= _FEWEST_SHIFTED_WORDS and len(found) >= _LEAST_FUNCTION_WORDS
        if enough and found.total() >= 0.15 * len(words) and max(map(len, words)) < 30:
            return True
    return False


def _pairs(text: str) -> int:
    """Return the number of pairs of letters that are common in European languages."""
    return sum(map(text.lower().count, _PAIRS))


def _function_words(text: str) -> int:
    return sum(word in _FUNCTION_WORDS for word in text.casefold().split())


def _is_wordy(token: str) -> bool:
    """Return whether a token holds a row of letters like a word's, as names in programs do."""
    found = _LETTERS.search(token)
    return found is not None and _has_both(found[0])


def _has_both(letters: str) -> bool:
    return bool(_VOWEL.search(letters)) and bool(_CONSONANT.search(letters))


def _is_odd(token: str) -> bool:
    bare = token.strip(_EDGES)
    return bool(bare) and not _NUMBER.fullmatch(bare) and not _WORD.fullmatch(bare)
