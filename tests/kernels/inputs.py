"""Random inputs as a layer makes them: views of projections, NaN wherever a kernel must not look."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

NAN = float("nan")


def scan_inputs(
    batch: int,
    steps: int,
    d_inner: int,
    d_state: int,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
    lengths: Tensor | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """The arguments of selective_scan but `lengths`; x and z are halves of one tensor, dt, B and C slices of another.

    A spans short and long memories and follows no pattern. With `lengths` the padding of every input is NaN.
    """
    rng = torch.Generator().manual_seed(seed)

    def randn(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=rng)

    xz = randn(batch, steps, 2 * d_inner).to(device, dtype)
    parameters = randn(batch, steps, d_inner + 2 * d_state).to(device, dtype)
    if lengths is not None:
        for row, length in enumerate(lengths.tolist()):
            xz[row, length:] = NAN
            parameters[row, length:] = NAN
    return {
        "x": xz[..., :d_inner],
        "dt": parameters[..., :d_inner],
        "A": -torch.exp(2 * randn(d_inner, d_state)).to(device),
        "B": parameters[..., d_inner : d_inner + d_state],
        "C": parameters[..., d_inner + d_state :],
        "D": randn(d_inner).to(device),
        "z": xz[..., d_inner:],
        "dt_bias": (randn(d_inner) - 2).to(device),
        "state": randn(batch, d_inner, d_state).to(device),
    }


def with_state(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with a state of their own."""
    return {**arguments, "state": arguments["state"].clone()}


def steps_of(arguments: dict[str, Any], first: int, last: int) -> dict[str, Any]:
    """The arguments of the steps first..last-1, sharing the state."""
    over_time = ("x", "dt", "B", "C", "z")
    return {name: value[:, first:last] if name in over_time else value for name, value in arguments.items()}


def step_of(arguments: dict[str, Any], step: int) -> dict[str, Any]:
    """The arguments of selective_update for one step, sharing the state."""
    over_time = ("x", "dt", "B", "C", "z")
    return {name: value[:, step] if name in over_time else value for name, value in arguments.items()}


def assert_close(ours: Tensor, theirs: Tensor, dtype: torch.dtype = torch.float32, tolerance: float = 1e-5) -> None:
    """Largest difference within `tolerance` of the scale (the largest value), or of it plus a rounding to `dtype`."""
    ours, theirs = ours.double().cpu(), theirs.double().cpu()
    assert ours.shape == theirs.shape
    assert not ours.isnan().any(), "an element was not written, or padding was read"
    if theirs.numel() == 0:
        return
    scale = max(1.0, theirs.abs().max().item())
    rounding = 0.0 if dtype == torch.float32 else torch.finfo(dtype).eps
    error = (ours - theirs).abs().max().item()
    assert error <= (tolerance + rounding) * scale, f"error {error:.3g} at scale {scale:.3g}"
