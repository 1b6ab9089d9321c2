"""Speed of training on this GPU: `python -m engine.training.smoke`.

Prints where a step's time goes and its tokens a second: of the general network's shape (`--rows`, `--tokens`: forward,
backward and optimizer, next-token loss), and of the named lessons of the demo model (`--lessons`).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import torch
from torch.profiler import ProfilerActivity, profile

from engine.training import lessons
from engine.training.feed import batches
from engine.training.network import Network, Shape
from engine.training.optimizer import Optimizer
from engine.training.plan import Plan
from engine.training.step import Gradients, Step, Update
from engine.training.train import TOKENIZER

GENERAL = Shape(vocab_size=16_384, d_model=640, n_layers=14, d_inner=1280, d_state=16, dt_rank=40)
STEPS = 10


def seconds_of(step: Callable[[], object]) -> float:
    """Return the seconds of one step, the mean of STEPS after it has run once more."""
    step()
    torch.cuda.synchronize()
    started = time.monotonic()
    for _ in range(STEPS):
        step()
    torch.cuda.synchronize()
    return (time.monotonic() - started) / STEPS


def general_step(rows: int, tokens: int) -> Callable[[], object]:
    """Return a step of the general network on random tokens."""
    network = Network(GENERAL).to("cuda")
    optimizer = Optimizer(dict(network.named_parameters()))
    optimizer.lr.fill_(1e-4)
    ids = torch.randint(0, GENERAL.vocab_size, (rows, tokens + 1), device="cuda")
    mask, parameters = torch.ones(rows, tokens, device="cuda"), list(network.parameters())

    def step() -> torch.Tensor:
        residual, _ = network.read(ids[:, :-1], mask, None, torch.bfloat16)
        loss = network.losses(residual, ids[:, 1:], torch.bfloat16).mean()
        return optimizer.step(list(torch.autograd.grad(loss, parameters)))

    return step


def report(name: str, step: Callable[[], object], tokens: int) -> None:
    """Print the speed of a step that reads so many tokens."""
    torch.cuda.reset_peak_memory_stats()
    started = time.monotonic()
    step()
    torch.cuda.synchronize()
    first = time.monotonic() - started
    ms, memory = seconds_of(step) * 1e3, torch.cuda.max_memory_allocated() / 2**30
    print(
        f"{name}: first {first:.1f} s, then {ms:.1f} ms, {tokens / ms / 1e3:.3f}M tokens/s, {memory:.0f} GiB",
        flush=True,
    )


def show_profile(step: Callable[[], object]) -> None:
    """Print the kernels that take most of a step."""
    with profile(activities=[ProfilerActivity.CUDA]) as run:
        step()
        torch.cuda.synchronize()
    events = sorted(run.key_averages(), key=lambda event: -event.self_device_time_total)
    print(f"{sum(event.self_device_time_total for event in events) / 1e3:8.2f} ms in all")
    for event in events[:40]:
        print(f"{event.self_device_time_total / 1e3:8.2f} ms {event.count:5d} x  {event.key[:110]}")


def lesson_step(lesson: lessons.Lesson) -> Callable[[], object]:
    """Return a captured step of the demo model on one batch of a lesson."""
    network = Network(Shape()).to("cuda")
    optimizer = Optimizer(dict(network.named_parameters()))
    gradients = Gradients(optimizer.parameters)
    update = Update(optimizer, gradients)
    run = Step(network, gradients, lesson, torch.bfloat16)
    run.load(next(batches(Plan((1,), 0.0, 0, (((1.0, lesson),),)), TOKENIZER, 0, 0)))
    return lambda: (run(), update())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="*", default=[32])
    parser.add_argument("--tokens", type=int, default=2048)
    parser.add_argument("--lessons", nargs="*", default=[], choices=list(lessons.LESSONS), metavar="NAME")
    parser.add_argument("--profile", action="store_true", help="where the time of the general step goes")
    options = parser.parse_args()
    torch.set_float32_matmul_precision("high")
    for rows in options.rows:
        step = general_step(rows, options.tokens)
        report(f"general, {rows} x {options.tokens}", step, rows * options.tokens)
        if options.profile:
            show_profile(step)
        del step
        torch.cuda.empty_cache()
    for name in options.lessons:
        lesson = lessons.LESSONS[name]
        tokens = lesson.rows * (lesson.tokens + lesson.forks * lessons.FORK_TOKENS)
        report(name, lesson_step(lesson), tokens)


if __name__ == "__main__":
    main()
