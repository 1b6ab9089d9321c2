"""Quantisation on the CPU: one pass over the stored weight, without float32 copies of it.

`kernels.quantisation` has the formulas. Divisions round as there, so int8 has the same bits; in int4 the squared errors
are summed in another order, so two candidates for the scale of a group may change places if they are equally good.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numba import njit, types
from torch import Tensor

from kernels.cpu.loops import ZERO, address_cast, f32_at, float_as_uint, inline, load, rint, uint_as_float
from kernels.cpu.memory import empty
from kernels.cpu.parallel import parallel_for
from kernels.cpu.tensors import KINDS
from kernels.quantisation import GROUP, SHRINKAGE, quantise_ref

SCALE_FACTORS = tuple(np.float32(shrinkage / -8) for shrinkage in SHRINKAGE)
HALF = GROUP // 2
U1, UGROUP, UHALF = np.uint64(1), np.uint64(GROUP), np.uint64(HALF)
I16, ROUND, LOW_BIT = np.uint32(16), np.uint32(0x7FFF), np.uint32(1)
LEAST, MOST = np.float32(-8), np.float32(7)
SMALLEST, INT8_MOST = np.float32(1e-30), np.float32(127)

u8_at = address_cast(types.uint8)
i8_at = address_cast(types.int8)
u16_at = address_cast(types.uint16)


def exact_kernel(function: Any) -> Any:
    """Compile with reordered sums but exact divisions (no `arcp`)."""
    flags = {"contract", "nsz", "reassoc"}
    return njit(cache=True, nogil=True, fastmath=flags, error_model="numpy", boundscheck=False)(function)


def quantise(weight: Tensor, bits: int | str) -> tuple[Tensor, Tensor]:
    """Implement `kernels.operations.Quantise`."""
    out, width = weight.shape
    if weight.dtype not in KINDS or not weight.is_contiguous() or (bits == 4 and width % GROUP) or bits not in (4, 8):
        return quantise_ref(weight, bits)
    if bits == 8:
        integers, scales = empty((out, width), torch.int8), torch.empty(out)
        kernel = int8_kernel
    else:
        integers = empty((out, width // 2), torch.uint8)
        scales = empty((out, width // GROUP), torch.bfloat16)
        kernel = int4_kernel
    addresses = weight.data_ptr(), KINDS[weight.dtype], width, integers.data_ptr(), scales.data_ptr()
    parallel_for(kernel, out, 8 * out * width, *addresses)
    return integers, scales


@exact_kernel
def int8_kernel(first, last, weight, kind, width, out, scales):
    """Quantise the rows first..last-1 to int8 with a float32 scale each."""
    values, scales_at = np.empty(width, np.float32), f32_at(scales)
    for r in range(first, last):
        load(weight, r * width, kind, values, width)
        largest = SMALLEST
        for i in range(width):
            largest = max(largest, abs(values[i]))
        scale = largest / INT8_MOST
        scales_at[r] = scale
        row = i8_at(out + r * width)
        for i in range(width):
            row[i] = np.int8(np.int32(rint(values[i] / scale)))


@inline
def _as_bf16(value):
    """Round a float32 to the nearest bf16, ties to even."""
    bits = float_as_uint(value)
    return uint_as_float(((bits + ROUND + ((bits >> I16) & LOW_BIT)) >> I16) << I16)


@inline
def _farthest(values, at):
    """Return the value of the largest magnitude in a group, the first of equals."""
    high, low = ZERO, ZERO
    for i in range(UGROUP):
        high = max(high, values[at + i])
        low = min(low, values[at + i])
    if high != -low:
        return high if high > -low else low
    for i in range(UGROUP):
        if abs(values[at + i]) == high:
            return values[at + i]
    return high


@inline
def _level(value, scale):
    return min(max(rint(value / scale), LEAST), MOST)


@exact_kernel
def int4_kernel(first, last, weight, kind, width, out, scales):
    """Quantise the rows first..last-1 to int4; the width is a multiple of GROUP."""
    values, groups = np.empty(width, np.float32), width // GROUP
    for r in range(first, last):
        load(weight, r * width, kind, values, width)
        row, scale_at = u8_at(out + r * (width // 2)), u16_at(scales + 2 * r * groups)
        for g in range(np.uint64(groups)):
            at = g * UGROUP
            farthest = _farthest(values, at)
            best, chosen = np.float32(np.inf), ZERO
            for factor in SCALE_FACTORS:
                scale = _as_bf16(farthest * factor)
                divisor = scale if scale != ZERO else np.float32(1)
                error = ZERO
                for i in range(UGROUP):
                    difference = _level(values[at + i], divisor) * scale - values[at + i]
                    error += difference * difference
                if error < best:
                    best, chosen = error, scale
            divisor = chosen if chosen != ZERO else np.float32(1)
            for i in range(UHALF):
                low = np.int32(_level(values[at + i], divisor)) + np.int32(8)
                high = np.int32(_level(values[at + i + UHALF], divisor)) + np.int32(8)
                row[g * UHALF + i] = np.uint8(low | (high << np.int32(4)))
            scale_at[g] = np.uint16(float_as_uint(chosen) >> I16)
