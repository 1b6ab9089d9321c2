"""Memory: what a network needs, what is free, and the length of the chunks that it reads."""

from __future__ import annotations

from dataclasses import dataclass

import psutil
import torch

from engine.network.config import FalconMambaConfig
from engine.network.linear import BYTES, bits_of

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


def free_memory(device: torch.device | str) -> int:
    """Bytes that could be allocated on `device` now."""
    device = torch.device(device)
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return int(psutil.virtual_memory().available)


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
