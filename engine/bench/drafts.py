"""Text that copies a page, with drafts by look-up and without: speed, and whether the text is the same.

    main.py bench drafts [--cuda] [--precision bf16 ...] [--tokens 128] [--out FILE]

130M shape on the CPU, 7B shape on a GPU, random weights. Four pages: the text itself (quoted), ten of every sixteen of
its tokens, a page without any of it, and one on which the tokens of the text stand before wrong ones. The ways take
turns and the best of each counts.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch

from engine.bench.harness import Figures, contest, show, surroundings, write
from engine.bench.shapes import FP8, GREEDY, PRECISIONS, SHAPE_7B, SHAPE_130M, read
from engine.errors import KnownError
from engine.generation.generate import decode
from engine.network.config import FalconMambaConfig
from engine.network.device import configure_cpu
from engine.network.model import FalconMamba
from engine.network.state import MambaState
from engine.network.weights import random_model

PROMPT = 64
"""Tokens read before the text begins."""
PLAIN = "without drafts"


def drafts(device: str, precisions: Sequence[str], tokens: int = 128, rounds: int = 3) -> Figures:
    """Measure texts of `tokens` tokens. Raises KnownError where a draft changed a text."""
    configure_cpu()
    config = FalconMambaConfig.from_dict(SHAPE_7B if device == "cuda" else SHAPE_130M)
    kinds = PRECISIONS | {"fp8": FP8}
    rows = []
    for precision in precisions:
        dtype, bits = kinds[precision]
        model = random_model(config, device, dtype, bits=bits)
        rows.append({"precision": precision, **_rates(model, tokens, rounds)})
    return {**surroundings(device), "tokens of a text": tokens, "tokens/s, and times those without drafts": rows}


def _rates(model: FalconMamba, tokens: int, rounds: int) -> Figures:
    chance = torch.Generator().manual_seed(1)
    ids = torch.randint(0, model.config.vocab_size, (PROMPT,), generator=chance)
    logits, state = read(model, ids, PROMPT)
    plain = _text(model, state, logits, tokens, ())
    other = torch.randint(0, model.config.vocab_size, (3000,), generator=chance).tolist()
    pages: dict[str, Sequence[int]] = {PLAIN: (), "quoted": plain, "ten of sixteen": _parts(plain), "elsewhere": other}
    pages["always wrong"] = _wrong(plain, model.config.vocab_size)
    works = {name: partial(_text, model, state, logits, tokens, page) for name, page in pages.items()}
    seconds, texts = contest(works, rounds)
    for name, text in texts.items():
        if text != plain:
            raise KnownError(f"the text beside the page “{name}” is not the one without drafts")
    found: Figures = {PLAIN: tokens / seconds[PLAIN]}
    for name in list(pages)[1:]:
        found[name] = f"{tokens / seconds[name]:,.1f} (x {seconds[PLAIN] / seconds[name]:.2f})"
    return found


def _text(model: FalconMamba, state: MambaState, logits: torch.Tensor, count: int, page: Sequence[int]) -> list[int]:
    return list(decode(model, state.clone(), logits, GREEDY, (), count, source=page))


def _parts(text: Sequence[int]) -> list[int]:
    """Return a page that holds ten of every sixteen tokens of `text`."""
    return [token for start in range(0, len(text), 16) for token in (*text[start : start + 10], 5, 6, 7)]


def _wrong(text: Sequence[int], vocab_size: int) -> list[int]:
    """Return a page on which tokens of `text` stand, each three before tokens that do not follow in it."""
    page: list[int] = []
    for end in range(3, len(text), 2):
        page += [*text[end - 3 : end], *[(text[end] + 1) % vocab_size] * 8]
    return page


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="main.py bench drafts", description="Text that copies a page.")
    parser.add_argument("--cuda", action="store_true", help="7B shape on the GPU (default: 130M shape on the CPU)")
    parser.add_argument("--precision", nargs="+", choices=[*PRECISIONS, "fp8"], default=["bf16", "int8"])
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, help="also write the figures here, as JSON")
    chosen = parser.parse_args(arguments)
    figures = drafts("cuda" if chosen.cuda else "cpu", chosen.precision, chosen.tokens, chosen.rounds)
    show("Drafts by look-up", figures)
    write(chosen.out, figures)


if __name__ == "__main__":
    main()
