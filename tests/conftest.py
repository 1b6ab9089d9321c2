"""Settings that must be made before any test module is imported."""

from __future__ import annotations

import os
import tempfile

import torch
from hypothesis import settings

# Triton reads this when it is first imported, and torch may import it for reasons of its own.
if not torch.cuda.is_available():
    os.environ.setdefault("TRITON_INTERPRET", "1")

# Text recognition takes seconds a page and need not be installed. Tests of it switch it on.
os.environ["READTHROUGH_OCR"] = "off"

# A deadline is a timed test: on a busy machine it fails without a fault.
settings.register_profile("readthrough", deadline=None)
settings.load_profile("readthrough")

# Log files of the processes that tests start do not go among those of the user.
os.environ.setdefault(
    "READTHROUGH_LOGS",
    os.path.join(
        tempfile.gettempdir(), f"readthrough-test-logs-{os.environ.get('PYTEST_XDIST_TESTRUNUID', os.getpid())}"
    ),
)
