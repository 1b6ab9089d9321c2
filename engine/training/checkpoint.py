"""Training checkpoints: weights fp32, moments bf16, position; safetensors in pieces small enough to move.

Saving rounds the live moments to bf16 as well, so that going on and resuming are the same.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.training.network import Network
from engine.training.optimizer import Optimizer

PIECE_BYTES = 15_000_000
"""Pieces stay under 16 MB, what the training machine can hand back in one file."""


def save(folder: Path, network: Network, optimizer: Optimizer, position: dict) -> None:
    """Write `folder`/piece-N.safetensors and position.json."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("piece-*.safetensors"):
        old.unlink()
    flat: list[tuple[str, Tensor]] = []
    with torch.no_grad():
        for name, tensor in optimizer.tensors().items():
            if name != "steps":
                tensor.copy_(tensor.to(torch.bfloat16))
    for name, tensor in _all(network, optimizer).items():
        kept = tensor.detach().to("cpu", torch.bfloat16 if name.startswith(("first.", "second.")) else torch.float32)
        parts = kept.unbind(0) if kept.ndim == 3 else [kept]
        flat += [(f"{name}/{i}", part.contiguous()) for i, part in enumerate(parts)]
    piece: dict[str, Tensor] = {}
    used = number = 0
    for name, tensor in flat:
        size = tensor.numel() * tensor.element_size()
        if piece and used + size > PIECE_BYTES:
            save_file(piece, folder / f"piece-{number}.safetensors")
            piece, used, number = {}, 0, number + 1
        piece[name] = tensor
        used += size
    save_file(piece, folder / f"piece-{number}.safetensors")
    (folder / "position.json").write_text(json.dumps(position | {"shape": network.description()}, indent=1) + "\n")


def load(folder: Path, network: Network, optimizer: Optimizer) -> dict:
    """Fill network and optimizer; returns the position. FileNotFoundError or KeyError for an incomplete folder."""
    position = json.loads((folder / "position.json").read_text())
    stored: dict[str, Tensor] = {}
    for path in sorted(folder.glob("piece-*.safetensors")):
        stored |= load_file(path)
    with torch.no_grad():
        for name, tensor in _all(network, optimizer).items():
            count = tensor.shape[0] if tensor.ndim == 3 else 1
            parts = [stored[f"{name}/{i}"].to(tensor.device, tensor.dtype) for i in range(count)]
            tensor.copy_(torch.stack(parts) if tensor.ndim == 3 else parts[0])
    return position


def _all(network: Network, optimizer: Optimizer) -> dict[str, Tensor]:
    return {f"weight.{name}": p for name, p in network.named_parameters()} | optimizer.tensors()
