"""RMS norm in Triton, with the addition to the residual stream fused in. `kernels.reference` has the formula."""

import torch
import triton
import triton.language as tl
from torch import Tensor


@triton.jit(do_not_specialize=["rows", "inner"])
def rms_norm_kernel(
    x, weight, residual, y, rows, inner, x_outer, x_inner, eps,
    SIZE: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_R: tl.constexpr,
    HAS_WEIGHT: tl.constexpr, HAS_RESIDUAL: tl.constexpr,
):  # fmt: skip
    """Normalise BLOCK_R rows of SIZE; `inner` neighbouring rows of x share a stride. The rest is contiguous."""
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
    tl.store(y + r * SIZE + n, value.to(y.dtype.element_ty), mask=inside)


def rms_norm(x: Tensor, weight: Tensor | None, eps: float, residual: Tensor | None = None) -> Tensor:
    """Implement `kernels.operations.RmsNorm`."""
    size = x.shape[-1]
    y = torch.empty(x.shape, dtype=(x if weight is None else weight).dtype, device=x.device)
    if y.numel() == 0:
        return y
    if x.dim() > 3:
        x = x.reshape(-1, size)
    rows = x.numel() // size
    block_n = triton.next_power_of_2(size)
    block_r = max(1, 1024 // block_n)
    rms_norm_kernel[(triton.cdiv(rows, block_r),)](
        x, weight, residual, y, rows, x.shape[-2] if x.dim() > 1 else 1,
        x.stride(0) if x.dim() > 2 else 0, x.stride(-2) if x.dim() > 1 else 0, eps,
        SIZE=size, BLOCK_N=block_n, BLOCK_R=block_r,
        HAS_WEIGHT=weight is not None, HAS_RESIDUAL=residual is not None,
        num_warps=8 if block_n > 4096 else 4,
    )  # fmt: skip
    return y
