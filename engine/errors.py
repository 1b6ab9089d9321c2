"""Errors that a person can cause and mend, apart from our own bugs."""

from __future__ import annotations


class KnownError(Exception):
    """Something outside the program: str() is one sentence that says what happened and what to do.

    `reason` is a short fixed word for programs ("missing", "needs_password", "disk full", ...).
    """

    def __init__(self, sentence: str, reason: str = ""):
        super().__init__(sentence)
        self.reason = reason
