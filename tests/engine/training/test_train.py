"""The network as trained against transformers; steps lower the loss; a resumed run is the same run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engine.training import checkpoint, lessons, plan
from engine.training.lessons import Teacher
from engine.training.network import Network, Shape
from engine.training.optimizer import Optimizer, orthogonal
from engine.training.plan import Plan
from engine.training.step import Gradients, Step, Update
from engine.training.tokenizer import load
from engine.training.train import TOKENIZER, Run, train, train_on
from engine.training.tune import tune

SHAPE = Shape(d_model=24, n_layers=2, d_inner=48, d_state=4, dt_rank=4)
LESSON = replace(lessons.FIRST, rows=3, tokens=96, forks=1)


STAGES = (((1.0, LESSON),),)


def planned(steps: int, lr: float, seed: int) -> Plan:
    return Plan((steps,), lr, seed, STAGES)


def run(plan: Plan, out: Path, **options) -> Network:
    return train(plan, Run(out, SHAPE, "cpu", log_every=4, check_every=1000, **options))


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
    monkeypatch.setattr(plan, "WARM_UP", 1)
    run(planned(12, 2e-2, 1), tmp_path)
    lines = (tmp_path / "log.jsonl").read_text().splitlines()
    losses = [json.loads(line)["answer_loss"] for line in lines[:-1]]
    assert losses[-1] < losses[0] - 0.5


def test_a_resumed_run_continues_exactly(tmp_path: Path) -> None:
    eight = planned(8, 1e-2, 2)
    whole = run(eight, tmp_path / "whole", save_every=4)
    run(eight, tmp_path / "first", save_every=4, stop_at=4)
    resumed = run(eight, tmp_path / "second", resume=tmp_path / "first" / "checkpoint", save_every=4)
    for a, b in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(a, b)


def test_muon_updates_are_nearly_orthogonal() -> None:
    update = orthogonal(torch.randn(2, 16, 24, generator=torch.Generator().manual_seed(0)), 1)
    values = torch.linalg.svdvals(update / (0.2 * 24**0.5))
    assert values.min() > 0.5
    assert values.max() < 1.4


def test_a_checkpoint_without_moments_gives_the_same_weights_and_a_new_warm_up(tmp_path: Path) -> None:
    network = run(planned(4, 1e-2, 2), tmp_path / "run")
    slim, position = Network(SHAPE, seed=9), {"step": 4, "warm_from": 0}
    checkpoint.save(tmp_path / "slim", network, None, position)
    assert not checkpoint.load(tmp_path / "slim", slim, None)["moments"]
    for a, b in zip(network.parameters(), slim.parameters(), strict=True):
        assert torch.equal(a, b)
    assert planned(1000, 1.0, 1).lr_at(4, warm_from=4) == pytest.approx(1 / plan.WARM_UP)


def test_weights_of_several_checkpoints_are_averaged(tmp_path: Path) -> None:
    networks = [Network(SHAPE, seed=seed) for seed in (1, 2, 3)]
    folders = [tmp_path / str(step) for step in (10, 20, 30)]
    for network, folder in zip(networks, folders, strict=True):
        checkpoint.save(folder, network, None, {"step": int(folder.name), "warm_from": 0})
    mean, position = checkpoint.average(folders)
    assert position["step"] == 30
    for ours, *theirs in zip(mean.parameters(), *(network.parameters() for network in networks), strict=True):
        assert torch.allclose(ours, sum(theirs) / 3, atol=1e-6)


def test_a_model_folder_counts_in_a_mean_as_often_as_it_is_named(tmp_path: Path) -> None:
    rounded, kept = Network(Shape(), seed=1), Network(Shape(), seed=2)
    rounded.save(tmp_path / "model", trained_context=64)
    checkpoint.save(tmp_path / "kept", kept, None, {"step": 7, "warm_from": 0})
    mean, position = checkpoint.average([tmp_path / "model", tmp_path / "kept", tmp_path / "model"])
    assert position["step"] == 7
    ours, a, b = mean.embeddings, rounded.embeddings, kept.embeddings
    assert torch.allclose(ours, (2 * a.to(torch.bfloat16).float() + b) / 3, atol=1e-6)


def test_tuning_on_short_rows_lowers_the_loss(capsys) -> None:
    network = Network(replace(SHAPE, vocab_size=Shape().vocab_size), seed=1)
    lesson = replace(LESSON, summaries=0.6)
    tune(network, Teacher(load(TOKENIZER)), 12, 5e-3, lessons=((1.0, lesson),), every=11)
    first, last = (float(line.split("answer loss ")[1].split(",")[0]) for line in capsys.readouterr().out.splitlines())
    assert last < first


def test_a_run_may_start_from_a_model_folder_in_the_plans_last_stage(tmp_path: Path) -> None:
    Network(SHAPE, seed=5).save(tmp_path / "model", trained_context=64)
    two = Plan((10, 10), 0.0, 2, STAGES * 2)
    network = run(two, tmp_path, start=tmp_path / "model", stop_at=11)
    for a, b in zip(network.parameters(), Network(SHAPE, seed=5).parameters(), strict=True):
        assert torch.equal(a, b.to(torch.bfloat16).float())  # the rate was 0
    assert json.loads((tmp_path / "checkpoint" / "position.json").read_text())["step"] == 11


def test_the_learning_rate_warms_up_stays_and_comes_down() -> None:
    rates = [planned(2000, 1.0, 1).lr_at(step) for step in range(2000)]
    assert rates[0] == pytest.approx(1 / plan.WARM_UP)
    assert set(rates[plan.WARM_UP : 1500]) == {1.0}
    assert rates[1500:] == sorted(rates[1500:], reverse=True)
    assert rates[-1] == pytest.approx(0.02, abs=0.005)
    assert planned(2000, 1.0, 1).lr_at(500, time_left=0.0) == 0.02


@pytest.mark.slow
def test_two_processes_take_the_step_of_their_mean_gradient(tmp_path: Path) -> None:
    one = planned(1, 1e-2, 2)
    train_on(2, one, Run(tmp_path, SHAPE, "cpu", log_every=1))
    network = Network(SHAPE, seed=one.seed)
    optimizer = Optimizer(dict(network.named_parameters()))
    gradients = Gradients(optimizer.parameters)
    step, teacher = Step(network, gradients, LESSON, torch.float32), Teacher(load(TOKENIZER))
    mean = torch.zeros_like(gradients.flat)
    for rank in range(2):
        step.load(teacher.batch(LESSON, one.batch_seed(0, rank, 2)).arrays())
        step()
        mean += gradients.flat / 2
    gradients.flat.copy_(mean)
    optimizer.lr.fill_(one.lr_at(0))
    Update(optimizer, gradients)()
    together = Network(SHAPE)
    assert checkpoint.load(tmp_path / "checkpoint", together, None)["ranks"] == 2
    for a, b in zip(network.parameters(), together.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)
    assert len((tmp_path / "log.jsonl").read_text().splitlines()) == 2  # the leader alone writes
