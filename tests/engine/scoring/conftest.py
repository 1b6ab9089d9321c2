"""A tiny network with heads, and the shipped reader."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from engine.network.config import FalconMambaConfig
from engine.network.heads import Heads, load_heads
from engine.network.model import FalconMamba
from engine.network.weights import load_model, random_model
from engine.prompting.tokenizer import Tokenizer
from tests.engine.network.test_cpu_step import SHAPE
from tests.engine.tiny import add_tokenizer

READER = Path(__file__).parents[3] / "resources" / "models" / "reader"


@dataclass(frozen=True)
class Chooser:
    """What scoring needs."""

    model: FalconMamba
    heads: Heads
    tokenizer: Tokenizer


@pytest.fixture(scope="package")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Chooser:
    config = FalconMambaConfig.from_dict({**SHAPE, "vocab_size": 259, "eos_token_id": 256})
    model = random_model(config)
    torch.manual_seed(3)
    heads = Heads(config.d_model, 259).eval().requires_grad_(False)
    heads.word.copy_(torch.arange(259))
    heads.rarity.fill_(2.0)
    return Chooser(model, heads, Tokenizer.from_folder(add_tokenizer(tmp_path_factory.mktemp("tiny"))))


@pytest.fixture(scope="package")
def reader() -> Chooser:
    return Chooser(load_model(READER), load_heads(READER), Tokenizer.from_folder(READER))
