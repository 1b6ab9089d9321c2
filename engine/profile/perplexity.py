"""Perplexity check: the test whether a text is of the kind that a model was trained on.

A language model predicts its own kind of text well. The mean negative log-likelihood of a few tokens separates the
records that the demonstration model was trained on from other texts: nats differ by a factor of several.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from engine.network.model import FalconMamba
from engine.prompting.tokenizer import Tokenizer

PAGES_IN_DOCUMENT = (0.5, 1.0, 0.0)
"""Pages that are checked, as shares of those read: a title page or a list of contents alone proves little."""
TOKENS = 192
"""Tokens of a page that are read."""
POSITIONS = 16
"""Number of tokens whose likelihood is measured, spread over the page."""
FEWEST_TOKENS = 8
"""Shorter texts are not judged."""


def is_familiar(model: FalconMamba, tokenizer: Tokenizer, texts: Iterable[str], limit: float) -> bool:
    """Return whether one of these pages costs less than `limit` nats a token. True where no page can be judged."""
    judged = False
    for text in texts:
        nats = negative_log_likelihood(model, tokenizer, text)
        if nats is not None and nats < limit:
            return True
        judged = judged or nats is not None
    return not judged


@torch.inference_mode()
def negative_log_likelihood(model: FalconMamba, tokenizer: Tokenizer, text: str) -> float | None:
    """Return the mean negative log-likelihood, in nats a token, of `text` as the start of a document; None if it is
    too short.

    One batch of prefixes: each position costs no more than its part of a short prefill.
    """
    prefix = tokenizer.document_prefix
    ids = tokenizer.encode_document(text)[:TOKENS]
    if len(ids) < FEWEST_TOKENS:
        return None
    # Skip the first third: the model needs context before its predictions mean anything.
    positions = sorted({round(p) for p in torch.linspace(len(ids) // 3, len(ids) - 1, POSITIONS).tolist()})
    lengths = torch.tensor([len(prefix) + position for position in positions])
    rows = torch.full((len(positions), int(lengths.max())), ids[0])
    for row, position in enumerate(positions):
        rows[row, : len(prefix) + position] = torch.tensor([*prefix, *ids[:position]])
    state = model.new_state(len(positions))
    logits: Tensor = model(rows.to(model.device), state, lengths=lengths.to(model.device))
    following = torch.tensor([ids[position] for position in positions], device=logits.device)
    return float(torch.nn.functional.cross_entropy(logits, following))
