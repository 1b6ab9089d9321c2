"""Sizes and durations in words, the same in the window, the command line and exports. Light."""

from __future__ import annotations


def size_text(size: float) -> str:
    """Return a number of bytes for people: `14 B`, `1.2 MB`, `626 MB`."""
    units = ["B", "KB", "MB", "GB", "TB"]
    while size >= 999.5 and len(units) > 1:
        size /= 1000
        del units[0]
    unit = units[0]
    return f"{size:.0f} {unit}" if size >= 9.95 or unit == "B" else f"{size:.1f} {unit}"


def duration_text(seconds: float) -> str:
    """Return a duration for people, no more exact than an estimate is: `8 s`, `35 s`, `12 min`, `2.5 h`, `28 days`."""
    if seconds < 90:
        return f"{seconds:.0f} s" if seconds < 10 else f"{round(seconds / 5) * 5} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    hours = seconds / 3600
    return f"{hours:.1f} h" if hours < 48 else f"{round(hours / 24)} days"
