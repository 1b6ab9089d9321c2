"""Loading the model of a session, once, with the events that report it."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import torch

from engine.documents.pages import DocumentInfo
from engine.errors import KnownError
from engine.generation.runtime import DEMO_MODEL, Runtime, load_runtime
from engine.generation.tight_memory import read_chunk
from engine.generators import run_to_end
from engine.models import estimate, speed
from engine.network.config import FalconMambaConfig
from engine.network.device import choose_device, configure_cpu
from engine.network.footprint import parameter_count
from engine.network.precision import choose_precision
from engine.network.published import repository_of
from engine.profile.choose import choose_profile
from engine.protocol import wire
from engine.protocol.wire import Event
from engine.reading.long_documents import reading_plan, tokens_to_read
from engine.scoring.reader_model import read_by_reader, reader_model
from engine.session.startup import without_collection
from kernels import implementation, operations_named

SMALL_BYTES = 200_000_000
"""Weights of a model that is loaded before a job asks for it."""
REPORT_SECONDS = 1.0
"""Seconds between two reports of a model that is being loaded."""
IDLE_SHARE = 1.2
"""Wall seconds of a reading on a free machine, for each processor second that a thread of it uses."""
SHORT = {"float32": "fp32", "bfloat16": "bf16"}
"""Names of the precisions in which the reader computes."""
SMALLER = {"fp32": "bf16", "bf16": "int8", "fp16": "int8", "int8": "int4", "fp8": "int4"}
"""The precision that is tried after the memory ran out in another."""


class ModelLoader:
    """The model of a session (default: the demo model), and its runtime once it is loaded."""

    def __init__(self, folder: Path | None, device: str, precision: str) -> None:
        self.folder = folder or DEMO_MODEL
        self.device, self.precision = device, precision
        self._runtime: Runtime | None = None
        self._seconds = 0.0
        self._untold = False
        """The model was loaded by `prepare`, and no event has reported it."""
        self._shrunk = ""

    @property
    def runtime(self) -> Runtime:
        """The loaded model; `load` comes first."""
        assert self._runtime is not None
        return self._runtime

    def tokens_computed(self) -> int:
        """Return the tokens that the model and the included reader have computed since they were loaded; from any
        thread."""
        runtime = self._runtime
        return read_by_reader() + (0 if runtime is None else runtime.model.tokens_computed)

    def prepare(self) -> None:
        """Import the kernels in advance; where there is no GPU, load a small model and try it: the first job then
        begins at once. Wakes no GPU; the job that needs a kernel or the model reports what fails."""
        on_gpu = self.device != "cpu" and torch.cuda.is_available()
        with suppress(ImportError), without_collection():
            operations_named("triton" if on_gpu else "cpu")
        if not on_gpu and 0 < _weight_bytes(self.folder) <= SMALL_BYTES:
            with suppress(KnownError, ImportError, MemoryError):
                run_to_end(self._load(""))
                self._untold = True
                with suppress(RuntimeError):  # too little memory: the job says it
                    self._compile()

    def _compile(self) -> None:
        """Read a chunk, so that the kernels are compiled before the first document comes: several seconds after an
        installation, nothing later."""
        model = self.runtime.model
        read_chunk(model, torch.zeros(1, self.runtime.chunk_length, dtype=torch.int64), model.new_state())

    def load(self, job_id: str) -> Iterator[Event]:
        """Load the model unless it is loaded; report it once. Raises KnownError."""
        if self._runtime is not None and not self._untold:
            return
        if self._runtime is None:
            yield wire.ModelLoading(job_id=job_id, folder=str(self.folder))
            yield from self._load(job_id)
        self._untold = False
        runtime = self.runtime
        reasons = [runtime.reason, self._shrunk] if self._shrunk else [runtime.reason]
        yield wire.ModelLoaded(
            job_id=job_id,
            name=runtime.name,
            demo=runtime.profile.demonstration,
            parameters=parameter_count(runtime.model.config),
            device=str(runtime.model.device),
            dtype=runtime.precision,
            implementation=implementation(runtime.model.device).name,
            reason="; ".join(reasons),
            trained_context=runtime.trained_context,
            seconds=self._seconds,
        )

    def _load(self, job_id: str) -> Generator[Event, None, None]:
        started = time.monotonic()
        with without_collection():
            self._runtime = yield from _loaded(self.folder, self.device, self.precision, job_id)
        self._seconds = time.monotonic() - started

    def estimate(self, job_id: str, document: DocumentInfo, *, scored: bool = True) -> Iterator[Event]:
        """Yield how long reading a document will take here, where its length is known before. Loads nothing.

        `scored`: the included reader scores all sentences of a text that the included model does not know.
        """
        tokens = estimate.expected_tokens(document.kind, document.size, document.page_count)
        if tokens is None:
            return
        try:
            config = FalconMambaConfig.from_folder(self.folder)
            plan = reading_plan(choose_profile(self.folder), config.trained_context)
            device = choose_device(self.device).device
            precision = (
                self._runtime.precision if self._runtime else choose_precision(config, device, self.precision).name
            )
        except KnownError:
            return  # loading says it
        included = estimate.is_included(self.folder)
        seconds = estimate.reading_seconds(config, precision, device.type, tokens_to_read(plan, tokens))
        by_reader = estimate.reader_seconds(device.type, tokens)
        if included and scored and by_reader is not None:  # too long for a text that the other included model knows
            seconds = max(seconds or 0.0, by_reader)
        yield wire.ReadingEstimated(
            job_id=job_id,
            tokens=tokens,
            model=repository_of(self.folder).rpartition("/")[2],
            precision=precision,
            seconds=seconds,
            reader_seconds=None if included else by_reader,
            included=included,
        )

    def note_speed(self, tokens: int, seconds: float, processor_seconds: float) -> None:
        """Keep the speed of a reading for later estimates: on a CPU without the time that other programs took.

        `processor_seconds`: those of all threads of this process.
        """
        runtime, device = self.runtime, self.runtime.model.device.type
        if device == "cpu":
            seconds = min(seconds, IDLE_SHARE * processor_seconds / torch.get_num_threads())
        speed.note(runtime.model.config, runtime.precision, device, tokens, seconds)

    @contextmanager
    def reader_measured(self) -> Iterator[None]:
        """Keep the speed of the included reader for later estimates, from what it reads meanwhile."""
        tokens, before = read_by_reader(), time.process_time()
        try:
            yield
        finally:
            seconds = IDLE_SHARE * (time.process_time() - before) / torch.get_num_threads()
            reader = reader_model() if read_by_reader() > tokens else None
            if reader is not None:
                precision = str(reader.model.dtype).removeprefix("torch.")
                speed.note(reader.model.config, SHORT[precision], "cpu", read_by_reader() - tokens, seconds)

    def shrink(self) -> bool:
        """Unload the model, to be loaded in the next smaller precision; return whether there is one."""
        smaller = SMALLER.get(self._runtime.precision) if self._runtime is not None else None
        if smaller is None:
            return False
        self._shrunk = f"{smaller}, because the memory ran out in {self.runtime.precision}"
        self.precision, self._runtime = smaller, None
        return True


def _weight_bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("*.safetensors"))


def _loaded(folder: Path, device: str, precision: str, job_id: str) -> Generator[Event, None, Runtime]:
    """Load in a thread and yield its progress once a second; returns the runtime. Raises what loading raises."""
    reports: queue.Queue[tuple[int, int] | None] = queue.Queue()
    made: list[Runtime] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            made.append(load_runtime(folder, device, precision, lambda done, total: reports.put((done, total))))
        except BaseException as error:
            failed.append(error)
        finally:
            reports.put(None)

    configure_cpu()  # in this thread: each thread has its own number of helpers
    thread = threading.Thread(target=work, name="load-model", daemon=True)
    thread.start()
    latest, reported = (0, 0), time.monotonic()
    while True:
        with suppress(queue.Empty):
            report = reports.get(timeout=REPORT_SECONDS)
            if report is None:
                break
            latest = report
        if time.monotonic() - reported >= REPORT_SECONDS:
            reported = time.monotonic()
            yield wire.ModelLoadAdvanced(job_id=job_id, n_bytes=latest[0], of_bytes=latest[1])
    thread.join()
    if failed:
        raise failed[0]
    return made[0]
