"""Places that a reader came from: back and forward after every jump, as in a browser. No widgets."""

from __future__ import annotations

Place = tuple[int, float]
"""(page from 1, points from its top)"""
MOST = 100


class PlaceHistory:
    """Two stacks of places."""

    def __init__(self) -> None:
        self._back: list[Place] = []
        self._forward: list[Place] = []

    @property
    def can_go_back(self) -> bool:
        return bool(self._back)

    @property
    def can_go_forward(self) -> bool:
        return bool(self._forward)

    def clear(self) -> None:
        self._back, self._forward = [], []

    def leave(self, place: Place) -> None:
        """Note the place that a jump leaves; what was ahead is forgotten."""
        if not self._back or self._back[-1] != place:
            self._back = [*self._back, place][-MOST:]
        self._forward = []

    def back(self, here: Place) -> Place | None:
        """Return the place before `here`, None where there is none."""
        if not self._back:
            return None
        self._forward.append(here)
        return self._back.pop()

    def forward(self, here: Place) -> Place | None:
        """Return the place that `back` left, None where there is none."""
        if not self._forward:
            return None
        self._back.append(here)
        return self._forward.pop()
