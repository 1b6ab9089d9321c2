"""Generated records whose every answer is known, and the questions that are asked over them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

FIRMS = ("Norden Ltd", "Bolt & Co", "University of Graz", "Ostwerk AG", "Lind Brothers")


@dataclass
class Known:
    """Everything that the records say."""

    faults: list[tuple[str, str, str, int]] = field(default_factory=list)
    leases: list[tuple[str, str, str, int]] = field(default_factory=list)
    halls: dict[int, str] = field(default_factory=dict)


def generated(count: int, known: Known) -> Iterator[tuple[str, str]]:
    """Yield (file name, text) of `count` records and note in `known` what they say."""
    draw = random.Random(3)
    for number in range(count):
        if number % 3 == 0:
            rows = [
                (
                    f"2024-{draw.randrange(1, 13):02}-{draw.randrange(1, 29):02}",
                    draw.choice(["KX-835", "KX-83", "VT-204"]),
                    draw.choice(["torn belt", "hot bearing"]),
                    draw.randrange(50, 3000),
                )
                for _ in range(draw.randrange(2, 7))
            ]
            known.faults += rows
            text = "Date,Unit,Event,Cost (EUR)\n" + "".join(",".join(map(str, row)) + "\n" for row in rows)
            yield f"site{number}-faults.csv", text
        elif number % 3 == 1:
            day = f"{draw.randrange(1, 28)} {draw.choice(['March', 'June', 'May'])} 2025"
            lease = (f"L-{1000 + number}", draw.choice(FIRMS), day, draw.randrange(1000, 9000))
            known.leases.append(lease)
            yield (
                f"lease{number}.txt",
                f"Lease: {lease[0]}\nTenant: {lease[1]}\nRenewal date: {day}\nAnnual cost: {lease[3]:,} EUR\n",
            )
        else:
            known.halls[number] = draw.choice(FIRMS)
            yield (
                f"note{number}.txt",
                f"The board met and heard a report. Hall {number} was rented to {known.halls[number]}.",
            )


Answer = Callable[[Known], Any]
COUNTED: list[tuple[str, Answer]] = [
    ("How many faults are there?", lambda k: len(k.faults)),
    ("How many faults with KX-835?", lambda k: sum(f[1] == "KX-835" for f in k.faults)),
    ("How many faults with KX-83?", lambda k: sum(f[1] == "KX-83" for f in k.faults)),
    ("How many torn belts with VT-204?", lambda k: sum(f[1:3] == ("VT-204", "torn belt") for f in k.faults)),
    ("How many faults in May 2024?", lambda k: sum(f[0][:7] == "2024-05" for f in k.faults)),
    ("How many faults before 1 July 2024?", lambda k: sum(f[0] < "2024-07-01" for f in k.faults)),
    ("How many faults cost more than 2,000 EUR?", lambda k: sum(f[3] > 2000 for f in k.faults)),
    (
        "List every fault with KX-83 since October 2024",
        lambda k: sum(f[1] == "KX-83" and f[0] > "2024-1" for f in k.faults),
    ),
    ("Which leases renew in March and what do they cost?", lambda k: sum("March" in lease[2] for lease in k.leases)),
    ("How many leases are there?", lambda k: len(k.leases)),
    ("How many leases with University of Graz?", lambda k: sum(lease[1] == FIRMS[2] for lease in k.leases)),
    ("How many leases over 5,000 EUR?", lambda k: sum(lease[3] > 5000 for lease in k.leases)),
    ("How many leases between 2,000 and 3,000 EUR?", lambda k: sum(2000 <= lease[3] <= 3000 for lease in k.leases)),
    ("How many faults did not concern KX-83?", lambda k: sum(f[1] != "KX-83" for f in k.faults)),
    ("How many faults with KX-83 or VT-204?", lambda k: sum(f[1] != "KX-835" for f in k.faults)),
    ("How many faults were there per month?", lambda k: len({f[0][:7] for f in k.faults})),
    ("How many tenants are there?", lambda k: len({lease[1] for lease in k.leases})),
]  # fmt: skip
"""Questions whose answer is the number of rows."""
SAID: list[tuple[str, Answer]] = [
    ("What is the total cost of the faults?", lambda k: f"{sum(f[3] for f in k.faults):,} EUR"),
    (
        "What is the total cost of the faults with KX-835?",
        lambda k: f"{sum(f[3] for f in k.faults if f[1] == 'KX-835'):,} EUR",
    ),
    (
        "total annual cost of the leases with Ostwerk AG",
        lambda k: f"{sum(x[3] for x in k.leases if x[1] == FIRMS[3]):,} EUR",
    ),
    ("What was the first fault with VT-204?", lambda k: min(f[0] for f in k.faults if f[1] == "VT-204")),
    ("When was the last fault?", lambda k: max(f[0] for f in k.faults)),
    ("What is the average cost of a fault?", lambda k: f"{sum(f[3] for f in k.faults) / len(k.faults):,.2f} EUR"),
    (
        "What percentage of the faults concern VT-204?",
        lambda k: f"{100 * sum(f[1] == 'VT-204' for f in k.faults) / len(k.faults):.1f} %",
    ),
    (
        "Which unit had the most faults?",
        lambda k: max(("KX-835", "KX-83", "VT-204"), key=lambda unit: sum(f[1] == unit for f in k.faults)),
    ),
    ("What was the most expensive fault with KX-83?", lambda k: f"{max(f[3] for f in k.faults if f[1] == 'KX-83'):,}"),
]  # fmt: skip
"""Questions whose answer says a figure in its first line."""
QUOTED: list[tuple[str, Answer]] = [
    ("To whom was hall 5 rented?", lambda k: k.halls[5]),
    ("Who rents hall 8?", lambda k: k.halls[8]),
]
"""Questions that a sentence of a document answers."""
REFUSED = ["How many faults were repaired?", "How many leases are unpaid?", "How many faults in Lisbon?"]
"""Questions that are not counted."""
