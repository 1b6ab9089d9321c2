"""The training scan and its backward against autograd through the plain loop."""

from __future__ import annotations

import pytest
import torch

from engine.training.kernels.cpu_scan_backward import selective_scan_train_cpu
from engine.training.kernels.selective_scan_backward import selective_scan_train, selective_scan_train_ref

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def inputs(rows: int, steps: int, d_inner: int, d_state: int, dtype: torch.dtype, seed: int = 0) -> list[torch.Tensor]:
    """x and delta as views of one projection, B and C of another, as a layer makes them."""
    rng = torch.Generator().manual_seed(seed)
    randn = lambda *shape: torch.randn(*shape, generator=rng)  # noqa: E731
    xd = randn(rows, steps, 2 * d_inner)
    xd[..., d_inner:] = torch.nn.functional.softplus(xd[..., d_inner:] - 2)
    bc = randn(rows, steps, 2 * d_state)
    xd, bc = xd.to(DEVICE, dtype), bc.to(DEVICE, dtype)
    A = -torch.exp(randn(d_inner, d_state)).to(DEVICE)
    h0 = randn(rows, d_inner, d_state).to(DEVICE)
    return [xd[..., :d_inner], xd[..., d_inner:], A, bc[..., :d_state], bc[..., d_state:], h0]


def values_and_gradients(scan, arguments: list[torch.Tensor], weights) -> list[torch.Tensor]:
    leaves = [a.detach().clone().requires_grad_() for a in arguments]
    y, ht = scan(*leaves)
    loss = (y.float() * weights[0]).sum() + (ht * weights[1]).sum()
    return [y.float(), ht, *torch.autograd.grad(loss, leaves)]


@pytest.mark.parametrize(
    ("rows", "steps", "d_inner", "d_state", "dtype"),
    [
        (2, 11, 40, 16, torch.float32),
        (1, 8, 32, 16, torch.bfloat16),
        (1, 1, 16, 4, torch.float32),
        pytest.param(3, 301, 768, 16, torch.float32, marks=pytest.mark.gpu),
        pytest.param(3, 301, 768, 16, torch.bfloat16, marks=pytest.mark.gpu),
    ],
)
def test_scan_gradients_equal_autograd(rows, steps, d_inner, d_state, dtype) -> None:
    arguments = inputs(rows, steps, d_inner, d_state, dtype)
    arguments[1] = arguments[1] * (torch.arange(steps, device=DEVICE) >= 2)[:, None]  # padding: delta 0
    rng = torch.Generator().manual_seed(1)
    weights = [
        torch.randn(rows, steps, d_inner, generator=rng).to(DEVICE),
        torch.randn(rows, d_inner, d_state, generator=rng).to(DEVICE),
    ]
    ours = values_and_gradients(selective_scan_train, arguments, weights)
    theirs = values_and_gradients(selective_scan_train_ref, arguments, weights)
    tolerance = 2e-5 if dtype == torch.float32 else 1.2e-2
    for name, a, b in zip(("y", "ht", "x", "delta", "A", "B", "C", "h0"), ours, theirs, strict=True):
        assert not a.isnan().any(), name
        error = (a.float() - b.float()).norm() / b.float().norm().clamp(min=1e-3)
        assert error < tolerance, f"{name}: {error:.2e}"


@pytest.mark.parametrize(("rows", "steps", "d_inner", "d_state"), [(2, 11, 40, 16), (3, 40, 130, 16), (1, 1, 16, 4)])
def test_cpu_scan_gradients_equal_autograd(rows, steps, d_inner, d_state) -> None:
    arguments = [argument.cpu() for argument in inputs(rows, steps, d_inner, d_state, torch.float32)]
    rng = torch.Generator().manual_seed(1)
    weights = [torch.randn(rows, steps, d_inner, generator=rng), torch.randn(rows, d_inner, d_state, generator=rng)]
    ours = values_and_gradients(selective_scan_train_cpu, arguments, weights)
    theirs = values_and_gradients(selective_scan_train_ref, arguments, weights)
    for name, a, b in zip(("y", "ht", "x", "delta", "A", "B", "C", "h0"), ours, theirs, strict=True):
        assert (a - b).norm() / b.norm() < 2e-5, name


def test_scan_gradients_through_carried_state() -> None:
    x, delta, A, B, C, h0 = inputs(2, 10, 16, 4, torch.float32)

    def cut(x, delta, A, B, C, h0):
        y1, middle = selective_scan_train(x[:, :5], delta[:, :5], A, B[:, :5], C[:, :5], h0)
        y2, last = selective_scan_train(x[:, 5:], delta[:, 5:], A, B[:, 5:], C[:, 5:], middle)
        return torch.cat([y1, y2], 1), last

    weights = [torch.ones(2, 10, 16, device=DEVICE), torch.ones(2, 16, 4, device=DEVICE)]
    arguments = [x, delta, A, B, C, h0]
    for a, b in zip(
        values_and_gradients(cut, arguments, weights),
        values_and_gradients(selective_scan_train, arguments, weights),
        strict=True,
    ):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)
