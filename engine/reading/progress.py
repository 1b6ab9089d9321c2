"""How fast a reading goes and what memory it takes, as told while it runs."""

from __future__ import annotations

import time
from collections import deque

import psutil
import torch

SPEED_SECONDS = 8.0
"""Tokens/s and time left are told from this much of the immediate past."""


def memory_in_use(device: torch.device) -> int:
    """Bytes the model's side of the program holds: on the GPU where it runs there, else of this process."""
    if device.type == "cuda":
        return torch.cuda.memory_allocated(device)
    return int(psutil.Process().memory_info().rss)


class Speed:
    """Tokens a second over the last SPEED_SECONDS."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()
        self._since = time.monotonic()

    def start(self, tokens: int) -> None:
        self._since = time.monotonic()
        self._marks.append((self._since, tokens))

    def add(self, tokens: int) -> None:
        now = time.monotonic()
        self._marks.append((now, tokens))
        while len(self._marks) > 2 and now - self._marks[1][0] > SPEED_SECONDS:
            self._marks.popleft()

    @property
    def tokens_per_second(self) -> float:
        (then, first), (now, last) = self._marks[0], self._marks[-1]
        return (last - first) / (now - then) if now > then else 0.0

    def take_seconds(self) -> float:
        """Seconds since the last call."""
        now = time.monotonic()
        seconds, self._since = now - self._since, now
        return seconds
