"""Scores of sentences from the likelihoods of a model without heads, for the benches."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from engine.network.model import FalconMamba
from engine.network.state import MambaState
from engine.prompting.prompts import page_text
from engine.prompting.tokenizer import Tokenizer
from engine.scoring.tokens import Span

_BATCH = 16
_CHUNK = 2048
_LINE = "- "
"""Begins each line of a summary."""


def sentence_likelihoods(model: FalconMamba, tokenizer: Tokenizer, text: str, spans: Sequence[Span]) -> list[float]:
    """Return, for each sentence of `text`, the mean log-probability of its tokens as the first line of a summary.

    The text is read once; each sentence continues from a copy of the state behind the summary request.
    """
    prefix = tokenizer.document_prefix + tokenizer.encode_document(page_text(text))
    state, last = read(model, prefix + tokenizer.encode_request(tokenizer.prompts.summary()))
    return mean_log_probabilities(
        model, state, last, [tokenizer.encode_document(_LINE + text[start:end]) for start, end in spans]
    )


def question_likelihoods(
    model: FalconMamba, tokenizer: Tokenizer, question: str, sentences: Sequence[str]
) -> list[float]:
    """Return, for each sentence, the mean log-probability of `question` behind it."""
    request = tokenizer.prompts.question(question)
    opening, asked = tokenizer.encode_prompt(request.opening), tokenizer.encode_document(request.text)
    scores: list[float] = []
    for sentence in sentences:
        prefix = tokenizer.document_prefix + tokenizer.encode_document(page_text(sentence)) + opening
        scores += mean_log_probabilities(model, *read(model, prefix), [asked])
    return scores


def read(model: FalconMamba, ids: Sequence[int]) -> tuple[MambaState, torch.Tensor]:
    """Return the state behind `ids` and the logits [1, vocab_size] of their last token."""
    state = model.new_state()
    logits = torch.empty(0)
    for at in range(0, len(ids), _CHUNK):
        logits = model(torch.tensor([list(ids[at : at + _CHUNK])]), state)
    return state, logits


def mean_log_probabilities(
    model: FalconMamba, state: MambaState, last: torch.Tensor, continuations: Sequence[Sequence[int]]
) -> list[float]:
    """Return the mean log-probability of each continuation's tokens behind `state`, which stays as it is.

    `last`: the logits [1, vocab_size] of the last token that the state has read.
    """
    first = last[0].float().log_softmax(-1).cpu()
    scores: list[float] = []
    for at in range(0, len(continuations), _BATCH):
        batch = [list(ids) for ids in continuations[at : at + _BATCH]]
        lengths = torch.tensor([max(1, len(ids)) for ids in batch])
        padded = torch.zeros(len(batch), int(lengths.max()), dtype=torch.int64)
        for row, ids in zip(padded, batch, strict=True):
            row[: len(ids)] = torch.tensor(ids)
        hidden = model.hidden(padded, state.select([0] * len(batch)), lengths)
        for ids, vectors in zip(batch, hidden, strict=True):
            if not ids:
                scores.append(float("-inf"))
                continue
            total = float(first[ids[0]])
            if len(ids) > 1:
                logits = model.head(vectors[: len(ids) - 1][None])[0].float().log_softmax(-1).cpu()
                total += float(logits[torch.arange(len(ids) - 1), torch.tensor(ids[1:])].sum())
            scores.append(total / len(ids))
    return scores
