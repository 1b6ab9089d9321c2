"""The loops of `kernels.cpu.ops`, compiled with numba: all arithmetic vectorised over channels.

numba's wheels do not vectorise `exp`, and a tensor of decays [T, d_inner, d_state] for torch.exp fits no cache. So exp2
is written out here as a polynomial, and a chunk is scanned in blocks of neighbouring channels whose state (transposed
to [d_state, channels]) stays in the L1 cache: every inner loop runs over contiguous channels and the compiler
turns it into vector instructions for any d_state.

Kernels take addresses and strides (in elements) instead of arrays: no conversion of a bf16 tensor to NumPy, one
compiled signature for every dtype, microseconds a call. They release the GIL and hold no global state. Compiled code is
cached on disk (`kernels.cpu.cache`). `kernels.reference` has the formulas.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from kernels.cpu import cache

cache.configure()

F32, BF16 = 0, 1
"""Element types of a tensor: the `kind` arguments."""

WIDTH = 128
"""Channels per block. A constant, so that the compiler knows that rows of a buffer do not overlap; at d_state 16 a
block's state and A take 16 KiB, half of a small L1 cache."""
U1, U2, U3, FOUR = np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)
# Unsigned: numba then leaves out the handling of negative indices, without which a loop is not vectorised.
ROW_1, ROW_2, ROW_3, ROW_4 = np.uint64(WIDTH), np.uint64(2 * WIDTH), np.uint64(3 * WIDTH), np.uint64(4 * WIDTH)
ZERO, ONE, TWO = np.float32(0), np.float32(1), np.float32(2)
LOG2E = np.float32(1.4426950408889634)
EXP2_MIN, EXP2_MAX = np.float32(-125), np.float32(127)
# (2^f - 1) / f on [-0.5, 0.5], interpolated at Chebyshev points: relative error of 2^f below 6e-9 before rounding.
P1, P2, P3 = np.float32(0.6931471880262287), np.float32(0.24022650760568132), np.float32(0.055503571142201544)
P4, P5, P6 = np.float32(0.00961808255728395), np.float32(0.0013390863364174759), np.float32(0.00015453162941980736)
# log(1 + u) = 2 atanh(s), s = u / (2 + u) <= 1/3: the odd series up to s^15 is exact to 2e-9.
L3, L5, L7, L9 = np.float32(1 / 3), np.float32(1 / 5), np.float32(1 / 7), np.float32(1 / 9)
L11, L13, L15 = np.float32(1 / 11), np.float32(1 / 13), np.float32(1 / 15)
I16, I23 = np.uint32(16), np.int32(23)
ROUND, LOW_BIT = np.uint32(0x7FFF), np.uint32(1)


def kernel(function: Any) -> Any:
    flags = {"contract", "nsz", "arcp", "reassoc"}
    return njit(cache=True, nogil=True, fastmath=flags, error_model="numpy", boundscheck=False)(function)


def inline(function: Any) -> Any:
    flags = {"contract", "nsz", "arcp", "reassoc"}
    return njit(inline="always", fastmath=flags, error_model="numpy", boundscheck=False)(function)


def address_cast(numba_type: Any) -> Any:
    @intrinsic
    def cast(typingctx, address):
        pointer = types.CPointer(numba_type)

        def codegen(context, builder, signature, args):
            return builder.inttoptr(args[0], context.get_value_type(pointer))

        return pointer(types.int64), codegen

    return cast


def _bitcast(source: Any, target: Any) -> Any:
    @intrinsic
    def cast(typingctx, value):
        def codegen(context, builder, signature, args):
            return builder.bitcast(args[0], context.get_value_type(target))

        return target(source), codegen

    return cast


f32_at = address_cast(types.float32)
u16_at = address_cast(types.uint16)
i64_at = address_cast(types.int64)
int_as_float = _bitcast(types.int32, types.float32)
uint_as_float = _bitcast(types.uint32, types.float32)
float_as_int = _bitcast(types.float32, types.int32)
float_as_uint = _bitcast(types.float32, types.uint32)


def _rounding() -> Any:
    @intrinsic
    def rint(typingctx, value):
        def codegen(context, builder, signature, args):
            return builder.call(builder.module.declare_intrinsic("llvm.rint", [ir.FloatType()]), args)

        return types.float32(types.float32), codegen

    return rint


rint = _rounding()
"""The nearest integer, as a float32: an instruction, where numpy's is a call."""


@inline
def exp2(v):
    """Return 2^v in float32, at least 2^-125, so that no step makes denormal numbers."""
    v = min(max(v, EXP2_MIN), EXP2_MAX)
    whole = rint(v)
    f = v - whole
    p = ONE + f * (P1 + f * (P2 + f * (P3 + f * (P4 + f * (P5 + f * P6)))))
    return int_as_float(float_as_int(p) + (np.int32(whole) << I23))


@inline
def softplus(v):
    """Return log(1 + e^v), as max(v, 0) + log1p(e^-|v|); equal to v above 17 in float32."""
    u = exp2(-abs(v) * LOG2E)
    s = u / (TWO + u)
    q = s * s
    tail = L5 + q * (L7 + q * (L9 + q * (L11 + q * (L13 + q * L15))))
    return max(v, ZERO) + TWO * s * (ONE + q * (L3 + q * tail))


@inline
def silu(v):
    return v / (ONE + exp2(-v * LOG2E))


@inline
def load(address, at, kind, out, count):
    """Copy `count` neighbouring elements from element `at` on into the float32 buffer `out`."""
    if kind == BF16:
        halves = u16_at(address)
        for i in range(count):
            out[i] = uint_as_float(np.uint32(halves[at + i]) << I16)
    else:
        floats = f32_at(address)
        for i in range(count):
            out[i] = floats[at + i]


@inline
def store(address, at, kind, values, count):
    """The inverse of `load`; bf16 is rounded to nearest, ties to even."""
    if kind == BF16:
        halves = u16_at(address)
        for i in range(count):
            bits = float_as_uint(values[i])
            halves[at + i] = np.uint16((bits + ROUND + ((bits >> I16) & LOW_BIT)) >> I16)
    else:
        floats = f32_at(address)
        for i in range(count):
            floats[at + i] = values[i]


@kernel
def scan_kernel(
    first, last, steps, d_inner, d_state, padded, lengths,
    x, x_kind, x_row, x_step, dt, dt_kind, dt_row, dt_step, z, z_kind, z_row, z_step,
    B, B_kind, B_row, B_step, C, C_kind, C_row, C_step, y, y_kind, A, D, dt_bias, state,
):  # fmt: skip
    """Scan the blocks first..last-1 of all sequences; a block is WIDTH channels of one. y is contiguous."""
    blocks = (d_inner + WIDTH - 1) // WIDTH
    A_at, D_at, bias_at, state_at = f32_at(A), f32_at(D), f32_at(dt_bias), f32_at(state)
    h, a = np.zeros(padded * WIDTH, np.float32), np.zeros(padded * WIDTH, np.float32)
    b, c = np.zeros(padded, np.float32), np.zeros(padded, np.float32)
    lanes = np.zeros(7 * WIDTH, np.float32)
    delta, u, gate = lanes[:WIDTH], lanes[2 * WIDTH : 3 * WIDTH], lanes[4 * WIDTH : 5 * WIDTH]
    out = lanes[3 * WIDTH : 4 * WIDTH]
    for item in range(first, last):
        row, channel = item // blocks, (item % blocks) * WIDTH
        count = min(WIDTH, d_inner - channel)
        length = i64_at(lengths)[row] if lengths != 0 else steps
        for i in range(count):
            lanes[5 * WIDTH + i] = bias_at[channel + i]
            lanes[6 * WIDTH + i] = D_at[channel + i]
            for n in range(d_state):
                h[n * WIDTH + i] = state_at[(row * d_inner + channel + i) * d_state + n]
                a[n * WIDTH + i] = A_at[(channel + i) * d_state + n] * LOG2E
        for t in range(length):
            load(x, row * x_row + t * x_step + channel, x_kind, u, count)
            load(dt, row * dt_row + t * dt_step + channel, dt_kind, delta, count)
            load(z, row * z_row + t * z_step + channel, z_kind, gate, count)
            load(B, row * B_row + t * B_step, B_kind, b, d_state)
            load(C, row * C_row + t * C_step, C_kind, c, d_state)
            for i in range(WIDTH):
                step = softplus(lanes[i] + lanes[5 * WIDTH + i])
                value = lanes[2 * WIDTH + i]
                lanes[i] = step
                lanes[WIDTH + i] = step * value
                lanes[3 * WIDTH + i] = value * lanes[6 * WIDTH + i]
            for quad in range(np.uint64(padded // 4)):  # four states: their sum is loaded and stored once
                at, first_of = quad * ROW_4, quad * FOUR
                b0, b1, b2, b3 = b[first_of], b[first_of + U1], b[first_of + U2], b[first_of + U3]
                c0, c1, c2, c3 = c[first_of], c[first_of + U1], c[first_of + U2], c[first_of + U3]
                for i in range(ROW_1):
                    step, drive = lanes[i], lanes[i + ROW_1]
                    h0 = exp2(step * a[at + i]) * h[at + i] + drive * b0
                    h1 = exp2(step * a[at + i + ROW_1]) * h[at + i + ROW_1] + drive * b1
                    h2 = exp2(step * a[at + i + ROW_2]) * h[at + i + ROW_2] + drive * b2
                    h3 = exp2(step * a[at + i + ROW_3]) * h[at + i + ROW_3] + drive * b3
                    h[at + i] = h0
                    h[at + i + ROW_1] = h1
                    h[at + i + ROW_2] = h2
                    h[at + i + ROW_3] = h3
                    lanes[i + ROW_3] += (c0 * h0 + c1 * h1) + (c2 * h2 + c3 * h3)
            for i in range(WIDTH):
                lanes[3 * WIDTH + i] *= silu(lanes[4 * WIDTH + i])
            store(y, (row * steps + t) * d_inner + channel, y_kind, out, count)
        for i in range(count):
            out[i] = ZERO
            for n in range(d_state):
                state_at[(row * d_inner + channel + i) * d_state + n] = h[n * WIDTH + i]
        for t in range(length, steps):
            store(y, (row * steps + t) * d_inner + channel, y_kind, out, count)


@kernel
def update_kernel(
    batch, d_inner, d_state, x, x_kind, x_row, dt, dt_kind, dt_row, z, z_kind, z_row,
    B, B_kind, B_row, C, C_kind, C_row, y, y_kind, A, D, dt_bias, state,
):  # fmt: skip
    """Scan one token of every sequence: the state is read and written once, in its own layout."""
    A_at, D_at, bias_at, state_at = f32_at(A), f32_at(D), f32_at(dt_bias), f32_at(state)
    b, c = np.empty(d_state, np.float32), np.empty(d_state, np.float32)
    u, delta = np.empty(d_inner, np.float32), np.empty(d_inner, np.float32)
    gate, out = np.empty(d_inner, np.float32), np.empty(d_inner, np.float32)
    for row in range(batch):
        load(x, row * x_row, x_kind, u, d_inner)
        load(dt, row * dt_row, dt_kind, delta, d_inner)
        load(z, row * z_row, z_kind, gate, d_inner)
        load(B, row * B_row, B_kind, b, d_state)
        load(C, row * C_row, C_kind, c, d_state)
        for i in range(d_inner):
            delta[i] = softplus(delta[i] + bias_at[i])
        for i in range(d_inner):
            step, drive = delta[i] * LOG2E, delta[i] * u[i]
            total = ZERO
            at = (row * d_inner + i) * d_state
            for n in range(d_state):
                h = exp2(step * A_at[i * d_state + n]) * state_at[at + n] + drive * b[n]
                state_at[at + n] = h
                total += h * c[n]
            out[i] = total
        for i in range(d_inner):
            out[i] = (out[i] + u[i] * D_at[i]) * silu(gate[i])
        store(y, row * d_inner, y_kind, out, d_inner)


@inline
def _convolve_chunk(lanes, taps, length, x, x_kind, x_at, x_step, y, y_kind, y_at, y_step, count):
    """Convolve one block's tokens; `lanes` holds rows of WIDTH floats: weights, window (taps each), bias, output."""
    newest, bias, result = (2 * taps - 1) * WIDTH, 2 * taps * WIDTH, (2 * taps + 1) * WIDTH
    value, out = lanes[newest : newest + WIDTH], lanes[result : result + WIDTH]
    for t in range(length):
        for i in range((taps - 1) * WIDTH):
            lanes[taps * WIDTH + i] = lanes[(taps + 1) * WIDTH + i]
        load(x, x_at + t * x_step, x_kind, value, count)
        for i in range(WIDTH):
            total = lanes[bias + i]
            for k in range(taps):
                total += lanes[k * WIDTH + i] * lanes[(taps + k) * WIDTH + i]
            lanes[result + i] = silu(total)
        store(y, y_at + t * y_step, y_kind, out, count)


@kernel
def conv_kernel(
    first, last, steps, d_inner, taps, lengths,
    x, x_kind, x_row, x_step, y, y_kind, weight, bias, state, state_kind,
):  # fmt: skip
    """Convolve the blocks first..last-1, as in `scan_kernel`."""
    blocks = (d_inner + WIDTH - 1) // WIDTH
    weight_at, bias_at = f32_at(weight), f32_at(bias)
    lanes = np.zeros((2 * taps + 2) * WIDTH, np.float32)
    tail = np.empty((taps - 1) * WIDTH, np.float32)  # the state's own layout: [channels, taps - 1]
    out = lanes[(2 * taps + 1) * WIDTH :]
    for item in range(first, last):
        row, channel = item // blocks, (item % blocks) * WIDTH
        count = min(WIDTH, d_inner - channel)
        length = i64_at(lengths)[row] if lengths != 0 else steps
        load(state, (row * d_inner + channel) * (taps - 1), state_kind, tail, count * (taps - 1))
        for i in range(count):
            for k in range(taps):
                lanes[k * WIDTH + i] = weight_at[(channel + i) * taps + k]
            for k in range(taps - 1):
                lanes[(taps + 1 + k) * WIDTH + i] = tail[i * (taps - 1) + k]
            if bias != 0:
                lanes[2 * taps * WIDTH + i] = bias_at[channel + i]
        x_at, y_at = row * x_row + channel, row * steps * d_inner + channel
        if taps == 4:  # a constant for the compiler
            _convolve_chunk(lanes, 4, length, x, x_kind, x_at, x_step, y, y_kind, y_at, d_inner, count)
        else:
            _convolve_chunk(lanes, taps, length, x, x_kind, x_at, x_step, y, y_kind, y_at, d_inner, count)
        for i in range(count):
            for k in range(taps - 1):
                tail[i * (taps - 1) + k] = lanes[(taps + 1 + k) * WIDTH + i]
        store(state, (row * d_inner + channel) * (taps - 1), state_kind, tail, count * (taps - 1))
        for i in range(WIDTH):
            out[i] = ZERO
        for t in range(length, steps):
            store(y, y_at + t * d_inner, y_kind, out, count)


@kernel
def norm_kernel(first, last, inner, size, eps, x, x_kind, x_outer, x_inner, residual, residual_kind, weight, y, y_kind):
    """Normalise the rows first..last-1, of which `inner` neighbours share a stride; residual and y are contiguous."""
    weight_at = f32_at(weight)
    value, stream = np.empty(size, np.float32), np.empty(size, np.float32)
    for row in range(first, last):
        load(x, (row // inner) * x_outer + (row % inner) * x_inner, x_kind, value, size)
        if residual != 0:
            load(residual, row * size, residual_kind, stream, size)
            for i in range(size):
                value[i] += stream[i]
            store(residual, row * size, residual_kind, value, size)
            load(residual, row * size, residual_kind, value, size)
        total = ZERO
        for i in range(size):
            total += value[i] * value[i]
        scale = ONE / np.sqrt(total / np.float32(size) + np.float32(eps))
        if weight != 0:
            for i in range(size):
                value[i] *= scale * weight_at[i]
        else:
            for i in range(size):
                value[i] *= scale
        store(y, row * size, y_kind, value, size)
