"""The device that runs the network, and the process-wide settings of a CPU."""

from __future__ import annotations

import ctypes
import os
import platform
from dataclasses import dataclass
from functools import cache

import psutil
import torch

from engine.errors import KnownError

DEVICES = ("auto", "cpu", "cuda")

# From glibc's malloc.h, and the freed memory that stays with the process: the buffers of some chunks.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT_BYTES = 64 << 20


class HardwareError(KnownError):
    """The device asked for is missing or too small; the text is one sentence for the user."""


@dataclass(frozen=True)
class DeviceChoice:
    """The device that runs the network, and the reason."""

    device: torch.device
    reason: str


def choose_device(wish: str = "auto") -> DeviceChoice:
    """Return the device for "auto", "cpu" or "cuda". Raises HardwareError for cuda where it cannot be used."""
    if wish not in DEVICES:
        raise HardwareError(f'unknown device "{wish}": choose {", ".join(DEVICES)}')
    if wish == "cpu":
        return DeviceChoice(torch.device("cpu"), "the CPU, as asked for")
    if torch.cuda.is_available():
        name = torch.cuda.get_device_name(0)
        reason = f"the GPU {name}, as asked for" if wish == "cuda" else f"the GPU {name}, the fastest device here"
        return DeviceChoice(torch.device("cuda", torch.cuda.current_device()), reason)
    built_with_cuda = torch.version.cuda is not None or torch.version.hip is not None
    obstacle = "no CUDA GPU is usable here" if built_with_cuda else "this PyTorch is built without CUDA"
    if wish == "cuda":
        raise HardwareError(f"{obstacle}; use --device cpu, or install a driver and a PyTorch built for CUDA")
    return DeviceChoice(torch.device("cpu"), f"the CPU, because {obstacle}")


def thread_count() -> int:
    """Return the number of threads for matmuls: the physical cores that this process may use."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(allowed, psutil.cpu_count(logical=False) or allowed))


@cache
def configure_cpu() -> None:
    """Set torch's threads, once, and on Linux make the allocator keep the buffers of a chunk for the next one.

    glibc returns freed blocks of megabytes to the system, and every page of the next block is a page fault: a quarter
    of the processor time of a chunk in fp32.
    """
    torch.set_num_threads(thread_count())
    if platform.libc_ver()[0] == "glibc":
        library = ctypes.CDLL(None)
        library.mallopt(M_MMAP_THRESHOLD, KEPT_BYTES)
        library.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
