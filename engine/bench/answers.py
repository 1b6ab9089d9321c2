"""Questions on whole articles: the right sentence, the span in it, and whether foreign questions are refused.

    main.py bench answers --squad FILE [--model FOLDER] [--articles A B] [--questions N] [--passages 10] [--device auto]

FILE (JSON, or .json.xz) has two lists, "1.1" and "v2.0", of [article, paragraph, [[question, answers], ...]]; answers
of v2.0 may be empty: adversarial questions, which the paragraph seems to answer. BM25 picks the paragraphs that the
model reads; its score of the sentence counts a little beside the model's. A sentence is right where it is of the right
paragraph and holds an answer. Foreign questions are those of other articles. A model without heads ranks sentences by
the likelihood of the question behind them.
"""

from __future__ import annotations

import argparse
import random
import string
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rank_bm25 import BM25Okapi

from engine.bench.digest import MODEL
from engine.bench.harness import show, surroundings, write
from engine.errors import KnownError
from engine.grounding.sentences import sentences
from engine.grounding.words import terms
from engine.network.answer_file import stored_answers
from engine.network.answer_weights import answering_model
from engine.network.device import choose_device
from engine.network.heads import has_heads, load_heads
from engine.network.weights import load_model
from engine.prompting.tokenizer import Tokenizer
from engine.scoring.likelihood import question_likelihoods
from engine.scoring.passage import Candidate, answer
from engine.training.reader.squad import Article, Question, load

WORDS = 0.2
"""Weight of a sentence's BM25 score relative to the model's logit."""
NEAR = 8.0
"""Weight of the cosine of the question's meaning and the sentence's; the cosine of a model without heads is 0."""
FOREIGN = 60
"""Questions of other articles asked of each."""
REFUSED_WRONGLY = 0.05
"""Share of answerable questions that the threshold of refusal may cost."""
KINDS = ("answerable", "adversarial", "foreign")

Read = Callable[[str, Sequence[tuple[str, Sequence[tuple[int, int]]]]], list[Candidate]]
"""Function from a question and passages to candidate answers."""


@dataclass(frozen=True)
class Outcome:
    """Result of one question."""

    kind: str
    certainty: float
    """The best sentence's score: the model's, or BM25's."""
    right: tuple[bool, ...] = ()
    """Correctness of each of the first three sentences."""
    f1: float = 0.0


def reader_of(folder: Path, device: str) -> Read:
    """Return the function by which the model in `folder` finds candidate answers in passages."""
    chosen = choose_device(device)
    model, tokenizer = load_model(folder, chosen.device), Tokenizer.from_folder(folder)
    if has_heads(folder):
        heads, model = load_heads(folder, chosen.device), answering_model(model, stored_answers(folder))
        return lambda question, passages: answer(model, heads, tokenizer, question, passages).candidates

    def likelihoods(question: str, passages: Sequence[tuple[str, Sequence[tuple[int, int]]]]) -> list[Candidate]:
        places = [(i, k, span) for i, (_, spans) in enumerate(passages) for k, span in enumerate(spans)]
        texts = [passages[i][0][start:end] for i, _, (start, end) in places]
        scores = question_likelihoods(model, tokenizer, question, texts)
        return [Candidate(i, k, score, span) for (i, k, span), score in zip(places, scores, strict=True)]

    return likelihoods


class Asked:
    """An article made ready to be asked."""

    def __init__(self, article: Article, read: Read, passages: int) -> None:
        self._article, self._read, self._most = article, read, passages
        self._spans = [sentences(paragraph) for paragraph in article.paragraphs]
        self._places = [(p, k) for p, spans in enumerate(self._spans) for k in range(len(spans))]
        self._number = {place: i for i, place in enumerate(self._places)}
        self._texts = [article.paragraphs[p][slice(*self._spans[p][k])] for p, k in self._places]
        self._by_paragraph = BM25Okapi([_words(text) for text in article.paragraphs])
        self._by_sentence = BM25Okapi([_words(text) for text in self._texts])

    def by_words(self, question: Question, kind: str) -> Outcome:
        """Return the outcome of BM25 over sentences for a question."""
        scores = self._by_sentence.get_scores(_words(question.text))
        order = np.argsort(-scores)[:3]
        right = tuple(self._is_right(question, *self._places[i]) for i in order)
        f1 = max((span_f1(self._texts[order[0]], text) for text in question.answers), default=0.0)
        return Outcome(kind, float(scores.max()), right, f1)

    def by_model(self, question: Question, kind: str) -> Outcome:
        """Return the outcome of the model for a question, in the paragraphs that BM25 picks."""
        words = _words(question.text)
        picked = [int(i) for i in np.argsort(-self._by_paragraph.get_scores(words))[: self._most]]
        by_sentence = self._by_sentence.get_scores(words)
        candidates = self._read(question.text, [(self._article.paragraphs[p], self._spans[p]) for p in picked])
        scored = sorted(
            (
                (c.score + NEAR * c.near + WORDS * by_sentence[self._number[picked[c.passage], c.sentence]], c)
                for c in candidates
            ),
            key=lambda pair: -pair[0],
        )
        right = tuple(self._is_right(question, picked[c.passage], c.sentence) for _, c in scored[:3])
        span = self._article.paragraphs[picked[scored[0][1].passage]][slice(*scored[0][1].span)]
        f1 = max((span_f1(span, text) for text in question.answers), default=0.0)
        return Outcome(kind, float(scored[0][0]), right, f1)

    def _is_right(self, question: Question, paragraph: int, sentence: int) -> bool:
        text = self._article.paragraphs[paragraph][slice(*self._spans[paragraph][sentence])]
        return paragraph == question.paragraph and any(one in text for one in question.answers)


def span_f1(given: str, wanted: str) -> float:
    """Return the F1 of the words of two answers, as SQuAD counts them: without articles and punctuation."""
    one, other = _normal(given), _normal(wanted)
    shared = sum((Counter(one) & Counter(other)).values())
    return 2 * shared / (len(one) + len(other)) if shared else float(one == other)


def area(yes: Sequence[float], no: Sequence[float]) -> float:
    """Return the area under the ROC curve: how often one of `yes` is greater than one of `no`, a tie counting half."""
    if not yes or not no:
        return float("nan")
    less = np.searchsorted(np.sort(no), yes, "left")
    not_greater = np.searchsorted(np.sort(no), yes, "right")
    return float((less + not_greater).mean() / 2 / len(no))


def summarise(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return the figures of one way of answering."""
    by = {kind: [o for o in outcomes if o.kind == kind] for kind in KINDS}
    sure = {kind: [o.certainty for o in some] for kind, some in by.items()}
    yes = by["answerable"]
    threshold = float(np.quantile(sure["answerable"], REFUSED_WRONGLY))
    return {
        "questions": len(yes),
        "right sentence first, %": round(100 * float(np.mean([o.right[0] for o in yes])), 1),
        "in three, %": round(100 * float(np.mean([any(o.right) for o in yes])), 1),
        "span F1": round(100 * float(np.mean([o.f1 for o in yes])), 1),
        "foreign refused at 5 % false, %": round(
            100 * float(np.mean([s < threshold for s in sure["foreign"]] or [False])), 1
        ),
        "AUC foreign": round(area(sure["answerable"], sure["foreign"]), 3),
        "AUC adversarial": round(area(sure["answerable"], sure["adversarial"]), 3),
    }


def run(
    articles: dict[str, Article], names: Sequence[str], read: Read, most: int | None, passages: int
) -> list[dict[str, Any]]:
    """Return the figures of BM25 and of the model over the articles `names`.

    `most`: questions of each kind and article; None for all.
    """
    found: dict[str, list[Outcome]] = {"BM25": [], "model": []}
    for number, name in enumerate(names):
        chance = random.Random(number)
        asked = Asked(articles[name], read, passages)
        foreign = [q for other in names if other != name for q in articles[other].questions if q.answers]
        jobs = {
            "answerable": [q for q in articles[name].questions if q.answers],
            "adversarial": [q for q in articles[name].questions if not q.answers],
            "foreign": [Question(q.text, -1, ()) for q in chance.sample(foreign, min(FOREIGN, len(foreign)))],
        }
        for kind, questions in jobs.items():
            for question in chance.sample(questions, min(most or len(questions), len(questions))):
                found["BM25"].append(asked.by_words(question, kind))
                found["model"].append(asked.by_model(question, kind))
        print(f"{name}: {len(found['model'])} questions", file=sys.stderr, flush=True)
    return [{"by": way, **summarise(outcomes)} for way, outcomes in found.items()]


def _words(text: str) -> list[str]:
    return list(terms(text, "en"))


def _normal(text: str) -> list[str]:
    plain = text.lower().translate(str.maketrans("", "", string.punctuation))
    return [word for word in plain.split() if word not in ("a", "an", "the")]


def main(arguments: Sequence[str]) -> int:
    """Run the bench and print its table."""
    parser = argparse.ArgumentParser(prog="main.py bench answers", description=__doc__)
    parser.add_argument("--squad", type=Path, required=True, metavar="FILE")
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--articles", nargs="+", help="only these")
    parser.add_argument("--questions", type=int, help="of each kind and article, drawn at random")
    parser.add_argument("--passages", type=int, default=10, help="paragraphs that the model reads for a question")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--out", type=Path, help="save the figures as JSON")
    options = parser.parse_args(arguments)
    articles = load(options.squad)
    names = options.articles or sorted(articles)
    if unknown := [name for name in names if name not in articles]:
        raise KnownError(f"there is no article {unknown[0]}; there are {', '.join(sorted(articles))}")
    read = reader_of(options.model, options.device)
    rows = run(articles, names, read, options.questions, options.passages)
    figures = {"model": options.model.name, **surroundings(), "answers": rows}
    show("Questions on whole articles", figures)
    write(options.out, figures)
    return 0
