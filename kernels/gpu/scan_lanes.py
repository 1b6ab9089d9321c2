"""Parts of both scan kernels: packed B and C, tiles read over lanes, sums finished over lanes.

A tile is [BLOCK_D, LANES]: a channel's steps, or its states, over neighbouring lanes. No number crosses a warp, so
there is no barrier and no shared memory, as long as Triton lays all tiles out alike. It derives a layout from what it
knows of neighbouring addresses, so it is told what leads there and no more: `tl.max_contiguous(..., [1, LANES])`
spreads the last dimension over lanes first, `tl.multiple_of(..., 1)` forbids reads wider than one element, after which
tiles would move through shared memory at every turn. These hints steer the layout only.
"""

import triton
import triton.language as tl


@triton.jit(do_not_specialize=["steps", "rows"])
def pack_kernel(
    B, C, packed, lengths, steps, rows, B_row, B_step, C_row, C_step,
    N: tl.constexpr, PADDED_N: tl.constexpr, BLOCK: tl.constexpr, LANES: tl.constexpr, HALF: tl.constexpr,
    HAS_LENGTHS: tl.constexpr,
):  # fmt: skip
    """Pack B and C in pairs, zero beyond the length and beyond N: two fp32 in 64 bits, with HALF two bf16 in 32.

    LANES 0: [B, rows, PADDED_N]. Else in the order of the loads of 128 bits in which LANES lanes read those of LANES
    steps, each of its own states: [B, rows / LANES, loads, LANES, 128 bits].
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
    at = t * PADDED_N + n
    if LANES > 0:
        STATES_A_LANE: tl.constexpr = PADDED_N // LANES
        PAIRS: tl.constexpr = 4 if HALF else 2  # that one load brings
        pair = t % LANES * STATES_A_LANE + n % STATES_A_LANE  # of those of a lane and a turn
        at = t // LANES * LANES * PADDED_N + (pair // PAIRS * LANES + n // STATES_A_LANE) * PAIRS + pair % PAIRS
    if HALF:
        tl.store(packed + at, ((low >> 16) | high).to(tl.int32, bitcast=True), mask=t < rows)
    else:
        word = low.to(tl.uint64) | (high.to(tl.uint64) << 32)
        tl.store(packed + at, word.to(tl.int64, bitcast=True), mask=t < rows)


@triton.jit
def fetch(base, at, LANES: tl.constexpr):
    """Load the tile [BLOCK_D, LANES] at base + at, laid out over lanes as the module's docstring says.

    The addresses are summed here since a hint on an argument is lost.
    """
    return tl.load(tl.multiple_of(tl.max_contiguous(base + at, [1, LANES]), [1, 1]))


@triton.jit
def halve(parts, column, zero, BIT: tl.constexpr, COUNT: tl.constexpr):
    """Reduce COUNT sums in parts to COUNT / 2: of each two a lane keeps the one whose number has its own BIT."""
    odd = (column & BIT) != 0
    sums = ()
    for k in tl.static_range(COUNT // 2):
        low = parts[2 * k]
        high = parts[2 * k + 1]
        given = tl.gather(tl.where(odd, low, high), zero + (column ^ BIT), 1)
        # Triton cannot unpack a tuple in another.
        sums = sums + (tl.where(odd, high, low) + given,)  # type: ignore[assignment]  # noqa: RUF005
    return sums
