"""A victim: one command of the program in a process forked from a server that has imported everything already.

Imported by the fork server. No part of torch may run here, because threads do not survive a fork.
"""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from engine.session.startup import prepare_environment

prepare_environment()

import engine.session.session  # noqa: E402
import kernels  # noqa: E402
from engine.library import checkpoint_policy  # noqa: E402

# The command line is beside the benches, not below them: it is run here as a program.
_command_line: Any = import_module("engine.cli.command_line")
__all__ = ["Descriptor", "Settings", "engine", "kernels", "serve"]


@dataclass(frozen=True)
class Settings:
    """The surroundings of a victim."""

    save_tokens: int | None = None
    """Tokens between two checkpoints; None for the program's own."""
    file_bytes: int | None = None
    """Largest size of a file that it may write; None for no limit."""
    folder: str | None = None
    """Working folder."""
    environment: tuple[tuple[str, str], ...] = ()
    """Variables that are set."""


class Descriptor:
    """A file descriptor that the forked process is to have under any number."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __reduce__(self) -> Any:
        from multiprocessing.reduction import DupFd

        return _received, (DupFd(self.number),)


def _received(descriptor: Any) -> int:
    number: int = descriptor.detach()
    return number


def serve(arguments: Sequence[str], streams: Sequence[int], settings: Settings) -> None:
    """Be `main.py ARGUMENTS` with these descriptors as stdin, stdout and stderr."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(0, encoding="utf-8"),
        os.fdopen(1, "w", encoding="utf-8"),
        os.fdopen(2, "w", encoding="utf-8", buffering=1),
    )
    if settings.save_tokens is not None:
        checkpoint_policy.SAVE_TOKENS = settings.save_tokens
    if settings.file_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (settings.file_bytes, settings.file_bytes))
    os.environ.update(settings.environment)
    if settings.folder is not None:
        os.chdir(settings.folder)
    sys.exit(_command_line.main(arguments))
