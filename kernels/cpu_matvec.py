"""Rows of a weight times a few vectors on the CPU, for weights in float32, bf16, int8 or int4, compiled with numba.

A weight is read once, in order, and widened to float32 in registers, so that one token costs what reading the weights
costs. The inner product is written as vector code of LLVM, sixteen lanes wide: it stays what it is meant to be whatever
the loop vectoriser thinks of it, and LLVM cuts it to the width of the machine.

int8: one float32 scale a row. int4: groups of GROUP neighbouring weights of a row share a bf16 scale; byte j of a group
holds weight j in its low half and weight j + 16 in its high half, each plus 8. `kernels.quantised` has the formulas.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from torch import Tensor

from .cpu import KINDS, share
from .cpu_loops import BF16, F32, I16, _address_cast, _inline, _kernel, f32_at, store, u16_at, uint_as_float
from .quantised import GROUP

INT8, INT4 = 2, 3
"""Further kinds of weights, beside F32 and BF16."""

LANES = 16
ACCUMULATORS = 4
TOGETHER = 4
"""Vectors that share one pass over a row."""

_U4, _LOW, _EIGHT = np.uint8(4), np.uint8(15), np.float32(8)
_F, _I8, _I16, _I32, _I64 = ir.FloatType(), ir.IntType(8), ir.IntType(16), ir.IntType(32), ir.IntType(64)
_FV, _IV = ir.VectorType(_F, LANES), ir.VectorType(_I32, LANES)

i8_at, u8_at = _address_cast(types.int8), _address_cast(types.uint8)


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
        return INT8 if self.weight.dtype == torch.int8 else INT4

    @property
    def size(self) -> tuple[int, int]:
        """(out, in)."""
        out, width = self.weight.shape
        return out, 2 * width if self.kind == INT4 else width


def multiply(x: Tensor, rows: Rows) -> Tensor:
    """x [M, in] -> x @ weight.T + bias [M, out], in x.dtype; computed in float32. For few vectors."""
    out, width = rows.size
    vectors = x.float().contiguous()
    y = torch.empty(len(x), out)
    bias = None if rows.bias is None else rows.bias.float().contiguous()
    share(
        rows_kernel, out, out * width * len(x), rows.kind, rows.weight.data_ptr(), _address(rows.scales), width,
        vectors.data_ptr(), width, len(x), y.data_ptr(), out, _address(bias),
    )  # fmt: skip
    return y.to(x.dtype)


def dequantise(rows: Rows, dtype: torch.dtype) -> Tensor:
    """The weight [out, in] as the quantised rows stand for it, in float32 or bf16."""
    out, width = rows.size
    dense = torch.empty(out, width, dtype=dtype)
    share(
        widen_kernel, out, out * width, rows.kind, rows.weight.data_ptr(), _address(rows.scales), width,
        dense.data_ptr(), KINDS[dtype],
    )  # fmt: skip
    return dense


def _address(tensor: Tensor | None) -> int:
    return 0 if tensor is None else tensor.data_ptr()


def _splat(builder: Any, value: Any, kind: Any) -> Any:
    """A vector of LANES times the same scalar."""
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), value, ir.Constant(_I32, 0))
    mask = ir.Constant(_IV, [0] * LANES)
    return builder.shuffle_vector(one, ir.Constant(kind, ir.Undefined), mask)


def _constant(value: int) -> Any:
    return ir.Constant(_IV, [value] * LANES)


def _load(builder: Any, element: Any, address: Any, bytes_on: Any) -> Any:
    """LANES elements from `bytes_on` behind `address`; no alignment is taken for granted."""
    vector = ir.VectorType(element, LANES)
    pointer = builder.inttoptr(builder.add(address, bytes_on), vector.as_pointer())
    loaded = builder.load(pointer)
    loaded.align = 1
    return loaded


def _widen(builder: Any, kind: int, address: Any, index: Any) -> Any:
    """Weights index .. index + LANES - 1 of a row as floats; the kinds without groups."""
    if kind == F32:
        return _load(builder, _F, address, builder.mul(index, ir.Constant(_I64, 4)))
    if kind == BF16:
        halves = _load(builder, _I16, address, builder.mul(index, ir.Constant(_I64, 2)))
        return builder.bitcast(builder.shl(builder.zext(halves, _IV), _constant(16)), _FV)
    return builder.sitofp(builder.sext(_load(builder, _I8, address, index), _IV), _FV)


def _total(builder: Any, vector: Any) -> Any:
    """The sum of a vector's lanes, by halves."""
    size = LANES
    while size > 1:
        size //= 2
        half = ir.VectorType(_I32, size)
        undefined = ir.Constant(vector.type, ir.Undefined)
        low = builder.shuffle_vector(vector, undefined, ir.Constant(half, list(range(size))))
        high = builder.shuffle_vector(vector, undefined, ir.Constant(half, list(range(size, 2 * size))))
        vector = builder.fadd(low, high)
    return builder.extract_element(vector, ir.Constant(_I32, 0))


def _multiply_add(builder: Any, a: Any, b: Any, c: Any) -> Any:
    kind = ir.FunctionType(_FV, [_FV] * 3)
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, f"llvm.fma.v{LANES}f32"), [a, b, c])


def _dot(kind: int, vectors: int) -> Any:
    """An intrinsic (weights, scales, x, x_row, count, out): out[v] = the row's product with vector v.

    `weights`, `scales` and `out` are addresses, x that of `vectors` rows of floats which are `x_row` elements apart;
    `count` is a multiple of GROUP * 2 (int4: of GROUP). `scales` is used by int4 only.
    """
    accumulators = max(1, ACCUMULATORS // vectors)
    step = GROUP if kind == INT4 else LANES * accumulators

    def body(builder: Any, sums: list[Any], index: Any, args: list[Any]) -> list[Any]:
        weights, scales, x, x_row = args[:4]

        def lanes_of(vector: int, at: Any) -> Any:
            element = builder.add(builder.mul(x_row, ir.Constant(_I64, vector)), at)
            return _load(builder, _F, x, builder.mul(element, ir.Constant(_I64, 4)))

        if kind == INT4:
            packed = _load(builder, _I8, weights, builder.lshr(index, ir.Constant(_I64, 1)))
            wide = builder.zext(packed, _IV)
            low = builder.sitofp(builder.sub(builder.and_(wide, _constant(15)), _constant(8)), _FV)
            high = builder.sitofp(builder.sub(builder.lshr(wide, _constant(4)), _constant(8)), _FV)
            at = builder.lshr(index, ir.Constant(_I64, 4))  # bytes of bf16: 2 for every GROUP
            pointer = builder.inttoptr(builder.add(scales, at), _I16.as_pointer())
            bits = builder.shl(builder.zext(builder.load(pointer), _I32), ir.Constant(_I32, 16))
            scale = _splat(builder, builder.bitcast(bits, _F), _FV)
            further = builder.add(index, ir.Constant(_I64, LANES))
            for v in range(vectors):
                part = builder.fmul(low, lanes_of(v, index))
                part = _multiply_add(builder, high, lanes_of(v, further), part)
                sums[v] = _multiply_add(builder, part, scale, sums[v])
            return sums
        for a in range(accumulators):
            at = builder.add(index, ir.Constant(_I64, a * LANES))
            widened = _widen(builder, kind, weights, at)
            for v in range(vectors):
                slot = v * accumulators + a
                sums[slot] = _multiply_add(builder, widened, lanes_of(v, at), sums[slot])
        return sums

    @intrinsic
    def dot(typingctx, weights, scales, x, x_row, count, out):
        def codegen(context, builder, signature, args):
            count, out = args[4], args[5]
            slots = vectors if kind == INT4 else vectors * accumulators
            zero = ir.Constant(_FV, [0.0] * LANES)
            entry = builder.block
            loop, done = builder.append_basic_block("dot.loop"), builder.append_basic_block("dot.done")
            builder.cbranch(builder.icmp_signed(">", count, ir.Constant(_I64, 0)), loop, done)
            builder.position_at_end(loop)
            index = builder.phi(_I64)
            index.add_incoming(ir.Constant(_I64, 0), entry)
            carried = [builder.phi(_FV) for _ in range(slots)]
            for phi in carried:
                phi.add_incoming(zero, entry)
            sums = body(builder, list(carried), index, args)
            following = builder.add(index, ir.Constant(_I64, step))
            index.add_incoming(following, loop)
            for phi, value in zip(carried, sums, strict=True):
                phi.add_incoming(value, loop)
            builder.cbranch(builder.icmp_signed("<", following, count), loop, done)
            builder.position_at_end(done)
            finals = [builder.phi(_FV) for _ in range(slots)]
            for final, value in zip(finals, sums, strict=True):
                final.add_incoming(zero, entry)
                final.add_incoming(value, loop)
            for v in range(vectors):
                parts = finals[v * slots // vectors : (v + 1) * slots // vectors]
                while len(parts) > 1:
                    parts = [builder.fadd(a, b) for a, b in zip(parts[::2], parts[1::2], strict=True)]
                target = builder.add(out, ir.Constant(_I64, 4 * v))
                builder.store(_total(builder, parts[0]), builder.inttoptr(target, _F.as_pointer()))
            return ir.Constant(_I64, 0)

        return types.int64(*[types.int64] * 6), codegen

    return dot


dot_f32, dot_f32_4 = _dot(F32, 1), _dot(F32, TOGETHER)
dot_bf16, dot_bf16_4 = _dot(BF16, 1), _dot(BF16, TOGETHER)
dot_int8, dot_int8_4 = _dot(INT8, 1), _dot(INT8, TOGETHER)
dot_int4, dot_int4_4 = _dot(INT4, 1), _dot(INT4, TOGETHER)


@_inline
def _whole(kind, count):
    """How many of a row's `count` weights the vector code takes; the rest, never with int4, is added one by one."""
    return count if kind == INT4 else count - count % (LANES * ACCUMULATORS)


@_inline
def _weight(kind, row, at):
    if kind == F32:
        return f32_at(row)[at]
    if kind == BF16:
        return uint_as_float(np.uint32(u16_at(row)[at]) << I16)
    return np.float32(i8_at(row)[at])


@_kernel
def rows_kernel(first, last, kind, weights, scales, count, x, x_row, vectors, out, out_row, bias):
    """out[v * out_row + r] = weights[r] . x[v] + bias[r] for the rows first..last-1 and all vectors; all addresses.

    x and out are float32, `bias` (float32) may be 0.
    """
    sums = np.empty(TOGETHER, np.float32)
    sums_at = sums.ctypes.data
    out_at, bias_at, scales_at = f32_at(out), f32_at(bias), f32_at(scales)
    whole = _whole(kind, count)
    width = count * 4 if kind == F32 else count * 2 if kind == BF16 else count if kind == INT8 else count // 2
    for r in range(first, last):
        row = weights + r * width
        groups = scales + r * (count // GROUP) * 2
        v = 0
        while v < vectors:
            together = TOGETHER if vectors - v >= TOGETHER else 1
            at = x + v * x_row * 4
            if together == 1:
                if kind == F32:
                    dot_f32(row, scales, at, x_row, whole, sums_at)
                elif kind == BF16:
                    dot_bf16(row, scales, at, x_row, whole, sums_at)
                elif kind == INT8:
                    dot_int8(row, scales, at, x_row, whole, sums_at)
                else:
                    dot_int4(row, groups, at, x_row, whole, sums_at)
            elif kind == F32:
                dot_f32_4(row, scales, at, x_row, whole, sums_at)
            elif kind == BF16:
                dot_bf16_4(row, scales, at, x_row, whole, sums_at)
            elif kind == INT8:
                dot_int8_4(row, scales, at, x_row, whole, sums_at)
            else:
                dot_int4_4(row, groups, at, x_row, whole, sums_at)
            for i in range(together):
                total = sums[i]
                vector = f32_at(at + i * x_row * 4)
                for j in range(whole, count):
                    total += _weight(kind, row, j) * vector[j]
                if kind == INT8:
                    total *= scales_at[r]
                if bias != 0:
                    total += bias_at[r]
                out_at[(v + i) * out_row + r] = total
            v += together


@_kernel
def widen_kernel(first, last, kind, weights, scales, count, out, out_kind):
    """The int8 or int4 rows first..last-1 as floats, stored in `out` [.., count] as float32 or bf16."""
    values, scales_at, groups_at = np.empty(count, np.float32), f32_at(scales), u16_at(scales)
    low, high = np.empty(GROUP // 2, np.float32), np.empty(GROUP // 2, np.float32)
    for r in range(first, last):
        if kind == INT8:
            row, scale = i8_at(weights + r * count), scales_at[r]
            for i in range(count):
                values[i] = np.float32(row[i]) * scale
        else:
            packed = u8_at(weights + r * (count // 2))
            for group in range(count // GROUP):
                scale = uint_as_float(np.uint32(groups_at[r * (count // GROUP) + group]) << I16)
                for i in range(GROUP // 2):
                    byte = packed[group * (GROUP // 2) + i]
                    low[i] = (np.float32(byte & _LOW) - _EIGHT) * scale
                    high[i] = (np.float32(byte >> _U4) - _EIGHT) * scale
                for i in range(GROUP // 2):
                    values[group * GROUP + i] = low[i]
                    values[group * GROUP + GROUP // 2 + i] = high[i]
        store(out, r * count, out_kind, values, count)
