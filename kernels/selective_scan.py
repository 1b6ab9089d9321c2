"""The chunk scan in Triton: one pass over time, the state in registers from the first step to the last.

A program owns BLOCK_D channels of one row and walks through time LANES steps a turn. What keeps it near the hardware's
limit (the special-function unit: one exp2 for each step, channel and state, see docs/kernels.md) is where each number
lives:

- LANES lanes share a channel: each holds some of its states, and as many values of A.
- x, dt, z and y are [BLOCK_D, LANES] tiles (channel, step) over the same lanes: softplus and SiLU are computed once,
  not in every lane that needs them, and `tl.gather` hands a step to its neighbours, one shuffle each.
- The sum over states is finished for all steps of a turn together: each exchange halves the sums a lane has parts of.
- B and C come from a packed copy, which is padded, so their loads need no mask.
- Everything is loaded ahead: x, dt and z by three turns, B and C by two, with other than 16 states by one.

No number crosses a warp, so the loop has no barrier and uses no shared memory, as long as Triton lays all tiles out
alike. It derives a layout from what it knows of neighbouring addresses, so it is told what leads there and no more:
`tl.max_contiguous(..., [1, LANES])` spreads the last dimension over lanes first, `tl.multiple_of(..., 1)` forbids reads
wider than one element, after which tiles would move through shared memory at every turn. These hints steer the layout
only, but for one: `fetch_words` reads 128 bits at once, and its hint is true.

`scan_16_kernel` is for the 16 states that every published Mamba has, `selective_scan_kernel` for any other number. The
order of the operations on h does not depend on where a chunk begins: every split gives the same state.
`kernels.reference` has the formulas.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

LOG2E = tl.constexpr(1.4426950408889634)
COMMON_STATES = 16
"""States a channel of every published Mamba."""
STATES = tl.constexpr(COMMON_STATES)
LANES_16 = 8
"""Lanes that share a channel of 16 states, and steps a turn."""
LANES_OTHER = 4
"""The same with any other number of states."""
AHEAD = tl.constexpr(2)
"""Turns that B and C of 16 states are loaded ahead: a divisor of the loop's four, so that no register is copied."""
REGISTERS = 128
"""The most registers a thread of 16 states may have: with as many, all programs of a 7B layer are resident at once."""


@triton.jit
def softplus(v):
    """log(1 + e^v) = max(v, 0) + log1p(u), u = e^-|v|, with log1p(u) / u on [0, 1] as a polynomial.

    Relative error 3e-8 before rounding, also where it is tiny, as log(1 + u) is not, and cheaper than a logarithm.
    """
    u = tl.exp2(tl.abs(v) * -LOG2E)
    p = -0.029505226761102676 + u * 0.005232691299170256
    p = -0.13663244247436523 + u * (0.07822593301534653 + u * p)
    p = -0.2484298199415207 + u * (0.19106006622314453 + u * p)
    p = -0.4999949336051941 + u * (0.3331909775733948 + u * p)
    return tl.maximum(v, 0.0) + u * (0.9999999403953552 + u * p)


@triton.jit
def silu(v):
    return v / (1.0 + tl.exp2(-v * LOG2E))


@triton.jit
def quick_silu(v, PTX: tl.constexpr):
    """SiLU, with PTX by the hardware's reciprocal alone, which is within one unit in the last place."""
    if PTX:
        e = 1.0 + tl.exp2(v * -LOG2E)
        return v * tl.inline_asm_elementwise(
            "rcp.approx.ftz.f32 $0, $1;", "=f,f", [e], dtype=tl.float32, is_pure=True, pack=1
        )
    else:
        return silu(v)


@triton.jit(do_not_specialize=["steps", "rows"])
def pack_kernel(
    B, C, packed, lengths, steps, rows, B_row, B_step, C_row, C_step,
    N: tl.constexpr, PADDED_N: tl.constexpr, BLOCK: tl.constexpr, HALF: tl.constexpr, HAS_LENGTHS: tl.constexpr,
):  # fmt: skip
    """B and C as pairs in one word, zero beyond a row's length and beyond N.

    Two fp32 in 64 bits [B, rows, PADDED_N]; or with HALF two bf16 in 32, which then are what they were, those of two
    states and two steps together [B, rows / 2, PADDED_N / 2, 2 (step), 2 (state)]. Either way 128 bits are one load.
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
    packed += row * rows * PADDED_N
    if HALF:
        at = packed + (t // 2 * 2 * PADDED_N + n // 2 * 4 + t % 2 * 2 + n % 2)
        tl.store(at, ((low >> 16) | high).to(tl.int32, bitcast=True), mask=t < rows)
    else:
        word = low.to(tl.uint64) | (high.to(tl.uint64) << 32)
        tl.store(packed + (t * PADDED_N + n), word.to(tl.int64, bitcast=True), mask=t < rows)


@triton.jit
def fetch(base, at, LANES: tl.constexpr):
    """Load the tile [BLOCK_D, LANES] at base + at, laid out over lanes as the module's docstring says.

    The addresses are summed here since a hint on an argument is lost.
    """
    return tl.load(tl.multiple_of(tl.max_contiguous(base + at, [1, LANES]), [1, 1]))


@triton.jit
def halve(parts, column, zero, BIT: tl.constexpr, COUNT: tl.constexpr):
    """COUNT sums in parts -> COUNT / 2: of each two a lane keeps the one whose number has its own BIT."""
    odd = (column & BIT) != 0
    sums = ()
    for k in tl.static_range(COUNT // 2):
        low = parts[2 * k]
        high = parts[2 * k + 1]
        given = tl.gather(tl.where(odd, low, high), zero + (column ^ BIT), 1)
        # Triton cannot unpack a tuple in another.
        sums = sums + (tl.where(odd, high, low) + given,)  # type: ignore[assignment]  # noqa: RUF005
    return sums


@triton.jit
def fetch_words(at, zero, LANES: tl.constexpr):
    """128 bits for each lane, the same for every channel: four tiles [BLOCK_D, LANES] of 32 bits."""
    at += zero[:, :, None] + tl.arange(0, LANES)[None, :, None] * 4 + tl.arange(0, 4)[None, None, :]
    words = tl.load(tl.multiple_of(tl.max_contiguous(at, [1, 2, 4]), [1, 1, 16]))
    even, odd = tl.split(tl.reshape(words, [zero.shape[0], LANES, 2, 2]))
    first, third = tl.split(even)
    second, fourth = tl.split(odd)
    return first, second, third, fourth


@triton.jit
def b_and_c(words, step: tl.constexpr, HALF: tl.constexpr):
    """B and C of a lane's first state, then of its second, at one of the steps in `words`."""
    if HALF:
        first = words[2 * step]
        second = words[2 * step + 1]
        b0, c0 = first << 16, first & -65536
        b1, c1 = second << 16, second & -65536
    else:
        b0, c0, b1, c1 = words
    return (
        b0.to(tl.float32, bitcast=True), c0.to(tl.float32, bitcast=True),
        b1.to(tl.float32, bitcast=True), c1.to(tl.float32, bitcast=True),
    )  # fmt: skip


@triton.jit(do_not_specialize=["steps", "rows"])
def scan_16_kernel(
    x, dt, z, packed, A, D, dt_bias, state, y, lengths, steps, rows, x_row, dt_row, z_row,
    d_inner: tl.constexpr, X: tl.constexpr, DT: tl.constexpr, Z: tl.constexpr, BLOCK_D: tl.constexpr,
    LANES: tl.constexpr, HALF: tl.constexpr, EVEN: tl.constexpr, PTX: tl.constexpr, HAS_LENGTHS: tl.constexpr,
):  # fmt: skip
    """The scan of 16 states: a lane holds two, 2 lane and 2 lane + 1, and reads their B and C in loads of 128 bits.

    What is the same at every turn is known to the compiler: the strides X, DT and Z of a step are constants, so
    addresses within four turns are too, and only the last turns look where the row ends.
    """
    STEPS: tl.constexpr = 2 if HALF else 1  # that one load of B and C brings
    LOADS: tl.constexpr = LANES // STEPS  # of them a turn
    row = tl.program_id(1).to(tl.int64)
    length = steps
    if HAS_LENGTHS:
        length = tl.load(lengths + row).to(tl.int32)
    column = tl.arange(0, LANES)[None, :]
    zero = tl.full([BLOCK_D, LANES], 0, tl.int32)
    d = tl.program_id(0) * BLOCK_D + tl.arange(0, BLOCK_D)[:, None] + zero
    alive = d < d_inner
    d = d if EVEN else tl.minimum(d, d_inner - 1)
    skip = tl.load(D + d).to(tl.float32)
    bias = tl.load(dt_bias + d).to(tl.float32)
    n = d * STATES + column * 2
    state += row * d_inner * STATES
    h0, h1 = fetch(state, n, LANES), fetch(state, n + 1, LANES)
    a0, a1 = fetch(A, n, LANES) * LOG2E, fetch(A, n + 1, LANES) * LOG2E
    x += row * x_row
    dt += row * dt_row
    z += row * z_row
    y += row * steps * d_inner
    packed += row * rows * (4 * LANES // STEPS)
    coming = ()  # x, dt and z of three turns
    for turn in tl.static_range(3):
        to = tl.minimum(column + turn * LANES, tl.maximum(length - 1, 0))
        tiles = fetch(x, d + to * X, LANES), fetch(dt, d + to * DT, LANES), fetch(z, d + to * Z, LANES)
        coming = coming + (tiles,)  # type: ignore[assignment]  # noqa: RUF005
    words = ()  # B and C of AHEAD turns
    for load in tl.static_range(AHEAD * LOADS):
        words = words + (fetch_words(packed + load * 4 * LANES, zero, LANES),)  # type: ignore[assignment]  # noqa: RUF005
    whole = tl.maximum(length - 3 * LANES, 0) // (4 * LANES) * (4 * LANES)
    for END in tl.static_range(2):  # at the end some of the steps, or of those to load, lie beyond the length
        for t in range(whole if END else 0, length if END else whole, 4 * LANES):
            # Four turns: after as many `coming` and `words` stand where they stood, and no register that a load has
            # yet to fill is copied, which would wait for it.
            for turn in tl.static_range(4):
                first = (turn + 3) * LANES
                to = tl.minimum(column, length - 1 - t - first) if END else column
                tiles = (
                    fetch(x + first * X, d + to * X, LANES),
                    fetch(dt + first * DT, d + to * DT, LANES),
                    fetch(z + first * Z, d + to * Z, LANES),
                )
                x0, dt0, z0 = coming[0]  # type: ignore[misc]
                coming = (coming[1], coming[2], tiles)  # type: ignore[assignment, misc]

                u = x0.to(tl.float32)
                delta = softplus(dt0.to(tl.float32) + bias)
                drive = delta * u
                if END:
                    # A step beyond the length has delta 0 and drive 0: it keeps h as it is.
                    real = column + (t + turn * LANES) < length
                    delta = tl.where(real, delta, 0.0)
                    drive = tl.where(real, drive, 0.0)
                parts = ()
                for load in tl.static_range(LOADS):
                    here = words[0]  # type: ignore[misc]
                    rest = ()
                    for i in tl.static_range(1, AHEAD * LOADS):
                        rest = rest + (words[i],)  # type: ignore[assignment]  # noqa: RUF005
                    following = packed + ((turn + AHEAD) * LOADS + load) * 4 * LANES
                    words = rest + (fetch_words(following, zero, LANES),)  # type: ignore[assignment]  # noqa: RUF005
                    for s in tl.static_range(STEPS):
                        b0, c0, b1, c1 = b_and_c(here, s, HALF)
                        step = tl.gather(delta, zero + (load * STEPS + s), 1)
                        push = tl.gather(drive, zero + (load * STEPS + s), 1)
                        h0 = tl.fma(tl.exp2(step * a0), h0, push * b0)
                        h1 = tl.fma(tl.exp2(step * a1), h1, push * b1)
                        parts = parts + (tl.fma(h1, c1, h0 * c0),)  # type: ignore[assignment]  # noqa: RUF005
                for level in tl.static_range(3):
                    parts = halve(parts, column, zero, 1 << level, LANES >> level)
                total = parts[0]  # type: ignore[misc]
                out = ((total + skip * u) * quick_silu(z0.to(tl.float32), PTX)).to(y.dtype.element_ty)
                at = y + turn * LANES * d_inner + (d + column * d_inner)
                at = tl.multiple_of(tl.max_contiguous(at, [1, LANES]), [1, 1])
                if END:
                    tl.store(at, out, mask=real & alive)
                elif EVEN:
                    tl.store(at, out)
                else:
                    tl.store(at, out, mask=alive)
            x += 4 * LANES * X
            dt += 4 * LANES * DT
            z += 4 * LANES * Z
            y += 4 * LANES * d_inner
            packed += 4 * LOADS * 4 * LANES
    tl.store(tl.multiple_of(tl.max_contiguous(state + n, [1, LANES]), [1, 1]), h0, mask=alive)
    tl.store(tl.multiple_of(tl.max_contiguous(state + (n + 1), [1, LANES]), [1, 1]), h1, mask=alive)


@triton.jit
def fetch_pairs(base, PADDED_N: tl.constexpr, LANES: tl.constexpr):
    """B and C of a turn's steps, a tuple of LANES tiles [Q, 1, LANES]."""
    pairs = ()
    for k in tl.static_range(LANES):
        at = base + k * PADDED_N if k > 0 else base  # a sum with 0 is folded away, and the hint with it
        at = tl.multiple_of(tl.max_contiguous(at, [1, 2, LANES]), [1, 1, 1])
        pairs = pairs + (tl.load(at),)  # type: ignore[assignment]  # noqa: RUF005
    return pairs


@triton.jit
def advance(h, a, delta, drive, bc, lane):
    """One step: h <- exp2(delta a) h + drive b, for the step in the column `lane` of delta and drive.

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
    """The scan of any number of states: h and A are [Q, BLOCK_D, LANES] tiles, lane l holds l, l + LANES, ...

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
    """As `kernels.selective_scan`."""
    batch, steps, d_inner = x.shape
    d_state = A.shape[1]
    # Beyond a row's length nothing is written.
    new = torch.empty if lengths is None else torch.zeros
    y = new(x.shape, dtype=x.dtype, device=x.device)
    if y.numel() == 0:
        return y
    common = d_state == COMMON_STATES
    # Chosen by hand, since a state that is advanced in place cannot be autotuned; docs/kernels.md has what others give.
    lanes = LANES_16 if common else LANES_OTHER
    half = common and B.dtype == C.dtype == torch.bfloat16
    padded_n = max(lanes, triton.next_power_of_2(d_state))
    block_d = 32 // lanes if padded_n <= 16 else 32  # with more states a program of one warp spills registers
    even = d_inner % block_d == 0
    rows = triton.cdiv(steps, 4 * lanes) * 4 * lanes + (AHEAD.value if common else 1) * lanes
    words = torch.empty((batch, rows, padded_n), dtype=torch.int32 if half else torch.int64, device=x.device)
    block_t = max(1, 1024 // padded_n)
    pack_kernel[(triton.cdiv(rows, block_t), batch)](
        B, C, words, lengths, steps, rows, B.stride(0), B.stride(1), C.stride(0), C.stride(1),
        N=d_state, PADDED_N=padded_n, BLOCK=block_t, HALF=half, HAS_LENGTHS=lengths is not None,
    )  # fmt: skip
    grid = (triton.cdiv(d_inner, block_d), batch)
    if common:
        nvidia = x.is_cuda and torch.version.hip is None
        scan_16_kernel[grid](
            x, dt, z, words.view(torch.int32), A, D, dt_bias, state, y, lengths, steps, rows,
            x.stride(0), dt.stride(0), z.stride(0),
            d_inner=d_inner, X=x.stride(1), DT=dt.stride(1), Z=z.stride(1), BLOCK_D=block_d, LANES=lanes, HALF=half,
            EVEN=even, PTX=nvidia, HAS_LENGTHS=lengths is not None,
            num_warps=1, **({"maxnreg": REGISTERS} if nvidia else {}),
        )  # fmt: skip
    else:
        selective_scan_kernel[grid](
            x, dt, z, words, A, D, dt_bias, state, y, lengths, steps, rows, d_inner,
            x.stride(0), x.stride(1), dt.stride(0), dt.stride(1), z.stride(0), z.stride(1),
            N=d_state, PADDED_N=padded_n, BLOCK_D=block_d, LANES=lanes,
            EVEN=even, HAS_LENGTHS=lengths is not None, num_warps=max(1, block_d * lanes // 32),
        )  # fmt: skip
    return y
