"""Numbers in the sentences of answers over records."""

from __future__ import annotations


def counted(number: int, one: str, many: str) -> str:
    """Return a number with its noun: "1 row", "1,200 rows"."""
    return f"{number:,} {one if number == 1 else many}"


def figure(number: float) -> str:
    """Return a number with its thousands marked, and only the decimals that it has, six at most."""
    rounded = round(number, 6)
    if rounded == int(rounded):
        return f"{rounded:,.0f}"
    if round(rounded, 2) != rounded:
        return f"{rounded:,.6f}".rstrip("0")
    return f"{rounded:,.2f}"
