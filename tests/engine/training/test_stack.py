"""The layers and the head by hand against autograd through the plain network, and both kinds of gradients in a step."""

from __future__ import annotations

import pytest
import torch

from engine.training.network import Network, Shape
from engine.training.stack import next_token_losses

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
SHAPE = Shape(vocab_size=40, d_model=24, n_layers=2, d_inner=32, d_state=16, dt_rank=6)
READER = Shape(vocab_size=16_384, d_model=640, n_layers=2, d_inner=1280, d_state=16, dt_rank=40)


def gradients(network: Network, ids, mask, states, dtype, by_hand: bool) -> dict[str, torch.Tensor]:
    """Return the losses, final states, and the gradients of a loss of all of them, by name."""
    leaves = {f"tail {i}": tail for i, (tail, _) in enumerate(states)}
    leaves |= {f"state {i}": h for i, (_, h) in enumerate(states)}
    leaves = {name: tensor.clone().requires_grad_() for name, tensor in leaves.items()}
    given = [(leaves[f"tail {i}"], leaves[f"state {i}"]) for i in range(len(states))]
    wanted = dict(network.named_parameters()) | leaves
    if by_hand:
        residual, final = network._read_cuda(network.embeddings[ids], mask, given, dtype)
        targets = ids.roll(-1, 1).reshape(-1)
        flat = residual.reshape(-1, network.shape.d_model)
        nll = next_token_losses(flat, network.norm_f, network.embeddings, targets, network.shape.norm_eps, dtype)
    else:
        residual, final = network.read(ids, mask, given, dtype)
        nll = network.losses(residual, ids.roll(-1, 1), dtype)
    loss = (nll * mask.reshape(-1)).sum() + sum(tail.float().square().sum() + h.square().sum() for tail, h in final)
    found = torch.autograd.grad(loss, list(wanted.values()))
    results = {"nll": nll.detach() * mask.reshape(-1), "residual": residual.detach() * mask[..., None]}
    results |= {f"final {i}": h.detach() for i, (_, h) in enumerate(final)}
    return results | {name: g for name, g in zip(wanted, found, strict=True)}


def compared(shape: Shape, rows: int, steps: int, dtype: torch.dtype, tolerance: float) -> None:
    network = Network(shape, seed=1)
    rng = torch.Generator().manual_seed(0)
    ids = torch.randint(0, shape.vocab_size, (rows, steps), generator=rng)
    mask = torch.ones(rows, steps)
    mask[0, : steps // 3] = 0
    tails = torch.randn(shape.n_layers, rows, 3, shape.d_inner, generator=rng) * 0.1
    hs = torch.randn(shape.n_layers, rows, shape.d_inner, shape.d_state, generator=rng) * 0.1
    states = list(zip(tails, hs, strict=True))
    theirs = gradients(network, ids, mask, states, torch.float32, by_hand=False)
    there = [(tail.to(DEVICE, dtype), h.to(DEVICE)) for tail, h in states]
    ours = gradients(network.to(DEVICE), ids.to(DEVICE), mask.to(DEVICE), there, dtype, by_hand=True)
    for name, expected in theirs.items():
        found = ours[name].cpu().float()
        assert not found.isnan().any(), name
        error = float((found - expected).norm() / expected.norm())
        assert error < tolerance, f"{name}: {error:.1e}"


@pytest.mark.slow
def test_gradients_by_hand_equal_autograd() -> None:
    compared(SHAPE, 2, 9, torch.float32, 1e-4 if DEVICE == "cpu" else 3e-3)


@pytest.mark.gpu
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 3e-3), (torch.bfloat16, 5e-2)])
def test_gradients_by_hand_equal_autograd_in_the_readers_shape(dtype: torch.dtype, tolerance: float) -> None:
    compared(READER, 2, 203, dtype, tolerance)
