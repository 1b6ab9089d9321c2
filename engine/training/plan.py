"""Plan of a training run: the lesson, the seed and the learning rate of each step.

All of it is a function of the step (and of the time left, for a run that must end by the clock), so that a run can stop
at any step and go on in another process, and so that worker processes write batches ahead of it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from engine.training import lessons
from engine.training.lessons import Lesson

Mix = tuple[tuple[float, Lesson], ...]
STAGES: tuple[Mix, ...] = (
    ((1.0, lessons.FIRST),),
    ((0.25, lessons.FIRST), (0.25, lessons.SHORT), (0.5, lessons.MIDDLE)),
    (
        (0.12, lessons.SHORT),
        (0.35, lessons.DENSE),
        (0.29, lessons.MIDDLE),
        (0.16, lessons.LONG),
        (0.08, lessons.VERY_LONG),
    ),
)
"""Recall appears on short rows; long rows come after it. Telling facts apart is learned where they stand close."""
WARM_UP = 200


@dataclass(frozen=True)
class Plan:
    """Steps of each stage, their lessons, learning rate and seed."""

    stage_steps: tuple[int, ...]
    lr: float
    seed: int
    stages: tuple[Mix, ...] = STAGES
    annealed: float = 0.25
    """The last share of the steps, or of a run's seconds, over which the learning rate comes down."""
    last_lr: float = 0.02
    """Share of the learning rate that is left at the end."""

    @property
    def steps(self) -> int:
        return sum(self.stage_steps)

    @property
    def lessons(self) -> dict[str, Lesson]:
        """Return all lessons that the plan holds, by name."""
        return {lesson.name: lesson for mix in self.stages for _, lesson in mix}

    def lesson(self, step: int) -> Lesson:
        stage = 0
        while stage + 1 < len(self.stage_steps) and step >= sum(self.stage_steps[: stage + 1]):
            stage += 1
        chance = random.Random(self.seed * 1_000_003 + step).random()
        for share, lesson in self.stages[stage]:
            chance -= share
            if chance < 0:
                return lesson
        return self.stages[stage][-1][1]

    def lr_at(self, step: int, *, warm_from: int = 0, time_left: float = 1.0) -> float:
        """Warm-up after `warm_from`, then constant, then straight down to its last share.

        `time_left` is the share of a run's seconds still to come; 1 for a run that ends by steps.
        """
        left = min(1.0, min((self.steps - step) / max(1, self.steps), time_left) / self.annealed)
        warm = min(1.0, (step - warm_from + 1) / WARM_UP)
        return self.lr * warm * (self.last_lr + (1 - self.last_lr) * left)

    def batch_seed(self, step: int, rank: int = 0, ranks: int = 1) -> int:
        return self.seed * 1_000_000_007 + step * ranks + rank
