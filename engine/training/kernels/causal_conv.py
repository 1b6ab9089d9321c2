"""The causal convolution for training: depthwise, then SiLU, with a tail that comes in and goes out, and its backward.

    p[t] = bias + sum over k of weight[k] x[t - K + 1 + k],   y[t] = SiLU(p[t]),   x[-K + 1 .. -1] = tail

Each program walks through a stretch of time with the last inputs (backward: also the last gradients of p) in registers,
so that everything is read once; the values of AT_ONCE steps are asked for together. A thread has two channels. Weight
gradients leave as one partial sum a stretch. Before the first step of a padded row x counts as 0.
"""

# Triton unrolls loops over tuples, whose types change from turn to turn.
# mypy: disable-error-code="assignment, misc, index, list-item, operator, arg-type, var-annotated"

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor
from torch.nn import functional as F

from engine.training.kernels.lanes import floats, raw_pair_where, sigmoid, store_pair
from kernels.gpu.programs import is_nvidia

_STRETCH, _AT_ONCE = 64, 8
_PAIRS = 64
"""Pairs of channels of a program, one a thread."""


@triton.jit
def input_before(x, tail, s, d, keep, begin, d_inner: tl.constexpr, X: tl.constexpr, HALF: tl.constexpr):
    """Return x at the step `s` before a stretch, from the tail where s < 0."""
    tail0, tail1 = floats(raw_pair_where(tail, (s + 3) * d_inner + d, keep & (s < 0), HALF), HALF)
    here0, here1 = floats(raw_pair_where(x, s * X + d, keep & (s >= 0) & (s >= begin), HALF), HALF)
    return tail0 + here0, tail1 + here1


@triton.jit
def load_taps(weight, bias, d, keep):
    """Return the four weights of two channels, each a pair, and the pair of their biases."""
    taps = ()
    for k in tl.static_range(4):
        pair = tl.load(weight + d * 4 + k, mask=keep, other=0.0), tl.load(weight + d * 4 + 4 + k, mask=keep, other=0.0)
        taps = taps + (pair,)  # noqa: RUF005 (Triton cannot unpack)
    return taps, (tl.load(bias + d, mask=keep, other=0.0), tl.load(bias + d + 1, mask=keep, other=0.0))


@triton.jit
def convolved(taps, bias, x0, x1, x2, x3, which: tl.constexpr):
    """Return p of one of two channels."""
    total = tl.fma(taps[0][which], x0[which], bias[which])
    total = tl.fma(taps[1][which], x1[which], total)
    total = tl.fma(taps[2][which], x2[which], total)
    return tl.fma(taps[3][which], x3[which], total)


@triton.jit(do_not_specialize=["T"])
def causal_conv_train_kernel(
    x, tail, weight, bias, first, y, tail_out, T, d_inner: tl.constexpr, X: tl.constexpr, STRETCH: tl.constexpr,
    AT_ONCE: tl.constexpr, PAIRS: tl.constexpr, HALF: tl.constexpr, NATIVE: tl.constexpr,
):  # fmt: skip
    row = tl.program_id(2).to(tl.int64)
    opens = tl.program_id(1) * STRETCH
    d = (tl.program_id(0) * PAIRS + tl.arange(0, PAIRS)) * 2
    keep = d < d_inner
    begin = tl.load(first + row)
    x += row * T * X
    tail += row * 3 * d_inner
    tail_out += row * 3 * d_inner
    y += row * T * d_inner
    taps, shift = load_taps(weight, bias, d, keep)
    x0 = input_before(x, tail, opens - 3, d, keep, begin, d_inner, X, HALF)
    x1 = input_before(x, tail, opens - 2, d, keep, begin, d_inner, X, HALF)
    x2 = input_before(x, tail, opens - 1, d, keep, begin, d_inner, X, HALF)
    for start in range(opens, tl.minimum(opens + STRETCH, T), AT_ONCE):
        coming = ()
        for i in tl.static_range(AT_ONCE):
            t = start + i
            coming = coming + (raw_pair_where(x, t * X + d, keep & (t < T) & (t >= begin), HALF),)  # noqa: RUF005
        for i in tl.static_range(AT_ONCE):
            t = start + i
            x3 = floats(coming[i], HALF)
            p0 = convolved(taps, shift, x0, x1, x2, x3, 0)
            p1 = convolved(taps, shift, x0, x1, x2, x3, 1)
            real = keep & (t < T)
            store_pair(y, t * d_inner + d, p0 * sigmoid(p0, NATIVE), p1 * sigmoid(p1, NATIVE), real, HALF, NATIVE)
            if t >= T - 3:
                store_pair(tail_out, (t - T + 3) * d_inner + d, x3[0], x3[1], real, HALF, NATIVE)
            x0, x1, x2 = x1, x2, x3


@triton.jit
def step_backward(
    taps, shift, past, e, sums, raw, t, d, keep, opens, begin, T, dtail_out, dx, dtail, d_inner: tl.constexpr,
    DX: tl.constexpr, OWN: tl.constexpr, HALF: tl.constexpr, NATIVE: tl.constexpr,
):  # fmt: skip
    """Take the step t: store the gradient of x three steps before, and return the new `past`, `e` and `sums`.

    `past` has the last three inputs. `e` has sums for the inputs one, two and three steps back. Not the gradients of p
    themselves, handed on from step to step: Triton 3.6 and 3.7 take values that begin equal and are only handed on for
    constants (seen: dx without two terms). OWN: this stretch adds up the weight's gradient of this step.
    """
    x0, x1, x2 = past
    x3, dy, dy2 = floats(raw[0], HALF), floats(raw[1], HALF), floats(raw[2], HALF)
    g, dxs, new_sums = (), (), ()
    for which in tl.static_range(2):
        p = convolved(taps, shift, x0, x1, x2, x3, which)
        gate = sigmoid(p, NATIVE)
        slope = (dy[which] + dy2[which]) * tl.fma(p * gate, 1.0 - gate, gate)
        if OWN:
            new_sums = new_sums + (  # noqa: RUF005
                tl.fma(slope, x0[which], sums[5 * which]), tl.fma(slope, x1[which], sums[5 * which + 1]),
                tl.fma(slope, x2[which], sums[5 * which + 2]), tl.fma(slope, x3[which], sums[5 * which + 3]),
                slope + sums[5 * which + 4],
            )  # fmt: skip
        g = g + (slope,)  # noqa: RUF005
        dxs = dxs + (tl.fma(taps[0][which], slope, e[which]),)  # noqa: RUF005
    dx0, dx1 = dxs
    s = t - 3
    if t >= T:  # one of the last three inputs, which the tail holds too
        last0, last1 = floats(raw_pair_where(dtail_out, (t - T) * d_inner + d, keep & (s < T), HALF), HALF)
        dx0 += last0
        dx1 += last1
    store_pair(dx, s * DX + d, tl.where(s >= begin, dx0, 0.0), tl.where(s >= begin, dx1, 0.0),
               keep & (s >= opens) & (s < T), HALF, NATIVE)  # fmt: skip
    if t < 3:
        store_pair(dtail, t * d_inner + d, dx0, dx1, keep & (opens == 0), HALF, NATIVE)
    new_e = (
        tl.fma(taps[1][0], g[0], e[2]), tl.fma(taps[1][1], g[1], e[3]),
        tl.fma(taps[2][0], g[0], e[4]), tl.fma(taps[2][1], g[1], e[5]),
        taps[3][0] * g[0], taps[3][1] * g[1],
    )  # fmt: skip
    return (x1, x2, x3), new_e, new_sums if OWN else sums


@triton.jit
def load_step(x, dy, dy2, t, d, keep, begin, T, d_inner: tl.constexpr, X: tl.constexpr, HALF: tl.constexpr):
    """Load the pairs of x and of both parts of dy at the step t, 0 where there is none."""
    real = keep & (t < T)
    at = t * d_inner + d
    return (
        raw_pair_where(x, t * X + d, real & (t >= begin), HALF),
        raw_pair_where(dy, at, real, HALF),
        raw_pair_where(dy2, at, real, HALF),
    )


@triton.jit(do_not_specialize=["T"])
def causal_conv_backward_kernel(
    x, tail, weight, bias, first, dy, dy2, dtail_out, dx, dtail, dweight, T, d_inner: tl.constexpr, X: tl.constexpr,
    DX: tl.constexpr, STRETCH: tl.constexpr, AT_ONCE: tl.constexpr, PAIRS: tl.constexpr, HALF: tl.constexpr,
    NATIVE: tl.constexpr,
):  # fmt: skip
    """The gradient of y comes in two parts; X and DX are the strides of a step."""
    row = tl.program_id(2).to(tl.int64)
    opens = tl.program_id(1) * STRETCH
    d = (tl.program_id(0) * PAIRS + tl.arange(0, PAIRS)) * 2
    keep = d < d_inner
    begin = tl.load(first + row)
    x += row * T * X
    tail += row * 3 * d_inner
    dtail += row * 3 * d_inner
    dtail_out += row * 3 * d_inner
    dy += row * T * d_inner
    dy2 += row * T * d_inner
    dx += row * T * DX
    dweight += (row * tl.num_programs(1) + tl.program_id(1)) * 5 * d_inner
    taps, shift = load_taps(weight, bias, d, keep)
    past = (
        input_before(x, tail, opens - 3, d, keep, begin, d_inner, X, HALF),
        input_before(x, tail, opens - 2, d, keep, begin, d_inner, X, HALF),
        input_before(x, tail, opens - 1, d, keep, begin, d_inner, X, HALF),
    )
    zero = tl.zeros([PAIRS], tl.float32)
    e = (zero, zero, zero, zero, zero, zero)
    sums = (zero, zero, zero, zero, zero, zero, zero, zero, zero, zero)
    for start in range(opens, opens + STRETCH, AT_ONCE):
        coming = ()
        for i in tl.static_range(AT_ONCE):
            coming = coming + (load_step(x, dy, dy2, start + i, d, keep, begin, T, d_inner, X, HALF),)  # noqa: RUF005
        for i in tl.static_range(AT_ONCE):
            past, e, sums = step_backward(
                taps, shift, past, e, sums, coming[i], start + i, d, keep, opens, begin, T, dtail_out, dx, dtail,
                d_inner, DX, True, HALF, NATIVE,
            )  # fmt: skip
    # The gradient of an input needs those of p up to three steps later, in the next stretch.
    for i in tl.static_range(3):
        t = opens + STRETCH + i
        raw = load_step(x, dy, dy2, t, d, keep, begin, T, d_inner, X, HALF)
        past, e, sums = step_backward(
            taps, shift, past, e, sums, raw, t, d, keep, opens, begin, T, dtail_out, dx, dtail, d_inner, DX, False,
            HALF, NATIVE,
        )  # fmt: skip
    for which in tl.static_range(2):
        for k in tl.static_range(5):
            tl.store(dweight + k * d_inner + d + which, sums[5 * which + k], mask=keep)


def _options(x: Tensor) -> dict[str, object]:
    return {
        "d_inner": x.shape[2], "X": x.stride(1), "STRETCH": _STRETCH, "AT_ONCE": _AT_ONCE, "PAIRS": _PAIRS,
        "HALF": x.dtype == torch.bfloat16, "NATIVE": is_nvidia(x.device), "num_warps": 2,
    }  # fmt: skip


def causal_conv_forward(x: Tensor, first: Tensor, tail: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """Return y [rows, T, d_inner] in x's dtype and the last three inputs [rows, 3, d_inner].

    x [rows, T, d_inner], T >= 3, bf16 or fp32, may be half of a contiguous tensor; first [rows], int32, is the step
    with which a row begins; tail [rows, 3, d_inner] as x; weight [d_inner, 4], bias [d_inner]. CUDA, or Triton's
    interpreter. Raises ValueError for another number of taps, a shorter x or another order of its elements.
    """
    rows, T, d_inner = x.shape
    apart = rows > 1 and x.stride(0) != T * x.stride(1)
    if weight.shape[1] != 4 or x.stride(2) != 1 or T < 3 or d_inner % 2 or apart:
        raise ValueError(
            "the training convolution takes 4 taps, T >= 3 and halves of contiguous tensors, or whole ones"
        )
    y = torch.empty(rows, T, d_inner, dtype=x.dtype, device=x.device)
    tail_out = torch.empty_like(tail)
    causal_conv_train_kernel[(triton.cdiv(d_inner, 2 * _PAIRS), triton.cdiv(T, _STRETCH), rows)](
        x, tail, weight, bias, first, y, tail_out, T, **_options(x)
    )
    return y, tail_out


def causal_conv_backward(
    x: Tensor, first: Tensor, tail: Tensor, weight: Tensor, bias: Tensor, dy: Tensor, dy2: Tensor, dtail_out: Tensor,
    dx: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """Write the gradient of x into `dx`, which may be half of a tensor; return those of tail, weight and bias.

    The gradient of y is dy + dy2.
    """
    rows, T, d_inner = x.shape
    stretches = triton.cdiv(T, _STRETCH)
    dtail = torch.empty_like(tail)
    partial = torch.empty(rows * stretches, 5, d_inner, dtype=torch.float32, device=x.device)
    causal_conv_backward_kernel[(triton.cdiv(d_inner, 2 * _PAIRS), stretches, rows)](
        x, tail, weight, bias, first, dy, dy2, dtail_out, dx, dtail, partial, T, DX=dx.stride(1), **_options(x)
    )
    total = partial.sum(0)
    return dtail, total[:4].t(), total[4]


def causal_conv_train_ref(x: Tensor, mask: Tensor, tail: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """Compute the same in plain torch, differentiated by autograd; `mask` [rows, T] is 0 where a row is padded."""
    T, taps = x.shape[1], weight.shape[1]
    padded = torch.cat([tail, x * mask[..., None]], dim=1)
    p = bias + sum(padded[:, k : k + T].float() * weight[:, k] for k in range(taps))
    return F.silu(p).to(x.dtype), padded[:, T:]
