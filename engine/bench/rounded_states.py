"""States stored in fewer bytes: what bf16 and blocks of int8 change of states, next tokens and answers.

    main.py bench checkpoints [FILE] [--model DIR] [--question TEXT ...] [--sections 6]

Checkpoints: a document is read once without a stop, and then read on from places before its end, once from the exact
state there and once from that state rounded as a checkpoint is stored; the end states and the greedy answers are
compared. Section states: sections are read alone, and the questions are asked of the exact state and of the rounded
one; the logits after the question and the greedy answers are compared.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch

from engine.bench.harness import Figures, show, surroundings, write
from engine.bench.record_harness import MODEL
from engine.control import Control
from engine.documents.extraction.extractor import open_document
from engine.generation.runtime import Runtime, load_runtime
from engine.network.state import MambaState
from engine.reading.page_feed import tokenize_page

SAMPLE = MODEL.parents[1] / "samples" / "harlow-shifts-2025.log"
BEHIND = (0, 1024, 4096, 16_384)
"""Tokens between the rounded state and the end; the last is the usual distance of two checkpoints."""
SECTION = 1_000
"""Tokens of a section."""
STORED = {"fp32": torch.float32, "bf16": torch.bfloat16, "int8": torch.int8}
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


def rounded_states(runtime: Runtime, ids: Sequence[int], questions: Sequence[str], sections: int) -> Figures:
    """Measure both kinds of states of the document `ids`, with `sections` sections of it."""
    state = runtime.model.new_state()
    sizes = [{"stored in": name, "bytes": len(state.to_bytes(dtype))} for name, dtype in STORED.items()]
    return {
        **surroundings(runtime.model.device),
        "model": f"{runtime.name}, {runtime.precision}",
        "document": f"{len(ids):,} tokens",
        "size of a state": sizes,
        "checkpoints, read on from": _checkpoints(runtime, ids, questions),
        "section states, asked": _sections(runtime, ids, questions, sections),
    }


def _checkpoints(runtime: Runtime, ids: Sequence[int], questions: Sequence[str]) -> list[Figures]:
    rows = []
    for behind in (tokens for tokens in BEHIND if tokens < len(ids)):
        here = _read(runtime, runtime.model.new_state(), ids[: len(ids) - behind])
        rounded = {name: _stored(runtime, here, name) for name in ("bf16", "int8")}
        before = {name: _distance(state, here) for name, state in rounded.items()}
        for state in (here, *rounded.values()):
            _read(runtime, state, ids[len(ids) - behind :])
        exact = [_answer(runtime, here, question) for question in questions]
        for name, state in rounded.items():
            pairs = list(zip(exact, (_answer(runtime, state, question) for question in questions), strict=True))
            rows.append(
                {
                    "stored in": name,
                    "tokens before the end": behind,
                    "state there differs by": before[name],
                    "state at the end": _distance(state, here),
                    "same first token": f"{sum(a[:1] == b[:1] for a, b in pairs)} of {len(pairs)}",
                    "same answer": f"{sum(a == b for a, b in pairs)} of {len(pairs)}",
                }
            )
    return rows


def _sections(runtime: Runtime, ids: Sequence[int], questions: Sequence[str], sections: int) -> list[Figures]:
    compared: dict[str, list[tuple[float, float, bool, bool]]] = {"bf16": [], "int8": []}
    for start in range(SECTION, SECTION * (sections + 1), SECTION):
        here = _read(runtime, runtime.model.new_state(), ids[start : start + SECTION])
        for question in questions:
            expected, answer = _logits(runtime, here, question), _answer(runtime, here, question)
            for name, rows in compared.items():
                state = _stored(runtime, here, name)
                logits = _logits(runtime, state, question)
                divergence = torch.nn.functional.kl_div(
                    logits.log_softmax(-1), expected.log_softmax(-1), reduction="sum", log_target=True
                )
                off = float((logits - expected).abs().max() / expected.abs().max())
                same = bool(logits.argmax() == expected.argmax())
                rows.append((off, float(divergence), same, _answer(runtime, state, question) == answer))
    return [
        {
            "stored in": name,
            "logits differ by at most": max(row[0] for row in rows),
            "divergence, nats": sum(row[1] for row in rows) / len(rows),
            "same first token": f"{sum(row[2] for row in rows)} of {len(rows)}",
            "same answer": f"{sum(row[3] for row in rows)} of {len(rows)}",
        }
        for name, rows in compared.items()
    ]


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


def _stored(runtime: Runtime, state: MambaState, name: str) -> MambaState:
    """Return a state as it comes back from the library."""
    return MambaState.from_bytes(state.to_bytes(STORED[name]), runtime.model.device)


def _distance(a: MambaState, b: MambaState) -> float:
    """Return the distance of the recurrent states, as a share of the exact one's norm."""
    return float((a.ssm - b.ssm).norm() / b.ssm.norm())


def _logits(runtime: Runtime, state: MambaState, question: str) -> torch.Tensor:
    """Return the logits after the question, from a copy of `state`."""
    request = runtime.tokenizer.encode_request(runtime.tokenizer.prompts.question(question))
    return runtime.model(torch.tensor([request]), state.clone())


def _answer(runtime: Runtime, state: MambaState, question: str) -> list[int]:
    """Return the tokens of the greedy answer from a copy of `state`."""
    said: list[int] = []
    request = runtime.tokenizer.encode_request(runtime.tokenizer.prompts.question(question))
    for _ in runtime.respond(state.clone(), request, ANSWER_TOKENS, Control(), said=said):
        pass
    return said


def main(arguments: list[str] | None = None) -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="main.py bench checkpoints", description="What rounding a state changes.")
    parser.add_argument("file", nargs="?", type=Path, default=SAMPLE)
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--question", action="append", help="may be given several times")
    parser.add_argument("--sections", type=int, default=6, help="sections whose states are asked")
    parser.add_argument("--tokens", type=int, help="read only so many tokens of the document")
    parser.add_argument("--out", type=Path, help="also write the figures here, as JSON")
    options = parser.parse_args(arguments)
    runtime = load_runtime(options.model, options.device)
    ids = _tokens(runtime, options.file)[: options.tokens]
    figures = rounded_states(runtime, ids, options.question or QUESTIONS, options.sections)
    show("States in fewer bytes", figures)
    write(options.out, figures)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
