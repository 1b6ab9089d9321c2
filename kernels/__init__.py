"""The operations of a Mamba layer on tensors: chunk scan, one-token update, convolution with its tail, RMS norm.

Each operation has three implementations with one signature: `reference` (plain torch, slow, obviously right), `triton`
(CUDA and ROCm) and `cpu` (numba). `implementation(device)` decides once per device which one runs and says why; the
environment variable READTHROUGH_KERNELS (reference, cpu or triton) overrides it. One token through a whole network in
one go is apart from them: `gpu_step` in Triton, `cpu_step` in numba.

Shapes are token-major: x, dt, z [B, T, d_inner]; A [d_inner, d_state], fp32 and negative; B, C [B, T, d_state];
D, dt_bias [d_inner]; inputs may be views (halves of one projection) as long as the last dimension is contiguous.
An argument named `state` is contiguous and advanced in place. The formulas stand in `kernels.reference`.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

__all__ = [
    "Implementation",
    "KernelsError",
    "Operations",
    "causal_conv",
    "causal_conv_update",
    "implementation",
    "operations",
    "rms_norm",
    "selective_scan",
    "selective_update",
]

OVERRIDE = "READTHROUGH_KERNELS"
NAMES = ("reference", "cpu", "triton")


class KernelsError(RuntimeError):
    """An implementation was asked for that cannot run here; the message is one sentence for the user."""


@dataclass(frozen=True)
class Implementation:
    """Which implementation runs on a device, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Operations:
    """One implementation's functions, under the public names and with the public signatures."""

    selective_scan: Callable[..., Tensor]
    selective_update: Callable[..., Tensor]
    causal_conv: Callable[..., Tensor]
    causal_conv_update: Callable[..., Tensor]
    rms_norm: Callable[..., Tensor]


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
    """Scan a chunk from `state` [B, d_inner, d_state] (fp32), which is advanced; returns y [B, T, d_inner] in x.dtype.

    dt is taken before its bias and softplus, z before SiLU. `lengths` [B] (integers on x.device, 0 to T) ends each row
    early: beyond its length y is 0 and the state stands still.
    """
    return _operations_for(x.device.type).selective_scan(x, dt, A, B, C, D, z, dt_bias, state, lengths)


def selective_update(
    x: Tensor, dt: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, z: Tensor, dt_bias: Tensor, state: Tensor
) -> Tensor:
    """The scan of one token: x, dt, z [B, d_inner], B, C [B, d_state]; returns y [B, d_inner] in x.dtype."""
    return _operations_for(x.device.type).selective_update(x, dt, A, B, C, D, z, dt_bias, state)


def causal_conv(x: Tensor, weight: Tensor, bias: Tensor | None, state: Tensor, lengths: Tensor | None = None) -> Tensor:
    """Depthwise convolution over time, then SiLU: weight [d_inner, d_conv], bias [d_inner] or None.

    `state` [B, d_inner, d_conv - 1] holds the last inputs, oldest first; it is advanced to each row's length. Returns
    y [B, T, d_inner] in x.dtype, 0 beyond a row's length.
    """
    return _operations_for(x.device.type).causal_conv(x, weight, bias, state, lengths)


def causal_conv_update(x: Tensor, weight: Tensor, bias: Tensor | None, state: Tensor) -> Tensor:
    """The convolution of one token: x [B, d_inner]; returns y [B, d_inner] in x.dtype."""
    return _operations_for(x.device.type).causal_conv_update(x, weight, bias, state)


def rms_norm(x: Tensor, weight: Tensor | None, eps: float, residual: Tensor | None = None) -> Tensor:
    """x / sqrt(mean(x^2) + eps) over the last dimension, times weight if there is one; in weight.dtype, else x.dtype.

    With `residual` (the residual stream, the shape of x) the sum of the two is normalised, and `residual` is advanced
    in place: residual += x, rounded to its own dtype before the norm.
    """
    return _operations_for(x.device.type).rms_norm(x, weight, eps, residual)


def implementation(device: torch.device | str) -> Implementation:
    """Which implementation runs on `device`. Raises KernelsError if READTHROUGH_KERNELS asks for an impossible one."""
    return _choice(torch.device(device).type)


@cache
def operations(name: str) -> Operations:
    """The functions of the implementation `name`; imports what that one needs (triton, numba) and nothing else."""
    if name == "reference":
        from kernels import reference as r

        return Operations(
            r.selective_scan_ref, r.selective_update_ref, r.causal_conv_ref, r.causal_conv_update_ref, r.rms_norm_ref
        )
    if name == "cpu":
        from kernels.cpu import ops as c

        return Operations(c.selective_scan, c.selective_update, c.causal_conv, c.causal_conv_update, c.rms_norm)
    if name == "triton":
        public = {operation: globals()[operation] for operation in Operations.__annotations__}
        from kernels.gpu.causal_conv import causal_conv as conv
        from kernels.gpu.causal_conv import causal_conv_update as conv_update
        from kernels.gpu.rms_norm import rms_norm as norm
        from kernels.gpu.selective_scan import selective_scan as scan
        from kernels.gpu.selective_update import selective_update as update

        # Importing a submodule puts it in place of the public function of its name.
        globals().update(public)
        return Operations(scan, update, conv, conv_update, norm)
    raise KernelsError(f"there is no implementation of the kernels named {name!r}, choose one of {', '.join(NAMES)}")


@cache
def _operations_for(device_type: str) -> Operations:
    return operations(_choice(device_type).name)


@cache
def _choice(device_type: str) -> Implementation:
    wanted = os.environ.get(OVERRIDE)
    if wanted:
        obstacle = _obstacle(wanted, device_type)
        if obstacle:
            raise KernelsError(f"{OVERRIDE}={wanted} cannot be used on {device_type}: {obstacle}")
        return Implementation(wanted, f"{OVERRIDE} asks for it")
    compiled = {"cpu": "cpu", "cuda": "triton"}.get(device_type)
    if compiled is None:
        return Implementation("reference", f"there are no compiled kernels for {device_type}; this is slow")
    obstacle = _obstacle(compiled, device_type)
    if obstacle:
        return Implementation("reference", f"{obstacle}; this is slow")
    return Implementation(compiled, f"compiled for {device_type}")


def _obstacle(name: str, device_type: str) -> str | None:
    """Why the implementation `name` cannot run on this kind of device, or None if it can."""
    if name not in NAMES:
        return f"choose one of {', '.join(NAMES)}"
    if name == "cpu":
        return _missing("numba") if device_type == "cpu" else "it runs on the CPU only"
    if name == "triton":
        interpreted = device_type == "cpu" and os.environ.get("TRITON_INTERPRET") == "1"
        return _missing("triton") if device_type == "cuda" or interpreted else "Triton needs a GPU"
    return None


def _missing(module: str) -> str | None:
    try:
        importlib.import_module(module)
    except ImportError as error:
        return f"{module} cannot be imported ({error})"
    return None
