"""The shipped model that chooses sentences, loaded once, when it is first needed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch

from engine.network.heads import Heads, has_heads, load_heads
from engine.network.model import FalconMamba
from engine.network.weights import load_model
from engine.prompting.tokenizer import Tokenizer
from engine.resources import resource_path

FOLDER = "models/reader"
LANGUAGES = frozenset({"en"})
"""Languages that it was trained on."""


@dataclass(frozen=True)
class ReaderModel:
    """A network, the heads that score with it, and its tokenizer."""

    model: FalconMamba
    heads: Heads
    tokenizer: Tokenizer


@lru_cache(maxsize=1)
def reader_model() -> ReaderModel | None:
    """Return the shipped reader on the CPU; None where it is not installed."""
    folder = resource_path(FOLDER)
    if not folder.is_dir() or not has_heads(folder):
        return None
    device = torch.device("cpu")
    return ReaderModel(load_model(folder, device), load_heads(folder, device), Tokenizer.from_folder(folder))
