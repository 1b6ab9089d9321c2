"""Which implementation runs where, and that it says so."""

from __future__ import annotations

import os
import subprocess
import sys

import torch

import kernels


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name not in ("TRITON_INTERPRET", kernels.OVERRIDE)}
    return subprocess.run(
        [sys.executable, "-c", code], env=clean | environment, capture_output=True, text=True, check=False
    )


def test_the_cpu_runs_numba_and_leaves_triton_alone() -> None:
    done = run_python("import kernels, sys; print(kernels.implementation('cpu').name, 'triton' in sys.modules)")
    assert done.stdout.split() == ["cpu", "False"], done.stderr


def test_the_environment_overrides_the_choice() -> None:
    done = run_python("import kernels; print(kernels.implementation('cpu'))", READTHROUGH_KERNELS="reference")
    assert "name='reference'" in done.stdout
    assert kernels.OVERRIDE in done.stdout


def test_an_impossible_choice_is_an_error_with_a_sentence() -> None:
    code = "import kernels\ntry: kernels.implementation('cpu')\nexcept kernels.KernelsError as error: print(error)"
    assert "Triton needs a GPU" in run_python(code, READTHROUGH_KERNELS="triton").stdout
    assert "choose one of" in run_python(code, READTHROUGH_KERNELS="fastest").stdout


def test_loading_triton_keeps_the_public_functions() -> None:
    """Submodules share their names."""
    kernels.operations("triton")
    assert all(callable(getattr(kernels, name)) for name in kernels.Operations.__annotations__)
    x = torch.randn(2, 8)
    assert kernels.rms_norm(x, None, 1e-5).shape == x.shape
