"""A worker or reader for tests that kill it: a process of its own, forked after the imports, with close checkpoints.

Imported by the fork server only; no part of torch may run here, since threads do not survive a fork.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import transformers

import engine.session
import kernels
from engine.cli import command_line
from engine.library import checkpoint_policy
from engine.session.worker import run_worker

SAVE_TOKENS = 2000
__all__ = ["SAVE_TOKENS", "engine", "kernels", "serve", "transformers"]


def serve(model: str, library: str, commands: int, events: int, file: str | None = None) -> None:
    """Be the worker, or with `file` the command line that reads it; on these descriptors, not the standard ones."""
    checkpoint_policy.SAVE_TOKENS = SAVE_TOKENS
    os.dup2(commands, 0)
    os.dup2(events, 1)
    os.close(commands)
    os.close(events)
    # The fork server gave it another input; its output is found by number.
    sys.stdin = os.fdopen(0)
    if file is not None:
        sys.stdout = os.fdopen(1, "w")
        command_line.main(["read", file, "--json", "--model", model, "--library", library, "--device", "cpu"])
        return
    run_worker(Path(model), Path(library), "cpu", "fp32")
