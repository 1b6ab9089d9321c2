"""Quantised weights, eight or four bits or fp8, and the reference of their matmuls.

int8: one float32 scale for each row of a weight [out, in]: w = q * scale[row], q from -127 to 127.
int4: GROUP neighbouring weights of a row share a bf16 scale, w = (q - 8) * scale[row, group], q from 0 to 15; byte j of
a group holds q of weight j in its low half and of weight j + GROUP / 2 in its high half. So a row is read in order, and
one load gives two runs of neighbours.
fp8: e4m3 (four bits of exponent, three of mantissa), w = q * scale[row]; the largest magnitude of a row is 448.

A matmul with few vectors takes the time of reading the weight: the integers are dequantised in registers. A matmul with
many takes the time of its multiplications: the weight is dequantised once for the chunk and multiplied in its dtype,
except in fp8, where the vectors are converted too, each with a scale of its own, and multiplied as they are.
"""

from __future__ import annotations

import torch
from torch import Tensor

FP8 = torch.float8_e4m3fn
LARGEST_FP8 = 448.0
GROUP = 32
FEW = 16
"""Most vectors for which a matmul reads the integers; for more the weight is dequantised first."""
SHRINKAGE = (1.0, 0.95, 0.9, 0.85, 0.8)
"""Candidates for the scale of an int4 group, as shares of the one that holds its farthest value."""
BLOCK_WEIGHTS = 1 << 24
"""Weights that are quantised at once."""


def quantise_ref(weight: Tensor, bits: int | str) -> tuple[Tensor, Tensor]:
    """Implement `kernels.operations.Quantise`, some rows at a time: float32 copies of a whole weight take gigabytes."""
    out, width = weight.shape
    kinds = {8: _int8, 4: _int4, "fp8": to_fp8}
    if bits not in kinds or (bits == 4 and width % GROUP):
        raise ValueError(f"a weight [{out}, {width}] cannot be quantised to {bits} bits")
    quantise_rows = kinds[bits]
    parts = [quantise_rows(rows.float()) for rows in weight.split(max(1, BLOCK_WEIGHTS // width))]
    integers, scales = zip(*parts, strict=True)
    return torch.cat(integers), torch.cat(scales)


def to_fp8(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the vectors of x [..., size] (float32) in fp8, and their scales [...]."""
    largest = x.abs().amax(dim=-1)
    largest = torch.where(largest == 0, 1.0, largest)
    return (x * (LARGEST_FP8 / largest)[..., None]).to(FP8), largest / LARGEST_FP8


def _int8(weight: Tensor) -> tuple[Tensor, Tensor]:
    scales = weight.abs().amax(dim=1).clamp(min=1e-30) / 127
    return (weight / scales[:, None]).round_().to(torch.int8), scales


def _int4(weight: Tensor) -> tuple[Tensor, Tensor]:
    out, width = weight.shape
    groups = weight.reshape(out, width // GROUP, GROUP)
    # The farthest value of a group becomes -8, the end of the range that reaches farther. Clipping it a little leaves
    # more levels to the others: of a few such scales the one with the least squared error is taken.
    farthest = groups.gather(2, groups.abs().argmax(dim=2, keepdim=True))
    best = torch.full(farthest.shape, float("inf"), device=weight.device)
    scales = torch.zeros_like(farthest)
    for shrinkage in SHRINKAGE:
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
    if weight.dtype != torch.uint8:
        floats = weight.float() * scales[:, None]
    else:
        rows, half = weight.shape
        packed = weight.reshape(rows, 2 * half // GROUP, GROUP // 2)
        levels = torch.cat([packed & 15, packed >> 4], dim=2).float() - 8
        floats = (levels * scales.float()[..., None]).reshape(rows, 2 * half)
    return floats.to(dtype) if out is None else out.copy_(floats)


def quantised_linear_ref(x: Tensor, weight: Tensor, scales: Tensor, bias: Tensor | None = None) -> Tensor:
    """Implement `kernels.operations.QuantisedLinear` in float32."""
    y = x.float() @ dequantise_ref(weight, scales, torch.float32).T
    return (y if bias is None else y + bias.float()).to(x.dtype)
