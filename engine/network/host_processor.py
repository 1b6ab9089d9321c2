"""What this computer's processor does in hardware. Needs no torch."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def bf16_is_fast() -> bool:
    """Return whether this CPU multiplies bf16 matrices in hardware (avx512_bf16 or amx_bf16 in /proc/cpuinfo)."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return any(flag in flags.split() for flag in ("avx512_bf16", "amx_bf16"))
