"""How well a model knows the kind of text it is given: what the demo model's warning rests on.

A language model finds its own kind of text easy to continue. The mean negative log-likelihood of a few tokens is enough
to tell records like the demo model's training from anything else: nats differ by a factor of several.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from engine.network.model import FalconMamba
from engine.prompting.tokenizer import Tokenizer

PLACES_IN_DOCUMENT = (0.5, 1.0, 0.0)
"""Pages to look at, as shares of what has been read: a title page or a list of contents alone proves little."""
LONGEST = 192
"""Tokens of the text that are read."""
PLACES = 16
"""Tokens whose likelihood is taken, spread over the text."""
UNFAMILIAR = 4.0
"""Nats a token: the demo model gives records of its own kind 0.7 to 3.7, manuals, prose and other scripts 5.6 to 11."""
FEWEST = 8
"""With fewer tokens than this there is nothing to judge."""


def is_familiar(model: FalconMamba, tokenizer: Tokenizer, texts: Iterable[str]) -> bool:
    """Whether one of these pages is the kind of text that the demo model was trained on; the first such ends the look.

    True where there is nothing to judge by.
    """
    judged = False
    for text in texts:
        nats = surprise(model, tokenizer, text)
        if nats is not None and nats < UNFAMILIAR:
            return True
        judged = judged or nats is not None
    return not judged


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
