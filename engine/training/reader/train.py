"""Train the reader: `python -m engine.training.reader.train --data FOLDER --out FOLDER [--base FILE] --seconds N`.

One process on one device, by the clock. Without --base the network begins with fresh weights. Early on it learns
words, sentences taken out of plain text and questions made by rules; from --turn on, real summaries and questions. A
learning rate of 1e-3 and more ends in NaN on this mixture; 6e-4 does not. With --start it goes on from a checkpoint
or a model folder. Where the data hold the vectors of a teacher (`engine.training.reader.teacher`), it learns those too.
"""

from __future__ import annotations

import argparse
import json
import math
import socket
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.multiprocessing.spawn import spawn
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from engine.network.heads import Heads
from engine.training.network import Network, Shape
from engine.training.optimizer import Optimizer
from engine.training.reader.checkpoint import mean, save, take
from engine.training.reader.lists import LIMITS, Lists, trimmed
from engine.training.reader.losses import Batch, Losses
from engine.training.reader.rows import Data, stack
from engine.training.reader.teacher import VECTORS
from engine.training.team import Team

SHAPE = Shape(vocab_size=16_384, d_model=640, n_layers=14, d_inner=1280, d_state=16, dt_rank=40)
EARLY = {"section": 0.20, "gap": 0.28, "real": 0.24, "made": 0.28}
LATE = {"section": 0.40, "gap": 0.06, "real": 0.44, "made": 0.10}
"""Shares of the batches by kind, before and after the turn."""
MISSING = 0.22
"""Share of the answerable questions that are shown with passages that do not answer."""
WARM_UP = 150
TEXT = (1.0, 0.3)
"""Weight of the words' loss before and after the turn."""


class Batches(IterableDataset[tuple[str, Batch]]):
    """Endless batches; `progress`, from 0 to 1, decides their kinds."""

    def __init__(self, folder: Path, progress: Tensor, options: argparse.Namespace, rank: int = 0) -> None:
        self.folder, self.progress, self.options, self.rank = folder, progress, options, rank

    def __iter__(self) -> Iterator[tuple[str, Batch]]:
        """Yield (kind, batch); every worker has chances of its own."""
        torch.set_num_threads(1)
        worker, options = get_worker_info(), self.options
        rng = np.random.default_rng((options.seed * 64 + self.rank) * 1000 + (worker.id if worker else 0))
        data = Data(self.folder)
        left: dict[str, list[int]] = defaultdict(list)
        late = dict(zip(LATE, options.mix or LATE.values(), strict=True))
        vectors = np.load(self.folder / VECTORS, mmap_mode="r") if options.missing else None
        lists = None if vectors is None else Lists(data, vectors, options.rows, options.missing)

        def following(kind: str) -> int:
            if not left[kind]:
                listed = lists if kind == "real" else None
                left[kind] = listed.order(rng) if listed else rng.permutation(data.sizes[kind]).tolist()
            return left[kind].pop()

        while True:
            mix = EARLY if float(self.progress) < options.turn else late
            kind = str(rng.choice(list(mix), p=list(mix.values())))
            if kind == "section":
                rows = [data.section(rng, following(kind)) for _ in range(options.sections)]
            elif kind == "gap":
                rows = [data.gap(rng) for _ in range(options.sections)]
            elif kind == "real" and lists is not None:
                limit = int(rng.choice(LIMITS))
                asked = (lists.question(rng, following(kind), limit) for _ in range(options.questions))
                rows = [row for some in asked for row in some]
            else:
                numbers = (following(kind) for _ in range(options.questions))
                asked = (data.question(rng, kind, number, MISSING, options.rows) for number in numbers)
                rows = [row for pair in asked for row in pair]
            arrays = stack(rows) if lists is None else trimmed(stack(rows))
            yield kind, {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}


def load_base(network: Network, path: Path) -> None:
    """Fill `network` from a file of stacked tensors."""
    stored = load_file(path)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            parameter.copy_(stored[name])


def train(network: Network, heads: Heads, options: argparse.Namespace, team: Team | None = None) -> int:
    """Train until `options.seconds` or `options.steps`; return the steps. Raise FloatingPointError on NaN."""
    began, device, team = time.monotonic(), "cuda" if torch.cuda.is_available() else "cpu", team or Team()
    torch.set_float32_matmul_precision("high")
    network.to(device)
    heads.to(device)
    parameters: dict[str, Tensor] = dict(network.named_parameters())
    parameters |= {f"heads.{name}": parameter for name, parameter in heads.named_parameters()}
    team.equalise(parameters.values())
    if options.missing:
        del parameters["A_log"]  # the file for answering keeps no difference of it
    optimizer = Optimizer(parameters)
    vectors = options.data / VECTORS
    teacher = torch.from_numpy(np.load(vectors)).to(device) if vectors.is_file() else None
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    losses = Losses(network, heads, dtype, options.drop, teacher, options.rows, options.blind)
    progress = torch.zeros(()).share_memory_()
    feed = Batches(options.data, progress, options, team.rank)
    batches = iter(DataLoader(feed, batch_size=None, num_workers=options.workers, pin_memory=device == "cuda"))
    sums: dict[str, list[Tensor]] = defaultdict(list)
    for step in range(options.steps):
        share = team.agree(f"share {step}", (time.monotonic() - began) / options.seconds)
        if share >= 1.0:
            return step
        progress.fill_(share)
        kind, batch = next(batches)
        batch = {name: tensor.to(device, non_blocking=True) for name, tensor in batch.items()}
        if kind in ("section", "gap"):
            loss, parts = losses.section(batch, TEXT[share >= options.turn])
        else:
            loss, parts = losses.question(batch)
        gradients = _gradients(loss, parameters, team)
        falling = min(1.0, (1.0 - share) / (1.0 - options.flat))
        optimizer.lr.fill_(options.lr * min(1.0, (step + 1) / WARM_UP) * falling)
        norm = optimizer.step(gradients)
        for name, value in (parts | {"loss": loss, "norm": norm}).items():
            sums[f"{kind}.{name}"].append(value.detach())
        if (step + 1) % options.every == 0:
            entry = {name: round(float(torch.stack(values).mean()), 4) for name, values in sorted(sums.items())}
            sums.clear()
            if team.leads:
                _log(options.out, {"step": step + 1, "seconds": round(time.monotonic() - began, 1), **entry})
            if not all(math.isfinite(value) for value in entry.values()):
                raise FloatingPointError(f"not a number after {step + 1} steps; use a lower learning rate")
    return int(options.steps)


def _gradients(loss: Tensor, parameters: dict[str, Tensor], team: Team) -> list[Tensor]:
    """Return the gradients of `parameters`, averaged over the team."""
    found = torch.autograd.grad(loss, list(parameters.values()), allow_unused=True)
    gradients = [torch.zeros_like(p) if g is None else g for g, p in zip(found, parameters.values(), strict=True)]
    if team.size == 1:
        return gradients
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
    team.average(flat)
    pieces = flat.split([gradient.numel() for gradient in gradients])
    return [piece.view_as(gradient) for piece, gradient in zip(pieces, gradients, strict=True)]


def _log(folder: Path, entry: dict[str, float]) -> None:
    line = json.dumps(entry)
    print(line, flush=True)
    with (folder / "log.jsonl").open("a") as file:
        file.write(line + "\n")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    found = argparse.ArgumentParser(description=__doc__)
    found.add_argument("--data", type=Path, required=True)
    found.add_argument("--out", type=Path, required=True)
    found.add_argument("--base", type=Path)
    found.add_argument(
        "--start", type=Path, nargs="+", help="a checkpoint, or several to go on from their mean, or a model folder"
    )
    found.add_argument("--seconds", type=float, default=890)
    found.add_argument("--steps", type=int, default=10**9)
    found.add_argument("--lr", type=float, default=6e-4)
    found.add_argument("--flat", type=float, default=0.25, help="share of the time before the rate falls")
    found.add_argument("--turn", type=float, default=0.4, help="share of the time before real data prevail")
    found.add_argument("--mix", type=float, nargs=len(LATE), metavar="SHARE", help=f"in place of {LATE}")
    found.add_argument("--drop", type=float, default=0.15, help="dropout in the heads")
    found.add_argument("--sections", type=int, default=32, help="rows of a batch")
    found.add_argument("--questions", type=int, default=128, help="of a batch")
    found.add_argument("--rows", type=int, default=2, help="of a question; without --missing 2 or 3")
    found.add_argument(
        "--missing", type=float, default=0.0, help="share of lists without an answer: real questions get lists of rows"
    )
    found.add_argument("--blind", type=float, default=0.0, help="share of questions whose shared words are hidden")
    found.add_argument("--ranks", type=int, default=1, help="GPUs")
    found.add_argument("--workers", type=int, default=9, help="processes that write batches, for each rank")
    found.add_argument("--every", type=int, default=50, help="steps between two lines of the log")
    found.add_argument("--seed", type=int, default=3)
    return found


def _rank(rank: int, options: argparse.Namespace, port: int) -> None:
    """Train as one of `options.ranks` processes, each on its GPU; the first saves."""
    if torch.cuda.is_available():
        torch.cuda.set_device(rank)
    torch.manual_seed(options.seed + 1000 * rank)
    team = Team(rank, options.ranks, port)
    network, heads = Network(SHAPE), Heads(SHAPE.d_model, SHAPE.vocab_size)
    if options.base:
        load_base(network, options.base)
    if options.start and (options.start[0] / "shape.json").is_file():
        mean(options.start, [1.0] * len(options.start), network, heads)
    elif options.start:
        take(options.start[0], network, heads, answering=bool(options.missing))
    words = np.load(options.data / "words.npz")
    heads.word.copy_(torch.from_numpy(words["word"]))
    heads.rarity.copy_(torch.from_numpy(words["rarity"]))
    steps = train(network, heads, options, team)
    if team.leads:
        save(options.out, network, heads)
        print(f"{steps} steps")
    team.part()


def main() -> None:
    """Train as the command line says and save a checkpoint."""
    options = parser().parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.ranks == 1:
        _rank(0, options, 0)
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    spawn(_rank, args=(options, port), nprocs=options.ranks)


if __name__ == "__main__":
    main()
