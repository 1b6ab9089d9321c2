"""The RMS norms of training and their backward: of the residual stream, and of dt, B and C.

y = x w / rms(x),   dx = (g - y0 mean(g y0)) / rms(x) with y0 = x / rms(x) and g = dy w,   dw = sum(dy y0)
"""

# Triton unrolls loops over tuples, whose types change from turn to turn.
# mypy: disable-error-code="assignment, misc, index, list-item, operator, arg-type, var-annotated"

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from engine.training.kernels.scan import N_STATES

STATES = tl.constexpr(N_STATES)
_STRIP = 32
"""Rows that a program of the backward walks through."""
_TOKENS, _AT_ONCE = 16, 8
"""Tokens of a program of `mixer_norms_backward`, and partial sums that it loads at once."""


@triton.jit
def add_norm_kernel(
    residual, added, weight, total, y, eps, SIZE: tl.constexpr, BLOCK: tl.constexpr, HAS_ADDED: tl.constexpr
):
    """Store residual + added of one row, and its norm."""
    at = tl.program_id(0).to(tl.int64) * SIZE + tl.arange(0, BLOCK)
    n = tl.arange(0, BLOCK)
    inside = n < SIZE
    value = tl.load(residual + at, mask=inside, other=0.0)
    if HAS_ADDED:
        value += tl.load(added + at, mask=inside, other=0.0).to(tl.float32)
        tl.store(total + at, value, mask=inside)
    value *= tl.rsqrt(tl.sum(value * value, axis=0) / SIZE + eps)
    value *= tl.load(weight + n, mask=inside, other=0.0)
    tl.store(y + at, value.to(y.dtype.element_ty), mask=inside)


@triton.jit(do_not_specialize=["rows"])
def norm_backward_kernel(
    x, weight, dy, dresidual, dx, dx_short, dweight, rows, eps, SIZE: tl.constexpr, BLOCK: tl.constexpr,
    STRIP: tl.constexpr, HAS_RESIDUAL: tl.constexpr,
):  # fmt: skip
    """Store dresidual + dx of STRIP rows, in fp32 and short, and the sum of the weight's gradients."""
    n = tl.arange(0, BLOCK)
    inside = n < SIZE
    w = tl.load(weight + n, mask=inside, other=0.0)
    total = tl.zeros([BLOCK], tl.float32)
    first = tl.program_id(0).to(tl.int64) * STRIP
    for i in range(0, STRIP):
        real = inside & (first + i < rows)
        at = (first + i) * SIZE + n
        value = tl.load(x + at, mask=real, other=0.0)
        slope = tl.load(dy + at, mask=real, other=0.0).to(tl.float32)
        inverse = tl.rsqrt(tl.sum(value * value, axis=0) / SIZE + eps)
        value *= inverse
        total += slope * value
        slope *= w
        found = (slope - value * (tl.sum(slope * value, axis=0) / SIZE)) * inverse
        if HAS_RESIDUAL:
            found += tl.load(dresidual + at, mask=real, other=0.0)
        tl.store(dx + at, found, mask=real)
        tl.store(dx_short + at, found.to(dx_short.dtype.element_ty), mask=real)
    tl.store(dweight + tl.program_id(0) * SIZE + n, total, mask=inside)


@triton.jit
def normalised(p, at, inside, eps, SIZE: tl.constexpr):
    """Return the loaded rows over their rms, and 1 / rms."""
    value = tl.load(p + at, mask=inside, other=0.0).to(tl.float32)
    inverse = tl.rsqrt(tl.sum(value * value, axis=1) / SIZE + eps)[:, None]
    return value * inverse, inverse


@triton.jit(do_not_specialize=["rows"])
def mixer_norms_kernel(
    p, dt, bc, rows, eps, RANK: tl.constexpr, BLOCK_R: tl.constexpr, TOKENS: tl.constexpr, HALF: tl.constexpr
):
    """Store dt / rms(dt), and B / rms(B) and C / rms(C) in pairs: two bf16 in 32 bits, or two fp32."""
    WIDTH: tl.constexpr = RANK + 2 * STATES
    row = (tl.program_id(0) * TOKENS + tl.arange(0, TOKENS)).to(tl.int64)[:, None]
    r, n = tl.arange(0, BLOCK_R)[None, :], tl.arange(0, STATES)[None, :]
    real = row < rows
    ranked = real & (r < RANK)
    value, _ = normalised(p, row * WIDTH + r, ranked, eps, RANK)
    tl.store(dt + row * RANK + r, value.to(dt.dtype.element_ty), mask=ranked)
    b, _ = normalised(p, row * WIDTH + RANK + n, real & (n < STATES), eps, STATES)
    c, _ = normalised(p, row * WIDTH + RANK + STATES + n, real & (n < STATES), eps, STATES)
    at = row * STATES + n
    if HALF:
        low = b.to(tl.bfloat16).to(tl.uint16, bitcast=True).to(tl.uint32)
        high = c.to(tl.bfloat16).to(tl.uint16, bitcast=True).to(tl.uint32)
        tl.store(bc + at, (low | (high << 16)).to(tl.int32, bitcast=True), mask=real & (n < STATES))
    else:
        tl.store(bc + 2 * at, b, mask=real & (n < STATES))
        tl.store(bc + 2 * at + 1, c, mask=real & (n < STATES))


@triton.jit
def slope_of(value, inverse, slope, SIZE: tl.constexpr):
    return (slope - value * (tl.sum(slope * value, axis=1) / SIZE)[:, None]) * inverse


@triton.jit(do_not_specialize=["rows"])
def mixer_norms_backward_kernel(
    p, ddt, partial, dp, rows, eps, RANK: tl.constexpr, BLOCK_R: tl.constexpr, BLOCKS: tl.constexpr,
    TOKENS: tl.constexpr, AT_ONCE: tl.constexpr,
):  # fmt: skip
    """Store the gradient of p from that of the normalised dt and from the parts of dB and dC."""
    WIDTH: tl.constexpr = RANK + 2 * STATES
    token = (tl.program_id(0) * TOKENS + tl.arange(0, TOKENS)).to(tl.int64)
    row = token[:, None]
    r, n = tl.arange(0, BLOCK_R)[None, :], tl.arange(0, STATES)[None, :]
    real = row < rows
    ranked = real & (r < RANK)
    value, inverse = normalised(p, row * WIDTH + r, ranked, eps, RANK)
    slope = tl.load(ddt + row * RANK + r, mask=ranked, other=0.0).to(tl.float32)
    found = slope_of(value, inverse, slope, RANK)
    tl.store(dp + row * WIDTH + r, found.to(dp.dtype.element_ty), mask=ranked)
    both, m = tl.zeros([TOKENS, 2 * STATES], tl.float32), tl.arange(0, 2 * STATES)[None, :]
    for start in range(0, BLOCKS, AT_ONCE):
        parts = ()
        for j in tl.static_range(AT_ONCE):
            at = (row * BLOCKS + start + j) * (2 * STATES) + m
            part = tl.load(partial + at, mask=(row < rows) & (start + j < BLOCKS), other=0.0)
            parts = parts + (part,)  # noqa: RUF005 (Triton cannot unpack)
        for j in tl.static_range(AT_ONCE):
            both += parts[j].to(tl.float32)
    for which in tl.static_range(2):
        of = tl.arange(0, 2 * STATES)[None, :, None] == n[:, None, :] + which * STATES
        slope = tl.sum(tl.where(of, both[:, :, None], 0.0), axis=1)
        at = row * WIDTH + (RANK + which * STATES) + n
        value, inverse = normalised(p, at, real & (n < STATES), eps, STATES)
        found = slope_of(value, inverse, slope, STATES)
        tl.store(dp + at, found.to(dp.dtype.element_ty), mask=real & (n < STATES))


def add_norm(residual: Tensor, added: Tensor | None, weight: Tensor, eps: float, dtype: torch.dtype):
    """Return residual + added and its norm in `dtype`; residual [rows, d_model], fp32, added in any float dtype.

    Without `added` the first is `residual` itself.
    """
    rows, size = residual.shape
    total = residual if added is None else torch.empty_like(residual)
    y = torch.empty(rows, size, dtype=dtype, device=residual.device)
    add_norm_kernel[(rows,)](
        residual, added, weight, total, y, eps, SIZE=size, BLOCK=triton.next_power_of_2(size),
        HAS_ADDED=added is not None, num_warps=4,
    )  # fmt: skip
    return total, y


def norm_backward(
    x: Tensor, weight: Tensor, dy: Tensor, dresidual: Tensor | None, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Return dresidual + dx, in fp32 and in dy's dtype, and the weight's gradient, for x [rows, d_model] in fp32."""
    rows, size = x.shape
    programs = triton.cdiv(rows, _STRIP)
    dx = torch.empty_like(x)
    short = torch.empty(rows, size, dtype=dy.dtype, device=x.device)
    dweight = torch.empty(programs, size, dtype=torch.float32, device=x.device)
    norm_backward_kernel[(programs,)](
        x, weight, dy, dresidual, dx, short, dweight, rows, eps, SIZE=size, BLOCK=triton.next_power_of_2(size),
        STRIP=_STRIP, HAS_RESIDUAL=dresidual is not None, num_warps=4,
    )  # fmt: skip
    return dx, short, dweight.sum(0)


def mixer_norms(p: Tensor, rank: int, eps: float) -> tuple[Tensor, Tensor]:
    """Return dt [rows, rank] and the packed B and C of p [rows, rank + 32], each over its rms.

    Packed: [rows, 16] words, B in the lower half of a word and C in the upper, for bf16; [rows, 16, 2] for fp32.
    """
    rows, half = len(p), p.dtype == torch.bfloat16
    dt = torch.empty(rows, rank, dtype=p.dtype, device=p.device)
    bc = torch.empty((rows, N_STATES) if half else (rows, N_STATES, 2), device=p.device,
                     dtype=torch.int32 if half else torch.float32)  # fmt: skip
    mixer_norms_kernel[(triton.cdiv(rows, _TOKENS),)](
        p, dt, bc, rows, eps, RANK=rank, BLOCK_R=triton.next_power_of_2(rank), TOKENS=_TOKENS, HALF=half, num_warps=2
    )
    return dt, bc


def mixer_norms_backward(p: Tensor, rank: int, eps: float, ddt: Tensor, partial: Tensor) -> Tensor:
    """Return the gradient of p; ddt [rows, rank], partial [rows, blocks, 32] with the parts of dB and dC."""
    rows = len(p)
    dp = torch.empty_like(p)
    mixer_norms_backward_kernel[(triton.cdiv(rows, _TOKENS),)](
        p, ddt, partial, dp, rows, eps, RANK=rank, BLOCK_R=triton.next_power_of_2(rank), BLOCKS=partial.shape[1],
        TOKENS=_TOKENS, AT_ONCE=_AT_ONCE, num_warps=4,
    )  # fmt: skip
    return dp
