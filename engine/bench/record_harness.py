"""Held-out records put to a model as the product would put them: read once, every question on a copy of the state.

The common part of `bench recall` and `bench quantised`: records are made, read many to a batch, asked about with greedy
decoding, and the answers compared with the records.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from engine.bench.shapes import finish
from engine.generation.generate import SequenceToken, decode_batch, prefill_batch
from engine.generation.sampling import Sampling
from engine.network.model import FalconMamba
from engine.network.state import MambaState
from engine.prompting.prompts import NOT_FOUND, page_text
from engine.prompting.tokenizer import Tokenizer
from engine.resources import resource_path
from engine.training.records import records, words
from engine.training.records.facts import Record, Turn
from engine.training.records.questions import ask, ask_missing, follow_up
from engine.training.records.writer import Writer

MODEL = resource_path("models/demo")
SEED = 20_000
ROWS = 16
CHUNK = 512
LONGEST_ANSWER = 160


@dataclass(frozen=True)
class Cell:
    """One line of the table: records of up to `tokens` tokens with `facts` facts, and the kind of questions."""

    name: str
    tokens: int
    facts: int
    asks: str = "plain"
    """plain, corrected, missing, follow-up or summary."""
    share: float = 1.0
    """Share of the wanted number of questions: long records get fewer."""


class Examination:
    """One model, its tokenizer and the records put to it; `held_out` False draws names and wordings from the training
    lists."""

    def __init__(self, model: FalconMamba, tokenizer: Tokenizer, *, held_out: bool = True) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.held_out = held_out
        self.stop_ids = tokenizer.stop_ids(model.config.eos_ids)

    def document(self, record: Record) -> list[int]:
        """Return the token ids of a record as the reader feeds them."""
        ids = list(self.tokenizer.document_prefix)
        for page in record.pages:
            ids += self.tokenizer.encode_document(page_text(page))
        return ids

    def read(self, rows: Sequence[Sequence[int]], chunk: int = CHUNK) -> MambaState:
        """Return the state after the token ids of each row."""
        state = self.model.new_state(len(rows))
        finish(prefill_batch(self.model, state, rows, chunk))
        return state

    def answer(self, state: MambaState, requests: Sequence[Sequence[int]], chunk: int = CHUNK) -> list[str]:
        """Return greedy answers; row r of `state` continues with `requests[r]`. The state is used up."""
        logits = finish(prefill_batch(self.model, state, requests, chunk))
        out: list[list[int]] = [[] for _ in requests]
        for item in decode_batch(self.model, state, logits, Sampling(), self.stop_ids, LONGEST_ANSWER):
            if isinstance(item, SequenceToken):
                out[item.index].append(item.token)
        return [self.tokenizer.decode(ids).strip() for ids in out]

    def cell(self, cell: Cell, questions: int) -> dict[str, Any]:
        """Put about `questions` questions (times the cell's share) and print the result as one line of JSON."""
        started = time.monotonic()
        wanted = max(4, round(questions * cell.share))
        if cell.asks == "summary":
            result = self._summaries(cell, max(8, wanted // 4))
        else:
            result = self._questions(cell, wanted)
        result = {"cell": cell.name, "tokens": cell.tokens, **result, "seconds": round(time.monotonic() - started, 1)}
        print(json.dumps(result), flush=True)
        return result

    def records(self, cell: Cell, seed: int, count: int) -> list[Record]:
        """Return records of half to all of the cell's tokens."""
        made = []
        for i in range(count):
            writer = Writer(SEED + seed + i, held_out=self.held_out)
            made.append(
                records.make_record(
                    writer,
                    kind=words.KINDS[i % len(words.KINDS)],
                    tokens=int(cell.tokens * (0.5 + 0.5 * writer.random.random())) - 40,
                    facts=cell.facts,
                    findings=writer.below(5) if cell.asks == "summary" else writer.below(3),
                    count_tokens=lambda text: len(self.tokenizer.encode_document(text)),
                    corrections=0.5 if cell.asks == "corrected" else 0.0,
                )
            )
        return made

    def _questions(self, cell: Cell, wanted: int) -> dict[str, Any]:
        asked = exact = refused = false_refusals = 0
        seed = 0
        examples: list[tuple[str, str, str]] = []
        while asked < wanted:
            # About four questions come from a record, or one for each of its facts.
            batch = min(ROWS, 4 if cell.tokens > 8000 else ROWS, -(-(wanted - asked) // max(4, cell.facts)))
            made = self.records(cell, seed, batch)
            seed += batch
            state = self.read([self.document(record) for record in made])
            turns = [_turns(record, cell.asks, SEED + seed + row) for row, record in enumerate(made)]
            flat = [(row, turn) for row, of_row in enumerate(turns) for turn in of_row]
            for start in range(0, len(flat), 4 * ROWS):
                part = flat[start : start + 4 * ROWS]
                forks = state.select([row for row, _ in part])
                requests = [self._request(turn) for _, turn in part]
                for text, (_, turn) in zip(self.answer(forks, requests), part, strict=True):
                    asked += 1
                    right = text == turn[-1].answer
                    exact += right
                    refused += text == NOT_FOUND
                    false_refusals += text == NOT_FOUND and turn[-1].answer != NOT_FOUND
                    if not right and len(examples) < 5:
                        examples.append((turn[-1].question, turn[-1].answer, text))
        result = {"asked": asked, "exact": exact / asked, "refused": refused / asked, "wrong": examples}
        return result if cell.asks == "missing" else result | {"false_refusals": false_refusals / asked}

    def _request(self, turn: Sequence[Turn]) -> list[int]:
        """Return the tokens of a question; or of a question, its answer and a follow-up."""
        prompts, encode = self.tokenizer.prompts, self.tokenizer.encode_request
        ids = encode(prompts.question(turn[0].question))
        for before, after in itertools.pairwise(turn):
            ids += self.tokenizer.encode_document(before.answer) + encode(prompts.next_question(after.question))
        return ids

    def _summaries(self, cell: Cell, wanted: int) -> dict[str, Any]:
        request = self.tokenizer.encode_request(self.tokenizer.prompts.summary())
        found = expected = invented = written = whole = asked = 0
        examples: list[tuple[str, str]] = []
        while asked < wanted:
            made = self.records(cell, asked, min(ROWS, wanted - asked))
            state = self.read([self.document(record) for record in made])
            for text, record in zip(self.answer(state, [request] * len(made)), made, strict=True):
                asked += 1
                ours = {line for line in text.splitlines() if line.startswith("- ")}
                theirs = {finding.sentence for finding in record.findings}
                found += len(ours & theirs)
                expected += len(theirs)
                invented += len(ours - theirs)
                written += len(ours)
                whole += text == record.summary
                if text != record.summary and len(examples) < 3:
                    examples.append((record.summary, text))
        return {
            "asked": asked,
            "findings": expected,
            "exact": found / max(1, expected),
            "invented": invented / max(1, written),
            "whole": whole / asked,
            "wrong": examples,
        }

    def variants(self, wanted: int) -> list[dict[str, Any]]:
        """Count the answers that change from restored snapshots and with other chunk lengths."""
        cell = Cell("variants", 1200, 4)
        made = self.records(cell, 0, max(2, wanted // 4))
        rows = [self.document(record) for record in made]
        flat = [(r, turn) for r, record in enumerate(made) for turn in _turns(record, "plain", SEED + r)][:wanted]
        requests = [self._request(turn) for _, turn in flat]
        places = [row for row, _ in flat]
        truth = [turn[-1].answer for _, turn in flat]
        plain = self.read(rows)
        device = self.model.device
        restored: dict[str, Callable[[], MambaState]] = {
            "plain": plain.clone,
            "snapshot, fp32": lambda: MambaState.from_bytes(plain.to_bytes(), device),
            "snapshot, bf16": lambda: MambaState.from_bytes(plain.to_bytes(torch.bfloat16), device),
            "chunks of 1": lambda: self.read(rows, 1),
            "chunks of 64": lambda: self.read(rows, 64),
            "chunks of 2048": lambda: self.read(rows, 2048),
        }
        out: list[dict[str, Any]] = []
        base: list[str] = []
        for name, make in restored.items():
            answers = self.answer(make().select(places), requests)
            base = base or answers
            result = {
                "variant": name,
                "asked": len(answers),
                "exact": sum(a == t for a, t in zip(answers, truth, strict=True)) / len(answers),
                "other_answers": sum(a != b for a, b in zip(answers, base, strict=True)),
            }
            print(json.dumps(result), flush=True)
            out.append(result)
        return out


def _turns(record: Record, asks: str, seed: int) -> list[tuple[Turn, ...]]:
    """Return the questions about one record: each entry one question, or a question and its follow-up."""
    writer = Writer(seed, held_out=record.held_out)
    if asks == "missing":
        return [(ask_missing(writer, record),) for _ in range(4)]
    out: list[tuple[Turn, ...]] = []
    # Reading costs most: ask few facts in several wordings.
    for fact in record.facts * max(1, 4 // max(1, len(record.facts))):
        if asks == "corrected" and not fact.corrected:
            continue
        first = ask(writer, fact)
        if asks == "follow-up":
            second = follow_up(writer, record, fact)
            if second is not None:
                out.append((first, second))
        else:
            out.append((first,))
    return out
