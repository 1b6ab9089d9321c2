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


@dataclass(frozen=True, slots=True)
class Scaled:
    """Vectors in fp8 (e4m3), each with a scale of its own: the vector is values * scales[..., None]."""

    values: Tensor
    """[..., size]"""
    scales: Tensor
    """[...], fp32"""

    @property
    def shape(self) -> torch.Size:
        return self.values.shape


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


class MixerNorms(Protocol):
    """The weightless norms of dt, B and C in one call."""

    def __call__(self, x: Tensor, rank: int, eps: float) -> tuple[Tensor, Tensor, Tensor]:
        """Return the first `rank` numbers of x [B, T, rank + 2 d_state] and both halves of the rest, each normalised.

        Each is [B, T, size] in x.dtype, perhaps a view of one tensor.
        """


class Quantise(Protocol):
    """The integers and scales of a weight."""

    def __call__(self, weight: Tensor, bits: int | str) -> tuple[Tensor, Tensor]:
        """Return (numbers, scales) of a weight [out, in] in 8 or 4 bits or in "fp8" (`kernels.quantisation`).

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


class ScaledRmsNorm(Protocol):
    """The RMS norm of vectors that an fp8 product reads."""

    def __call__(self, x: Tensor, weight: Tensor, eps: float, residual: Tensor | None = None) -> Scaled:
        """Return the result of `RmsNorm` in fp8, of its float32 numbers; `residual` is advanced as there."""


class Scale(Protocol):
    """The conversion of vectors to fp8."""

    def __call__(self, x: Tensor) -> Scaled:
        """Return x [..., size] in fp8; the largest magnitude of each vector becomes 448."""


class ScaledLinear(Protocol):
    """The matmul of many vectors in fp8 with a weight in fp8."""

    def __call__(self, x: Scaled, weight: Tensor, scales: Tensor, dtype: torch.dtype) -> Tensor:
        """Return x [M, in] @ weight.T [M, out] in `dtype`; weight [out, in] in fp8, scales [out]."""


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
    mixer_norms: MixerNorms
    scaled_rms_norm: ScaledRmsNorm
    scale: Scale
    scaled_linear: ScaledLinear
