"""The retention meter: equal to what the recurrence really keeps, however a text is cut, stopped and gone on with."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.control import Control
from engine.generation.runtime import DEMO_MODEL
from engine.library import checkpoint_policy
from engine.network.model import FalconMamba
from engine.network.weights import load_model
from engine.protocol import wire
from engine.protocol.wire import Read
from engine.reading import retention
from engine.reading.retention import DecayMeter
from engine.session.session import Session, open_session
from tests.engine.tiny import write_pages

IDS = torch.randint(0, 257, (1, 60), generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module", params=["mamba", "falcon_mamba"])
def model(request, checkpoints) -> FalconMamba:
    return load_model(checkpoints[request.param], "cpu", torch.float32)


def read(model: FalconMamba, cuts: list[int], ends: list[int], meter: DecayMeter | None = None) -> DecayMeter:
    """`IDS` read in chunks that end at `cuts` (the last at its end), measured at `ends`."""
    meter = meter or DecayMeter(model)
    state, position = model.new_state(), 0
    for cut in [*cuts, IDS.shape[1]]:
        meter.expect(position, [end for end in ends if position < end <= cut])
        model(IDS[:, position:cut], state, observer=meter)
        meter.keep()
        position = cut
    return meter


@pytest.mark.parametrize("since", [5, 30, 59])
def test_it_says_what_the_recurrence_keeps_of_an_earlier_state(model, since):
    """A state shifted by one everywhere in a layer is, tokens later, shifted by just what the layer has not forgotten:
    what a layer reads does not depend on its own state."""
    kept = []
    for layer in range(model.config.n_layers):
        plain, shifted = model.new_state(), model.new_state()
        model(IDS[:, :since], plain)
        shifted.copy_(plain)
        shifted.ssm[layer] += 1
        for token in range(since, IDS.shape[1]):
            model(IDS[:, token : token + 1], plain)
            model(IDS[:, token : token + 1], shifted)
        kept.append((shifted.ssm - plain.ssm)[layer])
    meter = read(model, [17, 40], [since])
    assert meter.n_channels == model.config.d_inner  # so few that the sample is all of them
    (share,) = meter.retained([meter.marks[since]])
    assert share == pytest.approx(float(torch.stack(kept).mean()), abs=1e-5)


@settings(max_examples=25, deadline=None)
@given(st.sets(st.integers(1, 59)), st.sets(st.integers(1, 60), min_size=1))
def test_it_does_not_depend_on_how_the_text_is_cut(model, cuts, ends):
    whole, parts = read(model, [], sorted(ends)), read(model, sorted(cuts), sorted(ends))
    assert whole.marks.keys() == parts.marks.keys() == ends
    for end in ends:
        shares = whole.retained([whole.marks[end]]), parts.retained([parts.marks[end]])
        assert shares[0] == pytest.approx(shares[1], abs=1e-4)


def test_what_was_read_later_is_kept_better_and_nothing_is_kept_more_than_whole(model):
    meter = read(model, [], list(range(1, 61)))
    shares = meter.retained([meter.marks[end] for end in range(1, 61)])
    assert shares == sorted(shares)
    assert 0 <= shares[0] < shares[-1] == 1.0


def test_it_goes_on_from_its_bytes_as_if_never_stopped(model):
    first = DecayMeter(model)
    first.expect(0, [])
    state = model.new_state()
    model(IDS[:, :25], state, observer=first)
    second = DecayMeter(model)
    assert second.restore(first.to_bytes())
    second.expect(25, [])
    model(IDS[:, 25:], state, observer=second)
    assert second.to_bytes() == read(model, [25], []).to_bytes()
    assert not second.restore(first.to_bytes()[:-8])


def test_the_state_and_the_logits_are_the_same_with_a_meter(model):
    watched, plain = model.new_state(), model.new_state()
    meter = DecayMeter(model)
    for ids in (IDS[:, :7], IDS[:, 7:9], IDS[:, 9:]):
        meter.expect(0, [])
        assert torch.equal(model(ids, watched, observer=meter), model(ids, plain))
    assert torch.equal(watched.ssm, plain.ssm)
    # A single token takes the way of a chunk, where it would else have one of its own.
    assert torch.allclose(model(IDS[:, :1], watched, observer=meter), model(IDS[:, :1], plain), atol=1e-4)


def test_a_meter_is_of_one_row(model):
    with pytest.raises(ValueError, match="one sequence"):
        model(IDS.repeat(2, 1), model.new_state(2), observer=DecayMeter(model))


def test_the_sample_is_near_the_mean_of_all_channels(monkeypatch):
    model = load_model(DEMO_MODEL, "cpu", torch.float32)
    ids = torch.randint(4, 2048, (1, 1500), generator=torch.Generator().manual_seed(3))
    found = []
    for channels in (retention.CHANNELS, model.config.d_inner):
        monkeypatch.setattr(retention, "CHANNELS", channels)
        meter = DecayMeter(model)
        meter.expect(0, [10, 700, 1400])
        model(ids, model.new_state(), observer=meter)
        meter.keep()
        found.append(meter.retained(list(meter.marks.values())))
    assert found[0] == pytest.approx(found[1], abs=0.02)


# Through a session


@pytest.fixture
def file(tmp_path) -> Path:
    return write_pages(tmp_path / "log.txt", 4)


def events(session: Session, file: Path, control: Control | None = None) -> list:
    return list(session.run(Read(job_id="r", path=str(file)), control or Control()))


def measured(found: list) -> wire.RetentionMeasured:
    (event,) = [event for event in found if isinstance(event, wire.RetentionMeasured)]
    return event


def test_a_reading_that_was_stopped_measures_what_one_never_stopped_does(tiny_folder, tmp_path, file, monkeypatch):
    monkeypatch.setattr(checkpoint_policy, "SAVE_TOKENS", 1000)
    with open_session(tiny_folder, tmp_path / "whole.db", "cpu", "fp32") as whole:
        undisturbed = measured(events(whole, file))
        sections = whole.library.sections.of(1)
        assert whole.library.retention.decay_at_sections(1).keys() == {s.first_token + s.n_tokens for s in sections}
    assert undisturbed.first_pages == [section.first_page for section in sections]
    assert undisturbed.retained == sorted(undisturbed.retained)
    with open_session(tiny_folder, tmp_path / "stopped.db", "cpu", "fp32") as stopped:
        control, chunks = Control(), 0
        for event in stopped.run(Read(job_id="r", path=str(file)), control):
            chunks += isinstance(event, wire.PrefillAdvanced)
            if chunks == 9:
                control.cancel()
        assert isinstance(event, wire.JobCancelled)
        resumed = events(stopped, file)
        assert measured(resumed) == undisturbed
        again = events(stopped, file)
        assert not any(isinstance(event, wire.PrefillAdvanced) for event in again)
        assert measured(again) == undisturbed
        assert stopped.library.retention.of(1).retained == undisturbed.retained


def test_a_grown_record_keeps_what_was_measured_and_fades_on(tiny_folder, tmp_path, file):
    with open_session(tiny_folder, tmp_path / "library.db", "cpu", "fp32") as session:
        before = measured(events(session, file))
        with file.open("a") as log:
            log.write("".join(f"Later reading {i} of gauge 3 was {i * 13} units.\n" for i in range(150)))
        after = measured(events(session, file))
        assert len(after.retained) > len(before.retained)
        assert after.retained[0] < before.retained[0]
    with open_session(tiny_folder, tmp_path / "other.db", "cpu", "fp32") as session:
        fresh = measured(events(session, file))
        assert (fresh.first_pages, fresh.tokens) == (after.first_pages, after.tokens)
        assert fresh.retained == pytest.approx(after.retained, abs=1e-6)


def test_another_edition_of_the_document_takes_over_what_was_measured_of_their_common_part(
    tiny_folder, tmp_path, file, monkeypatch
):
    monkeypatch.setattr(checkpoint_policy, "SAVE_TOKENS", 1000)
    edition = tmp_path / "edition.txt"
    text = file.read_text()
    edition.write_text(text[: text.index("# Entry 4")] + "# Another end\nGauge 9 was 3 units.\n" * 40)
    with open_session(tiny_folder, tmp_path / "library.db", "cpu", "fp32") as session:
        first = measured(events(session, file))
        second = events(session, edition)
        assert next(e for e in second if isinstance(e, wire.ReadingFinished)).tokens_reused > 0
        assert measured(second).first_pages[:2] == first.first_pages[:2]


def test_a_reading_that_goes_on_from_a_state_without_a_meter_measures_nothing(tiny_folder, tmp_path, file):
    with open_session(tiny_folder, tmp_path / "library.db", "cpu", "fp32") as session:
        events(session, file)
    conn = sqlite3.connect(tmp_path / "library.db")
    with conn:
        conn.execute("DELETE FROM snapshot_meters")
        conn.execute("DELETE FROM retentions")
    conn.close()
    with file.open("a") as log:
        log.write("A later line about gauge 9.\n")
    with open_session(tiny_folder, tmp_path / "library.db", "cpu", "fp32") as session:
        found = events(session, file)
        assert isinstance(found[-1], wire.JobFinished)
        assert not any(isinstance(event, wire.RetentionMeasured) for event in found)
