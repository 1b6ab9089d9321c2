"""int4 rows times vectors on the CPU: the levels as floats, or as bytes.

The layout is that of `kernels.quantisation`: bf16 scales for groups of GROUP neighbours, byte j of a group holds
weight j in its low half and weight j + 16 in its high half, each plus 8.

Converting a level to a float takes longer than reading it. Where the processor multiplies bytes and sums four products
in one instruction (VNNI), levels stay bytes, and a vector is split into bytes before its product: 20 instructions for
128 weights instead of 60. The sum of a group is exact, and the vector's rounding is that of float32.
"""

from __future__ import annotations

from typing import Any

import llvmlite.binding as llvm
import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from kernels.cpu.llvm.vectors import (  # fmt: skip
    FLOATS,
    I8,
    I16,
    I32,
    I64,
    INTS,
    LANES,
    F,
    call,
    constant,
    fold,
    load_lanes,
    multiply_add,
    splat,
    store_lanes,
)
from kernels.quantisation import GROUP

BLOCK = 128
"""Weights of a row, four groups, that are multiplied by bytes at once."""
DIGITS, LARGEST, SMALLEST = 3, 127 << 16, 1e-30
"""Rounding of `split`: bytes per integer, the integer of a group's largest magnitude, and the least such magnitude."""
CENTRE, STEP = DIGITS * BLOCK, DIGITS * BLOCK + 64
"""Offsets in bytes of the integers' sums and of the steps in a block of `split`."""


def _byte_product_bits() -> int:
    """Return the bits of the vectors whose byte products the processor sums by fours (VNNI), or 0 without VNNI."""
    config: Any = numba.config  # numba sets its variables there by name
    named: str | None = config.CPU_FEATURES  # what is compiled for, where it is set: perhaps less than there is
    features = dict(llvm.get_host_cpu_features())
    if named is not None:
        features = dict.fromkeys((part[1:] for part in named.split(",") if part.startswith("+")), True)
    return 512 if features.get("avx512vnni") else 256 if features.get("avxvnni") else 0


BYTE_PRODUCTS = _byte_product_bits()
"""0: int4 is multiplied as floats."""


def group_floats(builder: Any, weights: Any, index: Any) -> tuple[Any, Any]:
    """Return the GROUP weights from weight `index` of a row on as floats without their scale, in two halves."""
    wide = builder.zext(load_lanes(builder, I8, weights, builder.lshr(index, ir.Constant(I64, 1))), INTS)
    low, high = builder.and_(wide, constant(15)), builder.lshr(wide, constant(4))
    return tuple(builder.sitofp(builder.sub(half, constant(8)), FLOATS) for half in (low, high))


def group_scales(builder: Any, scales: Any, index: Any, groups: int) -> Any:
    """Return the bf16 scales of `groups` groups, from weight `index` of a row on, as LANES floats."""
    halves = load_lanes(builder, I16, scales, builder.lshr(index, ir.Constant(I64, 4)), groups)
    zeros = ir.Constant(halves.type, [0] * groups)
    order = [place for lane in range(LANES) for place in (groups, lane * groups // LANES)]
    words = builder.shuffle_vector(halves, zeros, ir.Constant(ir.VectorType(I32, 2 * LANES), order))
    return builder.bitcast(words, FLOATS)


def _byte_sums(builder: Any, sums: Any, levels: Any, digits: Any) -> Any:
    """Return sums [LANES] + levels * digits, unsigned times signed bytes, four neighbouring products per lane."""
    lanes = BYTE_PRODUCTS // 32
    kind = ir.VectorType(I32, lanes)
    operands = [sums, builder.bitcast(levels, INTS), builder.bitcast(digits, INTS)]
    undefined, parts = ir.Constant(INTS, ir.Undefined), []
    for first in range(0, LANES, lanes):
        cut = ir.Constant(kind, list(range(first, first + lanes)))
        part = [builder.shuffle_vector(operand, undefined, cut) for operand in operands]
        parts.append(call(builder, f"llvm.x86.avx512.vpdpbusd.{BYTE_PRODUCTS}", kind, *part))
    return builder.shuffle_vector(parts[0], parts[-1], ir.Constant(INTS, list(range(LANES))))


def block_products(
    builder: Any, weights: Any, scales: Any, index: Any, blocks: list[Any], sums: list[Any]
) -> list[Any]:
    """Add to each vector's sums [LANES] the products of BLOCK int4 weights with its block of `split`."""
    packed = load_lanes(builder, I8, weights, builder.lshr(index, ir.Constant(I64, 1)), 4 * LANES)
    levels = [builder.and_(packed, constant(15, packed.type)), builder.lshr(packed, constant(4, packed.type))]
    scale = group_scales(builder, scales, index, BLOCK // GROUP)

    def product(block: Any, sum_: Any) -> Any:
        total = constant(0)
        for plane in range(DIGITS):
            total = builder.shl(total, constant(8))
            if plane == DIGITS - 1:
                total = builder.add(total, load_lanes(builder, I32, block, ir.Constant(I64, CENTRE)))
            for half in range(2):
                at = ir.Constant(I64, (2 * plane + half) * 4 * LANES)
                total = _byte_sums(builder, total, levels[half], load_lanes(builder, I8, block, at, 4 * LANES))
        factor = builder.fmul(scale, load_lanes(builder, F, block, ir.Constant(I64, STEP)))
        return multiply_add(builder, builder.sitofp(total, FLOATS), factor, sum_)

    return [product(block, sum_) for block, sum_ in zip(blocks, sums, strict=True)]


@intrinsic
def split(typingctx, x, out):
    """Split BLOCK floats at address x into bytes for the product with int4 weights, stored at `out`.

    A group's largest magnitude becomes LARGEST and the others integers of the same step, which is as fine as the last
    bits of that largest one; a group with an infinity or a NaN makes its products NaN or infinite. Three planes of
    digits in base 256, -128 to 127, the highest first, each with the first halves of the groups before the second ones.
    At CENTRE -8 times the sums of a group's integers, because levels are stored plus 8, as int32 in four lanes; at STEP
    the groups' steps as floats, four times each.
    """

    def codegen(context, builder, signature, args):
        x, out = args
        levels, least = ir.Constant(F, float(LARGEST)), builder.bitcast(ir.Constant(F, SMALLEST), I32)
        for group in range(BLOCK // GROUP):
            halves = [load_lanes(builder, F, x, ir.Constant(I64, 4 * (group * GROUP + i))) for i in (0, LANES)]
            largest = least  # as integers floats without their signs keep their order, and NaN is the largest
            for half in halves:
                bits = builder.and_(builder.bitcast(half, INTS), constant(0x7FFFFFFF))
                found = call(builder, f"llvm.vector.reduce.umax.v{LANES}i32", I32, bits)
                largest = builder.select(builder.icmp_unsigned(">", found, largest), found, largest)
            largest = builder.bitcast(largest, F)
            inverse = splat(builder, builder.fdiv(levels, largest), FLOATS)
            sums = constant(0)
            for i, half in enumerate(halves):
                rounded = call(builder, f"llvm.rint.v{LANES}f32", FLOATS, builder.fmul(half, inverse))
                rest = builder.fptosi(rounded, INTS)
                sums = builder.add(sums, rest)
                for plane in reversed(range(DIGITS)):
                    digits = builder.trunc(rest, ir.VectorType(I8, LANES))
                    store_lanes(builder, digits, out, (2 * plane + i) * 4 * LANES + group * LANES)
                    rest = builder.ashr(builder.sub(rest, builder.sext(digits, INTS)), constant(8))
            centre = fold(builder, sums, 4)
            step = splat(builder, builder.fdiv(largest, levels), ir.VectorType(F, 4))
            store_lanes(builder, builder.mul(centre, constant(-8, centre.type)), out, CENTRE + 16 * group)
            store_lanes(builder, step, out, STEP + 16 * group)
        return ir.Constant(I64, 0)

    return types.int64(types.int64, types.int64), codegen


@intrinsic
def dequantise_group(typingctx, weights, scales, index, out):
    """Store the GROUP int4 weights from weight `index` of a row on as floats at the address `out`."""

    def codegen(context, builder, signature, args):
        weights, scales, index, out = args
        scale = group_scales(builder, scales, index, 1)
        for i, half in enumerate(group_floats(builder, weights, index)):
            store_lanes(builder, builder.fmul(half, scale), out, 4 * LANES * i)
        return ir.Constant(I64, 0)

    return types.int64(*[types.int64] * 4), codegen
