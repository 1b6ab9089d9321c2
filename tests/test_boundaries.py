"""Who may import whom, seen from a fresh process."""

from __future__ import annotations

import subprocess
import sys

import pytest

LIGHT = [
    "engine.protocol.wire",
    "engine.prompting.prompts",
    "engine.library.library",
    "engine.documents.extraction.extractor",
    "engine.cli.command_line",
    "main",
]
HEAVY = ["torch", "triton", "transformers", "numba"]


@pytest.mark.parametrize("module", LIGHT)
def test_a_light_module_imports_no_heavy_library(module: str):
    code = f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
