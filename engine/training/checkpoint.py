"""Training checkpoints: weights fp32, moments bf16, position; safetensors in pieces small enough to move.

`python -m engine.training.checkpoint CHECKPOINT [CHECKPOINT ...] FOLDER` writes the model folder's weights and config
from one, or from the mean of several (named twice, one counts twice); `--slim` writes a checkpoint without moments
instead, from which a run can go on after a new warm-up.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.training.network import Network, Shape
from engine.training.optimizer import Optimizer

PIECE_BYTES = 15_000_000
"""Pieces stay under 16 MB, what a training machine may hand back in one file."""
TRAINED_CONTEXT = 3072
"""Tokens of the longest rows that make up most of the training."""


def round_moments(optimizer: Optimizer) -> None:
    """Round the live moments to the precision of a checkpoint, so that continuing and resuming are the same."""
    with torch.no_grad():
        for name, tensor in optimizer.tensors().items():
            if name != "steps":
                tensor.copy_(tensor.to(torch.bfloat16))


def save(folder: Path, network: Network, optimizer: Optimizer | None, position: dict[str, Any]) -> None:
    """Write `folder`/piece-N.safetensors and position.json; without an optimizer, weights alone."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("piece-*.safetensors"):
        old.unlink()
    flat: list[tuple[str, Tensor]] = []
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
    position |= {"shape": network.description(), "moments": optimizer is not None}
    (folder / "position.json").write_text(json.dumps(position, indent=1) + "\n")


def load(folder: Path, network: Network, optimizer: Optimizer | None) -> dict[str, Any]:
    """Fill network and, where the checkpoint has moments, optimizer; returns the position.

    Raises FileNotFoundError or KeyError for an incomplete folder.
    """
    position = json.loads((folder / "position.json").read_text())
    stored: dict[str, Tensor] = {}
    for path in sorted(folder.glob("piece-*.safetensors")):
        stored |= load_file(path)
    with torch.no_grad():
        for name, tensor in _all(network, optimizer if position["moments"] else None).items():
            count = tensor.shape[0] if tensor.ndim == 3 else 1
            parts = [stored[f"{name}/{i}"].to(tensor.device, tensor.dtype) for i in range(count)]
            tensor.copy_(torch.stack(parts) if tensor.ndim == 3 else parts[0])
    return position


def average(folders: Sequence[Path]) -> tuple[Network, dict[str, Any]]:
    """Return the mean of the weights of checkpoints or model folders, and the position of the last checkpoint.

    Along one run it stands for a lower learning rate at the end of it (Izmailov et al., arXiv 1803.05407).
    """
    networks, position = [], {}
    for folder in folders:
        if (folder / "position.json").exists():
            network = Network(Shape(**json.loads((folder / "position.json").read_text())["shape"]))
            position = load(folder, network, None)
        else:
            network = Network(Shape(vocab_size=json.loads((folder / "config.json").read_text())["vocab_size"]))
            network.fill(folder)
        networks.append(network)
    with torch.no_grad():
        for same in zip(*(network.parameters() for network in networks), strict=True):
            same[0].copy_(torch.stack(same).mean(0))
    return networks[0], position


def _all(network: Network, optimizer: Optimizer | None) -> dict[str, Tensor]:
    weights = {f"weight.{name}": p for name, p in network.named_parameters()}
    return weights | (optimizer.tensors() if optimizer else {})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoints", type=Path, nargs="+", metavar="CHECKPOINT")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--slim", action="store_true", help="write a checkpoint without moments")
    options = parser.parse_args()
    network, position = average(options.checkpoints)
    if options.slim:
        save(options.folder, network, None, position)
    else:
        network.save(options.folder, TRAINED_CONTEXT)


if __name__ == "__main__":
    main()
