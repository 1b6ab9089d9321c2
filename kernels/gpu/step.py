"""One token of one sequence through a whole network in Triton, four launches a layer; reading weights is its cost.

    in_proj   product, then the convolution on the half that is x
    x_proj    product
    the scan  norms of dt, B and C, dt_proj, one step of the state
    out_proj  product, added to the residual; prepares the input of the next layer's in_proj, or of the head

The products are those of `kernels.gpu.matvec`.

The state is not an argument: the kernels read its address from memory, so that a captured step serves any state
without a copy. Where the GPU can (`overlaps`) a launch begins while the one before it ends (programmatic dependent
launch): it loads its weights, which no launch writes, and waits before it writes, or reads the output of another
launch. `kernels.reference` has the formulas.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.gpu.dot import place
from kernels.gpu.math import LOG2E, silu, softplus
from kernels.gpu.matvec import matvec_kernel
from kernels.gpu.overlap import gdc_launch_dependents, gdc_wait, overlaps
from kernels.gpu.programs import (
    Matrix,
    is_nvidia,
    order,
    program,
    registers,
    takes_integers,
    walk,
    words,
)
from kernels.quantisation import FP8

LONGEST = 16_384
"""Widest row that a program holds in registers."""

EXACT: dict[str, Any] = {"enable_fp_fusion": False}
"""Options of a launch on float weights, of which `kernels.gpu.draft` must give the same bits: no product is fused with
a sum, since the compiler would do it in one kernel and not in another."""

LayerWeights = Any
"""The weights of one layer, named as in `engine.network.model.Layer`: its projections are such matrices, the rest
tensors."""


@triton.jit
def begin_kernel(
    ids, embeddings, norm, residual, prepared, squares, PARTS: tl.constexpr, PADDED_PARTS: tl.constexpr,
    SIZE: tl.constexpr, BLOCK: tl.constexpr, ORDER: tl.constexpr, OVERLAP: tl.constexpr,
):  # fmt: skip
    """Load the embedding of a token, and prepare it as out_proj does. This launch overlaps with none before it."""
    if OVERLAP:
        gdc_launch_dependents()
    token = tl.program_id(0)
    residual += token * SIZE
    prepared += token * SIZE
    squares += token * PARTS
    k = tl.arange(0, BLOCK)
    value = tl.load(embeddings + tl.load(ids + token) * SIZE + k, mask=k < SIZE, other=0.0)
    tl.store(residual + k, value.to(residual.dtype.element_ty), mask=k < SIZE)
    value = value.to(tl.float32)
    scaled = value * tl.load(norm + k, mask=k < SIZE, other=0.0).to(tl.float32)
    tl.store(prepared + place(k, ORDER, SIZE), scaled.to(prepared.dtype.element_ty), mask=k < SIZE)
    part = tl.arange(0, PADDED_PARTS)
    tl.store(squares + part, tl.where(part == 0, tl.sum(value * value, axis=0), 0.0), mask=part < PARTS)


@triton.jit
def load_channels(
    d, dt_weight, dt_scales, A, D, dt_bias, d_inner, RANK: tl.constexpr, PADDED_RANK: tl.constexpr, N: tl.constexpr,
    PADDED_N: tl.constexpr, BITS: tl.constexpr,
):  # fmt: skip
    """Load the weights of the channels d: dt_proj's rows and scales, A for exp2, D and the bias."""
    r, n = tl.arange(0, PADDED_RANK), tl.arange(0, PADDED_N)
    alive = d < d_inner
    weight_at = dt_weight + d.to(tl.int64)[:, None] * RANK + r[None, :]
    weight = tl.load(weight_at, mask=alive[:, None] & (r < RANK)[None, :], other=0)
    skip = tl.load(D + d, mask=alive, other=0.0).to(tl.float32)
    scale = skip
    if BITS == 8:
        scale = tl.load(dt_scales + d, mask=alive, other=0.0)
    a = tl.load(A + d[:, None] * N + n[None, :], mask=alive[:, None] & (n < N)[None, :], other=0.0) * LOG2E
    return weight, scale, a, skip, tl.load(dt_bias + d, mask=alive, other=0.0).to(tl.float32)


@triton.jit
def advance(
    h, channels, d, parameters, x, z, d_inner, eps, RANK: tl.constexpr, PADDED_RANK: tl.constexpr, N: tl.constexpr,
    PADDED_N: tl.constexpr, BITS: tl.constexpr, HAS_NORMS: tl.constexpr, IN: tl.constexpr, SIZE: tl.constexpr,
):  # fmt: skip
    """Return the state of the channels d after one token, and the output, from parameters [RANK + 2 N]."""
    weight, scale, a, skip, bias = channels
    r, n = tl.arange(0, PADDED_RANK), tl.arange(0, PADDED_N)
    alive = d < d_inner
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
    return h, (tl.sum(h * c[None, :], axis=1) + skip * u) * silu(gate)


@triton.jit(do_not_specialize=["state_at"])
def step_kernel(
    parameters, dt_weight, dt_scales, x, z, A, D, dt_bias, addresses, state_at, y, d_inner, eps,
    RANK: tl.constexpr, PADDED_RANK: tl.constexpr, N: tl.constexpr, PADDED_N: tl.constexpr, BLOCK_D: tl.constexpr,
    BITS: tl.constexpr, HAS_NORMS: tl.constexpr, IN: tl.constexpr, OUT: tl.constexpr, SIZE: tl.constexpr,
    OVERLAP: tl.constexpr,
):  # fmt: skip
    """Advance the state by parameters, normalised in every program; x has the order IN, y OUT."""
    if OVERLAP:
        gdc_launch_dependents()
    d = tl.program_id(0) * BLOCK_D + tl.arange(0, BLOCK_D)
    channels = load_channels(
        d, dt_weight, dt_scales, A, D, dt_bias, d_inner, RANK, PADDED_RANK, N, PADDED_N, BITS
    )  # fmt: skip
    if OVERLAP:
        gdc_wait()
    n = tl.arange(0, PADDED_N)
    inside = (d < d_inner)[:, None] & (n < N)[None, :]
    state = tl.load(addresses + 1).to(tl.pointer_type(tl.float32)) + state_at
    h_at = state + d[:, None] * N + n[None, :]
    h = tl.load(h_at, mask=inside, other=0.0)
    h, out = advance(
        h, channels, d, parameters, x, z, d_inner, eps, RANK, PADDED_RANK, N, PADDED_N, BITS, HAS_NORMS, IN, SIZE
    )
    tl.store(h_at, h, mask=inside)
    tl.store(y + place(d, OUT, SIZE), out.to(y.dtype.element_ty), mask=d < d_inner)


@triton.jit
def argmax_kernel(logits, found, told, size, BLOCK: tl.constexpr):
    """Store the argmax of each row of `logits` [size] in two places, -1 if a logit is not a finite number."""
    row = tl.program_id(0)
    logits += row.to(tl.int64) * size
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
    token = tl.where(tl.max(strange, axis=0) > 0, -1, first).to(tl.int64)
    tl.store(found + row, token)
    tl.store(told + row, token)


class Buffers(NamedTuple):
    """Vectors of some tokens, [tokens, size]."""

    residual: Tensor
    prepared: Tensor
    both: Tensor  # x and z
    y: Tensor
    parameters: Tensor  # dt, B and C
    logits: Tensor
    squares: Tensor


class NetworkStep:
    """A network that computes one token of one sequence at a time, if `readable` accepts its weights."""

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
        matrices = [head, *(m for l in layers for m in (l.in_proj, l.x_proj, l.dt_proj, l.out_proj))]
        self._kinds = {matrix.weight.dtype for matrix in matrices}
        self._exact = EXACT if self._kinds == {embeddings.dtype} else {}

    def __call__(self, ids: Tensor, addresses: Tensor) -> Tensor:
        """Feed the token `ids` (one int64, on the device) and return logits [1, vocab_size], float32.

        `addresses` (two int64, on the device) point to the state, conv [layers, d_inner, d_conv - 1] in the dtype of
        the embeddings and ssm [layers, d_inner, d_state] in float32, both contiguous; it is advanced.
        """
        return self._run(ids, OneToken(self, addresses))

    def buffers(self, count: int) -> Buffers:
        """Return room for the vectors of `count` tokens."""
        first, d_model = self._layers[0], self._embeddings.shape[1]
        d_inner = first.A.shape[0]

        def new(size: int, kind: torch.dtype) -> Tensor:
            return torch.empty(count, size, dtype=kind, device=self._embeddings.device)

        dtype = self._embeddings.dtype
        width = max(triton.cdiv(d_model, program(l.out_proj)[0]) for l in self._layers)
        return Buffers(
            new(d_model, self._wide), new(d_model, dtype), new(2 * d_inner, dtype), new(d_inner, dtype),
            new(len(first.x_proj.weight), torch.float32), new(len(self._head.weight), torch.float32),
            new(width, torch.float32),
        )  # fmt: skip

    def options(self, matrix: Matrix, x: Tensor, sums: int) -> dict[str, Any]:
        """Return the arguments of a product that do not depend on the number of tokens, with its defaults."""
        weight, bits, size = words(matrix)
        device = self._embeddings.device
        overlap = overlaps(device)
        return {
            "weight": weight, "scales": matrix.scales, "bias": matrix.bias, "rows": len(weight), "eps": self._eps,
            "SIZE": size, "BLOCK": max(triton.next_power_of_2(size), 16), "BITS": bits,
            "FP8": matrix.weight.dtype == FP8, "PARTS": sums, "PADDED_PARTS": triton.next_power_of_2(max(sums, 1)),
            "OVERLAP": overlap, "INTEGERS": takes_integers(matrix, x), "NATIVE": is_nvidia(device),
            "taps": None, "shift": None, "tail_at": 0, "residual": None, "following": None, "parts": None, "TAPS": 0,
            "ORDER": 1, "d_inner": 0,
        } | ({"launch_pdl": True} if overlap else {}) | self._exact  # fmt: skip

    def _run(self, ids: Tensor, tokens: OneToken) -> Tensor:
        """Feed `ids` through all layers by the launches of `tokens`; return their logits."""
        device = self._embeddings.device
        overlap = overlaps(device)
        early: dict[str, Any] = {"launch_pdl": True} if overlap else {}
        first = self._layers[0]
        (d_inner, d_state), d_model = first.A.shape, self._embeddings.shape[1]
        rank, taps = first.x_proj.weight.shape[0] - 2 * d_state, first.conv.shape[1]
        b = tokens.buffers
        count = b.squares.shape[1]  # sums of squares that the launch before writes
        begin_kernel[(len(ids),)](
            ids, self._embeddings, first.norm, b.residual, b.prepared, b.squares, PARTS=count,
            PADDED_PARTS=triton.next_power_of_2(count), SIZE=d_model, BLOCK=triton.next_power_of_2(d_model),
            ORDER=order(first.in_proj), OVERLAP=overlap, num_warps=8,
        )  # fmt: skip
        for index, layer in enumerate(self._layers):
            tokens.product(
                b.prepared, layer.in_proj, b.both, count, taps=layer.conv, shift=layer.conv_bias, d_inner=d_inner,
                tail_at=index * d_inner * (taps - 1), TAPS=taps, ORDER=order(layer.x_proj),
            )  # fmt: skip
            x, z = b.both[:, :d_inner], b.both[:, d_inner:]
            tokens.product(x, layer.x_proj, b.parameters, 0)
            block_d = 16
            tokens.scan(
                (triton.cdiv(d_inner, block_d),), b.parameters, layer.dt_proj.weight, layer.dt_proj.scales, x, z,
                layer.A, layer.D, layer.dt_bias, state_at=index * d_inner * d_state, y=b.y, d_inner=d_inner,
                eps=self._mixer_eps or 0.0, RANK=rank, PADDED_RANK=triton.next_power_of_2(rank), N=d_state,
                PADDED_N=triton.next_power_of_2(d_state), BLOCK_D=block_d, BITS=words(layer.dt_proj)[1],
                HAS_NORMS=self._mixer_eps is not None, IN=order(layer.x_proj), OUT=order(layer.out_proj), SIZE=d_inner,
                OVERLAP=overlap, num_warps=4, **self._exact, **early,
            )  # fmt: skip
            after = self._layers[index + 1] if index + 1 < len(self._layers) else None
            reader, norm = (self._head, self._norm_f) if after is None else (after.in_proj, after.norm)
            tokens.product(
                b.y, layer.out_proj, b.prepared, 0, residual=b.residual, following=norm, parts=b.squares,
                ORDER=order(reader),
            )  # fmt: skip
            count = triton.cdiv(d_model, program(layer.out_proj)[0])
        tokens.product(b.prepared, self._head, b.logits, count)
        return b.logits


class OneToken:
    """The launches of a step of one token, whose state is advanced."""

    def __init__(self, network: NetworkStep, addresses: Tensor) -> None:
        self._network, self._addresses = network, addresses
        self.buffers = network.buffers(1)

    def product(self, x: Tensor, matrix: Matrix, out: Tensor, sums: int, **changes: Any) -> None:
        """Multiply a matrix with a vector that has so many sums of squares."""
        given = self._network.options(matrix, x, sums)
        each, warps = program(matrix)
        programs, turns = walk(matrix, x.device)
        if turns and given["NATIVE"]:
            given["maxnreg"] = registers(warps)
        given |= changes
        matvec_kernel[(programs,)](
            x, self.buffers.squares, addresses=self._addresses, y=out, turns=turns, ROWS=each, THREADS=32 * warps,
            OUT=given["d_inner"] or given["rows"], WALKS=turns > 0, num_warps=warps, **given,
        )  # fmt: skip

    def scan(self, grid: tuple[int, ...], *tensors: Any, **given: Any) -> None:
        """Advance one layer's state."""
        step_kernel[grid](*tensors, addresses=self._addresses, **given)


def argmax(logits: Tensor, found: Tensor, told: Tensor) -> None:
    """Store the argmax of each row of `logits` [K, vocab_size] (float32) in `found` and `told`, K int64 each.

    It is the first index of the maximum, or -1 if a logit is not a finite number. `told` may be in pinned host memory.
    """
    rows, size = logits.shape
    argmax_kernel[(rows,)](logits, found, told, size, BLOCK=16_384, num_warps=32)


def readable(layers: Sequence[LayerWeights], embeddings: Tensor, head: Matrix) -> bool:
    """Return whether `NetworkStep` can read these weights in their layout."""
    if embeddings.dtype not in (torch.float32, torch.bfloat16):
        return False
    matrices = [head, *(m for l in layers for m in (l.in_proj, l.x_proj, l.dt_proj, l.out_proj))]
    if any(m.weight.is_mkldnn or not m.weight.is_contiguous() for m in matrices):
        return False
    whole = all(words(m)[2] % 4 == 0 for m in matrices if m.weight.dtype == torch.int8)
    return whole and all(words(m)[2] <= LONGEST for m in matrices) and all(words(l.dt_proj)[1] > 4 for l in layers)
