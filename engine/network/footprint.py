"""Bytes of a network by its shape: weights, state, the work of a chunk. Needs no torch, so the window uses it too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.network.config import FalconMambaConfig

GROUP = 32
"""Weights that share a scale in int4; equal to `kernels.quantisation.GROUP`."""
Bits = int | Literal["fp8"]
"""How a weight is quantised: integers of 8 or 4 bits, or the floats of 8 bits that a GPU multiplies."""
BITS: dict[str, Bits] = {"int8": 8, "int4": 4, "fp8": "fp8"}
"""Bits of the quantised precisions, by their names on the command line."""
ITEM_BYTES = {"fp32": 4, "bf16": 2, "fp16": 2}
"""Bytes of a number in the float precisions, by their names on the command line."""
BYTES: dict[Bits, float] = {8: 1.0, "fp8": 1.0, 4: 0.5 + 2 / GROUP}
"""Bytes of a quantised weight, scales of groups included; one scale a row is left out."""
LARGE = ("in_proj", "out_proj")
"""The projections that int4 keeps in four bits, and the only ones that fp8 quantises."""
FP8_UNIT = 16
"""A GPU multiplies in fp8 only where both sides of a weight are a multiple of this."""

CPU_LONGEST, CPU_SHORTEST = 512, 32
"""Tokens of a chunk on a CPU. Every chunk reorders the weights and dequantises quantised ones, which takes as long as
multiplying some 60 and 200 tokens."""
CPU_LONGEST_LARGE, LARGE_NETWORK = 1024, 1_000_000_000
"""Tokens of a chunk of a network of so many weights, whose products fit in no cache: two layers of the 7B shape read
512 at once at 53 % (int8) of the matmul rate, 1,024 at 64 to 69 %."""
BLOCK_BYTES = 4 << 20
"""Bytes of a large quantised weight that a thread of a CPU dequantises at once, about what an L2 cache holds."""
MOST_THREADS = 16
"""Threads whose blocks count in an estimate of memory."""
# Kept free beyond the sum of weights, state and chunk: the interpreter, torch, and on CUDA its context and workspaces.
CPU_OVERHEAD = 600 << 20
CUDA_OVERHEAD = 900 << 20
STATES = 4 + 9
"""States in memory: the document's, a question's copy, a snapshot on its way, the CUDA graph's; those of a draft
(`engine.network.decode_step.DRAFT_TOKENS` and the one before it)."""
CAPTURED = 2048
"""Tokens of the longest chunk that is captured as a CUDA graph, whose memory is its own."""


@dataclass(frozen=True)
class Footprint:
    """Bytes that a network needs on a device."""

    weights: int
    loading: int
    """Bytes needed beside the weights while they are loaded."""
    state: int
    work: int
    """Activations and buffers of one chunk."""
    overhead: int

    @property
    def needed(self) -> int:
        """The peak, while loading or while reading."""
        return self.weights + self.overhead + max(self.loading, self.state + self.work)


def footprint(
    config: FalconMambaConfig, item_bytes: int, bits: Bits | None = None, chunk: int | None = None, on_gpu: bool = False
) -> Footprint:
    """Return the footprint of a network that computes in `item_bytes` per number, with weights in `bits` bits if given.

    `chunk` is the number of tokens read at once; None means the longest on a CPU.
    """
    tokens = longest_cpu_chunk(config) if chunk is None else chunk
    captured = work_bytes(config, item_bytes, CAPTURED, bits, on_gpu) if on_gpu else 0
    return Footprint(
        weights=weight_bytes(config, item_bytes, bits),
        loading=config.vocab_size * config.d_model * 4 if on_gpu else 0,  # the largest tensor, before its conversion
        state=STATES * state_bytes(config, item_bytes),
        work=work_bytes(config, item_bytes, tokens, bits, on_gpu) + captured,
        overhead=CUDA_OVERHEAD if on_gpu else CPU_OVERHEAD,
    )


def longest_cpu_chunk(config: FalconMambaConfig) -> int:
    """Return the most tokens that a CPU reads at once."""
    return CPU_LONGEST_LARGE if parameter_count(config) >= LARGE_NETWORK else CPU_LONGEST


def bits_of(part: str, shape: tuple[int, ...], bits: Bits) -> Bits | None:
    """Return the bits of the weight [out, in] of the projection `part` in a network of `bits` bits; None for floats."""
    if bits == "fp8":
        return "fp8" if part in LARGE and all(size % FP8_UNIT == 0 for size in shape) else None
    return 4 if bits == 4 and part in LARGE and shape[-1] % GROUP == 0 else 8


def parameter_count(config: FalconMambaConfig) -> int:
    """Return the number of weights of the network; tied embeddings count once."""
    c = config
    mixer = 3 * c.d_inner * c.d_model  # in_proj, out_proj
    mixer += c.d_inner * (c.d_conv + c.dt_rank + 2 * c.d_state + c.dt_rank + c.d_state)  # conv, x_proj, dt_proj, A
    mixer += c.d_inner * (2 + int(c.use_conv_bias)) + int(c.use_bias) * (2 * c.d_inner + c.d_model)  # dt bias, D
    embeddings = c.vocab_size * c.d_model * (1 if c.tie_word_embeddings else 2)
    return embeddings + c.n_layers * (mixer + c.d_model) + c.d_model


def weight_bytes(config: FalconMambaConfig, item_bytes: int, bits: Bits | None = None) -> int:
    """Return the bytes of the weights in memory, matrices in `bits` bits if given; A, D and dt's bias are fp32."""
    c = config
    total = parameter_count(c) * item_bytes
    total += c.n_layers * c.d_inner * (c.d_state + 2) * (4 - item_bytes)
    if bits is None:
        return total
    large, small = 3 * c.d_inner * c.d_model, 2 * c.d_inner * (c.dt_rank + c.d_state)
    kept = bits_of("in_proj", (c.d_model, c.d_inner), bits)
    large_bytes = item_bytes if kept is None else BYTES[kept]
    if bits == "fp8":
        return round(total - c.n_layers * large * (item_bytes - large_bytes))
    saved = c.n_layers * (large * (item_bytes - large_bytes) + small * (item_bytes - BYTES[8]))
    head = c.vocab_size * c.d_model * (-BYTES[8] if c.tie_word_embeddings else item_bytes - BYTES[8])
    return round(total - saved - head)


def state_bytes(config: FalconMambaConfig, item_bytes: int, batch_size: int = 1) -> int:
    """Return the bytes of a MambaState of `batch_size` sequences, without its token counts."""
    per_channel = config.d_state * 4 + (config.d_conv - 1) * item_bytes
    return config.n_layers * batch_size * config.d_inner * per_channel


def work_bytes(
    config: FalconMambaConfig, item_bytes: int, tokens: int, bits: Bits | None = None, on_gpu: bool = False
) -> int:
    """Return an upper estimate of the bytes that one forward pass over `tokens` tokens allocates.

    The most at one time is in the scan: the residual and its norm, both halves of in_proj, the convolved x, dt and y.
    The GPU's scan adds packed B and C; a CPU's matmul reorders the weight; both dequantise a weight of integers; fp8
    adds a vector of a byte a channel.
    """
    c = config
    per_token = c.d_model * (4 + 2 * item_bytes) + 5 * c.d_inner * item_bytes + 2 * c.dt_rank * item_bytes
    largest = 2 * c.d_inner * c.d_model * item_bytes
    if on_gpu:
        per_token += c.d_inner * c.d_state * 8 // 32
        per_token += c.d_inner if bits == "fp8" else 0
        matrices = largest if bits in (8, 4) else 0
    else:
        matrices = 2 * min(largest, MOST_THREADS * BLOCK_BYTES) if bits else largest
    return tokens * per_token + c.vocab_size * (4 + item_bytes) + matrices
