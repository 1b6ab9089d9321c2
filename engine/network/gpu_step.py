"""The decode step on a GPU: one CUDA graph for all states of one sequence, which also computes the argmax.

The graph reads the token and the address of the state from memory (`kernels.gpu.step`), so nothing is copied between
two tokens: the argmax is already where the next replay reads it, and the graph also writes these eight bytes into
pinned host memory, where the program waits for them. No step begins before its token is known to be wanted, so the
state is exact at every token; that leaves the GPU idle for some 20 microseconds a token.

Nothing here refers to the model or to the caller, so the weights leave the GPU with the last reference to the model,
whether or not the garbage collector runs (in this program it seldom does, see `engine.session.startup`).
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch

from engine.network.capture import capture
from engine.network.config import FalconMambaConfig
from engine.network.decode_step import DRAFT_TOKENS, Draft
from engine.network.layer import Layer
from engine.network.linear import Linear
from engine.network.state import MambaState
from kernels import implementation

if TYPE_CHECKING:
    from kernels.gpu.draft import DraftStep

AFTER_STEPS = 3
"""Capturing takes as long as some steps; these also compile every kernel that is captured."""
AFTER_DRAFTS = 2
"""The same of drafts."""


def gpu_step(
    config: FalconMambaConfig, layers: Sequence[Layer], embeddings: torch.Tensor, norm: torch.Tensor, head: Linear
) -> GpuStep | None:
    """Return the decode step of a network, or None: where Triton's kernels do not run, or cannot read its weights."""
    if implementation(embeddings.device).name != "triton":
        return None
    from kernels.gpu.draft import DraftStep
    from kernels.gpu.step import readable

    if not readable(layers, embeddings, head):
        return None
    network = DraftStep(layers, embeddings, norm, head, config.norm_eps, config.mixer_norm_eps, config.residual_in_fp32)
    conv = (config.n_layers, 1, config.d_inner, config.d_conv - 1)
    ssm = (config.n_layers, 1, config.d_inner, config.d_state)
    return GpuStep(network, embeddings.device, (conv, embeddings.dtype), (ssm, torch.float32))


class _Choice:
    """The argmax of a step; a call waits for it and returns it."""

    def __init__(self, host: torch.Tensor, event: torch.cuda.Event | None) -> None:
        self._host, self._event = host, event
        self._found: int | None = None

    def __call__(self) -> int:
        if self._found is None:
            if self._event is not None:
                self._event.synchronize()
            self._found = int(self._host)
        return self._found


_Part = tuple[tuple[int, ...], torch.dtype]


class GpuStep:
    """`DecodeStep` on a GPU, for one sequence; two texts may take turns, each with a state of its own."""

    def __init__(self, network: DraftStep, device: torch.device, conv: _Part, ssm: _Part) -> None:
        """Build the step for states on `device` with these shapes and dtypes."""
        self._network = network
        self._device = device
        self._parts = [conv, ssm]
        on_gpu = device.type == "cuda"
        self._ids = torch.zeros(1, dtype=torch.int64, device=device)  # the token to read; then its argmax
        self._addresses = torch.zeros(2, dtype=torch.int64, device=device)
        self._host = torch.zeros(1, dtype=torch.int64, pin_memory=on_gpu)  # the argmax, in host memory
        make_event: Any = torch.cuda.Event  # torch declares no types for it
        self._event: torch.cuda.Event | None = make_event() if on_gpu else None
        self._at: tuple[int, int] | None = None  # the content of `_addresses`
        self._taken: tuple[Callable[[], torch.Tensor | None], ...] = ()  # weak references to the last state taken
        self._choice: _Choice | None = None  # the argmax of the step before, which `_ids` holds
        self._graph: torch.cuda.CUDAGraph | None = None
        self._logits: torch.Tensor | None = None
        self._steps = 0
        self._keeps_bits = network.keeps_bits
        self._drafts: GpuDrafts | None = None  # made for the first draft

    @property
    def captured(self) -> bool:
        return self._graph is not None

    def takes(self, state: MambaState) -> bool:
        """Return whether the kernels can read this state: one sequence of this network, in order, on its device."""
        parts = (state.conv, state.ssm)
        if self._taken and all(seen() is part for seen, part in zip(self._taken, parts, strict=True)):
            return True
        can = all(
            part.shape == shape and part.dtype == dtype and part.device == self._device and part.is_contiguous()
            for part, (shape, dtype) in zip(parts, self._parts, strict=True)
        )
        self._taken = tuple(map(weakref.ref, parts)) if can else ()
        return can

    def logits(self, ids: torch.Tensor, state: MambaState, graphs: bool) -> torch.Tensor | None:
        """Implement `DecodeStep.logits`."""
        if not self.takes(state):
            return None
        self._read_choice()
        self._choice = None
        self._ids.copy_(ids[0])
        return self._run(state, graphs).clone()

    def argmax(self, token: int, state: MambaState, graphs: bool) -> Callable[[], int] | None:
        """Implement `DecodeStep.argmax`: the GPU chooses, and the caller waits for it no sooner than it must."""
        if not self.takes(state):
            return None
        known, self._choice = self._read_choice(), None
        if known != token:
            self._ids.fill_(token)
        self._run(state, graphs)
        if self._event is not None:
            self._event.record()
        self._choice = _Choice(self._host, self._event)
        return self._choice

    def draft(self, tokens: Sequence[int], state: MambaState, graphs: bool) -> Draft | None:
        """Implement `DecodeStep.draft`."""
        if not self._keeps_bits or not 0 < len(tokens) <= DRAFT_TOKENS or not self.takes(state):
            return None
        if self._drafts is None:
            self._drafts = GpuDrafts(self._network, self._device, *self._parts)
        return self._drafts.read(tokens, state, graphs)

    def _read_choice(self) -> int | None:
        """Read the token of the step before, if the caller has not: the next step overwrites it.

        Returns the token that `_ids` holds, if that is known.
        """
        return None if self._choice is None else self._choice()

    def _run(self, state: MambaState, graphs: bool) -> torch.Tensor:
        at = state.conv.data_ptr(), state.ssm.data_ptr()
        self._steps += 1
        if graphs and self._graph is None and self._steps > AFTER_STEPS:
            self._capture()
        if at != self._at:
            self._addresses.copy_(torch.tensor(at))
            self._at = at
        if not graphs or self._graph is None:
            return self._launch()
        self._graph.replay()
        assert self._logits is not None
        return self._logits

    def _launch(self) -> torch.Tensor:
        from kernels.gpu.step import argmax

        logits = self._network(self._ids, self._addresses)
        argmax(logits, self._ids, self._host)
        return logits

    def _capture(self) -> None:
        """Capture a step on a spare state."""
        token = self._ids.clone()
        spare = [torch.zeros(shape, dtype=dtype, device=self._device) for shape, dtype in self._parts]
        self._at = None
        self._addresses.copy_(torch.tensor([part.data_ptr() for part in spare]))
        self._graph, self._logits = capture(self._device, self._launch)
        self._ids.copy_(token)


class GpuDrafts:
    """Drafts on a GPU: DRAFT_TOKENS tokens, fewer are padded, through one CUDA graph that serves any state."""

    def __init__(self, network: DraftStep, device: torch.device, conv: _Part, ssm: _Part) -> None:
        """Build the buffers for states with these shapes and dtypes: DRAFT_TOKENS states."""
        self._network, self._device = network, device
        count, on_gpu = DRAFT_TOKENS, device.type == "cuda"
        self._ids, self._found = (torch.zeros(count, dtype=torch.int64, device=device) for _ in range(2))
        self._told = torch.zeros(count, dtype=torch.int64, pin_memory=on_gpu)
        self._given = torch.zeros(count, dtype=torch.int64, pin_memory=on_gpu)
        self._addresses = torch.zeros(2, dtype=torch.int64, device=device)
        self._conv, self._ssm = (torch.zeros(count, *shape, dtype=dtype, device=device) for shape, dtype in (conv, ssm))
        self._at: tuple[int, int] | None = None
        self._graph: torch.cuda.CUDAGraph | None = None
        self._drafts = 0

    def read(self, tokens: Sequence[int], state: MambaState, graphs: bool) -> Draft:
        """Read `tokens` from `state`."""
        self._drafts += 1
        if graphs and self._graph is None and self._drafts > AFTER_DRAFTS:
            self._capture(state)
        padded = [*tokens, *[tokens[-1]] * (DRAFT_TOKENS - len(tokens))]
        self._given.copy_(torch.tensor(padded))
        self._ids.copy_(self._given, non_blocking=True)
        self._point_to(state)
        if graphs and self._graph is not None:
            self._graph.replay()
        else:
            self._launch()
        return GpuDraft(self._told, self._conv, self._ssm, state, len(tokens))

    def _point_to(self, state: MambaState) -> None:
        at = state.conv.data_ptr(), state.ssm.data_ptr()
        if at != self._at:
            self._addresses.copy_(torch.tensor(at))
            self._at = at

    def _launch(self) -> None:
        from kernels.gpu.step import argmax

        argmax(self._network.check(self._ids, self._addresses, self._conv, self._ssm), self._found, self._told)

    def _capture(self, state: MambaState) -> None:
        """Capture a draft. It reads `state` and does not change it."""
        self._point_to(state)
        self._graph, _ = capture(self._device, self._launch)


class GpuDraft:
    """`Draft` on a GPU."""

    def __init__(
        self, told: torch.Tensor, conv: torch.Tensor, ssm: torch.Tensor, state: MambaState, count: int
    ) -> None:
        self._told, self._conv, self._ssm, self._state, self._count = told, conv, ssm, state, count
        self._taken = 0

    def argmaxes(self) -> list[int]:
        """Implement `Draft.argmaxes`."""
        if self._ssm.is_cuda:
            torch.cuda.current_stream(self._ssm.device).synchronize()
        return [int(token) for token in self._told[: self._count]]

    def take(self, count: int) -> None:
        """Implement `Draft.take`."""
        self._state.conv.copy_(self._conv[count - 1])
        self._state.ssm.copy_(self._ssm[count - 1])
        self._state.n_tokens += count - self._taken
        self._taken = count
