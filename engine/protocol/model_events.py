"""Events about models: what is on this computer, a download, a check. `readthrough models --json` prints them.

Light: no torch, no Qt.
"""

from __future__ import annotations

import msgspec

from engine.protocol.events import Event


class ModelListed(Event, frozen=True, kw_only=True):
    """One model: included, on this computer, or in the catalogue."""

    name: str
    """Name for `--model` and the other commands."""
    title: str
    place: str
    """included, downloaded, added, incomplete (its download was interrupted), missing (no longer at `path`) or
    catalogue."""
    path: str = ""
    repository: str = ""
    kind: str = ""
    """instruct, base, reader or "" where it is not known."""
    parameters: int = 0
    n_bytes: int = 0
    """Bytes of its weights on disk, or to download."""
    licence: str = ""
    licence_url: str = ""
    context: int | None = None
    """Trained context in tokens."""
    languages: list[str] = msgspec.field(default_factory=list)
    needs: dict[str, int] = msgspec.field(default_factory=dict)
    """Bytes of memory at the peak by precision."""
    free_bytes: int = 0
    """Bytes of memory that are free now."""
    best: str = ""
    """The precision that `auto` takes here; "" where none fits."""
    seconds_per_page: dict[str, float] = msgspec.field(default_factory=dict)
    """Expected seconds for reading a page by precision, where this computer was measured."""
    problem: str = ""
    """Reason why it cannot be used, in a sentence."""


class DownloadPlanned(Event, frozen=True, kw_only=True):
    """The files of a model are known, and there is room for them."""

    name: str
    repository: str
    revision: str
    licence: str
    licence_url: str
    files: int
    n_bytes: int
    """Bytes of all files."""
    present_bytes: int
    """Bytes that an earlier, interrupted download left; they are not downloaded again."""
    free_bytes: int
    """Bytes that are free on the disk."""
    folder: str
    """Where the model will be."""


class DownloadAdvanced(Event, frozen=True, kw_only=True):
    """More bytes of the model are here; sent about once a second."""

    name: str
    file: str
    n_bytes: int
    """Bytes of all files that are here."""
    of_bytes: int
    bytes_per_second: float
    seconds_left: float | None
    phase: str = "download"
    """download, or check while the checksum of `file` is computed, or wait while the server is not reached."""


class ModelReady(Event, frozen=True, kw_only=True):
    """A model is on the list of this computer and can be used under its name."""

    name: str
    path: str


class ModelRemoved(Event, frozen=True, kw_only=True):
    """A model is off the list; `n_bytes` of files were deleted (0 for a folder that the user added)."""

    name: str
    n_bytes: int


class CheckDone(Event, frozen=True, kw_only=True):
    """One part of the check of a model."""

    part: str
    """files, config, weights, tokenizer, template, forward or chunks."""
    result: str
    """ok, warning, failed or skipped; running while the part goes on, every few seconds."""
    detail: str
    """One sentence."""


class ModelChecked(Event, frozen=True, kw_only=True):
    """The check of a model is complete."""

    path: str
    sound: bool
    problems: list[str]
    warnings: list[str]
