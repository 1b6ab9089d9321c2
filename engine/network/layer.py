"""The weights of one layer, and the observer that the forward pass can report to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from engine.network.linear import Linear

DtObserver = Callable[[int, torch.Tensor], None]
"""Called with the number of every layer and its dt [B, T, d_inner] as the scan gets it: without bias and softplus,
padding included. It must not change the tensor."""


@dataclass(frozen=True, slots=True)
class Layer:
    """Weights of one layer, in the compute dtype unless a shape says fp32."""

    norm: torch.Tensor  # [d_model]
    in_proj: Linear  # [2 * d_inner, d_model]
    conv: torch.Tensor  # [d_inner, d_conv]
    conv_bias: torch.Tensor | None  # [d_inner]
    x_proj: Linear  # [dt_rank + 2 * d_state, d_inner]
    dt_proj: Linear  # [d_inner, dt_rank], without its bias
    dt_bias: torch.Tensor  # [d_inner], fp32
    A: torch.Tensor  # [d_inner, d_state], fp32
    D: torch.Tensor  # [d_inner], fp32
    out_proj: Linear  # [d_model, d_inner]

    @property
    def matrices(self) -> tuple[Linear, Linear, Linear, Linear]:
        """The projections, in the order of the forward pass."""
        return self.in_proj, self.x_proj, self.dt_proj, self.out_proj
