"""Training batches: records as token rows, each followed by several forks that ask about it.

A row is what the product feeds before a question: document prefix, pages, and either the question instruction up to
"Question:" or a summary request with its answer. Its forks start from the row's final state and ask one question after
another, with answers. So one reading teaches many answers, and the state that is trained is the one that is saved.

Rows are padded on the left, forks on the right. A batch is a function of its seed, its lesson and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.prompting import prompts
from engine.training.records import records, words
from engine.training.records.facts import Fact, Finding, Record, Turn, summary_text
from engine.training.records.questions import ask, ask_missing, focused, follow_up
from engine.training.records.writer import Writer
from engine.training.tokenizer import WordEncoder, chat_prompts

SKIP, TEXT, ANSWER = 0, 1, 2
FORK_TOKENS = 64
SUMMARY_SHARE = 0.4
MERGE_SHARE = 0.1
FOCUS_SHARE = 0.2
"""Share of the summaries with a focus."""
REREAD_SHARE = 0.06
MISSING_SHARE = 0.2
MOST_MERGED = 30
"""Lines of the longest merged summary."""


@dataclass(frozen=True)
class Lesson:
    """Size of a batch and how hard its records are."""

    name: str
    rows: int
    tokens: int
    forks: int
    """Forks a row."""
    most_facts: int
    most_findings: int
    plain: float
    """Share of records without headings and line breaks."""
    corrections: float = 0.15
    easy: bool = False
    """Few frames, plain names, the document's own words: recall has to appear first."""
    summaries: float = SUMMARY_SHARE
    """Share of rows that end in a summary."""
    rereads: float = REREAD_SHARE
    merges: float = MERGE_SHARE
    missing: float = MISSING_SHARE
    """Share of questions that the record does not answer."""


FIRST = Lesson(
    "256 easy", rows=64, tokens=256, forks=3, most_facts=3, most_findings=1, plain=0.9, corrections=0.05, easy=True
)
SHORT = Lesson("256", rows=64, tokens=256, forks=2, most_facts=4, most_findings=2, plain=0.3)
DENSE = Lesson("512 dense", rows=48, tokens=512, forks=6, most_facts=14, most_findings=3, plain=0.1)
MIDDLE = Lesson("1024", rows=32, tokens=1024, forks=8, most_facts=8, most_findings=4, plain=0.08)
LONG = Lesson("3072", rows=32, tokens=3072, forks=16, most_facts=24, most_findings=8, plain=0.03)
VERY_LONG = Lesson("8192", rows=8, tokens=8192, forks=16, most_facts=32, most_findings=8, plain=0.0)
LESSONS = {lesson.name: lesson for lesson in (FIRST, SHORT, DENSE, MIDDLE, LONG, VERY_LONG)}


@dataclass
class Batch:
    """Arrays of one step; kinds say what a target is: SKIP, TEXT or ANSWER."""

    ids: np.ndarray  # [rows, T] uint16
    targets: np.ndarray  # [rows, T]
    kinds: np.ndarray  # [rows, T] uint8
    mask: np.ndarray  # [rows, T] uint8: 0 is padding
    fork_ids: np.ndarray  # [rows * forks, FORK_TOKENS] uint16
    fork_targets: np.ndarray
    fork_kinds: np.ndarray

    def arrays(self) -> tuple[np.ndarray, ...]:
        return (self.ids, self.targets, self.kinds, self.mask, self.fork_ids, self.fork_targets, self.fork_kinds)


@dataclass
class _Row:
    """Ids and kinds of a row, and its subject."""

    ids: list[int]
    marks: list[int]
    record: Record
    summarised: bool
    """True if the row ends in a summary."""
    merged: bool = False
    about: tuple[Turn, Fact | None] | None = None
    """The question that stands before the pages, where they are read again for one."""


class Teacher:
    """Makes batches with one tokenizer."""

    def __init__(self, tokenizer: Any) -> None:
        self.encode = WordEncoder(tokenizer)
        self.prompts = chat_prompts(tokenizer)
        self._pages: dict[str, list[int]] = {}
        special = self.encode.with_specials
        self.prefix = special(self.prompts.document_prefix)
        self.merge_prefix = special(self.prompts.merge_prefix)
        # The question's first word brings its own space, so the instruction can be read before the forks part.
        self.instruction = self.encode(prompts.QUESTION_INSTRUCTION.rstrip(" "))
        self.closing = special(self.prompts.after_user)
        self.next_opening = special(self.prompts.after_answer)
        self.next_closing = special(self.prompts.after_next_user)
        self.summary = self._request(self.prompts.summary())
        self.merge = self._request(self.prompts.merge())
        self.end = self.next_opening[0]
        self.pad = tokenizer.pad_token_id

    def _request(self, request: prompts.Request) -> list[int]:
        special = self.encode.with_specials
        return special(request.opening) + self.encode(request.text) + special(request.closing)

    def pages(self, pages: list[str]) -> list[int]:
        """Return the ids of a document, page by page as the reader tokenises it."""
        out: list[int] = []
        for page in pages:
            text = prompts.page_text(page)
            out += self._pages.get(text) or self.encode(text)
        self._pages.clear()
        return out

    def _count(self, text: str) -> int:
        """Return the number of token ids of a text. The ids of a whole page are cached, since they are needed next."""
        if not text.endswith("\n\n"):
            return self.encode.count(text)
        ids = self._pages[text] = self.encode(text)
        return len(ids)

    def batch(self, lesson: Lesson, seed: int, *, held_out: bool = False) -> Batch:
        """Return the batch of `lesson` for `seed`."""
        writer = Writer(seed, held_out=held_out, easy=lesson.easy)
        T, K = lesson.tokens, lesson.forks
        rows = [np.full((lesson.rows, T), self.pad, np.uint16) for _ in range(2)]
        kinds, mask = (np.zeros((lesson.rows, T), np.uint8) for _ in range(2))
        forks = [np.full((lesson.rows * K, FORK_TOKENS), self.pad, np.uint16) for _ in range(2)]
        fork_kinds = np.zeros((lesson.rows * K, FORK_TOKENS), np.uint8)
        for r in range(lesson.rows):
            row = self._row(writer, lesson)
            ids, marks, summarised = row.ids, row.marks, row.summarised
            n = len(ids)
            rows[0][r, T - n :] = ids
            rows[1][r, T - n : T - 1] = ids[1:]
            kinds[r, T - n : T - 1] = marks[1:]
            mask[r, T - n :] = 1
            if summarised:  # its answer's end is a fork's first token
                rows[1][r, T - 1], kinds[r, T - 1] = self.end, ANSWER
            if row.merged:  # nothing to ask: its forks stay empty
                continue
            turns = _Turns(writer, row.record, row.about, lesson.missing)
            for k in range(r * K, r * K + K):
                fork, fork_marks = self._fork(turns, first=not summarised)
                m = min(len(fork) - 1, FORK_TOKENS)
                forks[0][k, :m] = fork[:m]
                forks[1][k, :m] = fork[1 : m + 1]
                fork_kinds[k, :m] = fork_marks[1 : m + 1]
        return Batch(rows[0], rows[1], kinds, mask, forks[0], forks[1], fork_kinds)

    def _row(self, writer: Writer, lesson: Lesson) -> _Row:
        chance = writer.random.random()
        merges = lesson.merges if 256 < lesson.tokens < 8192 else lesson.merges / 4
        if chance < merges:
            return self._merge_row(writer, lesson)
        summarised = chance < merges + lesson.summaries
        reread = chance > 1 - lesson.rereads and not lesson.easy
        kind = writer.pick(words.KINDS)
        # Small counts often, large ones too: the exponent of the count is uniform.
        facts = min(lesson.most_facts, round(2 ** (writer.random.random() * (lesson.most_facts).bit_length() - 0.4)))
        findings = writer.below(lesson.most_findings + 1)
        if not summarised:
            findings = min(findings, writer.below(3))
        after = len(self.summary) + 30 * findings + 24 if summarised else len(self.instruction)
        before = len(self.prefix) + (60 if reread else 0)
        share = 1.0 if writer.random.random() < 0.75 else 0.4 + 0.6 * writer.random.random()
        for last in (False,) * 9 + (True,):
            record = records.make_record(
                writer,
                kind=kind,
                tokens=int((lesson.tokens - before - after) * share),
                facts=facts,
                findings=findings,
                count_tokens=self._count,
                corrections=lesson.corrections,
                page_tokens=writer.below(500) + 150,
                plain=writer.random.random() < lesson.plain,
            )
            about = self._about(writer, record) if reread else None
            prefix = self.reread_prefix(about[0].question) if about else self.prefix
            ids = prefix + self.pages(record.pages)
            answer: list[int] = []
            if summarised:
                focus, text = None, record.summary
                if writer.random.random() < FOCUS_SHARE:
                    focus, text = focused(writer, record)
                ids += self._request(self.prompts.summary(focus)) if focus else self.summary
                answer = self.encode(text)
            else:
                ids += self.instruction
            if last or len(ids) + len(answer) <= lesson.tokens:
                break
            share *= 0.9  # names in a question, or long findings, took more than was kept for them
        marks = [TEXT] * len(ids) + [ANSWER] * len(answer)
        ids += answer
        return _Row(ids[-lesson.tokens :], marks[-lesson.tokens :], record, summarised, about=about)

    def reread_prefix(self, question: str) -> list[int]:
        """Return the ids before pages read again for `question`."""
        request = self.prompts.reread_prefix(question)
        special = self.encode.with_specials
        return special(request.opening) + self.encode(request.text) + special(request.closing)

    def _about(self, writer: Writer, record: Record) -> tuple[Turn, Fact | None]:
        """Return the question that pages are re-read for, with its fact or None where it has no answer."""
        if not record.facts or writer.random.random() < MISSING_SHARE:
            return ask_missing(writer, record), None
        fact = writer.pick(record.facts)
        return ask(writer, fact), fact

    def _merge_row(self, writer: Writer, lesson: Lesson) -> _Row:
        """Several summaries and their merge; parts that overlap say some lines twice."""
        kind = writer.pick(words.KINDS)
        writer.begin()
        things = [writer.thing(kind) for _ in range(writer.below(9) + 2)]
        parts_wanted = writer.below(11) + 2
        wanted = writer.below(min(MOST_MERGED, lesson.tokens // 50)) + 1
        findings = [Finding(writer.pick(things), writer.finding(kind)) for _ in range(wanted)]
        while True:
            cuts = sorted(writer.below(len(findings) + 1) for _ in range(parts_wanted - 1))
            overlap = writer.random.random() < 0.4
            parts: list[str] = []
            for start, end in zip([0, *cuts], [*cuts, len(findings)], strict=True):
                back = writer.below(min(3, start) + 1) if overlap and end > start else 0
                parts.append(summary_text(findings[start - back : end]))
            ids = self.merge_prefix + self.pages(parts) + self.merge
            answer = self.encode(summary_text(findings))
            if len(ids) + len(answer) <= lesson.tokens:
                record = Record(kind, parts, [], findings, things, writer.held_out)
                return _Row(ids + answer, [TEXT] * len(ids) + [ANSWER] * len(answer), record, True, merged=True)
            findings = findings[: max(0, len(findings) - 1 - len(findings) // 8)]
            parts_wanted = max(2, parts_wanted - 1)

    def _fork(self, turns: _Turns, *, first: bool) -> tuple[list[int], list[int]]:
        """Return the ids and kinds of questions and answers that fit into a fork, up to the last answer's end."""
        ids: list[int] = []
        marks: list[int] = []
        while True:
            turn = turns.next(follow=bool(ids))
            if first and not ids:
                asked = self.encode(" " + turn.question) + self.closing
            else:
                asked = self.next_opening + self.encode(turn.question) + self.next_closing
            answer = self.encode(turn.answer)
            if ids and len(ids) + len(asked) + len(answer) + 1 > FORK_TOKENS:
                return [*ids, self.end], [*marks, ANSWER]
            # A turn's opening starts with the end of the answer before it.
            ids += asked + answer
            opens = [ANSWER] if marks else [TEXT]
            marks += opens + [TEXT] * (len(asked) - 1) + [ANSWER] * len(answer)


class _Turns:
    """Questions about one record, so that all its facts come up equally often."""

    def __init__(self, writer: Writer, record: Record, about: tuple[Turn, Fact | None] | None, missing: float) -> None:
        self._writer = writer
        self._missing = missing
        self._record = record
        self._about = about
        self._left: list[Fact] = []
        self._last: Fact | None = None

    def next(self, *, follow: bool) -> Turn:
        writer, record = self._writer, self._record
        if follow and self._last is not None and writer.random.random() < 0.5:
            turn = follow_up(writer, record, self._last)
            if turn is not None:
                self._last = None
                return turn
        self._last = None
        if self._about and not follow:
            turn, self._last = self._about
            if self._last is not None and writer.random.random() < 0.5:
                turn = ask(writer, self._last)
            return turn
        if not record.facts or writer.random.random() < self._missing:
            return ask_missing(writer, record)
        if not self._left:
            self._left = list(record.facts)
            writer.random.shuffle(self._left)
        fact = self._left.pop()
        self._last = fact
        return ask(writer, fact)
