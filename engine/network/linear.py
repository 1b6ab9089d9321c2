"""Linear layers with frozen weights: in a float dtype, or quantised to eight or four bits or fp8 as they are loaded.

Only matrices are quantised: A, D, the norms, the convolution, the biases, the embeddings and the state stay as they
are. `int4` keeps the two large projections of a layer in four bits and the rest in eight: x_proj and dt_proj are small
and decide what the state keeps, the head decides between tokens (measured: `main.py bench quantised`). `fp8` converts
those two projections only, and with many vectors the vectors too.
"""

from __future__ import annotations

import math
import threading
from functools import cache
from typing import Self

import torch
from torch.nn import functional as F

from engine.network.footprint import Bits
from engine.network.row_blocks import LARGE, multiply_blocks
from kernels import operations
from kernels.operations import Scaled
from kernels.quantisation import FEW

SCHEME = 2
"""Version of the quantisation, part of the identity of a snapshot; raise it when integers or scales change."""
SHARE_OF_L2 = 0.6
"""Share of a GPU's L2 cache for the operand that is to stay there during a matmul."""


class Linear:
    """x [..., in] -> x @ weight.T + bias [..., out], in the dtype of the weight.

    On a CPU oneDNN multiplies where this PyTorch offers it (F.linear takes another library for fp32). The rows of the
    weight stay in order, so that the decode step can read them (`engine.network.cpu_step`), and oneDNN reorders them at
    every call, which chunks of 512 tokens amortise (`engine.network.footprint`).
    """

    __slots__ = ("bias", "scales", "weight")

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None = None) -> None:
        """`weight` [out, in], `bias` [out] or None."""
        self.weight, self.bias = weight, bias
        self.scales: torch.Tensor | None = None  # of quantised weights

    def __call__(self, x: torch.Tensor | Scaled) -> torch.Tensor:
        """Return the products with x [..., in]; x is in fp8 only where `takes_fp8` allows it."""
        assert isinstance(x, torch.Tensor)
        return matmul(x, self.weight, self.bias)

    def takes_fp8(self, vectors: int) -> bool:
        """Return whether a call with that many vectors may hand them over in fp8."""
        return False

    @property
    def nbytes(self) -> int:
        parts = (self.weight, self.scales, self.bias)
        return sum(part.numel() * part.element_size() for part in parts if part is not None)


class QuantisedLinear(Linear):
    """`Linear` in `dtype` with a quantised weight.

    Up to FEW vectors are multiplied directly by the quantised integers. For more vectors the weight is dequantised
    first, on a CPU into one buffer for all matmuls of a thread: a new buffer for each would cause page faults. A large
    weight is dequantised and multiplied in blocks of rows (`engine.network.row_blocks`).
    """

    __slots__ = ("_dtype", "_ops")

    def __init__(
        self, weight: torch.Tensor, scales: torch.Tensor, bias: torch.Tensor | None, dtype: torch.dtype
    ) -> None:
        """`weight` and `scales` as `kernels.quantisation` defines them."""
        super().__init__(weight, bias)
        self.scales = scales
        self._dtype = dtype
        self._ops = operations(weight.device)

    @classmethod
    def from_floats(cls, weight: torch.Tensor, bias: torch.Tensor | None, bits: Bits, dtype: torch.dtype) -> Self:
        """Quantise `weight` [out, in], in any float dtype, best the checkpoint's own.

        Raises ValueError as `kernels.operations.Quantise` does.
        """
        return cls(*operations(weight.device).quantise(weight, bits), bias, dtype)

    def __call__(self, x: torch.Tensor | Scaled) -> torch.Tensor:
        assert isinstance(x, torch.Tensor) and self.scales is not None
        vectors = x.reshape(-1, x.shape[-1])
        if len(vectors) <= FEW:
            y = self._ops.quantised_linear(vectors, self.weight, self.scales, self.bias)
        elif x.device.type == "cpu":
            y = self._on_cpu(vectors)
        else:
            y = matmul(vectors, self._ops.dequantise(self.weight, self.scales, self._dtype), self.bias)
        return y.reshape(*x.shape[:-1], -1)

    def _on_cpu(self, vectors: torch.Tensor) -> torch.Tensor:
        out, width = len(self.weight), vectors.shape[1]
        if out * width * self._dtype.itemsize < LARGE:
            return matmul(vectors, self._dequantised(slice(0, out)), self.bias)
        return multiply_blocks(vectors, out, self._dequantised, self.bias, matmul)

    def _dequantised(self, rows: slice) -> torch.Tensor:
        """Return `rows` of the weight in `dtype`, [rows, in]. The next call in this thread overwrites it."""
        assert self.scales is not None
        width = self.weight.shape[1] * (2 if self.weight.dtype == torch.uint8 else 1)
        size = (rows.stop - rows.start) * width
        buffer = _buffer(size, self._dtype)[:size].view(-1, width)
        return self._ops.dequantise(self.weight[rows], self.scales[rows], self._dtype, buffer)


class ScaledLinear(QuantisedLinear):
    """`QuantisedLinear` with a weight in fp8.

    More than FEW vectors are multiplied in fp8, each converted with a scale of its own, which depends on no other
    vector; few are multiplied as they are, since there the time is that of reading the weight.
    """

    __slots__ = ()

    def __call__(self, x: torch.Tensor | Scaled) -> torch.Tensor:
        """Return what `Linear` returns; x may be in fp8 where `takes_fp8` says so."""
        if isinstance(x, torch.Tensor):
            if not self.takes_fp8(x.shape[:-1].numel()):
                return super().__call__(x)
            x = self._ops.scale(x)
        assert self.scales is not None
        vectors = Scaled(x.values.reshape(-1, x.shape[-1]), x.scales.reshape(-1))
        y = self._ops.scaled_linear(vectors, self.weight, self.scales, self._dtype)
        if self.bias is not None:
            y += self.bias
        return y.reshape(*x.shape[:-1], -1)

    def takes_fp8(self, vectors: int) -> bool:
        return vectors > FEW


_buffers = threading.local()


def _buffer(size: int, dtype: torch.dtype) -> torch.Tensor:
    """Return this thread's buffer of `size` or more elements."""
    kept: torch.Tensor | None = getattr(_buffers, "kept", None)
    if kept is None or kept.dtype != dtype or len(kept) < size:
        with torch.inference_mode(False):  # so that it can be written in either mode
            kept = _buffers.kept = torch.empty(size, dtype=dtype)
    return kept


def matmul(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    """Return x [..., in] @ weight.T + bias for a weight [out, in] whose rows lie in order."""
    if weight.device.type == "cpu" and onednn_multiplies(weight.dtype):
        return _onednn_linear(x, weight, bias)
    if weight.is_cuda and bias is None:
        return matmul_in_parts(x, weight, l2_bytes(weight.device))
    return F.linear(x, weight, bias)


def _onednn_linear(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    y: torch.Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
    return y


def matmul_in_parts(x: torch.Tensor, weight: torch.Tensor, l2: int) -> torch.Tensor:
    """Return x @ weight.T, in parts of outputs whose weights fit in an L2 cache of `l2` bytes if neither factor does.

    A long prefill is limited by the power that a GPU may draw, and so by the bytes that it moves.
    """
    room = SHARE_OF_L2 * l2
    if min(x.nbytes, weight.nbytes) <= room:
        return F.linear(x, weight)
    parts = math.ceil(weight.nbytes / room)
    size = math.ceil(len(weight) / parts / 256) * 256  # whole tiles
    vectors = x.reshape(-1, x.shape[-1])
    y = torch.empty(len(vectors), len(weight), dtype=x.dtype, device=x.device)
    for start in range(0, len(weight), size):
        torch.mm(vectors, weight[start : start + size].t(), out=y[:, start : start + size])
    return y.reshape(*x.shape[:-1], -1)


@cache
def l2_bytes(device: torch.device) -> int:
    """Return the bytes of a GPU's L2 cache."""
    return torch.cuda.get_device_properties(device).L2_cache_size


@cache
def onednn_multiplies(dtype: torch.dtype) -> bool:
    """Return whether oneDNN multiplies `dtype` here in both layouts, by a trial: the operators are private."""
    try:
        weight = (torch.arange(48 * 32) % 7).reshape(48, 32).to(dtype)
        x = (torch.arange(3 * 32) % 5).reshape(3, 32).to(dtype)
        packed = torch.ops.mkldnn._reorder_linear_weight(weight)
        found = [_onednn_linear(x, w, None) for w in (packed, weight)]
        right = all(torch.allclose(y, F.linear(x, weight), rtol=0.01) for y in found)
        return dtype in (torch.float32, torch.bfloat16) and right
    except (AttributeError, RuntimeError, NotImplementedError):
        return False
