"""Overlapping launches (programmatic dependent launch): a launch begins while the one before it ends."""

from typing import Any

import torch

from kernels.gpu.programs import is_nvidia

gdc_launch_dependents: Any = None
"""Device function: let the next launch begin. None where Triton has no such function."""
gdc_wait: Any = None
"""Device function: wait for the end of the launch before. None where Triton has no such function."""
try:
    from triton.language.extra import cuda
except ImportError:
    pass
else:
    gdc_launch_dependents = getattr(cuda, "gdc_launch_dependents", None)
    gdc_wait = getattr(cuda, "gdc_wait", None)


def overlaps(device: torch.device) -> bool:
    """Return whether launches on `device` can overlap: NVIDIA from Hopper on."""
    return is_nvidia(device) and gdc_wait is not None and torch.cuda.get_device_capability(device)[0] >= 9
