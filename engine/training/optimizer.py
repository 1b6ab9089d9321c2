"""The optimizer: Muon for the two large projections of every layer, AdamW for the rest; no step leaves the device.

Muon (K. Jordan et al., 2024) replaces a matrix's momentum by the nearest semi-orthogonal matrix, found by Newton-Schulz
steps; scaled by 0.2 sqrt(larger side) its updates are as large as AdamW's (J. Liu et al., arXiv 2502.16982), so both
share one learning rate. Weight decay is decoupled and applies to matrices of layers only.
"""

from __future__ import annotations

import torch
from torch import Tensor

MUON = {"in_proj": 2, "out_proj": 1}
"""Stacked parameters that Muon updates, and how many matrices each layer's part holds (x and z)."""
DECAYED = ("in_proj", "out_proj", "x_proj", "dt_proj")
BETA_1, BETA_2, EPSILON = 0.9, 0.95, 1e-8
MOMENTUM = 0.95
WEIGHT_DECAY = 0.1
CLIP = 1.0
_NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)


class Optimizer:
    """Moments and steps for named parameters. `lr` is a tensor, so that a captured graph follows the schedule."""

    def __init__(self, parameters: dict[str, Tensor], *, muon: bool = True) -> None:
        self.parameters = parameters
        self.muon = tuple(MUON) if muon else ()
        device = next(iter(parameters.values())).device
        self.lr = torch.zeros((), device=device)
        self.steps = torch.zeros((), device=device)
        self.first = {name: torch.zeros_like(p) for name, p in parameters.items()}
        self.second = {name: torch.zeros_like(p) for name, p in parameters.items() if name not in self.muon}

    @torch.no_grad()
    def step(self, gradients: list[Tensor]) -> Tensor:
        """Take one step with the gradients of `parameters` in order; return their norm before clipping."""
        norm = torch.stack([g.float().norm() for g in gradients]).norm()
        scale = (CLIP / (norm + 1e-6)).clamp(max=1.0)
        self.steps += 1
        for (name, p), gradient in zip(self.parameters.items(), gradients, strict=True):
            g = gradient * scale
            if name in DECAYED:
                p.mul_(1 - self.lr * WEIGHT_DECAY)
            if name in self.muon:
                self.first[name].mul_(MOMENTUM).add_(g)
                update = orthogonal(g + MOMENTUM * self.first[name], MUON[name])
            else:
                m, v = self.first[name], self.second[name]
                m.lerp_(g, 1 - BETA_1)
                v.lerp_(g * g, 1 - BETA_2)
                update = m / (1 - BETA_1**self.steps) / ((v / (1 - BETA_2**self.steps)).sqrt() + EPSILON)
            p.sub_(update * self.lr)
        return norm

    def warm_up(self) -> None:
        """Run the products of a step once and keep nothing: a graph capture must not be their first use."""
        for name in self.muon:
            orthogonal(self.parameters[name].detach(), MUON[name])

    def tensors(self) -> dict[str, Tensor]:
        """Return the tensors of a checkpoint besides the parameters."""
        return (
            {f"first.{n}": t for n, t in self.first.items()}
            | {f"second.{n}": t for n, t in self.second.items()}
            | {"steps": self.steps}
        )


def orthogonal(stacked: Tensor, parts: int) -> Tensor:
    """Return the nearest semi-orthogonal matrices of [L, parts * m, n], each scaled to AdamW's size of update."""
    shape = stacked.shape
    x = stacked.reshape(shape[0] * parts, shape[1] // parts, shape[2])
    size = max(x.shape[-2:])
    x = x.to(torch.bfloat16)
    tall = x.shape[-2] > x.shape[-1]
    if tall:
        x = x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    a, b, c = _NEWTON_SCHULZ
    for _ in range(5):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    if tall:
        x = x.mT
    return x.reshape(shape).float() * (0.2 * size**0.5)
