"""Progress of a reading: its speed and its memory."""

from __future__ import annotations

import time
from collections import deque

import psutil
import torch

SPEED_SECONDS = 8.0
"""Tokens per second and time left are computed from this much of the immediate past, or from LEAST_MARKS chunks where
they take longer: a 7B network reads a chunk in 15 s, and two of them say little."""
LEAST_MARKS = 5


def memory_in_use(device: torch.device) -> int:
    """Return the bytes that the model uses: on the GPU where it runs there, else of this process."""
    if device.type == "cuda":
        return torch.cuda.memory_allocated(device)
    return int(psutil.Process().memory_info().rss)


class Speed:
    """Tokens per second over the last SPEED_SECONDS."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()
        self._since = time.monotonic()

    def start(self, tokens: int) -> None:
        self._since = time.monotonic()
        self._marks.append((self._since, tokens))

    def add(self, tokens: int) -> None:
        now = time.monotonic()
        self._marks.append((now, tokens))
        while len(self._marks) > LEAST_MARKS and now - self._marks[1][0] > SPEED_SECONDS:
            self._marks.popleft()

    @property
    def tokens_per_second(self) -> float:
        (then, first), (now, last) = self._marks[0], self._marks[-1]
        return (last - first) / (now - then) if now > then else 0.0

    def take_seconds(self) -> float:
        """Return the seconds since the last call."""
        now = time.monotonic()
        seconds, self._since = now - self._since, now
        return seconds
