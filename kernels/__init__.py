"""The operations of a Mamba layer on tensors, each in three implementations with one signature.

- `reference`: plain torch, slow, obviously right; the formulas stand in `kernels.reference` and `kernels.quantisation`.
- `cpu`: numba (`kernels.cpu`).
- `triton`: CUDA and ROCm (`kernels.gpu`).

`implementation(device)` names the one that runs on a device and the reason; the environment variable
READTHROUGH_KERNELS (reference, cpu or triton) overrides it. `operations(device)` returns its functions.
`kernels.operations` has their signatures. One token through a whole network is apart from them: `kernels.cpu.llvm.step`
and `kernels.gpu.step`.

Imports flow one way: this module, then `cpu` and `gpu`, then `quantisation`, `reference` and `operations`.
"""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from functools import cache

import torch

from kernels.operations import Operations

__all__ = ["Implementation", "KernelsError", "Operations", "implementation", "operations", "operations_named"]

OVERRIDE = "READTHROUGH_KERNELS"
MODULES = {"reference": "kernels.reference", "cpu": "kernels.cpu.ops", "triton": "kernels.gpu.ops"}
"""The module of each implementation; it holds `OPERATIONS`."""


class KernelsError(RuntimeError):
    """READTHROUGH_KERNELS names an implementation that cannot run here; the text is one sentence for the user."""


@dataclass(frozen=True)
class Implementation:
    """The name of the implementation that runs on a device, and the reason."""

    name: str
    reason: str


def implementation(device: torch.device | str) -> Implementation:
    """Return the implementation for `device`. Raises KernelsError if READTHROUGH_KERNELS names one that cannot run."""
    return _choice(torch.device(device).type)


def operations(device: torch.device | str) -> Operations:
    """Return the functions of the implementation for `device`. Raises KernelsError as `implementation` does."""
    return operations_named(implementation(device).name)


@cache
def operations_named(name: str) -> Operations:
    """Return the functions of the implementation `name`, and import what it needs (triton, numba), nothing else."""
    if name not in MODULES:
        raise KernelsError(f"unknown kernels {name!r}: choose one of {', '.join(MODULES)}")
    found: Operations = importlib.import_module(MODULES[name]).OPERATIONS
    return found


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
    """Return the reason why the implementation `name` cannot run on this type of device, or None if it can."""
    if name not in MODULES:
        return f"choose one of {', '.join(MODULES)}"
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
