"""Linear layers with weights in eight or four bits, made from those of a checkpoint as it is loaded.

Only matrices are kept so: A, D, the norms, the convolution, the biases, the embeddings and the state stay as they are.
`int4` keeps the two large projections of a layer in four bits and the rest in eight: x_proj and dt_proj are small and
decide what the state keeps, the head decides between tokens (measured: `main.py bench quantised`).
"""

from __future__ import annotations

import torch

from engine.network.linear import Linear, product
from kernels.quantisation import FEW, GROUP, dequantise, few_rows, quantise

BITS = {"int8": 8, "int4": 4}
"""Precisions of weights alone, by their names on the command line."""
SCHEME = 1
"""Counted up whenever a checkpoint would give other integers or scales: part of what a snapshot is found by."""
IN_FOUR_BITS = ("in_proj", "out_proj")
BYTES = {8: 1.0, 4: 0.5 + 2 / GROUP}
"""Of a weight, the scales of groups included; one scale a row counts as nothing."""


class QuantisedLinear(Linear):
    """As `Linear`, in `dtype`; `weight` holds integers. Few vectors are multiplied by the integers as they are read,
    for many the weight is widened first.
    """

    __slots__ = ("_dtype",)

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None, bits: int, dtype: torch.dtype) -> None:
        """`weight` [out, in] in any float dtype, best the checkpoint's own. ValueError: see `kernels.quantisation`."""
        self.weight, self.scales = quantise(weight, bits)
        self.bias = bias
        self._packed = False
        self._dtype = dtype

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        assert self.scales is not None
        vectors = x.reshape(-1, x.shape[-1])
        if len(vectors) <= FEW:
            return few_rows(vectors, self.weight, self.scales, self.bias).reshape(*x.shape[:-1], -1)
        return product(x, dequantise(self.weight, self.scales, self._dtype), self.bias)


def bits_of(part: str, width: int, bits: int) -> int:
    """The bits in which the weight [.., width] of the projection `part` is kept in a network of `bits` bits."""
    return 4 if bits == 4 and part in IN_FOUR_BITS and width % GROUP == 0 else 8
