"""Summaries of single sections."""

from __future__ import annotations

import json
import time

from engine.library.database import Database, storable
from engine.library.pages import reading_or_latest
from engine.library.records import SectionNote


class SectionSummaries:
    """The table of section summaries: one row a section and request."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def save(
        self,
        section: int,
        request: str,
        text: str,
        line_pages: list[list[int]],
        focus: str = "",
        has_findings: bool = True,
    ) -> None:
        """Store the model's answer to `request` about a section, and the pages of each of its lines. Replace an earlier
        answer. Do nothing when the section is gone because its document was read again."""
        with self._db.write() as conn:
            conn.execute(
                "INSERT OR REPLACE INTO section_notes"
                " (section, request, focus, text, line_pages, created, has_findings, checksum)"
                " SELECT id, ?1, ?2, ?3, ?4, ?5, ?6, text_checksum(?1, ?2, ?3, ?4) FROM sections WHERE id = ?7",
                [request, storable(focus), storable(text), json.dumps(line_pages), time.time(), has_findings, section],
            )

    def of(
        self, document: int, focus: str = "", request: str | None = None, reading: int | None = None
    ) -> list[SectionNote]:
        """Return the section summaries of a reading (default: the latest) in order, on `focus` or on everything: the
        latest of each section, or those for exactly `request`. Sections without one are left out."""
        with self._db.read() as conn:
            rows = conn.execute(
                "SELECT s.id, s.number, s.heading, s.first_page, s.last_page, n.focus, n.text, n.line_pages,"
                " n.has_findings"
                " FROM sections s JOIN section_notes n ON n.section = s.id"
                " WHERE s.reading = ?1 AND n.focus = ?2 AND (?3 IS NULL AND n.id = (SELECT max(id) FROM section_notes"
                "  WHERE section = s.id AND focus = ?2) OR n.request = ?3) ORDER BY s.number",
                [reading_or_latest(conn, document, reading), storable(focus), request],
            )
            return [SectionNote(*[*row[:7], json.loads(row[7]), bool(row[8])]) for row in rows]
