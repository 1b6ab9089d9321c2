"""The samples that come with the program, and the questions that their list says they answer."""

from __future__ import annotations

import re
from pathlib import Path

from app.style.theme import RESOURCES

SAMPLES = RESOURCES / "samples"
_ABSENT = "Not in this document"
"""The answer that the list gives to a question that its sample does not answer."""


def sample_file() -> Path | None:
    """Return the sample that the first start offers; None where none is installed."""
    return next(iter([*sorted(SAMPLES.glob("*.pdf")), *sorted(SAMPLES.glob("*.log"))]), None)


def sample_questions(path: Path) -> tuple[list[str], list[str]]:
    """Return the questions that a sample answers, and those that it does not; none of a file that is no sample."""
    notes = path.with_name("README.md").read_text(encoding="utf-8") if path.parent == SAMPLES else ""
    section = notes.partition(f"## {path.name}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+[?.]) \| ([^|]+) \|$", section, re.MULTILINE)
    held = [question for question, answer in rows if not answer.startswith(_ABSENT)]
    absent = [question for question, answer in rows if answer.startswith(_ABSENT)]
    return held, absent
