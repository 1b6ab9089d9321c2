"""What every command and every event is: a frozen dataclass of JSON values that names its job. Light."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Message:
    """Anything on the wire."""

    job_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Command(Message):
    """Asks the worker for something."""


@dataclass(frozen=True, kw_only=True)
class Event(Message):
    """Reports something that happened in the job named by job_id ("" for the worker itself)."""
