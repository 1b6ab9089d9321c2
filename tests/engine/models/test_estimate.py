"""Expected durations: measured by readings, scaled, told before a document is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch

from engine.control import Control
from engine.generation.tight_memory import is_out_of_memory, read_chunk
from engine.models import speed
from engine.models.catalogue import find
from engine.models.estimate import expected_tokens, reader_seconds, reading_seconds
from engine.network.config import FalconMambaConfig
from engine.network.weights import load_model
from engine.protocol import wire
from engine.resources import resource_path
from engine.session.model_loader import ModelLoader
from engine.session.session import Session
from engine.wording.sentences import reading_estimate
from tests.engine.running import of_kind, only, run_to_success
from tests.engine.tiny import write_pages


@pytest.fixture(autouse=True)
def own_speeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "cache_file", lambda: tmp_path / "cache" / "speed.json")


@pytest.fixture
def falcon() -> FalconMambaConfig:
    entry = find("falcon3-mamba-7b-instruct")
    assert entry is not None
    return entry.config


def test_nothing_is_expected_before_a_measurement(falcon: FalconMambaConfig):
    assert speed.seconds_per_token(falcon, "int4") is None and speed.seconds_per_page(falcon) == {}


def test_the_nearest_measurement_is_scaled_by_the_weights(falcon: FalconMambaConfig):
    small = find("mamba-130m-hf")
    assert small is not None
    speed.note(small.config, "int4", "cpu", 1000, 10.0)
    ratio = speed.multiplied(falcon) / speed.multiplied(small.config)
    assert speed.seconds_per_token(falcon, "int4") == pytest.approx(0.01 * ratio)
    assert speed.seconds_per_token(falcon, "int8") == pytest.approx(0.01 * ratio)  # another precision, for want of it
    speed.note(falcon, "int8", "cpu", 1000, 50.0)
    assert speed.seconds_per_token(falcon, "int8") == pytest.approx(0.05)
    assert speed.seconds_per_token(falcon, "int4", "cuda") is None


def test_a_short_reading_is_no_measurement(falcon: FalconMambaConfig):
    speed.note(falcon, "int4", "cpu", 10, 1.0)
    assert speed.seconds_per_token(falcon, "int4") is None


def test_a_busy_machine_is_no_slow_machine(falcon: FalconMambaConfig):
    """A reading of 1000 tokens lasts 500 s, of which its two threads compute 50 s each."""
    loader = ModelLoader(None, "cpu", "int4")
    model = SimpleNamespace(config=falcon, device=torch.device("cpu"))
    loader._runtime = cast(Any, SimpleNamespace(model=model, precision="int4"))
    threads = torch.get_num_threads()
    loader.note_speed(1000, 500.0, 50.0 * threads)
    assert speed.seconds_per_token(falcon, "int4") == pytest.approx(0.06)
    loader.note_speed(1000, 55.0, 50.0 * threads)
    assert speed.seconds_per_token(falcon, "int4") == pytest.approx(0.055)


def test_a_damaged_file_of_measurements_is_ignored(falcon: FalconMambaConfig, tmp_path: Path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "speed.json").write_text('{"cpu int4 1": "x"}')
    assert speed.seconds_per_token(falcon, "int4") is None


def test_tokens_are_expected_from_pages_or_bytes():
    assert expected_tokens("pdf", 10**6, 30) == 14_100
    assert expected_tokens("text", 4000, None) == 1000
    assert expected_tokens("pdf", 10**6, None) is None


def test_the_sentence_names_both_models(falcon: FalconMambaConfig):
    speed.note(falcon, "int4", "cpu", 1000, 60.0)
    speed.note(FalconMambaConfig.from_folder(resource_path("models/reader")), "fp32", "cpu", 1000, 2.0)
    event = wire.ReadingEstimated(
        tokens=14_000,
        model="Falcon3",
        precision="int4",
        seconds=reading_seconds(falcon, "int4", "cpu", 14_000),
        reader_seconds=reader_seconds("cpu", 14_000),
    )
    expected = (
        "Reading this document takes about 14 min with Falcon3 in int4, "
        "or 30 s with the included models, which quote (without --model)"
    )
    assert reading_estimate(event) == expected


def test_a_reading_is_estimated_first_and_measured_after(session: Session, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(speed, "LEAST_WEIGHTS", 1)
    file = write_pages(tmp_path / "long.txt", 1)
    events = run_to_success(session, wire.Read(job_id="r", path=str(file)))
    kinds = [type(event).__name__ for event in events]
    assert kinds.index("ReadingEstimated") < kinds.index("ModelLoading") < kinds.index("ReadingResumed")
    assert only(events, wire.ReadingEstimated).seconds is None
    later = write_pages(tmp_path / "other.txt", 2)
    events = list(session.run(wire.Read(job_id="s", path=str(later)), Control()))
    assert (of_kind(events, wire.ReadingEstimated)[0].seconds or 0) > 0


def test_a_chunk_that_does_not_fit_is_read_in_halves(checkpoints: dict[str, Path], monkeypatch: pytest.MonkeyPatch):
    model = load_model(checkpoints["falcon_mamba"])
    ids = torch.arange(256)[None] % 257
    at_once, in_parts = model.new_state(), model.new_state()
    assert read_chunk(model, ids, at_once)
    forward: Callable[..., torch.Tensor] = type(model)._forward
    lengths: list[int] = []

    def short(self: object, tokens: torch.Tensor, conv: torch.Tensor, ssm: torch.Tensor, *more: object) -> torch.Tensor:
        lengths.append(tokens.shape[1])
        if tokens.shape[1] > 64:
            ssm.fill_(7.0)  # as far as the failed pass had come
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes.")
        return forward(self, tokens, conv, ssm, *more)

    monkeypatch.setattr(type(model), "_forward", short)
    read_chunk(model, ids, in_parts)
    assert lengths == [256, 128, 64, 64, 128, 64, 64]
    torch.testing.assert_close(in_parts.ssm, at_once.ssm, rtol=1e-4, atol=1e-5)
    assert in_parts.n_tokens.tolist() == [256]


def test_memory_that_runs_out_leads_to_a_smaller_precision(session: Session, file: Path, monkeypatch):
    from engine.generation import tight_memory
    from engine.reading import consuming

    def fails_in_fp32(model, ids, state, observer=None):
        if session.runtime.precision == "fp32":
            raise MemoryError
        return tight_memory.read_chunk(model, ids, state, observer)

    monkeypatch.setattr(consuming, "read_chunk", fails_in_fp32)
    events = run_to_success(session, wire.Read(job_id="r", path=str(file)))
    loaded = of_kind(events, wire.ModelLoaded)
    assert [event.dtype for event in loaded] == ["fp32", "bf16"]
    assert "bf16, because the memory ran out in fp32" in loaded[1].reason


def test_memory_that_runs_out_in_every_precision_is_one_sentence(session: Session, file: Path, monkeypatch):
    from engine.reading import consuming

    def fails(*_: object) -> bool:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(consuming, "read_chunk", fails)
    events = list(session.run(wire.Read(job_id="r", path=str(file)), Control()))
    assert isinstance(events[-1], wire.JobFailed) and "the memory ran out" in events[-1].message
    assert [event.dtype for event in of_kind(events, wire.ModelLoaded)] == ["fp32", "bf16", "int8", "int4"]
    assert is_out_of_memory(MemoryError()) and not is_out_of_memory(RuntimeError("shapes differ"))


def test_the_speed_of_a_test_network_is_not_scaled(falcon: FalconMambaConfig, tmp_path: Path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "speed.json").write_text(
        '{"cpu fp32 16864": [16864, 0.0003], "cpu bf16 13000000": [13000000, 1e-4]}'
    )
    scaled = 1e-4 * speed.multiplied(falcon) / 13_000_000
    assert speed.seconds_per_token(falcon, "fp32") == pytest.approx(scaled)


def test_the_included_models_take_as_long_as_their_reader(tmp_path: Path):
    loader, file = ModelLoader(None, "cpu", "auto"), SimpleNamespace(kind="pdf", size=9, page_count=100)
    for precision in ("fp32", "bf16"):
        speed.note(FalconMambaConfig.from_folder(loader.folder), precision, "cpu", 1000, 0.05)
    reader = FalconMambaConfig.from_folder(resource_path("models/reader"))
    speed.note(reader, "bf16", "cpu", 1000, 0.5)
    (event,) = loader.estimate("j", cast(Any, file))
    assert isinstance(event, wire.ReadingEstimated) and event.reader_seconds is None
    assert event.seconds == pytest.approx(100 * speed.PAGE_TOKENS * 0.0005)
    assert reading_estimate(event).endswith("with the included models")
    (asked,) = loader.estimate("j", cast(Any, file), scored=False)
    assert isinstance(asked, wire.ReadingEstimated) and (asked.seconds or 9) < 3.0


def test_what_the_reader_reads_is_measured(monkeypatch: pytest.MonkeyPatch):
    counts = iter([0, 5_000, 5_000])
    config = FalconMambaConfig.from_folder(resource_path("models/reader"))
    model = SimpleNamespace(model=SimpleNamespace(config=config, dtype=torch.bfloat16))
    monkeypatch.setattr("engine.session.model_loader.read_by_reader", lambda: next(counts))
    monkeypatch.setattr("engine.session.model_loader.reader_model", lambda: model)
    with ModelLoader(None, "cpu", "auto").reader_measured():
        sum(range(100_000))
    assert (speed.measured(config) or 0) > 0
