"""Whether a model fits into this computer's memory, by precision, before anything of it is loaded. Light: no torch.

The numbers are those of `engine.network.footprint`; the order is that of `engine.network.precision` on a CPU.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.network.config import FalconMambaConfig
from engine.network.footprint import BITS, ITEM_BYTES, footprint
from engine.network.host_memory import available_bytes
from engine.network.host_processor import bf16_is_fast

PRECISIONS = ("fp32", "bf16", "int8", "int4")


@dataclass(frozen=True)
class Fit:
    """Bytes that a model needs at the peak by precision, and the bytes that are free."""

    needs: dict[str, int]
    """For each precision that this computer would choose for the model, the best one first."""
    free: int

    @property
    def best(self) -> str:
        """The best precision that fits; "" if none does."""
        return next((name for name, needed in self.needs.items() if needed <= self.free), "")


def fit(config: FalconMambaConfig, free_bytes: int | None = None) -> Fit:
    """Return the fit of a network in this computer's main memory."""
    half = config.checkpoint_dtype in ("bfloat16", "float16") and bf16_is_fast()
    first = {"int8": 2, "int4": 3}.get(config.checkpoint_dtype or "", 1 if half else 0)
    names = PRECISIONS[first:]
    free = available_bytes() if free_bytes is None else free_bytes
    return Fit({name: needed_bytes(config, name) for name in names}, free)


def needed_bytes(config: FalconMambaConfig, precision: str) -> int:
    """Return the bytes that a network needs on a CPU at the peak, in fp32, bf16, int8 or int4."""
    bits = BITS.get(precision)
    item = ITEM_BYTES.get(precision) or (2 if bf16_is_fast() else 4)
    return footprint(config, item, bits).needed
