"""The training convolution and its backward against autograd through plain torch."""

from __future__ import annotations

import pytest
import torch

from engine.training.kernels.causal_conv import causal_conv_backward, causal_conv_forward, causal_conv_train_ref

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


@pytest.mark.parametrize(
    ("rows", "steps", "d_inner", "dtype"),
    [
        (2, 67, 40, torch.float32),
        (1, 3, 16, torch.float32),
        (1, 65, 24, torch.bfloat16),
        pytest.param(3, 301, 768, torch.float32, marks=pytest.mark.gpu),
        pytest.param(3, 301, 768, torch.bfloat16, marks=pytest.mark.gpu),
    ],
)
def test_conv_gradients_equal_autograd(rows, steps, d_inner, dtype) -> None:
    rng = torch.Generator().manual_seed(0)
    randn = lambda *shape: torch.randn(*shape, generator=rng).to(DEVICE)  # noqa: E731
    x = randn(rows, steps, 2 * d_inner).to(dtype)[..., :d_inner]
    mask = torch.ones(rows, steps, device=DEVICE, dtype=dtype)
    mask[0, : steps // 3] = 0
    arguments = [x, randn(rows, 3, d_inner).to(dtype), randn(d_inner, 4), randn(d_inner)]
    weights = randn(rows, steps, d_inner), randn(rows, 3, d_inner)

    leaves = [a.detach().clone().requires_grad_() for a in arguments]
    out, tail_out = causal_conv_train_ref(leaves[0], mask, *leaves[1:])
    loss = (out.float() * weights[0]).sum() + (tail_out.float() * weights[1]).sum()
    expected = [out, tail_out, *torch.autograd.grad(loss, leaves)]

    first = (mask == 0).sum(1, dtype=torch.int32)
    y, tail = causal_conv_forward(arguments[0], first, *arguments[1:])
    # The gradient of y comes in two parts, and that of x goes into half of a tensor.
    part = (weights[0] * 0.25).to(dtype)
    rest, dboth = (
        (weights[0] - part).to(dtype),
        torch.full((rows, steps, 2 * d_inner), 7.0, device=DEVICE, dtype=dtype),
    )
    dtail, dweight, dbias = causal_conv_backward(
        arguments[0], first, *arguments[1:], part, rest, weights[1].to(dtype), dboth[..., :d_inner]
    )
    assert (dboth[..., d_inner:] == 7.0).all()
    tolerance = 1e-5 if dtype == torch.float32 else 1e-2
    names, found = (
        ("y", "tail", "dx", "dtail", "dweight", "dbias"),
        (y, tail, dboth[..., :d_inner], dtail, dweight, dbias),
    )
    for name, a, b in zip(names, found, expected, strict=True):
        assert not a.isnan().any(), name
        error = (a.float() - b.float()).norm() / b.float().norm().clamp(min=1e-3)
        assert error < tolerance, f"{name}: {error:.2e}"
