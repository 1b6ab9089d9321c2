"""Numbers in bf16 without loss in two thirds of their bytes: the exponents of trained weights take few values.

A tensor is stored as two: sign and mantissa, a byte each as they are, and the exponents, deflated.
"""

from __future__ import annotations

import zlib

import numpy as np
import torch
from torch import Tensor

EXPONENTS = ".exponents"
"""End of the name of a tensor's exponents; its own name keeps sign and mantissa."""


def packed(tensor: Tensor) -> tuple[Tensor, Tensor]:
    """Return sign and mantissa of a bf16 tensor, uint8 of its shape, and its deflated exponents [bytes]."""
    bits = tensor.contiguous().view(torch.int16).numpy().view(np.uint16)
    rest = ((bits >> 8) & 0x80 | bits & 0x7F).astype(np.uint8)
    exponents = zlib.compress(((bits >> 7) & 0xFF).astype(np.uint8).tobytes(), 9)
    return torch.from_numpy(rest), torch.frombuffer(bytearray(exponents), dtype=torch.uint8)


def unpacked(rest: Tensor, exponents: Tensor) -> Tensor:
    """Return the tensor that `packed` packed, bit for bit. Raise ValueError where the exponents are damaged."""
    try:
        inflated = zlib.decompressobj().decompress(exponents.numpy().tobytes(), rest.numel() + 1)
    except zlib.error as error:
        raise ValueError(f"exponents that cannot be inflated: {error}") from error
    if len(inflated) != rest.numel():
        raise ValueError("exponents of another tensor")
    low = rest.numpy().reshape(-1).astype(np.uint16)
    bits = (low & 0x80) << 8 | low & 0x7F | np.frombuffer(inflated, np.uint8).astype(np.uint16) << 7
    return torch.from_numpy(bits.view(np.int16)).view(torch.bfloat16).reshape(rest.shape)
