"""The operations on the CPU: the compiled loops of `kernels.cpu.loops` shared out over threads.

`kernels.reference` has the formulas, `kernels.operations` the signatures.
"""

from __future__ import annotations

from torch import Tensor

from kernels.cpu.loops import F32, WIDTH, conv_kernel, norm_kernel, scan_kernel, update_kernel
from kernels.cpu.parallel import PARALLEL_WORK, parallel_for
from kernels.cpu.products import dequantise, quantised_linear
from kernels.cpu.quantise import quantise
from kernels.cpu.tensors import (
    KINDS,
    address,
    length_array,
    output,
    parameter,
    readable,
    sequence_args,
    token_args,
    writable,
    write_back,
)
from kernels.operations import Operations
from kernels.reference import scale_ref, scaled_linear_ref, scaled_rms_norm_ref


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
    """Implement `kernels.operations.SelectiveScan`."""
    batch, steps, d_inner = x.shape
    d_state = A.shape[1]
    dtype, ends, h = x.dtype, length_array(lengths), writable(state)
    x, dt, z, B, C = readable(x), readable(dt), readable(z), readable(B), readable(C)
    A, D, dt_bias = parameter(A), parameter(D), parameter(dt_bias)
    y = output(x, dtype)
    padded = (d_state + 3) // 4 * 4
    parallel_for(
        scan_kernel, batch * -(-d_inner // WIDTH), batch * steps * d_inner * padded,
        steps, d_inner, d_state, padded, address(ends),
        *sequence_args(x), *sequence_args(dt), *sequence_args(z), *sequence_args(B), *sequence_args(C),
        y.data_ptr(), KINDS[y.dtype], A.data_ptr(), D.data_ptr(), dt_bias.data_ptr(), h.data_ptr(),
    )  # fmt: skip
    write_back(state, h)
    return y.to(dtype)


def selective_update(
    x: Tensor, dt: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, z: Tensor, dt_bias: Tensor, state: Tensor
) -> Tensor:
    """Implement `kernels.operations.SelectiveUpdate`."""
    batch, d_inner = x.shape
    if batch * d_inner * A.shape[1] > PARALLEL_WORK:
        rows = (x[:, None], dt[:, None], A, B[:, None], C[:, None], D, z[:, None], dt_bias, state)
        return selective_scan(*rows)[:, 0]
    dtype, h = x.dtype, writable(state)
    x, dt, z, B, C = readable(x), readable(dt), readable(z), readable(B), readable(C)
    A, D, dt_bias = parameter(A), parameter(D), parameter(dt_bias)
    y = output(x, dtype)
    update_kernel(
        batch, d_inner, A.shape[1], *token_args(x), *token_args(dt), *token_args(z), *token_args(B), *token_args(C),
        y.data_ptr(), KINDS[y.dtype], A.data_ptr(), D.data_ptr(), dt_bias.data_ptr(), h.data_ptr(),
    )  # fmt: skip
    write_back(state, h)
    return y.to(dtype)


def causal_conv(x: Tensor, weight: Tensor, bias: Tensor | None, state: Tensor, lengths: Tensor | None = None) -> Tensor:
    """Implement `kernels.operations.CausalConv`."""
    batch, steps, d_inner = x.shape
    dtype, ends, tail = x.dtype, length_array(lengths), writable(state)
    x, weight = readable(x), parameter(weight)
    bias = None if bias is None else parameter(bias)
    y = output(x, dtype)
    parallel_for(
        conv_kernel, batch * -(-d_inner // WIDTH), batch * steps * d_inner * (weight.shape[1] + 4),
        steps, d_inner, weight.shape[1], address(ends), *sequence_args(x), y.data_ptr(), KINDS[y.dtype],
        weight.data_ptr(), address(bias), tail.data_ptr(), KINDS[tail.dtype],
    )  # fmt: skip
    write_back(state, tail)
    return y.to(dtype)


def causal_conv_update(x: Tensor, weight: Tensor, bias: Tensor | None, state: Tensor) -> Tensor:
    """Implement `kernels.operations.CausalConvUpdate`."""
    return causal_conv(x[:, None], weight, bias, state)[:, 0]


def rms_norm(x: Tensor, weight: Tensor | None, eps: float, residual: Tensor | None = None) -> Tensor:
    """Implement `kernels.operations.RmsNorm`."""
    dtype, size = (x if weight is None else weight).dtype, x.shape[-1]
    x = readable(x if x.dim() <= 3 else x.reshape(-1, size))
    stream = None if residual is None else writable(residual)
    weight = None if weight is None else parameter(weight)
    y = output(x, dtype)
    inner = x.shape[-2] if x.dim() > 1 else 1
    rows = x.numel() // size
    parallel_for(
        norm_kernel, rows, 4 * x.numel(), inner, size, eps, x.data_ptr(), KINDS[x.dtype],
        x.stride(0) if x.dim() > 2 else 0, x.stride(-2) if x.dim() > 1 else 0,
        address(stream), F32 if stream is None else KINDS[stream.dtype], address(weight),
        y.data_ptr(), KINDS[y.dtype],
    )  # fmt: skip
    if residual is not None and stream is not None:
        write_back(residual, stream)
    return y.to(dtype)


def mixer_norms(x: Tensor, rank: int, eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """Implement `kernels.operations.MixerNorms`."""
    d_state = (x.shape[-1] - rank) // 2
    dt, B, C = (rms_norm(part, None, eps) for part in x.split([rank, d_state, d_state], dim=-1))
    return dt, B, C


OPERATIONS = Operations(
    selective_scan, selective_update, causal_conv, causal_conv_update, rms_norm, quantise, dequantise, quantised_linear,
    mixer_norms, scaled_rms_norm_ref, scale_ref, scaled_linear_ref,
)  # fmt: skip
"""No CPU multiplies fp8, and the engine offers it on none: plain torch stands in, for tests."""
