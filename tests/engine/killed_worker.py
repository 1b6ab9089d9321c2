"""A worker for tests that kill it: a process of its own, forked after the slow imports, with close checkpoints.

Imported by the fork server only; no part of torch may run here, since threads do not survive a fork.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import transformers

import engine.session
import kernels
from engine import ladder
from engine.worker import run_worker

SAVE_TOKENS = 2000
__all__ = ["SAVE_TOKENS", "engine", "kernels", "serve", "transformers"]


def serve(model: str, library: str, commands: int, events: int) -> None:
    """Be the worker, on these descriptors instead of the standard ones."""
    ladder.SAVE_TOKENS = SAVE_TOKENS
    os.dup2(commands, 0)
    os.dup2(events, 1)
    os.close(commands)
    os.close(events)
    # The fork server gave it another input; its output is found by number.
    sys.stdin = os.fdopen(0)
    run_worker(Path(model), Path(library), "cpu", "fp32")
