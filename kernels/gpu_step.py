"""One token of one row through a whole network in Triton, four launches a layer: what a step costs is reading weights.

    in_proj   product, then the convolution on the half that is x
    x_proj    product
    the scan  norms of dt, B and C, dt_proj, one step of the state
    out_proj  product, added to the residual; prepares what the next layer's in_proj, or the head, multiplies

A program of a product is some rows of a weight, whole, float or in few bits (`kernels.quantised`): all its reads are
asked for at once, and few bits are widened in registers. No program normalises a vector: x / rms(x) * norm is linear
but for one number, so out_proj writes x * norm and its programs' sums of x^2, and whoever multiplies adds those up, in
one order always.

A weight in few bits is read as 32-bit words, each four or eight weights far apart in what one load of the vector
gives; so who writes a vector permutes it for who reads it (`place`), and every read is one of neighbours.

The state is not an argument: the kernels read its address from memory, so that a captured step serves any state
without a copy. Where the GPU can (`overlaps`) a launch begins while the one before it ends (programmatic dependent
launch): it asks for its weights, which no launch writes, and waits before it reads what another one wrote or writes
anything. `kernels.reference` has the formulas.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import torch
import triton
import triton.language as tl
from torch import Tensor

from . import operations
from .quantised import GROUP

operations("triton")  # imports what follows so that the public functions keep their names
from .selective_scan import LOG2E, silu, softplus  # noqa: E402

try:
    from triton.language.extra.cuda import gdc_launch_dependents, gdc_wait
except ImportError:  # a Triton that cannot make launches overlap
    gdc_launch_dependents = gdc_wait = None

LONGEST = 16_384
"""Widest row that a program keeps in registers."""
PROGRAMS = {
    (16, False): (2, 4), (16, True): (2, 4),
    (8, False): (4, 4), (8, True): (4, 8),
    (4, False): (8, 4), (4, True): (8, 8),
}  # fmt: skip
"""Rows and warps of a program by the bits of the weight and whether its rows are longer than 4,096."""
FEW_ROWS = (1, 8)
"""The same for a weight of less than 1,024 rows."""
ONE = 0x3F800000
"""The bits of 1.0 in float32."""


class Matrix(Protocol):
    """A weight [out, in] as the engine's linear layers hold it; `scales` of one in few bits."""

    weight: Tensor
    scales: Tensor | None
    bias: Tensor | None


LayerWeights = Any
"""The weights of one layer, named as in `engine.model.Layer`: its projections are such matrices, the rest tensors."""


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
def begin_kernel(
    ids, embeddings, norm, residual, prepared, squares, PARTS: tl.constexpr, PADDED_PARTS: tl.constexpr,
    SIZE: tl.constexpr, BLOCK: tl.constexpr, ORDER: tl.constexpr, OVERLAP: tl.constexpr,
):  # fmt: skip
    """The embedding of one token, as out_proj leaves the residual of a layer. Itself it overlaps with nothing."""
    if OVERLAP:
        gdc_launch_dependents()
    k = tl.arange(0, BLOCK)
    value = tl.load(embeddings + tl.load(ids) * SIZE + k, mask=k < SIZE, other=0.0)
    tl.store(residual + k, value.to(residual.dtype.element_ty), mask=k < SIZE)
    value = value.to(tl.float32)
    scaled = value * tl.load(norm + k, mask=k < SIZE, other=0.0).to(tl.float32)
    tl.store(prepared + place(k, ORDER, SIZE), scaled.to(prepared.dtype.element_ty), mask=k < SIZE)
    part = tl.arange(0, PADDED_PARTS)
    tl.store(squares + part, tl.where(part == 0, tl.sum(value * value, axis=0), 0.0), mask=part < PARTS)


@triton.jit(do_not_specialize=["tail_at"])
def product_kernel(
    x, squares, weight, scales, bias, taps, shift, addresses, tail_at, y, residual, following, parts,
    rows, d_inner, eps, one,
    SIZE: tl.constexpr, BLOCK: tl.constexpr, ROWS: tl.constexpr, THREADS: tl.constexpr, BITS: tl.constexpr,
    HAS_BIAS: tl.constexpr, PARTS: tl.constexpr, PADDED_PARTS: tl.constexpr, TAPS: tl.constexpr,
    HAS_SHIFT: tl.constexpr, ADD: tl.constexpr, ORDER: tl.constexpr, OUT: tl.constexpr, OVERLAP: tl.constexpr,
):  # fmt: skip
    """y[n] = weight[n] . x, over the rms of the vector that x was scaled from if it has PARTS sums of squares.

    With TAPS the rows before d_inner then pass the convolution (its tail is advanced) and SiLU. With ADD the result is
    added to `residual` and y is the new residual times `following`, its squares in `parts`. The first OUT elements of
    y (constexpr, d_inner or all) are placed for a reader of ORDER weights a word.
    """
    if OVERLAP:
        gdc_launch_dependents()
    n = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    real = n < rows
    COUNT: tl.constexpr = 32 // BITS if BITS < 16 else 1  # weights a word
    w = tl.arange(0, BLOCK // COUNT)[None, :]
    inside = w < SIZE // COUNT
    word = tl.load(weight + n.to(tl.int64)[:, None] * (SIZE // COUNT) + w, mask=real[:, None] & inside, other=0)
    if BITS == 8:
        scale = tl.load(scales + n, mask=real, other=0.0)
    if BITS == 4:
        g = tl.arange(0, BLOCK // 32)[None, :]
        known = real[:, None] & (g < SIZE // 32)
        scale_at = scales + n.to(tl.int64)[:, None] * (SIZE // 32) + g
        scale = tl.load(tl.multiple_of(tl.max_contiguous(scale_at, [1, 1]), [1, 1]), mask=known, other=0.0)
    # What comes after the product is done by a thread a row: on [ROWS] every thread would do it for all rows.
    e = tl.arange(0, THREADS)
    m = tl.program_id(0) * ROWS + e
    mine = (e < ROWS) & (m < rows)
    convolved = mine & (m < d_inner)
    added = tl.zeros([THREADS], tl.float32)
    if HAS_BIAS:
        added += tl.load(bias + m, mask=mine, other=0.0).to(tl.float32)
    shifted = tl.zeros([THREADS], tl.float32)
    if HAS_SHIFT:
        shifted += tl.load(shift + m, mask=convolved, other=0.0).to(tl.float32)
    mix = ()
    for t in tl.static_range(TAPS):
        tap = tl.load(taps + m * TAPS + t, mask=convolved, other=0.0).to(tl.float32)
        mix = mix + (tap,)  # type: ignore[assignment]  # noqa: RUF005 (Triton cannot unpack)
    if ADD:
        scaling = tl.load(following + m, mask=mine, other=0.0).to(tl.float32)
    if OVERLAP:
        gdc_wait()
    past = ()
    if TAPS > 1:
        tail = tl.load(addresses).to(tl.pointer_type(y.dtype.element_ty)) + tail_at + m * (TAPS - 1)
        for t in tl.static_range(TAPS - 1):
            old = tl.load(tail + t, mask=convolved, other=0.0)
            past = past + (old,)  # type: ignore[assignment]  # noqa: RUF005
            shifted += mix[t] * old.to(tl.float32)
    if ADD:
        before = tl.load(residual + m, mask=mine, other=0.0).to(tl.float32)
    if PARTS > 0:
        part = tl.arange(0, PADDED_PARTS)
        square = tl.sum(tl.load(squares + part, mask=part < PARTS, other=0.0), axis=0)

    if BITS == 4:
        # Under the exponent of 1 a nibble q at bit 19 makes the number 1 + q / 16, at bit 15 the number 1 + q / 256: no
        # conversion, and the sums of x that this adds are taken off once for all rows. The exponent is an argument,
        # because of two constants the compiler makes two instructions.
        exponent = one.to(tl.uint32)
        total = tl.zeros([ROWS, BLOCK // 8], tl.float32)
        excess = tl.zeros([1, BLOCK // 8], tl.float32)
        for pair in tl.static_range(4):
            even = plane(x + 2 * pair * (SIZE // 8), w, inside) * 16.0
            odd = plane(x + (2 * pair + 1) * (SIZE // 8), w, inside)
            bits = word.to(tl.uint32, bitcast=True)
            if pair == 0:
                bits = bits << 15
            elif pair == 1:
                bits = bits << 7
            elif pair == 2:
                bits = bits >> 1
            else:
                bits = bits >> 9
            total += ((bits & 0x00078000) | exponent).to(tl.float32, bitcast=True) * even
            total += ((bits & 0x00780000) | exponent).to(tl.float32, bitcast=True) * odd
            excess += even * 1.03125 + odd * 1.5  # of each sixteenth: x, and eight of its levels
        total = total - excess
        total = tl.sum(tl.reshape(total, [ROWS, BLOCK // 32, 4]), axis=2)
        result = tl.sum(total * scale.to(tl.float32), axis=1) * 16.0
    elif BITS == 8:
        total = tl.zeros([ROWS, BLOCK // 4], tl.float32)
        for j in tl.static_range(4):
            value = plane(x + j * (SIZE // 4), w, inside)
            total += ((word << (24 - 8 * j)) >> 24).to(tl.float32) * value
        result = tl.sum(total, axis=1) * scale
    else:
        value = tl.load(x + w, mask=inside, other=0.0).to(tl.float32)
        result = tl.sum(word.to(tl.float32) * value, axis=1)

    result = tl.sum(tl.where(tl.arange(0, ROWS)[:, None] == e[None, :], result[:, None], 0.0), axis=0)
    if PARTS > 0:
        result *= tl.rsqrt(square / SIZE + eps)
    result += added
    if TAPS > 0:
        for t in tl.static_range(1, TAPS - 1):
            tl.store(tail + (t - 1), past[t], mask=convolved)
        if TAPS > 1:
            tl.store(tail + (TAPS - 2), result.to(y.dtype.element_ty), mask=convolved)
        result = tl.where(convolved, silu(shifted + mix[TAPS - 1] * result), result)
    if ADD:
        new = (before + result).to(residual.dtype.element_ty)
        tl.store(residual + m, new, mask=mine)
        result = tl.where(mine, new.to(tl.float32), 0.0)
        tl.store(parts + tl.program_id(0), tl.sum(result * result, axis=0))
        result *= scaling
    at = tl.where(m < OUT, place(m, ORDER, OUT), m)
    tl.store(y + at, result.to(y.dtype.element_ty), mask=mine)


@triton.jit(do_not_specialize=["state_at"])
def step_kernel(
    parameters, dt_weight, dt_scales, x, z, A, D, dt_bias, addresses, state_at, y, d_inner, eps,
    RANK: tl.constexpr, PADDED_RANK: tl.constexpr, N: tl.constexpr, PADDED_N: tl.constexpr, BLOCK_D: tl.constexpr,
    BITS: tl.constexpr, HAS_NORMS: tl.constexpr, IN: tl.constexpr, OUT: tl.constexpr, SIZE: tl.constexpr,
    OVERLAP: tl.constexpr,
):  # fmt: skip
    """The state's step from parameters [RANK + 2 N], which every program norms again; x in the order IN, y in OUT."""
    if OVERLAP:
        gdc_launch_dependents()
    d = tl.program_id(0) * BLOCK_D + tl.arange(0, BLOCK_D)
    r = tl.arange(0, PADDED_RANK)
    n = tl.arange(0, PADDED_N)
    alive = d < d_inner
    inside = alive[:, None] & (n < N)[None, :]
    weight_at = dt_weight + d.to(tl.int64)[:, None] * RANK + r[None, :]
    weight = tl.load(weight_at, mask=alive[:, None] & (r < RANK)[None, :], other=0)
    if BITS == 8:
        scale = tl.load(dt_scales + d, mask=alive, other=0.0)
    a = tl.load(A + d[:, None] * N + n[None, :], mask=inside, other=0.0) * LOG2E
    skip = tl.load(D + d, mask=alive, other=0.0).to(tl.float32)
    bias = tl.load(dt_bias + d, mask=alive, other=0.0).to(tl.float32)
    if OVERLAP:
        gdc_wait()
    state = tl.load(addresses + 1).to(tl.pointer_type(tl.float32)) + state_at
    h_at = state + d[:, None] * N + n[None, :]
    h = tl.load(h_at, mask=inside, other=0.0)
    u = tl.load(x + place(d, IN, SIZE), mask=alive, other=0.0).to(tl.float32)
    gate = tl.load(z + d, mask=alive, other=0.0).to(tl.float32)
    low = tl.load(parameters + r, mask=r < RANK, other=0.0)
    b = tl.load(parameters + RANK + n, mask=n < N, other=0.0)
    c = tl.load(parameters + (RANK + N) + n, mask=n < N, other=0.0)
    if HAS_NORMS:
        low *= tl.rsqrt(tl.sum(low * low, axis=0) / RANK + eps)
        b *= tl.rsqrt(tl.sum(b * b, axis=0) / N + eps)
        c *= tl.rsqrt(tl.sum(c * c, axis=0) / N + eps)
    raw = tl.sum(weight.to(tl.float32) * low[None, :], axis=1)
    if BITS == 8:
        raw *= scale
    delta = softplus(raw + bias)
    h = tl.exp2(delta[:, None] * a) * h + (delta * u)[:, None] * b[None, :]
    tl.store(h_at, h, mask=inside)
    out = (tl.sum(h * c[None, :], axis=1) + skip * u) * silu(gate)
    tl.store(y + place(d, OUT, SIZE), out.to(y.dtype.element_ty), mask=alive)


@triton.jit
def likeliest_kernel(logits, found, size, BLOCK: tl.constexpr):
    """The first index of the greatest of `logits` [size], or -1 if one of them is not a finite number."""
    best = tl.full([BLOCK], -float("inf"), tl.float32)
    where = tl.zeros([BLOCK], tl.int32)
    strange = tl.zeros([BLOCK], tl.int32)
    for start in range(0, size, BLOCK):
        k = start + tl.arange(0, BLOCK)
        value = tl.load(logits + k, mask=k < size, other=-3e38)
        strange += tl.where(tl.abs(value) < float("inf"), 0, 1)
        where = tl.where(value > best, k, where)
        best = tl.where(value > best, value, best)
    top = tl.max(best, axis=0)
    first = tl.min(tl.where(best == top, where, size), axis=0)
    tl.store(found, tl.where(tl.max(strange, axis=0) > 0, -1, first).to(tl.int64))


class NetworkStep:
    """A network of which one token of one row is computed at a time; `readable` says of which networks it can be."""

    def __init__(
        self,
        layers: Sequence[LayerWeights],
        embeddings: Tensor,
        norm_f: Tensor,
        head: Matrix,
        norm_eps: float,
        mixer_norm_eps: float | None,
        residual_in_fp32: bool,
    ) -> None:
        self._layers, self._embeddings, self._norm_f, self._head = layers, embeddings, norm_f, head
        self._eps, self._mixer_eps = norm_eps, mixer_norm_eps
        self._wide = torch.float32 if residual_in_fp32 else embeddings.dtype

    def __call__(self, ids: Tensor, addresses: Tensor) -> Tensor:
        """Feed the token `ids` (one int64, on the device); returns logits [1, vocab_size], float32.

        `addresses` (two int64, on the device) point to the state, conv [layers, d_inner, d_conv - 1] in the dtype of
        the embeddings and ssm [layers, d_inner, d_state] in float32, both contiguous; it is advanced.
        """
        dtype, device = self._embeddings.dtype, self._embeddings.device
        overlap = overlaps(device)
        options: dict[str, Any] = {"launch_pdl": True} if overlap else {}
        first = self._layers[0]
        (d_inner, d_state), d_model = first.A.shape, self._embeddings.shape[1]
        rank, taps = first.x_proj.weight.shape[0] - 2 * d_state, first.conv.shape[1]

        def new(size: int, kind: torch.dtype) -> Tensor:
            return torch.empty(size, dtype=kind, device=device)

        residual, prepared = new(d_model, self._wide), new(d_model, dtype)
        both, y = new(2 * d_inner, dtype), new(d_inner, dtype)
        parameters, logits = new(rank + 2 * d_state, torch.float32), new(self._head.weight.shape[0], torch.float32)
        squares = new(max(triton.cdiv(d_model, _program(l.out_proj)[0]) for l in self._layers), torch.float32)

        def product(x: Tensor, matrix: Matrix, out: Tensor, sums: int, **changes: Any) -> None:
            weight, bits, size = _words(matrix)
            each, warps = _program(matrix)
            given = {"taps": None, "shift": None, "tail_at": 0, "residual": None, "following": None, "parts": None}
            given |= {"TAPS": 0, "HAS_SHIFT": False, "ADD": False, "ORDER": 1, "d_inner": 0} | changes
            product_kernel[(triton.cdiv(len(weight), each),)](
                x, squares, weight, matrix.scales, matrix.bias, addresses=addresses, y=out, rows=len(weight),
                eps=self._eps, one=ONE, SIZE=size, BLOCK=triton.next_power_of_2(size), ROWS=each, THREADS=32 * warps,
                BITS=bits,
                HAS_BIAS=matrix.bias is not None, PARTS=sums, PADDED_PARTS=triton.next_power_of_2(max(sums, 1)),
                OUT=given["d_inner"] or len(weight), OVERLAP=overlap, num_warps=warps, **given, **options,
            )  # fmt: skip

        count = len(squares)  # sums of squares that the launch before writes
        begin_kernel[(1,)](
            ids, self._embeddings, first.norm, residual, prepared, squares, PARTS=count,
            PADDED_PARTS=triton.next_power_of_2(count), SIZE=d_model, BLOCK=triton.next_power_of_2(d_model),
            ORDER=_order(first.in_proj), OVERLAP=overlap, num_warps=8,
        )  # fmt: skip
        for index, layer in enumerate(self._layers):
            product(
                prepared, layer.in_proj, both, count, taps=layer.conv, shift=layer.conv_bias, d_inner=d_inner,
                tail_at=index * d_inner * (taps - 1), TAPS=taps, HAS_SHIFT=layer.conv_bias is not None,
                ORDER=_order(layer.x_proj),
            )  # fmt: skip
            x, z = both[:d_inner], both[d_inner:]
            product(x, layer.x_proj, parameters, 0)
            block_d = 16
            step_kernel[(triton.cdiv(d_inner, block_d),)](
                parameters, layer.dt_proj.weight, layer.dt_proj.scales, x, z, layer.A, layer.D, layer.dt_bias,
                addresses, index * d_inner * d_state, y, d_inner, self._mixer_eps or 0.0, RANK=rank,
                PADDED_RANK=triton.next_power_of_2(rank), N=d_state, PADDED_N=triton.next_power_of_2(d_state),
                BLOCK_D=block_d, BITS=_words(layer.dt_proj)[1], HAS_NORMS=self._mixer_eps is not None,
                IN=_order(layer.x_proj), OUT=_order(layer.out_proj), SIZE=d_inner, OVERLAP=overlap, num_warps=4,
                **options,
            )  # fmt: skip
            after = self._layers[index + 1] if index + 1 < len(self._layers) else None
            reader, norm = (self._head, self._norm_f) if after is None else (after.in_proj, after.norm)
            product(
                y, layer.out_proj, prepared, 0, residual=residual, following=norm, parts=squares, ADD=True,
                ORDER=_order(reader),
            )  # fmt: skip
            count = triton.cdiv(d_model, _program(layer.out_proj)[0])
        product(prepared, self._head, logits, count)
        return logits[None]


def likeliest(logits: Tensor, found: Tensor) -> None:
    """Put the first index of the greatest of `logits` [1, vocab_size] (float32) into `found` (one int64).

    -1 if a logit is not a finite number.
    """
    likeliest_kernel[(1,)](logits, found, logits.numel(), BLOCK=16_384, num_warps=32)


def overlaps(device: torch.device) -> bool:
    """Whether launches on `device` can overlap: NVIDIA from Hopper on."""
    nvidia = device.type == "cuda" and torch.version.hip is None
    return nvidia and gdc_wait is not None and torch.cuda.get_device_capability(device)[0] >= 9


def readable(layers: Sequence[LayerWeights], embeddings: Tensor, head: Matrix) -> bool:
    """Whether `NetworkStep` can read these weights where they lie."""
    if embeddings.dtype not in (torch.float32, torch.bfloat16):
        return False
    matrices = [head, *(m for l in layers for m in (l.in_proj, l.x_proj, l.dt_proj, l.out_proj))]
    if any(m.weight.is_mkldnn or not m.weight.is_contiguous() for m in matrices):
        return False
    words = all(_words(m)[2] % 4 == 0 for m in matrices if m.weight.dtype == torch.int8)
    return words and all(_words(m)[2] <= LONGEST for m in matrices) and all(_words(l.dt_proj)[1] > 4 for l in layers)


def _words(matrix: Matrix) -> tuple[Tensor, int, int]:
    """A weight as it is read (32-bit words of one in few bits), its bits (16 for floats) and its width."""
    weight = matrix.weight
    if weight.dtype == torch.int8:
        return (weight.view(torch.int32) if weight.shape[1] % 4 == 0 else weight), 8, weight.shape[1]
    if weight.dtype == torch.uint8:
        return weight.view(torch.int32), 4, 2 * weight.shape[1]
    return weight, 16, weight.shape[1]


def _order(matrix: Matrix) -> int:
    bits = _words(matrix)[1]
    return 1 if bits == 16 else 32 // bits


def _program(matrix: Matrix) -> tuple[int, int]:
    weight, bits, size = _words(matrix)
    return FEW_ROWS if len(weight) < 1024 else PROGRAMS[bits, size > 4096]


assert GROUP == 32, "the kernels above place and scale groups of 32 weights"
