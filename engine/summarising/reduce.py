"""Reduce section summaries to one summary, in groups whose input and output stay inside the trained context."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from engine.grounding.lines import is_list, items, union
from engine.grounding.support import unsupported
from engine.profile.profile import SummaryRules
from engine.prompting.prompts import page_text

Merge = Callable[[Sequence[list[str]], int, bool], Iterator[str]]
"""(groups of summaries, most tokens of an answer, whether the merge is the last) -> merged texts, in order."""


@dataclass
class Reduced:
    """One text made of many section summaries, and how."""

    text: str
    steps: int = 0
    """Rounds of merging."""
    rejected: int = 0
    """Number of merged lists that lost or changed a line: the text holds the lines of their parts instead."""
    joined: bool = False
    """The last texts were too long to be merged into one: they follow each other."""


@dataclass(frozen=True)
class Room:
    """The tokens that a merge may take."""

    count: Callable[[str], int]
    """Text -> its tokens."""
    context: int | None
    """Tokens that the model was trained on at once; None where unknown."""
    overhead: int
    """Tokens of the prompt around the summaries."""


def reduce(summaries: Sequence[str], merge: Merge, room: Room, rules: SummaryRules, *, always: bool = False) -> Reduced:
    """Merge `summaries` until one text is left.

    A model that copies lists repeats every line, so a merge is as long as its parts, and one that leaves out or changes
    a line is rejected. The words of any other model are kept. `always`: merge even a single summary.
    """
    texts = [summary for summary in summaries if rules.has_findings(summary)]
    if not texts:
        return Reduced(rules.no_findings)
    copies = rules.copied_lists
    kept_free = 0 if copies else rules.summary_tokens
    most_read = max((room.context or rules.merge_context) - room.overhead - kept_free, rules.summary_tokens)
    if copies:
        most_read //= 2
    result = Reduced("")
    while len(texts) > 1 or (always and result.steps == 0):
        sizes = [room.count(page_text(text)) for text in texts]
        groups = grouped(texts, sizes, most_read, rules.merge_lines)
        if len(groups) == len(texts) > 1:
            result.joined = True
            break
        merged = [group for group in groups if len(group) > 1 or always]
        longest = max(sum(room.count(page_text(text)) for text in group) for group in merged)
        said = merge(merged, longest if copies else rules.summary_tokens, len(groups) == 1)
        texts = []
        for group in groups:
            text = next(said) if len(group) > 1 or always else group[0]
            if not text or (copies and not is_faithful(text, group)):
                result.rejected += len(group) > 1
                text = union(group)
            texts.append(text)
        result.steps += 1
    result.text = texts[0] if len(texts) == 1 else union(texts)
    return result


def is_faithful(merged: str, parts: Sequence[str]) -> bool:
    """Return whether a merge of copied lists makes no claim that none of its parts makes, and has just their items."""
    if not merged or unsupported(merged, parts):
        return False
    return set(items(merged)) == set().union(*map(items, parts)) if all(map(is_list, parts)) else True


def grouped(summaries: Sequence[str], sizes: Sequence[int], room: int, lines: int | None = None) -> list[list[str]]:
    """Return consecutive summaries, `sizes` tokens each, together while they fit into `room` tokens and `lines`."""
    groups: list[list[str]] = []
    tokens = rows = 0
    for summary, size in zip(summaries, sizes, strict=True):
        height = len(summary.splitlines())
        if groups and tokens + size <= room and (lines is None or rows + height <= lines):
            groups[-1].append(summary)
            tokens, rows = tokens + size, rows + height
        else:
            groups.append([summary])
            tokens, rows = size, height
    return groups
