"""Loading the model of a session, once, with the events that report it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import torch

from engine.generation.runtime import DEMO_MODEL, Runtime, load_runtime
from engine.network.footprint import parameter_count
from engine.protocol import wire
from engine.protocol.wire import Event
from engine.session.startup import without_collection
from kernels import implementation, operations_named


class ModelLoader:
    """The checkpoint folder of a session (default: the demo model), and the model once it is loaded."""

    def __init__(self, folder: Path | None, device: str, precision: str) -> None:
        self.folder = folder or DEMO_MODEL
        self._device, self._precision = device, precision
        self._runtime: Runtime | None = None

    @property
    def runtime(self) -> Runtime:
        """The loaded model; `load` comes first."""
        assert self._runtime is not None
        return self._runtime

    def prepare(self) -> None:
        """Import the kernels in advance. Loads no model and wakes no GPU; the job that needs a kernel reports an import
        that fails."""
        on_gpu = self._device != "cpu" and torch.cuda.is_available()
        with suppress(ImportError), without_collection():
            operations_named("triton" if on_gpu else "cpu")

    def load(self, job_id: str) -> Iterator[Event]:
        """Load the model unless it is loaded. Raises KnownError."""
        if self._runtime is not None:
            return
        started = time.monotonic()
        yield wire.ModelLoading(job_id=job_id, folder=str(self.folder))
        with without_collection():
            runtime = load_runtime(self.folder, self._device, self._precision)
        self._runtime = runtime
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
            seconds=time.monotonic() - started,
        )
