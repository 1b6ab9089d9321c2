"""Running feet whose number changes sides from page to page, and counters of records, whose number does not."""

from __future__ import annotations

from engine.documents.cleaning.running_heads import without_running_lines
from engine.documents.pages import Page


def _cleaned(feet: list[str]) -> list[tuple[str, ...]]:
    pages = [Page(n, f"Words of page {n}.\nMore words.\n{foot}") for n, foot in enumerate(feet, 1)]
    return [page.removed for page in without_running_lines(pages)]


def test_a_number_that_changes_sides_is_the_page_number() -> None:
    feet = [
        f"{n} Water Board" if n % 2 == 0 else f"{'Pumps' if n < 9 else 'Valves and filters'}\t{n}" for n in range(5, 17)
    ]
    assert _cleaned(feet) == [(foot,) for foot in feet]


def test_the_counter_of_records_stays() -> None:
    assert not any(_cleaned([f"Certificate of delivery {n}" for n in range(5, 17)]))
    assert not any(_cleaned([f"{n} boxes delivered" for n in range(5, 17)]))
    sides = [f"{n} boxes" if n % 2 else f"boxes {2 * n}" for n in range(5, 17)]
    assert not any(_cleaned(sides))
