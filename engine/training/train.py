"""Train the demo model: `python -m engine.training.train --out FOLDER`.

One process a GPU (`--ranks`), gradients averaged; worker processes write the batches. A run ends with its plan, or by
the clock (`--seconds`), and leaves a checkpoint from which another can go on.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import socket
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.multiprocessing.spawn import spawn

from engine.training import checkpoint
from engine.training.feed import batches
from engine.training.lessons import Lesson, Teacher
from engine.training.network import Network, Shape
from engine.training.optimizer import Optimizer
from engine.training.plan import Plan
from engine.training.step import Gradients, Step, Update
from engine.training.team import Team

TOKENIZER = Path(__file__).parents[2] / "resources" / "models" / "demo"
HELD_OUT_SEED = 7_000_000_000
AGREE_EVERY = 10
"""Steps between two looks at the clock, which the leader's decides."""


@dataclass(frozen=True)
class Run:
    """Folders and end of a run; the plan says what it trains."""

    out: Path
    shape: Shape
    device: str
    resume: Path | None = None
    start: Path | None = None
    """A model folder to take the first weights from."""
    seconds: float = math.inf
    workers: int = 0
    """Processes that write batches, for each rank; 0 writes them in the rank itself."""
    muon: bool = True
    tokenizer: Path = TOKENIZER
    stop_at: int | None = None
    log_every: int = 50
    check_every: int = 500
    save_every: int = 2000
    anneal: bool = False
    """Bring the learning rate down by the end of `seconds`, as the plan says."""


def train(plan: Plan, run: Run, team: Team | None = None) -> Network:
    """Run the plan until its end, `stop_at` or `seconds`; leaves a checkpoint and a model folder's weights in `out`."""
    return _Training(plan, run, team or Team()).go()


class _Training:
    def __init__(self, plan: Plan, run: Run, team: Team) -> None:
        self.started = time.monotonic()
        self.plan, self.run, self.team = plan, run, team
        torch.set_float32_matmul_precision("high")
        self.cuda = run.device.startswith("cuda")
        self.dtype = torch.bfloat16 if self.cuda else torch.float32
        self.network = Network(run.shape, seed=plan.seed).to(run.device)
        self.optimizer = Optimizer(dict(self.network.named_parameters()), muon=run.muon)
        self.step = self.warm_from = 0
        if run.start:
            self.network.fill(run.start)
            self.step = self.warm_from = plan.steps - plan.stage_steps[-1]
        if run.resume:
            position = checkpoint.load(run.resume, self.network, self.optimizer)
            self.step = position["step"]
            self.warm_from = position["warm_from"] if position["moments"] else self.step
        self.gradients = Gradients(self.optimizer.parameters)
        self.update = Update(self.optimizer, self.gradients)
        self.steps: dict[str, Step] = {}
        self._pool = torch.cuda.graph_pool_handle() if self.cuda else None

    def go(self) -> Network:
        plan, run, team = self.plan, self.run, self.team
        run.out.mkdir(parents=True, exist_ok=True)
        feed = batches(plan, run.tokenizer, self.step, run.workers, team.rank, team.size)
        if self.cuda:  # compile and capture while the first batches are written
            self._step(plan.lesson(self.step)).capture()
        log = _Log(run.out / "log.jsonl", run.log_every, self.started, run.device) if team.leads else None
        last = min(plan.steps, run.stop_at or plan.steps)
        left = 1.0
        while self.step < last:
            if self.step % AGREE_EVERY == 0:
                elapsed = time.monotonic() - self.started
                left = team.agree(f"left at {self.step}", 1.0 - elapsed / run.seconds)
                if left <= 0:
                    break
            lesson = plan.lesson(self.step)
            at = time.monotonic()
            arrays = next(feed)
            waited = time.monotonic() - at
            step = self._step(lesson)
            step.load(arrays)
            lr = plan.lr_at(self.step, warm_from=self.warm_from, time_left=left if run.anneal else 1.0)
            self.optimizer.lr.fill_(lr)
            result = step()
            team.average(self.gradients.flat)
            norm = self.update()
            self.step += 1
            if log:
                log.add(result, norm, (arrays[0].size + arrays[4].size) * team.size, waited)
                if self.step % run.log_every == 0 or self.step == last:
                    checked = {}
                    if self.step % run.check_every == 0:
                        checked["held_out_exact"] = self._held_out(lesson)
                    log.write({"step": self.step, "lesson": lesson.name, "lr": round(lr, 6)} | checked)
            if self.step % run.save_every == 0:
                self._keep()
        self._keep()
        if log:
            exact = {lesson.name: self._held_out(lesson) for lesson in plan.lessons.values()}
            log.write({"step": self.step, "held_out_exact": exact})
        team.part()
        return self.network

    def _step(self, lesson: Lesson) -> Step:
        step = self.steps.get(lesson.name)
        if step is None:
            step = self.steps[lesson.name] = Step(self.network, self.gradients, lesson, self.dtype, self._pool)
        return step

    def _held_out(self, lesson: Lesson) -> float:
        """Return the share of answers about held-out records that greedy decoding gives exactly."""
        step = self._step(lesson)
        step.load(_teacher(self.run.tokenizer).batch(lesson, HELD_OUT_SEED, held_out=True).arrays())
        exact, total = step.exact_answers()
        return round(exact / max(1, total), 3)

    def _keep(self) -> None:
        checkpoint.round_moments(self.optimizer)
        self.team.equalise([*self.network.parameters(), *self.optimizer.tensors().values()])
        if self.team.leads:
            plan = {"stage_steps": self.plan.stage_steps, "lr": self.plan.lr, "seed": self.plan.seed}
            position = {"step": self.step, "warm_from": self.warm_from, "ranks": self.team.size, "muon": self.run.muon}
            checkpoint.save(self.run.out / "checkpoint", self.network, self.optimizer, position | plan)


class _Log:
    """Lines of log.jsonl: losses since the last line and speed."""

    def __init__(self, path: Path, every: int, started: float, device: str) -> None:
        self._path, self._every, self._started = path, every, started
        self._sums = torch.zeros(4, device=device)
        self._tokens, self._waited, self._mark, self._count = 0, 0.0, time.monotonic(), 0

    def add(self, result: Tensor, norm: Tensor, tokens: int, waited: float) -> None:
        self._sums[:3] += result
        self._sums[3] += norm
        self._tokens += tokens
        self._waited += waited
        self._count += 1

    def write(self, entry: dict[str, Any]) -> None:
        answer, n_answers, text, norm = self._sums.tolist()
        now = time.monotonic()
        if self._count:
            entry |= {
                "answer_loss": round(answer / max(1.0, n_answers), 4),
                "text_loss": round(text / self._count, 4),
                "norm": round(norm / self._count, 3),
                "tokens_per_s": round(self._tokens / (now - self._mark)),
                "waited_s": round(self._waited, 2),
            }
        entry["seconds"] = round(now - self._started, 1)
        line = json.dumps(entry)
        print(line, flush=True)
        with self._path.open("a") as file:
            file.write(line + "\n")
        self._sums.zero_()
        self._tokens, self._waited, self._mark, self._count = 0, 0.0, now, 0


def _teacher(tokenizer: Path) -> Teacher:
    from engine.training.tokenizer import load

    return Teacher(load(tokenizer))


def _vocabulary(tokenizer: Path) -> int:
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(tokenizer / "tokenizer.json")).get_vocab_size()


def _rank(rank: int, plan: Plan, run: Run, ranks: int, port: int) -> None:
    if run.device == "cuda":
        torch.cuda.set_device(rank)
    train(plan, run, Team(rank, ranks, port))


def train_on(ranks: int, plan: Plan, run: Run) -> None:
    """Train with one process for each of `ranks` GPUs (or, on the CPU, for tests, so many processes)."""
    if ranks == 1:
        train(plan, run)
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    spawn(_rank, args=(plan, run, ranks, port), nprocs=ranks)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--resume", type=Path, help="a checkpoint folder")
    parser.add_argument("--start", type=Path, help="a model folder: its weights, then the plan's last stage")
    parser.add_argument("--stages", default="1500,3000,100000", help="steps of the three stages")
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--adamw", action="store_true", help="AdamW for every parameter")
    parser.add_argument("--seconds", type=float, default=math.inf)
    parser.add_argument(
        "--anneal", type=float, metavar="SHARE", help="bring the learning rate down over this last share of --seconds"
    )
    parser.add_argument("--last-lr", type=float, default=0.02, help="to this share of it")
    parser.add_argument("--stop-at", type=int)
    parser.add_argument("--ranks", type=int, default=max(1, torch.cuda.device_count()), help="GPUs")
    parser.add_argument("--workers", type=int, help="processes that write batches, in all")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--tokenizer", type=Path, default=TOKENIZER)
    parser.add_argument("--check-every", type=int, default=500)
    options = parser.parse_args()
    workers = options.workers if options.workers is not None else max(1, (os.cpu_count() or 2) - options.ranks)
    plan = Plan(tuple(int(n) for n in options.stages.split(",")), options.lr, options.seed)
    plan = replace(plan, annealed=options.anneal or plan.annealed, last_lr=options.last_lr)
    run = Run(
        options.out,
        Shape(vocab_size=_vocabulary(options.tokenizer)),
        options.device,
        resume=options.resume,
        start=options.start,
        seconds=options.seconds,
        workers=workers // options.ranks,
        muon=not options.adamw,
        tokenizer=options.tokenizer,
        stop_at=options.stop_at,
        check_every=options.check_every,
        anneal=options.anneal is not None,
    )
    train_on(options.ranks, plan, run)


if __name__ == "__main__":
    main()
