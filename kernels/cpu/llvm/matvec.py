"""Rows of a weight times a few vectors on the CPU, in float32, bf16, int8 or int4, compiled with numba.

A weight is read once, in order, and converted to float32 in registers, so that one token takes the time of reading the
weights. The inner products are vector code (`kernels.cpu.llvm.vectors`). int8 has one float32 scale a row, int4 one for
every group (`kernels.cpu.llvm.int4`); `kernels.quantisation` has the formulas.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from torch import Tensor

from kernels.cpu.llvm.int4 import (
    BLOCK,
    BYTE_PRODUCTS,
    block_products,
    dequantise_group,
    group_floats,
    group_scales,
    split,
)
from kernels.cpu.llvm.vectors import (
    FLOATS,
    I8,
    I16,
    I64,
    INTS,
    LANES,
    F,
    constant,
    fold,
    load_lanes,
    loop,
    multiply_add,
    prefetch,
    store_lanes,
)
from kernels.cpu.loops import BF16, F32, address_cast, f32_at, inline, kernel, store, u16_at, uint_as_float
from kernels.cpu.parallel import parallel_for
from kernels.cpu.tensors import KINDS, address
from kernels.quantisation import GROUP

INT8, INT4, INT4_BYTES = 2, 3, 4
"""Further kinds of weights, beside F32 and BF16; INT4_BYTES is int4 that is multiplied by bytes."""

ACCUMULATORS = 4
WHOLE = {F32: LANES, BF16: LANES, INT8: LANES, INT4: GROUP, INT4_BYTES: BLOCK}
"""Weights of a row in one turn of the vector code, at least."""
TOGETHER = 4
"""Vectors that share one pass over a row; each has fewer sums there, so other bits than alone."""

ROWS_ARGUMENTS, DEQUANTISE_ARGUMENTS = 13, 8
"""Arguments of `rows_kernel` and `dequantise_kernel`, all int64."""

SHIFT = np.uint32(16)
i8_at = address_cast(types.int8)


@dataclass(frozen=True)
class Rows:
    """A weight [out, in] whose rows lie one after the other.

    float32 or bf16 without scales; int8 with float32 scales [out]; int4 as uint8 [out, in / 2] with bf16 scales
    [out, in / GROUP].
    """

    weight: Tensor
    scales: Tensor | None = None
    bias: Tensor | None = None

    @property
    def kind(self) -> int:
        if self.scales is None:
            return KINDS[self.weight.dtype]
        if self.weight.dtype == torch.int8:
            return INT8
        return INT4_BYTES if BYTE_PRODUCTS else INT4

    @property
    def size(self) -> tuple[int, int]:
        """(out, in)."""
        out, width = self.weight.shape
        return out, 2 * width if self.weight.dtype == torch.uint8 else width


def multiply(x: Tensor, rows: Rows) -> Tensor:
    """Return x [M, in] @ weight.T + bias, [M, out] in x.dtype, computed in float32; for few vectors."""
    out, width = rows.size
    vectors = x.float().contiguous()
    y = torch.empty(len(x), out)
    bias = None if rows.bias is None else rows.bias.float().contiguous()
    parallel_for(
        rows_kernel, out, out * width * len(x), rows.kind, rows.weight.data_ptr(), address(rows.scales), width,
        vectors.data_ptr(), width, len(x), y.data_ptr(), out, address(bias), 0,
    )  # fmt: skip
    return y.to(x.dtype)


def dequantise(rows: Rows, dtype: torch.dtype, into: Tensor | None = None) -> Tensor:
    """Return the weight [out, in] of quantised rows in float32 or bf16, in the contiguous tensor `into` if given."""
    out, width = rows.size
    dense = torch.empty(out, width, dtype=dtype) if into is None else into
    parallel_for(
        dequantise_kernel, out, out * width, rows.kind, rows.weight.data_ptr(), address(rows.scales), width,
        dense.data_ptr(), KINDS[dtype],
    )  # fmt: skip
    return dense


def _as_floats(builder: Any, kind: int, address: Any, index: Any) -> Any:
    """Return the weights index .. index + LANES - 1 of a row as floats, for the kinds without groups."""
    if kind == F32:
        return load_lanes(builder, F, address, builder.mul(index, ir.Constant(I64, 4)))
    if kind == BF16:
        halves = load_lanes(builder, I16, address, builder.mul(index, ir.Constant(I64, 2)))
        return builder.bitcast(builder.shl(builder.zext(halves, INTS), constant(16)), FLOATS)
    return builder.sitofp(builder.sext(load_lanes(builder, I8, address, index), INTS), FLOATS)


def _dot(kind: int, vectors: int) -> Any:
    """Return an intrinsic (weights, scales, x, x_row, count, out): out[v] = the row's product with vector v.

    `weights`, `scales` and `out` are addresses, x that of `vectors` rows of floats which are `x_row` elements apart;
    `count` is a multiple of WHOLE. For INT4_BYTES x is what `split` makes; `scales` is used by int4 only.
    """
    whole = WHOLE[kind]
    accumulators = max(1, ACCUMULATORS // vectors) if whole == LANES else 1

    def body(builder: Any, args: list[Any], index: Any, sums: list[Any]) -> list[Any]:
        weights, scales, x, x_row = args[:4]

        def address(vector: int, at: Any) -> Any:
            element = builder.add(builder.mul(x_row, ir.Constant(I64, vector)), at)
            return builder.add(x, builder.mul(element, ir.Constant(I64, 4)))

        def lanes_of(vector: int, at: Any) -> Any:
            return load_lanes(builder, F, address(vector, at), ir.Constant(I64, 0))

        if kind == BF16:
            for line in range(0, len(sums) // vectors * LANES * 2, 64):
                prefetch(builder, weights, builder.add(builder.mul(index, ir.Constant(I64, 2)), ir.Constant(I64, line)))
        elif kind in (INT8, INT4_BYTES):  # a turn reads one cache line, or less
            prefetch(builder, weights, index if kind == INT8 else builder.lshr(index, ir.Constant(I64, 1)))
        if kind == INT4_BYTES:
            return block_products(builder, weights, scales, index, [address(v, index) for v in range(vectors)], sums)
        if kind == INT4:
            low, high = group_floats(builder, weights, index)
            scale = group_scales(builder, scales, index, 1)
            further = builder.add(index, ir.Constant(I64, LANES))
            for v in range(vectors):
                part = builder.fmul(low, lanes_of(v, index))
                part = multiply_add(builder, high, lanes_of(v, further), part)
                sums[v] = multiply_add(builder, part, scale, sums[v])
            return sums
        slots = len(sums) // vectors
        for a in range(slots):
            at = builder.add(index, ir.Constant(I64, a * LANES))
            floats_of_row = _as_floats(builder, kind, weights, at)
            for v in range(vectors):
                slot = v * slots + a
                sums[slot] = multiply_add(builder, floats_of_row, lanes_of(v, at), sums[slot])
        return sums

    @intrinsic
    def dot(typingctx, weights, scales, x, x_row, count, out):
        def codegen(context, builder, signature, args):
            count, out = args[4], args[5]
            step = whole * accumulators
            turns = builder.and_(count, ir.Constant(I64, -step))
            sums = [ir.Constant(FLOATS, [0.0] * LANES)] * (vectors * accumulators)
            sums = loop(builder, ir.Constant(I64, 0), turns, step, sums, partial(body, builder, args))
            while len(sums) > vectors:
                sums = [builder.fadd(a, b) for a, b in zip(sums[::2], sums[1::2], strict=True)]
            if accumulators > 1:
                sums = loop(builder, turns, count, whole, sums, partial(body, builder, args))
            for v in range(vectors):
                store_lanes(builder, fold(builder, sums[v], 1), out, 4 * v)
            return ir.Constant(I64, 0)

        return types.int64(*[types.int64] * 6), codegen

    return dot


dot_int4 = _dot(INT4, 1)


@inline
def floats(count):
    """Return `count` or more floats that begin with a cache line: loads across two lines take twice as long."""
    room = np.empty(count + 16, np.float32)
    return room[-np.int64(room.ctypes.data) % 64 // 4 :]


@inline
def keep(array):
    """Keep an array until its address is used last: numba frees an array after the last use of its name."""
    return array.size


@inline
def _weight(kind, row, at):
    if kind == F32:
        return f32_at(row)[at]
    if kind == BF16:
        return uint_as_float(np.uint32(u16_at(row)[at]) << SHIFT)
    return np.float32(i8_at(row)[at])


def _rows(kind: int) -> Any:
    """Return `rows_kernel` for one kind of weights, which is a constant for the compiler."""
    dot, dot_together = _dot(kind, 1), _dot(kind, TOGETHER)
    taken = WHOLE[kind]

    @inline
    def rows(first, last, weights, scales, count, x, x_row, vectors, out, out_row, bias, alone):
        sums = np.empty(TOGETHER + 1, np.float32)
        sums_at = np.int64(sums.ctypes.data)
        out_at, bias_at, scales_at = f32_at(out), f32_at(bias), f32_at(scales)
        whole = count - count % taken
        width = count * 4 if kind == F32 else count * 2 if kind == BF16 else count if kind == INT8 else count // 2
        source, source_row = x, x_row
        blocks = floats(vectors * whole if kind == INT4_BYTES else 0)
        if kind == INT4_BYTES:
            source, source_row = np.int64(blocks.ctypes.data), whole
            for v in range(vectors):
                for k in range(0, whole, BLOCK):
                    split(x + (v * x_row + k) * 4, source + (v * whole + k) * 4)  # type: ignore[call-arg]
        for r in range(first, last):
            row = weights + r * width
            groups = scales + r * (count // GROUP) * 2
            v = 0
            while v < vectors:
                together = TOGETHER if vectors - v >= TOGETHER and alone == 0 else 1
                at = source + v * source_row * 4
                if together == 1:
                    dot(row, groups, at, source_row, whole, sums_at)
                else:
                    dot_together(row, groups, at, source_row, whole, sums_at)
                for i in range(together):
                    total = sums[i]
                    rest = x + ((v + i) * x_row + whole) * 4
                    if kind == INT4_BYTES:
                        if whole < count:
                            dot_int4(
                                row + whole // 2, groups + whole // GROUP * 2, rest, 0, count - whole,
                                sums_at + 4 * TOGETHER,
                            )  # fmt: skip
                            total += sums[TOGETHER]
                    elif kind != INT4:
                        for j in range(whole, count):
                            total += _weight(kind, row, j) * f32_at(rest)[j - whole]
                    if kind == INT8:
                        total *= scales_at[r]
                    if bias != 0:
                        total += bias_at[r]
                    out_at[(v + i) * out_row + r] = total
                v += together
        keep(sums)
        keep(blocks)

    return rows


_rows_f32, _rows_bf16, _rows_int8, _rows_int4 = _rows(F32), _rows(BF16), _rows(INT8), _rows(INT4)
# Without that instruction this code never runs, but it must compile.
_rows_int4_bytes = _rows(INT4_BYTES if BYTE_PRODUCTS else INT4)


@kernel
def rows_kernel(first, last, kind, weights, scales, count, x, x_row, vectors, out, out_row, bias, alone):
    """out[v * out_row + r] = weights[r] . x[v] + bias[r] for the rows first..last-1 and all vectors; all addresses.

    x and out are float32, `bias` (float32) may be 0. With `alone` 1 each vector gets the bits that it gets as the only
    one, and a row comes from memory once.
    """
    if kind == F32:
        _rows_f32(first, last, weights, scales, count, x, x_row, vectors, out, out_row, bias, alone)
    elif kind == BF16:
        _rows_bf16(first, last, weights, scales, count, x, x_row, vectors, out, out_row, bias, alone)
    elif kind == INT8:
        _rows_int8(first, last, weights, scales, count, x, x_row, vectors, out, out_row, bias, alone)
    elif kind == INT4:
        _rows_int4(first, last, weights, scales, count, x, x_row, vectors, out, out_row, bias, alone)
    else:
        _rows_int4_bytes(first, last, weights, scales, count, x, x_row, vectors, out, out_row, bias, alone)


@kernel
def dequantise_kernel(first, last, kind, weights, scales, count, out, out_kind):
    """Store the int8 or int4 rows first..last-1 in `out` [.., count] as float32 or bf16."""
    values, scales_at = np.empty(count, np.float32), f32_at(scales)
    values_at = np.int64(values.ctypes.data)
    for r in range(first, last):
        if kind == INT8:
            row, scale = i8_at(weights + r * count), scales_at[r]
            for i in range(count):
                values[i] = np.float32(row[i]) * scale
        else:
            groups = scales + r * (count // GROUP) * 2
            for i in range(0, count, GROUP):
                dequantise_group(weights + r * (count // 2), groups, i, values_at + 4 * i)  # type: ignore[call-arg]
        store(out, r * count, out_kind, values, count)
