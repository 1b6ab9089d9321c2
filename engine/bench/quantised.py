"""int8, int4 and fp8 weights beside bf16: size, speed, divergence and recall of the demo model.

    main.py bench quantised [--device cuda] [--parts] [--long] [--out FILE]
    main.py bench quantised --model resources/models/reader --text FILE --squad FILE [--fp8]

The divergence is the mean Kullback-Leibler divergence of the next token's distribution from that of bf16 weights,
in nats a token, over text that the model has not seen, read token by token and in chunks of 512 (fp8 converts the
vectors too there). fp8 is left out where the device does not multiply it, unless `--fp8` asks for the same roundings in
plain torch. `--parts` says which projection costs what: one kind at a time quantised, all others in bf16. `--long` asks
about records of 100,000 tokens too. A model with heads answers questions on articles (`--squad`, see `bench answers`)
instead of records, with five passages for each.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional as F

from engine.bench.answers import run
from engine.bench.harness import Figures, contest, show, surroundings, write
from engine.bench.record_harness import Cell, Examination
from engine.bench.shapes import FP8, PRECISIONS, read, written
from engine.network.device import configure_cpu
from engine.network.heads import load_heads
from engine.network.linear import Linear, QuantisedLinear
from engine.network.memory import chunk_length
from engine.network.model import FalconMamba
from engine.network.precision import multiplies_fp8
from engine.network.weights import load_model
from engine.prompting.tokenizer import Tokenizer
from engine.scoring.passage import answer
from engine.training.reader.squad import load
from kernels.quantisation import GROUP

DEMO_MODEL = Path(__file__).parents[2] / "resources" / "models" / "demo"
PARTS = ("in_proj", "out_proj", "x_proj", "dt_proj", "lm_head")
NAMES = ("bf16", "int8", "int4")
CELLS = (Cell("1,000 tokens, 4 facts", 1000, 4), Cell("10,000 tokens, 4 facts", 10_000, 4, share=0.5))
LONG = Cell("100,000 tokens, 4 facts", 100_000, 4, share=0.2)


def quantised(
    folder: Path = DEMO_MODEL,
    device: str = "cpu",
    questions: int = 48,
    cells: Sequence[Cell] = CELLS,
    text_tokens: int = 8192,
    parts: bool = False,
    fp8: bool = False,
    text_file: Path | None = None,
    squad: Path | None = None,
) -> Figures:
    """Measure size, speed, divergence and recall of the model in `folder` in bf16, int8, int4 and fp8.

    `fp8` measures that also where `device` does not multiply it. The text is generated records, or that of `text_file`.
    With `squad` the questions are those of that file, else about records.
    """
    configure_cpu()
    tokenizer = Tokenizer.from_folder(folder)
    fp8 = fp8 or multiplies_fp8(device)
    precisions = {name: PRECISIONS[name] for name in NAMES} | ({"fp8": FP8} if fp8 else {})
    models = {name: load_model(folder, device, *precision) for name, precision in precisions.items()}
    if text_file is None:
        text = _text(tokenizer, models["bf16"], text_tokens)
    else:
        text = torch.tensor(tokenizer.encode_document(text_file.read_text(encoding="utf-8"))[:text_tokens])
    chunk = chunk_length(models["bf16"].config, device, torch.bfloat16)
    whole = models["bf16"]
    exact, exact_chunks = _log_probabilities(whole, text), _log_probabilities_of_chunks(whole, text)

    works: dict[str, Callable[[], Any]] = {}
    for name, model in models.items():
        logits, state = read(model, text[:64], chunk)
        works[f"{name} prefill"] = partial(read, model, text[:2048], chunk)
        works[f"{name} decode"] = partial(written, model, state, logits, 128)
    best, _ = contest(works, 5)
    rows = []
    for name, model in models.items():
        found, found_chunks = _log_probabilities(model, text), _log_probabilities_of_chunks(model, text)
        rows.append(
            {
                "weights": name,
                "MB": model.nbytes / 1e6,
                "prefill, tokens/s": 2048 / best[f"{name} prefill"],
                "decode, tokens/s": 128 / best[f"{name} decode"],
                "divergence, nats": _divergence(exact, found),
                "in chunks": _divergence(exact_chunks, found_chunks),
                "loss in chunks": _loss(found_chunks, text),
                "same argmax": f"{(exact.argmax(-1) == found.argmax(-1)).float().mean():.1%}",
                **(
                    _answers(model, folder, tokenizer, squad, questions)
                    if squad
                    else {cell.name: _recall(model, tokenizer, cell, questions) for cell in cells}
                ),
            }
        )
    figures: Figures = {**surroundings(device), "model": folder.name, "text tokens": len(text), "weights": rows}
    if parts:
        figures["one kind of projection at a time"] = [
            {
                "projection": part,
                **{
                    f"int{bits}, nats": _divergence(exact, _log_probabilities(_alone(whole, part, bits), text))
                    for bits in (8, 4)
                },
            }
            for part in PARTS
        ]
    return figures


def _text(tokenizer: Tokenizer, model: FalconMamba, count: int) -> torch.Tensor:
    """Return pages of records outside the training set, as the reader feeds them."""
    bench = Examination(model, tokenizer)
    ids: list[int] = []
    for record in bench.records(Cell("text", 2000, 8), 7000, -(-count // 900)):
        ids += bench.document(record)
    return torch.tensor(ids[:count])


@torch.inference_mode()
def _log_probabilities(model: FalconMamba, text: torch.Tensor, rows: int = 16) -> torch.Tensor:
    """Return the log-probabilities of the token after each token of `text`, cut into `rows` texts read side by side."""
    ids = text[: len(text) // rows * rows].reshape(rows, -1)
    state = model.new_state(rows)
    steps = [F.log_softmax(model(ids[:, t : t + 1], state), dim=-1).cpu() for t in range(ids.shape[1])]
    return torch.stack(steps, dim=1)


@torch.inference_mode()
def _log_probabilities_of_chunks(model: FalconMamba, text: torch.Tensor, rows: int = 16) -> torch.Tensor:
    """Return the same of texts that are read side by side in whole chunks of len(text) / `rows` tokens."""
    ids = text[: len(text) // rows * rows].reshape(rows, -1)
    return F.log_softmax(model.head(model.hidden(ids, model.new_state(rows))).float(), dim=-1).cpu()


def _loss(log_probabilities: torch.Tensor, text: torch.Tensor) -> float:
    """Return the mean negative log-probability of each next token, in nats."""
    ids = text[: log_probabilities.shape[:2].numel()].reshape(log_probabilities.shape[:2])
    return float(-log_probabilities[:, :-1].gather(2, ids[:, 1:, None]).mean())


def _divergence(exact: torch.Tensor, found: torch.Tensor) -> float:
    return float((exact.exp() * (exact - found)).sum(-1).mean())


def _alone(model: FalconMamba, part: str, bits: int) -> FalconMamba:
    """Return the network with only the projections `part` in `bits` bits."""

    def kept(linear: Linear) -> QuantisedLinear:
        width = linear.weight.shape[1]
        kept = 4 if bits == 4 and width % GROUP == 0 else 8
        return QuantisedLinear.from_floats(linear.weight, linear.bias, kept, model.dtype)

    head = kept(model.head) if part == "lm_head" else model.head
    layers: Any = model.layers
    if part != "lm_head":
        layers = [replace(layer, **{part: kept(getattr(layer, part))}) for layer in layers]
    return FalconMamba(model.config, model.embeddings, layers, model.norm_f, head)


def _recall(model: FalconMamba, tokenizer: Tokenizer, cell: Cell, questions: int) -> str:
    """Return the share of a cell's questions that are answered exactly."""
    with redirect_stdout(sys.stderr):  # the recall bench says its results as it goes
        result = Examination(model, tokenizer).cell(cell, questions)
    return f"{result['exact']:.0%} of {result['asked']}"


def _answers(model: FalconMamba, folder: Path, tokenizer: Tokenizer, squad: Path, questions: int) -> Figures:
    """Return how many questions of one article in four the model's heads answer with the right sentence."""
    heads, articles = load_heads(folder, model.device), load(squad)
    names = sorted(articles)[::4]
    read = lambda question, passages: answer(model, heads, tokenizer, question, passages).candidates  # noqa: E731
    found = run(articles, names, read, max(1, questions // len(names)), passages=5)[1]
    return {name: found[name] for name in ("questions", "right sentence first, %", "in three, %", "AUC foreign")}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="main.py bench quantised", description="Weights in int8, int4 and fp8.")
    parser.add_argument("--model", type=Path, default=DEMO_MODEL)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--questions", type=int, default=48)
    parser.add_argument("--parts", action="store_true", help="which projection costs what")
    parser.add_argument("--long", action="store_true", help="records of 100,000 tokens too")
    parser.add_argument("--fp8", action="store_true", help="also where the device does not multiply it")
    parser.add_argument("--text", type=Path, help="text to read instead of generated records")
    parser.add_argument("--squad", type=Path, help="questions to answer instead of those about records")
    parser.add_argument("--out", type=Path, help="also write the figures here, as JSON")
    chosen = parser.parse_args(arguments)
    cells = (*CELLS, LONG) if chosen.long else CELLS
    figures = quantised(
        chosen.model, chosen.device, chosen.questions, cells, parts=chosen.parts, fp8=chosen.fp8,
        text_file=chosen.text, squad=chosen.squad,
    )  # fmt: skip
    show("Quantised weights", figures)
    write(chosen.out, figures)


if __name__ == "__main__":
    main()
