"""Checkpoints in bf16: the state and the answers after reading on from a rounded state.

    main.py bench checkpoints [FILE] [--model DIR] [--question TEXT ...]

A document is read once without a stop. Then it is read on from places before its end, once from the exact state there
and once from that state rounded to bf16, as a checkpoint is stored; the end states and the greedy answers are compared.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch

from engine.bench.record_harness import MODEL
from engine.control import Control
from engine.documents.extraction.extractor import open_document
from engine.generation.runtime import Runtime, load_runtime
from engine.network.state import MambaState
from engine.reading.page_feed import tokenize_page

SAMPLE = MODEL.parents[1] / "samples" / "harlow-shifts-2025.log"
BEHIND = (0, 1024, 4096, 16_384)
"""Tokens between the rounded state and the end; the last is the usual distance of two checkpoints."""
QUESTIONS = (
    "Who was in charge of the last shift?",
    "What was found to be broken?",
    "Which pump was replaced?",
    "When was the last inspection?",
    "Who reported the leak?",
    "What did the repair cost?",
    "Which gauge was out of order?",
    "What is still open?",
)
ANSWER_TOKENS = 60


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(
        prog="main.py bench checkpoints", description="What rounding a checkpoint changes."
    )
    parser.add_argument("file", nargs="?", type=Path, default=SAMPLE)
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--question", action="append", help="may be given several times")
    options = parser.parse_args(arguments)
    runtime = load_runtime(options.model, options.device)
    ids = _tokens(runtime, options.file)
    questions = options.question or QUESTIONS
    print(f"{options.file.name}: {len(ids):,} tokens; {runtime.name}, {runtime.precision} on {runtime.model.device}")
    print("rounded before the end   state there   state at the end   same first token   same answer")
    for behind in BEHIND:
        if behind >= len(ids):
            break
        here = _read(runtime, runtime.model.new_state(), ids[: len(ids) - behind])
        rounded = MambaState.from_bytes(here.to_bytes(torch.bfloat16), runtime.model.device)
        before = _distance(rounded, here)
        for state in (here, rounded):
            _read(runtime, state, ids[len(ids) - behind :])
        answers = [[_answer(runtime, state, question) for question in questions] for state in (here, rounded)]
        pairs = list(zip(*answers, strict=True))
        first = sum(a[:1] == b[:1] for a, b in pairs)
        same = sum(a == b for a, b in pairs)
        print(
            f"{behind:>15,} tokens   {before:11.2e}   {_distance(rounded, here):16.2e}   {first:>8} of {len(pairs):<5}"
            f"   {same:>3} of {len(pairs)}"
        )
    return 0


def _tokens(runtime: Runtime, file: Path) -> list[int]:
    ids = list(runtime.tokenizer.document_prefix)
    with open_document(file) as document:
        for page in document.pages():
            ids += tokenize_page(runtime.tokenizer, page.text)
    return ids


def _read(runtime: Runtime, state: MambaState, ids: Sequence[int]) -> MambaState:
    for start in range(0, len(ids), runtime.chunk_length):
        runtime.model(torch.tensor([ids[start : start + runtime.chunk_length]]), state)
    return state


def _distance(a: MambaState, b: MambaState) -> float:
    """Return the distance of the recurrent states, as a share of the exact one's norm."""
    return float((a.ssm - b.ssm).norm() / b.ssm.norm())


def _answer(runtime: Runtime, state: MambaState, question: str) -> list[int]:
    """Return the tokens of the greedy answer from a copy of `state`."""
    said: list[int] = []
    request = runtime.tokenizer.encode_request(runtime.tokenizer.prompts.question(question))
    for _ in runtime.respond(state.clone(), request, ANSWER_TOKENS, Control(), said=said):
        pass
    return said


if __name__ == "__main__":
    raise SystemExit(main())
