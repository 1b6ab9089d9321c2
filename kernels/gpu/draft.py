"""Some tokens of one sequence through a whole network in Triton, the state after each of them kept.

A draft of the next tokens is read in one pass over the weights, so that it takes little longer than one token; where
the network would have written other tokens, the state after the last right one is taken (`engine.generation.drafts`).

A program multiplies one vector after the other with its rows. Four launches a layer as in `kernels.gpu.step`, and the
same overlap. With int8 weights, whose sums are mostly of whole numbers, every token gets the bits that it gets there.
Sums of floats come out otherwise, since the compiler orders them anew in a loop (docs/kernels/decode-step.md).
"""

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.gpu.dot import load_block, load_vector, multiply, place
from kernels.gpu.math import LOG2E, silu, softplus
from kernels.gpu.matvec import epilogue, inverse_rms, load_constants, load_previous, own_rows
from kernels.gpu.overlap import gdc_launch_dependents, gdc_wait, overlaps
from kernels.gpu.programs import Matrix, is_nvidia, order, program, takes_integers, words
from kernels.gpu.step import NetworkStep, begin_kernel
from kernels.quantisation import FP8


@triton.jit(do_not_specialize=["tail_at", "tail_row", "tokens"])
def matvecs_kernel(
    x, squares, weight, scales, bias, taps, shift, addresses, tail_at, tails, tail_row, y, residual, following, parts,
    rows, d_inner, eps, tokens, x_row, parts_row,
    SIZE: tl.constexpr, BLOCK: tl.constexpr, ROWS: tl.constexpr, THREADS: tl.constexpr, BITS: tl.constexpr,
    FP8: tl.constexpr, PARTS: tl.constexpr, PADDED_PARTS: tl.constexpr, TAPS: tl.constexpr, ORDER: tl.constexpr,
    OUT: tl.constexpr, OVERLAP: tl.constexpr, INTEGERS: tl.constexpr, NATIVE: tl.constexpr,
):  # fmt: skip
    """Do what `matvec_kernel` does for `tokens` vectors, in the order of the text; `tails` has the tail after each."""
    if OVERLAP:
        gdc_launch_dependents()
    block = tl.program_id(0)
    word, scale = load_block(weight, scales, block, rows, SIZE, BLOCK, ROWS, BITS)
    own = own_rows(block, rows, d_inner, ROWS, THREADS)
    fixed = load_constants(own, bias, taps, shift, following, TAPS)
    if OVERLAP:
        gdc_wait()
    tail = y
    if TAPS > 1:
        tail = tl.load(addresses).to(tl.pointer_type(y.dtype.element_ty)) + tail_at
        tails += tail_at
    _, past = load_previous(own, None, tail, TAPS)
    for _ in range(tokens):
        planes = load_vector(x, SIZE, BLOCK, BITS, INTEGERS, NATIVE)
        result = multiply(word, scale, planes, BLOCK, ROWS, BITS, FP8, INTEGERS, NATIVE)
        norm = inverse_rms(squares, eps, SIZE, PARTS, PADDED_PARTS)
        before, _ = load_previous(own, residual, tail, 0)
        found = (before, past)
        newest = epilogue(
            block, own, result, norm, fixed, found, tails, y, residual, parts, rows, ROWS, TAPS, ORDER, OUT
        )  # fmt: skip
        if TAPS > 1:
            past = past[1:] + (newest,)  # noqa: RUF005 (Triton cannot unpack)
            tails += tail_row
        if PARTS > 0:
            squares += parts_row
        if residual is not None:
            residual += rows
            parts += parts_row
        x += x_row
        y += rows


@triton.jit(do_not_specialize=["state_at", "kept_row", "tokens"])
def steps_kernel(
    parameters, dt_weight, dt_scales, x, z, A, D, dt_bias, addresses, state_at, kept, kept_row, y, d_inner, eps, tokens,
    RANK: tl.constexpr, PADDED_RANK: tl.constexpr, N: tl.constexpr, PADDED_N: tl.constexpr, BLOCK_D: tl.constexpr,
    BITS: tl.constexpr, HAS_NORMS: tl.constexpr, IN: tl.constexpr, OUT: tl.constexpr, SIZE: tl.constexpr,
    OVERLAP: tl.constexpr,
):  # fmt: skip
    """Do what `step_kernel` does for `tokens` tokens, and store the state after each in `kept`, the old one nowhere."""
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
    h = tl.load(state + d[:, None] * N + n[None, :], mask=inside, other=0.0)
    kept += state_at
    for _ in range(tokens):
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
        tl.store(kept + d[:, None] * N + n[None, :], h, mask=inside)
        out = (tl.sum(h * c[None, :], axis=1) + skip * u) * silu(gate)
        tl.store(y + place(d, OUT, SIZE), out.to(y.dtype.element_ty), mask=alive)
        parameters += RANK + 2 * N
        x += 2 * d_inner
        z += 2 * d_inner
        y += d_inner
        kept += kept_row


class DraftStep(NetworkStep):
    """A network that computes some tokens of one sequence at a time."""

    @property
    def keeps_bits(self) -> bool:
        """Return whether several tokens get the bits of single ones: with int8 weights and bf16 vectors."""
        matrices = [self._head, *(m for l in self._layers for m in (l.in_proj, l.x_proj, l.dt_proj, l.out_proj))]
        return all(m.weight.dtype == torch.int8 for m in matrices) and self._embeddings.dtype == torch.bfloat16

    def check(self, ids: Tensor, addresses: Tensor, conv: Tensor, ssm: Tensor) -> Tensor:
        """Feed the tokens `ids` [K] (int64, on the device) and return logits [K, vocab_size], float32.

        `addresses` as in a call; that state is read only. `conv` [K, layers, d_inner, d_conv - 1] and `ssm` [K, layers,
        d_inner, d_state], contiguous, become the states after each token.
        """
        dtype, device, count = self._embeddings.dtype, self._embeddings.device, len(ids)
        overlap, native = overlaps(device), is_nvidia(device)
        early: dict[str, Any] = {"launch_pdl": True} if overlap else {}
        first = self._layers[0]
        (d_inner, d_state), d_model = first.A.shape, self._embeddings.shape[1]
        rank, taps = first.x_proj.weight.shape[0] - 2 * d_state, first.conv.shape[1]

        def new(size: int, kind: torch.dtype) -> Tensor:
            return torch.empty(count, size, dtype=kind, device=device)

        residual, prepared = new(d_model, self._wide), new(d_model, dtype)
        both, y = new(2 * d_inner, dtype), new(d_inner, dtype)
        parameters, logits = new(rank + 2 * d_state, torch.float32), new(self._head.weight.shape[0], torch.float32)
        width = max(triton.cdiv(d_model, program(l.out_proj)[0]) for l in self._layers)
        squares = new(width, torch.float32)

        def product(x: Tensor, matrix: Matrix, out: Tensor, sums: int, **changes: Any) -> None:
            weight, bits, size = words(matrix)
            each, warps = program(matrix)
            whole = takes_integers(matrix, x)
            given = {"taps": None, "shift": None, "tail_at": 0, "tails": out, "tail_row": 0, "residual": None}
            given |= {"following": None, "parts": None, "TAPS": 0, "ORDER": 1, "d_inner": 0} | changes
            matvecs_kernel[(triton.cdiv(len(weight), each),)](
                x, squares, weight, matrix.scales, matrix.bias, addresses=addresses, y=out, rows=len(weight),
                eps=self._eps, tokens=count, x_row=x.stride(0), parts_row=width, SIZE=size,
                BLOCK=max(triton.next_power_of_2(size), 16), ROWS=each, THREADS=32 * warps, BITS=bits,
                FP8=matrix.weight.dtype == FP8, PARTS=sums,
                PADDED_PARTS=triton.next_power_of_2(max(sums, 1)), OUT=given["d_inner"] or len(weight),
                OVERLAP=overlap, INTEGERS=whole, NATIVE=native, num_warps=warps, **given, **early,
            )  # fmt: skip

        sums = width
        begin_kernel[(count,)](
            ids, self._embeddings, first.norm, residual, prepared, squares, PARTS=sums,
            PADDED_PARTS=triton.next_power_of_2(sums), SIZE=d_model, BLOCK=triton.next_power_of_2(d_model),
            ORDER=order(first.in_proj), OVERLAP=overlap, num_warps=8,
        )  # fmt: skip
        for index, layer in enumerate(self._layers):
            product(
                prepared, layer.in_proj, both, sums, taps=layer.conv, shift=layer.conv_bias, d_inner=d_inner,
                tail_at=index * d_inner * (taps - 1), tails=conv, tail_row=conv[0].numel(), TAPS=taps,
                ORDER=order(layer.x_proj),
            )  # fmt: skip
            x, z = both[:, :d_inner], both[:, d_inner:]
            product(x, layer.x_proj, parameters, 0)
            block_d = 16
            steps_kernel[(triton.cdiv(d_inner, block_d),)](
                parameters, layer.dt_proj.weight, layer.dt_proj.scales, x, z, layer.A, layer.D, layer.dt_bias,
                addresses, index * d_inner * d_state, ssm, ssm[0].numel(), y, d_inner, self._mixer_eps or 0.0, count,
                RANK=rank, PADDED_RANK=triton.next_power_of_2(rank), N=d_state,
                PADDED_N=triton.next_power_of_2(d_state), BLOCK_D=block_d, BITS=words(layer.dt_proj)[1],
                HAS_NORMS=self._mixer_eps is not None, IN=order(layer.x_proj), OUT=order(layer.out_proj),
                SIZE=d_inner, OVERLAP=overlap, num_warps=4, **early,
            )  # fmt: skip
            after = self._layers[index + 1] if index + 1 < len(self._layers) else None
            reader, norm = (self._head, self._norm_f) if after is None else (after.in_proj, after.norm)
            product(
                y, layer.out_proj, prepared, 0, residual=residual, following=norm, parts=squares, ORDER=order(reader),
            )  # fmt: skip
            sums = triton.cdiv(d_model, program(layer.out_proj)[0])
        product(prepared, self._head, logits, sums)
        return logits
