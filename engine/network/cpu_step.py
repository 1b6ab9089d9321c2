"""One-token steps on a CPU: the whole network in one compiled call where its weights lie so that it can read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from engine.network.linear import Linear
from kernels import implementation

if TYPE_CHECKING:
    from engine.network.model import FalconMamba
    from kernels.cpu.step import NetworkStep


def token_step(model: FalconMamba) -> NetworkStep | None:
    """The compiled step of `model`, or None: on another device or dtype, or with weights in oneDNN's own layout."""
    if model.device.type != "cpu" or implementation("cpu").name != "cpu":
        return None
    from kernels.cpu.matvec import Rows
    from kernels.cpu.step import NetworkStep, StepLayer

    matrices = [model.head, *(m for l in model.layers for m in (l.in_proj, l.x_proj, l.dt_proj, l.out_proj))]
    if model.dtype not in (torch.float32, torch.bfloat16) or not model.config.residual_in_fp32:
        return None
    if any(matrix.weight.is_mkldnn for matrix in matrices):
        return None

    def rows(linear: Linear) -> Rows:
        return Rows(linear.weight, linear.scales, linear.bias)

    layers = [
        StepLayer(
            norm=layer.norm,
            in_proj=rows(layer.in_proj),
            conv=layer.conv,
            conv_bias=layer.conv_bias,
            x_proj=rows(layer.x_proj),
            dt_proj=rows(layer.dt_proj),
            dt_bias=layer.dt_bias,
            A=layer.A,
            D=layer.D,
            out_proj=rows(layer.out_proj),
        )
        for layer in model.layers
    ]
    c = model.config
    return NetworkStep(layers, model.embeddings, model.norm_f, rows(model.head), c.norm_eps, c.mixer_norm_eps)
