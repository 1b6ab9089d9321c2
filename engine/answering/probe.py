"""The yes/no probe: one forward pass that asks a state whether its text holds the answer."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from engine.answering.retrieval import Source
from engine.control import Cancelled
from engine.generation.generate import prefill_batch
from engine.generators import run_to_end
from engine.network.state import MambaState
from engine.prompting.prompts import Request
from engine.reading.context import Context

_YES, _NO = ("yes", "Yes", " yes", " Yes", "YES"), ("no", "No", " no", " No", "NO")


def probe(context: Context, sources: Sequence[Source], question: str) -> tuple[list[float] | None, int]:
    """Return the probability of "yes" against "no" that each of `sources` holds the answer, and the number of tokens
    that the model was fed. Return None for the probabilities when the model has no such request. Raise Cancelled."""
    runtime = context.runtime
    prompts = runtime.tokenizer.prompts
    if not prompts.wording.probe or not sources:
        return None, 0
    request = Request("", prompts.wording.probe + question.strip(), prompts.after_user)
    tokens = runtime.tokenizer.encode_request(request)
    states = MambaState.stack([source.state for source in sources])
    texts = [tokens] * len(sources)
    logits = run_to_end(prefill_batch(runtime.model, states, texts, runtime.chunk_length, context.cancelled))
    if logits is None:
        raise Cancelled
    chances = torch.softmax(logits.float(), dim=-1)
    yes, no = (chances[:, _first_tokens(context, words)].sum(dim=-1) for words in (_YES, _NO))
    return (yes / (yes + no).clamp_min(1e-12)).tolist(), len(tokens) * len(sources)


def _first_tokens(context: Context, words: Sequence[str]) -> list[int]:
    """Return the first token of each of `words`."""
    encode = context.runtime.tokenizer.encode_document
    return sorted({ids[0] for word in words if (ids := encode(word))})
