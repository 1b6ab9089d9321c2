"""The processes of one run, one a GPU: each trains on its own batches, gradients are averaged, decisions are shared."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import torch
from torch import Tensor, distributed
from torch._C._distributed_c10d import PrefixStore, TCPStore

PATIENCE = timedelta(seconds=300)


class Team:
    """`rank` of `size` processes. A team of one exchanges nothing."""

    def __init__(self, rank: int = 0, size: int = 1, port: int = 0) -> None:
        self.rank, self.size = rank, size
        self._store: Any = None
        if size > 1:
            self._store = TCPStore("127.0.0.1", port, size, is_master=rank == 0, timeout=PATIENCE)
            backend = "nccl" if torch.cuda.is_available() else "gloo"
            shared = PrefixStore("gradients", self._store)
            distributed.init_process_group(backend, store=shared, rank=rank, world_size=size, timeout=PATIENCE)

    @property
    def leads(self) -> bool:
        """True in the process that logs and saves."""
        return self.rank == 0

    def average(self, flat: Tensor) -> None:
        """Replace `flat` by its mean over the team."""
        if self.size > 1:
            distributed.all_reduce(flat)
            flat.div_(self.size)

    def equalise(self, tensors: Iterable[Tensor]) -> None:
        """Give every process the leader's values, should rounding ever have drawn them apart."""
        if self.size > 1:
            for tensor in tensors:
                distributed.broadcast(tensor.detach(), 0)

    def agree(self, name: str, value: float) -> float:
        """Return the leader's `value` for `name`; the others wait for it."""
        if self._store is None:
            return value
        if self.leads:
            self._store.set(name, repr(value))
        return float(self._store.get(name))

    def part(self) -> None:
        """End the exchange, when all have come to their end."""
        if self.size > 1:
            distributed.barrier()
            distributed.destroy_process_group()
