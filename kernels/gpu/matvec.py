"""A weight times one vector in Triton, with what comes after it in a Mamba layer, float or in few bits.

A program is some rows of a weight, whole (`kernels.quantisation` has few bits): all its reads are asked for at once. No
program normalises a vector: x / rms(x) * norm is linear but for one number, so who writes a vector leaves x * norm and
sums of x^2, and whoever multiplies adds those up, in one order always.

Few bits spent their time becoming floats, not being read. So a bf16 vector becomes integers of 16 bits, and one
instruction (dp4a) multiplies four weights with the high or the low bytes of four of these and adds up, exactly: a
product of 4,096 is off by 4.7e-6 of its size in int8 and 4.6e-6 in int4, where rounding its vector to bf16 costs
1.7e-3. The programs of int4's in_proj are as many as the GPU holds and walk through the rows (`walk`): each makes
these integers once, and asks for rows two blocks ahead.

A weight in few bits is read as 32-bit words, each four or eight weights far apart in what one load of the vector
gives; so who writes a vector permutes it for who reads it (`place`), and every read is one of neighbours.
"""

from __future__ import annotations

from typing import Protocol

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.gpu.math import silu
from kernels.quantisation import GROUP

try:
    from triton.language.extra.cuda import gdc_launch_dependents, gdc_wait
except ImportError:  # a Triton that cannot make launches overlap
    gdc_launch_dependents = gdc_wait = None

PROGRAMS = {
    (16, False): (2, 4), (16, True): (2, 4),
    (8, False): (4, 4), (8, True): (4, 8),
    (4, False): (4, 4), (4, True): (8, 8),
}  # fmt: skip
"""Rows and warps of a program by the bits of the weight and whether its rows are longer than 4,096."""
FEW = 1024
FEW_ROWS = (1, 8)
"""The same for a weight of less than FEW rows."""
RESIDENT = 4
"""Programs a multiprocessor where they walk (`walk`)."""


class Matrix(Protocol):
    """A weight [out, in] as the engine's linear layers hold it; `scales` of one in few bits."""

    weight: Tensor
    scales: Tensor | None
    bias: Tensor | None


@triton.jit
def place(k, ORDER: tl.constexpr, SIZE: tl.constexpr):
    """Where element k of a vector [SIZE] stands for a weight of ORDER weights a word: 1, 4 (int8) or 8 (int4)."""
    if ORDER == 8:
        return (2 * (k % 4) + (k % 32) // 16) * (SIZE // 8) + (k // 32) * 4 + (k % 16) // 4
    elif ORDER == 4:
        return (k % 4) * (SIZE // 4) + k // 4
    else:
        return k


@triton.jit
def plane(x, w, inside):
    """A run of a vector, in reads of at most the four neighbours that a thread has words for."""
    at = tl.max_contiguous(x + w, [1, 4])
    return tl.load(at, mask=inside, other=0.0).to(tl.float32)


@triton.jit
def larger(a, b):
    """The greater of two numbers, or what is none."""
    return tl.maximum(a, b, propagate_nan=tl.PropagateNan.ALL)


@triton.jit
def halves(a, b, c, d):
    """The second bytes of four numbers in a word, and the first ones."""
    even = (a & 0xFFFF) | (c << 16)
    odd = (b & 0xFFFF) | (d << 16)
    return ((even >> 8) & 0x00FF00FF) | (odd & -0x00FF0100), (even & 0x00FF00FF) | ((odd << 8) & -0x00FF0100)


@triton.jit
def dot4(a, b, c, SIGNED: tl.constexpr, NATIVE: tl.constexpr):
    """c and the products of the signed bytes of a with those of b, SIGNED or not: one instruction if NATIVE."""
    if NATIVE:
        code: tl.constexpr = "dp4a.s32.s32 $0, $1, $2, $3;" if SIGNED else "dp4a.s32.u32 $0, $1, $2, $3;"
        return tl.inline_asm_elementwise(code, "=r,r,r,r", [a, b, c], dtype=tl.int32, is_pure=True, pack=1)
    else:
        for j in tl.static_range(4):
            byte = (b << (24 - 8 * j)) >> 24
            c += ((a << (24 - 8 * j)) >> 24) * (byte if SIGNED else byte & 0xFF)
        return c


@triton.jit
def ask(
    weight, scales, block, rows, SIZE: tl.constexpr, BLOCK: tl.constexpr, ROWS: tl.constexpr, BITS: tl.constexpr
):  # fmt: skip
    """The words of a block of ROWS rows and, in few bits, the scales: one a row, or [ROWS, BLOCK // 32]."""
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
    """`offset` and the products of PAIRS words of signed bytes with 16-bit integers, of which there are both bytes."""
    total = dot4(words[0], highs[0], tl.zeros_like(words[0]), True, NATIVE)
    for j in tl.static_range(1, PAIRS):
        total = dot4(words[j], highs[j], total, True, NATIVE)
    total = (total << 8) + offset
    for j in tl.static_range(PAIRS):
        total = dot4(words[j], lows[j], total, False, NATIVE)
    return total


@triton.jit
def integers(planes, WORDS: tl.constexpr, BITS: tl.constexpr, NATIVE: tl.constexpr):
    """Planes [1, WORDS] as integers of 16 bits: their high and low bytes, what is to be added, and their units.

    What meets four words shares a unit, a power of two: of numbers of eight bits (bf16) those above a 128th of the
    greatest stay what they are. int4 has two words of bytes for a word, and levels that are eight too great.
    """
    PAIRS: tl.constexpr = 8 // BITS
    most = tl.abs(planes[0])
    for j in tl.static_range(1, 4 * PAIRS):
        most = larger(most, tl.abs(planes[j]))
    most = larger(tl.reduce(tl.reshape(most, [WORDS // 4, 4]), 1, larger), 1e-30)
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
        high, low = halves(whole[j], whole[j + PAIRS], whole[j + 2 * PAIRS], whole[j + 3 * PAIRS])
        highs, lows = highs + (high,), lows + (low,)  # type: ignore[assignment]  # noqa: RUF005
    offset = tl.zeros([1, WORDS], tl.int32)
    if BITS == 4:
        eights = offset - 0x07070708  # four bytes of -8
        offset = dot((eights, eights), highs, lows, offset, NATIVE, PAIRS)
    return highs, lows, offset, unit


@triton.jit
def vector(
    x, SIZE: tl.constexpr, BLOCK: tl.constexpr, BITS: tl.constexpr, INTEGERS: tl.constexpr, NATIVE: tl.constexpr
):  # fmt: skip
    """The vector as `multiply` takes it: planes of an element a word, or `integers` of them."""
    COUNT: tl.constexpr = 32 // BITS if BITS < 16 else 1
    w = tl.arange(0, BLOCK // COUNT)[None, :]
    inside = w < SIZE // COUNT
    planes = ()
    for j in tl.static_range(COUNT):
        if BITS == 16:
            value = tl.load(x + w, mask=inside, other=0.0).to(tl.float32)
        else:
            value = plane(x + j * (SIZE // COUNT), w, inside)
        planes = planes + (value,)  # type: ignore[assignment]  # noqa: RUF005
    if INTEGERS:
        return integers(planes, BLOCK // COUNT, BITS, NATIVE)
    else:
        return planes


@triton.jit
def multiply(
    word, scale, planes,
    BLOCK: tl.constexpr, ROWS: tl.constexpr, BITS: tl.constexpr, INTEGERS: tl.constexpr, NATIVE: tl.constexpr,
):  # fmt: skip
    """Products [ROWS] of the rows that `ask` gave with the vector that `vector` gave."""
    if BITS == 16:
        return tl.sum(word.to(tl.float32) * planes[0], axis=1)
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


@triton.jit
def owned(block, rows, d_inner, ROWS: tl.constexpr, THREADS: tl.constexpr):
    """A row of the block for each thread, whether it is one, and whether it passes the convolution."""
    e = tl.arange(0, THREADS)  # not ROWS: every thread would do what comes after a product for all rows
    m = block * ROWS + e
    mine = (e < ROWS) & (m < rows)
    return m, mine, mine & (m < d_inner)


@triton.jit
def constants(own, bias, taps, shift, following, TAPS: tl.constexpr):
    """What no launch writes and `owned` rows need after their product: bias, shift, the next norm and the taps."""
    m, mine, convolved = own
    none = tl.zeros(m.shape, tl.float32)
    added, shifted, scaling, mix = none, none, none, ()
    if bias is not None:
        added = tl.load(bias + m, mask=mine, other=0.0)
    if shift is not None:
        shifted = tl.load(shift + m, mask=convolved, other=0.0)
    if following is not None:
        scaling = tl.load(following + m, mask=mine, other=0.0)
    for t in tl.static_range(TAPS):
        tap = tl.load(taps + m * TAPS + t, mask=convolved, other=0.0)
        mix = mix + (tap,)  # type: ignore[assignment]  # noqa: RUF005
    return added, shifted, scaling, mix


@triton.jit
def present(own, residual, tail, TAPS: tl.constexpr):
    """What the products of `owned` rows are added to, and what the convolution remembers of them."""
    m, mine, convolved = own
    before, past = tl.zeros(m.shape, tl.float32), ()
    if residual is not None:
        before = tl.load(residual + m, mask=mine, other=0.0)
    for t in tl.static_range(TAPS - 1):
        old = tl.load(tail + m * (TAPS - 1) + t, mask=convolved, other=0.0)
        past = past + (old,)  # type: ignore[assignment]  # noqa: RUF005
    return before, past


@triton.jit
def root(squares, eps, SIZE: tl.constexpr, PARTS: tl.constexpr, PADDED_PARTS: tl.constexpr):
    """1 / rms of a vector [SIZE] of which PARTS sums of squares are known, or 1 of none."""
    if PARTS == 0:
        return 1.0
    else:
        part = tl.arange(0, PADDED_PARTS)
        square = tl.sum(tl.load(squares + part, mask=part < PARTS, other=0.0), axis=0)
        return tl.rsqrt(square / SIZE + eps)


@triton.jit
def finish(
    block, own, result, norm, fixed, found, tail, y, residual, parts, rows,
    ROWS: tl.constexpr, TAPS: tl.constexpr, ORDER: tl.constexpr, OUT: tl.constexpr,
):  # fmt: skip
    """What comes after the product of a block of rows, from what `constants` and `present` gave."""
    added, shifted, scaling, mix = fixed
    before, past = found
    m, mine, convolved = own
    n = block * ROWS + tl.arange(0, ROWS)
    result = tl.sum(tl.where(n[:, None] == m[None, :], result[:, None], 0.0), axis=0)
    result = result * norm + added.to(tl.float32)
    if TAPS > 0:
        shifted = shifted.to(tl.float32)
        for t in tl.static_range(TAPS - 1):
            shifted += mix[t].to(tl.float32) * past[t].to(tl.float32)
        tail += m * (TAPS - 1)
        for t in tl.static_range(1, TAPS - 1):
            tl.store(tail + (t - 1), past[t], mask=convolved)
        if TAPS > 1:
            tl.store(tail + (TAPS - 2), result.to(y.dtype.element_ty), mask=convolved)
        result = tl.where(convolved, silu(shifted + mix[TAPS - 1].to(tl.float32) * result), result)
    if residual is not None:
        new = (before.to(tl.float32) + result).to(residual.dtype.element_ty)
        tl.store(residual + m, new, mask=mine)
        result = tl.where(mine, new.to(tl.float32), 0.0)
        tl.store(parts + block, tl.sum(result * result, axis=0), mask=block * ROWS < rows)
        result *= scaling.to(tl.float32)
    at = tl.where(m < OUT, place(m, ORDER, OUT), m)
    tl.store(y + at, result.to(y.dtype.element_ty), mask=mine)


@triton.jit(do_not_specialize=["tail_at", "turns"])
def product_kernel(
    x, squares, weight, scales, bias, taps, shift, addresses, tail_at, y, residual, following, parts,
    rows, d_inner, eps, turns,
    SIZE: tl.constexpr, BLOCK: tl.constexpr, ROWS: tl.constexpr, THREADS: tl.constexpr, BITS: tl.constexpr,
    PARTS: tl.constexpr, PADDED_PARTS: tl.constexpr, TAPS: tl.constexpr, ORDER: tl.constexpr, OUT: tl.constexpr,
    OVERLAP: tl.constexpr, WALKS: tl.constexpr, INTEGERS: tl.constexpr, NATIVE: tl.constexpr,
):  # fmt: skip
    """y[n] = weight[n] . x, over the rms of the vector that x was scaled from if it has PARTS sums of squares.

    With TAPS the rows before d_inner then pass the convolution (its tail is advanced) and SiLU. With a `residual` the
    result is added to it and y is the new residual times `following`, its squares in `parts`. The first OUT elements of
    y (constexpr, d_inner or all) are placed for a reader of ORDER weights a word. A program that WALKS takes two blocks
    of rows a turn, as far apart as there are programs.
    """
    if OVERLAP:
        gdc_launch_dependents()
    block = tl.program_id(0)
    step = tl.num_programs(0)
    word, scale = ask(weight, scales, block, rows, SIZE, BLOCK, ROWS, BITS)
    if WALKS:
        later, later_scale = ask(weight, scales, block + step, rows, SIZE, BLOCK, ROWS, BITS)
    own = owned(block, rows, d_inner, ROWS, THREADS)
    fixed = constants(own, bias, taps, shift, following, TAPS)
    if OVERLAP:
        gdc_wait()
    tail = y
    if TAPS > 1:
        tail = tl.load(addresses).to(tl.pointer_type(y.dtype.element_ty)) + tail_at
    found = present(own, residual, tail, TAPS)
    planes = vector(x, SIZE, BLOCK, BITS, INTEGERS, NATIVE)
    if WALKS:
        norm = root(squares, eps, SIZE, PARTS, PADDED_PARTS)
        for _ in range(turns):
            for _ in tl.static_range(2):  # two blocks, so that nothing that has been asked for is moved
                result = multiply(word, scale, planes, BLOCK, ROWS, BITS, INTEGERS, NATIVE)
                word, scale = later, later_scale
                later, later_scale = ask(weight, scales, block + 2 * step, rows, SIZE, BLOCK, ROWS, BITS)
                next_own = owned(block + step, rows, d_inner, ROWS, THREADS)
                next_fixed = constants(next_own, bias, taps, shift, following, TAPS)
                next_found = present(next_own, residual, tail, TAPS)
                finish(
                    block, own, result, norm, fixed, found, tail, y, residual, parts, rows, ROWS, TAPS, ORDER, OUT
                )  # fmt: skip
                own, fixed, found = next_own, next_fixed, next_found
                block += step
    else:
        result = multiply(word, scale, planes, BLOCK, ROWS, BITS, INTEGERS, NATIVE)
        norm = root(squares, eps, SIZE, PARTS, PADDED_PARTS)  # so late that x does not wait for it
        finish(
            block, own, result, norm, fixed, found, tail, y, residual, parts, rows, ROWS, TAPS, ORDER, OUT
        )  # fmt: skip


def words(matrix: Matrix) -> tuple[Tensor, int, int]:
    """A weight as it is read (32-bit words of one in few bits), its bits (16 for floats) and its width."""
    weight = matrix.weight
    if weight.dtype == torch.int8:
        return (weight.view(torch.int32) if weight.shape[1] % 4 == 0 else weight), 8, weight.shape[1]
    if weight.dtype == torch.uint8:
        return weight.view(torch.int32), 4, 2 * weight.shape[1]
    return weight, 16, weight.shape[1]


def order(matrix: Matrix) -> int:
    """The ORDER in which a vector has to stand for this weight (`place`)."""
    bits = words(matrix)[1]
    return 1 if bits == 16 else 32 // bits


def program(matrix: Matrix) -> tuple[int, int]:
    """Rows and warps of a program."""
    weight, bits, size = words(matrix)
    return FEW_ROWS if len(weight) < FEW else PROGRAMS[bits, size > 4096]


def walk(matrix: Matrix, device: torch.device) -> tuple[int, int]:
    """Programs of a product, and the turns of two blocks of rows that each walks; 0: a program for every block.

    It pays for int4 in short rows, of which the vector and two blocks fit in registers; int8 gains 1%, floats lose.
    """
    weight, bits, size = words(matrix)
    blocks = triton.cdiv(len(weight), program(matrix)[0])
    if bits != 4 or size > 4096 or len(weight) < FEW:
        return blocks, 0
    resident = RESIDENT * multiprocessors(device)
    if blocks <= resident:
        return blocks, 0
    turns = triton.cdiv(blocks, 2 * resident)
    return triton.cdiv(blocks, 2 * turns), turns


def registers(warps: int) -> int:
    """The most that a thread of a walking program may have, so that RESIDENT of them fit."""
    return 65_536 // (RESIDENT * 32 * warps)


def is_nvidia(device: torch.device) -> bool:
    return device.type == "cuda" and torch.version.hip is None


def multiprocessors(device: torch.device) -> int:
    return torch.cuda.get_device_properties(device).multi_processor_count if device.type == "cuda" else 1


assert GROUP == 32, "the kernels above place and scale groups of 32 weights"
