"""One token of every sequence through a whole network on the CPU, in one compiled call per thread.

Decoding one sequence reads every weight once and computes little, so op by op the cost beside the memory is calling
small operations and waking threads, some two hundred times a token. Here each thread takes its share of every weight's
rows and its own channels of the mixers; the threads meet at four barriers a layer. Activations stay in float32.
`kernels.reference` has the formulas of the parts, `engine.network.model` those of a layer.
"""

from __future__ import annotations

import ctypes
import os
import threading
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numba import types
from numba.extending import intrinsic
from torch import Tensor

from kernels.cpu.llvm.matvec import Rows, floats, keep, rows_kernel
from kernels.cpu.loops import LOG2E, ONE, ZERO, exp2, f32_at, i64_at, inline, kernel, load, silu, softplus, store
from kernels.cpu.parallel import threads
from kernels.cpu.tensors import KINDS
from kernels.quantisation import FEW

PARALLEL_BYTES = 1 << 20
"""Bytes of weights below which one thread ends before a second one is awake."""
TRIED_AGAIN = 50
"""Steps after which the slower number of threads is tried again."""
HEADER, A_LAYER = 14, 22
"""Numbers in a plan: before the layers, and of each layer."""
SPINS = 4000
"""Polls of a barrier before the thread yields: some microseconds."""


@dataclass(frozen=True)
class StepLayer:
    """The weights of one layer, as `engine.network.model.Layer` names them; vectors and small matrices in any dtype."""

    norm: Tensor
    in_proj: Rows
    conv: Tensor
    conv_bias: Tensor | None
    x_proj: Rows
    dt_proj: Rows
    dt_bias: Tensor
    A: Tensor
    D: Tensor
    out_proj: Rows


class NetworkStep:
    """A network that computes one token per sequence at a time; it keeps float32 copies of vectors."""

    def __init__(
        self,
        layers: Sequence[StepLayer],
        embeddings: Tensor,
        norm_f: Tensor,
        head: Rows,
        norm_eps: float,
        mixer_norm_eps: float | None,
    ) -> None:
        self._kept: list[Tensor] = []  # the tensors that the addresses of the plan point into
        first = layers[0]
        self._d_model, self._vocab_size = embeddings.shape[1], embeddings.shape[0]
        self._d_inner, self._d_state = first.A.shape
        self._taps, self._dt_rank = first.conv.shape[1], first.x_proj.weight.shape[0] - 2 * self._d_state
        self._n_layers = len(layers)
        numbers = [
            self._n_layers, self._d_model, self._d_inner, self._d_state, self._taps, self._dt_rank, self._vocab_size,
            *self._address(embeddings), KINDS[embeddings.dtype], *self._vector(norm_f), *self._rows(head),
        ]  # fmt: skip
        for layer in layers:
            numbers += [
                *self._vector(layer.norm), *self._rows(layer.in_proj), *self._vector(layer.conv),
                *self._vector(layer.conv_bias), *self._rows(layer.x_proj), *self._rows(layer.dt_proj),
                *self._vector(layer.dt_bias), *self._vector(layer.A), *self._vector(layer.D),
                *self._rows(layer.out_proj),
            ]  # fmt: skip
        self._plan = torch.tensor(numbers)
        self._eps = norm_eps, -1.0 if mixer_norm_eps is None else mixer_norm_eps
        self._seconds: dict[tuple[int, int], float] = {}
        self._steps = 0
        self._bytes = sum(tensor.nbytes for tensor in self._kept)

    def _address(self, tensor: Tensor | None) -> list[int]:
        if tensor is None:
            return [0]
        self._kept.append(tensor)
        return [tensor.data_ptr()]

    def _vector(self, tensor: Tensor | None) -> list[int]:
        return self._address(None if tensor is None else tensor.float().contiguous())

    def _rows(self, rows: Rows) -> list[int]:
        if not rows.weight.is_contiguous():
            raise ValueError("the rows of a weight must lie one after the other")
        return [*self._address(rows.weight), rows.kind, *self._address(rows.scales), *self._vector(rows.bias)]

    def compile(self) -> None:
        """Compile the step, or load its code, before the first call. Raises what numba and llvmlite raise."""
        step_kernel.compile(STEP_ARGUMENTS)

    def __call__(self, ids: Tensor, conv: Tensor, ssm: Tensor) -> Tensor:
        """Feed `ids` [B] (int64), B up to FEW, and return logits [B, vocab_size], float32.

        `conv` [layers, B, d_inner, d_conv - 1] (float32 or bf16) and `ssm` [layers, B, d_inner, d_state] (float32) are
        contiguous and advanced in place.
        """
        if not (conv.is_contiguous() and ssm.is_contiguous()) or len(ids) > FEW:
            raise ValueError(f"a step takes whole, contiguous states of at most {FEW} sequences")
        return self._run(ids.contiguous(), conv, ssm, chained=False)

    def follow(self, ids: Tensor, conv: Tensor, ssm: Tensor) -> Tensor:
        """Feed the tokens `ids` [K] (int64) of one sequence, and return logits [K, vocab_size], float32.

        `conv` [layers, K + 1, d_inner, d_conv - 1] and `ssm` [layers, K + 1, d_inner, d_state], contiguous, hold the
        state before the first token at 0; the state after each token follows. All have the bits of single steps.
        """
        if not (conv.is_contiguous() and ssm.is_contiguous()) or len(ids) > FEW or conv.shape[1] != len(ids) + 1:
            raise ValueError(f"a step takes at most {FEW} tokens, and one state more than tokens")
        return self._run(ids.contiguous(), conv, ssm, chained=True)

    def _run(self, ids: Tensor, conv: Tensor, ssm: Tensor, chained: bool) -> Tensor:
        batch = len(ids)
        logits = torch.empty(batch, self._vocab_size)
        shared = torch.empty(batch * (self._d_model + 5 * self._d_inner + self._dt_rank + 2 * self._d_state))
        barrier = torch.zeros(1, dtype=torch.int64)
        workers = self._team_size(batch)
        common: Any = (
            workers, batch, int(chained), self._plan.data_ptr(), *self._eps, ids.data_ptr(), conv.data_ptr(),
            KINDS[conv.dtype], ssm.data_ptr(), shared.data_ptr(), logits.data_ptr(), barrier.data_ptr(), _YIELD,
        )  # fmt: skip
        with _team if workers > 1 else nullcontext():
            start = time.perf_counter()
            others = [threads(workers - 1).submit(step_kernel, w, *common) for w in range(1, workers)]
            step_kernel(0, *common)
            for other in others:
                other.result()
        key, seconds = (batch, workers), time.perf_counter() - start
        self._seconds[key] = 0.8 * self._seconds.get(key, seconds) + 0.2 * seconds
        return logits

    def _team_size(self, batch: int) -> int:
        """Return the threads of the next step: all of torch's, or one if that was faster lately.

        A team is as slow as its slowest thread at every barrier, and on a machine that runs other programs one of them
        often waits for a processor; one thread alone reads memory nearly as fast as two. The result has the same bits.
        """
        most = max(1, min(torch.get_num_threads(), self._d_inner // 16)) if self._bytes > PARALLEL_BYTES else 1
        self._steps += 1
        faster = min((most, 1), key=lambda workers: self._seconds.get((batch, workers), 0.0))
        if self._steps % TRIED_AGAIN:
            return faster
        return 1 if faster == most else most


_team = threading.Lock()
"""Held while a team of threads runs: half of one team and half of another would wait for ever at the barriers."""


def _yield_address() -> int:
    """Return the address of the system's function that yields the processor."""
    library: Any = ctypes.CDLL(None) if os.name == "posix" else ctypes.WinDLL("kernel32")  # type: ignore[attr-defined]
    function = library.sched_yield if os.name == "posix" else library.SwitchToThread
    return ctypes.cast(function, ctypes.c_void_p).value or 0


_YIELD = _yield_address()


@intrinsic
def _arrive(typingctx, counter):
    """Add one to the int64 at an address, with acquire and release."""

    def codegen(context, builder, signature, args):
        i64 = context.get_value_type(types.int64)
        return builder.atomic_rmw("add", builder.inttoptr(args[0], i64.as_pointer()), i64(1), "acq_rel")

    return types.int64(types.int64), codegen


@intrinsic
def _seen(typingctx, counter):
    """Return the int64 at an address, with acquire."""

    def codegen(context, builder, signature, args):
        i64 = context.get_value_type(types.int64)
        return builder.load_atomic(builder.inttoptr(args[0], i64.as_pointer()), "acquire", 8)

    return types.int64(types.int64), codegen


@intrinsic
def _call(typingctx, address):
    """Call the C function without arguments at an address."""
    from llvmlite import ir

    def codegen(context, builder, signature, args):
        function = ir.FunctionType(ir.IntType(32), [])
        builder.call(builder.inttoptr(args[0], function.as_pointer()), [])
        return context.get_constant(types.int64, 0)

    return types.int64(types.int64), codegen


@inline
def _meet(barrier, wanted, give_way):
    """Arrive at the barrier and wait until `wanted` threads have arrived."""
    _arrive(barrier)  # type: ignore[call-arg]
    polls = 0
    while _seen(barrier) < wanted:
        polls += 1
        if polls > SPINS:
            _call(give_way)


@inline
def _normalise(source, at, size, eps, weight, target, target_at):
    """Store the RMS norm of `size` floats at element `at`; `weight` is an address or 0."""
    total = ZERO
    for i in range(size):
        total += source[at + i] * source[at + i]
    scale = ONE / np.sqrt(total / np.float32(size) + np.float32(eps))
    if weight != 0:
        weight_at = f32_at(weight)
        for i in range(size):
            target[target_at + i] = source[at + i] * scale * weight_at[i]
    else:
        for i in range(size):
            target[target_at + i] = source[at + i] * scale


@inline
def _taps(first, last, taps, weight, x, x_at, tail, newest):
    """Store the convolution before bias and SiLU in x, and shift `newest` into `tail` [channels, taps - 1]."""
    weight_at, out = f32_at(weight), f32_at(x)
    for i in range(last - first):
        total = newest[i] * weight_at[(first + i) * taps + taps - 1]
        for k in range(taps - 1):
            total += tail[i * (taps - 1) + k] * weight_at[(first + i) * taps + k]
        for k in range(taps - 2):
            tail[i * (taps - 1) + k] = tail[i * (taps - 1) + k + 1]
        tail[i * (taps - 1) + taps - 2] = newest[i]
        out[x_at + first + i] = total


@inline
def _convolve(first, last, row, d_inner, taps, weight, bias, state, state_kind, x, x_at, window):
    """Replace channels first..last-1 of one sequence's x by their convolution and SiLU, and shift the tail."""
    bias_at, out, size = f32_at(bias), f32_at(x), last - first
    channel = (row * d_inner + first) * (taps - 1)
    tail, newest = window[: d_inner * (taps - 1)], window[d_inner * (taps - 1) :]
    load(state, channel, state_kind, tail, size * (taps - 1))
    # Rounded to the dtype of the tail, so that the token has the same value now and from the tail later.
    for i in range(size):
        newest[i] = out[x_at + first + i]
    store(state, channel, state_kind, newest, size)
    load(state, channel, state_kind, newest, size)
    if taps == 4:
        _taps(first, last, 4, weight, x, x_at, tail, newest)
    else:
        _taps(first, last, taps, weight, x, x_at, tail, newest)
    store(state, channel, state_kind, tail, size * (taps - 1))
    for i in range(size):
        newest[i] = out[x_at + first + i]
    if bias != 0:
        for i in range(size):
            newest[i] += bias_at[first + i]
    for i in range(size):
        out[x_at + first + i] = silu(newest[i])


@inline
def _copy_tail(first, last, row, d_inner, taps, state, state_kind, window):
    """Copy channels first..last-1 of the tail of sequence `row` to that of the next one."""
    channel, size = (row * d_inner + first) * (taps - 1), (last - first) * (taps - 1)
    load(state, channel, state_kind, window, size)
    store(state, channel + d_inner * (taps - 1), state_kind, window, size)


@inline
def _copy_state(first, last, state, at, further):
    """Copy the numbers first..last-1 of the state at element `at` to the one that lies `further`."""
    h = f32_at(state)
    for i in range(first, last):
        h[at + further + i] = h[at + i]


@inline
def _states(first, last, d_state, A, b, c, state, state_at, step, drive, total):
    """Compute h = exp2(step A) h + drive b and its product with c, for channels first..last-1."""
    A_at, h = f32_at(A), f32_at(state)
    for i in range(last - first):
        at, of_A, sum_ = state_at + (first + i) * d_state, (first + i) * d_state, ZERO
        for n in range(d_state):
            value = exp2(step[i] * A_at[of_A + n]) * h[at + n] + drive[i] * b[n]
            h[at + n] = value
            sum_ += value * c[n]
        total[i] = sum_


@inline
def _update(first, last, d_state, A, D, dt_bias, b, c, state, state_at, x, x_at, z_at, dt, dt_at, y, y_at, lanes):
    """Scan one token for channels first..last-1 of one sequence; x holds z too."""
    D_at, bias_at, xs, dts, ys = f32_at(D), f32_at(dt_bias), f32_at(x), f32_at(dt), f32_at(y)
    size = last - first
    step, drive, total = lanes[:size], lanes[size : 2 * size], lanes[2 * size : 3 * size]
    for i in range(size):
        step[i] = softplus(dts[dt_at + first + i] + bias_at[first + i])
    for i in range(size):
        drive[i] = step[i] * xs[x_at + first + i]
        step[i] *= LOG2E
    if d_state == 16:  # a constant becomes one vector
        _states(first, last, 16, A, b, c, state, state_at, step, drive, total)
    else:
        _states(first, last, d_state, A, b, c, state, state_at, step, drive, total)
    for i in range(size):
        total[i] += xs[x_at + first + i] * D_at[first + i]
    for i in range(size):
        ys[y_at + first + i] = total[i] * silu(xs[z_at + first + i])


@kernel
def step_kernel(
    worker, workers, batch, chained, plan, norm_eps, mixer_eps, ids, conv, conv_kind, ssm, shared, logits, barrier,
    give_way,
):  # fmt: skip
    """Run thread `worker` of a team, with its share of every weight; NetworkStep makes `plan`.

    `chained` 1: the rows are tokens of one text in order, and a layer has one state more than rows, of which row i
    reads state i and writes state i + 1.
    """
    p = i64_at(plan)
    n_layers, d_model, d_inner, d_state, taps, dt_rank, vocab_size = p[0], p[1], p[2], p[3], p[4], p[5], p[6]
    projected = dt_rank + 2 * d_state
    out = shared
    xz = out + 4 * batch * d_model
    dt = xz + 8 * batch * d_inner
    y = dt + 4 * batch * d_inner
    mix = y + 4 * batch * d_inner
    channel, channels = d_inner * worker // workers, d_inner * (worker + 1) // workers
    narrow, narrows = projected * worker // workers, projected * (worker + 1) // workers
    wide, wides = d_model * worker // workers, d_model * (worker + 1) // workers
    residual, hidden = np.empty(batch * d_model, np.float32), floats(batch * d_model)
    mixed, window = floats(batch * projected), np.empty(d_inner * max(taps, 3), np.float32)
    # Signed, as the other addresses are: for unsigned ones rows_kernel would be compiled a second time.
    hidden_at, mixed_at = np.int64(hidden.ctypes.data), np.int64(mixed.ctypes.data)
    conv_bytes = d_inner * (taps - 1) * (2 if conv_kind == 1 else 4)
    mix_at, out_at = f32_at(mix), f32_at(out)
    met = 0
    for row in range(batch):
        load(p[7], i64_at(ids)[row] * d_model, p[8], residual[row * d_model :], d_model)
    for layer in range(n_layers):
        q = i64_at(plan + 8 * (HEADER + layer * A_LAYER))
        for row in range(batch):
            if layer > 0:
                for i in range(d_model):
                    residual[row * d_model + i] += out_at[row * d_model + i]
            _normalise(residual, row * d_model, d_model, norm_eps, q[0], hidden, row * d_model)
        rows_kernel(
            channel, channels, q[2], q[1], q[3], d_model, hidden_at, d_model, batch, xz, 2 * d_inner, q[4], chained
        )  # fmt: skip
        rows_kernel(
            d_inner + channel, d_inner + channels, q[2], q[1], q[3], d_model, hidden_at, d_model, batch, xz,
            2 * d_inner, q[4], chained,
        )  # fmt: skip
        for row in range(batch):
            tails = conv + layer * (batch + chained) * conv_bytes
            if chained:
                _copy_tail(channel, channels, row, d_inner, taps, tails, conv_kind, window)
            _convolve(
                channel, channels, row + chained, d_inner, taps, q[5], q[6], tails, conv_kind, xz, row * 2 * d_inner,
                window,
            )  # fmt: skip
        met += workers
        _meet(barrier, met, give_way)
        rows_kernel(narrow, narrows, q[8], q[7], q[9], d_inner, xz, 2 * d_inner, batch, mix, projected, q[10], chained)
        met += workers
        _meet(barrier, met, give_way)
        for row in range(batch):
            at = row * projected
            if mixer_eps >= 0:
                _normalise(mix_at, at, dt_rank, mixer_eps, 0, mixed, at)
                _normalise(mix_at, at + dt_rank, d_state, mixer_eps, 0, mixed, at + dt_rank)
                _normalise(mix_at, at + dt_rank + d_state, d_state, mixer_eps, 0, mixed, at + dt_rank + d_state)
            else:
                for i in range(projected):
                    mixed[at + i] = mix_at[at + i]
        rows_kernel(
            channel, channels, q[12], q[11], q[13], dt_rank, mixed_at, projected, batch, dt, d_inner, q[14], chained
        )
        for row in range(batch):
            at, state = row * projected + dt_rank, (layer * (batch + chained) + row) * d_inner * d_state
            if chained:
                _copy_state(channel * d_state, channels * d_state, ssm, state, d_inner * d_state)
                state += d_inner * d_state
            _update(
                channel, channels, d_state, q[16], q[17], q[15], mixed[at:], mixed[at + d_state :], ssm, state, xz,
                row * 2 * d_inner, row * 2 * d_inner + d_inner,
                dt, row * d_inner, y, row * d_inner, window,
            )  # fmt: skip
        met += workers
        _meet(barrier, met, give_way)
        rows_kernel(wide, wides, q[19], q[18], q[20], d_inner, y, d_inner, batch, out, d_model, q[21], chained)
        met += workers
        _meet(barrier, met, give_way)
    for row in range(batch):
        for i in range(d_model):
            residual[row * d_model + i] += out_at[row * d_model + i]
        _normalise(residual, row * d_model, d_model, norm_eps, p[9], hidden, row * d_model)
    first, last = vocab_size * worker // workers, vocab_size * (worker + 1) // workers
    rows_kernel(
        first, last, p[11], p[10], p[12], d_model, hidden_at, d_model, batch, logits, vocab_size, p[13], chained
    )
    keep(hidden)
    keep(mixed)


STEP_ARGUMENTS = (*(types.int64,) * 5, types.float64, types.float64, *(types.int64,) * 8)
"""The types of `step_kernel`'s arguments."""
