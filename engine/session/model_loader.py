"""Loading the model of a session, once, with the events that report it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import torch

from engine.errors import KnownError
from engine.generation.runtime import DEMO_MODEL, Runtime, load_runtime
from engine.network.footprint import parameter_count
from engine.protocol import wire
from engine.protocol.wire import Event
from engine.session.startup import without_collection
from kernels import implementation, operations_named

SMALL_BYTES = 200_000_000
"""Weights of a model that is loaded before a job asks for it."""


class ModelLoader:
    """The checkpoint folder of a session (default: the demo model), and the model once it is loaded."""

    def __init__(self, folder: Path | None, device: str, precision: str) -> None:
        self.folder = folder or DEMO_MODEL
        self.device, self.precision = device, precision
        self._runtime: Runtime | None = None
        self._seconds = 0.0
        self._untold = False
        """The model was loaded by `prepare`, and no event has reported it."""

    @property
    def runtime(self) -> Runtime:
        """The loaded model; `load` comes first."""
        assert self._runtime is not None
        return self._runtime

    def prepare(self) -> None:
        """Import the kernels in advance, and load a small model where there is no GPU: the first job then begins at
        once. Wakes no GPU; the job that needs a kernel or the model reports what fails."""
        on_gpu = self.device != "cpu" and torch.cuda.is_available()
        with suppress(ImportError), without_collection():
            operations_named("triton" if on_gpu else "cpu")
        if not on_gpu and 0 < _weight_bytes(self.folder) <= SMALL_BYTES:
            with suppress(KnownError, ImportError, MemoryError):
                self._load()
                self._untold = True

    def load(self, job_id: str) -> Iterator[Event]:
        """Load the model unless it is loaded; report it once. Raises KnownError."""
        if self._runtime is not None and not self._untold:
            return
        if self._runtime is None:
            yield wire.ModelLoading(job_id=job_id, folder=str(self.folder))
            self._load()
        self._untold = False
        runtime = self.runtime
        yield wire.ModelLoaded(
            job_id=job_id,
            name=runtime.name,
            demo=runtime.profile.demonstration,
            parameters=parameter_count(runtime.model.config),
            device=str(runtime.model.device),
            dtype=runtime.precision,
            implementation=implementation(runtime.model.device).name,
            reason=runtime.reason,
            trained_context=runtime.trained_context,
            seconds=self._seconds,
        )

    def _load(self) -> None:
        started = time.monotonic()
        with without_collection():
            self._runtime = load_runtime(self.folder, self.device, self.precision)
        self._seconds = time.monotonic() - started


def _weight_bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("*.safetensors"))
