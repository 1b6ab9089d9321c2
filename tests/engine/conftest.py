"""Tiny random checkpoints, saved by transformers itself, and a tokenizer whose tokens are bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.engine.tiny import add_tokenizer

MODEL_TYPES = ("mamba", "falcon_mamba")


class ByteTokenizer:
    """Token i is byte i; token 256 ends a text. Has the parts of a transformers tokenizer that the engine uses."""

    eos_token_id = 256
    vocab_size = 257
    chat_template = None

    def encode(self, text: str, add_special_tokens: bool = False) -> list[int]:
        return list(text.encode())

    def decode(self, ids: Iterable[int], skip_special_tokens: bool = True, **_: Any) -> str:
        return bytes(token for token in ids if token < 256).decode("utf-8", errors="replace")


def reference_model(model_type: str, seed: int = 0, **config: Any) -> Any:
    """A random transformers model of two small layers, fp32, on the CPU."""
    from transformers import FalconMambaConfig, FalconMambaForCausalLM, MambaConfig, MambaForCausalLM

    shape = {
        "vocab_size": 64,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "state_size": 8,
        "conv_kernel": 4,
        "tie_word_embeddings": False,
        "pad_token_id": 0,
        "eos_token_id": 0,
        **config,
    }
    torch.manual_seed(seed)
    if model_type == "mamba":
        model = MambaForCausalLM(MambaConfig(**shape))
    else:
        model = FalconMambaForCausalLM(FalconMambaConfig(**shape))
    with torch.no_grad():  # transformers leaves these at one value, which would hide a mix-up of channels
        for name, weight in model.named_parameters():
            if name.endswith(("norm.weight", "norm_f.weight", "mixer.D")):
                weight.uniform_(0.5, 1.5)
            elif name.endswith(("conv1d.bias", "in_proj.bias", "out_proj.bias")):
                weight.uniform_(-0.3, 0.3)
            elif name.endswith("dt_proj.bias"):
                weight.add_(2)  # steps of 0.01 to 0.6: states that fade within a test's few tokens
            elif name.endswith("A_log"):
                weight.add_(torch.empty_like(weight).uniform_(-0.3, 0.3))
    return model.eval()


@pytest.fixture(scope="session")
def save_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """(model, **save_pretrained options) -> a folder that holds it."""

    def save(model: Any, **options: Any) -> Path:
        folder = tmp_path_factory.mktemp("checkpoint")
        model.save_pretrained(folder, **options)
        return folder

    return save


@pytest.fixture(scope="session")
def checkpoints(save_checkpoint: Callable[..., Path]) -> dict[str, Path]:
    """One folder of each model type, vocabulary 257, for tests that need no comparison."""
    return {kind: save_checkpoint(reference_model(kind, vocab_size=257)) for kind in MODEL_TYPES}


@pytest.fixture
def byte_tokenizer() -> ByteTokenizer:
    return ByteTokenizer()


@pytest.fixture(scope="session")
def tiny_folder(save_checkpoint: Callable[..., Path]) -> Path:
    """A checkpoint folder complete with tokenizer and chat template; its words mean nothing."""
    model = reference_model("falcon_mamba", vocab_size=259, num_hidden_layers=2, eos_token_id=256)
    return add_tokenizer(save_checkpoint(model))
