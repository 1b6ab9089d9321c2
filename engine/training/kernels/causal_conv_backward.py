"""The causal convolution for training: depthwise, then SiLU, with a tail that comes in and goes out, and its backward.

    p[t] = bias + sum over k of weight[k] x[t - K + 1 + k],   y[t] = SiLU(p[t]),   x[-K + 1 .. -1] = tail

Each program walks through a stretch of time with the last inputs (backward: also the last gradients of p) in registers,
so that everything is read once. Weight gradients leave as one partial sum a stretch. `mask` is 0 where a row is padded:
there x counts as 0.
"""

import torch
import triton
import triton.language as tl
from torch.nn import functional as F

_STRETCH = 64
_BLOCK_D = 128


@triton.jit
def _input(x_ptr, mask_ptr, tail_ptr, s, d, keep, T, d_inner, stride_t):
    """Return x * mask at time `s` of a row, from its tail where s < 0; fp32."""
    before = tl.load(tail_ptr + (s + 3) * d_inner + d, mask=keep & (s < 0) & (s >= -3), other=0.0).to(tl.float32)
    inside = (s >= 0) & (s < T)
    here = tl.load(x_ptr + s * stride_t + d, mask=keep & inside, other=0.0).to(tl.float32)
    return before + here * tl.load(mask_ptr + s, mask=inside, other=0.0).to(tl.float32)


@triton.jit
def causal_conv_train_kernel(
    x_ptr, mask_ptr, tail_ptr, weight_ptr, bias_ptr, y_ptr, tail_out_ptr,
    T, d_inner, stride_b, stride_t, STRETCH: tl.constexpr, BLOCK_D: tl.constexpr,
):  # fmt: skip
    row = tl.program_id(2).to(tl.int64)
    first = tl.program_id(1) * STRETCH
    d = tl.program_id(0) * BLOCK_D + tl.arange(0, BLOCK_D)
    keep = d < d_inner
    x_ptr += row * stride_b
    mask_ptr += row * T
    tail_ptr += row * 3 * d_inner
    tail_out_ptr += row * 3 * d_inner
    y_ptr += row * T * d_inner
    w0 = tl.load(weight_ptr + d * 4, mask=keep, other=0.0)
    w1 = tl.load(weight_ptr + d * 4 + 1, mask=keep, other=0.0)
    w2 = tl.load(weight_ptr + d * 4 + 2, mask=keep, other=0.0)
    w3 = tl.load(weight_ptr + d * 4 + 3, mask=keep, other=0.0)
    bias = tl.load(bias_ptr + d, mask=keep, other=0.0)
    x0 = _input(x_ptr, mask_ptr, tail_ptr, first - 3, d, keep, T, d_inner, stride_t)
    x1 = _input(x_ptr, mask_ptr, tail_ptr, first - 2, d, keep, T, d_inner, stride_t)
    x2 = _input(x_ptr, mask_ptr, tail_ptr, first - 1, d, keep, T, d_inner, stride_t)
    for i in range(0, STRETCH):
        t = first + i
        real = keep & (t < T)
        x3 = tl.load(x_ptr + t * stride_t + d, mask=real, other=0.0).to(tl.float32)
        x3 *= tl.load(mask_ptr + t, mask=t < T, other=0.0).to(tl.float32)
        p = bias + w0 * x0 + w1 * x1 + w2 * x2 + w3 * x3
        tl.store(y_ptr + t * d_inner + d, (p * tl.sigmoid(p)).to(y_ptr.dtype.element_ty), mask=real)
        tl.store(
            tail_out_ptr + (t - T + 3) * d_inner + d, x3.to(tail_out_ptr.dtype.element_ty), mask=real & (t >= T - 3)
        )
        x0, x1, x2 = x1, x2, x3


@triton.jit
def causal_conv_backward_kernel(
    x_ptr, mask_ptr, tail_ptr, weight_ptr, bias_ptr, dy_ptr, dtail_out_ptr, dx_ptr, dtail_ptr, dweight_ptr,
    T, d_inner, stride_b, stride_t, STRETCH: tl.constexpr, BLOCK_D: tl.constexpr,
):  # fmt: skip
    row = tl.program_id(2).to(tl.int64)
    stretch = tl.program_id(1)
    first = stretch * STRETCH
    d = tl.program_id(0) * BLOCK_D + tl.arange(0, BLOCK_D)
    keep = d < d_inner
    x_ptr += row * stride_b
    mask_ptr += row * T
    tail_ptr += row * 3 * d_inner
    dtail_ptr += row * 3 * d_inner
    dtail_out_ptr += row * 3 * d_inner
    dy_ptr += row * T * d_inner
    dx_ptr += row * T * d_inner
    dweight_ptr += (row * tl.num_programs(1) + stretch) * 5 * d_inner
    w0 = tl.load(weight_ptr + d * 4, mask=keep, other=0.0)
    w1 = tl.load(weight_ptr + d * 4 + 1, mask=keep, other=0.0)
    w2 = tl.load(weight_ptr + d * 4 + 2, mask=keep, other=0.0)
    w3 = tl.load(weight_ptr + d * 4 + 3, mask=keep, other=0.0)
    bias = tl.load(bias_ptr + d, mask=keep, other=0.0)
    x0 = _input(x_ptr, mask_ptr, tail_ptr, first - 3, d, keep, T, d_inner, stride_t)
    x1 = _input(x_ptr, mask_ptr, tail_ptr, first - 2, d, keep, T, d_inner, stride_t)
    x2 = _input(x_ptr, mask_ptr, tail_ptr, first - 1, d, keep, T, d_inner, stride_t)
    zero = tl.zeros([BLOCK_D], tl.float32)
    # Sums for the inputs one, two and three steps back. Not the gradients of p themselves, handed on from step to step:
    # Triton 3.6 and 3.7 take values that begin equal and are only handed on for constants (seen: dx without two terms).
    e0, e1, e2 = zero, zero, zero
    a0, a1, a2, a3, ab = zero, zero, zero, zero, zero
    # The gradient of an input needs those of p up to three steps later, in the next stretch.
    for i in range(0, STRETCH + 3):
        t = first + i
        real = keep & (t < T)
        x3 = tl.load(x_ptr + t * stride_t + d, mask=real, other=0.0).to(tl.float32)
        x3 *= tl.load(mask_ptr + t, mask=t < T, other=0.0).to(tl.float32)
        dy = tl.load(dy_ptr + t * d_inner + d, mask=real, other=0.0).to(tl.float32)
        p = bias + w0 * x0 + w1 * x1 + w2 * x2 + w3 * x3
        gate = tl.sigmoid(p)
        g3 = dy * gate * (1.0 + p * (1.0 - gate))
        own = tl.where(i < STRETCH, g3, 0.0)
        a0 += own * x0
        a1 += own * x1
        a2 += own * x2
        a3 += own * x3
        ab += own
        s = t - 3
        ours = keep & (s < T) & (s >= first)
        last = ours & (s >= T - 3)
        dx = e0 + w0 * g3
        dx += tl.load(dtail_out_ptr + (s - T + 3) * d_inner + d, mask=last, other=0.0).to(tl.float32)
        scale = tl.load(mask_ptr + s, mask=(s < T) & (s >= 0), other=0.0).to(tl.float32)
        tl.store(dx_ptr + s * d_inner + d, (dx * scale).to(dx_ptr.dtype.element_ty), mask=ours)
        tl.store(dtail_ptr + (s + 3) * d_inner + d, dx.to(dtail_ptr.dtype.element_ty), mask=keep & (s < 0))
        x0, x1, x2 = x1, x2, x3
        e0, e1, e2 = e1 + w1 * g3, e2 + w2 * g3, w3 * g3
    tl.store(dweight_ptr + d, a0, mask=keep)
    tl.store(dweight_ptr + d_inner + d, a1, mask=keep)
    tl.store(dweight_ptr + 2 * d_inner + d, a2, mask=keep)
    tl.store(dweight_ptr + 3 * d_inner + d, a3, mask=keep)
    tl.store(dweight_ptr + 4 * d_inner + d, ab, mask=keep)


class _CausalConv(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, mask, tail, weight, bias):
        rows, T, d_inner = x.shape
        if weight.shape[1] != 4 or x.stride(2) != 1 or T < 3:
            raise ValueError("the training convolution takes 4 taps, T >= 3 and a contiguous last dimension")
        mask, tail, weight, bias = mask.contiguous(), tail.contiguous(), weight.contiguous(), bias.contiguous()
        y = torch.empty(rows, T, d_inner, dtype=x.dtype, device=x.device)
        tail_out = torch.empty_like(tail)
        grid = (triton.cdiv(d_inner, _BLOCK_D), triton.cdiv(T, _STRETCH), rows)
        causal_conv_train_kernel[grid](
            x, mask, tail, weight, bias, y, tail_out, T, d_inner, x.stride(0), x.stride(1),
            STRETCH=_STRETCH, BLOCK_D=_BLOCK_D, num_warps=2,
        )  # fmt: skip
        ctx.save_for_backward(x, mask, tail, weight, bias)
        return y, tail_out

    @staticmethod
    def backward(ctx, dy, dtail_out):
        x, mask, tail, weight, bias = ctx.saved_tensors
        rows, T, d_inner = x.shape
        stretches = triton.cdiv(T, _STRETCH)
        dx = torch.empty(rows, T, d_inner, dtype=x.dtype, device=x.device)
        dtail = torch.empty_like(tail)
        partial = torch.empty(rows * stretches, 5, d_inner, dtype=torch.float32, device=x.device)
        causal_conv_backward_kernel[(triton.cdiv(d_inner, _BLOCK_D), stretches, rows)](
            x, mask, tail, weight, bias, dy.contiguous(), dtail_out.contiguous(), dx, dtail, partial,
            T, d_inner, x.stride(0), x.stride(1), STRETCH=_STRETCH, BLOCK_D=_BLOCK_D, num_warps=2,
        )  # fmt: skip
        total = partial.sum(0)
        return dx, None, dtail, total[:4].t(), total[4]


def causal_conv_train(x, mask, tail, weight, bias):
    """Differentiable convolution, then SiLU.

    x [rows, T, d_inner], T >= 3; mask [rows, T]; tail [rows, 3, d_inner]; weight [d_inner, 4]; bias [d_inner]. Returns
    y [rows, T, d_inner] in x's dtype and the last three inputs [rows, 3, d_inner]. CUDA, or Triton's interpreter.
    """
    return _CausalConv.apply(x, mask, tail, weight, bias)


def causal_conv_train_ref(x, mask, tail, weight, bias):
    """Compute the same in plain torch, differentiated by autograd."""
    T, taps = x.shape[1], weight.shape[1]
    padded = torch.cat([tail, x * mask[..., None]], dim=1)
    p = bias + sum(padded[:, k : k + T].float() * weight[:, k] for k in range(taps))
    return F.silu(p).to(x.dtype), padded[:, T:]
