"""The chunk scan in Triton: one pass over time, the state in registers from the first step to the last.

A program owns BLOCK_D channels of one row and walks through time LANES steps a turn. What keeps it near the hardware's
limit (the special-function unit: one exp2 for each step, channel and state, see docs/kernels.md) is where each number
lives:

- LANES lanes share a channel. h and A are [Q, BLOCK_D, LANES] tiles: lane l holds the states l, l + LANES, ...
- x, dt, z and y are [BLOCK_D, LANES] tiles (channel, step) over the same lanes: softplus and SiLU are computed once,
  not in every lane that needs them, and `tl.gather` hands a step to its neighbours, one shuffle each.
- The sum over states is finished for all steps of a turn together: each exchange halves the sums a lane has parts of.
- B and C come from a packed copy, one load of 64 bits, or 32 of two bf16, for both; it is padded, so nothing in the
  loop needs a mask.
- Everything is loaded ahead: x, dt and z by three turns, B and C of 16 bits by as many, of 32 by one.

No number crosses a warp, so the loop has no barrier and uses no shared memory, as long as Triton lays all tiles out
alike. It derives a layout from what it knows of neighbouring addresses, so it is told what leads there and no more:
`tl.max_contiguous(..., [1, 2, LANES])` ranks the dimensions (the last is spread over lanes first, the first stays in a
thread), `tl.multiple_of(..., 1)` forbids wider reads, after which tiles would move through shared memory at every turn.
The hints steer the layout only: no access is wider than one element.

The order of the operations on h does not depend on where a chunk begins: every split gives the same state.
`kernels.reference` has the formulas.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

LOG2E = tl.constexpr(1.4426950408889634)
COMMON_STATES = 16
"""States a channel of every published Mamba: for as many eight lanes share a channel, else four."""


@triton.jit
def softplus(v):
    """log(1 + e^v) = max(v, 0) + log1p(e^-|v|), with log1p(u) = 2 atanh(u / (2 + u)) as its series up to s^15.

    Exact to float32 also where it is tiny, as log(1 + u) is not, and cheaper than a logarithm.
    """
    u = tl.exp2(-tl.abs(v) * LOG2E)
    s = u / (2.0 + u)
    q = s * s
    p = 1.0 / 9 + q * (1.0 / 11 + q * (1.0 / 13 + q * (1.0 / 15)))
    p = 1.0 + q * (1.0 / 3 + q * (1.0 / 5 + q * (1.0 / 7 + q * p)))
    return tl.maximum(v, 0.0) + 2.0 * s * p


@triton.jit
def silu(v):
    return v / (1.0 + tl.exp2(-v * LOG2E))


@triton.jit(do_not_specialize=["steps", "rows"])
def pack_kernel(
    B, C, packed, lengths, steps, rows, B_row, B_step, C_row, C_step,
    N: tl.constexpr, PADDED_N: tl.constexpr, BLOCK: tl.constexpr, HALF: tl.constexpr, HAS_LENGTHS: tl.constexpr,
):  # fmt: skip
    """B and C as pairs in one word [B, rows, PADDED_N], zero beyond a row's length and beyond N.

    Two fp32 in 64 bits, or with HALF two bf16 in 32, which then are what they were.
    """
    row = tl.program_id(1).to(tl.int64)
    length = steps
    if HAS_LENGTHS:
        length = tl.load(lengths + row).to(tl.int32)
    t = (tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)).to(tl.int64)[:, None]
    n = tl.arange(0, PADDED_N)[None, :]
    inside = (t < length) & (n < N)
    b = tl.load(B + row * B_row + t * B_step + n, mask=inside, other=0.0).to(tl.float32)
    c = tl.load(C + row * C_row + t * C_step + n, mask=inside, other=0.0).to(tl.float32)
    low, high = b.to(tl.uint32, bitcast=True), c.to(tl.uint32, bitcast=True)
    at = packed + (row * rows + t) * PADDED_N + n
    if HALF:
        tl.store(at, ((low >> 16) | high).to(tl.int32, bitcast=True), mask=t < rows)
    else:
        word = low.to(tl.uint64) | (high.to(tl.uint64) << 32)
        tl.store(at, word.to(tl.int64, bitcast=True), mask=t < rows)


@triton.jit
def fetch(base, at, step, LANES: tl.constexpr):
    """Load the tile [BLOCK_D, LANES] of the steps `at`, laid out over lanes as the module's docstring says."""
    return tl.load(tl.multiple_of(tl.max_contiguous(base + at * step, [1, LANES]), [1, 1]))


@triton.jit
def fetch_pairs(base, PADDED_N: tl.constexpr, LANES: tl.constexpr):
    """B and C of a turn's steps, a tuple of LANES tiles [Q, 1, LANES]."""
    pairs = ()
    for k in tl.static_range(LANES):
        at = base + k * PADDED_N if k > 0 else base  # a sum with 0 is folded away, and the hint with it
        at = tl.multiple_of(tl.max_contiguous(at, [1, 2, LANES]), [1, 1, 1])
        pairs = pairs + (tl.load(at),)  # type: ignore[assignment]  # noqa: RUF005 (Triton cannot unpack)
    return pairs


@triton.jit
def advance(h, a, delta, drive, bc, lane, HALF: tl.constexpr):
    """One step: h <- exp2(delta a) h + drive b, for the step in the column `lane` of delta and drive.

    h, a [Q, BLOCK_D, LANES], bc [Q, 1, LANES] packed. Returns h and the partial sums over Q of c h, [BLOCK_D, LANES].
    """
    step = tl.gather(delta, lane, 1)
    push = tl.gather(drive, lane, 1)
    if HALF:
        b = (bc << 16).to(tl.float32, bitcast=True)
        c = (bc & -65536).to(tl.float32, bitcast=True)
    else:
        b = (bc & 0xFFFFFFFF).to(tl.uint32).to(tl.float32, bitcast=True)
        c = (bc >> 32).to(tl.uint32).to(tl.float32, bitcast=True)
    h = tl.exp2(step[None, :, :] * a) * h + push[None, :, :] * b
    return h, tl.sum(h * c, axis=0)


@triton.jit
def halve(parts, column, zero, BIT: tl.constexpr, COUNT: tl.constexpr):
    """COUNT sums in parts -> COUNT / 2: of each two a lane keeps the one whose number has its own BIT."""
    odd = (column & BIT) != 0
    sums = ()
    for k in tl.static_range(COUNT // 2):
        low = parts[2 * k]
        high = parts[2 * k + 1]
        given = tl.gather(tl.where(odd, low, high), zero + (column ^ BIT), 1)
        sums = sums + (tl.where(odd, high, low) + given,)  # type: ignore[assignment]  # noqa: RUF005
    return sums


@triton.jit(do_not_specialize=["steps", "rows"])
def selective_scan_kernel(
    x, dt, z, packed, A, D, dt_bias, state, y, lengths,
    steps, rows, d_inner, x_row, x_step, dt_row, dt_step, z_row, z_step,
    N: tl.constexpr, PADDED_N: tl.constexpr, BLOCK_D: tl.constexpr, LANES: tl.constexpr, HALF: tl.constexpr,
    EVEN: tl.constexpr, HAS_LENGTHS: tl.constexpr,
):  # fmt: skip
    Q: tl.constexpr = PADDED_N // LANES
    AHEAD: tl.constexpr = 3 if HALF else 1
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
    x0, dt0, z0 = fetch(x_at, at, x_step, LANES), fetch(dt_at, at, dt_step, LANES), fetch(z_at, at, z_step, LANES)
    at = tl.minimum(column + LANES, last).to(tl.int64)
    x1, dt1, z1 = fetch(x_at, at, x_step, LANES), fetch(dt_at, at, dt_step, LANES), fetch(z_at, at, z_step, LANES)
    at = tl.minimum(column + 2 * LANES, last).to(tl.int64)
    x2, dt2, z2 = fetch(x_at, at, x_step, LANES), fetch(dt_at, at, dt_step, LANES), fetch(z_at, at, z_step, LANES)
    bc = fetch_pairs(bc_at, PADDED_N, LANES)
    if AHEAD == 3:
        bc1 = fetch_pairs(bc_at + LANES * PADDED_N, PADDED_N, LANES)
        bc2 = fetch_pairs(bc_at + 2 * LANES * PADDED_N, PADDED_N, LANES)
    for t in range(0, length, 4 * LANES):
        # Four turns: after as many the names below stand where they stood, and no register that a load has yet to
        # fill is copied, which would wait for it.
        for turn in tl.static_range(4):
            at = tl.minimum(column + (t + (turn + 3) * LANES), last).to(tl.int64)
            x3, dt3, z3 = (
                fetch(x_at, at, x_step, LANES),
                fetch(dt_at, at, dt_step, LANES),
                fetch(z_at, at, z_step, LANES),
            )
            following = fetch_pairs(bc_at + (turn + AHEAD) * LANES * PADDED_N, PADDED_N, LANES)

            real = column + (t + turn * LANES) < length
            u = x0.to(tl.float32)
            # A step beyond the length has delta 0 and drive 0: it keeps h as it is.
            delta = tl.where(real, softplus(dt0.to(tl.float32) + bias), 0.0)
            drive = tl.where(real, delta * u, 0.0)
            parts = ()
            for k in tl.static_range(LANES):
                h, part = advance(h, a, delta, drive, bc[k], zero + k, HALF)
                parts = parts + (part,)  # type: ignore[assignment]  # noqa: RUF005
            parts = halve(parts, column, zero, 1, LANES)
            parts = halve(parts, column, zero, 2, LANES // 2)
            if LANES == 8:
                parts = halve(parts, column, zero, 4, 2)
            out = (parts[0] + skip * u) * silu(z0.to(tl.float32))
            out_at = tl.multiple_of(tl.max_contiguous(y_at, [1, LANES]), [1, 1])
            if EVEN:
                tl.store(out_at, out.to(y.dtype.element_ty), mask=real)
            else:
                tl.store(out_at, out.to(y.dtype.element_ty), mask=real & alive[:, None])
            y_at += LANES * d_inner
            x0, dt0, z0, x1, dt1, z1, x2, dt2, z2 = x1, dt1, z1, x2, dt2, z2, x3, dt3, z3
            if AHEAD == 3:
                bc, bc1, bc2 = bc1, bc2, following
            else:
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
    """As `kernels.selective_scan`."""
    batch, steps, d_inner = x.shape
    d_state = A.shape[1]
    # Beyond a row's length nothing is written.
    new = torch.empty if lengths is None else torch.zeros
    y = new(x.shape, dtype=x.dtype, device=x.device)
    if y.numel() == 0:
        return y
    # Chosen by hand, since a state that is advanced in place cannot be autotuned; docs/kernels.md has what others give.
    lanes = 8 if d_state == COMMON_STATES else 4
    half = lanes == 8 and B.dtype == C.dtype == torch.bfloat16
    padded_n = max(lanes, triton.next_power_of_2(d_state))
    block_d = 32 // lanes if padded_n <= 16 else 32  # with more states a program of one warp spills registers
    rows = (triton.cdiv(steps, 4 * lanes) * 4 + (3 if half else 1)) * lanes
    packed = torch.empty((batch, rows, padded_n), dtype=torch.int32 if half else torch.int64, device=x.device)
    block_t = max(1, 1024 // padded_n)
    pack_kernel[(triton.cdiv(rows, block_t), batch)](
        B, C, packed, lengths, steps, rows, B.stride(0), B.stride(1), C.stride(0), C.stride(1),
        N=d_state, PADDED_N=padded_n, BLOCK=block_t, HALF=half, HAS_LENGTHS=lengths is not None,
    )  # fmt: skip
    selective_scan_kernel[(triton.cdiv(d_inner, block_d), batch)](
        x, dt, z, packed, A, D, dt_bias, state, y, lengths, steps, rows, d_inner,
        x.stride(0), x.stride(1), dt.stride(0), dt.stride(1), z.stride(0), z.stride(1),
        N=d_state, PADDED_N=padded_n, BLOCK_D=block_d, LANES=lanes, HALF=half,
        EVEN=d_inner % block_d == 0, HAS_LENGTHS=lengths is not None, num_warps=max(1, block_d * lanes // 32),
    )  # fmt: skip
    return y
