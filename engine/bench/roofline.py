"""Limits of this machine: matmul rate and memory bandwidth, measured in the same run, and shares of them.

Prefill cannot be faster than the products of a token at the highest rate that any of a few shapes reaches (the
network's own among them); decode of one row not faster than reading every weight, and reading and writing the state,
at the highest bandwidth that any of the ways of moving them reaches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch.nn import functional as F

from engine.bench.harness import contest
from engine.network.config import FalconMambaConfig
from engine.network.linear import matmul
from engine.network.model import FalconMamba
from kernels import operations
from kernels.quantisation import FP8

BUFFER_BYTES = 512 << 20
READS, REPEATS = 16, 7
"""Reads of the buffer in a probe, and repeats of the probe. On a CPU 16 reads last 170 ms; the 32 tokens beside
them last 70 ms (int4) to 430 ms."""


@dataclass(frozen=True)
class Limits:
    """The limits of one device for one compute dtype."""

    product_rate: float
    """Operations per second, two for every multiply-add."""
    bandwidth: float
    """Bytes read per second."""

    def prefill(self, config: FalconMambaConfig, fp8: Limits | None = None) -> float:
        """Return the tokens per second if only the layers' matmuls took time, the large ones at the rate of `fp8`."""
        if fp8 is None:
            return self.product_rate / operations_per_token(config)
        large = large_operations_per_token(config)
        return 1 / ((operations_per_token(config) - large) / self.product_rate + large / fp8.product_rate)

    def decode(self, model: FalconMamba) -> float:
        """Return the tokens per second of one sequence if only moving weights and state took time."""
        return self.bandwidth / bytes_per_token(model)


@dataclass(frozen=True)
class Probe:
    """A way of reaching a limit: `amount` operations or bytes per call of `work`."""

    work: Callable[[], Any]
    amount: float


def probes(
    config: FalconMambaConfig, device: torch.device | str, dtypes: Iterable[torch.dtype], chunk: int
) -> dict[str, Probe]:
    """Return the probes that take turns with the contestants, so that both are measured under the same load."""
    device = torch.device(device)
    found = {f"limit, memory {name}": probe for name, probe in _memory(device).items()}
    for dtype in dtypes:
        found |= {f"limit, {dtype} {name}": probe for name, probe in _products(config, device, dtype, chunk).items()}
    return found


def reached(
    found: dict[str, Probe], seconds: dict[str, float], dtypes: Iterable[torch.dtype]
) -> dict[torch.dtype, Limits]:
    """Return the limits of each dtype, from the least seconds of each probe."""

    def highest(beginning: str) -> float:
        return max(probe.amount / seconds[name] for name, probe in found.items() if name.startswith(beginning))

    return {dtype: Limits(highest(f"limit, {dtype} "), highest("limit, memory ")) for dtype in dtypes}


def measure(config: FalconMambaConfig, device: torch.device | str, dtype: torch.dtype, chunk: int) -> Limits:
    """Measure both limits for chunks of `chunk` tokens of a network of this shape."""
    found = probes(config, device, [dtype], chunk)
    seconds, _ = contest({name: probe.work for name, probe in found.items()}, REPEATS)
    return reached(found, seconds, [dtype])[dtype]


def operations_per_token(config: FalconMambaConfig) -> int:
    """Return the operations of the four projections of all layers per token; the head is multiplied once a chunk."""
    c = config
    return 2 * c.n_layers * c.d_inner * (3 * c.d_model + 2 * c.dt_rank + 2 * c.d_state)


def large_operations_per_token(config: FalconMambaConfig) -> int:
    """Return those of in_proj and out_proj."""
    return 2 * config.n_layers * config.d_inner * 3 * config.d_model


def bytes_per_token(model: FalconMamba) -> int:
    """Return the bytes moved for one token of one sequence: all weights (one row of untied embeddings) and
    the state twice."""
    embeddings = 0 if model.head.weight is model.embeddings else model.embeddings.nbytes
    return model.nbytes - embeddings + 2 * model.new_state().nbytes


def _products(config: FalconMambaConfig, device: torch.device, dtype: torch.dtype, chunk: int) -> dict[str, Probe]:
    """Return probes of the network's two large matmuls, and a square one."""
    size = 2048 if device.type == "cpu" else 8192
    shapes = [(chunk, 2 * config.d_inner, config.d_model), (chunk, config.d_model, config.d_inner), (size, size, size)]
    found = {}
    for rows, out, width in shapes:
        x, weight = (torch.randn(n, width, device=device) for n in (rows, out))
        amount = 2 * rows * out * width
        times = max(1, operations_per_token(config) * chunk // amount)
        if dtype == FP8:
            ops = operations(device)
            scaled = ops.scale(weight)
            work = partial(ops.scaled_linear, ops.scale(x), scaled.values, scaled.scales, torch.bfloat16)
        else:
            work = partial(matmul, x.to(dtype), weight.to(dtype), None)
        found[f"{rows} x {out} x {width}"] = _repeated(work, amount, times)
    return found


def _repeated(work: Callable[[], Any], amount: float, times: int) -> Probe:
    """Return a probe that lasts about as long as the work beside it: a short one could slip between other programs."""

    def repeated() -> Any:
        for _ in range(times):
            result = work()
        return result

    return Probe(repeated, amount * times)


def _memory(device: torch.device) -> dict[str, Probe]:
    """Return probes of reading by a sum and by dot products, and on a GPU by a copy, which reads and writes."""
    width = 4096
    buffer = torch.randn(BUFFER_BYTES // 4 // width, width, device=device)
    x = torch.ones(1, width, device=device)

    def rows() -> torch.Tensor:
        if device.type == "cpu":
            from kernels.cpu.llvm.matvec import Rows, multiply

            return multiply(x, Rows(buffer))
        return F.linear(x, buffer)

    found = {name: _repeated(work, buffer.nbytes, READS) for name, work in (("sum", buffer.sum), ("rows", rows))}
    if device.type == "cuda":
        found["copy"] = _repeated(partial(torch.empty_like(buffer).copy_, buffer), 2 * buffer.nbytes, READS)
    return found
