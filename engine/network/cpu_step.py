"""The decode step on a CPU: the whole network in one compiled call, for weights whose rows lie in order."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch

from engine.network.config import FalconMambaConfig
from engine.network.decode_step import DRAFT_TOKENS, Draft
from engine.network.layer import Layer
from engine.network.linear import Linear
from engine.network.state import MambaState
from kernels import implementation
from kernels.quantisation import FEW, FP8

if TYPE_CHECKING:
    from kernels.cpu.llvm.step import NetworkStep

_log = logging.getLogger(__name__)


def cpu_step(
    config: FalconMambaConfig, layers: Sequence[Layer], embeddings: torch.Tensor, norm: torch.Tensor, head: Linear
) -> CpuStep | None:
    """Return the compiled step of a network, or None: on another device or dtype, or where vector
    code is off."""
    if embeddings.device.type != "cpu" or implementation("cpu").name != "cpu":
        return None
    if embeddings.dtype not in (torch.float32, torch.bfloat16) or not config.residual_in_fp32:
        return None
    if any(matrix.weight.dtype == FP8 for layer in layers for matrix in layer.matrices):
        return None
    from kernels.cpu.products import switched_on

    if not switched_on():
        return None
    from kernels.cpu.llvm.matvec import Rows
    from kernels.cpu.llvm.step import NetworkStep, StepLayer

    def rows(linear: Linear) -> Rows:
        return Rows(linear.weight, linear.scales, linear.bias)

    step_layers = [
        StepLayer(
            norm=layer.norm,
            in_proj=rows(layer.in_proj),
            conv=layer.conv,
            conv_bias=layer.conv_bias,
            x_proj=rows(layer.x_proj),
            dt_proj=rows(layer.dt_proj),
            dt_bias=layer.dt_bias,
            A=layer.A,
            D=layer.D,
            out_proj=rows(layer.out_proj),
        )
        for layer in layers
    ]
    return CpuStep(NetworkStep(step_layers, embeddings, norm, rows(head), config.norm_eps, config.mixer_norm_eps))


class CpuStep:
    """`DecodeStep` on a CPU, for up to FEW sequences."""

    def __init__(self, network: NetworkStep) -> None:
        self.network = network
        self.compiles: bool | None = None
        """True when the step compiles on this machine; None before the first token."""

    def logits(self, ids: torch.Tensor, state: MambaState, graphs: bool = False) -> torch.Tensor | None:
        """Implement `DecodeStep.logits`."""
        if len(ids) > FEW or not (state.conv.is_contiguous() and state.ssm.is_contiguous()):
            return None
        if self.compiles is None:
            self.compiles = self._compile()
        return self.network(ids[:, 0], state.conv, state.ssm) if self.compiles else None

    def argmax(self, token: int, state: MambaState, graphs: bool = False) -> Callable[[], int] | None:
        """Return None: the logits are in the host's memory, where the caller chooses."""
        return None

    def draft(self, tokens: Sequence[int], state: MambaState, graphs: bool = False) -> Draft | None:
        """Implement `DecodeStep.draft`."""
        if state.batch_size != 1 or not 0 < len(tokens) <= DRAFT_TOKENS:
            return None
        if self.compiles is None:
            self.compiles = self._compile()
        return CpuDraft(self.network, tokens, state) if self.compiles else None

    def _compile(self) -> bool:
        try:
            self.network.compile()
        except Exception as error:  # numba and llvmlite raise errors of many kinds
            _log.warning("the decode step does not compile here; tokens are computed op by op: %s", error)
            return False
        return True


class CpuDraft:
    """`Draft` on a CPU."""

    def __init__(self, network: NetworkStep, tokens: Sequence[int], state: MambaState) -> None:
        self._state, self._taken = state, 0
        conv, ssm = state.conv, state.ssm
        count = len(tokens)
        self._conv = conv.new_empty(conv.shape[0], count + 1, *conv.shape[2:])
        self._ssm = ssm.new_empty(ssm.shape[0], count + 1, *ssm.shape[2:])
        self._conv[:, 0], self._ssm[:, 0] = conv[:, 0], ssm[:, 0]
        self._logits = network.follow(torch.tensor(tokens), self._conv, self._ssm)

    def argmaxes(self) -> list[int]:
        """Implement `Draft.argmaxes`."""
        best, found = self._logits.max(dim=-1)
        return torch.where(best.isfinite(), found, -1).tolist()

    def take(self, count: int) -> None:
        """Implement `Draft.take`."""
        self._state.conv[:, 0] = self._conv[:, count]
        self._state.ssm[:, 0] = self._ssm[:, count]
        self._state.n_tokens += count - self._taken
        self._taken = count
