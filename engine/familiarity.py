"""How well a model knows the kind of text it is given: what the demo model's warning rests on.

A language model finds its own kind of text easy to continue. The mean negative log-likelihood of a few tokens is enough
to tell records like the demo model's training from anything else: nats differ by a factor of several.
"""

from __future__ import annotations

import torch
from torch import Tensor

from engine.model import FalconMamba
from engine.tokenizer import Tokenizer

LONGEST = 192
"""Tokens of the text that are read."""
PLACES = 16
"""Tokens whose likelihood is taken, spread over the text."""
UNFAMILIAR = 4.0
"""Nats a token: the demo model gives records of its own kind 0.7 to 2, manuals, prose and other scripts 9 to 15."""
FEWEST = 8
"""With fewer tokens than this there is nothing to judge."""


@torch.inference_mode()
def surprise(model: FalconMamba, tokenizer: Tokenizer, text: str) -> float | None:
    """Mean negative log-likelihood, in nats a token, of `text` read as the start of a document; None if it is empty.

    One batch of prefixes, so that each place costs no more than its part of a short prefill.
    """
    prefix = tokenizer.document_prefix
    ids = tokenizer.encode_document(text)[:LONGEST]
    if len(ids) < FEWEST:
        return None
    # The first third is left out: what kind of text it is must be seen before it can be foretold.
    places = sorted({round(p) for p in torch.linspace(len(ids) // 3, len(ids) - 1, PLACES).tolist()})
    lengths = torch.tensor([len(prefix) + place for place in places])
    rows = torch.full((len(places), int(lengths.max())), ids[0])
    for row, place in enumerate(places):
        rows[row, : len(prefix) + place] = torch.tensor([*prefix, *ids[:place]])
    state = model.new_state(len(places))
    logits: Tensor = model(rows.to(model.device), state, lengths=lengths.to(model.device))
    following = torch.tensor([ids[place] for place in places], device=logits.device)
    return float(torch.nn.functional.cross_entropy(logits, following))
