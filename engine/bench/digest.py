"""Digests of documents against the summaries that people wrote: ROUGE-1 and ROUGE-2 of the sentences chosen.

    main.py bench digest --pairs FILE [--model FOLDER] [--sentences 3] [--most N] [--kinds A B] [--device auto]

FILE is JSON (or .json.bz2): a list of objects with n (a kind), x (a document without its summary) and s (the summary).
Beside the model stand the first sentences, TextRank, and the best choice possible, found greedily with the summary at
hand. A model without heads scores by its likelihoods.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rouge_score.rouge_scorer import RougeScorer

from engine.bench.harness import show, surroundings, write
from engine.bench.text_rank import text_rank
from engine.errors import KnownError
from engine.grounding.sentences import units
from engine.network.config import FalconMambaConfig
from engine.network.device import choose_device
from engine.network.heads import has_heads, load_heads
from engine.network.precision import compute_dtype
from engine.network.weights import load_model
from engine.prompting.tokenizer import Tokenizer
from engine.scoring.likelihood import sentence_likelihoods
from engine.scoring.section import choose, sentence_logits
from engine.summarising.read_scores import combine
from engine.summarising.sentence_scores import WordScores
from engine.training.reader.pairs import FEWEST_WORDS, Pair, load

MODEL = Path(__file__).parents[2] / "resources" / "models" / "reader"
PROMISING = 15
"""Sentences among which the best choice is looked for."""
WAYS = ("lead", "TextRank", "model", "best")

Score = Callable[[str, Sequence[tuple[int, int]]], Sequence[float]]
"""Function from a text and its sentences to a score of each sentence."""
Rouge = tuple[float, float]


def scorer_of(folder: Path, device: str) -> Score:
    """Return the function by which the model in `folder` scores the sentences of a text."""
    chosen = choose_device(device)
    dtype = compute_dtype(chosen.device, FalconMambaConfig.from_folder(folder))
    model, tokenizer = load_model(folder, chosen.device, dtype), Tokenizer.from_folder(folder)
    if not has_heads(folder):
        return lambda text, spans: sentence_likelihoods(model, tokenizer, text, spans)
    heads = load_heads(folder, chosen.device)

    def score(text: str, spans: Sequence[tuple[int, int]]) -> list[float]:
        (logits,) = sentence_logits(model, heads, tokenizer, [(text, spans)])
        return combine(logits, text, spans, WordScores())

    return score


class Judge:
    """ROUGE-1 and ROUGE-2 (F1, words as they stand) of sentences against a summary."""

    def __init__(self) -> None:
        self._scorer = RougeScorer(["rouge1", "rouge2"], use_stemmer=False)

    def __call__(self, summary: str, sentences: Sequence[str]) -> Rouge:
        found = self._scorer.score(summary, " ".join(sentences))
        return found["rouge1"].fmeasure, found["rouge2"].fmeasure

    def best(self, summary: str, sentences: Sequence[str], most: int) -> list[int]:
        """Return the numbers of the sentences whose choice, one after another, raises both scores' sum the most; of the
        PROMISING that have the greatest alone."""
        alone = [sum(self(summary, [sentence])) for sentence in sentences]
        promising = sorted(range(len(sentences)), key=lambda i: -alone[i])[:PROMISING]
        chosen: list[int] = []
        reached = 0.0
        while len(chosen) < most:
            gains = {
                i: sum(self(summary, [sentences[k] for k in sorted([*chosen, i])]))
                for i in promising
                if i not in chosen
            }
            if not gains or max(gains.values()) <= reached:
                break
            pick = max(gains, key=lambda i: gains[i])
            reached = gains[pick]
            chosen.append(pick)
        return sorted(chosen)


def evaluate(pair: Pair, score: Score, judge: Judge, most: int) -> dict[str, Rouge]:
    """Return ROUGE-1 and ROUGE-2 of a pair by WAYS."""
    found = units(pair.text)
    spans = [(unit.start, unit.end) for unit in found]
    sentences = [pair.text[start:end] for start, end in spans]
    may = [not unit.listed and len(text.split()) >= FEWEST_WORDS for unit, text in zip(found, sentences, strict=True)]

    def allowed(scores: Sequence[float]) -> list[int]:
        kept = [value if ok else float("-inf") for value, ok in zip(scores, may, strict=True)]
        return choose(kept, sentences, most)

    stand = [i for i, ok in enumerate(may) if ok]
    ways = {
        "lead": stand[:most],
        "TextRank": allowed(text_rank(sentences)),
        "model": allowed(score(pair.text, spans)),
        "best": [stand[i] for i in judge.best(pair.summary, [sentences[i] for i in stand], most)],
    }
    return {way: judge(pair.summary, [sentences[i] for i in numbers]) for way, numbers in ways.items()}


def table(results: dict[str, list[dict[str, Rouge]]]) -> list[dict[str, Any]]:
    """Return a row for all kinds together, each counting alike, and one for each; scores in percent."""
    means = {
        kind: {way: tuple(100 * sum(r[way][k] for r in rows) / len(rows) for k in (0, 1)) for way in WAYS}
        for kind, rows in results.items()
    }
    whole = {way: tuple(sum(mean[way][k] for mean in means.values()) / len(means) for k in (0, 1)) for way in WAYS}
    count = sum(len(rows) for rows in results.values())
    lines = [("all kinds", count, whole), *((kind, len(results[kind]), means[kind]) for kind in sorted(means))]
    return [
        {"kind": kind, "documents": n, **{way: f"{one:.1f} / {two:.1f}" for way, (one, two) in mean.items()}}
        for kind, n, mean in lines
    ]


def main(arguments: Sequence[str]) -> int:
    """Run the bench and print its table."""
    parser = argparse.ArgumentParser(prog="main.py bench digest", description=__doc__)
    parser.add_argument("--pairs", type=Path, required=True, metavar="FILE")
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--sentences", type=int, default=3)
    parser.add_argument("--most", type=int, default=30, help="documents of a kind")
    parser.add_argument("--kinds", nargs="+", help="only these")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--out", type=Path, help="save the figures as JSON")
    options = parser.parse_args(arguments)
    score, judge = scorer_of(options.model, options.device), Judge()
    results: dict[str, list[dict[str, Rouge]]] = defaultdict(list)
    for pair in load(options.pairs):
        if (options.kinds and pair.kind not in options.kinds) or len(results[pair.kind]) >= options.most:
            continue
        results[pair.kind].append(evaluate(pair, score, judge, options.sentences))
        print(f"\r{sum(map(len, results.values()))} documents", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    kept = {kind: rows for kind, rows in results.items() if rows}
    if not kept:
        raise KnownError("no pair is of these kinds")
    figures = {"model": options.model.name, **surroundings(), "ROUGE-1 / ROUGE-2": table(kept)}
    show(f"Digests of {options.sentences} sentences", figures)
    write(options.out, figures)
    return 0
