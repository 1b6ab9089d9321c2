"""The profile of a checkpoint folder. Light: no torch."""

from __future__ import annotations

import json
from pathlib import Path

from engine.profile.demo import DEMO
from engine.profile.instruct import INSTRUCT
from engine.profile.profile import Profile


def choose_profile(folder: Path) -> Profile:
    """Return the profile of the checkpoint in `folder`."""
    return DEMO if is_demonstration(folder) else INSTRUCT


def is_demonstration(folder: Path) -> bool:
    """Return whether the checkpoint's config.json says that it is the shipped demonstration model."""
    try:
        values = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    declared = values.get("readthrough") if isinstance(values, dict) else None
    return bool(isinstance(declared, dict) and declared.get("demo"))
