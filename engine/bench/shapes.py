"""The networks that the speed benches run: published shapes with random weights, as files where others read them."""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from engine.generation.generate import decode, prefill
from engine.generation.sampling import Sampling
from engine.generators import run_to_end
from engine.network.footprint import Bits
from engine.network.layer import Layer
from engine.network.linear import Linear, ScaledLinear
from engine.network.model import FalconMamba
from engine.network.state import MambaState

COMMON: dict[str, Any] = {
    "hidden_act": "silu",
    "state_size": 16,
    "conv_kernel": 4,
    "layer_norm_epsilon": 1e-5,
    "use_bias": False,
    "use_conv_bias": True,
    "residual_in_fp32": True,
    "eos_token_id": 0,
}
SHAPE_130M: dict[str, Any] = {
    **COMMON,
    "model_type": "mamba",
    "hidden_size": 768,
    "intermediate_size": 1536,
    "num_hidden_layers": 24,
    "time_step_rank": 48,
    "vocab_size": 50280,
    "tie_word_embeddings": True,
}
SHAPE_7B: dict[str, Any] = {
    **COMMON,
    "model_type": "falcon_mamba",
    "hidden_size": 4096,
    "intermediate_size": 8192,
    "num_hidden_layers": 64,
    "time_step_rank": 256,
    "vocab_size": 65024,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
}
GREEDY = Sampling(loop_tokens=0)  # random weights repeat themselves, and a bench needs all its tokens
PRECISIONS: dict[str, tuple[torch.dtype, Bits | None]] = {
    "fp32": (torch.float32, None),
    "bf16": (torch.bfloat16, None),
    "int8": (torch.bfloat16, 8),
    "int4": (torch.bfloat16, 4),
}
"""Compute dtype and bits of the matrices, by name: those of every device."""
FP8: tuple[torch.dtype, Bits | None] = (torch.bfloat16, "fp8")
"""The same of fp8, which not every GPU multiplies."""

_NAMES = {
    "norm": "norm.weight",
    "in_proj": "mixer.in_proj.weight",
    "conv": "mixer.conv1d.weight",
    "conv_bias": "mixer.conv1d.bias",
    "x_proj": "mixer.x_proj.weight",
    "dt_proj": "mixer.dt_proj.weight",
    "dt_bias": "mixer.dt_proj.bias",
    "A": "mixer.A_log",
    "D": "mixer.D",
    "out_proj": "mixer.out_proj.weight",
}


def save(model: FalconMamba, shape: dict[str, Any], folder: Path) -> None:
    """Write a model with whole weights as a checkpoint folder, one shard for every eight layers."""

    def stored(layer: Layer, name: str) -> torch.Tensor:
        part = getattr(layer, name)
        tensor = part.weight if isinstance(part, Linear) else part
        tensor = tensor.neg().log() if name == "A" else tensor[:, None] if name == "conv" else tensor
        return tensor.to("cpu", model.dtype).contiguous()

    def shard(number: int, tensors: dict[str, torch.Tensor]) -> None:
        file = f"model-{number:05}.safetensors"
        save_file(tensors, folder / file, metadata={"format": "pt"})
        weight_map.update(dict.fromkeys(tensors, file))

    weight_map: dict[str, str] = {}
    for start in range(0, len(model.layers), 8):
        layers = enumerate(model.layers[start : start + 8], start)
        shard(start // 8, {f"backbone.layers.{i}.{_NAMES[n]}": stored(l, n) for i, l in layers for n in _NAMES})
    ends = {"backbone.embeddings.weight": model.embeddings, "backbone.norm_f.weight": model.norm_f}
    if model.head.weight is not model.embeddings:
        ends["lm_head.weight"] = model.head.weight
    shard(len(model.layers), {name: tensor.cpu() for name, tensor in ends.items()})
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    (folder / "config.json").write_text(json.dumps(shape))


def in_fp8(model: FalconMamba) -> FalconMamba:
    """Return the same network with its large projections in fp8; the other weights are shared."""

    def made(linear: Linear) -> ScaledLinear:
        return ScaledLinear.from_floats(linear.weight, linear.bias, "fp8", model.dtype)

    layers = [replace(layer, in_proj=made(layer.in_proj), out_proj=made(layer.out_proj)) for layer in model.layers]
    return FalconMamba(model.config, model.embeddings, layers, model.norm_f, model.head)


def read(model: FalconMamba, ids: Any, chunk: int) -> tuple[torch.Tensor, MambaState]:
    """Return logits and state after a prefill from an empty state."""
    state = model.new_state()
    return finish(prefill(model, state, ids, chunk)), state


def written(model: FalconMamba, state: MambaState, logits: torch.Tensor, count: int) -> list[int]:
    """Return `count` tokens decoded greedily; the state is advanced."""
    return list(decode(model, state, logits, GREEDY, (), count))


def finish(generator: Generator[int, None, torch.Tensor | None]) -> torch.Tensor:
    """Return the logits that a prefill returns at its end."""
    logits = run_to_end(generator)
    assert logits is not None
    return logits
