"""Weights in eight or four bits, and their products: plain reference here, compiled code beside it.

int8: one float32 scale for each row of a weight [out, in]: w = q * scale[row], q from -127 to 127.
int4: GROUP neighbouring weights of a row share a bf16 scale, w = (q - 8) * scale[row, group], q from 0 to 15; byte j of
a group holds q of weight j in its low half and of weight j + GROUP / 2 in its high half. So a row is read in order, and
one load gives two runs of neighbours.

A product with few vectors costs reading the weight: the integers are widened in registers. One with many costs the
multiplications: the weight is widened once for the chunk and multiplied by the library of its dtype.
"""

from __future__ import annotations

import torch
from torch import Tensor

GROUP = 32
FEW = 16
"""Vectors up to which a product reads the integers; beyond, the weight is widened first."""
_SHRINKAGE = (1.0, 0.95, 0.9, 0.85, 0.8)


def quantise(weight: Tensor, bits: int) -> tuple[Tensor, Tensor]:
    """(integers, scales) of a weight [out, in], `bits` 8 or 4. For 4 bits GROUP must divide `in`: ValueError else."""
    if bits == 8:
        weight = weight.float()
        scales = weight.abs().amax(dim=1).clamp(min=1e-30) / 127
        return (weight / scales[:, None]).round_().to(torch.int8), scales
    out, width = weight.shape
    if bits != 4 or width % GROUP:
        raise ValueError(f"a weight [{out}, {width}] cannot be kept in {bits} bits")
    groups = weight.float().reshape(out, width // GROUP, GROUP)
    # The farthest value of a group takes the end of the range that reaches farther, -8. Clipping it a little leaves
    # the others more levels: of a few such scales the one with the least squared error stays.
    farthest = groups.gather(2, groups.abs().argmax(dim=2, keepdim=True))
    best = torch.full(farthest.shape, float("inf"), device=weight.device)
    scales = torch.zeros_like(farthest)
    for shrinkage in _SHRINKAGE:
        scale = (farthest * (shrinkage / -8)).bfloat16().float()
        error = (_levels(groups, scale) * scale - groups).square().sum(dim=2, keepdim=True)
        better = error < best
        best, scales = torch.where(better, error, best), torch.where(better, scale, scales)
    levels = (_levels(groups, scales) + 8).to(torch.uint8)
    packed = levels[..., : GROUP // 2] | (levels[..., GROUP // 2 :] << 4)
    return packed.reshape(out, width // 2), scales.squeeze(2).bfloat16()


def _levels(groups: Tensor, scale: Tensor) -> Tensor:
    return (groups / torch.where(scale == 0, 1.0, scale)).round_().clamp_(-8, 7)


def dequantise_ref(weight: Tensor, scales: Tensor, dtype: torch.dtype, out: Tensor | None = None) -> Tensor:
    """Return the weight [out, in] in `dtype`, in the tensor `out` if given."""
    if weight.dtype == torch.int8:
        floats = weight.float() * scales[:, None]
    else:
        rows, half = weight.shape
        packed = weight.reshape(rows, 2 * half // GROUP, GROUP // 2)
        levels = torch.cat([packed & 15, packed >> 4], dim=2).float() - 8
        floats = (levels * scales.float()[..., None]).reshape(rows, 2 * half)
    return floats.to(dtype) if out is None else out.copy_(floats)


def quantised_linear_ref(x: Tensor, weight: Tensor, scales: Tensor, bias: Tensor | None = None) -> Tensor:
    """x [M, in] @ weight.T + bias, as `quantised_linear`, in float32 inside."""
    y = x.float() @ dequantise_ref(weight, scales, torch.float32).T
    return (y if bias is None else y + bias.float()).to(x.dtype)
