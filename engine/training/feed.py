"""Batches of a plan in order, written ahead by worker processes."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.training.lessons import Teacher
from engine.training.plan import Plan
from engine.training.tokenizer import load

PATIENCE_S = 120
"""A dead worker must not hang the run."""


def batches(
    plan: Plan, tokenizer: Path, first_step: int, workers: int, rank: int = 0, ranks: int = 1
) -> Iterator[tuple[np.ndarray, ...]]:
    """Return the arrays of the batches from `first_step` on, made by `workers` new processes, or by this one if 0."""
    if workers == 0:
        teacher = Teacher(load(tokenizer))
        return (_batch(teacher, plan, step, rank, ranks) for step in range(first_step, plan.steps))
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    context = multiprocessing.get_context("spawn")
    queues = [context.Queue(maxsize=4) for _ in range(workers)]
    processes = [
        context.Process(target=_work, args=(plan, tokenizer, first_step + w, workers, rank, ranks, queue), daemon=True)
        for w, queue in enumerate(queues)
    ]
    for process in processes:
        process.start()
    return _collect(queues, processes, plan.steps - first_step)


def _batch(teacher: Teacher, plan: Plan, step: int, rank: int, ranks: int) -> tuple[np.ndarray, ...]:
    return teacher.batch(plan.lesson(step), plan.batch_seed(step, rank, ranks)).arrays()


def _work(plan: Plan, tokenizer: Path, start: int, stride: int, rank: int, ranks: int, queue: Any) -> None:
    teacher = Teacher(load(tokenizer))
    for step in range(start, plan.steps, stride):
        queue.put(_batch(teacher, plan, step, rank, ranks))


def _collect(queues: Sequence[Any], processes: Sequence[Any], count: int) -> Iterator[tuple[np.ndarray, ...]]:
    try:
        for i in range(count):
            yield queues[i % len(queues)].get(timeout=PATIENCE_S)
    finally:
        for process in processes:
            process.kill()
