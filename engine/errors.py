"""Errors that the user can cause and fix, apart from bugs of the program."""

from __future__ import annotations


class KnownError(Exception):
    """An error outside the program: str() is one sentence that says what happened and what to do.

    `reason` is a short fixed word for programs ("missing", "needs_password", "disk full", ...).
    """

    def __init__(self, sentence: str, reason: str = "") -> None:
        super().__init__(sentence)
        self.reason = reason
