"""The reader's training: its data, its rows, its losses, and that the product computes what was trained."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import numpy as np
import pytest
import tokenizers
import torch
from rouge_score.rouge_scorer import RougeScorer

from engine.network.heads import MEANING, Heads, load_heads
from engine.network.weights import load_model
from engine.scoring.passage import Row, row_answers
from engine.scoring.section import Window, window_logits
from engine.training.network import Network, Shape
from engine.training.reader import checkpoint, cloze, rouge, sources, teacher
from engine.training.reader.build import Builder, split_articles, split_pairs
from engine.training.reader.losses import Losses
from engine.training.reader.pairs import Pair
from engine.training.reader.rewording import WordNet
from engine.training.reader.rows import CHOSEN, Data, stack
from engine.training.reader.sources import Article, Question
from engine.training.reader.train import parser, train

READER = Path(__file__).parents[3] / "resources" / "models" / "reader"
SHAPE = Shape(vocab_size=16_384, d_model=32, n_layers=2, d_inner=64, d_state=16, dt_rank=4)
BRIDGE = "The bridge was built in 1787 by Louis Vidal. It has five arches of red brick, and lorries are banned."
FLOOD = "In 1930 a flood carried away two arches. The town rebuilt them in concrete because stone was dear."


def report(number: int) -> str:
    """A document of three headed parts, other numbers for each `number`."""
    parts = [
        f"{place}\n\nThe {place} of {1900 + number} has {number + 7} rooms and a garden. It was planned by Emma Hall. "
        f"Visitors pay {number + 2} pounds because the roof needs repair. The gates close at {number % 5 + 4} o'clock. "
        f"In {1950 + number} the county bought the {place} from its owner. The staff is small but friendly."
        for place in ("castle", "museum", "school")
    ]
    return "\n\n".join(parts)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    builder = Builder(tokenizers.Tokenizer.from_file(str(READER / "tokenizer.json")))
    builder.count_words([report(i) for i in range(6)])
    builder.add_pairs(
        [("", Pair("report", report(i), f"The castle has {i + 7} rooms and a garden.")) for i in range(6)]
    )
    article = Article(
        "squad",
        "Bridge",
        [BRIDGE, FLOOD, "Tomatoes want sun. Water them at the root."],
        [
            Question("Who built the bridge?", 0, [(BRIDGE.index("Louis"), BRIDGE.index("Vidal") + 5)]),
            Question("When was the flood?", 1, [(3, 7)]),
            Question("Who burned the bridge?", 0, []),
        ],
    )
    builder.add_article(article)
    for i in range(6):
        builder.add_plain(f"Places\n\n{report(30 + i)}\n\n{report(60 + i)}")
    builder.save(folder, [6, 7])
    return folder


def decoded(data: Data, ids: np.ndarray) -> str:
    tokenizer = tokenizers.Tokenizer.from_file(str(READER / "tokenizer.json"))
    return tokenizer.decode([int(i) for i in ids])


def test_a_question_keeps_its_answer_its_passage_and_two_others(data: Path):
    store = Data(data)
    some = store.questions["real"]
    assert len(some["whole"]) == 3
    for number, answer in ((0, "Louis Vidal"), (1, "1930")):
        low, high = some["gold"][some["gold_offsets"][number]]
        assert decoded(store, store.ids[low:high]).strip() == answer
        right, second, third = (decoded(store, store.ids[a:b]) for a, b in some["passages"][number])
        assert answer in right and answer not in second and answer not in third
    assert some["gold_offsets"][3] == some["gold_offsets"][2]  # the third has none


def test_the_row_of_a_question_marks_the_sentence_and_the_span(data: Path):
    store = Data(data)
    rng = np.random.default_rng(0)
    row, other = store.question(rng, "real", 0, 0.0)
    opens, closes = np.flatnonzero(row["opens"]), np.flatnonzero(row["closes"])
    assert decoded(store, row["ids"][opens[0] : closes[0] + 1]).strip() == "Louis Vidal"
    (right,) = np.flatnonzero(row["right"])
    assert "1787" in decoded(store, row["ids"][row["starts"][right] : row["ends"][right]])
    assert not other["right"].any() and not other["opens"].any()
    withheld = store.question(rng, "real", 0, 1.0)
    assert not any(row["right"].any() for row in withheld)


def test_made_questions_have_their_answers_in_their_passages(data: Path):
    store = Data(data)
    some = store.questions["made"]
    assert len(some["whole"]) >= 5
    for number in range(len(some["whole"])):
        low, high = some["gold"][some["gold_offsets"][number]]
        start, stop = some["passages"][number][0]
        assert start <= low < high <= stop


def test_the_best_sentence_of_a_summarised_document_is_labelled(data: Path):
    store = Data(data)
    row = store.section(np.random.default_rng(4), 0)
    best = [decoded(store, row["ids"][row["starts"][i] : row["ends"][i]]) for i in np.flatnonzero(row["best"])]
    if row["starts"][0] == 1 and best:
        assert any("rooms" in text for text in best)
    assert row["features"].shape == (120, 9) and not row["features"][int(row["sentences"].sum()) :].any()


def test_sentences_taken_out_of_plain_text_are_not_in_its_row(data: Path):
    store = Data(data)
    rng = np.random.default_rng(2)
    rows = [store.gap(rng) for _ in range(12)]
    taken = [row for row in rows if row["weight"] > 0]
    assert taken
    for row in taken:
        assert row["ends"][int(row["sentences"].sum()) - 1] == row["length"]
        assert row["best"].sum() == 3


def test_the_product_computes_what_was_trained(data: Path, tmp_path: Path):
    torch.manual_seed(0)
    network, heads = Network(SHAPE), Heads(SHAPE.d_model, SHAPE.vocab_size)
    words = np.load(data / "words.npz")
    heads.word.copy_(torch.from_numpy(words["word"]))
    heads.rarity.copy_(torch.from_numpy(words["rarity"]))
    with torch.no_grad():
        for parameter in (*network.parameters(), *heads.parameters()):
            parameter.copy_(parameter.bfloat16())
    checkpoint.save(tmp_path / "checkpoint", network, heads)
    again, heads_again = Network(SHAPE, seed=5), Heads(SHAPE.d_model, SHAPE.vocab_size)
    checkpoint.mean([tmp_path / "checkpoint"] * 2, [0.5, 0.5], again, heads_again)
    heads_again.word.copy_(heads.word)
    checkpoint.export(tmp_path / "model", again, heads_again)
    model, kept = load_model(tmp_path / "model"), load_heads(tmp_path / "model")

    store, losses = Data(data), Losses(network, heads, torch.float32, 0.0)
    rows = store.question(np.random.default_rng(0), "real", 0, 0.0)
    batch = {name: torch.from_numpy(array) for name, array in stack(rows).items()}
    with torch.no_grad():
        span, sentence, present = losses.answers(batch, 0.0)
    asked = rows[0]["question"][rows[0]["question"] != 3]
    for i, row in enumerate(rows):
        n, at = int(row["sentences"].sum()), len(asked) + 2
        read = row["ids"][row["kinds"] == 1]
        said = row_answers(model, kept, [(asked, Row(read, row["ends"][:n] - at, 0, 0))])[0]
        np.testing.assert_allclose(said.sentences, sentence[i, :n].numpy(), atol=2e-3)
        assert said.present == pytest.approx(float(present[i]), abs=2e-3)
        low, high, total = said.spans[0]
        assert total == pytest.approx(float(span[i, low + at, 0] + span[i, high - 1 + at, 1]), abs=4e-3)

    section = store.section(np.random.default_rng(7), 2)
    n = int(section["sentences"].sum())
    first = store.first[:0]
    batch = {name: torch.from_numpy(array)[None] for name, array in section.items()}
    with torch.no_grad():
        _, hidden = losses.hidden(batch["ids"])
        from engine.network.heads import means, pick

        wanted = heads.sentence_head(
            pick(hidden, batch["ends"] - 1), means(hidden, batch["starts"], batch["ends"]), batch["features"],
            batch["sentences"],
        )[0, :n]  # fmt: skip
    tokens = np.expm1(section["features"][0, 6] * 10).round()
    first = section["features"][:n, 2].astype(bool)
    place = float(section["features"][0, 7])
    window = Window(
        section["ids"][1 : int(section["length"])], section["starts"][:n], section["ends"][:n], first, 0, place,
        int(tokens),
    )  # fmt: skip
    np.testing.assert_allclose(window_logits(model, kept, [window])[0], wanted.numpy(), atol=2e-3)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_few_steps_lower_the_loss_of_questions(data: Path, tmp_path: Path):
    torch.manual_seed(1)
    network, heads = Network(SHAPE), Heads(SHAPE.d_model, SHAPE.vocab_size)
    words = np.load(data / "words.npz")
    heads.word.copy_(torch.from_numpy(words["word"]))
    heads.rarity.copy_(torch.from_numpy(words["rarity"]))
    options = parser().parse_args(
        f"--data {data} --out {tmp_path} --workers 0 --steps 16 --every 8 --sections 1 --questions 3 --lr 3e-3 "
        "--seconds 10000 --turn 0 --drop 0".split()
    )
    assert train(network, heads, options) == 16
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    losses = [line["real.loss"] for line in lines if "real.loss" in line]
    assert len(losses) >= 2 and losses[-1] < losses[0]


def test_the_fast_rouge_is_that_of_the_library():
    texts = [BRIDGE, FLOOD, "Its 5 arches, built in 1787, are red.", "the the the bridge"]
    library = RougeScorer(["rouge1", "rouge2"])
    for summary in texts:
        for text in texts:
            found = library.score(summary, text)
            mine = rouge.scores(rouge.Grams(rouge.words(text)), rouge.Grams(rouge.words(summary)))
            assert mine == pytest.approx((found["rouge1"].fmeasure, found["rouge2"].fmeasure))
    parts = [rouge.Grams(rouge.words(text)) for text in texts]
    assert rouge.best_choice(parts, rouge.Grams(rouge.words(FLOOD + " " + BRIDGE)), 2) in ([0, 1], [1, 0])


def test_questions_by_rules_ask_for_what_they_leave_out():
    chance, known = random.Random(5), frozenset({"carry", "build", "found"})
    made = [cloze.ask(sentence, chance, known) for sentence in (*BRIDGE.split(". "), *FLOOD.split(". ")) * 30]
    found = [one for one in made if one]
    assert len(found) > 20
    assert any(question.startswith(("Who", "When", "Why", "How many", "What")) for question, *_ in found)
    assert cloze.base_form("carried", known) == "carry" and cloze.base_form("built", known) == "build"
    assert cloze.ask("Too short.", chance, known) is None


def test_words_of_treebank_tokens_are_joined_as_people_write_them():
    words = ["He", "said", "``", "no", "''", "-LRB-", "twice", "-RRB-", ",", "did", "n't", "he", "?"]
    text, spans = sources.plain(words)
    assert text == 'He said "no" (twice), didn\'t he?'
    assert [text[a:b] for a, b in spans][-3:] == ["n't", "he", "?"]
    assert sources.places("Rhine and Rhineland", "Rhine") == [(0, 5)]


def test_whole_kinds_and_articles_are_held_out():
    pairs = [Pair(kind, "x", "s") for kind in ("digitalgov", "wikipedia") for _ in range(60)]
    train_on, held = split_pairs(pairs)
    assert {pairs[i].kind for i in train_on} == {"wikipedia"} and len(train_on) == 20
    assert sorted(train_on + held) == list(range(120))
    articles = [Article("squad", str(i), ["p"], [Question("q", 0, [] if i % 2 else [(0, 1)])]) for i in range(30)]
    left, out = split_articles(articles)
    assert len(out) == 9 and not {a.title for a in left} & {a.title for a in out}


def test_a_question_is_asked_in_other_words_of_wordnet(tmp_path: Path):
    for part in ("noun", "verb", "adj", "adv"):
        (tmp_path / f"index.{part}").write_text("  licence\n")
        (tmp_path / f"data.{part}").write_text("  licence\n")
    (tmp_path / "index.noun").write_text("pay n 1 0 1 1 00000001\nwage n 1 0 1 1 00000001\n")
    (tmp_path / "data.noun").write_text("00000001 21 n 02 pay 0 wage 0 000 | money for work\n")
    net, asked = WordNet(tmp_path, {"wage"}), "How high is the pay of Emma Hall?"
    found = {net.reworded(asked, "The pay of Emma Hall is 300 pounds.", random.Random(i)) for i in range(20)}
    assert "How high is the wage of Emma Hall?" in found and asked in found
    assert all("Emma Hall" in text for text in found)


def test_the_meaning_of_sentences_and_questions_is_learned_from_a_teacher(data: Path):
    torch.manual_seed(1)
    store = Data(data)
    count = len(store.ends) + sum(len(questions["whole"]) for questions in store.questions.values())
    teacher = torch.nn.functional.normalize(torch.randn(count, MEANING), dim=-1).half()
    network, heads = Network(SHAPE), Heads(SHAPE.d_model, SHAPE.vocab_size)
    losses = Losses(network, heads, torch.float32, 0.0, teacher)
    rng = np.random.default_rng(0)
    rows = [row for number in range(2) for row in store.question(rng, "real", number, 0.0)]
    batch = {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in stack(rows).items()}
    first, _ = losses.question(batch)
    first.backward()
    assert heads.meaning_head.out.weight.grad is not None and heads.meaning_head.out.weight.grad.abs().sum() > 0
    steps = torch.optim.Adam(heads.meaning_head.parameters(), lr=0.02)
    far = []
    for _ in range(12):
        loss, parts = losses.question(batch)
        steps.zero_grad()
        loss.backward()
        steps.step()
        far.append(float(parts["far"].detach()))
    assert far[-1] < far[0] - 0.1


def test_a_teacher_chooses_near_passages_that_do_not_answer_and_likely_questions(data: Path, tmp_path: Path):
    data = shutil.copytree(data, tmp_path / "data")
    store = Data(data)
    asked = store.questions["real"]
    count, sentences = len(asked["whole"]), len(store.ends)
    asked["worded"] = np.zeros(count, bool)
    first = np.flatnonzero(np.diff(asked["gold_offsets"]))[0]
    asked["worded"][first] = True  # in other words than a question that there is none of: kept
    np.savez(data / "real.npz", **asked)
    generator = torch.Generator().manual_seed(4)
    vectors = torch.nn.functional.normalize(torch.randn(sentences + count, 8, generator=generator), dim=-1)
    nearest, kept = teacher.chosen(data, vectors)
    assert kept.all()
    own = asked["passages"][:, 0].astype(np.int64)
    apart = (nearest[..., 1] <= own[:, None, 0]) | (nearest[..., 0] >= own[:, None, 1])
    assert (
        apart.all()
        and (nearest[..., 1] - nearest[..., 0] <= max(teacher.PASSAGE, int(np.diff(store.ends).max()))).all()
    )

    np.savez(data / CHOSEN, nearest=nearest, kept=np.arange(count) != first)
    again = Data(data)
    assert again.sizes["real"] == count - 1
    rows = again.question(np.random.default_rng(1), "real", 0, 0.0, rows=3)
    assert len(rows) == 3 and len({int(row["asked"]) for row in rows}) == 1
