"""Merging section notes into one summary, in groups whose input and output stay inside the model's trained context."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from engine.grounding.lines import is_list, items, union
from engine.grounding.support import unsupported
from engine.prompting.prompts import NO_FINDINGS, NOT_FOUND, page_text

MERGE_CONTEXT = 2048
"""Tokens that a merge may read and write, where the checkpoint does not say what it was trained on."""
SUMMARY_TOKENS = 500
"""Longest text that a merge of prose may write."""
LIST_LINES = 30
"""Lines in a merge of lists: as many as the demo model has seen."""

Ask = Callable[[Sequence[list[str]], int, bool], Iterator[str]]
"""(groups of notes, most tokens of an answer, whether the merge is the last) -> what the model says, in order."""


@dataclass
class Merged:
    """One text merged from section summaries, and how."""

    text: str
    steps: int = 0
    replaced: int = 0
    """Merges that named what none of their notes does: their notes stand in the text themselves."""
    joined: bool = False
    """The last texts were too long to be merged into one: they follow each other."""


def has_findings(note: str) -> bool:
    """Whether a note says anything: the model may say that there is nothing to say."""
    said = note.strip()
    return bool(said) and said != NO_FINDINGS and not said.startswith(NOT_FOUND.rstrip("."))


def merge(
    notes: Sequence[str],
    ask: Ask,
    count: Callable[[str], int],
    context: int | None,
    overhead: int,
    *,
    copies: bool,
    always: bool = False,
) -> Merged:
    """Merge `notes` until one text is left. `count` gives the tokens of a text, `overhead` those of the prompt around
    the notes. `copies`: the model was trained to repeat every line of lists, so a merge is as long as its notes, and
    one that leaves out or changes a line is wrong. `always`: a single note is put to the model too.
    """
    texts = [note for note in notes if has_findings(note)]
    if not texts:
        return Merged(NO_FINDINGS)
    room = max((context or MERGE_CONTEXT) - overhead - (0 if copies else SUMMARY_TOKENS), SUMMARY_TOKENS)
    if copies:
        room //= 2
    result = Merged("")
    while len(texts) > 1 or (always and result.steps == 0):
        sizes = [count(page_text(text)) for text in texts]
        groups = grouped(texts, sizes, room, LIST_LINES if copies else None)
        if len(groups) == len(texts) > 1:
            result.joined = True
            break
        put = [group for group in groups if len(group) > 1 or always]
        most = max(sum(count(page_text(text)) for text in group) for group in put) if copies else SUMMARY_TOKENS
        said = ask(put, most, len(groups) == 1)
        texts = []
        for group in groups:
            text = next(said) if len(group) > 1 or always else group[0]
            if not true_to(text, group, copies=copies):
                result.replaced += len(group) > 1
                text = union(group)
            texts.append(text)
        result.steps += 1
    result.text = union(texts)
    return result


def true_to(merged: str, notes: Sequence[str], *, copies: bool) -> bool:
    """Whether a merge names nothing that none of its notes names and, where the notes are lists to be copied, has just
    their items."""
    if not merged or unsupported(merged, notes):
        return False
    if copies and all(map(is_list, notes)):
        return set(items(merged)) == set().union(*map(items, notes))
    return True


def grouped(notes: Sequence[str], sizes: Sequence[int], room: int, lines: int | None = None) -> list[list[str]]:
    """Consecutive notes, `sizes` tokens each, together while they fit into `room` tokens and `lines` lines."""
    groups: list[list[str]] = []
    tokens = rows = 0
    for note, size in zip(notes, sizes, strict=True):
        height = len(note.splitlines())
        if groups and tokens + size <= room and (lines is None or rows + height <= lines):
            groups[-1].append(note)
            tokens, rows = tokens + size, rows + height
        else:
            groups.append([note])
            tokens, rows = size, height
    return groups
