"""The selective scan for training, with softplus, skip and gate: a forward that keeps states, and its backward.

    delta = softplus(dt + bias), 0 before the first token of a row
    h[t] = exp(delta[t] A) h[t-1] + delta[t] B[t] x[t]        (arXiv 2312.00752, eq. 2)
    y[t] = sum over n of C[t] h[t] + D x[t],   out = y SiLU(z)

The initial state comes in and the final state goes out, both with gradients, so that training can fork many questions
from one read document. The forward stores y and the state before every eighth step; the backward computes the states in
between again, keeps them and their decays in registers, and takes every exponential once:

    dy = dout SiLU(z),   dz = dout y SiLU'(z)
    dh[t] = C[t] dy[t] + exp(delta[t+1] A) dh[t+1]
    g[t] = exp(delta[t] A) h[t-1] dh[t]
    dx = delta sum_n(B dh) + D dy,   ddelta = x sum_n(B dh) + sum_n(A g),   dA = sum_t(delta g)
    dB = sum_d(delta x dh),   dC = sum_d(h dy)

A program is one warp with GROUPS times eight channels of a row (`engine.training.kernels.lanes`). Each loaded value is
asked for a turn ahead. dB and dC leave as one partial sum a program, in the dtype of the other tensors.
"""

# Triton unrolls loops over tuples, whose types change from turn to turn.
# mypy: disable-error-code="assignment, misc, index, list-item, operator, arg-type, var-annotated"

from __future__ import annotations

from typing import Any, NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

from engine.training.kernels.lanes import (
    STEPS,
    add_over_channels,
    channel,
    floats,
    over_states,
    raw_pair,
    raw_pairs,
    sigmoid,
    store_pair,
)
from kernels.gpu.math import LOG2E, quick_silu, softplus
from kernels.gpu.programs import is_nvidia

N_STATES = 16
STATES = tl.constexpr(N_STATES)
REGISTERS = 96
"""The most registers of a thread of the forward."""
FEW, MANY = (1, 224), (2, 255)
"""Groups of eight channels of a program of the backward, and the most registers of a thread."""
PROGRAMS = 4096
"""Programs of two groups from which on they are taken: fewer do not fill a GPU evenly, and leave more partial sums."""


@triton.jit
def load_words(bc, chunk, last, g, HALF: tl.constexpr):
    """Load B and C of the states g and g + 8 for the steps of a turn; none is read beyond the step `last`."""
    words = ()
    for s in tl.static_range(STEPS):
        at = tl.minimum(chunk * STEPS + s, last) * STATES + g
        for j in tl.static_range(2):
            if HALF:
                words = words + (tl.load(bc + at + 8 * j),)  # noqa: RUF005 (Triton cannot unpack)
            else:
                words = words + (tl.load(bc + 2 * (at + 8 * j)), tl.load(bc + 2 * (at + 8 * j) + 1))  # noqa: RUF005
    return words


@triton.jit
def b_of(words, s: tl.constexpr, j: tl.constexpr, HALF: tl.constexpr):
    if HALF:
        return (words[2 * s + j] << 16).to(tl.float32, bitcast=True)
    else:
        return words[2 * (2 * s + j)]


@triton.jit
def c_of(words, s: tl.constexpr, j: tl.constexpr, HALF: tl.constexpr):
    if HALF:
        return (words[2 * s + j] & -65536).to(tl.float32, bitcast=True)
    else:
        return words[2 * (2 * s + j) + 1]


@triton.jit
def load_states(base, d, g):
    """Load four values of [d_inner, N]: the states g and g + 8 of the channels d and d + 1."""
    at = base + d * STATES + g
    return tl.load(at), tl.load(at + 8), tl.load(at + STATES), tl.load(at + STATES + 8)


@triton.jit
def store_states(base, d, g, four):
    at = base + d * STATES + g
    tl.store(at, four[0])
    tl.store(at + 8, four[1])
    tl.store(at + STATES, four[2])
    tl.store(at + STATES + 8, four[3])


@triton.jit
def scaled(four):
    return four[0] * LOG2E, four[1] * LOG2E, four[2] * LOG2E, four[3] * LOG2E


@triton.jit(do_not_specialize=["T", "turns"])
def scan_forward_kernel(
    x, dt, z, bc, A, D, bias, h0, first, out, y, kept, ht, T, turns,
    d_inner: tl.constexpr, X: tl.constexpr, DT: tl.constexpr, Z: tl.constexpr, GROUPS: tl.constexpr,
    HALF: tl.constexpr, NATIVE: tl.constexpr,
):  # fmt: skip
    """Scan GROUPS times eight channels of a row; X, DT and Z are the strides of a step."""
    row, block = tl.program_id(1).to(tl.int64), tl.program_id(0)
    lane = tl.arange(0, 32)
    g, c = lane // 4, lane % 4
    x += row * T * X
    dt += row * T * DT
    z += row * T * Z
    bc += row * T * (STATES if HALF else 2 * STATES)
    out += row * T * d_inner
    y += row * T * d_inner
    kept += (row * (d_inner // 8) + block * GROUPS) * turns * 128
    begin = tl.load(first + row)
    h, a, skips, biases, coming = (), (), (), (), ()
    for k in tl.static_range(GROUPS):
        d = channel(block * GROUPS + k, c)
        h = h + load_states(h0 + row * d_inner * STATES, d, g)
        a = a + scaled(load_states(A, d, g))
        skips = skips + (tl.load(D + d), tl.load(D + d + 1))  # noqa: RUF005
        biases = biases + (tl.load(bias + d), tl.load(bias + d + 1))  # noqa: RUF005
        t = tl.minimum(g, T - 1)
        coming = coming + (  # noqa: RUF005
            (raw_pair(x, t * X + d, HALF), raw_pair(dt, t * DT + d, HALF), raw_pair(z, t * Z + d, HALF)),
        )
    words = load_words(bc, 0, T - 1, g, HALF)
    for turn in range(turns):
        now, now_words, coming = coming, words, ()
        here = turn * STEPS + g
        later = tl.minimum(here + STEPS, T - 1)
        words = load_words(bc, turn + 1, T - 1, g, HALF)
        for k in tl.static_range(GROUPS):
            d = channel(block * GROUPS + k, c)
            coming = coming + (  # noqa: RUF005
                (
                    raw_pair(x, later * X + d, HALF),
                    raw_pair(dt, later * DT + d, HALF),
                    raw_pair(z, later * Z + d, HALF),
                ),
            )
        inside = here < T
        real = inside & (here >= begin)
        after = ()
        for k in tl.static_range(GROUPS):
            d = channel(block * GROUPS + k, c)
            h00, h01, h10, h11 = h[4 * k], h[4 * k + 1], h[4 * k + 2], h[4 * k + 3]
            at = kept + (k * turns + turn) * 128 + lane
            tl.store(at, h00)
            tl.store(at + 32, h01)
            tl.store(at + 64, h10)
            tl.store(at + 96, h11)
            u0, u1 = floats(now[k][0], HALF)
            v0, v1 = floats(now[k][1], HALF)
            delta0 = tl.where(real, softplus(v0 + biases[2 * k]), 0.0)
            delta1 = tl.where(real, softplus(v1 + biases[2 * k + 1]), 0.0)
            drive0, drive1 = delta0 * u0, delta1 * u1
            parts0, parts1 = (), ()
            for s in tl.static_range(STEPS):
                of_step = s * 4 + c
                step0, push0 = tl.gather(delta0, of_step, 0), tl.gather(drive0, of_step, 0)
                step1, push1 = tl.gather(delta1, of_step, 0), tl.gather(drive1, of_step, 0)
                b0, b1 = b_of(now_words, s, 0, HALF), b_of(now_words, s, 1, HALF)
                c0, c1 = c_of(now_words, s, 0, HALF), c_of(now_words, s, 1, HALF)
                h00 = tl.fma(tl.exp2(step0 * a[4 * k]), h00, push0 * b0)
                h01 = tl.fma(tl.exp2(step0 * a[4 * k + 1]), h01, push0 * b1)
                h10 = tl.fma(tl.exp2(step1 * a[4 * k + 2]), h10, push1 * b0)
                h11 = tl.fma(tl.exp2(step1 * a[4 * k + 3]), h11, push1 * b1)
                parts0 = parts0 + (tl.fma(h01, c1, h00 * c0),)  # noqa: RUF005
                parts1 = parts1 + (tl.fma(h11, c1, h10 * c0),)  # noqa: RUF005
            after = after + (h00, h01, h10, h11)  # noqa: RUF005
            y0 = tl.fma(skips[2 * k], u0, over_states(parts0, lane))
            y1 = tl.fma(skips[2 * k + 1], u1, over_states(parts1, lane))
            z0, z1 = floats(now[k][2], HALF)
            at = here * d_inner + d
            store_pair(y, at, y0, y1, inside, HALF, NATIVE)
            store_pair(out, at, y0 * quick_silu(z0, NATIVE), y1 * quick_silu(z1, NATIVE), inside, HALF, NATIVE)
        h = after
    for k in tl.static_range(GROUPS):
        d = channel(block * GROUPS + k, c)
        four = (h[4 * k], h[4 * k + 1], h[4 * k + 2], h[4 * k + 3])
        store_states(ht + row * d_inner * STATES, d, g, four)


@triton.jit
def load_states_of(kept, turn, turns, lane, GROUPS: tl.constexpr):
    """Load the states before a turn, four values for each group."""
    found = ()
    for k in tl.static_range(GROUPS):
        at = kept + (k * turns + turn) * 128 + lane
        four = tl.load(at), tl.load(at + 32), tl.load(at + 64), tl.load(at + 96)
        found = found + (four,)  # noqa: RUF005
    return found


@triton.jit
def load_turn(
    x, dt, z, dout, y, kept, here, turn, turns, lane, d, d_inner: tl.constexpr, X: tl.constexpr, DT: tl.constexpr,
    Z: tl.constexpr, GROUPS: tl.constexpr, HALF: tl.constexpr, NATIVE: tl.constexpr,
):  # fmt: skip
    """Load what the backward of a turn takes; d is the channel of the first group."""
    at = here * d_inner + d
    return (
        raw_pairs(x, here * X + d, HALF, GROUPS, NATIVE), raw_pairs(dt, here * DT + d, HALF, GROUPS, NATIVE),
        raw_pairs(z, here * Z + d, HALF, GROUPS, NATIVE), raw_pairs(dout, at, HALF, GROUPS, NATIVE),
        raw_pairs(y, at, HALF, GROUPS, NATIVE), load_states_of(kept, turn, turns, lane, GROUPS),
    )  # fmt: skip


@triton.jit(do_not_specialize=["T", "turns"])
def scan_backward_kernel(
    x, dt, z, bc, A, D, bias, dht, first, dout, y, kept, dx, ddt, dz, partial, dA, dD, dbias, dh0, T, turns,
    d_inner: tl.constexpr, X: tl.constexpr, DT: tl.constexpr, Z: tl.constexpr, DZ: tl.constexpr, GROUPS: tl.constexpr,
    HALF: tl.constexpr, NATIVE: tl.constexpr,
):  # fmt: skip
    """Compute the gradients of GROUPS times eight channels of a row.

    `partial` [rows, T, d_inner / (8 GROUPS), 32] has dB and dC; dA is [rows, d_inner, 16]; dD and dbias [rows, 8,
    d_inner] have a sum for every g.
    """
    row, block = tl.program_id(1).to(tl.int64), tl.program_id(0)
    lane = tl.arange(0, 32)
    g, c = lane // 4, lane % 4
    x += row * T * X
    dt += row * T * DT
    z += row * T * Z
    bc += row * T * (STATES if HALF else 2 * STATES)
    dout += row * T * d_inner
    y += row * T * d_inner
    dx += row * T * d_inner
    ddt += row * T * d_inner
    dz += row * T * DZ
    kept += (row * (d_inner // 8) + block * GROUPS) * turns * 128
    BLOCKS: tl.constexpr = d_inner // (8 * GROUPS)
    partial += (row * T * BLOCKS + block) * (2 * STATES)
    begin = tl.load(first + row)
    none = tl.zeros([32], tl.float32)
    dh, a, da, skips, biases, dskips, dbiases = (), (), (), (), (), (), ()
    last = tl.minimum((turns - 1) * STEPS + g, T - 1)
    for k in tl.static_range(GROUPS):
        d = channel(block * GROUPS + k, c)
        dh = dh + load_states(dht + row * d_inner * STATES, d, g)
        a = a + scaled(load_states(A, d, g))
        da = da + (none, none, none, none)  # noqa: RUF005
        skips = skips + (tl.load(D + d), tl.load(D + d + 1))  # noqa: RUF005
        biases = biases + (tl.load(bias + d), tl.load(bias + d + 1))  # noqa: RUF005
        dskips = dskips + (none, none)  # noqa: RUF005
        dbiases = dbiases + (none, none)  # noqa: RUF005
    at = channel(block * GROUPS, c)
    coming = load_turn(
        x, dt, z, dout, y, kept, last, turns - 1, turns, lane, at, d_inner, X, DT, Z, GROUPS, HALF, NATIVE
    )
    words = load_words(bc, turns - 1, T - 1, g, HALF)
    for back in range(turns):
        turn = turns - 1 - back
        now, now_words = coming, words
        before = tl.maximum(turn - 1, 0)
        words = load_words(bc, before, T - 1, g, HALF)
        coming = load_turn(
            x, dt, z, dout, y, kept, tl.minimum(before * STEPS + g, T - 1), before, turns, lane,
            channel(block * GROUPS, c), d_inner, X, DT, Z, GROUPS, HALF, NATIVE,
        )  # fmt: skip
        here = turn * STEPS + g
        inside = here < T
        real = inside & (here >= begin)
        db_low, db_high, dc_low, dc_high = (none, none), (none, none), (none, none), (none, none)
        new_dh, new_da, new_dskips, new_dbiases = (), (), (), ()
        for k in tl.static_range(GROUPS):
            d = channel(block * GROUPS + k, c)
            u0, u1 = floats(now[0][k], HALF)
            v0, v1 = floats(now[1][k], HALF)
            z0, z1 = floats(now[2][k], HALF)
            o0, o1 = floats(now[3][k], HALF)
            y0, y1 = floats(now[4][k], HALF)
            v0 += biases[2 * k]
            v1 += biases[2 * k + 1]
            delta0 = tl.where(real, softplus(v0), 0.0)
            delta1 = tl.where(real, softplus(v1), 0.0)
            drive0, drive1 = delta0 * u0, delta1 * u1
            gate0, gate1 = sigmoid(z0, NATIVE), sigmoid(z1, NATIVE)
            silu0, silu1 = z0 * gate0, z1 * gate1
            dz0 = o0 * y0 * tl.fma(silu0, 1.0 - gate0, gate0)
            dz1 = o1 * y1 * tl.fma(silu1, 1.0 - gate1, gate1)
            store_pair(dz, here * DZ + d, dz0, dz1, inside, HALF, NATIVE)
            dy0 = tl.where(inside, o0 * silu0, 0.0)
            dy1 = tl.where(inside, o1 * silu1, 0.0)
            h00, h01, h10, h11 = now[5][k]
            states, decays, steps = (), (), ()
            for s in tl.static_range(STEPS):
                of_step = s * 4 + c
                step0, push0 = tl.gather(delta0, of_step, 0), tl.gather(drive0, of_step, 0)
                step1, push1 = tl.gather(delta1, of_step, 0), tl.gather(drive1, of_step, 0)
                b0, b1 = b_of(now_words, s, 0, HALF), b_of(now_words, s, 1, HALF)
                e00, e01 = tl.exp2(step0 * a[4 * k]), tl.exp2(step0 * a[4 * k + 1])
                e10, e11 = tl.exp2(step1 * a[4 * k + 2]), tl.exp2(step1 * a[4 * k + 3])
                states = states + ((h00, h01, h10, h11),)  # noqa: RUF005
                decays = decays + ((e00, e01, e10, e11),)  # noqa: RUF005
                steps = steps + ((step0, step1),)  # noqa: RUF005
                h00, h01 = tl.fma(e00, h00, push0 * b0), tl.fma(e01, h01, push0 * b1)
                h10, h11 = tl.fma(e10, h10, push1 * b0), tl.fma(e11, h11, push1 * b1)
            states = states + ((h00, h01, h10, h11),)  # noqa: RUF005
            r00, r01, r10, r11 = dh[4 * k], dh[4 * k + 1], dh[4 * k + 2], dh[4 * k + 3]
            s00, s01, s10, s11 = da[4 * k], da[4 * k + 1], da[4 * k + 2], da[4 * k + 3]
            through_b0, through_b1, through_a0, through_a1 = (), (), (), ()
            for s in tl.static_range(STEPS - 1, -1, -1):
                own = g == s
                of_step = s * 4 + c
                new = states[s + 1]
                old = states[s]
                decay = decays[s]
                dc_low = add_over_channels(dc_low, (dy0, dy1), own, (new[0], new[2]), NATIVE)
                dc_high = add_over_channels(dc_high, (dy0, dy1), own, (new[1], new[3]), NATIVE)
                slope0, slope1 = tl.gather(dy0, of_step, 0), tl.gather(dy1, of_step, 0)
                b0, b1 = b_of(now_words, s, 0, HALF), b_of(now_words, s, 1, HALF)
                c0, c1 = c_of(now_words, s, 0, HALF), c_of(now_words, s, 1, HALF)
                r00, r01 = tl.fma(c0, slope0, r00), tl.fma(c1, slope0, r01)
                r10, r11 = tl.fma(c0, slope1, r10), tl.fma(c1, slope1, r11)
                db_low = add_over_channels(db_low, (drive0, drive1), own, (r00, r10), NATIVE)
                db_high = add_over_channels(db_high, (drive0, drive1), own, (r01, r11), NATIVE)
                through_b0 = (tl.fma(r01, b1, r00 * b0),) + through_b0  # noqa: RUF005
                through_b1 = (tl.fma(r11, b1, r10 * b0),) + through_b1  # noqa: RUF005
                r00, r01, r10, r11 = r00 * decay[0], r01 * decay[1], r10 * decay[2], r11 * decay[3]
                q00, q01, q10, q11 = r00 * old[0], r01 * old[1], r10 * old[2], r11 * old[3]
                through_a0 = (tl.fma(q01, a[4 * k + 1], q00 * a[4 * k]),) + through_a0  # noqa: RUF005
                through_a1 = (tl.fma(q11, a[4 * k + 3], q10 * a[4 * k + 2]),) + through_a1  # noqa: RUF005
                step0, step1 = steps[s]
                s00, s01 = tl.fma(q00, step0, s00), tl.fma(q01, step0, s01)
                s10, s11 = tl.fma(q10, step1, s10), tl.fma(q11, step1, s11)
            new_dh = new_dh + (r00, r01, r10, r11)  # noqa: RUF005
            new_da = new_da + (s00, s01, s10, s11)  # noqa: RUF005
            tb0, tb1 = over_states(through_b0, lane), over_states(through_b1, lane)
            # A was scaled for exp2: its true value is A / log2(e).
            ta0 = over_states(through_a0, lane) * (1.0 / LOG2E)
            ta1 = over_states(through_a1, lane) * (1.0 / LOG2E)
            at = here * d_inner + d
            dx0 = tl.fma(delta0, tb0, skips[2 * k] * dy0)
            dx1 = tl.fma(delta1, tb1, skips[2 * k + 1] * dy1)
            store_pair(dx, at, dx0, dx1, inside, HALF, NATIVE)
            ddt0 = tl.where(real, tl.fma(u0, tb0, ta0) * sigmoid(v0, NATIVE), 0.0)
            ddt1 = tl.where(real, tl.fma(u1, tb1, ta1) * sigmoid(v1, NATIVE), 0.0)
            store_pair(ddt, at, ddt0, ddt1, inside, HALF, NATIVE)
            new_dskips = new_dskips + (  # noqa: RUF005
                tl.fma(dy0, u0, dskips[2 * k]), tl.fma(dy1, u1, dskips[2 * k + 1]),
            )  # fmt: skip
            new_dbiases = new_dbiases + (dbiases[2 * k] + ddt0, dbiases[2 * k + 1] + ddt1)  # noqa: RUF005
        dh, da, dskips, dbiases = new_dh, new_da, new_dskips, new_dbiases
        at = here * (BLOCKS * 2 * STATES) + 2 * c
        store_pair(partial, at, db_low[0], db_low[1], inside, HALF, NATIVE)
        store_pair(partial, at + 8, db_high[0], db_high[1], inside, HALF, NATIVE)
        store_pair(partial, at + 16, dc_low[0], dc_low[1], inside, HALF, NATIVE)
        store_pair(partial, at + 24, dc_high[0], dc_high[1], inside, HALF, NATIVE)
    for k in tl.static_range(GROUPS):
        d = channel(block * GROUPS + k, c)
        store_states(dA + row * d_inner * STATES, d, g, (da[4 * k], da[4 * k + 1], da[4 * k + 2], da[4 * k + 3]))
        store_states(dh0 + row * d_inner * STATES, d, g, (dh[4 * k], dh[4 * k + 1], dh[4 * k + 2], dh[4 * k + 3]))
        at = (row * 8 + g) * d_inner + d
        tl.store(dD + at, dskips[2 * k])
        tl.store(dD + at + 1, dskips[2 * k + 1])
        tl.store(dbias + at, dbiases[2 * k])
        tl.store(dbias + at + 1, dbiases[2 * k + 1])


class Scanned(NamedTuple):
    """The forward's results: out and y [rows, T, d_inner], kept states, final states [rows, d_inner, 16] in fp32."""

    out: Tensor
    y: Tensor
    kept: Tensor
    ht: Tensor


class ScanGradients(NamedTuple):
    """dx and ddt [rows, T, d_inner]; dB and dC in parts [rows * T, blocks, 32]; the rest in fp32, summed over rows but
    for dh0."""

    dx: Tensor
    ddt: Tensor
    partial: Tensor
    dA: Tensor
    dD: Tensor
    dbias: Tensor
    dh0: Tensor


def check(x: Tensor, dt: Tensor, z: Tensor, A: Tensor) -> None:
    """Raise ValueError for shapes and layouts that the kernels do not take."""
    if A.shape[1] != N_STATES or A.shape[0] % 16:
        raise ValueError(f"training on a GPU takes 16 states a channel and channels in sixteens, not {tuple(A.shape)}")
    for tensor in (x, dt, z):
        apart = len(tensor) > 1 and tensor.stride(0) != tensor.shape[1] * tensor.stride(1)
        if tensor.stride(2) != 1 or apart or tensor.stride(1) % 2:
            raise ValueError("the scan's inputs must be halves of contiguous tensors, or whole ones")


def scan_forward(
    x: Tensor, dt: Tensor, z: Tensor, bc: Tensor, A: Tensor, D: Tensor, bias: Tensor, h0: Tensor, first: Tensor
) -> Scanned:
    """Scan x, dt and z [rows, T, d_inner], all in one dtype, bf16 or fp32, from h0 [rows, d_inner, 16].

    `bc` has B and C as `engine.training.kernels.norms.mixer_norms` packs them. A [d_inner, 16], D, bias [d_inner] and
    h0 are fp32 and contiguous. `first` [rows], int32: the step with which a row begins.
    """
    check(x, dt, z, A)
    rows, T, d_inner = x.shape
    turns = triton.cdiv(T, 8)
    out, y = (torch.empty(rows, T, d_inner, dtype=x.dtype, device=x.device) for _ in range(2))
    kept = torch.empty(rows, d_inner // 8, turns, 128, dtype=torch.float32, device=x.device)
    ht = torch.empty_like(h0)
    native = is_nvidia(x.device)
    options: dict[str, Any] = {"maxnreg": REGISTERS} if native else {}
    scan_forward_kernel[(d_inner // 8, rows)](
        x, dt, z, bc, A, D, bias, h0, first, out, y, kept, ht, T, turns, d_inner=d_inner, X=x.stride(1),
        DT=dt.stride(1), Z=z.stride(1), GROUPS=1, HALF=x.dtype == torch.bfloat16, NATIVE=native,
        num_warps=1, **options,
    )  # fmt: skip
    return Scanned(out, y, kept, ht)


def scan_backward(
    x: Tensor, dt: Tensor, z: Tensor, bc: Tensor, A: Tensor, D: Tensor, bias: Tensor, first: Tensor, found: Scanned,
    dout: Tensor, dht: Tensor, dz: Tensor,
) -> ScanGradients:  # fmt: skip
    """Return the gradients of `scan_forward`, and write that of z into `dz`, which may be half of a tensor."""
    rows, T, d_inner = x.shape
    groups, registers = MANY if rows * (d_inner // 16) >= PROGRAMS else FEW
    turns, blocks = triton.cdiv(T, 8), d_inner // (8 * groups)
    dx, ddt = (torch.empty(rows, T, d_inner, dtype=x.dtype, device=x.device) for _ in range(2))
    partial = torch.empty(rows * T, blocks, 2 * N_STATES, dtype=x.dtype, device=x.device)
    new = lambda *shape: torch.empty(*shape, dtype=torch.float32, device=x.device)  # noqa: E731
    dA, dD, dbias, dh0 = (
        new(rows, d_inner, N_STATES), new(rows, 8, d_inner), new(rows, 8, d_inner), new(rows, d_inner, N_STATES)
    )  # fmt: skip
    native = is_nvidia(x.device)
    options: dict[str, Any] = {"maxnreg": registers} if native else {}
    scan_backward_kernel[(blocks, rows)](
        x, dt, z, bc, A, D, bias, dht, first, dout, found.y, found.kept, dx, ddt, dz, partial, dA, dD, dbias, dh0, T,
        turns, d_inner=d_inner, X=x.stride(1), DT=dt.stride(1), Z=z.stride(1), DZ=dz.stride(1),
        GROUPS=groups, HALF=x.dtype == torch.bfloat16, NATIVE=native, num_warps=1, **options,
    )  # fmt: skip
    return ScanGradients(dx, ddt, partial, dA.sum(0), dD.sum((0, 1)), dbias.sum((0, 1)), dh0)


def scan_ref(
    x: Tensor, dt: Tensor, z: Tensor, B: Tensor, C: Tensor, A: Tensor, D: Tensor, bias: Tensor, h0: Tensor,
    first: Tensor,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Compute out and the final state as a plain loop in the dtype of A, differentiated by autograd."""
    wide = A.dtype
    h, ys = h0.to(wide), []
    real = torch.arange(x.shape[1], device=x.device)[None] >= first[:, None]
    delta = torch.nn.functional.softplus(dt.to(wide) + bias) * real[..., None]
    for t in range(x.shape[1]):
        fed = (delta[:, t] * x[:, t].to(wide))[..., None] * B[:, t, None, :].to(wide)
        h = torch.exp(delta[:, t, :, None] * A) * h + fed
        ys.append((h * C[:, t, None, :].to(wide)).sum(-1))
    y = torch.stack(ys, 1) + D * x.to(wide)
    return y * torch.nn.functional.silu(z.to(wide)), h
