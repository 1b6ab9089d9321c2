"""The stand-in worker with hostile words: every text that it sends begins with HTML.

`python -m tests.app.rich_worker`; READTHROUGH_PICTURE names a local file that must not be loaded.
"""

from __future__ import annotations

import os
from typing import Any

import msgspec

from engine.protocol import wire
from tests import fakes

TEXTS = {
    "title", "text", "message", "detail", "details", "outcome", "name", "heading", "reason", "problem", "value",
    "folder", "unverified",
}  # fmt: skip
"""Fields that hold words of documents, people or models."""


def hostile() -> str:
    """Return what would be shown as a picture and a heading, were it taken for HTML."""
    return f"<img src='file://{os.environ['READTHROUGH_PICTURE']}'><h1>x<y & <table> [a](b) "


def rewritten(value: Any, key: str = "") -> Any:
    """Return a message's content with hostile words before every text."""
    match value:
        case dict():
            return {name: rewritten(item, "text" if key == "problems" else name) for name, item in value.items()}
        case list():
            return [rewritten(item, key) for item in value]
        case str() if key in TEXTS and value:
            return hostile() + value
        case _:
            return value


class RichWorker(fakes.FakeWorker):
    """Sends hostile words."""

    def emit(self, event: wire.Event) -> None:
        super().emit(wire.decode_event(msgspec.json.encode(rewritten(msgspec.to_builtins(event)))))


if __name__ == "__main__":
    RichWorker("", pages=20, delay=0.001, marker="", demo=True).serve()
