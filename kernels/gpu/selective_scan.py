"""The chunk scan in Triton. `kernels.gpu.scan_16` scans the 16 states per channel of every published Mamba, the
kernel here any other number of them, by the same plan. `kernels.reference` has the formulas.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.gpu.math import LOG2E, silu, softplus
from kernels.gpu.scan_16 import N_STATES, scan_16
from kernels.gpu.scan_lanes import fetch, halve, pack_kernel

STEPS_A_TURN = 4
"""Steps per turn, and lanes that share a channel."""


@triton.jit
def fetch_pairs(base, PADDED_N: tl.constexpr, LANES: tl.constexpr):
    """Load B and C of a turn's steps, a tuple of LANES tiles [Q, 1, LANES]."""
    pairs = ()
    for k in tl.static_range(LANES):
        at = base + k * PADDED_N if k > 0 else base  # a sum with 0 is folded away, and the hint with it
        at = tl.multiple_of(tl.max_contiguous(at, [1, 2, LANES]), [1, 1, 1])
        pairs = pairs + (tl.load(at),)  # type: ignore[assignment]  # noqa: RUF005
    return pairs


@triton.jit
def advance(h, a, delta, drive, bc, lane):
    """Compute h <- exp2(delta a) h + drive b for the step in the column `lane` of delta and drive.

    h, a [Q, BLOCK_D, LANES], bc [Q, 1, LANES] packed. Returns h and the partial sums over Q of c h, [BLOCK_D, LANES].
    """
    step = tl.gather(delta, lane, 1)
    push = tl.gather(drive, lane, 1)
    b = (bc & 0xFFFFFFFF).to(tl.uint32).to(tl.float32, bitcast=True)
    c = (bc >> 32).to(tl.uint32).to(tl.float32, bitcast=True)
    h = tl.exp2(step[None, :, :] * a) * h + push[None, :, :] * b
    return h, tl.sum(h * c, axis=0)


@triton.jit(do_not_specialize=["steps", "rows"])
def selective_scan_kernel(
    x, dt, z, packed, A, D, dt_bias, state, y, lengths,
    steps, rows, d_inner, x_row, x_step, dt_row, dt_step, z_row, z_step,
    N: tl.constexpr, PADDED_N: tl.constexpr, BLOCK_D: tl.constexpr, LANES: tl.constexpr,
    EVEN: tl.constexpr, HAS_LENGTHS: tl.constexpr,
):  # fmt: skip
    """Scan any number of states: h and A are [Q, BLOCK_D, LANES] tiles, lane l holds l, l + LANES, ...

    The hint `[1, 2, LANES]` ranks their dimensions: the last is spread over lanes first, the first stays in a thread.
    """
    Q: tl.constexpr = PADDED_N // LANES
    row = tl.program_id(1).to(tl.int64)
    length = steps
    if HAS_LENGTHS:
        length = tl.load(lengths + row).to(tl.int32)
    d = tl.program_id(0) * BLOCK_D + tl.arange(0, BLOCK_D)
    lane = tl.arange(0, LANES)
    alive = d < d_inner
    n = (tl.arange(0, Q) * LANES)[:, None, None] + lane[None, None, :]
    inside = alive[None, :, None] & (n < N)
    h_at = state + (row * d_inner + d)[None, :, None] * N + n
    h_at = tl.multiple_of(tl.max_contiguous(h_at, [1, 2, LANES]), [1, 1, 1])
    h = tl.load(h_at, mask=inside, other=0.0)
    a_at = tl.multiple_of(tl.max_contiguous(A + d[None, :, None] * N + n, [1, 2, LANES]), [1, 1, 1])
    a = tl.load(a_at, mask=inside, other=0.0) * LOG2E

    column = lane[None, :]
    channel = tl.minimum(d, d_inner - 1).to(tl.int64)[:, None]
    skip = tl.load(D + channel).to(tl.float32)
    bias = tl.load(dt_bias + channel).to(tl.float32)
    x_at = x + row * x_row + channel
    dt_at = dt + row * dt_row + channel
    z_at = z + row * z_row + channel
    y_at = y + row * steps * d_inner + channel + column.to(tl.int64) * d_inner
    last = tl.maximum(length - 1, 0)
    bc_at = packed + row * rows * PADDED_N + n

    zero = tl.full([BLOCK_D, LANES], 0, tl.int32)
    at = tl.minimum(column, last).to(tl.int64)
    x0, dt0, z0 = (
        fetch(x_at, at * x_step, LANES),
        fetch(dt_at, at * dt_step, LANES),
        fetch(z_at, at * z_step, LANES),
    )
    at = tl.minimum(column + LANES, last).to(tl.int64)
    x1, dt1, z1 = (
        fetch(x_at, at * x_step, LANES),
        fetch(dt_at, at * dt_step, LANES),
        fetch(z_at, at * z_step, LANES),
    )
    at = tl.minimum(column + 2 * LANES, last).to(tl.int64)
    x2, dt2, z2 = (
        fetch(x_at, at * x_step, LANES),
        fetch(dt_at, at * dt_step, LANES),
        fetch(z_at, at * z_step, LANES),
    )
    bc = fetch_pairs(bc_at, PADDED_N, LANES)
    for t in range(0, length, 4 * LANES):
        # Four turns: see scan_16_kernel.
        for turn in tl.static_range(4):
            at = tl.minimum(column + (t + (turn + 3) * LANES), last).to(tl.int64)
            x3, dt3, z3 = (
                fetch(x_at, at * x_step, LANES),
                fetch(dt_at, at * dt_step, LANES),
                fetch(z_at, at * z_step, LANES),
            )
            following = fetch_pairs(bc_at + (turn + 1) * LANES * PADDED_N, PADDED_N, LANES)

            real = column + (t + turn * LANES) < length
            u = x0.to(tl.float32)
            # A step beyond the length has delta 0 and drive 0: it keeps h as it is.
            delta = tl.where(real, softplus(dt0.to(tl.float32) + bias), 0.0)
            drive = tl.where(real, delta * u, 0.0)
            parts = ()
            for k in tl.static_range(LANES):
                h, part = advance(h, a, delta, drive, bc[k], zero + k)
                parts = parts + (part,)  # type: ignore[assignment]  # noqa: RUF005
            parts = halve(parts, column, zero, 1, LANES)
            parts = halve(parts, column, zero, 2, LANES // 2)
            out = (parts[0] + skip * u) * silu(z0.to(tl.float32))
            out_at = tl.multiple_of(tl.max_contiguous(y_at, [1, LANES]), [1, 1])
            if EVEN:
                tl.store(out_at, out.to(y.dtype.element_ty), mask=real)
            else:
                tl.store(out_at, out.to(y.dtype.element_ty), mask=real & alive[:, None])
            y_at += LANES * d_inner
            x0, dt0, z0, x1, dt1, z1, x2, dt2, z2 = x1, dt1, z1, x2, dt2, z2, x3, dt3, z3
            bc = following
        bc_at += 4 * LANES * PADDED_N
    tl.store(h_at, h, mask=inside)


def selective_scan(
    x: Tensor,
    dt: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor,
    z: Tensor,
    dt_bias: Tensor,
    state: Tensor,
    lengths: Tensor | None = None,
) -> Tensor:
    """Implement `kernels.operations.SelectiveScan`."""
    batch, steps, d_inner = x.shape
    d_state = A.shape[1]
    # Beyond a row's length nothing is written.
    new = torch.empty if lengths is None else torch.zeros
    y = new(x.shape, dtype=x.dtype, device=x.device)
    if y.numel() == 0:
        return y
    if d_state == N_STATES:
        scan_16(x, dt, A, B, C, D, z, dt_bias, state, lengths, y)
        return y
    # Chosen by hand: a state advanced in place cannot be autotuned (other choices: docs/lab/2026-11-kernels.md).
    padded_n = max(STEPS_A_TURN, triton.next_power_of_2(d_state))
    block_d = 32 // STEPS_A_TURN if padded_n <= 16 else 32  # with more states a program of one warp spills registers
    rows = triton.cdiv(steps, 4 * STEPS_A_TURN) * 4 * STEPS_A_TURN + STEPS_A_TURN
    packed = torch.empty((batch, rows, padded_n), dtype=torch.int64, device=x.device)
    block_t = max(1, 1024 // padded_n)
    pack_kernel[(triton.cdiv(rows, block_t), batch)](
        B, C, packed, lengths, steps, rows, B.stride(0), B.stride(1), C.stride(0), C.stride(1),
        N=d_state, PADDED_N=padded_n, BLOCK=block_t, LANES=0, HALF=False, HAS_LENGTHS=lengths is not None,
    )  # fmt: skip
    selective_scan_kernel[(triton.cdiv(d_inner, block_d), batch)](
        x, dt, z, packed, A, D, dt_bias, state, y, lengths, steps, rows, d_inner,
        x.stride(0), x.stride(1), dt.stride(0), dt.stride(1), z.stride(0), z.stride(1),
        N=d_state, PADDED_N=padded_n, BLOCK_D=block_d, LANES=STEPS_A_TURN, EVEN=d_inner % block_d == 0,
        HAS_LENGTHS=lengths is not None, num_warps=max(1, block_d * STEPS_A_TURN // 32),
    )  # fmt: skip
    return y
