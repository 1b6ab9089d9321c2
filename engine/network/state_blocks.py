"""A scan state in blocks of 8-bit numbers, each block with its own scale: a quarter of the bytes of fp32.

A block is the d_state numbers of one channel. Its scale is the largest magnitude in it over 127, rounded up to bf16, so
that no number is clipped; the error of a number is at most half a scale.
"""

from __future__ import annotations

import torch

LARGEST = 127.0


def to_blocks(ssm: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return `ssm` [..., d_state] as int8 numbers of the same shape and bf16 scales [..., 1].

    All numbers must be finite. A block of zeros has scale 0.
    """
    wanted = ssm.float().abs().amax(-1, keepdim=True) / LARGEST
    scales = wanted.to(torch.bfloat16)
    up = torch.nextafter(scales, torch.full_like(scales, torch.inf))
    scales = torch.where(scales.float() < wanted, up, scales)
    numbers = (ssm.float() / scales.float().clamp_min(torch.finfo(torch.float32).tiny)).round()
    return numbers.clamp(-LARGEST, LARGEST).to(torch.int8), scales


def from_blocks(numbers: torch.Tensor, scales: torch.Tensor) -> torch.Tensor:
    """Return the fp32 state of `to_blocks`."""
    return numbers.float() * scales.float()
