"""The chunk scan in Triton: one pass over time, the state in registers from the first step to the last.

A program owns BLOCK_D channels of one row and walks through time, LANES steps a turn and some turns a chunk. What keeps
it near the hardware's limit (the special-function unit and the units that issue and load, see docs/kernels.md) is where
each number lives:

- LANES lanes share a channel. h and A are [BLOCK_D, LANES, Q] tiles, lane l holding the states from l * Q on in Q
  registers.
- x, dt, z and y are [BLOCK_D, LANES] tiles (channel, step) over the same lanes: softplus and SiLU are computed once,
  not in every lane that needs them, and `tl.gather` hands a step to its neighbours, one shuffle each.
- The sum over states is finished for all steps of a turn together: each exchange halves the sums a lane holds parts of.
- B and C come from a packed fp32 copy, Q states in one read; it is padded, so they need no mask.
- The next chunk's x, dt and z are asked for before the present chunk is worked on and made into steps after it: no
  register is copied, or waited for, while its load is under way.
- Strides are compile-time constants, so that the addresses of a chunk differ by immediate offsets. Chunks that are
  whole and followed by a whole one run without masks.

No number crosses a warp, so the loop has no barrier and uses no shared memory, as long as Triton lays all tiles out
alike. It derives a layout from what it knows of neighbouring addresses, so it is told what leads there and no more:
`tl.max_contiguous` ranks the dimensions (Q stays in a thread, lanes come next), `tl.multiple_of` allows wide reads of B
and C and forbids them elsewhere. A hint sticks to the sum that makes an address, and a sum with a constant 0 is folded
away, hint and all: that is what `nothing` is for, a 0 that the compiler does not know.

The order of the operations on h does not depend on where a chunk begins: every split gives the same state.
`kernels.reference` has the formulas.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

LOG2E = tl.constexpr(1.4426950408889634)
BLOCK_D = 32
"""Channels a program. Chosen by hand, as LANES is: the state is advanced in place, so nothing is autotuned."""
LANES = 4
"""Lanes that share a channel: 4 or 8."""


@triton.jit
def fast_exp2(v, PTX: tl.constexpr):
    """2^v in one instruction on an NVIDIA GPU, results below 2^-126 as 0; `tl.exp2` spends three more on those."""
    if PTX:
        return tl.inline_asm_elementwise("ex2.approx.ftz.f32 $0, $1;", "=f,f", [v], tl.float32, is_pure=True, pack=1)
    else:
        return tl.exp2(v)


@triton.jit
def fast_reciprocal(v, PTX: tl.constexpr):
    if PTX:
        return tl.inline_asm_elementwise("rcp.approx.ftz.f32 $0, $1;", "=f,f", [v], tl.float32, is_pure=True, pack=1)
    else:
        return 1.0 / v


@triton.jit
def softplus(v, PTX: tl.constexpr = False):
    """log(1 + e^v) = max(v, 0) + log1p(e^-|v|), with log1p(u) = 2 atanh(u / (2 + u)) as its series up to s^15.

    Exact to float32 also where it is tiny, as log(1 + u) is not, and cheaper than a logarithm.
    """
    u = fast_exp2(-tl.abs(v) * LOG2E, PTX)
    s = u * fast_reciprocal(2.0 + u, PTX)
    q = s * s
    p = 1.0 / 9 + q * (1.0 / 11 + q * (1.0 / 13 + q * (1.0 / 15)))
    p = 1.0 + q * (1.0 / 3 + q * (1.0 / 5 + q * (1.0 / 7 + q * p)))
    return tl.maximum(v, 0.0) + 2.0 * s * p


@triton.jit
def silu(v, PTX: tl.constexpr = False):
    return v * fast_reciprocal(1.0 + fast_exp2(-v * LOG2E, PTX), PTX)


@triton.jit(do_not_specialize=["steps", "rows"])
def pack_kernel(
    B, C, packed, lengths, steps, rows, B_row, B_step, C_row, C_step,
    N: tl.constexpr, PADDED_N: tl.constexpr, BLOCK: tl.constexpr, HAS_LENGTHS: tl.constexpr,
):  # fmt: skip
    """B and C as fp32 [B, rows, 2, PADDED_N], zero beyond a row's length and beyond N."""
    row = tl.program_id(1).to(tl.int64)
    length = steps
    if HAS_LENGTHS:
        length = tl.load(lengths + row).to(tl.int32)
    t = (tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)).to(tl.int64)[:, None]
    n = tl.arange(0, PADDED_N)[None, :]
    inside = (t < length) & (n < N)
    b = tl.load(B + row * B_row + t * B_step + n, mask=inside, other=0.0).to(tl.float32)
    c = tl.load(C + row * C_row + t * C_step + n, mask=inside, other=0.0).to(tl.float32)
    at = packed + (row * rows + t) * (2 * PADDED_N) + n
    tl.store(at, b, mask=t < rows)
    tl.store(at + PADDED_N, c, mask=t < rows)


@triton.jit
def fetch(base, offset, real, LANES: tl.constexpr, MASKED: tl.constexpr):
    """Load the tile [BLOCK_D, LANES] at base + offset, laid out over lanes as the module's docstring says."""
    at = tl.multiple_of(tl.max_contiguous(base + offset, [1, LANES]), [1, 1])
    if MASKED:
        return tl.load(at, mask=real, other=0.0)
    else:
        return tl.load(at)


@triton.jit
def fetch_states(base, offset, Q: tl.constexpr):
    """Q states a lane, from a tile of addresses [BLOCK_D, LANES, Q] that begins at a multiple of 16 bytes."""
    return tl.load(tl.multiple_of(tl.max_contiguous(base + offset, [1, 2, 2 * Q]), [1, 1, 16]))


@triton.jit
def ask(
    x_at, dt_at, z_at, start, t, column, length,
    X: tl.constexpr, DT: tl.constexpr, Z: tl.constexpr, LANES: tl.constexpr, TURNS: tl.constexpr, MASKED: tl.constexpr,
):  # fmt: skip
    """x, dt and z of the chunk that begins at step t (`start` is the same as int64), each a tuple of TURNS tiles."""
    xs = ()
    dts = ()
    zs = ()
    for k in tl.static_range(TURNS):
        real = column + (t + k * LANES) < length
        dts = dts + (fetch(dt_at, (start + k * LANES) * DT, real, LANES, MASKED),)  # type: ignore[assignment]  # noqa: RUF005
        xs = xs + (fetch(x_at, (start + k * LANES) * X, real, LANES, MASKED),)  # type: ignore[assignment]  # noqa: RUF005
        zs = zs + (fetch(z_at, (start + k * LANES) * Z, real, LANES, MASKED),)  # type: ignore[assignment]  # noqa: RUF005
    return xs, dts, zs


@triton.jit
def prepare(
    xs, dts, zs, bias, skip, t, column, length,
    LANES: tl.constexpr, TURNS: tl.constexpr, MASKED: tl.constexpr, PTX: tl.constexpr,
):  # fmt: skip
    """(delta, delta x, D x silu(z), silu(z)) of every turn; beyond the length delta is 0, which keeps h as it is."""
    made = ()
    for k in tl.static_range(TURNS):
        u = xs[k].to(tl.float32)
        delta = softplus(dts[k].to(tl.float32) + bias, PTX)
        if MASKED:
            delta = tl.where(column + (t + k * LANES) < length, delta, 0.0)
        gate = silu(zs[k].to(tl.float32), PTX)
        made = made + ((delta, delta * u, skip * u * gate, gate),)  # type: ignore[assignment]  # noqa: RUF005
    return made


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


@triton.jit
def turn(
    h, a, step, bc_at, start, column, zero,
    PADDED_N: tl.constexpr, Q: tl.constexpr, LANES: tl.constexpr, PTX: tl.constexpr,
):  # fmt: skip
    """LANES steps from `start` on: h <- exp2(delta a) h + delta x b. Returns h and the output, step k in lane k."""
    delta, drive, skipped, gate = step
    parts = ()
    for k in tl.static_range(LANES):
        width = tl.gather(delta, zero + k, 1)
        push = tl.gather(drive, zero + k, 1)
        b = fetch_states(bc_at, (start + k) * (2 * PADDED_N), Q)
        c = fetch_states(bc_at, (start + k) * (2 * PADDED_N) + PADDED_N, Q)
        h = fast_exp2(width[:, :, None] * a, PTX) * h + push[:, :, None] * b
        parts = parts + (tl.sum(h * c, axis=2),)  # type: ignore[assignment]  # noqa: RUF005
    parts = halve(parts, column, zero, 1, LANES)
    parts = halve(parts, column, zero, 2, LANES // 2)
    if LANES == 8:
        parts = halve(parts, column, zero, 4, 2)
    return h, parts[0] * gate + skipped


@triton.jit(do_not_specialize=["steps", "rows"])
def selective_scan_kernel(
    x, dt, z, packed, A, D, dt_bias, state, y, lengths,
    steps, rows, x_row, dt_row, z_row,
    d_inner: tl.constexpr, X: tl.constexpr, DT: tl.constexpr, Z: tl.constexpr,
    N: tl.constexpr, PADDED_N: tl.constexpr, BLOCK_D: tl.constexpr, LANES: tl.constexpr, TURNS: tl.constexpr,
    HAS_LENGTHS: tl.constexpr, PTX: tl.constexpr,
):  # fmt: skip
    Q: tl.constexpr = PADDED_N // LANES
    CHUNK: tl.constexpr = LANES * TURNS
    row = tl.program_id(1).to(tl.int64)
    length = steps
    if HAS_LENGTHS:
        length = tl.load(lengths + row).to(tl.int32)
    nothing = tl.minimum(steps, 0).to(tl.int64)
    d = tl.program_id(0) * BLOCK_D + tl.arange(0, BLOCK_D)
    lane = tl.arange(0, LANES)
    alive = d < d_inner
    n = (lane * Q)[None, :, None] + tl.arange(0, Q)[None, None, :]
    inside = alive[:, None, None] & (n < N)
    h_at = state + (row * d_inner + d)[:, None, None] * N + n
    h_at = tl.multiple_of(tl.max_contiguous(h_at, [1, 2, 2 * Q]), [1, 1, 1])
    h = tl.load(h_at, mask=inside, other=0.0)
    a_at = tl.multiple_of(tl.max_contiguous(A + d[:, None, None] * N + n, [1, 2, 2 * Q]), [1, 1, 1])
    a = tl.load(a_at, mask=inside, other=0.0) * LOG2E

    column = lane[None, :]
    zero = tl.full([BLOCK_D, LANES], 0, tl.int32)
    channel = tl.minimum(d, d_inner - 1).to(tl.int64)[:, None]
    skip = fetch(D + (channel + zero), nothing, alive, LANES, False).to(tl.float32)
    bias = fetch(dt_bias + (channel + zero), nothing, alive, LANES, False).to(tl.float32)
    x_at = x + row * x_row + channel + column.to(tl.int64) * X
    dt_at = dt + row * dt_row + channel + column.to(tl.int64) * DT
    z_at = z + row * z_row + channel + column.to(tl.int64) * Z
    y_at = y + row * steps * d_inner + channel + column.to(tl.int64) * d_inner
    bc_at = packed + row * rows * (2 * PADDED_N) + n + tl.zeros([BLOCK_D, 1, 1], tl.int32)

    xs, dts, zs = ask(x_at, dt_at, z_at, nothing, 0, column, length, X, DT, Z, LANES, TURNS, True)
    made = prepare(xs, dts, zs, bias, skip, 0, column, length, LANES, TURNS, True, PTX)
    whole = length // CHUNK * CHUNK - CHUNK  # before it a chunk and the one after it are whole
    for t in range(0, whole, CHUNK):
        at = nothing + t
        xs, dts, zs = ask(x_at, dt_at, z_at, at + CHUNK, t + CHUNK, column, length, X, DT, Z, LANES, TURNS, False)
        for k in tl.static_range(TURNS):
            h, out = turn(h, a, made[k], bc_at, at + k * LANES, column, zero, PADDED_N, Q, LANES, PTX)
            out_at = tl.multiple_of(tl.max_contiguous(y_at + (at + k * LANES) * d_inner, [1, LANES]), [1, 1])
            tl.store(out_at, out.to(y.dtype.element_ty), mask=alive[:, None])
        made = prepare(xs, dts, zs, bias, skip, t + CHUNK, column, length, LANES, TURNS, False, PTX)
    for t in range(tl.maximum(whole, 0), length, CHUNK):
        at = nothing + t
        xs, dts, zs = ask(x_at, dt_at, z_at, at + CHUNK, t + CHUNK, column, length, X, DT, Z, LANES, TURNS, True)
        for k in tl.static_range(TURNS):
            h, out = turn(h, a, made[k], bc_at, at + k * LANES, column, zero, PADDED_N, Q, LANES, PTX)
            out_at = tl.multiple_of(tl.max_contiguous(y_at + (at + k * LANES) * d_inner, [1, LANES]), [1, 1])
            real = column + (t + k * LANES) < length
            tl.store(out_at, out.to(y.dtype.element_ty), mask=real & alive[:, None])
        made = prepare(xs, dts, zs, bias, skip, t + CHUNK, column, length, LANES, TURNS, True, PTX)
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
    padded_n = max(LANES, triton.next_power_of_2(d_state))
    turns = 4 if padded_n <= 16 else 1  # more states are more code a step
    rows = triton.cdiv(steps, LANES * turns) * LANES * turns
    packed = torch.empty((batch, rows, 2, padded_n), dtype=torch.float32, device=x.device)
    block_t = max(1, 1024 // padded_n)
    pack_kernel[(triton.cdiv(rows, block_t), batch)](
        B, C, packed, lengths, steps, rows, B.stride(0), B.stride(1), C.stride(0), C.stride(1),
        N=d_state, PADDED_N=padded_n, BLOCK=block_t, HAS_LENGTHS=lengths is not None,
    )  # fmt: skip
    selective_scan_kernel[(triton.cdiv(d_inner, BLOCK_D), batch)](
        x, dt, z, packed, A, D, dt_bias, state, y, lengths, steps, rows, x.stride(0), dt.stride(0), z.stride(0),
        d_inner=d_inner, X=x.stride(1), DT=dt.stride(1), Z=z.stride(1), N=d_state, PADDED_N=padded_n,
        BLOCK_D=BLOCK_D, LANES=LANES, TURNS=turns, HAS_LENGTHS=lengths is not None,
        PTX=x.is_cuda and torch.version.hip is None, num_warps=BLOCK_D * LANES // 32,
    )  # fmt: skip
    return y
