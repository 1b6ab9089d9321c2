"""Time of each kernel beside its floor: the bytes that it must move and, for the scan, its exponentials.

Bytes count every input once and every output once, over the bandwidth of a large copy measured in the same run.
Exponentials: one for each step, channel and state, over the special-function units' rate (16 a clock and
multiprocessor on NVIDIA since Volta, at the clock the driver reports). Every op is compared with the reference before
it is timed.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor

from kernels import implementation, operations_named
from kernels import reference as ref

EXPONENTIALS_A_CLOCK = 16
CHECKED_STEPS = 64
SHORT_BYTES = 1 << 22
CHECKED_TOLERANCE = 0.02  # of the scale, in bf16


def run(
    device: str | torch.device = "cpu",
    steps: int = 2048,
    d_inner: int = 8192,
    d_state: int = 16,
    d_conv: int = 4,
    batch: int = 1,
    dtype: torch.dtype = torch.bfloat16,
) -> dict[str, Any]:
    """Check and time every operation, print a table and return {"device", "implementation", "shape", "ops": [...]}.

    Times are medians in milliseconds. Raises RuntimeError if an op differs from the reference.
    """
    device = torch.device(device)
    bandwidth = _bandwidth(device)
    exponentials = _exponential_rate(device)
    rows: list[dict[str, Any]] = []
    for name, call, check, moved, exps in _cases(device, steps, d_inner, d_state, d_conv, batch, dtype):
        check()
        floor = max(moved / bandwidth, exps / exponentials if exponentials else 0.0) * 1e3
        rows.append(
            {
                "op": name,
                "ms": _time(call, device, moved < SHORT_BYTES),
                "floor_ms": floor,
                "bytes": moved,
                "exponentials": exps,
            }
        )
    chosen = implementation(device)
    hardware = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{torch.get_num_threads()} CPU threads"
    shape = f"batch {batch}, {steps} steps, d_inner {d_inner}, d_state {d_state}, {str(dtype).removeprefix('torch.')}"
    print(f"{hardware}; kernels: {chosen.name}; {shape}; copy {bandwidth / 1e9:,.0f} GB/s")
    print(f"{'op':<22}{'ms':>10}{'floor ms':>10}{'share':>8}")
    for row in rows:
        print(f"{row['op']:<22}{row['ms']:>10.4f}{row['floor_ms']:>10.4f}{row['floor_ms'] / row['ms']:>8.0%}")
    return {
        "device": hardware,
        "implementation": chosen.name,
        "shape": {"batch": batch, "steps": steps, "d_inner": d_inner, "d_state": d_state, "dtype": str(dtype)},
        "copy_bytes_per_second": bandwidth,
        "ops": rows,
    }


Case = tuple[str, Callable[[], Any], Callable[[], None], int, int]


def _cases(
    device: torch.device, steps: int, d_inner: int, d_state: int, d_conv: int, batch: int, dtype: torch.dtype
) -> list[Case]:
    """Return (name, timed call, check against the reference, bytes, exponentials) of each operation."""
    ops = operations_named(implementation(device).name)
    width, d_model = dtype.itemsize, d_inner // 2

    def randn(*shape: int, dtype: torch.dtype = dtype) -> Tensor:
        return torch.randn(shape, device=device).to(dtype)

    xz, projected = randn(batch, steps, 2 * d_inner), randn(batch, steps, d_inner + 2 * d_state)
    x, z, dt = xz[..., :d_inner], xz[..., d_inner:], projected[..., :d_inner]
    B, C = projected[..., d_inner : d_inner + d_state], projected[..., d_inner + d_state :]
    A = -torch.exp(randn(d_inner, d_state, dtype=torch.float32))
    D, dt_bias = randn(d_inner, dtype=torch.float32), randn(d_inner, dtype=torch.float32) - 4
    state = torch.zeros(batch, d_inner, d_state, device=device)
    weight, bias = randn(d_inner, d_conv), randn(d_inner)
    tail = torch.zeros(batch, d_inner, d_conv - 1, device=device, dtype=dtype)
    hidden, scale, stream = randn(batch, steps, d_model), randn(d_model), randn(batch, steps, d_model)

    def scan(op: Callable[..., Tensor], last: int, state: Tensor) -> Tensor:
        return op(x[:, :last], dt[:, :last], A, B[:, :last], C[:, :last], D, z[:, :last], dt_bias, state)

    def update(op: Callable[..., Tensor], state: Tensor) -> Tensor:
        return op(x[:, 0], dt[:, 0], A, B[:, 0], C[:, 0], D, z[:, 0], dt_bias, state)

    few = min(steps, CHECKED_STEPS)
    row = batch * d_inner * width
    column = batch * d_state * width
    parameters = d_inner * (4 * d_state + 8)
    states = 2 * batch * d_inner * d_state * 4
    tails = 2 * batch * d_inner * (d_conv - 1) * width
    conv = d_inner * (d_conv + 1) * width
    exps = batch * d_inner * d_state
    norm = batch * d_model * width
    return [
        (
            "selective_scan",
            lambda: scan(ops.selective_scan, steps, state),
            lambda: _same(
                scan(ops.selective_scan, few, state.clone()), scan(ref.selective_scan_ref, few, state.clone())
            ),
            steps * (4 * row + 2 * column) + parameters + states,
            steps * exps,
        ),
        (
            "selective_update",
            lambda: update(ops.selective_update, state),
            lambda: _same(update(ops.selective_update, state.clone()), update(ref.selective_update_ref, state.clone())),
            4 * row + 2 * column + parameters + states,
            exps,
        ),
        (
            "causal_conv",
            lambda: ops.causal_conv(x, weight, bias, tail),
            lambda: _same(
                ops.causal_conv(x[:, :few], weight, bias, tail.clone()),
                ref.causal_conv_ref(x[:, :few], weight, bias, tail.clone()),
            ),
            steps * 2 * row + tails + conv,
            0,
        ),
        (
            "causal_conv_update",
            lambda: ops.causal_conv_update(x[:, 0], weight, bias, tail),
            lambda: _same(
                ops.causal_conv_update(x[:, 0], weight, bias, tail.clone()),
                ref.causal_conv_update_ref(x[:, 0], weight, bias, tail.clone()),
            ),
            2 * row + tails + conv,
            0,
        ),
        (
            "rms_norm",
            lambda: ops.rms_norm(hidden, scale, 1e-5),
            lambda: _same(ops.rms_norm(hidden, scale, 1e-5), ref.rms_norm_ref(hidden, scale, 1e-5)),
            steps * 2 * norm,
            0,
        ),
        (
            "rms_norm + residual",
            lambda: ops.rms_norm(hidden, scale, 1e-5, stream),
            lambda: _same(
                ops.rms_norm(hidden, scale, 1e-5, stream.clone()), ref.rms_norm_ref(hidden, scale, 1e-5, stream.clone())
            ),
            steps * 4 * norm,
            0,
        ),
        (
            "rms_norm, one token",
            lambda: ops.rms_norm(hidden[:, :1], scale, 1e-5),
            lambda: _same(ops.rms_norm(hidden[:, :1], scale, 1e-5), ref.rms_norm_ref(hidden[:, :1], scale, 1e-5)),
            2 * norm,
            0,
        ),
    ]


def _same(ours: Tensor, theirs: Tensor) -> None:
    error = (ours.float() - theirs.float()).abs().max().item() / max(1.0, theirs.float().abs().max().item())
    if not error <= CHECKED_TOLERANCE:
        raise RuntimeError(f"a kernel differs from the reference by {error:.3g} of the scale; its time means nothing")


def _time(call: Callable[[], Any], device: torch.device, short: bool = False, seconds: float = 0.3) -> float:
    """Return the median time of a call in ms: the wall clock on a CPU, device events on a GPU.

    On a GPU a `short` call, whose launch takes longer than its work, is timed inside a captured graph (and with a warm
    L2, as decoding finds it); any other with a cold L2.
    """
    if device.type == "cuda":
        from triton.testing import do_bench, do_bench_cudagraph

        if short:
            return float(do_bench_cudagraph(call, rep=50, return_mode="median"))
        return float(do_bench(call, warmup=50, rep=200, return_mode="median"))
    call()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < 5 or (time.perf_counter() < end and len(times) < 1000):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return median(times) * 1e3


def _bandwidth(device: torch.device) -> float:
    """Return the bytes per second of a large copy, reads and writes counted."""
    size = 1 << (30 if device.type == "cuda" else 26)
    source, target = (
        torch.ones(size, dtype=torch.uint8, device=device),
        torch.empty(size, dtype=torch.uint8, device=device),
    )
    return 2 * size / (_time(lambda: target.copy_(source), device) * 1e-3)


def _exponential_rate(device: torch.device) -> float | None:
    """Return the exp2 per second of a GPU's special-function units, or None on a CPU."""
    if device.type != "cuda" or torch.version.hip:
        return None
    properties = torch.cuda.get_device_properties(device)
    kilohertz = getattr(properties, "clock_rate", None)  # not in every version of torch
    return EXPONENTIALS_A_CLOCK * properties.multi_processor_count * kilohertz * 1e3 if kilohertz else None


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="main.py bench kernels", description="Time every kernel beside its floor.")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--steps", type=int, default=2048)
    parser.add_argument("--d-inner", type=int, default=8192)
    parser.add_argument("--d-state", type=int, default=16)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], default="bfloat16")
    parser.add_argument("--out", type=Path, help="also write the figures here, as JSON")
    options = parser.parse_args(arguments)
    result = run(
        options.device,
        options.steps,
        options.d_inner,
        options.d_state,
        batch=options.batch,
        dtype=getattr(torch, options.dtype),
    )
    if options.out:
        options.out.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
