"""What this computer can do: which device runs the network, in which precision, what fits, how long a chunk may be."""

from __future__ import annotations

import ctypes
import os
import platform
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil
import torch

from engine.errors import KnownError
from engine.network.config import FalconMambaConfig
from engine.network.quantised import BYTES, bits_of

DEVICES = ("auto", "cpu", "cuda")

# Shortest and longest chunk, which is halved until it fits. Longer chunks gain nothing: matrix products are at full
# rate by then, while memory, the wait for a cancel and the time to the first progress grow with the chunk.
CPU_CHUNK = (32, 512)
CUDA_SHORTEST = 64
# Products come in tiles of 128 tokens by 256 outputs, one a multiprocessor at a time. This many tokens for each of them
# make whole waves of tiles: 8,448 on an H200, which reads 1 % faster than 8,192, whose last wave is nearly empty.
CUDA_TOKENS_A_MULTIPROCESSOR = 64
# A CPU's chunk stays below this many operations, so that a cancel is felt soon: two seconds on two cores in bf16.
CPU_CHUNK_OPERATIONS = 1e12
# Share of the free memory that the work of one chunk may take; the rest is left to states and to other programs.
CHUNK_SHARE = 0.25
# Kept free beyond the sum of weights, state and chunk: the interpreter, torch, and on CUDA its context and workspaces.
CPU_OVERHEAD = 600 << 20
CUDA_OVERHEAD = 900 << 20

# From glibc's malloc.h, and how much freed memory stays with the process: some chunks' buffers.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT_BYTES = 64 << 20


class HardwareError(KnownError):
    """The wished device is not there or too small; the text is one sentence for the user."""


@dataclass(frozen=True)
class DeviceChoice:
    """The device that runs the network, and a sentence that says why."""

    device: torch.device
    reason: str


@dataclass(frozen=True)
class MemoryFit:
    """What a model needs on a device and what is free there, in bytes."""

    weights: int
    state: int
    work: int
    overhead: int
    free: int

    @property
    def needed(self) -> int:
        return self.weights + self.state + self.work + self.overhead

    @property
    def fits(self) -> bool:
        return self.needed <= self.free

    @property
    def sentence(self) -> str:
        verdict = "it fits" if self.fits else "it does not fit"
        return f"The model needs about {_gigabytes(self.needed)} and {_gigabytes(self.free)} are free: {verdict}."


def choose_device(wish: str = "auto") -> DeviceChoice:
    """The device for "auto", "cpu" or "cuda". Raises HardwareError when cuda is wished and cannot be used."""
    if wish not in DEVICES:
        raise HardwareError(f'there is no device "{wish}"; choose one of {", ".join(DEVICES)}')
    if wish == "cpu":
        return DeviceChoice(torch.device("cpu"), "the CPU, as asked for")
    if torch.cuda.is_available():
        name = torch.cuda.get_device_name(0)
        reason = f"the GPU {name}, as asked for" if wish == "cuda" else f"the GPU {name}, the fastest device here"
        return DeviceChoice(torch.device("cuda", torch.cuda.current_device()), reason)
    built_with_cuda = torch.backends.cuda.is_built()
    obstacle = "no CUDA GPU is usable here" if built_with_cuda else "this PyTorch is built without CUDA"
    if wish == "cuda":
        raise HardwareError(f"{obstacle}; use --device cpu, or install a driver and a PyTorch built for CUDA")
    return DeviceChoice(torch.device("cpu"), f"the CPU, because {obstacle}")


def default_dtype(device: torch.device | str, config: FalconMambaConfig, bits: int | None = None) -> torch.dtype:
    """The precision to compute in: bf16 on a GPU that has it (else fp16); on a CPU fp32, save for a checkpoint stored
    in half precision where bf16 is fast or fp32 would not fit. Around weights in `bits` bits, bf16 where it is fast.

    fp32 is the reference; bf16 halves memory and, where the CPU has instructions for it, most of the time.
    """
    device = torch.device(device)
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if bits:
        return torch.bfloat16 if bf16_is_fast() else torch.float32
    if config.checkpoint_dtype not in ("bfloat16", "float16"):
        return torch.float32
    fits_in_fp32 = memory_fit(config, device, torch.float32).fits
    return torch.bfloat16 if bf16_is_fast() or not fits_in_fp32 else torch.float32


@cache
def bf16_is_fast() -> bool:
    """Whether this CPU multiplies bf16 matrices in hardware (avx512_bf16 or amx_bf16, read from the kernel's flags)."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return any(flag in flags.split() for flag in ("avx512_bf16", "amx_bf16"))


def thread_count() -> int:
    """Threads for matrix products: the physical cores that this process may use."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(allowed, psutil.cpu_count(logical=False) or allowed))


@cache
def settle() -> None:
    """Set torch's threads, once, and on Linux let the allocator keep the buffers of a chunk for the next one.

    glibc gives blocks of megabytes back to the system when they are freed, and every page of the next one is a fault:
    a quarter of the processor time of a chunk in fp32.
    """
    torch.set_num_threads(thread_count())
    if platform.libc_ver()[0] == "glibc":
        library = ctypes.CDLL(None)
        library.mallopt(M_MMAP_THRESHOLD, KEPT_BYTES)
        library.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)


def free_memory(device: torch.device | str) -> int:
    """Bytes that could be allocated on `device` now."""
    device = torch.device(device)
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return psutil.virtual_memory().available


def parameter_count(config: FalconMambaConfig) -> int:
    """Weights of the network; tied embeddings count once."""
    c = config
    mixer = 3 * c.d_inner * c.d_model  # in_proj, out_proj
    mixer += c.d_inner * (c.d_conv + c.dt_rank + 2 * c.d_state + c.dt_rank + c.d_state)  # conv, x_proj, dt_proj, A
    mixer += c.d_inner * (2 + int(c.use_conv_bias)) + int(c.use_bias) * (2 * c.d_inner + c.d_model)  # dt bias, D
    embeddings = c.vocab_size * c.d_model * (1 if c.tie_word_embeddings else 2)
    return embeddings + c.n_layers * (mixer + c.d_model) + c.d_model


def weight_bytes(config: FalconMambaConfig, dtype: torch.dtype, bits: int | None = None) -> int:
    """Bytes of the weights in memory, matrices in `bits` bits if it is given; A, D and dt's bias are fp32."""
    c = config
    total = parameter_count(c) * dtype.itemsize
    total += c.n_layers * c.d_inner * (c.d_state + 2) * (4 - dtype.itemsize)
    if bits is None:
        return total
    large, small = 3 * c.d_inner * c.d_model, 2 * c.d_inner * (c.dt_rank + c.d_state)
    large_bytes = BYTES[bits_of("in_proj", min(c.d_model, c.d_inner), bits)]
    saved = c.n_layers * (large * (dtype.itemsize - large_bytes) + small * (dtype.itemsize - BYTES[8]))
    head = c.vocab_size * c.d_model * (-BYTES[8] if c.tie_word_embeddings else dtype.itemsize - BYTES[8])
    return round(total - saved - head)


def state_bytes(config: FalconMambaConfig, dtype: torch.dtype, batch_size: int = 1) -> int:
    """Bytes of a MambaState of `batch_size` rows, without its token counts."""
    a_channel = config.d_state * 4 + (config.d_conv - 1) * dtype.itemsize
    return config.n_layers * batch_size * config.d_inner * a_channel


def work_bytes(config: FalconMambaConfig, device: torch.device | str, dtype: torch.dtype, tokens: int) -> int:
    """Upper estimate of what one forward pass over `tokens` tokens allocates besides weights and state.

    The largest moment is the scan: the residual and its norm, both halves of in_proj, the convolved x, dt and y.
    The kernels' own scratch adds about a segment's carry in fp32 for each 32 tokens.
    """
    c = config
    a_token = c.d_model * (4 + 2 * dtype.itemsize) + 5 * c.d_inner * dtype.itemsize + 2 * c.dt_rank * dtype.itemsize
    scratch = c.d_inner * c.d_state * 8 // 32 if torch.device(device).type == "cuda" else 0
    return tokens * (a_token + scratch) + c.vocab_size * (4 + dtype.itemsize)


def chunk_length(
    config: FalconMambaConfig,
    device: torch.device | str,
    dtype: torch.dtype,
    free_bytes: int | None = None,
    batch_size: int = 1,
) -> int:
    """Tokens a row to read at once: the longest chunk, halved until its work is within CHUNK_SHARE of the free memory.

    `free_bytes` is what is free once the weights are loaded; None measures it now. A batch's rows share the longest
    chunk. On a CPU chunks are short: they should stay in the caches, and CPU_CHUNK_OPERATIONS bounds their time.
    """
    device = torch.device(device)
    budget = CHUNK_SHARE * (free_memory(device) if free_bytes is None else free_bytes)
    shortest, longest = (CUDA_SHORTEST, longest_cuda_chunk(device)) if device.type == "cuda" else CPU_CHUNK
    chunk = max(shortest, longest // (1 << (batch_size - 1).bit_length()))

    def too_long() -> bool:
        tokens = chunk * batch_size
        slow = device.type == "cpu" and 2 * parameter_count(config) * tokens > CPU_CHUNK_OPERATIONS
        return slow or work_bytes(config, device, dtype, tokens) > budget

    while chunk > shortest and too_long():
        chunk = max(shortest, chunk // 2)
    return chunk


def longest_cuda_chunk(device: torch.device | str = "cuda") -> int:
    """Tokens of the longest chunk on a GPU; 8,192 where there is none to ask."""
    count = torch.cuda.get_device_properties(device).multi_processor_count if torch.cuda.is_available() else 128
    return CUDA_TOKENS_A_MULTIPROCESSOR * count


def short_cpu_chunks(config: FalconMambaConfig) -> bool:
    """Whether a CPU reads this network in chunks of fewer than 256 tokens, because of CPU_CHUNK_OPERATIONS."""
    return 2 * parameter_count(config) * 256 > CPU_CHUNK_OPERATIONS


def memory_fit(
    config: FalconMambaConfig,
    device: torch.device | str,
    dtype: torch.dtype,
    free_bytes: int | None = None,
    bits: int | None = None,
) -> MemoryFit:
    """What a model of this shape needs on `device` before it is loaded: weights, four states, one chunk, overhead."""
    device = torch.device(device)
    free = free_memory(device) if free_bytes is None else free_bytes
    weights = weight_bytes(config, dtype, bits)
    chunk = chunk_length(config, device, dtype, max(0, free - weights))
    widened = 2 * config.d_inner * config.d_model * dtype.itemsize if bits else 0  # the largest matrix of a chunk
    return MemoryFit(
        weights=weights,
        state=4 * state_bytes(config, dtype),  # the document's, a question's copy, a snapshot on its way, the graph's
        work=work_bytes(config, device, dtype, chunk) + widened,
        overhead=CUDA_OVERHEAD if device.type == "cuda" else CPU_OVERHEAD,
        free=free,
    )


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
