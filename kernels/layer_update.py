"""One token of one row through a whole layer in Triton, four launches: what a step costs is reading its weights.

    in_proj   norm of the residual, product, then the convolution on the half that is x
    x_proj    product
    the scan  norms of dt, B and C, dt_proj, one step of the state
    out_proj  product, added to the residual

A program of a product is one row of the weight or two, read in one go: many bytes in flight, and no loop. Where every
program normalises the same vector again, that is hidden behind the rows it waits for.

With OVERLAP a launch begins while the one before it ends (programmatic dependent launch): it asks for its weights,
which no launch writes, and waits only before it reads what another one wrote. `kernels.reference` has the formulas.
"""

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor
from triton.language.extra.cuda import gdc_launch_dependents, gdc_wait

from .selective_scan import LOG2E, silu, softplus

OVERLAP = False
"""Whether launches overlap where the GPU can (NVIDIA from Hopper on)."""
NORMED_ROWS = 2
"""Rows of in_proj a program: two share what it costs to normalise the vector."""


@triton.jit
def product_kernel(
    x, weight, bias, norm, taps, shift, tail, y, rows, eps, d_inner,
    SIZE: tl.constexpr, BLOCK: tl.constexpr, ROWS: tl.constexpr, HAS_BIAS: tl.constexpr, HAS_NORM: tl.constexpr,
    TAPS: tl.constexpr, HAS_SHIFT: tl.constexpr, ADD: tl.constexpr, OVERLAP: tl.constexpr,
):  # fmt: skip
    """y[n] = weight[n] . x, x normalised first with HAS_NORM; added to y with ADD.

    With TAPS the rows before d_inner then pass the convolution (tail [d_inner, TAPS - 1] is advanced) and SiLU. What
    the end needs is asked for before the product is waited for.
    """
    if OVERLAP:
        gdc_launch_dependents()
    n = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    k = tl.arange(0, BLOCK)[None, :]
    real = n < rows
    convolved = n < d_inner
    dtype = weight.dtype.element_ty
    at = weight + n.to(tl.int64)[:, None] * SIZE + k
    row = tl.load(at, mask=real[:, None] & (k < SIZE), other=0.0)
    if HAS_NORM:
        scale = tl.load(norm + k, mask=k < SIZE, other=0.0).to(tl.float32)
    shifted = tl.zeros([ROWS], tl.float32)
    if HAS_SHIFT:
        shifted += tl.load(shift + n, mask=convolved, other=0.0).to(tl.float32)
    mix = ()
    for t in tl.static_range(TAPS):
        tap = tl.load(taps + n * TAPS + t, mask=convolved, other=0.0).to(tl.float32)
        mix = mix + (tap,)  # type: ignore[assignment]  # noqa: RUF005 (Triton cannot unpack)
    if OVERLAP:
        gdc_wait()
    value = tl.load(x + k, mask=k < SIZE, other=0.0).to(tl.float32)
    past = ()
    for t in tl.static_range(TAPS - 1):
        old = tl.load(tail + n * (TAPS - 1) + t, mask=convolved, other=0.0)
        past = past + (old,)  # type: ignore[assignment]  # noqa: RUF005
    if ADD:
        before = tl.load(y + n, mask=real, other=0.0).to(tl.float32)
    if HAS_NORM:
        value *= tl.rsqrt(tl.sum(value * value, axis=1) / SIZE + eps)[:, None]
        value = (value * scale).to(dtype).to(tl.float32)
    total = tl.sum(row.to(tl.float32) * value, axis=1)
    if HAS_BIAS:
        total += tl.load(bias + n, mask=real, other=0.0).to(tl.float32)
    out = total.to(dtype)
    if TAPS > 0:
        mixed = shifted + mix[TAPS - 1] * out.to(tl.float32)
        for t in tl.static_range(TAPS - 1):
            mixed += mix[t] * past[t].to(tl.float32)
            if t > 0:
                tl.store(tail + n * (TAPS - 1) + (t - 1), past[t], mask=convolved)
        if TAPS > 1:
            tl.store(tail + n * (TAPS - 1) + (TAPS - 2), out.to(tail.dtype.element_ty), mask=convolved)
        out = tl.where(convolved, silu(mixed).to(dtype), out)
    if ADD:
        tl.store(y + n, (before + out.to(tl.float32)).to(y.dtype.element_ty), mask=real)
    else:
        tl.store(y + n, out, mask=real)


@triton.jit
def step_kernel(
    parameters, dt_weight, x, z, A, D, dt_bias, state, y, d_inner, eps,
    RANK: tl.constexpr, PADDED_RANK: tl.constexpr, N: tl.constexpr, PADDED_N: tl.constexpr, BLOCK_D: tl.constexpr,
    HAS_NORMS: tl.constexpr, OVERLAP: tl.constexpr,
):  # fmt: skip
    """The state's step from parameters [RANK + 2 N], which every program norms again."""
    if OVERLAP:
        gdc_launch_dependents()
    d = tl.program_id(0) * BLOCK_D + tl.arange(0, BLOCK_D)
    r = tl.arange(0, PADDED_RANK)
    n = tl.arange(0, PADDED_N)
    alive = d < d_inner
    inside = alive[:, None] & (n < N)[None, :]
    weight = tl.load(
        dt_weight + d.to(tl.int64)[:, None] * RANK + r[None, :], mask=alive[:, None] & (r < RANK)[None, :], other=0.0
    )
    a = tl.load(A + d[:, None] * N + n[None, :], mask=inside, other=0.0) * LOG2E
    skip = tl.load(D + d, mask=alive, other=0.0).to(tl.float32)
    bias = tl.load(dt_bias + d, mask=alive, other=0.0).to(tl.float32)
    if OVERLAP:
        gdc_wait()
    h_at = state + d[:, None] * N + n[None, :]
    h = tl.load(h_at, mask=inside, other=0.0)
    u = tl.load(x + d, mask=alive, other=0.0).to(tl.float32)
    gate = tl.load(z + d, mask=alive, other=0.0).to(tl.float32)
    low = tl.load(parameters + r, mask=r < RANK, other=0.0).to(tl.float32)
    b = tl.load(parameters + RANK + n, mask=n < N, other=0.0).to(tl.float32)
    c = tl.load(parameters + (RANK + N) + n, mask=n < N, other=0.0).to(tl.float32)
    dtype = parameters.dtype.element_ty
    if HAS_NORMS:
        low = (low * tl.rsqrt(tl.sum(low * low, axis=0) / RANK + eps)).to(dtype).to(tl.float32)
        b = (b * tl.rsqrt(tl.sum(b * b, axis=0) / N + eps)).to(dtype).to(tl.float32)
        c = (c * tl.rsqrt(tl.sum(c * c, axis=0) / N + eps)).to(dtype).to(tl.float32)
    raw = tl.sum(weight.to(tl.float32) * low[None, :], axis=1).to(dtype).to(tl.float32)
    delta = softplus(raw + bias)
    h = tl.exp2(delta[:, None] * a) * h + (delta * u)[:, None] * b[None, :]
    tl.store(h_at, h, mask=inside)
    out = (tl.sum(h * c[None, :], axis=1) + skip * u) * silu(gate)
    tl.store(y + d, out.to(y.dtype.element_ty), mask=alive)


def layer_update(
    residual: Tensor,
    norm: Tensor,
    in_proj: Tensor,
    in_bias: Tensor | None,
    conv: Tensor,
    conv_bias: Tensor | None,
    x_proj: Tensor,
    dt_proj: Tensor,
    dt_bias: Tensor,
    A: Tensor,
    D: Tensor,
    out_proj: Tensor,
    out_bias: Tensor | None,
    norm_eps: float,
    mixer_norm_eps: float | None,
    tail: Tensor,
    state: Tensor,
) -> None:
    """As `kernels.layer_update`."""
    d_inner, d_state = A.shape
    rank = dt_proj.shape[1]
    overlap = OVERLAP and residual.is_cuda and torch.version.hip is None and torch.cuda.get_device_capability()[0] >= 9
    options: dict[str, Any] = {"launch_pdl": True} if overlap else {}

    def product(x: Tensor, weight: Tensor, bias: Tensor | None, y: Tensor, **changes: Any) -> Tensor:
        rows, size = weight.shape
        each = NORMED_ROWS if "norm" in changes else 1
        given = {"norm": None, "taps": None, "shift": None, "tail": None, "eps": 0.0, "d_inner": 0}
        given |= {"HAS_NORM": False, "TAPS": 0, "HAS_SHIFT": False, "ADD": False} | changes
        product_kernel[(triton.cdiv(rows, each),)](
            x, weight, bias, y=y, rows=rows, SIZE=size, BLOCK=triton.next_power_of_2(size), ROWS=each,
            HAS_BIAS=bias is not None, OVERLAP=overlap, num_warps=4 if rows >= 1024 else 8, **given, **options,
        )  # fmt: skip
        return y

    def new(size: int) -> Tensor:
        return torch.empty(size, dtype=in_proj.dtype, device=residual.device)

    both = product(
        residual, in_proj, in_bias, new(2 * d_inner), norm=norm, eps=norm_eps, HAS_NORM=True,
        taps=conv, shift=conv_bias, tail=tail, d_inner=d_inner, TAPS=conv.shape[1], HAS_SHIFT=conv_bias is not None,
    )  # fmt: skip
    x, z = both[:d_inner], both[d_inner:]
    parameters = product(x, x_proj, None, new(rank + 2 * d_state))
    y = new(d_inner)
    block_d = 16
    step_kernel[(triton.cdiv(d_inner, block_d),)](
        parameters, dt_proj, x, z, A, D, dt_bias, state, y, d_inner, mixer_norm_eps or 0.0,
        RANK=rank, PADDED_RANK=triton.next_power_of_2(rank), N=d_state, PADDED_N=triton.next_power_of_2(d_state),
        BLOCK_D=block_d, HAS_NORMS=mixer_norm_eps is not None, OVERLAP=overlap, num_warps=4, **options,
    )  # fmt: skip
    product(y, out_proj, out_bias, residual, ADD=True)
