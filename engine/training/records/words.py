"""The vocabulary of the records: six kinds, each with its things, relations, findings, filler and headings.

How sentences are made of these stands in `frames`, how names are made in `names`, and how values are in `values`.
"""

from __future__ import annotations

from engine.training.records.names import (
    FIRST_NAMES,
    HELD_OUT_FIRST,
    HELD_OUT_LAST,
    HELD_OUT_PLACES,
    LAST_NAMES,
    PLACES,
)
from engine.training.records.office_records import MINUTES, TRANSACTIONS, VISITS
from engine.training.records.vocabulary import (
    COMMON_FILLER,
    COUNTRIES,
    MONTHS,
    PROSE_ENDINGS,
    PROSE_NOUNS,
    PROSE_VERBS,
    PROSE_WORDS,
    VERBS,
    WEEKDAYS,
    Kind,
    Relation,
)
from engine.training.records.works_records import DELIVERIES, INCIDENTS, INSPECTIONS

__all__ = [
    "COMMON_FILLER",
    "COUNTRIES",
    "DELIVERIES",
    "FIRST_NAMES",
    "HELD_OUT_FIRST",
    "HELD_OUT_LAST",
    "HELD_OUT_PLACES",
    "INCIDENTS",
    "INSPECTIONS",
    "KINDS",
    "LAST_NAMES",
    "MINUTES",
    "MONTHS",
    "PLACES",
    "PROSE_ENDINGS",
    "PROSE_NOUNS",
    "PROSE_VERBS",
    "PROSE_WORDS",
    "TRANSACTIONS",
    "VERBS",
    "VISITS",
    "WEEKDAYS",
    "Kind",
    "Relation",
]

KINDS = (INCIDENTS, VISITS, TRANSACTIONS, MINUTES, INSPECTIONS, DELIVERIES)
