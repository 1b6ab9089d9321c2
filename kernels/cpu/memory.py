"""Memory of weights on a CPU: in huge pages where the system has them.

Decode reads every weight once a token. In pages of 4 KiB the look-up of addresses then takes a third of the time: two
cores of a virtual Xeon read int8 rows at 8.2 GB per processor second so, and at 11.7 in pages of 2 MiB.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from contextlib import suppress

import torch
from torch import Tensor

LARGE = 4 << 20
"""Bytes from which a tensor has huge pages to fill."""
_PAGE = 4096
_MADV_HUGEPAGE = 14  # from Linux's mman.h


def empty(shape: Sequence[int], dtype: torch.dtype) -> Tensor:
    """Return a tensor like `torch.empty`; for a large one the system is asked for huge pages, which it may refuse."""
    tensor = torch.empty(*shape, dtype=dtype)
    if tensor.nbytes >= LARGE and sys.platform == "linux":
        start = -(-tensor.data_ptr() // _PAGE) * _PAGE
        length = (tensor.data_ptr() + tensor.nbytes - start) // _PAGE * _PAGE
        with suppress(AttributeError):  # a C library without madvise
            ctypes.CDLL(None).madvise(ctypes.c_void_p(start), ctypes.c_size_t(length), _MADV_HUGEPAGE)
    return tensor


def copied(tensor: Tensor, dtype: torch.dtype | None = None) -> Tensor:
    """Return a copy of a tensor in memory of `empty`, in `dtype` if given."""
    return empty(tensor.shape, dtype or tensor.dtype).copy_(tensor)
