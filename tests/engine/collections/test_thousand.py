"""A thousand generated records as one collection: counts, lists and totals are exact, each within five seconds."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from engine.library.library import Library
from engine.records.reply import reply
from tests.engine.library_fakes import FakeFile
from tests.engine.records.filled import add_pages

FIRMS = ("Norden Ltd", "Bolt & Co", "University of Graz", "Ostwerk AG", "Lind Brothers")


@dataclass
class Known:
    """Everything that the records say."""

    faults: list[tuple[str, str, str, int]] = field(default_factory=list)
    leases: list[tuple[str, str, str, int]] = field(default_factory=list)


def fill(library: Library, count: int) -> Known:
    draw, known = random.Random(3), Known()
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
            name = f"site{number}-faults.csv"
            text = "Date,Unit,Event,Cost (EUR)\n" + "".join(",".join(map(str, row)) + "\n" for row in rows)
        elif number % 3 == 1:
            day = f"{draw.randrange(1, 28)} {draw.choice(['March', 'June', 'May'])} 2025"
            lease = (f"L-{1000 + number}", draw.choice(FIRMS), day, draw.randrange(1000, 9000))
            known.leases.append(lease)
            name = f"lease{number}.txt"
            text = f"Lease: {lease[0]}\nTenant: {lease[1]}\nRenewal date: {day}\nAnnual cost: {lease[3]:,} EUR\n"
        else:
            name = f"note{number}.txt"
            text = f"The board met and heard a report. Hall {number} was rented to {draw.choice(FIRMS)}."
        file = FakeFile(f"/documents/{name}", f"{number:064x}", name.rpartition(".")[0], "text")
        add_pages(library, library.documents.for_file(file), [text])
    return known


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
    ("How many tenants are there?", lambda k: len({lease[1] for lease in k.leases})),
]  # fmt: skip
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
]  # fmt: skip
REFUSED = ["How many faults did not concern KX-83?", "How many faults per month?", "What is the average cost?"]


@pytest.mark.slow
def test_questions_to_a_thousand_records(library: Library) -> None:
    known = fill(library, 1000)
    documents = library.documents.all()
    reply(library, documents, "How many faults are there?", len(documents))  # makes the records
    for question, answer in [*COUNTED, *SAID]:
        started = time.monotonic()
        made = reply(library, documents, question, len(documents))
        assert time.monotonic() - started < 5, question
        assert made is not None, question
        text, evidence = made
        assert evidence.counted is not None
        if (question, answer) in COUNTED:
            assert evidence.counted.total == answer(known), (question, text.splitlines()[0])
        else:
            assert answer(known) in text.splitlines()[0], (question, text.splitlines()[0])
        assert all(row.page == 1 and row.text for row in evidence.counted.rows)
    for question in REFUSED:
        assert reply(library, documents, question, len(documents)) is None
