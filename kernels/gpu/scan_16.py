"""The chunk scan of 16 states per channel, as in every published Mamba: one pass over time, the state in registers.

A program takes BLOCK_D channels of one sequence and walks through time LANES steps per turn. A 7B chunk is limited by
the power that a GPU may draw, so a step should take few instructions and bytes, and nothing should wait
(docs/kernels/selective-scan.md). The layout:

- LANES lanes share a channel, four here (8 and 2 work too): each holds 16 / LANES of its states, and as many values of
  A. Half the lanes take fewer shuffles, but also half the warps; loads far ahead then hide the latency.
- x, dt, z and y are [BLOCK_D, LANES] tiles (channel, step) over the same lanes: softplus and SiLU are computed once,
  not in every lane that needs them, and `tl.gather` hands a step to its neighbours, one shuffle each.
- The sum over states is finished for all steps of a turn together: each exchange halves the sums a lane has parts of.
- B and C come from a packed copy, in loads of 128 bits, which is padded, so that these need no mask.
- Everything is loaded ahead: x, dt and z by TURNS - 1 turns, B and C by AHEAD.

The order of the operations on h does not depend on where a chunk begins: every split gives the same state.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.gpu.math import LOG2E, quick_silu, softplus
from kernels.gpu.scan_lanes import fetch, halve, pack_kernel

N_STATES = 16
STATES = tl.constexpr(N_STATES)
LANES_A_CHANNEL = 4
"""Lanes that share a channel, and steps per turn."""
WRITTEN_TURNS = 8
"""Turns written out in the loop; x, dt and z are loaded one turn less than that ahead."""
TURNS_AHEAD = 4
"""Turns that B and C are loaded ahead: a divisor of WRITTEN_TURNS, so that no register is copied."""
REGISTERS = 248
"""The most registers a thread may have: with as many, all programs of a 7B layer are resident at once."""


@triton.jit
def fetch_words(at, zero, LANES: tl.constexpr):
    """Load 128 bits for each lane, the same for every channel: four tiles [BLOCK_D, LANES] of 32 bits."""
    at += zero[:, :, None] + tl.arange(0, LANES)[None, :, None] * 4 + tl.arange(0, 4)[None, None, :]
    words = tl.load(tl.multiple_of(tl.max_contiguous(at, [1, 2, 4]), [1, 1, 16]))
    even, odd = tl.split(tl.reshape(words, [zero.shape[0], LANES, 2, 2]))
    first, third = tl.split(even)
    second, fourth = tl.split(odd)
    return first, second, third, fourth


@triton.jit
def ahead_of(base, at, steps: tl.constexpr, STRIDE: tl.constexpr, LANES: tl.constexpr, PTX: tl.constexpr):
    """Load the tile at base + at, `steps` steps of STRIDE elements further.

    Reads written in PTX are left out of Triton's coalescing pass, whose time grows with the square of the reads: a
    minute for this kernel.
    """
    if PTX:
        BYTES: tl.constexpr = base.dtype.element_ty.primitive_bitwidth // 8
        where = (base + at).to(tl.int64)
        if BYTES == 2:
            short: tl.constexpr = f"ld.global.b16 $0, [$1 + {steps * STRIDE * 2}];"
            found = tl.inline_asm_elementwise(short, "=h,l", [where], dtype=tl.int16, is_pure=True, pack=1)
        else:
            long: tl.constexpr = f"ld.global.b32 $0, [$1 + {steps * STRIDE * 4}];"
            found = tl.inline_asm_elementwise(long, "=r,l", [where], dtype=tl.int32, is_pure=True, pack=1)
        return found.to(base.dtype.element_ty, bitcast=True)
    else:
        return fetch(base + steps * STRIDE, at, LANES)


@triton.jit
def words_ahead(packed, column, zero, load: tl.constexpr, LANES: tl.constexpr, PTX: tl.constexpr):
    """Load 128 bits for each lane, as `fetch_words` does, `load` loads after `packed`."""
    if PTX:
        where = (packed + (zero + column * 4)).to(tl.int64)
        code: tl.constexpr = f"ld.global.v4.b32 {{$0, $1, $2, $3}}, [$4 + {load * LANES * 16}];"
        return tl.inline_asm_elementwise(
            code, "=r,=r,=r,=r,l", [where], dtype=(tl.int32, tl.int32, tl.int32, tl.int32), is_pure=True, pack=1
        )
    else:
        return fetch_words(packed + load * 4 * LANES, zero, LANES)


@triton.jit
def b_and_c(words, pair: tl.constexpr, HALF: tl.constexpr):
    """Return B and C of one step and state, the `pair`-th in `words`."""
    if HALF:
        word = words[pair]
        b, c = word << 16, word & -65536
    else:
        b, c = words[2 * pair], words[2 * pair + 1]
    return b.to(tl.float32, bitcast=True), c.to(tl.float32, bitcast=True)


@triton.jit
def prepared(tiles, bias, real):
    """Return x, step sizes, inputs and z of a turn. For a step that is not `real` both are 0, so h does not change."""
    x, dt, z = tiles
    u = x.to(tl.float32)
    delta = softplus(dt.to(tl.float32) + bias)
    drive = delta * u
    if real is not None:
        delta = tl.where(real, delta, 0.0)
        drive = tl.where(real, drive, 0.0)
    return u, delta, drive, z


@triton.jit(do_not_specialize=["steps", "rows"])
def scan_16_kernel(
    x, dt, z, packed, A, D, dt_bias, state, y, lengths, steps, rows, x_row, dt_row, z_row,
    d_inner: tl.constexpr, X: tl.constexpr, DT: tl.constexpr, Z: tl.constexpr, BLOCK_D: tl.constexpr,
    LANES: tl.constexpr, TURNS: tl.constexpr, AHEAD: tl.constexpr, HALF: tl.constexpr, EVEN: tl.constexpr,
    PTX: tl.constexpr, HAS_LENGTHS: tl.constexpr,
):  # fmt: skip
    """Scan 16 states: a lane holds neighbouring ones and reads their B and C in loads of 128 bits.

    The strides X, DT and Z of a step are constants, so addresses within TURNS turns are too, and only the last turns
    compare with the length.
    """
    OWN: tl.constexpr = STATES // LANES  # states of a lane
    WORDS: tl.constexpr = OWN if HALF else 2 * OWN  # of 32 bits for a lane and a step
    PAIRS: tl.constexpr = 4 if HALF and OWN < 4 else OWN  # of B and C in what is loaded together
    LOADS: tl.constexpr = LANES * WORDS // 4  # of B and C a turn
    FAR: tl.constexpr = TURNS - 1  # turns that x, dt and z are loaded ahead
    row = tl.program_id(1).to(tl.int64)
    length = steps
    if HAS_LENGTHS:
        length = tl.load(lengths + row).to(tl.int32)
    column = tl.arange(0, LANES)[None, :]
    zero = tl.full([BLOCK_D, LANES], 0, tl.int32)
    d = tl.program_id(0) * BLOCK_D + tl.arange(0, BLOCK_D)[:, None] + zero
    alive = d < d_inner
    d = d if EVEN else tl.minimum(d, d_inner - 1)
    skip = ahead_of(D, d, 0, 0, LANES, PTX).to(tl.float32)
    bias = ahead_of(dt_bias, d, 0, 0, LANES, PTX).to(tl.float32)
    n = d * STATES + column * OWN
    state += row * d_inner * STATES
    h, a = (), ()
    for i in tl.static_range(OWN):
        h = h + (fetch(state, n + i, LANES),)  # type: ignore[assignment]  # noqa: RUF005
        a = a + (fetch(A, n + i, LANES) * LOG2E,)  # type: ignore[assignment]  # noqa: RUF005
    x += row * x_row
    dt += row * dt_row
    z += row * z_row
    y += row * steps * d_inner
    packed += row * rows * (LANES * WORDS)
    coming = ()  # x, dt and z of FAR turns
    for turn in tl.static_range(FAR):
        to = tl.minimum(column + turn * LANES, tl.maximum(length - 1, 0))
        tiles = (
            ahead_of(x, d + to * X, 0, X, LANES, PTX),
            ahead_of(dt, d + to * DT, 0, DT, LANES, PTX),
            ahead_of(z, d + to * Z, 0, Z, LANES, PTX),
        )
        coming = coming + (tiles,)  # type: ignore[assignment]  # noqa: RUF005
    words = ()  # B and C of AHEAD turns
    for load in tl.static_range(AHEAD * LOADS):
        words = words + (words_ahead(packed, column, zero, load, LANES, PTX),)  # type: ignore[assignment]  # noqa: RUF005
    now = prepared(coming[0], bias, column < length)  # type: ignore[misc]
    whole = tl.maximum(length - FAR * LANES, 0) // (TURNS * LANES) * (TURNS * LANES)
    for END in tl.static_range(2):  # at the end some of the steps, or of those to load, lie beyond the length
        for t in range(whole if END else 0, length if END else whole, TURNS * LANES):
            # After TURNS turns `coming` and `words` stand where they stood, and no register that a load has yet to
            # fill is copied, which would wait for it.
            for turn in tl.static_range(TURNS):
                to = tl.minimum(column, length - 1 - t - (turn + FAR) * LANES) if END else column
                tiles = (
                    ahead_of(x, d + to * X, (turn + FAR) * LANES, X, LANES, PTX),
                    ahead_of(dt, d + to * DT, (turn + FAR) * LANES, DT, LANES, PTX),
                    ahead_of(z, d + to * Z, (turn + FAR) * LANES, Z, LANES, PTX),
                )
                coming = coming[1:] + (tiles,)  # type: ignore[assignment]  # noqa: RUF005
                u, delta, drive, gate = now
                # The next turn's softplus, to be computed while this turn's shuffles and exponentials are under way.
                real = column + (t + (turn + 1) * LANES) < length if END else None
                now = prepared(coming[0], bias, real)  # type: ignore[misc]
                parts = ()
                for s in tl.static_range(LANES):
                    if s * WORDS % 4 == 0:
                        here = ()
                        for load in tl.static_range(s * WORDS // 4, (s * WORDS + WORDS + 3) // 4):
                            here = here + words[0]  # type: ignore[misc]
                            following = words_ahead(packed, column, zero, (turn + AHEAD) * LOADS + load, LANES, PTX)
                            words = words[1:] + (following,)  # type: ignore[assignment]  # noqa: RUF005
                    step = tl.gather(delta, zero + s, 1)
                    push = tl.gather(drive, zero + s, 1)
                    new = ()
                    total = tl.zeros([BLOCK_D, LANES], tl.float32)
                    for i in tl.static_range(OWN):
                        b, c = b_and_c(here, (s * OWN + i) % PAIRS, HALF)
                        h0 = tl.fma(tl.exp2(step * a[i]), h[i], push * b)
                        total = tl.fma(h0, c, total)
                        new = new + (h0,)  # type: ignore[assignment]  # noqa: RUF005
                    h = new
                    parts = parts + (total,)  # type: ignore[assignment]  # noqa: RUF005
                for level in tl.static_range(LANES // 4 + 1):  # log2(LANES) for 2, 4 and 8
                    parts = halve(parts, column, zero, 1 << level, LANES >> level)
                total = parts[0]  # type: ignore[misc]
                out = ((total + skip * u) * quick_silu(gate.to(tl.float32), PTX)).to(y.dtype.element_ty)
                at = y + turn * LANES * d_inner + (d + column * d_inner)
                at = tl.multiple_of(tl.max_contiguous(at, [1, LANES]), [1, 1])
                if END:
                    tl.store(at, out, mask=(column + (t + turn * LANES) < length) & alive)
                elif EVEN:
                    tl.store(at, out)
                else:
                    tl.store(at, out, mask=alive)
            x += TURNS * LANES * X
            dt += TURNS * LANES * DT
            z += TURNS * LANES * Z
            y += TURNS * LANES * d_inner
            packed += TURNS * LOADS * 4 * LANES
    for i in tl.static_range(OWN):
        tl.store(tl.multiple_of(tl.max_contiguous(state + (n + i), [1, LANES]), [1, 1]), h[i], mask=alive)


def scan_16(
    x: Tensor, dt: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, z: Tensor, dt_bias: Tensor, state: Tensor,
    lengths: Tensor | None, y: Tensor,
) -> None:  # fmt: skip
    """Scan as `kernels.operations.SelectiveScan` with A [d_inner, 16] into y, which must be 0 beyond each length."""
    batch, steps, d_inner = x.shape
    lanes, turns, ahead = LANES_A_CHANNEL, WRITTEN_TURNS, TURNS_AHEAD
    half = B.dtype == C.dtype == torch.bfloat16
    nvidia = x.is_cuda and torch.version.hip is None
    rows = (triton.cdiv(steps, turns * lanes) * turns + ahead) * lanes
    packed = torch.empty((batch, rows, N_STATES), dtype=torch.int32 if half else torch.int64, device=x.device)
    block_t, block_d = 64, 32 // lanes
    pack_kernel[(triton.cdiv(rows, block_t), batch)](
        B, C, packed, lengths, steps, rows, B.stride(0), B.stride(1), C.stride(0), C.stride(1),
        N=N_STATES, PADDED_N=N_STATES, BLOCK=block_t, LANES=lanes, HALF=half, HAS_LENGTHS=lengths is not None,
    )  # fmt: skip
    scan_16_kernel[(triton.cdiv(d_inner, block_d), batch)](
        x, dt, z, packed.view(torch.int32), A, D, dt_bias, state, y, lengths, steps, rows,
        x.stride(0), dt.stride(0), z.stride(0), d_inner=d_inner, X=x.stride(1), DT=dt.stride(1), Z=z.stride(1),
        BLOCK_D=block_d, LANES=lanes, TURNS=turns, AHEAD=ahead, HALF=half, EVEN=d_inner % block_d == 0, PTX=nvidia,
        HAS_LENGTHS=lengths is not None, num_warps=1, **({"maxnreg": REGISTERS} if nvidia else {}),
    )  # fmt: skip
