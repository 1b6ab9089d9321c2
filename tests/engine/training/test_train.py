"""The network as trained against transformers; steps lower the loss; a resumed run is the same run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engine.training import lessons, train
from engine.training.network import Network, Shape
from engine.training.optimizer import orthogonal

SHAPE = Shape(d_model=24, n_layers=2, d_inner=48, d_state=4, dt_rank=4)
LESSON = replace(lessons.FIRST, rows=3, tokens=96, forks=1)


@pytest.fixture(autouse=True)
def one_tiny_lesson(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "STAGES", (((1.0, LESSON),),))


def run(plan: train.Plan, out: Path, **options) -> Network:
    return train.train(plan, out, shape=SHAPE, device="cpu", log_every=4, check_every=1000, **options)


def test_logits_are_those_of_transformers_also_after_padding_and_a_fork(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    network = Network(SHAPE, seed=3)
    network.save(tmp_path, trained_context=64)
    theirs = transformers.FalconMambaForCausalLM.from_pretrained(tmp_path, dtype=torch.float32).eval()
    with torch.no_grad():
        for parameter in network.parameters():  # the file holds bf16
            parameter.copy_(parameter.to(torch.bfloat16).float())
    ids = torch.randint(0, SHAPE.vocab_size, (2, 21), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = theirs(ids).logits
    padded = torch.cat([torch.full((2, 4), 3), ids[:, :13]], 1)
    mask = torch.cat([torch.zeros(2, 4), torch.ones(2, 13)], 1)
    _, states = network.read(padded, mask, None, torch.float32)
    residual, _ = network.read(ids[:, 13:], torch.ones(2, 8), states, torch.float32)
    torch.testing.assert_close(network.logits(residual, torch.float32), expected[:, 13:], rtol=1e-5, atol=1e-5)


def test_a_few_steps_lower_the_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "WARM_UP", 1)
    run(train.Plan((12,), 2e-2, 1), tmp_path)
    lines = (tmp_path / "log.jsonl").read_text().splitlines()
    losses = [float(line.split('"answer_loss": ')[1].split(",")[0]) for line in lines]
    assert losses[-1] < losses[0] - 0.5


def test_a_resumed_run_continues_exactly(tmp_path: Path) -> None:
    plan = train.Plan((8,), 1e-2, 2)
    whole = run(plan, tmp_path / "whole", save_every=4)
    run(plan, tmp_path / "first", save_every=4, stop_at=4)
    resumed = run(plan, tmp_path / "second", resume=tmp_path / "first" / "checkpoint", save_every=4)
    for a, b in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(a, b)


def test_muon_updates_are_nearly_orthogonal() -> None:
    update = orthogonal(torch.randn(2, 16, 24, generator=torch.Generator().manual_seed(0)), 1)
    values = torch.linalg.svdvals(update / (0.2 * 24**0.5))
    assert values.min() > 0.5
    assert values.max() < 1.4
