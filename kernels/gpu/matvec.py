"""A weight times one vector in Triton, with the operations that follow it in a Mamba layer, float or quantised.

A program computes some whole rows of a weight (`kernels.gpu.programs`), and issues all its reads at once. No program
normalises a vector: x / rms(x) * norm is linear except for one number, so the kernel that writes a vector stores
x * norm and sums of x^2, and its reader adds those up, always in one order.

The programs of int4's in_proj are as many as the GPU holds and walk through the rows: each makes the integers of the
vector (`kernels.gpu.dot`) once, and loads rows two blocks ahead.
"""

import triton
import triton.language as tl

from kernels.gpu.dot import load_block, load_vector, multiply, place
from kernels.gpu.math import silu
from kernels.gpu.overlap import gdc_launch_dependents, gdc_wait


@triton.jit
def own_rows(block, rows, d_inner, ROWS: tl.constexpr, THREADS: tl.constexpr):
    """Return a row of the block for each thread, whether it exists, and whether it passes the convolution."""
    e = tl.arange(0, THREADS)  # not ROWS: every thread would run the epilogue for all rows
    m = block * ROWS + e
    mine = (e < ROWS) & (m < rows)
    return m, mine, mine & (m < d_inner)


@triton.jit
def load_constants(own, bias, taps, shift, following, TAPS: tl.constexpr):
    """Load the constants of the epilogue for own rows: bias, shift, the next norm and the taps."""
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
def load_previous(own, residual, tail, TAPS: tl.constexpr):
    """Load the residual of own rows and the tail of their convolution, which earlier launches write."""
    m, mine, convolved = own
    before, past = tl.zeros(m.shape, tl.float32), ()
    if residual is not None:
        before = tl.load(residual + m, mask=mine, other=0.0)
    for t in tl.static_range(TAPS - 1):
        old = tl.load(tail + m * (TAPS - 1) + t, mask=convolved, other=0.0)
        past = past + (old,)  # type: ignore[assignment]  # noqa: RUF005
    return before, past


@triton.jit
def inverse_rms(squares, eps, SIZE: tl.constexpr, PARTS: tl.constexpr, PADDED_PARTS: tl.constexpr):
    """Return 1 / rms of a vector [SIZE] of which PARTS sums of squares are known, or 1 without any."""
    if PARTS == 0:
        return 1.0
    else:
        part = tl.arange(0, PADDED_PARTS)
        square = tl.sum(tl.load(squares + part, mask=part < PARTS, other=0.0), axis=0)
        return tl.rsqrt(square / SIZE + eps)


@triton.jit
def epilogue(
    block, own, result, norm, fixed, found, tail, y, residual, parts, rows,
    ROWS: tl.constexpr, A_SUM: tl.constexpr, TAPS: tl.constexpr, ORDER: tl.constexpr, OUT: tl.constexpr,
):  # fmt: skip
    """Finish a block of rows: norm, bias, convolution or residual, and the store; A_SUM rows have a sum of squares.

    Return the numbers before the convolution, which the tail holds.
    """
    added, shifted, scaling, mix = fixed
    before, past = found
    m, mine, convolved = own
    n = block * ROWS + tl.arange(0, ROWS)
    result = tl.sum(tl.where(n[:, None] == m[None, :], result[:, None], 0.0), axis=0)
    result = result * norm + added.to(tl.float32)
    newest = result.to(y.dtype.element_ty)
    if TAPS > 0:
        shifted = shifted.to(tl.float32)
        for t in tl.static_range(TAPS - 1):
            shifted += mix[t].to(tl.float32) * past[t].to(tl.float32)
        tail += m * (TAPS - 1)
        for t in tl.static_range(1, TAPS - 1):
            tl.store(tail + (t - 1), past[t], mask=convolved)
        if TAPS > 1:
            tl.store(tail + (TAPS - 2), newest, mask=convolved)
        result = tl.where(convolved, silu(shifted + mix[TAPS - 1].to(tl.float32) * result), result)
    if residual is not None:
        new = (before.to(tl.float32) + result).to(residual.dtype.element_ty)
        tl.store(residual + m, new, mask=mine)
        result = tl.where(mine, new.to(tl.float32), 0.0)
        square, e = result * result, m - block * ROWS
        for j in tl.static_range(ROWS // A_SUM):
            total = tl.sum(square if ROWS == A_SUM else tl.where(e // A_SUM == j, square, 0.0), axis=0)
            tl.store(parts + block * (ROWS // A_SUM) + j, total, mask=block * ROWS + j * A_SUM < rows)
        result *= scaling.to(tl.float32)
    at = tl.where(m < OUT, place(m, ORDER, OUT), m)
    tl.store(y + at, result.to(y.dtype.element_ty), mask=mine)
    return newest


@triton.jit(do_not_specialize=["tail_at", "turns"])
def matvec_kernel(
    x, squares, weight, scales, bias, taps, shift, addresses, tail_at, y, residual, following, parts,
    rows, d_inner, eps, turns,
    SIZE: tl.constexpr, BLOCK: tl.constexpr, ROWS: tl.constexpr, THREADS: tl.constexpr, BITS: tl.constexpr,
    FP8: tl.constexpr, PARTS: tl.constexpr, PADDED_PARTS: tl.constexpr, TAPS: tl.constexpr, ORDER: tl.constexpr,
    OUT: tl.constexpr, OVERLAP: tl.constexpr, WALKS: tl.constexpr, INTEGERS: tl.constexpr, NATIVE: tl.constexpr,
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
    word, scale = load_block(weight, scales, block, rows, SIZE, BLOCK, ROWS, BITS)
    if WALKS:
        later, later_scale = load_block(weight, scales, block + step, rows, SIZE, BLOCK, ROWS, BITS)
    own = own_rows(block, rows, d_inner, ROWS, THREADS)
    fixed = load_constants(own, bias, taps, shift, following, TAPS)
    if OVERLAP:
        gdc_wait()
    tail = y
    if TAPS > 1:
        tail = tl.load(addresses).to(tl.pointer_type(y.dtype.element_ty)) + tail_at
    found = load_previous(own, residual, tail, TAPS)
    planes = load_vector(x, SIZE, BLOCK, BITS, INTEGERS, NATIVE)
    if WALKS:
        norm = inverse_rms(squares, eps, SIZE, PARTS, PADDED_PARTS)
        for _ in range(turns):
            for _ in tl.static_range(2):  # two blocks, so that no register is copied whose load is under way
                result = multiply(word, scale, planes, BLOCK, ROWS, BITS, FP8, INTEGERS, NATIVE)
                word, scale = later, later_scale
                later, later_scale = load_block(weight, scales, block + 2 * step, rows, SIZE, BLOCK, ROWS, BITS)
                next_own = own_rows(block + step, rows, d_inner, ROWS, THREADS)
                next_fixed = load_constants(next_own, bias, taps, shift, following, TAPS)
                next_found = load_previous(next_own, residual, tail, TAPS)
                epilogue(
                    block, own, result, norm, fixed, found, tail, y, residual, parts, rows, ROWS, ROWS, TAPS, ORDER, OUT
                )  # fmt: skip
                own, fixed, found = next_own, next_fixed, next_found
                block += step
    else:
        result = multiply(word, scale, planes, BLOCK, ROWS, BITS, FP8, INTEGERS, NATIVE)
        norm = inverse_rms(squares, eps, SIZE, PARTS, PADDED_PARTS)  # after the product, so that x does not wait for it
        epilogue(
            block, own, result, norm, fixed, found, tail, y, residual, parts, rows, ROWS, ROWS, TAPS, ORDER, OUT
        )  # fmt: skip
