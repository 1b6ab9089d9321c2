"""Where the compiled kernels run: on a GPU if there is one, else in Triton's interpreter (tests/conftest.py)."""

from __future__ import annotations

import pytest
import torch

from kernels import Operations, operations_named


@pytest.fixture(params=["cpu", "triton"])
def implementation_name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def compiled(implementation_name: str) -> Operations:
    """The operations under test."""
    return operations_named(implementation_name)


@pytest.fixture
def device(implementation_name: str) -> torch.device:
    return torch.device("cuda" if implementation_name == "triton" and torch.cuda.is_available() else "cpu")


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def poisoned_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fresh memory is NaN, so that an element that a kernel does not write fails the comparison."""
    empty, empty_like = torch.empty, torch.empty_like

    def poison(tensor: torch.Tensor) -> torch.Tensor:
        return tensor.fill_(float("nan")) if tensor.is_floating_point() else tensor

    monkeypatch.setattr(torch, "empty", lambda *args, **kwargs: poison(empty(*args, **kwargs)))
    monkeypatch.setattr(torch, "empty_like", lambda *args, **kwargs: poison(empty_like(*args, **kwargs)))
