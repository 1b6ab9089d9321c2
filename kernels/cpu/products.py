"""Products with quantised weights on the CPU: vector code where it compiles, else plain torch.

The vector code (`kernels.cpu.llvm`) writes LLVM instructions, which another version of numba or LLVM may refuse.
READTHROUGH_VECTOR_CODE=0 switches it off.
"""

from __future__ import annotations

import logging
import os
from functools import cache

import torch
from numba import types
from torch import Tensor

from kernels.quantisation import FP8, dequantise_ref, quantised_linear_ref

SWITCH = "READTHROUGH_VECTOR_CODE"

_log = logging.getLogger(__name__)


def switched_on() -> bool:
    """Return whether the environment allows vector code."""
    return os.environ.get(SWITCH) != "0"


@cache
def vector_code() -> bool:
    """Return whether the products of `kernels.cpu.llvm` can be used; the first call compiles them or loads them."""
    if not switched_on():
        return False
    try:
        from kernels.cpu.llvm import matvec

        matvec.rows_kernel.compile((types.int64,) * matvec.ROWS_ARGUMENTS)
        matvec.dequantise_kernel.compile((types.int64,) * matvec.DEQUANTISE_ARGUMENTS)
    except Exception as error:  # numba and llvmlite raise errors of many kinds
        _log.warning("vector code does not compile here; plain code is used: %s", error)
        return False
    return True


def quantised_linear(x: Tensor, weight: Tensor, scales: Tensor, bias: Tensor | None = None) -> Tensor:
    """Implement `kernels.operations.QuantisedLinear`."""
    if weight.dtype == FP8 or not vector_code():  # no CPU multiplies fp8
        return quantised_linear_ref(x, weight, scales, bias)
    from kernels.cpu.llvm.matvec import Rows, multiply

    return multiply(x, Rows(weight, scales, bias))


def dequantise(weight: Tensor, scales: Tensor, dtype: torch.dtype, out: Tensor | None = None) -> Tensor:
    """Implement `kernels.operations.Dequantise`."""
    if dtype not in (torch.float32, torch.bfloat16) or not vector_code():
        return dequantise_ref(weight, scales, dtype, out)
    from kernels.cpu.llvm.matvec import Rows
    from kernels.cpu.llvm.matvec import dequantise as dequantise_rows

    return dequantise_rows(Rows(weight, scales), dtype, out)
