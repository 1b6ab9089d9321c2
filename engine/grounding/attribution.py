"""Where the lines of a summary come from: each is looked up on the pages, or among the section notes it was made of.

What a line says is its words; those of names, identifiers and figures weigh more. A line comes from the passage (a
sentence and the one after it) that holds the greatest share of that weight. Light: no torch.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import pairwise

HELD = 0.6
"""Share of a line's weight that a passage must hold for the line to come from there: a paraphrase keeps the names and
figures and most of the nouns."""
EXACT = 0.9
"""Share for a line that is a copy; a word may be cut by a line end."""
FEWEST_WORDS = 3
"""Words that a line must have to be put right: fewer are found anywhere."""
MOST_PAGES = 3
"""Pages named for a sentence that stands on several equally."""
_WORD = re.compile(r"[^\W_]+(?:[-./:,][^\W_]+)*")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n\s*\n")
_FIGURE_WEIGHT, _WORD_WEIGHT = 3.0, 1.0
_COMMON_WORDS = (
    "a about after also an and are as at be been but by for from had has have he her his in into is it its no not of "
    "on or she that the their there they this to was were which who will with key finding findings summary document"
)
_COMMON = frozenset(_COMMON_WORDS.split())


def is_list(text: str) -> bool:
    """Whether `text` lists findings, a line each."""
    return any(line.startswith("- ") for line in text.splitlines())


def items(text: str) -> set[str]:
    """The findings of a list."""
    return {line.strip() for line in text.splitlines() if line.startswith("- ")}


def union(notes: Iterable[str]) -> str:
    """The lines of all notes in order, each once."""
    return "\n".join(dict.fromkeys(line for note in notes for line in note.splitlines() if line.strip()))


def weights(text: str) -> dict[str, float]:
    """The words that carry what `text` says, and what each counts."""
    found: dict[str, float] = {}
    for word in _WORD.findall(unicodedata.normalize("NFKC", text)):
        folded = word.casefold()
        if folded not in _COMMON and (len(folded) > 1 or folded.isdigit()):
            found[folded] = _FIGURE_WEIGHT if _is_figure(word) else _WORD_WEIGHT
    return found


def share_held(wanted: dict[str, float], words: Iterable[str]) -> float:
    """How much of the weight in `wanted` stands among `words`, in [0, 1]."""
    held = wanted.keys() & set(words)
    return sum(wanted[word] for word in held) / total if (total := sum(wanted.values())) else 0.0


class Passages:
    """Some pages, cut into passages once; tells where a line comes from."""

    def __init__(self, pages: Iterable[tuple[int, str]]) -> None:
        """`pages`: number and text, in order."""
        self._pages = list(pages)

    @cached_property
    def _sentences(self) -> list[tuple[int, str, frozenset[str]]]:
        """(page, text, words) of every sentence."""
        return [
            (number, sentence, frozenset(weights(sentence)))
            for number, text in self._pages
            for sentence in _SENTENCE_END.split(text)
            if sentence.strip()
        ]

    @cached_property
    def _passages(self) -> list[tuple[int, int, frozenset[str]]]:
        """(page it begins on, page it ends on, its words), of every sentence and every two in a row."""
        sentences = [(number, words) for number, _, words in self._sentences]
        single = [(number, number, words) for number, words in sentences]
        return single + [(first, last, one | two) for (first, one), (last, two) in pairwise(sentences)]

    def find(self, sentence: str) -> tuple[float, list[int]]:
        """The greatest share of `sentence` that a passage holds, and the pages of the passages that hold so much."""
        wanted = weights(sentence)
        if not wanted:
            return 0.0, []
        best, places = 0.0, list[tuple[int, int]]()
        for first, last, words in self._passages:
            share = share_held(wanted, words)
            if share > best:
                best, places = share, []
            if share == best and best:
                places.append((first, last))
        # A sentence at a page's edge also counts with its neighbour on the other page, which adds nothing.
        within = {first for first, last in places if first == last}
        pages = within or {page for place in places for page in place}
        return best, sorted(pages)[:MOST_PAGES]

    def pages_of(self, line: str) -> list[int]:
        """The pages that the sentences of `line` come from, in order; empty for a line that says nothing of its own (a
        heading) or that no passage holds enough of."""
        pages: set[int] = set()
        for sentence in sentences_of(line):
            share, found = self.find(sentence)
            if share >= HELD:
                pages.update(found)
        return sorted(pages)

    def put_right(self, line: str) -> str | None:
        """`line`, a copy of something on the pages, with the figures that stand there: where a sentence has all its
        words, and other figures of the same look in their places (CR-358 for CR-355, 24 people for 26 people). None
        where no sentence has, or two differ.
        """
        words = [word for word in weights(line) if not _is_figure(word)]
        if len(words) < FEWEST_WORDS:
            return None
        found = set()
        for _, sentence, held in self._sentences:
            if held.issuperset(words):
                found.add(_with_figures_of(sentence, line))
        return found.pop() if len(found) == 1 else None


class Notes:
    """The lines of section notes with their pages; tells which a merged line comes from."""

    def __init__(self, notes: Iterable[tuple[str, Sequence[Sequence[int]]]]) -> None:
        """`notes`: the text of each and the pages of each of its lines."""
        self._lines = [
            (_plain(line), weights(line), pages)
            for text, line_pages in notes
            for line, pages in zip(text.splitlines(), line_pages, strict=True)
            if pages
        ]

    def pages_of(self, line: str) -> list[int]:
        """The pages of the note lines that `line` repeats, or else those of the lines that its sentences share most
        with."""
        plain = _plain(line)
        same = [pages for other, _, pages in self._lines if other == plain]
        if same:
            return sorted({page for pages in same for page in pages})
        found: set[int] = set()
        for sentence in sentences_of(line):
            wanted = weights(sentence)
            shares = [
                (max(share_held(wanted, words), share_held(words, wanted)), pages) for _, words, pages in self._lines
            ]
            best = max((share for share, _ in shares), default=0.0)
            if best >= HELD:
                found.update(page for share, pages in shares if share == best for page in pages)
        return sorted(found)


def _with_figures_of(sentence: str, line: str) -> str | None:
    """`line` with each figure that is not in its place in `sentence` replaced by the one that can only be meant; None
    where more could be, or none."""
    made, at = "", 0
    for match in _WORD.finditer(line):
        if not _is_figure(match[0]):
            continue
        following = _WORD.search(line, match.end())
        # A number is told by what it counts.
        place = rf"(?=\W+{re.escape(following[0])}\b)" if match[0][0].isdigit() and following else r"(?!\w)"
        if re.search(rf"(?<!\w){re.escape(match[0])}{place}", sentence, re.IGNORECASE):
            continue
        look = "".join(r"\d+" if part.isdigit() else re.escape(part) for part in re.split(r"(\d+)", match[0]))
        options = {option[0] for option in re.finditer(rf"(?<!\w){look}{place}", sentence, re.IGNORECASE)}
        if len(options) != 1:
            return None
        made, at = made + line[at : match.start()] + options.pop(), match.end()
    return made + line[at:]


def _is_figure(word: str) -> bool:
    return any(character.isdigit() for character in word)


def sentences_of(line: str) -> list[str]:
    """The sentences of a line; none where it only announces what follows."""
    line = line.strip()
    return [] if line.endswith(":") else [part for part in _SENTENCE_END.split(line) if part.strip()]


def page_list(pages: Sequence[int]) -> str:
    """Pages as a reference: "p. 12", "pp. 3, 9", "pp. 3–8"; "" where there are none."""
    if len(pages) < 2:
        return f"p. {pages[0]}" if pages else ""
    runs: list[list[int]] = []
    for page in sorted(set(pages)):
        if runs and page == runs[-1][-1] + 1:
            runs[-1].append(page)
        else:
            runs.append([page])
    parts = [f"{run[0]}–{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs]
    return f"pp. {', '.join(parts)}"


def _plain(line: str) -> str:
    return " ".join(line.casefold().split())
