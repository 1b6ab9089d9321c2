"""The loss of the next token and its backward, each one pass over the logits, which stay in their dtype.

nll = log(sum(exp(logits))) - logits[target],   dlogits = (softmax(logits) - [target]) dnll
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.gpu.math import LOG2E

_BLOCK = 4096


@triton.jit
def cross_entropy_kernel(logits, targets, nll, log_sum, size, BLOCK: tl.constexpr):
    """Store nll and log(sum(exp(logits))) of one row."""
    row = tl.program_id(0).to(tl.int64)
    logits += row * size
    most = tl.full([BLOCK], -3e38, tl.float32)
    total = tl.zeros([BLOCK], tl.float32)
    for start in range(0, size, BLOCK):
        k = start + tl.arange(0, BLOCK)
        value = tl.load(logits + k, mask=k < size, other=-3e38).to(tl.float32)
        higher = tl.maximum(most, value)
        total = total * tl.exp2((most - higher) * LOG2E) + tl.exp2((value - higher) * LOG2E)
        most = higher
    top = tl.max(most, axis=0)
    found = top + tl.log(tl.sum(total * tl.exp2((most - top) * LOG2E), axis=0))
    tl.store(log_sum + row, found)
    tl.store(nll + row, found - tl.load(logits + tl.load(targets + row)).to(tl.float32))


@triton.jit
def cross_entropy_backward_kernel(logits, targets, log_sum, dnll, size, BLOCK: tl.constexpr):
    """Replace BLOCK logits of one row by their gradient."""
    row = tl.program_id(0).to(tl.int64)
    logits += row * size
    k = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    value = tl.load(logits + k, mask=k < size, other=-3e38).to(tl.float32)
    found = tl.exp2((value - tl.load(log_sum + row)) * LOG2E)
    found = tl.where(k == tl.load(targets + row), found - 1.0, found) * tl.load(dnll + row)
    tl.store(logits + k, found.to(logits.dtype.element_ty), mask=k < size)


def cross_entropy(logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Return nll and log(sum(exp(logits))) [rows], fp32, of contiguous logits [rows, vocab_size]; targets [rows]."""
    rows, size = logits.shape
    nll, log_sum = (torch.empty(rows, dtype=torch.float32, device=logits.device) for _ in range(2))
    cross_entropy_kernel[(rows,)](
        logits, targets, nll, log_sum, size, BLOCK=min(_BLOCK, triton.next_power_of_2(size)), num_warps=8
    )
    return nll, log_sum


def cross_entropy_backward(logits: Tensor, targets: Tensor, log_sum: Tensor, dnll: Tensor) -> None:
    """Replace the logits by their gradient."""
    rows, size = logits.shape
    block = min(_BLOCK, triton.next_power_of_2(size))
    cross_entropy_backward_kernel[(rows, triton.cdiv(size, block))](
        logits, targets, log_sum, dnll, size, BLOCK=block, num_warps=8
    )
