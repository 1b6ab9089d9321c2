"""Parts of the training kernels: pairs of channels, and for the scan sums over the lanes of a warp and over channels.

A thread has one element of every tensor, so no layout is left to the compiler. Those of the scan have 32, one a lane of
the one warp of a program. Lane 4 g + c holds, of eight channels and eight steps, the step g of two neighbouring
channels; and of the states of these two channels the numbers g and g + 8. Two such groups of eight channels share
sixteen neighbouring ones, whose bf16 numbers fill a sector of 32 bytes: lane c has the channels 4 c and 4 c + 1 of the
first and 4 c + 2 and 4 c + 3 of the second.
"""

import triton
import triton.language as tl

from kernels.gpu.math import LOG2E

STEPS = tl.constexpr(8)
"""Steps of a turn."""


@triton.jit
def channel(group, c):
    """Return the first of the two channels of the lanes c in a group of eight."""
    return (group // 2) * 16 + (group % 2) * 2 + 4 * c


@triton.jit
def raw_pair(base, at, HALF: tl.constexpr):
    """Load two neighbours, the first at an even place: a word of two bf16 (HALF), or two fp32."""
    if HALF:
        return (tl.load((base + at).to(tl.pointer_type(tl.int32))),)
    else:
        return tl.load(base + at), tl.load(base + at + 1)


@triton.jit
def raw_pair_where(base, at, mask, HALF: tl.constexpr):
    """Load what `raw_pair` loads, 0 where `mask` is not set."""
    if HALF:
        return (tl.load((base + at).to(tl.pointer_type(tl.int32)), mask=mask, other=0),)
    else:
        return tl.load(base + at, mask=mask, other=0.0), tl.load(base + at + 1, mask=mask, other=0.0)


@triton.jit
def raw_pairs(base, at, HALF: tl.constexpr, GROUPS: tl.constexpr, NATIVE: tl.constexpr):
    """Load GROUPS neighbouring pairs, one or two; `at` is a multiple of four for two."""
    if GROUPS == 1:
        return (raw_pair(base, at, HALF),)
    elif HALF and NATIVE:
        where = (base + at).to(tl.int64)
        first, second = tl.inline_asm_elementwise(
            "ld.global.v2.b32 {$0, $1}, [$2];", "=r,=r,l", [where], dtype=(tl.int32, tl.int32), is_pure=True, pack=1
        )
        return (first,), (second,)
    else:
        return raw_pair(base, at, HALF), raw_pair(base, at + 2, HALF)


@triton.jit
def floats(raw, HALF: tl.constexpr):
    """Return a pair as two fp32."""
    if HALF:
        word = raw[0]
        return (word << 16).to(tl.float32, bitcast=True), (word & -65536).to(tl.float32, bitcast=True)
    else:
        return raw[0], raw[1]


@triton.jit
def store_pair(base, at, first, second, mask, HALF: tl.constexpr, NATIVE: tl.constexpr):
    """Store two neighbours as `raw_pair` loads them."""
    if HALF:
        if NATIVE:
            word = tl.inline_asm_elementwise(
                "cvt.rn.bf16x2.f32 $0, $2, $1;", "=r,f,f", [first, second], dtype=tl.int32, is_pure=True, pack=1
            )
        else:
            low = first.to(tl.bfloat16).to(tl.uint16, bitcast=True).to(tl.uint32)
            high = second.to(tl.bfloat16).to(tl.uint16, bitcast=True).to(tl.uint32)
            word = (low | (high << 16)).to(tl.int32, bitcast=True)
        tl.store((base + at).to(tl.pointer_type(tl.int32)), word, mask=mask)
    else:
        tl.store(base + at, first, mask=mask)
        tl.store(base + at + 1, second, mask=mask)


@triton.jit
def sigmoid(v, NATIVE: tl.constexpr):
    """Return 1 / (1 + e^-v), NATIVE by the hardware's reciprocal, which is within one unit in the last place."""
    e = 1.0 + tl.exp2(v * -LOG2E)
    if NATIVE:
        return tl.inline_asm_elementwise(
            "rcp.approx.ftz.f32 $0, $1;", "=f,f", [e], dtype=tl.float32, is_pure=True, pack=1
        )
    else:
        return 1.0 / e


@triton.jit
def exchange(low, high, lane, BIT: tl.constexpr):
    """Return the sum over two lanes, which differ in BIT: of `high` in the lane that has it, of `low` in the other."""
    odd = (lane & BIT) != 0
    return tl.where(odd, high, low) + tl.gather(tl.where(odd, low, high), lane ^ BIT, 0)


@triton.jit
def over_states(parts, lane):
    """Return the sums over g of eight tensors, those of the step g in the lanes of g."""
    a = exchange(parts[0], parts[1], lane, 4)
    b = exchange(parts[2], parts[3], lane, 4)
    c = exchange(parts[4], parts[5], lane, 4)
    d = exchange(parts[6], parts[7], lane, 4)
    return exchange(exchange(a, b, lane, 8), exchange(c, d, lane, 8), lane, 16)


@triton.jit
def add_over_channels(sums, weights, own, values, NATIVE: tl.constexpr):
    """Add to `sums` the sums over eight channels of weight times value, for the step whose lanes have `own`.

    `weights` has the two channels of a lane at its step, `values` at one state; `sums` the states 2 c and 2 c + 1 of
    the step g. NATIVE: one instruction of the tensor cores, with the weights of all other steps put to 0. It takes
    TF32: ten bits of each factor, sums in fp32.
    """
    first = tl.where(own, weights[0], 0.0)
    second = tl.where(own, weights[1], 0.0)
    if NATIVE:
        code: tl.constexpr = """{
            .reg .f32 c2, c3, d2, d3;
            .reg .b32 a1, a3;
            mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32
                {$0, $1, d2, d3}, {$2, a1, $3, a3}, {$4, $5}, {$6, $7, c2, c3};
        }"""
        return tl.inline_asm_elementwise(
            code, "=f,=f,r,r,r,r,f,f", [first, second, values[0], values[1], sums[0], sums[1]],
            dtype=(tl.float32, tl.float32), is_pure=True, pack=1,
        )  # fmt: skip
    else:
        first, second = tl.reshape(first, [8, 1, 4]), tl.reshape(second, [8, 1, 4])
        here, there = tl.reshape(values[0], [1, 8, 4]), tl.reshape(values[1], [1, 8, 4])
        found = tl.reshape(tl.sum(first * here + second * there, axis=2), [32, 2])
        even, odd = tl.split(found)
        return sums[0] + even, sums[1] + odd
