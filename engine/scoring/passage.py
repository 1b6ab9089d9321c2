"""Search for answers in passages: a network reads question, passage and question again, and a head scores the
sentences and the spans of the passage against the absence of an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.network.heads import PADDING, PASSAGE, QUESTION_AGAIN, Heads, means, pick
from engine.network.model import FalconMamba
from engine.prompting.tokenizer import Tokenizer
from engine.scoring.tokens import Span, Tokens, tokenise

START, OPEN, CLOSE = 0, 1, 2
"""Ids of <|endoftext|>, <|im_start|> and <|im_end|>: a row is START question OPEN passage CLOSE question CLOSE."""
QUESTION_TOKENS, PASSAGE_TOKENS, PASSAGE_SENTENCES = 32, 236, 24
"""Limits of one row; a longer passage becomes several rows, a longer question loses its end."""
SPAN_TOKENS = 40
"""Tokens of the longest span."""
BATCH_ROWS = 4
"""Rows that are read at once, of about equal length, so that little is read for padding."""


@dataclass(frozen=True)
class Row:
    """A stretch of a passage that is read at once."""

    ids: NDArray[np.int64]
    ends: NDArray[np.int64]
    """[S] end tokens of the sentences, exclusive."""
    begins: int
    """Index in the passage of its first sentence; `token` is that of its first token."""
    token: int


@dataclass(frozen=True)
class RowAnswer:
    """Scores of the head for one row."""

    sentences: NDArray[np.float32]
    """[S] logits, against 0 for "not here"."""
    present: float
    """Logit of the whole row: the answer is in it."""
    spans: list[tuple[int, int, float]]
    """The best span of each sentence: first token, end token (exclusive) of the row's passage, sum of both logits."""
    near: NDArray[np.float32]
    """[S] cosines of the question's meaning and the sentences'."""


@dataclass(frozen=True)
class Candidate:
    """A sentence of a passage, and the part of it that answers best."""

    passage: int
    """Index of the passage among the given ones."""
    sentence: int
    """Index of the sentence in its passage."""
    score: float
    """Logit of "this sentence answers" against "no sentence here does"."""
    span: Span
    """Characters of the passage."""
    near: float = 0.0
    """Cosine of its meaning and the question's, in whatever words."""


@dataclass(frozen=True)
class Found:
    """Answers to a question found in passages."""

    candidates: list[Candidate]
    """All sentences, the best first."""
    probability: float
    """Probability that one of the passages answers, 0 to 1; not calibrated for more than a handful of passages."""


def rows(tokens: Tokens, most: int = PASSAGE_TOKENS) -> list[Row]:
    """Return `tokens` as rows of whole sentences, of at most `most` tokens; a longer sentence loses its end."""
    found: list[Row] = []
    ends, low = tokens.sentence_ends, 0
    while low < len(ends):
        base = int(ends[low - 1]) if low else 0
        fits = int(np.searchsorted(ends, base + most, "right"))
        high = max(low + 1, min(low + PASSAGE_SENTENCES, fits))
        stops = np.minimum(ends[low:high] - base, most)
        found.append(Row(tokens.ids[base : base + int(stops[-1])], stops, low, base))
        low = high
    return found


def row_answers(model: FalconMamba, heads: Heads, asked: Sequence[tuple[NDArray[np.int64], Row]]) -> list[RowAnswer]:
    """Return the head's scores for each (question ids, row); all are read in one batch."""
    count = len(asked)
    questions = [question[:QUESTION_TOKENS] for question, _ in asked]
    length = max(2 * len(q) + len(row.ids) + 4 for q, (_, row) in zip(questions, asked, strict=True))
    most = max(len(row.ends) for _, row in asked)
    ids, kinds = np.full((count, length), PADDING, np.int64), np.zeros((count, length), np.int64)
    question = np.full((count, QUESTION_TOKENS), PADDING, np.int64)
    starts, ends = np.zeros((count, most), np.int64), np.ones((count, most), np.int64)
    lengths = np.zeros(count, np.int64)
    for i, (q, (_, row)) in enumerate(zip(questions, asked, strict=True)):
        line = np.concatenate([[START], q, [OPEN], row.ids, [CLOSE], q, [CLOSE]])
        lengths[i], at, n = len(line), len(q) + 2, len(row.ends)
        ids[i, : len(line)] = line
        kinds[i, at : at + len(row.ids)] = PASSAGE
        kinds[i, at + len(row.ids) : len(line)] = QUESTION_AGAIN
        question[i, : len(q)] = q
        ends[i, :n] = row.ends + at
        starts[i, :n] = np.concatenate([[0], row.ends[:-1]]) + at
    on = heads.rarity.device
    id_, kind, asks, first, stop, long = (
        torch.from_numpy(array).to(on) for array in (ids, kinds, question, starts, ends, lengths)
    )
    hidden = model.hidden(torch.from_numpy(ids), model.new_state(count), torch.from_numpy(lengths))
    with torch.inference_mode():
        features, overlap = heads.match(id_, asks, kind, first, stop)
        mask = torch.arange(length, device=on)[None] < long[:, None]
        hidden = hidden.to(on, torch.float32)
        logits = heads.answer_head(hidden, features, kind, mask, first, stop, overlap, long - 1)
        near = _nearness(heads, hidden, (asks != PADDING).sum(1, keepdim=True), first, stop)
    span, sentence, present, cosines = (part.cpu().numpy() for part in (*logits, near))
    return [
        RowAnswer(
            sentence[i, : len(row.ends)],
            float(present[i]),
            [
                _best_span(span[i], int(s), int(e), len(q) + 2)
                for s, e in zip(starts[i], ends[i, : len(row.ends)], strict=False)
            ],
            cosines[i, : len(row.ends)],
        )
        for i, (q, (_, row)) in enumerate(zip(questions, asked, strict=True))
    ]


def answer(
    model: FalconMamba,
    heads: Heads,
    tokenizer: Tokenizer,
    question: str,
    passages: Sequence[tuple[str, Sequence[Span]]],
) -> Found:
    """Return the sentences of `passages` (text, places of its sentences) by how well they answer `question`."""
    asked = np.asarray(tokenizer.encode_document(question.strip()), np.int64)
    tokens = [tokenise(tokenizer, text, spans) for text, spans in passages]
    jobs = sorted(((i, row) for i, some in enumerate(tokens) for row in rows(some)), key=lambda job: len(job[1].ids))
    candidates: list[Candidate] = []
    for at in range(0, len(jobs), BATCH_ROWS):
        batch = jobs[at : at + BATCH_ROWS]
        for (i, row), said in zip(batch, row_answers(model, heads, [(asked, row) for _, row in batch]), strict=True):
            for k, (low, high, _) in enumerate(said.spans):
                start = int(tokens[i].starts[row.token + low])
                span = _trimmed(passages[i][0], start, int(tokens[i].ends[row.token + high - 1]))
                number = int(tokens[i].number[row.begins + k])
                candidates.append(Candidate(i, number, float(said.sentences[k]), span, float(said.near[k])))
    candidates.sort(key=lambda candidate: -candidate.score)
    weights = np.exp(np.minimum([candidate.score for candidate in candidates], 50.0))
    return Found(candidates, float(weights.sum() / (1.0 + weights.sum())))


def _nearness(heads: Heads, hidden: Tensor, asked: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
    """Return the cosines [B, S] of the questions at the beginning of rows, `asked` [B, 1] tokens long, and the
    sentences from `starts` to `ends` [B, S]."""
    sentences = heads.meaning_head(pick(hidden, ends - 1), means(hidden, starts, ends))
    first = torch.ones_like(asked)
    question = heads.meaning_head(pick(hidden, asked), means(hidden, first, first + asked))
    cosines: Tensor = (sentences * question).sum(-1)
    return cosines


def _best_span(logits: NDArray[np.float32], start: int, end: int, begins: int) -> tuple[int, int, float]:
    """Return the best span within tokens [start, end) of a row whose passage begins at `begins`, see RowAnswer."""
    n = end - start
    total = logits[start:end, 0][:, None] + logits[start:end, 1][None, :]
    allowed = np.triu(np.ones((n, n), bool)) & ~np.triu(np.ones((n, n), bool), SPAN_TOKENS)
    low, high = divmod(int(np.where(allowed, total, -np.inf).argmax()), n)
    return start + low - begins, start + high + 1 - begins, float(total[low, high])


def _trimmed(text: str, start: int, end: int) -> Span:
    """Return the span without the blanks around it."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
