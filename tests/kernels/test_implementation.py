"""Which implementation runs where, and that it says so."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import fields

import pytest

import kernels


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name not in ("TRITON_INTERPRET", kernels.OVERRIDE)}
    return subprocess.run(
        [sys.executable, "-c", code], env=clean | environment, capture_output=True, text=True, check=False
    )


def test_cpu_runs_numba_without_triton() -> None:
    done = run_python("import kernels, sys; print(kernels.implementation('cpu').name, 'triton' in sys.modules)")
    assert done.stdout.split() == ["cpu", "False"], done.stderr


def test_environment_overrides_implementation() -> None:
    done = run_python("import kernels; print(kernels.implementation('cpu'))", READTHROUGH_KERNELS="reference")
    assert "name='reference'" in done.stdout
    assert kernels.OVERRIDE in done.stdout


def test_impossible_override_is_kernels_error() -> None:
    code = "import kernels\ntry: kernels.implementation('cpu')\nexcept kernels.KernelsError as error: print(error)"
    assert "Triton needs a GPU" in run_python(code, READTHROUGH_KERNELS="triton").stdout
    assert "choose one of" in run_python(code, READTHROUGH_KERNELS="fastest").stdout


@pytest.mark.parametrize("name", ["reference", "cpu", "triton"])
def test_every_implementation_has_every_operation(name: str) -> None:
    found = kernels.operations_named(name)
    assert all(callable(getattr(found, field.name)) for field in fields(kernels.Operations))
    with pytest.raises(kernels.KernelsError, match="choose one of"):
        kernels.operations_named("fastest")
