"""Calibration: how well a figure separates right answers from wrong ones, and the shares that a threshold marks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def separation(answers: Sequence[tuple[float, bool]]) -> dict[str, Any]:
    """Return, for (figure, whether right): "area", the chance that of a right and a wrong answer the right one has the
    higher figure (area under the ROC curve, ties half; None without both), and by threshold the shares of wrong and of
    right answers below it."""
    right = [figure for figure, is_right in answers if is_right]
    wrong = [figure for figure, is_right in answers if not is_right]
    higher = sum((r > w) + 0.5 * (r == w) for r in right for w in wrong)
    return {
        "right": len(right),
        "wrong": len(wrong),
        "area": higher / (len(right) * len(wrong)) if right and wrong else None,
        "below": [
            {
                "threshold": threshold,
                "wrong": sum(figure < threshold for figure in wrong) / max(1, len(wrong)),
                "right": sum(figure < threshold for figure in right) / max(1, len(right)),
            }
            for threshold in THRESHOLDS
        ],
    }


def told(name: str, found: dict[str, Any]) -> str:
    """Return a `separation` as one line."""
    if found["area"] is None:
        return f"{name}: {found['right']} right and {found['wrong']} wrong answers: nothing to tell apart"
    marked = ", ".join(
        f"< {row['threshold']}: {100 * row['wrong']:.0f} / {100 * row['right']:.0f}" for row in found["below"]
    )
    counts = f"{found['wrong']} wrong and {found['right']} right answers"
    return f"{name}: area {found['area']:.3f}; marked of {counts} (%) {marked}"
