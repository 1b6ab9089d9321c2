"""Tune a checkpoint on a CPU: `python -m engine.training.tune CHECKPOINT [CHECKPOINT ...] --out FOLDER`.

A few hundred small steps on short rows from the mean of the checkpoints (or model folders): enough to shift what the
model does with new frames, or how sure it must be to answer, in ten minutes on two cores; not to teach recall. AdamW
with a small rate that goes down to 0.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from engine.training import checkpoint
from engine.training.lessons import Lesson, Teacher
from engine.training.network import Network
from engine.training.step import Gradients, Step
from engine.training.tokenizer import load
from engine.training.train import TOKENIZER

FORM = Lesson(
    "", rows=0, tokens=0, forks=0, most_facts=0, most_findings=3, plain=0.1, summaries=0.3, rereads=0.0, merges=0.0,
    missing=0.4,
)  # fmt: skip
LESSONS = (
    (0.5, replace(FORM, name="256 tuned", rows=10, tokens=256, forks=2, most_facts=4)),
    (0.5, replace(FORM, name="512 tuned", rows=5, tokens=512, forks=4, most_facts=8)),
)
SEED = 99_000_000_000
WARM_UP = 15
CLIP = 0.3


def tune(
    network: Network,
    teacher: Teacher,
    steps: int,
    lr: float,
    lessons: Sequence[tuple[float, Lesson]] = LESSONS,
    every: int = 10,
) -> None:
    """Change `network` by `steps` steps, products in bf16; prints the loss of answers `every` so many."""
    parameters = list(network.parameters())
    gradients = Gradients(dict(network.named_parameters()))
    optimizer = torch.optim.AdamW(parameters, lr=lr, betas=(0.9, 0.98), weight_decay=0.0)
    runs = {lesson.name: Step(network, gradients, lesson, torch.bfloat16) for _, lesson in lessons}
    chances, started = random.Random(5), time.monotonic()
    for number in range(steps):
        (lesson,) = chances.choices([lesson for _, lesson in lessons], [share for share, _ in lessons])
        run = runs[lesson.name]
        run.load(teacher.batch(lesson, SEED + number).arrays())
        answer, count, _ = run()
        for group in optimizer.param_groups:
            group["lr"] = lr * min(1.0, (number + 1) / WARM_UP) * (1 - number / steps)
        for parameter, gradient in zip(parameters, gradients.parts, strict=True):
            parameter.grad = gradient
        torch.nn.utils.clip_grad_norm_(parameters, CLIP)
        optimizer.step()
        if number % every == 0:
            seconds = time.monotonic() - started
            print(f"step {number}, {lesson.name}: answer loss {float(answer / count):.4f}, {seconds:.0f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoints", type=Path, nargs="+", metavar="CHECKPOINT")
    parser.add_argument("--out", type=Path, required=True, help="a checkpoint folder, without moments")
    parser.add_argument("--steps", type=int, default=165)
    parser.add_argument("--lr", type=float, default=5e-5)
    parser.add_argument("--tokenizer", type=Path, default=TOKENIZER)
    options = parser.parse_args()
    network, position = checkpoint.average(options.checkpoints)
    tune(network, Teacher(load(options.tokenizer)), options.steps, options.lr)
    checkpoint.save(options.out, network, None, position)


if __name__ == "__main__":
    main()
