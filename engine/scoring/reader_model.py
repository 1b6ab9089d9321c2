"""The shipped model that chooses sentences, loaded once, when it is first needed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import torch

from engine.network.answer_file import stored_answers
from engine.network.answer_weights import answering_model
from engine.network.checkpoint import weights_fingerprint
from engine.network.config import FalconMambaConfig
from engine.network.heads import HEADS_FILE, Heads, has_heads, load_heads
from engine.network.model import FalconMamba
from engine.network.precision import compute_dtype
from engine.network.weights import load_model
from engine.network.weights_digest import file_digest
from engine.prompting.tokenizer import Tokenizer
from engine.resources import resource_path

FOLDER = "models/reader"
LANGUAGES = frozenset({"en"})
"""Languages that it was trained on."""
_SCORING = 2
"""Version of the splitting into sentences and windows; another one means other scores."""


@dataclass(frozen=True)
class ReaderModel:
    """A network, the heads that score with it, and its tokenizer."""

    model: FalconMamba
    heads: Heads
    tokenizer: Tokenizer
    identity: str
    """Key under which its scores are saved: weights, heads, tokenizer, precision and the way of scoring."""
    folder: Path

    @cached_property
    def answering(self) -> FalconMamba:
        """The network that reads questions and passages, made when the first question is asked."""
        return answering_model(self.model, stored_answers(self.folder))


@lru_cache(maxsize=1)
def reader_model() -> ReaderModel | None:
    """Return the shipped reader on the CPU; None where it is not installed."""
    identity = reader_identity()
    if identity is None:
        return None
    folder, device = resource_path(FOLDER), torch.device("cpu")
    model = load_model(folder, device, _dtype(folder))
    return ReaderModel(model, load_heads(folder, device), Tokenizer.from_folder(folder), identity, folder)


def read_by_reader() -> int:
    """Return the tokens that the reader has computed since it was loaded, 0 before. Loads nothing."""
    reader = reader_model() if reader_model.cache_info().currsize else None
    if reader is None:
        return 0
    answering = reader.answering if "answering" in vars(reader) else None
    return reader.model.tokens_computed + (answering.tokens_computed if answering is not None else 0)


@lru_cache(maxsize=1)
def reader_identity() -> str | None:
    """Return the identity of the shipped reader, without loading it; None where it is not installed."""
    folder = resource_path(FOLDER)
    if not folder.is_dir() or not has_heads(folder):
        return None
    parts = weights_fingerprint(folder), file_digest(folder / HEADS_FILE), file_digest(folder / "tokenizer.json")
    dtype = str(_dtype(folder)).removeprefix("torch.")
    return f"{' '.join(part[:16] for part in parts)} {dtype} {_SCORING}"


def _dtype(folder: Path) -> torch.dtype:
    """Return bf16, in which the weights are stored, on a processor that multiplies it in hardware; else fp32."""
    return compute_dtype("cpu", FalconMambaConfig.from_folder(folder))
