"""What a training run does at each step: which lesson, which seed, which learning rate.

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
    ((0.12, lessons.SHORT), (0.28, lessons.MIDDLE), (0.5, lessons.LONG), (0.1, lessons.VERY_LONG)),
)
"""Recall appears on short rows; long rows come after it, and short ones stay to the end."""
WARM_UP = 200
LAST_LR_SHARE = 0.02
ANNEALED_SHARE = 0.25
"""Of the steps of a plan (or of the seconds of a run that ends by the clock): where the learning rate comes down."""


@dataclass(frozen=True)
class Plan:
    """Steps of each stage, their lessons, learning rate and seed."""

    stage_steps: tuple[int, ...]
    lr: float
    seed: int
    stages: tuple[Mix, ...] = STAGES

    @property
    def steps(self) -> int:
        return sum(self.stage_steps)

    @property
    def lessons(self) -> dict[str, Lesson]:
        """All lessons that the plan holds, by name."""
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
        """Warm-up after `warm_from`, then constant, then straight down to a small share over the last quarter.

        `time_left` is the share of a run's seconds still to come; 1 for a run that ends by steps.
        """
        left = min((self.steps - step) / max(1, self.steps), time_left) / ANNEALED_SHARE
        return self.lr * min(1.0, (step - warm_from + 1) / WARM_UP) * max(LAST_LR_SHARE, min(1.0, left))

    def batch_seed(self, step: int, rank: int = 0, ranks: int = 1) -> int:
        return self.seed * 1_000_000_007 + step * ranks + rank
