"""One training step: gradients of a batch, then the optimizer; on CUDA each a captured graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.training import lessons
from engine.training.lessons import ANSWER, TEXT, Lesson
from engine.training.network import Network
from engine.training.optimizer import Optimizer

TEXT_WEIGHT = 0.05
SUMMARY_WEIGHT = 3.0
ANSWER_END = 2
"""<|im_end|>, the last token of every answer."""


class Gradients:
    """All gradients in one flat buffer, which a team averages at once."""

    def __init__(self, parameters: dict[str, Tensor]) -> None:
        device = next(iter(parameters.values())).device
        self.flat = torch.zeros(sum(p.numel() for p in parameters.values()), device=device)
        self.parts: list[Tensor] = []
        at = 0
        for p in parameters.values():
            self.parts.append(self.flat[at : at + p.numel()].view_as(p))
            at += p.numel()

    def fill(self, gradients: tuple[Tensor, ...]) -> None:
        torch._foreach_copy_(self.parts, list(gradients))


class Update:
    """The optimizer's step from the flat gradients; returns their norm before clipping."""

    def __init__(self, optimizer: Optimizer, gradients: Gradients) -> None:
        self._optimizer, self._gradients = optimizer, gradients
        self._graph: torch.cuda.CUDAGraph | None = None
        self._norm = torch.zeros((), device=gradients.flat.device)

    def __call__(self) -> Tensor:
        if not self._norm.is_cuda:
            self._run()
        else:
            if self._graph is None:
                self._optimizer.warm_up()
                torch.cuda.synchronize()
                self._graph = torch.cuda.CUDAGraph()
                with torch.cuda.graph(self._graph, capture_error_mode="thread_local"):
                    self._run()
            self._graph.replay()
        return self._norm

    def _run(self) -> None:
        self._norm.copy_(self._optimizer.step(self._gradients.parts))


class Step:
    """Gradients of one lesson's batches."""

    def __init__(
        self, network: Network, gradients: Gradients, lesson: Lesson, dtype: torch.dtype, pool: Any = None
    ) -> None:
        self.network, self.gradients, self.lesson, self.dtype = network, gradients, lesson, dtype
        self._parameters = list(network.parameters())
        self.device = network.embeddings.device
        rows, forks = (lesson.rows, lesson.tokens), (lesson.rows * lesson.forks, lessons.FORK_TOKENS)
        self.inputs = [torch.zeros(*size, dtype=torch.int32, device=self.device) for size in (rows,) * 4 + (forks,) * 3]
        self.result = torch.zeros(3, device=self.device)
        self._graph: torch.cuda.CUDAGraph | None = None
        self._pool = pool

    def load(self, arrays: tuple[np.ndarray, ...]) -> None:
        for static, array in zip(self.inputs, arrays, strict=True):
            source = torch.from_numpy(array.astype(np.int32))
            static.copy_(source.pin_memory() if static.is_cuda else source, non_blocking=True)

    def losses(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return (loss to minimise, sum and number of answer tokens' losses, mean loss of text) of the loaded batch."""
        ids, targets, kinds, mask, fork_ids, fork_targets, fork_kinds = (a.long() for a in self.inputs)
        residual, states = self.network.read(ids, mask, None, self.dtype)
        fork_residual = self._read_forks(states, fork_ids)
        nll = torch.cat(
            [
                self.network.losses(residual, targets, self.dtype),
                self.network.losses(fork_residual, fork_targets, self.dtype),
            ]
        )
        kind = torch.cat([kinds.reshape(-1), fork_kinds.reshape(-1)])
        answer, text = (kind == ANSWER).float(), (kind == TEXT).float()
        weight = answer + TEXT_WEIGHT * text
        # A summary is one answer a row, where questions are dozens: it counts more.
        weight[: kinds.numel()] += (SUMMARY_WEIGHT - 1) * answer[: kinds.numel()]
        loss = (nll * weight).sum() / weight.sum()
        return (
            loss,
            (nll * answer).sum().detach(),
            answer.sum(),
            ((nll * text).sum() / text.sum().clamp(min=1)).detach(),
        )

    def _read_forks(self, states: list[tuple[Tensor, Tensor]], fork_ids: Tensor) -> Tensor:
        K = self.lesson.forks
        forked = [(_fork(tail, K), _fork(h, K)) for tail, h in states]
        return self.network.read(fork_ids, torch.ones_like(fork_ids), forked, self.dtype)[0]

    def _run(self) -> None:
        loss, answer_sum, n_answers, text_loss = self.losses()
        self.gradients.fill(torch.autograd.grad(loss, self._parameters))
        self.result.copy_(torch.stack([answer_sum, n_answers, text_loss]))

    def __call__(self) -> Tensor:
        """Fill the gradients for the loaded batch; returns (answer loss sum, answer tokens, text loss)."""
        if self.device.type != "cuda":
            self._run()
        else:
            self.capture().replay()
        return self.result

    def capture(self) -> torch.cuda.CUDAGraph:
        """Return the step as a graph, captured on first use."""
        if self._graph is not None:
            return self._graph
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(2):  # compiles and warms every kernel; parameters stay as they are
                torch.autograd.grad(self.losses()[0], self._parameters)
        torch.cuda.current_stream().wait_stream(stream)
        torch.cuda.synchronize()
        self._graph = torch.cuda.CUDAGraph()
        # Other threads (the team's watchdog) may call CUDA meanwhile.
        with torch.cuda.graph(self._graph, pool=self._pool, capture_error_mode="thread_local"):
            self._run()
        return self._graph

    def exact_answers(self) -> tuple[int, int]:
        """Return (answers of forks that greedy decoding gives exactly, answers) of the loaded batch."""
        ids, _, _, mask, fork_ids, fork_targets, fork_kinds = (a.long() for a in self.inputs)
        _, states = self.network.read(ids, mask, None, self.dtype)
        residual = self._read_forks(states, fork_ids)
        right = (self.network.logits(residual, self.dtype).argmax(-1) == fork_targets).cpu().numpy()
        kinds, targets = fork_kinds.cpu().numpy(), fork_targets.cpu().numpy()
        exact = total = 0
        for row_right, row_kinds, row_targets in zip(right, kinds, targets, strict=True):
            so_far = True
            for ok, kind, target in zip(row_right, row_kinds, row_targets, strict=True):
                if kind != ANSWER:
                    so_far = True
                    continue
                so_far = so_far and bool(ok)
                if target == ANSWER_END:
                    exact += so_far
                    total += 1
        return exact, total


def _fork(state: Tensor, k: int) -> Tensor:
    """Repeat each row k times: [R, ...] -> [R * k, ...]."""
    return state[:, None].expand(-1, k, *state.shape[1:]).reshape(-1, *state.shape[1:])
