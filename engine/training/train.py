"""Train the demo model: `python -m engine.training.train --out FOLDER`.

The curriculum runs in three stages (recall appears on short rows; long rows come after it), all batches a function of
the step alone, so that a run can stop at any step and go on in another process. Worker processes write the batches; on
CUDA a whole step, optimizer included, is one captured graph for each lesson.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine.training import checkpoint, lessons
from engine.training.lessons import ANSWER, TEXT, Lesson, Teacher
from engine.training.network import Network, Shape
from engine.training.optimizer import Optimizer

TOKENIZER = Path(__file__).parents[2] / "resources" / "models" / "demo"
TRAINED_CONTEXT = 2048
TEXT_WEIGHT = 0.05
SUMMARY_WEIGHT = 3.0
WARM_UP = 200
LAST_LR_SHARE = 0.04
HELD_OUT_SEED = 7_000_000_000
Mix = tuple[tuple[float, Lesson], ...]
STAGES: tuple[Mix, ...] = (
    ((1.0, lessons.FIRST),),
    ((0.3, lessons.SHORT), (0.7, lessons.MIDDLE)),
    ((0.15, lessons.SHORT), (0.25, lessons.MIDDLE), (0.53, lessons.LONG), (0.07, lessons.VERY_LONG)),
)


@dataclass(frozen=True)
class Plan:
    """What a run does at each step; kept in the checkpoint, so that a resumed run follows the same plan."""

    stage_steps: tuple[int, ...]
    lr: float
    seed: int

    @property
    def steps(self) -> int:
        return sum(self.stage_steps)

    def lesson(self, step: int) -> Lesson:
        stage = 0
        while stage + 1 < len(self.stage_steps) and step >= sum(self.stage_steps[: stage + 1]):
            stage += 1
        chance = random.Random(self.seed * 1_000_003 + step).random()
        for share, lesson in STAGES[stage]:
            chance -= share
            if chance < 0:
                return lesson
        return STAGES[stage][-1][1]

    def lr_at(self, step: int, time_share: float = 0.0) -> float:
        """Warm-up, then half a cosine down to a small share, at the plan's end or when the run's time is up."""
        down = 0.5 + 0.5 * math.cos(math.pi * min(1.0, max(step / max(1, self.steps), time_share)))
        return self.lr * min(1.0, (step + 1) / WARM_UP) * (LAST_LR_SHARE + (1 - LAST_LR_SHARE) * down)

    def batch_seed(self, step: int) -> int:
        return self.seed * 1_000_000_007 + step


class Step:
    """Forward, backward and optimizer for one lesson's shapes: captured as a CUDA graph, or run as it is on the CPU."""

    def __init__(self, network: Network, optimizer: Optimizer, lesson: Lesson, dtype: torch.dtype, pool=None) -> None:
        self.network, self.optimizer, self.lesson, self.dtype = network, optimizer, lesson, dtype
        self.device = network.embeddings.device
        T, R, F = lesson.tokens, lesson.rows, lesson.rows * lesson.forks
        sizes = [
            (R, T),
            (R, T),
            (R, T),
            (R, T),
            (F, lessons.FORK_TOKENS),
            (F, lessons.FORK_TOKENS),
            (F, lessons.FORK_TOKENS),
        ]
        self.inputs = [torch.zeros(*size, dtype=torch.int32, device=self.device) for size in sizes]
        self.graph: torch.cuda.CUDAGraph | None = None
        self.result = torch.zeros(4, device=self.device)
        self._pool = pool

    def load(self, arrays: tuple[np.ndarray, ...]) -> None:
        for static, array in zip(self.inputs, arrays, strict=True):
            source = torch.from_numpy(array.astype(np.int32))
            static.copy_(source.pin_memory() if static.is_cuda else source, non_blocking=True)

    def losses(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(loss to minimise, sum and number of answer tokens' losses, mean loss of text) of the loaded batch."""
        ids, targets, kinds, mask, fork_ids, fork_targets, fork_kinds = (a.long() for a in self.inputs)
        residual, states = self.network.read(ids, mask, None, self.dtype)
        K = self.lesson.forks
        forked = [(_fork(tail, K), _fork(h, K)) for tail, h in states]
        ones = torch.ones_like(fork_ids)
        fork_residual, _ = self.network.read(fork_ids, ones, forked, self.dtype)
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

    def _run(self) -> None:
        loss, answer_sum, n_answers, text_loss = self.losses()
        gradients = torch.autograd.grad(loss, list(self.optimizer.parameters.values()))
        norm = self.optimizer.step(list(gradients))
        self.result.copy_(torch.stack([answer_sum, n_answers, text_loss, norm]))

    def __call__(self) -> Tensor:
        """Train on the loaded batch; returns (answer loss sum, answer tokens, text loss, gradient norm)."""
        if self.device.type != "cuda":
            self._run()
        else:
            self.capture().replay()
        return self.result

    def capture(self) -> torch.cuda.CUDAGraph:
        """The step as a graph, captured on first use."""
        if self.graph is not None:
            return self.graph
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(2):  # compiles and warms every kernel; parameters stay as they are
                torch.autograd.grad(self.losses()[0], list(self.optimizer.parameters.values()))
            self.optimizer.warm_up()
        torch.cuda.current_stream().wait_stream(stream)
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool):
            self._run()
        self.graph = graph
        return graph

    def exact_answers(self) -> tuple[int, int]:
        """(answers of forks that greedy decoding would give exactly, answers) of the loaded batch."""
        ids, _, _, mask, fork_ids, fork_targets, fork_kinds = (a.long() for a in self.inputs)
        _, states = self.network.read(ids, mask, None, self.dtype)
        forked = [(_fork(tail, self.lesson.forks), _fork(h, self.lesson.forks)) for tail, h in states]
        residual, _ = self.network.read(fork_ids, torch.ones_like(fork_ids), forked, self.dtype)
        right = (self.network.logits(residual.detach(), self.dtype).argmax(-1) == fork_targets).cpu().numpy()
        kinds, targets = fork_kinds.cpu().numpy(), fork_targets.cpu().numpy()
        exact = total = 0
        for row_right, row_kinds, row_targets in zip(right, kinds, targets, strict=True):
            so_far = True
            for ok, kind, target in zip(row_right, row_kinds, row_targets, strict=True):
                if kind != ANSWER:
                    so_far = True
                    continue
                so_far = so_far and bool(ok)
                if target == self.lesson_end:
                    exact += so_far
                    total += 1
        return exact, total

    lesson_end = 2  # <|im_end|>


def _fork(state: Tensor, k: int) -> Tensor:
    """[R, ...] -> [R * k, ...], each row k times."""
    return state[:, None].expand(-1, k, *state.shape[1:]).reshape(-1, *state.shape[1:])


def _work(plan: Plan, tokenizer: Path, start: int, stride: int, queue) -> None:
    from engine.training.tokenizer import load

    teacher = Teacher(load(tokenizer))
    for step in range(start, plan.steps, stride):
        queue.put(teacher.batch(plan.lesson(step), plan.batch_seed(step)).arrays())


def batches(plan: Plan, tokenizer: Path, first_step: int, workers: int) -> Iterator[tuple[np.ndarray, ...]]:
    """Batches from `first_step` on, in order; written by `workers` processes, which start now, or here when 0."""
    if workers == 0:
        teacher = _teacher(tokenizer)
        return (teacher.batch(plan.lesson(s), plan.batch_seed(s)).arrays() for s in range(first_step, plan.steps))
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    context = multiprocessing.get_context("spawn")
    queues = [context.Queue(maxsize=4) for _ in range(workers)]
    processes = [
        context.Process(target=_work, args=(plan, tokenizer, first_step + w, workers, queues[w]), daemon=True)
        for w in range(workers)
    ]
    for process in processes:
        process.start()
    return _collect(queues, processes, plan.steps - first_step)


def _collect(queues, processes, count: int) -> Iterator[tuple[np.ndarray, ...]]:
    try:
        for i in range(count):
            yield queues[i % len(queues)].get(timeout=90)  # a dead worker must not hang the run
    finally:
        for process in processes:
            process.kill()


def train(
    plan: Plan,
    out: Path,
    *,
    shape: Shape,
    device: str,
    resume: Path | None = None,
    seconds: float = math.inf,
    workers: int = 0,
    muon: bool = True,
    tokenizer: Path = TOKENIZER,
    stop_at: int | None = None,
    log_every: int = 50,
    check_every: int = 500,
    save_every: int = 2000,
    anneal: bool = False,
) -> Network:
    """Run the plan until its end, `stop_at` or `seconds`; leaves a checkpoint and a model folder's weights in `out`.

    `anneal` brings the learning rate down by the end of `seconds`, for a run that will not be resumed.
    """
    started = time.monotonic()
    out.mkdir(parents=True, exist_ok=True)
    torch.set_float32_matmul_precision("high")
    network = Network(shape, seed=plan.seed).to(device)
    optimizer = Optimizer(dict(network.named_parameters()), muon=muon)
    step = 0
    if resume:
        step = checkpoint.load(resume, network, optimizer)["step"]
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    pool = torch.cuda.graph_pool_handle() if device == "cuda" else None
    steps: dict[str, Step] = {}
    last = min(plan.steps, stop_at or plan.steps)
    feed = batches(plan, tokenizer, step, workers)
    teacher = _teacher(tokenizer)
    held_out = {
        lesson.name: teacher.batch(lesson, HELD_OUT_SEED, held_out=True).arrays() for mix in STAGES for _, lesson in mix
    }
    if device == "cuda":  # compile and capture while the first batches are written
        lesson = plan.lesson(step)
        steps[lesson.name] = Step(network, optimizer, lesson, dtype, pool)
        steps[lesson.name].capture()

    def keep(step: int) -> None:
        position = {"step": step, "stage_steps": plan.stage_steps, "lr": plan.lr, "seed": plan.seed, "muon": muon}
        checkpoint.save(out / "checkpoint", network, optimizer, position)
        network.save(out / "model", TRAINED_CONTEXT)

    sums = torch.zeros(4, device=device)
    tokens, waited, mark = 0, 0.0, time.monotonic()
    with (out / "log.jsonl").open("a") as log:
        while step < last and time.monotonic() - started < seconds:
            lesson = plan.lesson(step)
            at = time.monotonic()
            arrays = next(feed)
            waited += time.monotonic() - at
            run = steps.get(lesson.name)
            if run is None:
                run = steps[lesson.name] = Step(network, optimizer, lesson, dtype, pool)
            run.load(arrays)
            lr = plan.lr_at(step, (time.monotonic() - started) / seconds if anneal else 0.0)
            optimizer.lr.fill_(lr)
            sums += run()
            tokens += arrays[0].size + arrays[4].size
            step += 1
            if step % log_every == 0 or step == last:
                values = sums.tolist()
                now = time.monotonic()
                entry = {
                    "step": step,
                    "seconds": round(now - started, 1),
                    "lesson": lesson.name,
                    "answer_loss": round(values[0] / max(1.0, values[1]), 4),
                    "text_loss": round(values[2] / log_every, 4),
                    "norm": round(values[3] / log_every, 3),
                    "lr": round(lr, 6),
                    "tokens_per_s": round(tokens / (now - mark)),
                    "waited_s": round(waited, 2),
                }
                if step % check_every == 0 or step == last:
                    run.load(held_out[lesson.name])
                    exact, total = run.exact_answers()
                    entry["held_out_exact"] = round(exact / total, 3)
                    now = time.monotonic()
                print(json.dumps(entry), flush=True)
                log.write(json.dumps(entry) + "\n")
                log.flush()
                sums.zero_()
                tokens, waited, mark = 0, 0.0, now
            if step % save_every == 0:
                keep(step)
    keep(step)
    return network


def _teacher(tokenizer: Path) -> Teacher:
    from engine.training.tokenizer import load

    return Teacher(load(tokenizer))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--resume", type=Path, help="a checkpoint folder; its plan is followed")
    parser.add_argument("--stages", default="1300,2000,4600", help="steps of the three stages")
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--adamw", action="store_true", help="AdamW for every parameter")
    parser.add_argument("--seconds", type=float, default=math.inf)
    parser.add_argument(
        "--anneal", action="store_true", help="the last piece: bring the learning rate down by --seconds"
    )
    parser.add_argument("--stop-at", type=int)
    parser.add_argument("--workers", type=int, default=max(1, (os.cpu_count() or 2) - 2))
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--check-every", type=int, default=500)
    options = parser.parse_args()
    plan = Plan(tuple(int(n) for n in options.stages.split(",")), options.lr, options.seed)
    muon = not options.adamw
    if options.resume:
        kept = json.loads((options.resume / "position.json").read_text())
        plan, muon = Plan(tuple(kept["stage_steps"]), kept["lr"], kept["seed"]), kept["muon"]
    train(
        plan,
        options.out,
        shape=Shape(),
        device=options.device,
        resume=options.resume,
        seconds=options.seconds,
        workers=options.workers,
        muon=muon,
        stop_at=options.stop_at,
        check_every=options.check_every,
        anneal=options.anneal,
    )


if __name__ == "__main__":
    main()
