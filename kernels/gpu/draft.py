"""Some tokens of one sequence through a whole network in Triton, the state after each of them kept.

A draft of the next tokens is read in one pass over the weights, so that it takes little longer than one token; where
the network would have written other tokens, the state after the last right one is taken (`engine.generation.look_up`).

A program multiplies one vector after the other with its rows. Four launches a layer as in `kernels.gpu.step`, with the
same overlap, and one more that adds up the squares of a vector, which a program of one token does for itself. Every
token gets the bits that it gets there: all sums are taken in the same order, and no product is fused with a sum in one
place and not in the other.
"""

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.gpu.dot import load_block, load_vector, multiply, place
from kernels.gpu.matvec import epilogue, inverse_rms, load_constants, load_previous, own_rows
from kernels.gpu.overlap import gdc_launch_dependents, gdc_wait
from kernels.gpu.programs import Matrix, program
from kernels.gpu.step import NetworkStep, OneToken, advance, load_channels

ROWS = 2
"""How many times as many rows a program has as that of one token, so that fewer programs read every vector."""


@triton.jit(do_not_specialize=["tail_at", "tail_row", "tokens"])
def matvecs_kernel(
    x, squares, weight, scales, bias, taps, shift, addresses, tail_at, tails, tail_row, y, residual, following, parts,
    rows, d_inner, eps, tokens, x_row, parts_row,
    SIZE: tl.constexpr, BLOCK: tl.constexpr, ROWS: tl.constexpr, A_SUM: tl.constexpr, THREADS: tl.constexpr,
    BITS: tl.constexpr, FP8: tl.constexpr, PARTS: tl.constexpr, PADDED_PARTS: tl.constexpr, TAPS: tl.constexpr,
    ORDER: tl.constexpr, OUT: tl.constexpr, OVERLAP: tl.constexpr, INTEGERS: tl.constexpr, NATIVE: tl.constexpr,
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
            block, own, result, norm, fixed, found, tails, y, residual, parts, rows, ROWS, A_SUM, TAPS, ORDER, OUT
        )  # fmt: skip
        if TAPS > 1:
            past = past[1:] + (newest,)  # noqa: RUF005 (Triton cannot unpack)
            tails += tail_row
        if PARTS > 0:
            squares += 1
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
    channels = load_channels(
        d, dt_weight, dt_scales, A, D, dt_bias, d_inner, RANK, PADDED_RANK, N, PADDED_N, BITS
    )  # fmt: skip
    if OVERLAP:
        gdc_wait()
    n = tl.arange(0, PADDED_N)
    inside = (d < d_inner)[:, None] & (n < N)[None, :]
    state = tl.load(addresses + 1).to(tl.pointer_type(tl.float32)) + state_at
    h = tl.load(state + d[:, None] * N + n[None, :], mask=inside, other=0.0)
    kept += state_at
    for _ in range(tokens):
        h, out = advance(
            h, channels, d, parameters, x, z, d_inner, eps, RANK, PADDED_RANK, N, PADDED_N, BITS, HAS_NORMS, IN, SIZE
        )
        tl.store(kept + d[:, None] * N + n[None, :], h, mask=inside)
        tl.store(y + place(d, OUT, SIZE), out.to(y.dtype.element_ty), mask=d < d_inner)
        parameters += RANK + 2 * N
        x += 2 * d_inner
        z += 2 * d_inner
        y += d_inner
        kept += kept_row


@triton.jit
def squares_kernel(squares, totals, width, PARTS: tl.constexpr, PADDED_PARTS: tl.constexpr, OVERLAP: tl.constexpr):
    """Add up the first PARTS of the `width` sums of a token as `inverse_rms` does, if it has as many warps."""
    if OVERLAP:
        gdc_launch_dependents()
        gdc_wait()
    token, part = tl.program_id(0), tl.arange(0, PADDED_PARTS)
    total = tl.sum(tl.load(squares + token * width + part, mask=part < PARTS, other=0.0), axis=0)
    tl.store(totals + token, total)


class DraftStep(NetworkStep):
    """A network that computes some tokens of one sequence at a time."""

    @property
    def keeps_bits(self) -> bool:
        """Return whether several tokens get the bits of single ones: with float weights of one kind, and with int8 and
        bf16 vectors. With int4 and fp8 the compiler lays out the vectors in another way in a loop."""
        dtype = self._embeddings.dtype
        return self._kinds == {dtype} or (self._kinds == {torch.int8} and dtype == torch.bfloat16)

    def check(self, ids: Tensor, addresses: Tensor, conv: Tensor, ssm: Tensor) -> Tensor:
        """Feed the tokens `ids` [K] (int64, on the device) and return logits [K, vocab_size], float32.

        `addresses` as in a call; that state is read only. `conv` [K, layers, d_inner, d_conv - 1] and `ssm` [K, layers,
        d_inner, d_state], contiguous, become the states after each token.
        """
        return self._run(ids, _Tokens(self, addresses, conv, ssm))


class _Tokens(OneToken):
    """The launches of a draft."""

    def __init__(self, network: NetworkStep, addresses: Tensor, conv: Tensor, ssm: Tensor) -> None:
        self._network, self._addresses, self._conv, self._ssm = network, addresses, conv, ssm
        self._count = len(conv)
        self.buffers = network.buffers(self._count)
        self._totals = torch.empty(self._count, dtype=torch.float32, device=conv.device)

    def product(self, x: Tensor, matrix: Matrix, out: Tensor, sums: int, **changes: Any) -> None:
        """Multiply a matrix with vectors that have so many sums of squares each."""
        each, warps = program(matrix)
        rows = each * ROWS if each > 1 else 1
        width = self.buffers.squares.shape[1]
        given = self._network.options(matrix, x, min(sums, 1))
        if sums:
            early = {"launch_pdl": True} if given["OVERLAP"] else {}
            squares_kernel[(self._count,)](
                self.buffers.squares, self._totals, width, PARTS=sums, PADDED_PARTS=triton.next_power_of_2(sums),
                OVERLAP=given["OVERLAP"], num_warps=warps, **early,
            )  # fmt: skip
        given |= changes
        tails = self._conv if given["TAPS"] else out
        matvecs_kernel[(triton.cdiv(given["rows"], rows),)](
            x, self._totals, addresses=self._addresses, tails=tails, tail_row=self._conv[0].numel(), y=out,
            tokens=self._count, x_row=x.stride(0), parts_row=width, ROWS=rows, A_SUM=each, THREADS=32 * warps,
            OUT=given["d_inner"] or given["rows"], num_warps=warps, **given,
        )  # fmt: skip

    def scan(self, grid: tuple[int, ...], *tensors: Any, **given: Any) -> None:
        """Compute one layer's states."""
        steps_kernel[grid](
            *tensors, addresses=self._addresses, kept=self._ssm, kept_row=self._ssm[0].numel(), tokens=self._count,
            **given,
        )  # fmt: skip
