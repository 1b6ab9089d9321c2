"""Make the file by which a reader answers: `python -m engine.training.reader.answers CHECKPOINT … [--weights W …]`.

The folder's weights read sections and stay as they are; the mean of the checkpoints, which were tuned for questions,
becomes differences of few bits beside them (`engine.network.answer_weights`), and its heads that answer go along.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.network.answer_file import ANSWERS_FILE
from engine.network.answer_weights import ADDED, SCALE, packed
from engine.network.checkpoint import Checkpoint
from engine.network.heads import ANSWER_PARTS, HEADS_FILE, Heads
from engine.network.packed_exponents import EXPONENTS
from engine.network.packed_exponents import packed as packed_exponents
from engine.network.weight_files import weight_files
from engine.training.network import _NAMES, Network, Shape
from engine.training.reader.checkpoint import mean

BITS = {"embeddings": 1, "in_proj": 2, "out_proj": 2, "x_proj": 4, "dt_proj": 4}
"""Bits of a difference: the small projections decide what a state keeps."""
WHOLE = ("norm", "norm_f", "conv", "conv_bias", "dt_bias", "D")
"""Parameters whose differences are stored in bf16."""
DEFLATED = ("embeddings.weight", "out_proj.weight")
"""Ends of the names of weights whose exponents are deflated, so that the folder stays within 100 MB."""


def differences(network: Network, base: Checkpoint) -> dict[str, Tensor]:
    """Return the differences of `network` and the stored weights, as they are stored."""
    found: dict[str, Tensor] = {}
    for name, parameter in network.named_parameters():
        parts = parameter.detach().unbind(0) if name in _NAMES else (parameter.detach(),)
        for i, part in enumerate(parts):
            stored_name = f"layers.{i}.{_NAMES[name]}" if name in _NAMES else f"{name}.weight"
            difference = part.float() - base.read(stored_name).float().reshape(part.shape)
            if name in BITS:
                found[stored_name], found[stored_name + SCALE] = packed(difference, BITS[name])
            elif name in WHOLE:
                found[ADDED + stored_name] = difference.to(torch.bfloat16).contiguous()
    return found


def deflate(folder: Path) -> None:
    """Store some weights of a folder in fewer bytes, without loss."""
    for path in weight_files(folder):
        tensors = load_file(path)
        for name in [name for name in tensors if name.endswith(DEFLATED) and tensors[name].dtype == torch.bfloat16]:
            tensors[name], tensors[name + EXPONENTS] = packed_exponents(tensors[name])
        save_file(tensors, path, metadata={"format": "pt"})


def main() -> None:
    """Write the file of the folder named on the command line, and take the heads that answer out of its others."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoints", type=Path, nargs="+", metavar="CHECKPOINT")
    parser.add_argument("--weights", type=float, nargs="+", help="of the checkpoints in their mean")
    parser.add_argument("--folder", type=Path, default=Path("resources/models/reader"))
    options = parser.parse_args()
    shape = Shape(**json.loads((options.checkpoints[0] / "shape.json").read_text()))
    network, heads = Network(shape), Heads(shape.d_model, shape.vocab_size)
    mean(options.checkpoints, options.weights or [1.0] * len(options.checkpoints), network, heads)
    tensors = differences(network, Checkpoint(options.folder))
    for name, tensor in heads.state_dict().items():
        if name.startswith(ANSWER_PARTS):
            tensors[name] = tensor.to(torch.bfloat16).contiguous()
    save_file(tensors, options.folder / ANSWERS_FILE)
    kept = {n: t for n, t in load_file(options.folder / HEADS_FILE).items() if not n.startswith(ANSWER_PARTS)}
    save_file(kept, options.folder / HEADS_FILE)
    deflate(options.folder)


if __name__ == "__main__":
    main()
