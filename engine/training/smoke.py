"""Speed of training on this machine: `python -m engine.training.smoke`.

Prints the scan's time forward and backward, where a step's time goes, and tokens a second of every lesson.
"""

from __future__ import annotations

import argparse
import time

import torch
from torch.profiler import ProfilerActivity, profile

import engine.training.kernels.selective_scan_backward as scan
from engine.training import lessons
from engine.training.feed import batches
from engine.training.network import Network, Shape
from engine.training.optimizer import Optimizer
from engine.training.plan import Plan
from engine.training.step import Gradients, Step, Update
from engine.training.train import TOKENIZER


def scan_speed(rows: int, T: int, d_inner: int = 1024, d_state: int = 16) -> str:
    """Return the milliseconds of one layer's scan, forward and backward with the sums over blocks."""
    new = lambda *shape: torch.randn(*shape, device="cuda", dtype=torch.bfloat16)  # noqa: E731
    x, delta = new(rows, T, d_inner), torch.nn.functional.softplus(new(rows, T, d_inner) - 3)
    B, C = new(rows, T, d_state), new(rows, T, d_state)
    A = -torch.rand(d_inner, d_state, device="cuda") * 4
    h0 = torch.zeros(rows, d_inner, d_state, device="cuda")
    leaves = [t.requires_grad_() for t in (x, delta, A, B, C, h0)]
    dy, dht = new(rows, T, d_inner), torch.randn_like(h0)
    with profile(activities=[ProfilerActivity.CUDA]) as run:
        for _ in range(3):
            y, ht = scan.selective_scan_train(*leaves)
            torch.autograd.grad([y, ht], leaves, [dy, dht])
        torch.cuda.synchronize()
    times = {"train": 0.0, "backward": 0.0, "rest": 0.0}
    for event in run.key_averages():
        name = next((n for n in ("backward", "train") if f"selective_scan_{n}" in event.key), "rest")
        times[name] += event.self_device_time_total / 3e3
    return f"scan {rows} x {T}: " + ", ".join(f"{name} {ms:.2f} ms" for name, ms in times.items())


def lesson_speed(step: Step, update: Update) -> str:
    """Return the milliseconds of a whole captured step."""
    started = time.monotonic()
    step.load(next(batches(Plan((1,), 0.0, 0, (((1.0, step.lesson),),)), TOKENIZER, 0, 0)))
    step()
    update()
    torch.cuda.synchronize()
    first = time.monotonic() - started
    started = time.monotonic()
    for _ in range(6):
        step()
        update()
    torch.cuda.synchronize()
    ms = (time.monotonic() - started) / 6 * 1e3
    lesson = step.lesson
    tokens = lesson.rows * (lesson.tokens + lesson.forks * lessons.FORK_TOKENS)
    memory = torch.cuda.max_memory_reserved() / 2**30
    return f"{lesson.name}: first {first:.1f} s, then {ms:.1f} ms, {tokens / ms / 1e3:.2f}M tokens/s, {memory:.0f} GiB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lessons", default=",".join(lessons.LESSONS))
    options = parser.parse_args()
    torch.set_float32_matmul_precision("high")
    chosen = [lessons.LESSONS[name] for name in options.lessons.split(",")]
    for lesson in chosen:
        print(scan_speed(lesson.rows, lesson.tokens), flush=True)
    network = Network(Shape()).to("cuda")
    optimizer = Optimizer(dict(network.named_parameters()))
    gradients = Gradients(optimizer.parameters)
    update, pool = Update(optimizer, gradients), torch.cuda.graph_pool_handle()
    steps = [Step(network, gradients, lesson, torch.bfloat16, pool) for lesson in chosen]
    for step in steps:
        print(lesson_speed(step, update), flush=True)
    with profile(activities=[ProfilerActivity.CUDA]) as run:
        steps[-1]()
        update()
        torch.cuda.synchronize()
    for event in sorted(run.key_averages(), key=lambda e: -e.self_device_time_total)[:28]:
        print(f"{event.self_device_time_total / 1e3:8.2f} ms {event.count:5d} x  {event.key[:110]}")


if __name__ == "__main__":
    main()
