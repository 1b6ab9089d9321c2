"""The weights by which a reader answers: those of its network with differences of few bits, in one more file.

A section is read with the weights of the folder; a question and its passages are read afresh when it is asked, with
weights that were tuned for questions. The file holds the difference of each matrix in one, two or four bits a number
with a scale a row (the levels of J. Max, 1960, for normal numbers), and the differences of small tensors in bf16.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from engine.network.answer_file import ANSWERS_FILE, AnswersError
from engine.network.layer import Layer
from engine.network.linear import Linear
from engine.network.model import FalconMamba

SCALE, ADDED = ".scale", "added."
"""End of the name of a matrix's scales, and beginning of the name of a small tensor's difference."""
_POSITIVE = {
    1: (0.7979,),
    2: (0.4528, 1.510),
    4: (0.1284, 0.3881, 0.6568, 0.9424, 1.256, 1.618, 2.069, 2.733),
}
"""Bits -> the positive levels, in standard deviations."""


def packed(difference: Tensor, bits: int) -> tuple[Tensor, Tensor]:
    """Return a matrix [rows, columns] in `bits` bits a number, [rows, columns * bits / 8] uint8, and its scales [rows].

    A column's number stands in the lower bits of its byte the earlier it comes.
    """
    scale = difference.float().pow(2).mean(1).sqrt().clamp(min=1e-12).half()
    levels = _levels(bits)
    codes = torch.bucketize(difference.float() / scale.float()[:, None], (levels[1:] + levels[:-1]) / 2)
    parts = codes.reshape(len(codes), -1, 8 // bits)
    shifts = torch.arange(0, 8, bits)
    return (parts << shifts).sum(-1).to(torch.uint8), scale


def unpacked(codes: Tensor, scale: Tensor, columns: int) -> Tensor:
    """Return the matrix [rows, columns] that `packed` packed, in fp32."""
    bits = 8 * codes.shape[1] // columns
    bytes_ = torch.arange(256)[:, None] >> torch.arange(0, 8, bits)[None]
    table = _levels(bits)[bytes_ & (2**bits - 1)]
    found = table.index_select(0, codes.reshape(-1).int()).reshape(len(codes), columns)
    return found.mul_(scale.float()[:, None])


def _levels(bits: int) -> Tensor:
    positive = torch.tensor(_POSITIVE[bits])
    return torch.cat([-positive.flip(0), positive])


def answering_model(model: FalconMamba, stored: Mapping[str, Tensor]) -> FalconMamba:
    """Return the network that answers: `model` with the differences of `stored`; `model` itself where there are none.

    Tensors without a difference are shared. Raise AnswersError where the differences are of another network.
    """
    if not any(name.endswith(SCALE) for name in stored):
        return model

    def changed(name: str, tensor: Tensor) -> Tensor:
        if name + SCALE in stored:
            difference = unpacked(stored[name], stored[name + SCALE], tensor.shape[1])
        elif ADDED + name in stored:
            difference = stored[ADDED + name].float().clone()
        else:
            return tensor
        return difference.reshape(tensor.shape).to(tensor.device).add_(tensor).to(tensor.dtype)

    def layer(index: int, old: Layer) -> Layer:
        at = f"layers.{index}.mixer."

        def linear(part: str, kept: Linear) -> Linear:
            return Linear(changed(f"{at}{part}.weight", kept.weight), kept.bias)

        return replace(
            old,
            norm=changed(f"layers.{index}.norm.weight", old.norm),
            in_proj=linear("in_proj", old.in_proj),
            conv=changed(at + "conv1d.weight", old.conv),
            conv_bias=None if old.conv_bias is None else changed(at + "conv1d.bias", old.conv_bias),
            x_proj=linear("x_proj", old.x_proj),
            dt_proj=linear("dt_proj", old.dt_proj),
            dt_bias=changed(at + "dt_proj.bias", old.dt_bias),
            D=changed(at + "D", old.D),
            out_proj=linear("out_proj", old.out_proj),
        )

    try:
        with torch.inference_mode():
            embeddings = changed("embeddings.weight", model.embeddings)
            layers = [layer(index, old) for index, old in enumerate(model.layers)]
            norm_f = changed("norm_f.weight", model.norm_f)
    except (RuntimeError, KeyError, ZeroDivisionError) as error:
        raise AnswersError(f"{ANSWERS_FILE} belongs to another model: {error}; install the model again") from error
    return FalconMamba(model.config, embeddings, layers, norm_f, Linear(embeddings))
