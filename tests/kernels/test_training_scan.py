"""The training scans and their backward against autograd through the plain loop."""

from __future__ import annotations

import pytest
import torch

from engine.training.kernels.cpu_scan_backward import selective_scan_train_cpu
from engine.training.kernels.scan import scan_backward, scan_forward, scan_ref

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
SLOW = () if DEVICE == "cuda" else pytest.mark.slow
"""Of what the interpreter need not do every time."""


def packed(B: torch.Tensor, C: torch.Tensor) -> torch.Tensor:
    """B and C as `mixer_norms` packs them."""
    if B.dtype == torch.float32:
        return torch.stack([B, C], -1)
    return (B.view(torch.int16).int() & 0xFFFF) | (C.view(torch.int16).int() << 16)


def error(a: torch.Tensor, b: torch.Tensor) -> float:
    a, b = a.detach().double(), b.detach().double()
    return float((a - b).norm() / b.norm())


@pytest.mark.parametrize(
    ("rows", "steps", "d_inner", "dtype"),
    [
        (2, 11, 16, torch.float32),
        (1, 3, 16, torch.bfloat16),
        (1, 1, 16, torch.float32),
        pytest.param(3, 301, 768, torch.float32, marks=pytest.mark.gpu),
        pytest.param(3, 301, 768, torch.bfloat16, marks=pytest.mark.gpu),
        pytest.param(2, 4096, 1280, torch.bfloat16, marks=pytest.mark.gpu),
    ],
)
@pytest.mark.parametrize(
    "programs", [pytest.param(0, id="two groups"), pytest.param(10**9, id="one group", marks=SLOW)]
)
def test_scan_gradients_equal_autograd(rows, steps, d_inner, dtype, programs, monkeypatch) -> None:
    monkeypatch.setattr("engine.training.kernels.scan.PROGRAMS", programs)
    rng = torch.Generator().manual_seed(0)
    randn = lambda *shape: torch.randn(*shape, generator=rng).to(DEVICE)  # noqa: E731
    both = randn(rows, steps, 2 * d_inner).to(dtype)
    x, z = randn(rows, steps, d_inner).to(dtype), both[..., d_inner:]
    dt = (randn(rows, steps, d_inner) - 2).to(dtype)
    B, C = randn(rows, steps, 16).to(dtype), randn(rows, steps, 16).to(dtype)
    A, D, bias, h0 = -randn(d_inner, 16).exp(), randn(d_inner), randn(d_inner), randn(rows, d_inner, 16)
    first = torch.zeros(rows, dtype=torch.int32, device=DEVICE)
    first[0] = min(2, steps - 1)  # a row that is padded on the left
    dout, dht = randn(rows, steps, d_inner).to(dtype), randn(rows, d_inner, 16)
    leaves = [tensor.double().requires_grad_() for tensor in (x, dt, z, B, C, A, D, bias, h0)]
    out, ht = scan_ref(*leaves, first)
    expected = torch.autograd.grad([out, ht], leaves, [dout.double(), dht.double()])

    bc = packed(B, C)
    found = scan_forward(x, dt, z, bc, A, D, bias, h0, first)
    dboth = torch.full_like(both, 7.0)
    slopes = scan_backward(x, dt, z, bc, A, D, bias, first, found, dout, dht, dboth[..., d_inner:])
    assert (dboth[..., :d_inner] == 7.0).all()
    of_bc = slopes.partial.float().sum(1).view(rows, steps, 32)
    ours = [slopes.dx, slopes.ddt, dboth[..., d_inner:], of_bc[..., :16], of_bc[..., 16:]]
    ours += [slopes.dA, slopes.dD, slopes.dbias, slopes.dh0]
    exact = 2e-5 if dtype == torch.float32 else 1e-2
    exact_sums = exact if DEVICE == "cpu" or dtype == torch.bfloat16 else 2e-3  # the tensor cores' ten bits
    assert error(found.out, out) < exact
    assert error(found.ht, ht) < 2e-5
    names = ("x", "dt", "z", "B", "C", "A", "D", "bias", "h0")
    for name, a, b in zip(names, ours, expected, strict=True):
        assert not a.isnan().any(), name
        assert error(a, b) < (exact_sums if name in "BC" else exact), f"{name}: {error(a, b):.2e}"


def test_scan_gradients_do_not_depend_on_where_a_text_is_cut() -> None:
    rng = torch.Generator().manual_seed(0)
    randn = lambda *shape: torch.randn(*shape, generator=rng).to(DEVICE)  # noqa: E731
    x, dt, z, dout = (randn(1, 10, 16) for _ in range(4))
    bc, A, D, bias = randn(1, 10, 16, 2), -randn(16, 16).exp(), randn(16), randn(16)
    h0, dht, first = randn(1, 16, 16), randn(1, 16, 16), torch.zeros(1, dtype=torch.int32, device=DEVICE)
    part = lambda tensor, cut: tensor[:, cut].contiguous()  # noqa: E731

    def run(cut, start, end=None):
        given = [part(tensor, cut) for tensor in (x, dt, z, bc)]
        found = scan_forward(*given, A, D, bias, start, first)
        if end is None:
            return found
        dz = torch.empty_like(given[2])
        return scan_backward(*given, A, D, bias, first, found, part(dout, cut), end, dz), dz

    whole, halves = slice(0, 10), (slice(0, 5), slice(5, 10))
    middle = run(halves[0], h0).ht
    later, later_dz = run(halves[1], middle, dht)
    earlier, earlier_dz = run(halves[0], h0, later.dh0)
    expected, expected_dz = run(whole, h0, dht)
    torch.testing.assert_close(torch.cat([earlier.dx, later.dx], 1), expected.dx, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(torch.cat([earlier.ddt, later.ddt], 1), expected.ddt, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(torch.cat([earlier_dz, later_dz], 1), expected_dz, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(earlier.dh0, expected.dh0, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(earlier.dA + later.dA, expected.dA, rtol=1e-4, atol=1e-4)


def test_scan_refuses_other_numbers_of_states() -> None:
    x = torch.zeros(1, 4, 16, device=DEVICE)
    with pytest.raises(ValueError, match="16 states"):
        scan_forward(x, x, x, x, torch.zeros(16, 4), x, x, x, x)


def plain(x, delta, A, B, C, h0):
    h, ys = h0, []
    for t in range(x.shape[1]):
        fed = (delta[:, t] * x[:, t])[..., None] * B[:, t, None, :]
        h = torch.exp(delta[:, t, :, None] * A) * h + fed
        ys.append((h * C[:, t, None, :]).sum(-1))
    return torch.stack(ys, 1), h


@pytest.mark.parametrize(("rows", "steps", "d_inner", "d_state"), [(2, 11, 40, 16), (3, 40, 130, 16), (1, 1, 16, 4)])
def test_cpu_scan_gradients_equal_autograd(rows, steps, d_inner, d_state) -> None:
    rng = torch.Generator().manual_seed(0)
    randn = lambda *shape: torch.randn(*shape, generator=rng)  # noqa: E731
    delta = torch.nn.functional.softplus(randn(rows, steps, d_inner) - 2)
    A, h0 = -torch.exp(randn(d_inner, d_state)), randn(rows, d_inner, d_state)
    given = [randn(rows, steps, d_inner), delta, A, randn(rows, steps, d_state), randn(rows, steps, d_state), h0]
    weights = randn(rows, steps, d_inner), randn(rows, d_inner, d_state)

    def values_and_gradients(scan):
        leaves = [tensor.clone().requires_grad_() for tensor in given]
        y, ht = scan(*leaves)
        return [y, ht, *torch.autograd.grad((y * weights[0]).sum() + (ht * weights[1]).sum(), leaves)]

    ours, theirs = values_and_gradients(selective_scan_train_cpu), values_and_gradients(plain)
    for name, a, b in zip(("y", "ht", "x", "delta", "A", "B", "C", "h0"), ours, theirs, strict=True):
        assert error(a, b) < 2e-5, name
