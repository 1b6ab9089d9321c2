"""Recall of a model from its state: exact answers, refusals and summaries on held-out records.

    main.py bench recall [--model FOLDER] [--questions 200] [--device cuda]
    main.py bench recall --pipeline    the whole program: a file is read, and asked about after a restart

Records come from engine.training.records.records with names, identifiers and a share of the wordings that training
never shows.
Each record is read once; every question forks from its state, with the product's own prompts and greedy decoding.
`--quick` asks a tenth, for a look on a CPU.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from engine.bench.record_harness import MODEL, SEED, Cell, Examination
from engine.network.weights import load_model
from engine.prompting.tokenizer import Tokenizer

CELLS = (
    Cell("1 fact", 2000, 1),
    Cell("2 facts", 2000, 2),
    Cell("4 facts", 2000, 4),
    Cell("8 facts", 2000, 8),
    Cell("16 facts", 2000, 16),
    Cell("unanswerable (4 facts)", 2000, 4, "missing"),
    Cell("section summary", 2000, 3, "summary"),
    Cell("corrected facts (4 in the record)", 2000, 4, "corrected", share=0.5),
    Cell("follow-up questions (4 facts)", 2000, 4, "follow-up", share=0.5),
    Cell("8,000 tokens, 4 facts", 8000, 4),
    Cell("8,000 tokens, 32 facts", 8000, 32, share=0.5),
    Cell("8,000 tokens, 64 facts", 8000, 64, share=0.5),
    Cell("32,000 tokens, 4 facts", 32_000, 4, share=0.16),
    Cell("100,000 tokens, 4 facts", 100_000, 4, share=0.04),
)


def run(
    model_folder: str | Path = MODEL,
    device: str = "cpu",
    dtype: torch.dtype = torch.bfloat16,
    questions: int = 200,
    cells: Sequence[Cell] = CELLS,
    variants: bool = True,
    familiar: bool = False,
) -> dict[str, Any]:
    """Ask about `questions` questions a cell; print the table and return {"cells": [...], "variants": [...]}.

    Weights are rounded to `dtype`; on the CPU they compute in fp32 afterwards. `variants` repeats one cell from
    restored snapshots and with other chunk lengths. `familiar` draws names and wordings from the training lists instead
    (the records themselves are new).
    """
    model = load_model(model_folder, device, dtype if device == "cuda" else torch.float32)
    bench = Examination(model, Tokenizer.from_folder(model_folder), held_out=not familiar)
    rows = [bench.cell(cell, questions) for cell in cells]
    compared = bench.variants(max(8, questions // 4)) if variants else []
    return {
        "device": device,
        "familiar": familiar,
        "dtype": str(dtype),
        "questions": questions,
        "seed": SEED,
        "cells": rows,
        "variants": compared,
    }


def main(arguments: list[str] | None = None) -> int:
    """Print the table; with --pipeline, that of engine.bench.pipeline."""
    given = sys.argv[1:] if arguments is None else arguments
    if "--pipeline" in given:
        from engine.bench import pipeline

        return pipeline.main([argument for argument in given if argument != "--pipeline"])
    parser = argparse.ArgumentParser(prog="main.py bench recall", description=__doc__)
    parser.add_argument("--pipeline", action="store_true", help="through the whole program instead (--pipeline --help)")
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--quick", action="store_true", help="a tenth of the questions, nothing over 8,000 tokens")
    parser.add_argument("--familiar", action="store_true", help="names and wordings from the training lists")
    parser.add_argument("--cells", type=int, nargs="*", help="only these lines of the table, from 0")
    parser.add_argument("--no-variants", action="store_true")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args(given)
    cells = tuple(cell for cell in CELLS if cell.tokens <= 8000) if options.quick else CELLS
    questions = options.questions // 10 if options.quick else options.questions
    if options.cells is not None:
        cells = tuple(CELLS[i] for i in options.cells)
    result = run(
        options.model,
        options.device,
        questions=questions,
        cells=cells,
        variants=not options.no_variants,
        familiar=options.familiar,
    )
    if options.out:
        options.out.write_text(json.dumps(result, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
