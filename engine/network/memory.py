"""Memory: whether a network fits on a device, its best precision, and the length of the chunks that it reads."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from engine.network.config import FalconMambaConfig
from engine.network.footprint import (
    CPU_SHORTEST,
    Bits,
    Footprint,
    footprint,
    longest_cpu_chunk,
    weight_bytes,
    work_bytes,
)
from engine.network.host_memory import available_bytes

CUDA_SHORTEST = 64
# Matmuls come in tiles of 128 tokens by 256 outputs, one a multiprocessor at a time. This many tokens for each of them
# make whole waves of tiles: 8,448 on an H200, which reads 1 % faster than 8,192, whose last wave is nearly empty.
CUDA_TOKENS_PER_MULTIPROCESSOR = 64
# Share of the free memory that the work of one chunk may take; the rest is left to states and to other programs.
CHUNK_SHARE = 0.25


@dataclass(frozen=True)
class MemoryFit:
    """The footprint of a model on a device, and the bytes that are free there."""

    footprint: Footprint
    free: int

    @property
    def needed(self) -> int:
        """Bytes needed at the peak."""
        return self.footprint.needed

    @property
    def fits(self) -> bool:
        """Return whether the model fits."""
        return self.needed <= self.free

    @property
    def sentence(self) -> str:
        """One sentence for the user."""
        verdict = "it fits" if self.fits else "it does not fit"
        return f"The model needs about {gigabytes(self.needed)} and {gigabytes(self.free)} are free: {verdict}."


def free_memory(device: torch.device | str) -> int:
    """Return the bytes that could be allocated on `device` now."""
    device = torch.device(device)
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return available_bytes()


def chunk_length(
    config: FalconMambaConfig,
    device: torch.device | str,
    dtype: torch.dtype,
    free_bytes: int | None = None,
    batch_size: int = 1,
    bits: Bits | None = None,
) -> int:
    """Return the tokens of each sequence to read at once.

    That is the longest chunk, which the sequences of a batch share, halved until its work is within CHUNK_SHARE of the
    free memory: longer chunks gain nothing, while memory, the wait for a cancel and the time to the first progress grow
    with them. `free_bytes` is free once the weights are loaded; None measures it now.
    """
    device = torch.device(device)
    on_gpu = device.type == "cuda"
    budget = CHUNK_SHARE * (free_memory(device) if free_bytes is None else free_bytes)
    shortest = CUDA_SHORTEST if on_gpu else CPU_SHORTEST
    longest = longest_cuda_chunk(device) if on_gpu else longest_cpu_chunk(config)
    chunk = max(shortest, longest // (1 << (batch_size - 1).bit_length()))
    while chunk > shortest and work_bytes(config, dtype.itemsize, chunk * batch_size, bits, on_gpu) > budget:
        chunk = max(shortest, chunk // 2)
    return chunk


def longest_cuda_chunk(device: torch.device | str = "cuda") -> int:
    """Return the tokens of the longest chunk on a GPU; 8,192 where there is none."""
    count = torch.cuda.get_device_properties(device).multi_processor_count if torch.cuda.is_available() else 128
    return CUDA_TOKENS_PER_MULTIPROCESSOR * count


def memory_fit(
    config: FalconMambaConfig,
    device: torch.device | str,
    dtype: torch.dtype,
    free_bytes: int | None = None,
    bits: Bits | None = None,
) -> MemoryFit:
    """Return the bytes that a model of this shape needs on `device` before it is loaded, and those that are free."""
    device = torch.device(device)
    free = free_memory(device) if free_bytes is None else free_bytes
    weights = weight_bytes(config, dtype.itemsize, bits)
    chunk = chunk_length(config, device, dtype, max(0, free - weights), bits=bits)
    return MemoryFit(footprint(config, dtype.itemsize, bits, chunk, device.type == "cuda"), free)


def gigabytes(count: int) -> str:
    """Return a number of bytes in GB with one decimal."""
    return f"{count / 1e9:.1f} GB"
