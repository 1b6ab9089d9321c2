"""The training scan on a CPU: `selective_scan_backward`'s formulas, compiled with numba.

Every state is kept for the backward (4 bytes for each of T d_inner d_state), so this is for short rows. A step of 3,840
tokens of the demo model takes 2.4 s on two cores, with products in bf16; autograd through the plain loop takes several
times that, and keeps what every operation made. Items are blocks of channels of one row, shared out over torch's
threads.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from kernels.cpu.loops import LOG2E, ZERO, exp2, kernel
from kernels.cpu.parallel import parallel_for

BLOCK = 64
"""Channels of an item."""
LN2 = np.float32(0.6931471805599453)


@kernel
def forward_kernel(first, last, x, delta, A2, B, C, hs, y):
    """hs[row, 0] holds the initial states; A2 is A / ln 2."""
    steps, d_inner = x.shape[1:]
    blocks = (d_inner + BLOCK - 1) // BLOCK
    for item in range(first, last):
        row, start = item // blocks, (item % blocks) * BLOCK
        for t in range(steps):
            for d in range(start, min(start + BLOCK, d_inner)):
                step = delta[row, t, d]
                drive, total = step * x[row, t, d], ZERO
                for n in range(A2.shape[1]):
                    h = exp2(step * A2[d, n]) * hs[row, t, d, n] + drive * B[row, t, n]
                    hs[row, t + 1, d, n] = h
                    total += h * C[row, t, n]
                y[row, t, d] = total


@kernel
def backward_kernel(first, last, x, delta, A2, B, C, hs, dy, dh, dx, ddelta, dA, dB, dC):
    """dh comes in as the gradient of the final states and goes out as that of the initial ones; dA is by row, dB and dC
    by item."""
    steps, d_inner = x.shape[1:]
    blocks = (d_inner + BLOCK - 1) // BLOCK
    for item in range(first, last):
        row, start = item // blocks, (item % blocks) * BLOCK
        for back in range(steps):
            t = steps - 1 - back
            for d in range(start, min(start + BLOCK, d_inner)):
                step, value, slope = delta[row, t, d], x[row, t, d], dy[row, t, d]
                drive, by_input, by_decay = step * value, ZERO, ZERO
                for n in range(A2.shape[1]):
                    g = dh[row, d, n] + slope * C[row, t, n]
                    dC[item, t, n] += slope * hs[row, t + 1, d, n]
                    dB[item, t, n] += g * drive
                    by_input += g * B[row, t, n]
                    g *= exp2(step * A2[d, n])
                    decay = g * hs[row, t, d, n]
                    by_decay += decay * A2[d, n]
                    dA[row, d, n] += decay * step
                    dh[row, d, n] = g
                dx[row, t, d] = by_input * step
                ddelta[row, t, d] = by_input * value + by_decay * LN2


class _Scan(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, delta, A, B, C, h0):
        A2 = A * float(LOG2E)
        rows, steps, d_inner = x.shape
        d_state = A.shape[1]
        hs = torch.empty(rows, steps + 1, d_inner, d_state)
        hs[:, 0] = h0
        y = torch.empty(rows, steps, d_inner)
        items = rows * -(-d_inner // BLOCK)
        parallel_for(forward_kernel, items, x.numel() * d_state, *_arrays(x, delta, A2, B, C, hs, y))
        ctx.save_for_backward(x, delta, A2, B, C, hs)
        return y, hs[:, -1].clone()

    @staticmethod
    def backward(ctx, dy, dht):
        x, delta, A2, B, C, hs = ctx.saved_tensors
        rows, steps, d_inner = x.shape
        d_state = A2.shape[1]
        items = rows * -(-d_inner // BLOCK)
        dh = dht.clone(memory_format=torch.contiguous_format)
        dx, ddelta = torch.empty_like(x), torch.empty_like(x)
        dA = torch.zeros(rows, d_inner, d_state)
        dB, dC = torch.zeros(items, steps, d_state), torch.zeros(items, steps, d_state)
        out = _arrays(dh, dx, ddelta, dA, dB, dC)
        parallel_for(
            backward_kernel, items, x.numel() * d_state, *_arrays(x, delta, A2, B, C, hs, dy.contiguous()), *out
        )  # fmt: skip
        by_row = (rows, -1, steps, d_state)
        return dx, ddelta, dA.sum(0), dB.view(by_row).sum(1), dC.view(by_row).sum(1), dh


def selective_scan_train_cpu(x: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, h0: Tensor):
    """Compute `selective_scan_train` in float32 on a CPU: x, delta [B, T, d_inner], A [d_inner, d_state], B, C
    [B, T, d_state], h0 [B, d_inner, d_state]. Return y like x, and the final states in float32."""
    y, ht = _Scan.apply(*(tensor.float().contiguous() for tensor in (x, delta, A, B, C, h0)))
    return y.to(x.dtype), ht


def _arrays(*tensors: Tensor) -> list[np.ndarray]:
    return [tensor.detach().numpy() for tensor in tensors]
