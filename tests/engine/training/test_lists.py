"""Lists of passages for training: with the answer or without it, as the program reads them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tokenizers
import torch

from engine.network.answer_file import stored_answers
from engine.network.answer_weights import answering_model
from engine.network.heads import Heads
from engine.network.weights import load_model
from engine.training.network import Network
from engine.training.reader import checkpoint, lists, teacher
from engine.training.reader.build import Builder
from engine.training.reader.lists import Lists, held_out, trimmed
from engine.training.reader.pairs import Pair
from engine.training.reader.rows import Data, stack
from engine.training.reader.sources import Article, Question, usual_forms
from engine.training.reader.train import SHAPE

READER = Path(__file__).parents[3] / "resources" / "models" / "reader"
RIVERS = ("Ardo", "Belna", "Corvi", "Dunnet", "Elbra", "Farro", "Gillan")


def paragraph(river: str, number: int) -> str:
    """Sentences about a river; its bridge was built by somebody named after it."""
    return (
        f"The {river} rises in the hills and is {number + 40} miles long. Anna {river}son built its bridge in "
        f"{1800 + number}. Trout live in the {river}, and boats carry grain down to the sea. Floods are rare there."
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lists")
    builder = Builder(tokenizers.Tokenizer.from_file(str(READER / "tokenizer.json")))
    paragraphs = [paragraph(river, i) for i, river in enumerate(RIVERS)]
    builder.count_words([*paragraphs, *("We saw the sea. It is calm." for _ in range(40))])
    for some in (slice(0, 4), slice(3, 7)):
        texts = paragraphs[some]
        questions = [
            Question(
                f"Who built the bridge of the {river}?",
                i,
                [(texts[i].index("Anna"), texts[i].index(" built"))],
            )
            for i, river in enumerate(RIVERS[some])
        ]
        builder.add_article(Article("rivers", "", texts, [*questions, Question("Who owns the boats?", 0, [])]))
    hudd = " ".join(paragraph("Hudd", i) for i in range(9))
    builder.add_plain(f"Places\n\n{hudd}")
    builder.add_pairs([("", Pair("report", hudd, "The Hudd rises in the hills."))])
    builder.save(folder, [0, 2])
    return folder


def lists_of(data: Path, rows: int = 4) -> Lists:
    store = Data(data)
    count = len(store.ends) + sum(len(some["whole"]) for some in store.questions.values())
    vectors = np.random.default_rng(0).standard_normal((count, 8)).astype(np.float16)
    return Lists(store, vectors, rows, 0.5)


def passages(made: Lists, number: int, limit: int, absent: bool, seed: int) -> tuple[list[str], int]:
    """Return the passages of a list, and how many sentences are marked as right."""
    tokenizer = tokenizers.Tokenizer.from_file(str(READER / "tokenizer.json"))
    rows = made.question(np.random.default_rng(seed), number, limit, absent)
    texts = [tokenizer.decode([int(i) for i in row["ids"][row["kinds"] == 1]]) for row in rows]
    return texts, int(sum(row["right"].sum() for row in rows))


def test_a_list_holds_the_answer_or_leaves_it_out_everywhere(data: Path):
    made = lists_of(data)
    for seed in range(12):
        texts, right = passages(made, 1, 60, False, seed)
        assert right == 1 and sum("Belnason" in text for text in texts) == 1
        assert len({text for text in texts if text}) == len([text for text in texts if text])
        texts, right = passages(made, 1, 60, True, seed)
        assert right == 0 and not any("Belnason" in text for text in texts)
        assert any("Belna" in text for text in texts) or seed  # the sentences around it stay for some


def test_another_document_is_asked_without_the_words_of_the_answer(data: Path):
    made = lists_of(data)
    made.data.others = np.array([[1 - document] for document in made.document])
    shared = 3  # the first document's last river, which the second tells of as well
    seen = [passages(made, shared, 60, True, seed)[0] for seed in range(30)]
    assert any("Gillan" in text for texts in seen for text in texts)
    assert not any("Dunnetson" in text for texts in seen for text in texts)


def test_a_question_without_an_answer_is_asked_of_its_own_paragraph(data: Path):
    made = lists_of(data)
    number = int(np.flatnonzero(made.given)[0])
    texts, right = passages(made, number, 60, False, 1)
    assert right == 0 and any("Ardo" in text for text in texts)
    often = made.order(np.random.default_rng(0))
    assert often.count(number) > often.count(0) >= 1


def test_passages_stay_within_the_limit_and_rows_lose_their_padding(data: Path):
    made = lists_of(data)
    for limit in (40, 90):
        rows = made.question(np.random.default_rng(3), 0, limit, True)
        longest = int(np.diff(made.data.ends, prepend=0).max())
        assert all(int((row["kinds"] == 1).sum()) <= max(limit, longest) for row in rows)
        batch = trimmed(stack(rows))
        assert batch["ids"].shape[1] % lists.TRIMMED == 0 and batch["ids"].shape[1] >= batch["length"].max()
        assert batch["opens"].shape == batch["ids"].shape and batch["question"].shape[1] == 32


def test_a_twelfth_of_the_documents_of_each_source_is_held_out(data: Path):
    held = held_out(np.array(["a"] * 30 + ["b"] * 12 + ["c"] * 3))
    assert held[:30].sum() == 2 and held[30:42].sum() == 1 and not held[42:].any()


def test_a_teacher_finds_other_documents_of_the_same_source(data: Path):
    store = Data(data)
    count = len(store.questions["real"]["whole"])
    vectors = torch.nn.functional.normalize(torch.randn(len(store.ends) + count, 8), dim=-1)
    others, own = teacher.others(data, vectors), lists_of(data).document
    assert (others[:, 0] == 1 - own).all() and (others[:, 1:] == -1).all()


def test_words_in_lower_case_get_their_usual_form():
    forms = usual_forms(["We saw Paris, and in Paris we ate.", "A boat on the Seine is slow, a boat."])
    assert forms["paris"] == "Paris" and forms["seine"] == "Seine" and "boat" not in forms


@pytest.mark.slow
def test_training_goes_on_from_the_weights_that_answer():
    network, heads = Network(SHAPE), Heads(SHAPE.d_model, SHAPE.vocab_size)
    checkpoint.take(READER, network, heads, answering=True)
    model = answering_model(load_model(READER, dtype=torch.float32), stored_answers(READER))
    torch.testing.assert_close(network.embeddings.detach(), model.embeddings.float(), atol=1e-5, rtol=1e-5)
    for i, layer in enumerate(model.layers):
        torch.testing.assert_close(network.in_proj[i].detach(), layer.in_proj.weight.float(), atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(network.dt_bias[i].detach(), layer.dt_bias.float(), atol=1e-5, rtol=1e-5)
