"""The profile of the shipped reader: it chooses sentences and spans with its heads and is never asked to write."""

from __future__ import annotations

from dataclasses import replace

from engine.profile.base import BASE

READER = replace(BASE, name="reader", summaries=replace(BASE.summaries, selects=True))
