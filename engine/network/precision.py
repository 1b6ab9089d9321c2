"""Precision: the dtype of a network's numbers and the bits of its weights, as asked for or the best that fits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from engine.network.config import FalconMambaConfig
from engine.network.device import HardwareError
from engine.network.footprint import BITS, Bits
from engine.network.host_processor import bf16_is_fast
from engine.network.memory import MemoryFit, free_memory, gigabytes, memory_fit

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
"""Dtypes of the float precisions, by their names on the command line."""
HOPPER = (9, 0)
"""CUDA capability from which on PyTorch multiplies fp8 with a scale for each row."""


@dataclass(frozen=True)
class Precision:
    """The compute dtype and, for quantised weights, their bits."""

    name: str
    """fp32, bf16, fp16, int8, int4 or fp8."""
    dtype: torch.dtype
    bits: Bits | None
    fit: MemoryFit
    reason: str = ""
    """Reason for this precision when "auto" could not take its first choice."""


def choose_precision(
    config: FalconMambaConfig, device: torch.device | str, wish: str = "auto", free_bytes: int | None = None
) -> Precision:
    """Return the precision `wish`, or for "auto" the best that fits on `device`.

    The first choice of "auto" is `compute_dtype`; after it come bf16, int8 and int4. If none fits, the last one is
    returned, whose `fit` says so; fp8 is taken only where it is asked for. Raises HardwareError for an unknown name,
    and for fp8 on a device that does not multiply it.
    """
    device = torch.device(device)
    free = free_memory(device) if free_bytes is None else free_bytes
    if wish != "auto":
        return _precision(config, device, wish, free)
    first: Precision | None = None
    for name in _candidates(config, device):
        found = _precision(config, device, name, free)
        if first is None:
            first = found
        if found.fit.fits:
            break
    assert first is not None
    if found is first:
        return first
    reason = f"{first.name} needs about {gigabytes(first.fit.needed)} and {gigabytes(free)} are free"
    return Precision(found.name, found.dtype, found.bits, found.fit, reason)


def multiplies_fp8(device: torch.device | str) -> bool:
    """Return whether `device` multiplies fp8 with a scale for each row: an NVIDIA GPU from Hopper on."""
    capability = cuda_capability(torch.device(device))
    return capability is not None and capability >= HOPPER


def cuda_capability(device: torch.device) -> tuple[int, int] | None:
    """Return the CUDA capability of `device`, or None for one that is no NVIDIA GPU."""
    if device.type != "cuda" or torch.version.hip is not None or not torch.cuda.is_available():
        return None
    return torch.cuda.get_device_capability(device)


def compute_dtype(device: torch.device | str, config: FalconMambaConfig, bits: Bits | None = None) -> torch.dtype:
    """Return the compute dtype of "auto", whatever fits.

    On a GPU: bf16, or fp16 where there is no bf16. On a CPU: fp32, except for a checkpoint stored in half precision,
    which is computed in bf16 if that is fast here. With weights of `bits` bits: bf16 if it is fast, else fp32.
    """
    device = torch.device(device)
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    half = bits is not None or config.checkpoint_dtype in ("bfloat16", "float16")
    return torch.bfloat16 if half and bf16_is_fast() else torch.float32


def _candidates(config: FalconMambaConfig, device: torch.device) -> Iterator[str]:
    """Yield the names that "auto" tries, the best first: never more than the weights are stored in."""
    if config.checkpoint_dtype in BITS:
        yield from ("int8", "int4")[config.checkpoint_dtype == "int4" :]
        return
    first = compute_dtype(device, config)
    yield next(name for name, dtype in DTYPES.items() if dtype == first)
    if first == torch.float32:
        yield "bf16"
    yield from ("int8", "int4")


def _precision(config: FalconMambaConfig, device: torch.device, name: str, free: int) -> Precision:
    if name not in DTYPES and name not in BITS:
        raise HardwareError(f"unknown precision {name!r}: choose auto, {', '.join((*DTYPES, *BITS))}")
    if name == "fp8" and not multiplies_fp8(device):
        raise HardwareError("fp8 needs an NVIDIA GPU of the kind H100 or newer; use --precision int8")
    bits = BITS.get(name)
    dtype = DTYPES.get(name) or compute_dtype(device, config, bits)
    return Precision(name, dtype, bits, memory_fit(config, device, dtype, free, bits))
