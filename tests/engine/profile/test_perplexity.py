"""The demo model knows its own kind of text from any other."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.generation.runtime import DEMO_MODEL
from engine.network.weights import load_model
from engine.profile.demo import UNFAMILIAR_NATS
from engine.profile.perplexity import is_familiar, negative_log_likelihood
from engine.prompting.tokenizer import Tokenizer

SHIFTS = Path(__file__).parents[3] / "resources" / "samples" / "harlow-shifts-2025.log"
MANUAL = (
    "The selector takes a list of rules and returns the first whose prefix matches. Where two prefixes have the same "
    "length, the one that was registered earlier wins; this keeps plug-ins from replacing each other's handlers by "
    "accident. A rule that raises is skipped, and its error is written to the journal under the name of its module."
)


@pytest.fixture(scope="module")
def demo():
    return load_model(DEMO_MODEL, "cpu", torch.float32), Tokenizer.from_folder(DEMO_MODEL)


def test_a_record_is_familiar_and_a_manual_is_not(demo) -> None:
    assert negative_log_likelihood(*demo, SHIFTS.read_text()[:2000]) < UNFAMILIAR_NATS * 0.75
    assert negative_log_likelihood(*demo, MANUAL) > UNFAMILIAR_NATS * 1.25


def test_of_next_to_no_text_nothing_is_said(demo) -> None:
    assert negative_log_likelihood(*demo, "a b") is None


def test_it_is_the_likelihood_that_reading_on_gives(demo) -> None:
    model, tokenizer = demo
    ids = tokenizer.encode_document(MANUAL)
    found = negative_log_likelihood(model, tokenizer, MANUAL)
    state, losses = model.new_state(), {}
    logits = model(torch.tensor([tokenizer.document_prefix]), state)
    for place, token in enumerate(ids):
        losses[place] = float(torch.nn.functional.cross_entropy(logits, torch.tensor([token])))
        logits = model(torch.tensor([[token]]), state)
    places = {round(p) for p in torch.linspace(len(ids) // 3, len(ids) - 1, 16).tolist()}
    assert found == pytest.approx(sum(losses[p] for p in places) / len(places), abs=1e-3)


def test_one_page_of_its_kind_among_others_is_enough_and_nothing_is_no_proof(demo) -> None:
    assert is_familiar(*demo, [MANUAL, SHIFTS.read_text()[:2000]], UNFAMILIAR_NATS)
    assert not is_familiar(*demo, [MANUAL, "", MANUAL[100:]], UNFAMILIAR_NATS)
    assert is_familiar(*demo, ["", "a"], UNFAMILIAR_NATS)
