"""Checkpoints of the reader: `python -m engine.training.reader.checkpoint CHECKPOINT [CHECKPOINT …] --out FOLDER`.

Makes the shipped model folder from a checkpoint, or from the mean of several (--weights 0.85 0.15): the network in two
files of bf16, the heads in one, config.json. The tokenizer's files are copied from --tokenizer.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.network.answer_file import stored_answers
from engine.network.answer_weights import ADDED, SCALE, unpacked
from engine.network.checkpoint import Checkpoint
from engine.network.heads import HEADS_FILE, Heads, load_heads
from engine.network.weight_files import INDEX
from engine.prompting.tokenizer import FILES
from engine.scoring.section import WINDOW_TOKENS
from engine.training.network import _NAMES, Network

PIECE_BYTES = 15_500_000
"""A machine with a GPU may hand back 16 MiB in one file."""
SHARDS = 2
GENERATION = "generation_config.json"


def save(folder: Path, network: Network, heads: Heads) -> None:
    """Write the parameters in bf16, in pieces of PIECE_BYTES, and the heads' tables as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    flat: dict[str, Tensor] = {}
    for prefix, module in (("network", network), ("heads", heads)):
        for name, tensor in module.state_dict().items():
            kept = tensor.detach().cpu() if name in ("word", "rarity") else tensor.detach().to("cpu", torch.bfloat16)
            parts = kept.unbind(0) if kept.ndim == 3 else kept.split(4096)
            flat |= {f"{prefix}.{name}/{i}": part.contiguous() for i, part in enumerate(parts)}
    piece: dict[str, Tensor] = {}
    pieces = [piece]
    for name, tensor in flat.items():
        if sum(t.nbytes for t in piece.values()) + tensor.nbytes > PIECE_BYTES:
            pieces.append(piece := {})
        piece[name] = tensor
    for number, part in enumerate(pieces):
        save_file(part, folder / f"piece-{number}.safetensors")
    (folder / "shape.json").write_text(json.dumps(network.description()) + "\n")


def load(folder: Path, network: Network, heads: Heads) -> None:
    """Fill `network` and `heads` from a checkpoint. Raise KeyError or RuntimeError where it has another shape."""
    stored: dict[str, Tensor] = {}
    for path in sorted(folder.glob("piece-*.safetensors")):
        stored |= load_file(path)
    with torch.no_grad():
        for prefix, module in (("network", network), ("heads", heads)):
            for name, tensor in module.state_dict().items():
                key = f"{prefix}.{name}/"
                parts = [stored[f"{key}{i}"] for i in range(sum(other.startswith(key) for other in stored))]
                tensor.copy_(torch.stack(parts) if tensor.ndim == 3 else torch.cat(parts))


def take(folder: Path, network: Network, heads: Heads, answering: bool = False) -> None:
    """Fill `network` and `heads` from a model folder: the weights that read sections or, if `answering`, those that
    answer, and all its heads."""
    stored = Checkpoint(folder)
    with torch.no_grad():
        network.embeddings.copy_(stored.read("embeddings.weight"))
        network.norm_f.copy_(stored.read("norm_f.weight"))
        for name, theirs in _NAMES.items():
            mine = getattr(network, name)
            layers = [stored.read(f"layers.{i}.{theirs}") for i in range(network.shape.n_layers)]
            mine.copy_(torch.stack(layers).reshape(mine.shape))
        if answering:
            _add(stored_answers(folder), network)
    heads.load_state_dict(load_heads(folder).state_dict())


def _add(stored: Mapping[str, Tensor], network: Network) -> None:
    """Add the differences of the file for answering to the weights of `network`."""
    for name, parameter in network.named_parameters():
        parts = parameter.unbind(0) if name in _NAMES else (parameter,)
        for i, part in enumerate(parts):
            theirs = f"layers.{i}.{_NAMES[name]}" if name in _NAMES else f"{name}.weight"
            if theirs + SCALE in stored:
                part += unpacked(stored[theirs], stored[theirs + SCALE], part.shape[1])
            elif ADDED + theirs in stored:
                part += stored[ADDED + theirs].float().reshape(part.shape)


def mean(folders: Sequence[Path], weights: Sequence[float], network: Network, heads: Heads) -> None:
    """Fill `network` and `heads` with the weighted mean of checkpoints (Izmailov et al., arXiv 1803.05407)."""
    sums: list[Tensor] = []
    for folder, weight in zip(folders, weights, strict=True):
        load(folder, network, heads)
        parts = [p.detach() * (weight / sum(weights)) for p in (*network.parameters(), *heads.parameters())]
        sums = parts if not sums else [a + b for a, b in zip(sums, parts, strict=True)]
    with torch.no_grad():
        for parameter, value in zip((*network.parameters(), *heads.parameters()), sums, strict=True):
            parameter.copy_(value)


def export(folder: Path, network: Network, heads: Heads) -> None:
    """Write the model folder without its tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    shape = network.shape
    tensors = {"backbone.embeddings.weight": _bf16(network.embeddings), "backbone.norm_f.weight": _bf16(network.norm_f)}
    for name, theirs in _NAMES.items():
        for i, weight in enumerate(getattr(network, name).unbind(0)):
            tensors[f"backbone.layers.{i}.{theirs}"] = _bf16(weight[:, None, :] if name == "conv" else weight)
    half, used = sum(t.nbytes for t in tensors.values()) / SHARDS, 0
    files: list[dict[str, Tensor]] = [{} for _ in range(SHARDS)]
    for name, tensor in tensors.items():
        files[min(SHARDS - 1, int((used + tensor.nbytes / 2) / half))][name] = tensor
        used += tensor.nbytes
    names = [f"model-{i + 1:05d}-of-{SHARDS:05d}.safetensors" for i in range(SHARDS)]
    for path, part in zip(names, files, strict=True):
        save_file(part, folder / path, metadata={"format": "pt"})
    where = {name: path for path, part in zip(names, files, strict=True) for name in part}
    index = {"metadata": {"total_size": used}, "weight_map": where}
    (folder / INDEX).write_text(json.dumps(index, indent=1) + "\n")
    kept = {name: t if name in ("word", "rarity") else _bf16(t) for name, t in heads.state_dict().items()}
    save_file({name: tensor.cpu().contiguous() for name, tensor in kept.items()}, folder / HEADS_FILE)
    config = shape.config(WINDOW_TOKENS) | {"readthrough": {"reader": True}}
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    generation = {"bos_token_id": 0, "eos_token_id": [2, 0], "pad_token_id": 3, "do_sample": False}
    (folder / GENERATION).write_text(json.dumps(generation, indent=2) + "\n")


def _bf16(tensor: Tensor) -> Tensor:
    return tensor.detach().to("cpu", torch.bfloat16).contiguous()


def main() -> None:
    """Export the checkpoint named on the command line."""
    from engine.training.network import Shape

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoints", type=Path, nargs="+", metavar="CHECKPOINT")
    parser.add_argument("--weights", type=float, nargs="+")
    parser.add_argument("--tokenizer", type=Path, default=Path("resources/models/reader"))
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    shape = Shape(**json.loads((options.checkpoints[0] / "shape.json").read_text()))
    network, heads = Network(shape), Heads(shape.d_model, shape.vocab_size)
    mean(options.checkpoints, options.weights or [1.0] * len(options.checkpoints), network, heads)
    export(options.out, network, heads)
    for name in FILES:
        if (options.tokenizer / name).is_file() and options.tokenizer.resolve() != options.out.resolve():
            shutil.copy(options.tokenizer / name, options.out / name)


if __name__ == "__main__":
    main()
