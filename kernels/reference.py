"""Every operation in plain torch: loops over time, fp32 inside (float64 if an input is float64).

The compiled kernels are tested against this. Shapes, token-major:

    x, dt, z  [B, T, d_inner]      A  [d_inner, d_state], negative      B, C  [B, T, d_state]      D, dt_bias  [d_inner]

The scan is the selective state space model of the Mamba paper (Gu and Dao, 2023, arXiv 2312.00752, section 3.2 and
algorithm 2), discretised as its code does: A by the exponential, B by Euler's rule.

    delta  = softplus(dt + dt_bias)
    h[t]   = exp(delta[t] * A) * h[t-1]  +  delta[t] * x[t] * B[t]
    y[t]   = (sum over n of C[t, n] * h[t, :, n]  +  D * x[t]) * silu(z[t])

`state` holds h before the call and h after it. `lengths` [B] is the number of tokens of each sequence: beyond it
y is 0 and the state does not change, whatever the padding holds.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from kernels.operations import Operations, Scaled
from kernels.quantisation import dequantise_ref, quantise_ref, quantised_linear_ref, to_fp8


def wide(*tensors: Tensor | None) -> torch.dtype:
    """Return the dtype to compute in: float64 if any argument is float64, else float32."""
    return torch.float64 if any(t is not None and t.dtype == torch.float64 for t in tensors) else torch.float32


def selective_scan_ref(
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
    batch, steps, _ = x.shape
    y = torch.zeros(x.shape, dtype=x.dtype, device=x.device)
    for row in range(batch):
        length = steps if lengths is None else int(lengths[row])
        for t in range(length):
            here = (slice(row, row + 1), t)
            one = (x[here], dt[here], A, B[here], C[here], D, z[here], dt_bias, state[row : row + 1])
            y[here] = selective_update_ref(*one)
    return y


def selective_update_ref(
    x: Tensor, dt: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, z: Tensor, dt_bias: Tensor, state: Tensor
) -> Tensor:
    """Implement `kernels.operations.SelectiveUpdate`."""
    dtype = wide(x, dt, A, B, C, D, z, dt_bias, state)
    u, gate = x.to(dtype), z.to(dtype)
    delta = F.softplus(dt.to(dtype) + dt_bias.to(dtype))  # [B, d_inner]
    decay = torch.exp(delta[:, :, None] * A.to(dtype))  # [B, d_inner, d_state]
    h = decay * state.to(dtype) + (delta * u)[:, :, None] * B.to(dtype)[:, None, :]
    state.copy_(h)
    y = (h * C.to(dtype)[:, None, :]).sum(-1) + D.to(dtype) * u
    return (y * F.silu(gate)).to(x.dtype)


def causal_conv_ref(
    x: Tensor, weight: Tensor, bias: Tensor | None, state: Tensor, lengths: Tensor | None = None
) -> Tensor:
    """Implement `kernels.operations.CausalConv`."""
    batch, steps, _ = x.shape
    y = torch.zeros(x.shape, dtype=x.dtype, device=x.device)
    for row in range(batch):
        length = steps if lengths is None else int(lengths[row])
        for t in range(length):
            here = (slice(row, row + 1), t)
            y[here] = causal_conv_update_ref(x[here], weight, bias, state[row : row + 1])
    return y


def causal_conv_update_ref(x: Tensor, weight: Tensor, bias: Tensor | None, state: Tensor) -> Tensor:
    """Implement `kernels.operations.CausalConvUpdate`."""
    dtype = wide(x, weight, bias, state)
    window = torch.cat([state.to(x.dtype), x[:, :, None]], dim=-1)  # [B, d_inner, d_conv]
    state.copy_(window[:, :, 1:])
    y = (window.to(dtype) * weight.to(dtype)).sum(-1)
    if bias is not None:
        y = y + bias.to(dtype)
    return F.silu(y).to(x.dtype)


def rms_norm_ref(x: Tensor, weight: Tensor | None, eps: float, residual: Tensor | None = None) -> Tensor:
    """Implement `kernels.operations.RmsNorm`."""
    dtype = wide(x, weight, residual)
    if residual is not None:
        residual.copy_(residual.to(dtype) + x.to(dtype))
        x, out = residual, x.dtype
    else:
        out = x.dtype
    value = x.to(dtype)
    value = value * torch.rsqrt(value.square().mean(-1, keepdim=True) + eps)
    return value.to(out) if weight is None else (value * weight.to(dtype)).to(weight.dtype)


def mixer_norms_ref(x: Tensor, rank: int, eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """Implement `kernels.operations.MixerNorms`."""
    d_state = (x.shape[-1] - rank) // 2
    dt, B, C = (rms_norm_ref(part, None, eps) for part in x.split([rank, d_state, d_state], dim=-1))
    return dt, B, C


def scaled_rms_norm_ref(x: Tensor, weight: Tensor, eps: float, residual: Tensor | None = None) -> Scaled:
    """Implement `kernels.operations.ScaledRmsNorm`."""
    return Scaled(*to_fp8(rms_norm_ref(x, weight.float(), eps, residual)))


def scale_ref(x: Tensor) -> Scaled:
    """Implement `kernels.operations.Scale`."""
    return Scaled(*to_fp8(x.float()))


def scaled_linear_ref(x: Scaled, weight: Tensor, scales: Tensor, dtype: torch.dtype) -> Tensor:
    """Implement `kernels.operations.ScaledLinear` in float32."""
    return ((x.values.float() * x.scales[:, None]) @ dequantise_ref(weight, scales, torch.float32).T).to(dtype)


OPERATIONS = Operations(
    selective_scan_ref, selective_update_ref, causal_conv_ref, causal_conv_update_ref, rms_norm_ref, quantise_ref,
    dequantise_ref, quantised_linear_ref, mixer_norms_ref, scaled_rms_norm_ref, scale_ref, scaled_linear_ref,
)  # fmt: skip
