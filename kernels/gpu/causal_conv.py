"""The depthwise causal convolution in Triton, with the tail of inputs that the next chunk needs.

A second kernel writes the tail after the convolution: within one launch the program that writes it could overtake one
that still reads it. `kernels.reference` has the formulas.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.gpu.math import silu


@triton.jit(do_not_specialize=["steps"])
def causal_conv_kernel(
    x, weight, bias, state, y, lengths, steps, d_inner, x_row, x_step,
    TAPS: tl.constexpr, HAS_BIAS: tl.constexpr, HAS_LENGTHS: tl.constexpr, BLOCK_T: tl.constexpr, BLOCK_D: tl.constexpr,
):  # fmt: skip
    """Convolve BLOCK_T steps of BLOCK_D channels: all inputs are loaded first, then each is used TAPS times."""
    row = tl.program_id(2).to(tl.int64)
    length = steps
    if HAS_LENGTHS:
        length = tl.load(lengths + row).to(tl.int32)
    start = tl.program_id(1) * BLOCK_T
    d = tl.program_id(0) * BLOCK_D + tl.arange(0, BLOCK_D)
    alive = d < d_inner
    x_at = x + row * x_row + d
    tail_at = state + (row * d_inner + d) * (TAPS - 1)
    inputs = ()
    for k in tl.static_range(BLOCK_T + TAPS - 1):
        t = start + (k - (TAPS - 1))
        value = tl.load(x_at + t.to(tl.int64) * x_step, mask=alive & (t >= 0) & (t < length), other=0.0).to(tl.float32)
        if k < TAPS - 1:  # before the chunk
            value += tl.load(tail_at + (t + TAPS - 1), mask=alive & (t < 0), other=0.0).to(tl.float32)
        inputs = inputs + (value,)  # type: ignore[assignment]  # noqa: RUF005 (Triton cannot unpack)
    weights = ()
    for k in tl.static_range(TAPS):
        tap = tl.load(weight + d * TAPS + k, mask=alive, other=0.0).to(tl.float32)
        weights = weights + (tap,)  # type: ignore[assignment]  # noqa: RUF005
    shift = tl.zeros([BLOCK_D], tl.float32)
    if HAS_BIAS:
        shift += tl.load(bias + d, mask=alive, other=0.0).to(tl.float32)
    y_at = y + row * steps * d_inner + d
    for k in tl.static_range(BLOCK_T):
        out = shift
        for back in tl.static_range(TAPS):
            out += weights[back] * inputs[k + back]
        t = start + k
        out = tl.where(t < length, silu(out), 0.0)
        tl.store(y_at + t.to(tl.int64) * d_inner, out.to(y.dtype.element_ty), mask=alive & (t < steps))


@triton.jit(do_not_specialize=["steps"])
def conv_tail_kernel(
    x, state, lengths, steps, d_inner, x_row, x_step,
    TAPS: tl.constexpr, HAS_LENGTHS: tl.constexpr, BLOCK_D: tl.constexpr,
):  # fmt: skip
    """Advance the tail by `length` inputs. Oldest first, so that an entry is read before it is overwritten."""
    row = tl.program_id(1).to(tl.int64)
    length = steps
    if HAS_LENGTHS:
        length = tl.load(lengths + row).to(tl.int32)
    d = tl.program_id(0) * BLOCK_D + tl.arange(0, BLOCK_D)
    alive = d < d_inner
    tail_at = state + (row * d_inner + d) * (TAPS - 1)
    for k in tl.static_range(TAPS - 1):
        source = length - (TAPS - 1) + k  # in the chunk; negative: still in the old tail
        old = tl.load(tail_at + (source + TAPS - 1), mask=alive & (source < 0), other=0.0)
        new = tl.load(
            x + row * x_row + tl.maximum(source, 0).to(tl.int64) * x_step + d, mask=alive & (source >= 0), other=0.0
        )
        tl.store(tail_at + k, tl.where(source < 0, old, new.to(old.dtype)), mask=alive)


@triton.jit
def causal_conv_update_kernel(
    x, weight, bias, state, y, d_inner, x_row,
    TAPS: tl.constexpr, HAS_BIAS: tl.constexpr, BLOCK_D: tl.constexpr,
):  # fmt: skip
    row = tl.program_id(1).to(tl.int64)
    d = tl.program_id(0) * BLOCK_D + tl.arange(0, BLOCK_D)
    alive = d < d_inner
    tail_at = state + (row * d_inner + d) * (TAPS - 1)
    newest = tl.load(x + row * x_row + d, mask=alive, other=0.0)
    out = tl.load(weight + d * TAPS + (TAPS - 1), mask=alive, other=0.0).to(tl.float32) * newest.to(tl.float32)
    if HAS_BIAS:
        out += tl.load(bias + d, mask=alive, other=0.0).to(tl.float32)
    for k in tl.static_range(TAPS - 1):
        old = tl.load(tail_at + k, mask=alive, other=0.0)
        out += tl.load(weight + d * TAPS + k, mask=alive, other=0.0).to(tl.float32) * old.to(tl.float32)
        if k > 0:
            tl.store(tail_at + (k - 1), old, mask=alive)
    if TAPS > 1:
        tl.store(tail_at + (TAPS - 2), newest.to(state.dtype.element_ty), mask=alive)
    tl.store(y + row * d_inner + d, silu(out).to(y.dtype.element_ty), mask=alive)


def causal_conv(x: Tensor, weight: Tensor, bias: Tensor | None, state: Tensor, lengths: Tensor | None = None) -> Tensor:
    """Implement `kernels.operations.CausalConv`."""
    batch, steps, d_inner = x.shape
    taps = weight.shape[1]
    y = torch.empty(x.shape, dtype=x.dtype, device=x.device)
    if y.numel() == 0:
        return y
    block_t, block_d = 16, 128
    causal_conv_kernel[(triton.cdiv(d_inner, block_d), triton.cdiv(steps, block_t), batch)](
        x, weight, bias, state, y, lengths, steps, d_inner, x.stride(0), x.stride(1),
        TAPS=taps, HAS_BIAS=bias is not None, HAS_LENGTHS=lengths is not None,
        BLOCK_T=block_t, BLOCK_D=block_d, num_warps=1,
    )  # fmt: skip
    if taps > 1:
        conv_tail_kernel[(triton.cdiv(d_inner, 128), batch)](
            x, state, lengths, steps, d_inner, x.stride(0), x.stride(1),
            TAPS=taps, HAS_LENGTHS=lengths is not None, BLOCK_D=128, num_warps=4,
        )  # fmt: skip
    return y


def causal_conv_update(x: Tensor, weight: Tensor, bias: Tensor | None, state: Tensor) -> Tensor:
    """Implement `kernels.operations.CausalConvUpdate`."""
    batch, d_inner = x.shape
    y = torch.empty(x.shape, dtype=x.dtype, device=x.device)
    causal_conv_update_kernel[(triton.cdiv(d_inner, 128), batch)](
        x, weight, bias, state, y, d_inner, x.stride(0),
        TAPS=weight.shape[1], HAS_BIAS=bias is not None, BLOCK_D=128, num_warps=4,
    )  # fmt: skip
    return y
