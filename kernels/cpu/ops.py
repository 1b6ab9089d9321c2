"""The operations on the CPU: shares the compiled loops of `kernels.cpu.loops` out over threads.

The threads are our own, as many as torch.get_num_threads(). numba's threading layers are not used: `omp` brings a
second OpenMP pool whose threads and torch's spin against each other, `workqueue` breaks under concurrent calls. A
call with little to do runs in the caller's thread.

float32 and bf16 tensors are read as they are, others are converted to float32. `kernels.reference` has the formulas.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import torch
from torch import Tensor

from kernels.cpu.loops import BF16, F32, WIDTH, conv_kernel, norm_kernel, scan_kernel, update_kernel

KINDS = {torch.float32: F32, torch.bfloat16: BF16}
PARALLEL_WORK = 1 << 19
"""Multiply-adds below which waking a thread (about 50 us) costs more than it saves."""


@cache
def threads(count: int) -> ThreadPoolExecutor:
    """The pool of `count` threads beside the caller's."""
    return ThreadPoolExecutor(count, thread_name_prefix="readthrough-kernels")


def share(kernel: Any, items: int, work: int, *args: Any) -> None:
    """Run kernel(first, last, *args) over all items, in as many threads as torch uses if the work is worth it."""
    workers = min(torch.get_num_threads(), items)
    if workers < 2 or work < PARALLEL_WORK:
        kernel(0, items, *args)
        return
    cuts = [items * k // workers for k in range(workers + 1)]
    pool = threads(workers - 1)
    others = [pool.submit(kernel, cuts[k], cuts[k + 1], *args) for k in range(1, workers)]
    kernel(cuts[0], cuts[1], *args)
    for other in others:
        other.result()


def _readable(tensor: Tensor) -> Tensor:
    """The tensor itself if the kernels can read it: float32 or bf16, last dimension contiguous; else a copy."""
    if tensor.dtype not in KINDS:
        tensor = tensor.float()
    return tensor if tensor.stride(-1) == 1 or tensor.shape[-1] == 1 else tensor.contiguous()


def _parameter(tensor: Tensor) -> Tensor:
    return tensor if tensor.dtype == torch.float32 and tensor.is_contiguous() else tensor.float().contiguous()


def _writable(tensor: Tensor) -> Tensor:
    """What a kernel may write in place of `tensor`; `_write_back` afterwards."""
    return tensor if tensor.dtype in KINDS and tensor.is_contiguous() else tensor.float().contiguous()


def _write_back(tensor: Tensor, written: Tensor) -> None:
    if written is not tensor:
        tensor.copy_(written)


def _output(like: Tensor, dtype: torch.dtype) -> Tensor:
    return torch.empty(like.shape, dtype=dtype if dtype in KINDS else torch.float32)


def _sequence(tensor: Tensor) -> tuple[int, int, int, int]:
    return tensor.data_ptr(), KINDS[tensor.dtype], tensor.stride(0), tensor.stride(1)


def _tokens(tensor: Tensor) -> tuple[int, int, int]:
    return tensor.data_ptr(), KINDS[tensor.dtype], tensor.stride(0)


def _lengths(lengths: Tensor | None) -> Tensor | None:
    return None if lengths is None else lengths.to(torch.int64).contiguous()


def _address(tensor: Tensor | None) -> int:
    return 0 if tensor is None else tensor.data_ptr()


def selective_scan(
    x: Tensor,
    dt: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor,
    z: Tensor,
    dt_bias: Tensor,
    state: Tensor,
    lengths: Tensor | None = None,
) -> Tensor:
    """As `kernels.gpu.selective_scan`."""
    batch, steps, d_inner = x.shape
    d_state = A.shape[1]
    dtype, ends, h = x.dtype, _lengths(lengths), _writable(state)
    x, dt, z, B, C = _readable(x), _readable(dt), _readable(z), _readable(B), _readable(C)
    A, D, dt_bias = _parameter(A), _parameter(D), _parameter(dt_bias)
    y = _output(x, dtype)
    padded = (d_state + 3) // 4 * 4
    share(
        scan_kernel, batch * -(-d_inner // WIDTH), batch * steps * d_inner * padded,
        steps, d_inner, d_state, padded, _address(ends),
        *_sequence(x), *_sequence(dt), *_sequence(z), *_sequence(B), *_sequence(C),
        y.data_ptr(), KINDS[y.dtype], A.data_ptr(), D.data_ptr(), dt_bias.data_ptr(), h.data_ptr(),
    )  # fmt: skip
    _write_back(state, h)
    return y.to(dtype)


def selective_update(
    x: Tensor, dt: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, z: Tensor, dt_bias: Tensor, state: Tensor
) -> Tensor:
    """As `kernels.gpu.selective_update`."""
    batch, d_inner = x.shape
    if batch * d_inner * A.shape[1] > PARALLEL_WORK:
        rows = (x[:, None], dt[:, None], A, B[:, None], C[:, None], D, z[:, None], dt_bias, state)
        return selective_scan(*rows)[:, 0]
    dtype, h = x.dtype, _writable(state)
    x, dt, z, B, C = _readable(x), _readable(dt), _readable(z), _readable(B), _readable(C)
    A, D, dt_bias = _parameter(A), _parameter(D), _parameter(dt_bias)
    y = _output(x, dtype)
    update_kernel(
        batch, d_inner, A.shape[1], *_tokens(x), *_tokens(dt), *_tokens(z), *_tokens(B), *_tokens(C),
        y.data_ptr(), KINDS[y.dtype], A.data_ptr(), D.data_ptr(), dt_bias.data_ptr(), h.data_ptr(),
    )  # fmt: skip
    _write_back(state, h)
    return y.to(dtype)


def causal_conv(x: Tensor, weight: Tensor, bias: Tensor | None, state: Tensor, lengths: Tensor | None = None) -> Tensor:
    """As `kernels.gpu.causal_conv`."""
    batch, steps, d_inner = x.shape
    dtype, ends, tail = x.dtype, _lengths(lengths), _writable(state)
    x, weight = _readable(x), _parameter(weight)
    bias = None if bias is None else _parameter(bias)
    y = _output(x, dtype)
    share(
        conv_kernel, batch * -(-d_inner // WIDTH), batch * steps * d_inner * (weight.shape[1] + 4),
        steps, d_inner, weight.shape[1], _address(ends), *_sequence(x), y.data_ptr(), KINDS[y.dtype],
        weight.data_ptr(), _address(bias), tail.data_ptr(), KINDS[tail.dtype],
    )  # fmt: skip
    _write_back(state, tail)
    return y.to(dtype)


def causal_conv_update(x: Tensor, weight: Tensor, bias: Tensor | None, state: Tensor) -> Tensor:
    """As `kernels.causal_conv_update`."""
    return causal_conv(x[:, None], weight, bias, state)[:, 0]


def rms_norm(x: Tensor, weight: Tensor | None, eps: float, residual: Tensor | None = None) -> Tensor:
    """As `kernels.gpu.rms_norm`."""
    dtype, size = (x if weight is None else weight).dtype, x.shape[-1]
    x = _readable(x if x.dim() <= 3 else x.reshape(-1, size))
    stream = None if residual is None else _writable(residual)
    weight = None if weight is None else _parameter(weight)
    y = _output(x, dtype)
    inner = x.shape[-2] if x.dim() > 1 else 1
    rows = x.numel() // size
    share(
        norm_kernel, rows, 4 * x.numel(), inner, size, eps, x.data_ptr(), KINDS[x.dtype],
        x.stride(0) if x.dim() > 2 else 0, x.stride(-2) if x.dim() > 1 else 0,
        _address(stream), F32 if stream is None else KINDS[stream.dtype], _address(weight),
        y.data_ptr(), KINDS[y.dtype],
    )  # fmt: skip
    if residual is not None and stream is not None:
        _write_back(residual, stream)
    return y.to(dtype)
