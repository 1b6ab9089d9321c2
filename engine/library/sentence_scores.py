"""Scores that a model gave to the sentences of sections, so that no section is scored twice by the same model."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from engine.library.database import Database


class SentenceScores:
    """The table of sentence scores: one row a section and model."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def save(self, model: str, scores: Mapping[int, bytes]) -> None:
        """Store section id -> the scores of its sentences by `model`, in one transaction. Replace earlier ones. Do
        nothing for a section that is gone because its document was read again."""
        with self._db.write() as conn:
            conn.executemany(
                "INSERT OR REPLACE INTO sentence_scores (section, model, data, checksum)"
                " SELECT id, ?1, ?2, text_checksum(?1, ?2) FROM sections WHERE id = ?3",
                [(model, data, section) for section, data in scores.items()],
            )

    def of(self, model: str, sections: Iterable[int]) -> dict[int, bytes]:
        """Return section id -> the scores by `model`, for those of `sections` that have them undamaged."""
        with self._db.read() as conn:
            rows = conn.execute(
                "SELECT section, data FROM sentence_scores WHERE model = ?1"
                " AND section IN (SELECT value FROM json_each(?2)) AND checksum = text_checksum(model, data)",
                [model, json.dumps(list(sections))],
            )
            return dict(rows.fetchall())
