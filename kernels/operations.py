"""The signatures of the operations, one for all implementations.

Shapes are token-major: x, dt, z [B, T, d_inner]; A [d_inner, d_state], fp32 and negative; B, C [B, T, d_state];
D, dt_bias [d_inner]; inputs may be views (halves of one projection) as long as the last dimension is contiguous. An
argument named `state` is contiguous and advanced in place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class SelectiveScan(Protocol):
    """The scan of a chunk."""

    def __call__(
        self,
        x: Tensor,
        dt: Tensor,
        A: Tensor,
        B: Tensor,
        C: Tensor,
        D: Tensor,
        z: Tensor,
        dt_bias: Tensor,
        state: Tensor,
        lengths: Tensor | None = None,
    ) -> Tensor:
        """Scan a chunk from `state` [B, d_inner, d_state] (fp32) and return y [B, T, d_inner] in x.dtype.

        dt is taken before its bias and softplus, z before SiLU. `lengths` [B] (integers on x.device, 0 to T) ends each
        sequence early: beyond its length y is 0 and the state does not change.
        """


class SelectiveUpdate(Protocol):
    """The scan of one token."""

    def __call__(
        self, x: Tensor, dt: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, z: Tensor, dt_bias: Tensor,
        state: Tensor,
    ) -> Tensor:  # fmt: skip
        """Advance `state` by x, dt, z [B, d_inner] and B, C [B, d_state]; return y [B, d_inner] in x.dtype."""


class CausalConv(Protocol):
    """The convolution of a chunk."""

    def __call__(
        self, x: Tensor, weight: Tensor, bias: Tensor | None, state: Tensor, lengths: Tensor | None = None
    ) -> Tensor:
        """Convolve over time by channel, then apply SiLU: weight [d_inner, d_conv], bias [d_inner] or None.

        `state` [B, d_inner, d_conv - 1] holds the last inputs, oldest first; it is advanced to each sequence's length.
        Returns y [B, T, d_inner] in x.dtype, 0 beyond a sequence's length.
        """


class CausalConvUpdate(Protocol):
    """The convolution of one token."""

    def __call__(self, x: Tensor, weight: Tensor, bias: Tensor | None, state: Tensor) -> Tensor:
        """Convolve x [B, d_inner] with `state` and return y [B, d_inner] in x.dtype."""


class RmsNorm(Protocol):
    """The RMS norm, with or without the residual stream."""

    def __call__(self, x: Tensor, weight: Tensor | None, eps: float, residual: Tensor | None = None) -> Tensor:
        """Return x / sqrt(mean(x^2) + eps) over the last dimension, times weight if given, in the dtype of the weight.

        Without a weight the dtype is that of x. With `residual` (the residual stream, the shape of x) the sum of the
        two is normalised, and `residual` is advanced in place: residual += x, rounded to its own dtype before the norm.
        """


class Quantise(Protocol):
    """The integers and scales of a weight."""

    def __call__(self, weight: Tensor, bits: int) -> tuple[Tensor, Tensor]:
        """Return (integers, scales) of a weight [out, in] in 8 or 4 bits (`kernels.quantisation`).

        Raises ValueError for 4 bits if GROUP does not divide in.
        """


class Dequantise(Protocol):
    """The floats of a quantised weight."""

    def __call__(self, weight: Tensor, scales: Tensor, dtype: torch.dtype, out: Tensor | None = None) -> Tensor:
        """Return the weight [out, in] in `dtype`, written into the contiguous tensor `out` of that shape if given."""


class QuantisedLinear(Protocol):
    """The matmul of a few vectors with a quantised weight."""

    def __call__(self, x: Tensor, weight: Tensor, scales: Tensor, bias: Tensor | None = None) -> Tensor:
        """Return x [M, in] @ weight.T + bias, [M, out] in x.dtype; M is at most `kernels.quantisation.FEW`."""


@dataclass(frozen=True)
class Operations:
    """The functions of one implementation."""

    selective_scan: SelectiveScan
    selective_update: SelectiveUpdate
    causal_conv: CausalConv
    causal_conv_update: CausalConvUpdate
    rms_norm: RmsNorm
    quantise: Quantise
    dequantise: Dequantise
    quantised_linear: QuantisedLinear
