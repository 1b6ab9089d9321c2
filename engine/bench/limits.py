"""What this machine allows at most: matrix products and memory measured in the same run, and shares of them.

Prefill cannot be faster than the products of a token at the highest rate that any of a few shapes reaches (the
network's own among them); decode of one row not faster than reading every weight, and reading and writing the state,
at the highest bandwidth that any of two ways of reading reaches.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional as F

from engine.bench.contest import timed
from engine.config import FalconMambaConfig
from engine.linear import product
from engine.model import FalconMamba

BUFFER_BYTES = 512 << 20
REPEATS = 7


@dataclass(frozen=True)
class Limits:
    """What was measured on one device for one compute dtype."""

    product_rate: float
    """Operations a second, two for every multiply-add."""
    bandwidth: float
    """Bytes read a second."""

    def prefill(self, config: FalconMambaConfig) -> float:
        """Tokens a second if nothing but the layers' products took time."""
        return self.product_rate / operations_a_token(config)

    def decode(self, model: FalconMamba) -> float:
        """Tokens a second of one row if nothing but moving weights and state took time."""
        return self.bandwidth / bytes_a_token(model)


def measure(config: FalconMambaConfig, device: torch.device | str, dtype: torch.dtype, chunk: int) -> Limits:
    """Measure both limits for chunks of `chunk` tokens of a network of this shape."""
    device = torch.device(device)
    return Limits(_product_rate(config, device, dtype, chunk), read_bandwidth(device))


def operations_a_token(config: FalconMambaConfig) -> int:
    """Of the four projections of all layers; the head is multiplied once a chunk, and the scan is none of them."""
    c = config
    return 2 * c.n_layers * c.d_inner * (3 * c.d_model + 2 * c.dt_rank + 2 * c.d_state)


def bytes_a_token(model: FalconMamba) -> int:
    """Moved for one token of one row: all weights (of embeddings that are no head, one row) and the state twice."""
    embeddings = 0 if model.head.weight is model.embeddings else model.embeddings.nbytes
    return model.nbytes - embeddings + 2 * model.new_state().nbytes


def _product_rate(config: FalconMambaConfig, device: torch.device, dtype: torch.dtype, chunk: int) -> float:
    size = 4096 if device.type == "cpu" else 8192
    shapes = [(chunk, 2 * config.d_inner, config.d_model), (chunk, config.d_model, config.d_inner)]
    shapes += [(1024 if device.type == "cpu" else size, size, size)]
    best = 0.0
    for rows, out, width in shapes:
        x, weight = (torch.randn(n, width, device=device).to(dtype) for n in (rows, out))
        seconds = _least(lambda x=x, weight=weight: product(x, weight, None))  # type: ignore[misc]
        best = max(best, 2 * rows * out * width / seconds)
    return best


def read_bandwidth(device: torch.device | str) -> float:
    """Bytes a second that all threads together read from memory, by a sum and by inner products with rows."""
    device = torch.device(device)
    width = 4096
    buffer = torch.ones(BUFFER_BYTES // 4 // width, width, device=device)
    x = torch.ones(1, width, device=device)

    def rows() -> torch.Tensor:
        if device.type == "cpu":
            from kernels.cpu_matvec import Rows, multiply

            return multiply(x, Rows(buffer))
        return F.linear(x, buffer)

    return buffer.nbytes / min(_least(buffer.sum), _least(rows))


def _least(work: Callable[[], Any]) -> float:
    work()
    return min(timed(work)[0] for _ in range(REPEATS))
