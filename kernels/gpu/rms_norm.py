"""RMS norm in Triton, with the addition to the residual stream and the conversion to fp8 fused in.

`kernels.reference` has the formulas.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.operations import Scaled
from kernels.quantisation import FP8, LARGEST_FP8

LARGEST = tl.constexpr(LARGEST_FP8)


@triton.jit
def store_fp8(value, y, scales, r, n, rows, SIZE: tl.constexpr):
    """Store rows `r` of `value`, zero beyond SIZE, in fp8, and their scales."""
    largest = tl.max(tl.abs(value), axis=1)
    largest = tl.where(largest == 0.0, 1.0, largest)
    inverse = LARGEST / largest
    tl.store(y + r * SIZE + n, (value * inverse[:, None]).to(y.dtype.element_ty), mask=(r < rows) & (n < SIZE))
    r = tl.reshape(r, [r.shape[0]])
    tl.store(scales + r, largest / LARGEST, mask=r < rows)


@triton.jit(do_not_specialize=["rows", "inner"])
def rms_norm_kernel(
    x, weight, residual, y, scales, rows, inner, x_outer, x_inner, eps,
    SIZE: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_R: tl.constexpr,
    HAS_WEIGHT: tl.constexpr, HAS_RESIDUAL: tl.constexpr,
):  # fmt: skip
    """Normalise BLOCK_R rows of SIZE; `inner` neighbouring rows of x share a stride. The rest is contiguous.

    With `scales` y is in fp8.
    """
    r = (tl.program_id(0) * BLOCK_R + tl.arange(0, BLOCK_R)).to(tl.int64)[:, None]
    n = tl.arange(0, BLOCK_N)[None, :]
    inside = (r < rows) & (n < SIZE)
    value = tl.load(x + (r // inner) * x_outer + (r % inner) * x_inner + n, mask=inside, other=0.0).to(tl.float32)
    if HAS_RESIDUAL:
        value += tl.load(residual + r * SIZE + n, mask=inside, other=0.0).to(tl.float32)
        rounded = value.to(residual.dtype.element_ty)
        tl.store(residual + r * SIZE + n, rounded, mask=inside)
        value = rounded.to(tl.float32)
    value *= tl.rsqrt(tl.sum(value * value, axis=1) / SIZE + eps)[:, None]
    if HAS_WEIGHT:
        value *= tl.load(weight + n, mask=n < SIZE, other=0.0).to(tl.float32)
    if scales is not None:
        store_fp8(value, y, scales, r, n, rows, SIZE)
    else:
        tl.store(y + r * SIZE + n, value.to(y.dtype.element_ty), mask=inside)


@triton.jit(do_not_specialize=["rows"])
def scale_kernel(x, y, scales, rows, SIZE: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_R: tl.constexpr):
    """Convert BLOCK_R rows of SIZE to fp8."""
    r = (tl.program_id(0) * BLOCK_R + tl.arange(0, BLOCK_R)).to(tl.int64)[:, None]
    n = tl.arange(0, BLOCK_N)[None, :]
    value = tl.load(x + r * SIZE + n, mask=(r < rows) & (n < SIZE), other=0.0).to(tl.float32)
    store_fp8(value, y, scales, r, n, rows, SIZE)


@triton.jit(do_not_specialize=["rows"])
def mixer_norms_kernel(
    x, y, rows, x_row, eps, RANK: tl.constexpr, N: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_R: tl.constexpr
):
    """Normalise three parts of BLOCK_R rows, each by itself: RANK numbers, N and N."""
    r = (tl.program_id(0) * BLOCK_R + tl.arange(0, BLOCK_R)).to(tl.int64)[:, None]
    n = tl.arange(0, BLOCK_N)[None, :]
    inside = (r < rows) & (n < RANK + 2 * N)
    value = tl.load(x + r * x_row + n, mask=inside, other=0.0).to(tl.float32)
    square = value * value
    of_dt, of_b = n < RANK, (n >= RANK) & (n < RANK + N)
    dt = tl.rsqrt(tl.sum(tl.where(of_dt, square, 0.0), axis=1) / RANK + eps)[:, None]
    b = tl.rsqrt(tl.sum(tl.where(of_b, square, 0.0), axis=1) / N + eps)[:, None]
    c = tl.rsqrt(tl.sum(tl.where(n >= RANK + N, square, 0.0), axis=1) / N + eps)[:, None]
    value *= tl.where(of_dt, dt, tl.where(of_b, b, c))
    tl.store(y + r * (RANK + 2 * N) + n, value.to(y.dtype.element_ty), mask=inside)


def mixer_norms(x: Tensor, rank: int, eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """Implement `kernels.operations.MixerNorms`: three views of one tensor."""
    x, size = x.contiguous(), x.shape[-1]
    d_state, rows = (size - rank) // 2, x.numel() // size
    y = torch.empty(x.shape, dtype=x.dtype, device=x.device)
    block_n = triton.next_power_of_2(size)
    block_r = max(1, 1024 // block_n)
    mixer_norms_kernel[(triton.cdiv(rows, block_r),)](
        x, y, rows, size, eps, RANK=rank, N=d_state, BLOCK_N=block_n, BLOCK_R=block_r, num_warps=4
    )
    dt, b, c = y.split([rank, d_state, d_state], dim=-1)
    return dt, b, c


def scaled_rms_norm(x: Tensor, weight: Tensor, eps: float, residual: Tensor | None = None) -> Scaled:
    """Implement `kernels.operations.ScaledRmsNorm`."""
    values = torch.empty(x.shape, dtype=FP8, device=x.device)
    scales = torch.empty(x.shape[:-1], dtype=torch.float32, device=x.device)
    _launch(x, weight, residual, values, scales, eps)
    return Scaled(values, scales)


def scale(x: Tensor) -> Scaled:
    """Implement `kernels.operations.Scale`."""
    x, size = x.contiguous(), x.shape[-1]
    values = torch.empty(x.shape, dtype=FP8, device=x.device)
    scales = torch.empty(x.shape[:-1], dtype=torch.float32, device=x.device)
    block_n = triton.next_power_of_2(size)
    block_r = max(1, 1024 // block_n)
    scale_kernel[(triton.cdiv(scales.numel(), block_r),)](
        x, values, scales, scales.numel(), SIZE=size, BLOCK_N=block_n, BLOCK_R=block_r,
        num_warps=8 if block_n > 4096 else 4,
    )  # fmt: skip
    return Scaled(values, scales)


def rms_norm(x: Tensor, weight: Tensor | None, eps: float, residual: Tensor | None = None) -> Tensor:
    """Implement `kernels.operations.RmsNorm`."""
    y = torch.empty(x.shape, dtype=(x if weight is None else weight).dtype, device=x.device)
    if y.numel() > 0:
        _launch(x, weight, residual, y, None, eps)
    return y


def _launch(
    x: Tensor, weight: Tensor | None, residual: Tensor | None, y: Tensor, scales: Tensor | None, eps: float
) -> None:
    size = x.shape[-1]
    if x.dim() > 3:
        x = x.reshape(-1, size)
    rows = x.numel() // size
    block_n = triton.next_power_of_2(size)
    block_r = max(1, 1024 // block_n)
    rms_norm_kernel[(triton.cdiv(rows, block_r),)](
        x, weight, residual, y, scales, rows, x.shape[-2] if x.dim() > 1 else 1,
        x.stride(0) if x.dim() > 2 else 0, x.stride(-2) if x.dim() > 1 else 0, eps,
        SIZE=size, BLOCK_N=block_n, BLOCK_R=block_r,
        HAS_WEIGHT=weight is not None, HAS_RESIDUAL=residual is not None,
        num_warps=8 if block_n > 4096 else 4,
    )  # fmt: skip
