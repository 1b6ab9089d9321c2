"""The benches' own parts: limits, contests, checks and pictures. What they measure is measured elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.bench import constant_speed, drafts, peers, plots, restart_ours, roofline, speed, start
from engine.bench.extraction import verdict
from engine.bench.harness import contest, distance, plain, show, surroundings, write
from engine.bench.registry import _MODULES, BENCHES
from engine.bench.shapes import PRECISIONS, read, save
from engine.errors import KnownError
from engine.network.config import FalconMambaConfig
from engine.network.weights import load_model, random_model
from tests.engine.network.test_cpu_step import SHAPE


def test_every_listed_bench_exists():
    folder = Path(roofline.__file__).parent
    assert all((folder / f"{_MODULES.get(name, name).replace('.', '/')}.py").is_file() for name in BENCHES)


def test_contest_takes_best_round():
    calls: list[str] = []
    best, results = contest({name: lambda name=name: calls.append(name) or name for name in ("a", "b")}, 2)  # type: ignore[misc]
    assert calls == ["a", "b"] * 3
    assert results == {"a": "a", "b": "b"} and all(0 <= seconds < 1 for seconds in best.values())


def test_saved_network_round_trip(tmp_path: Path):
    shape = {**SHAPE, "num_hidden_layers": 9}
    model = random_model(FalconMambaConfig.from_dict(shape))
    save(model, shape, tmp_path)
    ids = torch.arange(20)
    torch.testing.assert_close(read(load_model(tmp_path), ids, 7)[0], read(model, ids, 20)[0])


def test_limits_per_token():
    config = FalconMambaConfig.from_dict(SHAPE)
    model = random_model(config)
    layer = model.layers[0]
    matrices = (layer.in_proj, layer.x_proj, layer.dt_proj, layer.out_proj)
    assert roofline.operations_per_token(config) == 2 * 3 * sum(matrix.weight.numel() for matrix in matrices)
    state, embeddings = model.new_state().nbytes, model.embeddings.nbytes
    assert roofline.bytes_per_token(model) == model.nbytes - embeddings + 2 * state
    tied = random_model(FalconMambaConfig.from_dict({**SHAPE, "tie_word_embeddings": True}))
    assert roofline.bytes_per_token(tied) == tied.nbytes + 2 * state
    most = roofline.Limits(product_rate=1e6, bandwidth=1e7)
    assert most.prefill(config) == 1e6 / roofline.operations_per_token(config)
    assert most.decode(tied) == 1e7 / roofline.bytes_per_token(tied)


def test_wrong_peer_gets_no_figures(monkeypatch: pytest.MonkeyPatch):
    shape = {**SHAPE, "eos_token_id": 0}
    monkeypatch.setattr(peers, "SHAPE_130M", shape)
    monkeypatch.setattr(peers, "PRECISIONS", {name: PRECISIONS[name] for name in ("fp32", "bf16")})
    monkeypatch.setattr(peers, "installed", lambda _: False)
    monkeypatch.setattr(roofline, "BUFFER_BYTES", 1 << 20)
    rows = peers.peers(tokens=12, decode_tokens=2, rounds=1)["contestants"]
    assert [row["contestant"] for row in rows] == ["transformers fp32", "ours fp32", "ours bf16"]
    assert rows[1]["logits differ by"] < 1e-4
    assert rows[1]["prefill share"].endswith("%") and rows[0]["prefill share"] is None
    monkeypatch.setattr(peers, "load_model", lambda folder, device, *_: random_model(_config(shape), seed=1))
    with pytest.raises(KnownError, match="ours fp32 differs from transformers"):
        peers.peers(tokens=12, decode_tokens=2, rounds=1)


def test_drafts_bench_refuses_another_text(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(drafts, "SHAPE_130M", SHAPE)
    row = drafts.drafts("cpu", ["fp32"], tokens=24, rounds=1)["tokens/s, and times those without drafts"][0]
    assert row["precision"] == "fp32" and list(row)[2:] == ["quoted", "ten of sixteen", "elsewhere", "always wrong"]
    monkeypatch.setattr(drafts, "_text", lambda *given: [len(given[-1])])
    with pytest.raises(KnownError, match="is not the one without drafts"):
        drafts.drafts("cpu", ["fp32"], tokens=24, rounds=1)


def _config(shape: dict[str, Any]) -> FalconMambaConfig:
    return FalconMambaConfig.from_dict(shape)


def test_peer_transformer_size_and_cache():
    ours = constant_speed._ours("cpu")
    theirs = constant_speed.transformer("cpu")
    size = sum(parameter.numel() for parameter in theirs.parameters())
    assert abs(size - ours.nbytes / 2) < 0.15 * size
    one, two = (constant_speed._their_speed(theirs, position, 2) for position in (100, 300))
    assert one[0] > 0 and two[1] == 3 * one[1]


def test_one_text_by_windows():
    rows = constant_speed._one_text(random_model(_config(SHAPE)), torch.arange(4), 40, windows=4)
    assert [row["tokens"] for row in rows] == [10, 20, 30, 40]


def test_constant_speed_leaves_parts_out_on_request():
    figures = constant_speed.measure("cpu", 20, (), 0)
    assert [row["tokens"] for row in figures["one text"]] == list(range(2, 21, 2))
    assert not any("position" in name or "prompt" in name or name == "transformer" for name in figures)
    with pytest.raises(KnownError, match="without positions"):
        plots.headline(figures, None)


class NoLimits:
    def decode(self, model: object) -> float:
        return 1000.0


def test_decode_timing_checks_logits(monkeypatch: pytest.MonkeyPatch):
    model = random_model(_config(SHAPE))
    logits, state = read(model, torch.arange(9), 9)
    row = speed._decode_row("fp32", model, state, logits, 6, NoLimits())  # type: ignore[arg-type]
    assert row["same tokens"] and row["off a chunk"] < 1e-3
    monkeypatch.setattr(model, "_step", lambda ids, state: 1.2 * model._forward(ids, state.conv, state.ssm, None))
    with pytest.raises(RuntimeError, match="as a chunk differ by"):
        speed._decode_row("fp32", model, state, logits, 6, NoLimits())  # type: ignore[arg-type]


def test_figures_are_shown_and_saved(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    figures = {**surroundings(), "speed": [{"name": "a", "tokens/s": 1234.5}]}
    show("Title", figures)
    assert "1,234" in capsys.readouterr().out
    write(tmp_path / "new" / "figures.json", figures)
    assert json.loads((tmp_path / "new" / "figures.json").read_text())["speed"][0]["tokens/s"] == 1234.5
    assert [plain(value) for value in (0.1234, 12345, True, False, None, "x")] == [
        "0.123",
        "12,345",
        "yes",
        "NO",
        "",
        "x",
    ]


def test_plots_refuse_other_files(tmp_path: Path):
    pytest.importorskip("matplotlib")
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(KnownError, match="holds no figures of bench speed"):
        plots.draw("speed", tmp_path / "other.json", tmp_path)


def test_speed_plots():
    row = {"precision": "bf16", "prefill 512, tokens/s": 5.0, "its limit": 9.0, "decode, tokens/s": 3.0, "limit": 4.0}
    assert plots._speeds({"speed": [row]}) == [
        ("prefill", ["bf16"], [5.0], [9.0]),
        ("decode, one text", ["bf16"], [3.0], [4.0]),
    ]
    on_gpu = {
        "prefill": [{"tokens": 2048, "tokens/s": 5.0, "limit": 9.0}, {"tokens": 8192, "tokens/s": 6.0, "limit": 9.0}],
        "decode of one row": [{"precision": "int8", "tokens/s": 3.0, "limit": 4.0}],
    }
    assert plots._speeds(on_gpu) == [
        ("prefill, by tokens read", ["2,048", "8,192"], [5.0, 6.0], [9.0, 9.0]),
        ("decode, one text", ["int8"], [3.0], [4.0]),
    ]


@pytest.mark.parametrize(
    ("peaks", "longest"), [((10, 20), "120"), ((10, 10), "any"), ((200, 200), "under 10"), ((200, 300), "under 10")]
)
def test_longest_prompt_is_extrapolated(peaks: tuple[int, int], longest: str, monkeypatch: pytest.MonkeyPatch):
    at = dict(zip((10, 20), peaks, strict=True))
    monkeypatch.setattr(constant_speed, "_measured_peak", lambda kind, device, length: at[length])
    assert constant_speed._longest("ours, in chunks", "cpu", (10, 20), 120)["longest prompt"] == longest


def test_plots_need_figures():
    with pytest.raises(KnownError, match="name the files"):
        plots.main([])


def test_the_verdict_on_extraction_says_who_waits():
    assert verdict(80_000, 2000).startswith("extraction keeps up: 40.0 times")
    assert verdict(20_000, 38_000).startswith("extraction is the bottleneck")


@pytest.mark.slow
def test_start_is_timed_by_steps():
    figures = start.start(["--device", "cpu"], tokens=600, runs=1)
    for name, steps in (
        ("asking a document that was read before", start.ASKING),
        ("reading a new file", start.READING),
    ):
        rows = figures[name]
        assert [row["until"] for row in rows] == list(steps)
        reached = [row["best, s"] for row in rows]
        assert reached == sorted(reached) and reached[0] > 0
        assert sum(row["this step, s"] for row in rows) == pytest.approx(reached[-1], abs=0.01)


def test_failed_process_gives_no_figures(tmp_path: Path):
    with pytest.raises(KnownError, match="missing"):
        start.first_seen(["--library", str(tmp_path / "library.db"), "read", str(tmp_path / "missing.txt")])


def test_a_restarted_contestant_comes_to_the_same_logits(tmp_path: Path):
    shape = {**SHAPE, "num_hidden_layers": 2}
    save(random_model(FalconMambaConfig.from_dict(shape)), shape, tmp_path)
    document, question = [number % 60 + 1 for number in range(700)], [5, 6, 7]
    for kind, allowed in (("fp32", 0.0), ("bf16", 0.05), ("int8", 0.05)):
        (tmp_path / kind).mkdir()
        first = restart_ours.Ours(tmp_path, kind)
        first.read(document)
        assert set(first.save(tmp_path / kind, document)) == set(restart_ours.STORED)
        expected = torch.from_numpy(first.first_token(question))
        again = restart_ours.Ours(tmp_path, kind)
        again.restore(tmp_path / kind, document)
        assert distance(torch.from_numpy(again.first_token(question)), expected) <= allowed
        again.rest(3)
        assert distance(torch.from_numpy(again.first_token(question)), expected) <= allowed
