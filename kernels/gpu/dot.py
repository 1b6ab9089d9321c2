"""Dot products of the rows of a weight with one vector in Triton, float or quantised.

Converting quantised weights to floats took longer than reading them. So a bf16 vector becomes integers of 16 bits, and
one instruction (dp4a) multiplies four weights with the high or the low bytes of four of these and adds up, exactly: a
matmul of 4,096 is off by 4.7e-6 of its size in int8 and 4.6e-6 in int4, where rounding its vector to bf16 costs 1.7e-3.

A quantised weight is read as 32-bit words, each of four or eight weights that are far apart in one load of the vector;
so the kernel that writes a vector permutes it for its reader (`place`), and every read is one of neighbours. fp8 is
read in the same words and multiplied in float32.
"""

import triton
import triton.language as tl

from kernels.quantisation import GROUP

assert GROUP == 32, "the kernels place and scale groups of 32 weights"


@triton.jit
def place(k, ORDER: tl.constexpr, SIZE: tl.constexpr):
    """Return the place of element k of a vector [SIZE] for a weight of ORDER (1, 4 or 8) weights a word."""
    if ORDER == 8:
        return (2 * (k % 4) + (k % 32) // 16) * (SIZE // 8) + (k // 32) * 4 + (k % 16) // 4
    elif ORDER == 4:
        return (k % 4) * (SIZE // 4) + k // 4
    else:
        return k


@triton.jit
def load_plane(x, w, inside):
    """Load a run of a vector, in reads of at most the four neighbours that a thread has words for."""
    at = tl.max_contiguous(x + w, [1, 4])
    return tl.load(at, mask=inside, other=0.0).to(tl.float32)


@triton.jit
def maximum_or_nan(a, b):
    """Return the greater of two numbers, or NaN if one is NaN."""
    return tl.maximum(a, b, propagate_nan=tl.PropagateNan.ALL)


@triton.jit
def split_bytes(a, b, c, d):
    """Return the second bytes of four numbers in a word, and the first ones."""
    even = (a & 0xFFFF) | (c << 16)
    odd = (b & 0xFFFF) | (d << 16)
    return ((even >> 8) & 0x00FF00FF) | (odd & -0x00FF0100), (even & 0x00FF00FF) | ((odd << 8) & -0x00FF0100)


@triton.jit
def dot4(a, b, c, SIGNED: tl.constexpr, NATIVE: tl.constexpr):
    """Return c plus the products of the signed bytes of a with those of b, SIGNED or not: one instruction if NATIVE."""
    if NATIVE:
        code: tl.constexpr = "dp4a.s32.s32 $0, $1, $2, $3;" if SIGNED else "dp4a.s32.u32 $0, $1, $2, $3;"
        return tl.inline_asm_elementwise(code, "=r,r,r,r", [a, b, c], dtype=tl.int32, is_pure=True, pack=1)
    else:
        for j in tl.static_range(4):
            byte = (b << (24 - 8 * j)) >> 24
            c += ((a << (24 - 8 * j)) >> 24) * (byte if SIGNED else byte & 0xFF)
        return c


@triton.jit
def dot_fp8(word, planes, NATIVE: tl.constexpr):
    """Return the sums of the products of four weights in fp8 (e4m3) a word with the elements in four planes.

    NATIVE: one instruction converts two weights to fp16, which holds every number of fp8.
    """
    x0, x1, x2, x3 = planes[0], planes[1], planes[2], planes[3]
    if NATIVE:
        code: tl.constexpr = """{
            .reg .b16 low, high, first, second;
            .reg .b32 pair, other;
            .reg .f32 value, sum;
            mov.b32 {low, high}, $1;
            cvt.rn.f16x2.e4m3x2 pair, low;
            cvt.rn.f16x2.e4m3x2 other, high;
            mov.b32 {first, second}, pair;
            cvt.f32.f16 value, first;
            mul.f32 sum, value, $2;
            cvt.f32.f16 value, second;
            fma.rn.f32 sum, value, $3, sum;
            mov.b32 {first, second}, other;
            cvt.f32.f16 value, first;
            fma.rn.f32 sum, value, $4, sum;
            cvt.f32.f16 value, second;
            fma.rn.f32 $0, value, $5, sum;
        }"""
        return tl.inline_asm_elementwise(
            code, "=f,r,f,f,f,f", [word, x0, x1, x2, x3], dtype=tl.float32, is_pure=True, pack=1
        )
    else:
        # The seven bits below the sign are fp16's, but for its other bias: a factor of 256.
        total = tl.zeros(word.shape, tl.float32)
        for j in tl.static_range(4):
            byte = word >> (8 * j)
            bits = ((byte & 0x80) << 8) | ((byte & 0x7F) << 7)
            total += bits.to(tl.uint16).to(tl.float16, bitcast=True).to(tl.float32) * (planes[j] * 256.0)
        return total


@triton.jit
def load_block(
    weight, scales, block, rows, SIZE: tl.constexpr, BLOCK: tl.constexpr, ROWS: tl.constexpr, BITS: tl.constexpr
):  # fmt: skip
    """Load the words of a block of ROWS rows and, if quantised, the scales: one a row, or [ROWS, BLOCK // 32]."""
    n = block * ROWS + tl.arange(0, ROWS)
    real = n < rows
    COUNT: tl.constexpr = 32 // BITS if BITS < 16 else 1  # weights a word
    w = tl.arange(0, BLOCK // COUNT)[None, :]
    inside = w < SIZE // COUNT
    word = tl.load(weight + n.to(tl.int64)[:, None] * (SIZE // COUNT) + w, mask=real[:, None] & inside, other=0)
    if BITS == 8:
        scale = tl.load(scales + n, mask=real, other=0.0)
    elif BITS == 4:
        g = tl.arange(0, BLOCK // 32)[None, :]
        known = real[:, None] & (g < SIZE // 32)
        scale_at = scales + n.to(tl.int64)[:, None] * (SIZE // 32) + g
        scale = tl.load(tl.multiple_of(tl.max_contiguous(scale_at, [1, 1]), [1, 1]), mask=known, other=0.0)
    else:
        scale = n
    return word, scale


@triton.jit
def dot(words, highs, lows, offset, NATIVE: tl.constexpr, PAIRS: tl.constexpr):
    """Return `offset` plus the products of PAIRS words of signed bytes with 16-bit integers, given as two bytes."""
    total = dot4(words[0], highs[0], tl.zeros_like(words[0]), True, NATIVE)
    for j in tl.static_range(1, PAIRS):
        total = dot4(words[j], highs[j], total, True, NATIVE)
    total = (total << 8) + offset
    for j in tl.static_range(PAIRS):
        total = dot4(words[j], lows[j], total, False, NATIVE)
    return total


@triton.jit
def integers(planes, WORDS: tl.constexpr, BITS: tl.constexpr, NATIVE: tl.constexpr):
    """Convert planes [1, WORDS] to integers of 16 bits: return their high and low bytes, the offset and their units.

    The elements for four words share a unit, a power of two: bf16 numbers above a 128th of the greatest are exact.
    int4 has two words of bytes for a word, and levels that are eight too great.
    """
    PAIRS: tl.constexpr = 8 // BITS
    most = tl.abs(planes[0])
    for j in tl.static_range(1, 4 * PAIRS):
        most = maximum_or_nan(most, tl.abs(planes[j]))
    most = maximum_or_nan(tl.reduce(tl.reshape(most, [WORDS // 4, 4]), 1, maximum_or_nan), 1e-30)
    power = (most * 1.0001).to(tl.int32, bitcast=True) & 0x7F800000
    unit = (power.to(tl.float32, bitcast=True) * 0.00006103515625)[None, :]  # 2^-14
    inverse = ((0x7F000000 - power) + (14 << 23)).to(tl.float32, bitcast=True)
    inverse = tl.reshape(tl.broadcast_to(inverse[:, None], [WORDS // 4, 4]), [1, WORDS])
    whole = ()
    for j in tl.static_range(4 * PAIRS):
        value = (planes[j] * inverse + 12582912.0).to(tl.int32, bitcast=True)  # 1.5 * 2^23: the lowest bits are it
        whole = whole + (value,)  # type: ignore[assignment]  # noqa: RUF005 (Triton cannot unpack)
    highs, lows = (), ()
    for j in tl.static_range(PAIRS):
        high, low = split_bytes(whole[j], whole[j + PAIRS], whole[j + 2 * PAIRS], whole[j + 3 * PAIRS])
        highs, lows = highs + (high,), lows + (low,)  # type: ignore[assignment]  # noqa: RUF005
    offset = tl.zeros([1, WORDS], tl.int32)
    if BITS == 4:
        eights = offset - 0x07070708  # four bytes of -8
        offset = dot((eights, eights), highs, lows, offset, NATIVE, PAIRS)
    return highs, lows, offset, unit


@triton.jit
def load_vector(
    x, SIZE: tl.constexpr, BLOCK: tl.constexpr, BITS: tl.constexpr, INTEGERS: tl.constexpr, NATIVE: tl.constexpr
):  # fmt: skip
    """Load the vector for `multiply`: planes of an element a word, or `integers` of them."""
    COUNT: tl.constexpr = 32 // BITS if BITS < 16 else 1
    w = tl.arange(0, BLOCK // COUNT)[None, :]
    inside = w < SIZE // COUNT
    planes = ()
    for j in tl.static_range(COUNT):
        if BITS == 16:
            value = tl.load(x + w, mask=inside, other=0.0).to(tl.float32)
        else:
            value = load_plane(x + j * (SIZE // COUNT), w, inside)
        planes = planes + (value,)  # type: ignore[assignment]  # noqa: RUF005
    if INTEGERS:
        return integers(planes, BLOCK // COUNT, BITS, NATIVE)
    else:
        return planes


@triton.jit
def multiply(
    word, scale, planes, BLOCK: tl.constexpr, ROWS: tl.constexpr, BITS: tl.constexpr, FP8: tl.constexpr,
    INTEGERS: tl.constexpr, NATIVE: tl.constexpr,
):  # fmt: skip
    """Return the products [ROWS] of the rows of `load_block` with the vector of `load_vector`."""
    if BITS == 16:
        return tl.sum(word.to(tl.float32) * planes[0], axis=1)
    elif FP8:
        return tl.sum(dot_fp8(word, planes, NATIVE), axis=1) * scale
    else:
        if INTEGERS:
            highs, lows, offset, unit = planes
            if BITS == 8:
                total = dot((word,), highs, lows, offset, NATIVE, 1)
            else:
                total = dot((word & 0x0F0F0F0F, (word >> 4) & 0x0F0F0F0F), highs, lows, offset, NATIVE, 2)
            total = tl.sum(tl.reshape(total, [ROWS, BLOCK * BITS // 128, 4]), axis=2).to(tl.float32) * unit
        else:
            if BITS == 4:
                word ^= -0x77777778  # levels eight less, as signed integers
            total = tl.zeros([ROWS, BLOCK * BITS // 32], tl.float32)
            for j in tl.static_range(32 // BITS):
                total += ((word << (32 - BITS - BITS * j)) >> (32 - BITS)).to(tl.float32) * planes[j]
            if BITS == 4:
                total = tl.sum(tl.reshape(total, [ROWS, BLOCK // 32, 4]), axis=2)
        if BITS == 8:
            return tl.sum(total, axis=1) * scale
        else:
            return tl.sum(total * scale.to(tl.float32), axis=1)
