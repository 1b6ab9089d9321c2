"""From a restart to an answer: a long document is read, the process ends, a new one is started and asked.

    main.py bench restart [--pages 500] [--tokens-a-page 400] [--shape demo|130m] [--their-pages N] [--out FILE]

Each contestant has the same weights, the same document and the same two questions, in token ids, and two processes. The
first one reads the document, saves what it can of its state, and notes the logits after the question. The second one is
timed from its start: it loads the model, comes to the state again, reads the question, and decodes the answer. Then it
is asked the second question.

- ours: the state is a row of a library (checksum, one transaction), as the program stores it; also with the state
  rounded to bf16 and to int8.
- llama.cpp: the state of its sequence is saved to a file and restored, through llama_cpp.
- transformers: it has no file for a state, and reads the document again, token by token: its prefill starts from an
  empty state only, and for so long a text at once it would take more memory than there is. Its second question starts
  from a copy of the cache in memory. With --their-pages it reads only so many pages, and its time is multiplied: every
  token takes it the same time.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch

from engine.bench.harness import Figures, distance, show, surroundings, write
from engine.bench.llama_peer import LlamaPeer
from engine.bench.peers import installed
from engine.bench.shapes import COMMON, SHAPE_130M, save, written
from engine.errors import KnownError
from engine.library.library import Library
from engine.library.prefix import Identity, hash_tokens
from engine.library.records import NewSnapshot
from engine.network.config import FalconMambaConfig
from engine.network.device import configure_cpu, thread_count
from engine.network.state import MambaState
from engine.network.weights import load_model, random_model
from engine.resources import source_root

SHAPE_DEMO: dict[str, Any] = {
    **COMMON,
    "model_type": "mamba",
    "hidden_size": 512,
    "intermediate_size": 1024,
    "num_hidden_layers": 8,
    "time_step_rank": 32,
    "vocab_size": 3072,
    "tie_word_embeddings": True,
}
"""The demonstration model's, as the model type that llama.cpp reads too."""
SHAPES = {"demo": SHAPE_DEMO, "130m": SHAPE_130M}
QUESTION = 24
"""Tokens of a question."""
STORED = {"fp32": torch.float32, "bf16": torch.bfloat16, "int8": torch.int8}
CHUNK = 512


class Contestant(Protocol):
    """A program that reads a document and is asked about it, in one process."""

    def read(self, ids: list[int]) -> None:
        """Read the document from the start."""

    def save(self, folder: Path, ids: list[int]) -> dict[str, int]:
        """Save the state after the document `ids`; return the bytes on disk of each kind in which it is stored."""

    def restore(self, folder: Path, ids: list[int]) -> None:
        """Come to the state after the document in a new process."""

    def first_token(self, question: list[int]) -> torch.Tensor:
        """Read a question from the document's state; return the logits [1, vocab_size] after it."""

    def rest(self, count: int) -> None:
        """Decode `count` tokens greedily."""


class Ours:
    """This program's network; its state is a row of a library, stored as `kind`."""

    def __init__(self, folder: Path, kind: str) -> None:
        configure_cpu()
        self._model = load_model(folder, "cpu", torch.float32)
        self._kind = kind
        self._state = self._model.new_state()
        self._asked = self._state
        self._logits = torch.empty(0)

    def read(self, ids: list[int]) -> None:
        for start in range(0, len(ids), CHUNK):
            self._model(torch.tensor([ids[start : start + CHUNK]]), self._state)

    def save(self, folder: Path, ids: list[int]) -> dict[str, int]:
        prefix = hash_tokens(Identity("random", "none", "", "fp32", "bench"), ids)
        sizes = {}
        for kind, dtype in STORED.items():
            data = self._state.to_bytes(dtype)
            with Library.open(folder / f"{kind}.db") as library:
                document = library.documents.for_file(StoredFile(folder / "task.json"))
                library.snapshots.save(document.id, NewSnapshot("end", prefix, data, kind))
            sizes[kind] = len(data)
        return sizes

    def restore(self, folder: Path, ids: list[int]) -> None:
        with Library.open(folder / f"{self._kind}.db") as library:
            (row,) = library.snapshots.all()
            data = library.snapshots.load(row.id)
        if data is None or row.n_tokens != len(ids):
            raise KnownError("the state was not restored")
        self._state = MambaState.from_bytes(bytes(data))

    def first_token(self, question: list[int]) -> torch.Tensor:
        self._asked = self._state.clone()
        self._logits = self._model(torch.tensor([question]), self._asked)
        return self._logits

    def rest(self, count: int) -> None:
        written(self._model, self._asked, self._logits, count)


class LlamaCpp:
    """llama.cpp; its state is a file of its sequence."""

    def __init__(self, folder: Path, kind: str) -> None:
        self._peer = LlamaPeer(folder, kind, 4 * CHUNK, thread_count())
        self._file: Path | None = None

    def read(self, ids: list[int]) -> None:
        self._peer.read(ids)

    def save(self, folder: Path, ids: list[int]) -> dict[str, int]:
        self._file = folder / "slot.bin"
        return {"F32": self._peer.save(self._file)}

    def restore(self, folder: Path, ids: list[int]) -> None:
        self._file = folder / "slot.bin"

    def first_token(self, question: list[int]) -> torch.Tensor:
        if self._file is None:
            raise KnownError("llama.cpp has no state to restore")
        self._peer.restore(self._file)
        return self._peer.feed(question)

    def rest(self, count: int) -> None:
        self._peer.write(count)


class Transformers:
    """transformers, which reads the document again after a restart."""

    def __init__(self, folder: Path, kind: str) -> None:
        from transformers import AutoModelForCausalLM

        model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        self._model = model.eval()
        self._cache: Any = None
        self._asked: Any = None
        self._logits = torch.empty(0)

    def read(self, ids: list[int]) -> None:
        self._cache = self._feed(ids[:CHUNK], None)[1]
        for token in ids[CHUNK:]:
            self._cache = self._feed([token], self._cache)[1]

    def save(self, folder: Path, ids: list[int]) -> dict[str, int]:
        raise KnownError("transformers has no file for a state")

    def restore(self, folder: Path, ids: list[int]) -> None:
        self.read(ids)

    def first_token(self, question: list[int]) -> torch.Tensor:
        self._asked = copy.deepcopy(self._cache)
        for token in question:
            self._logits, self._asked = self._feed([token], self._asked)
        return self._logits

    def rest(self, count: int) -> None:
        for _ in range(count):
            self._logits, self._asked = self._feed([int(self._logits.argmax())], self._asked)

    @torch.inference_mode()
    def _feed(self, ids: list[int], cache: Any) -> tuple[torch.Tensor, Any]:
        out = self._model(torch.tensor([ids]), cache_params=cache, use_cache=True, logits_to_keep=1)
        return out.logits[:, -1].float(), out.cache_params


@dataclass(frozen=True)
class StoredFile:
    """The facts of a file that a library row holds."""

    path: Path
    sha256: str = "0" * 64
    title: str | None = "document"
    kind: str = "text"
    size: int = 0
    page_count: int | None = None


CONTESTANTS: dict[str, tuple[Callable[[Path, str], Contestant], str]] = {
    "ours, fp32 state": (Ours, "fp32"),
    "ours, bf16 state": (Ours, "bf16"),
    "ours, int8 state": (Ours, "int8"),
    "llama.cpp F32": (LlamaCpp, "F32"),
    "transformers fp32": (Transformers, "fp32"),
}

READERS = ("ours, fp32 state", "llama.cpp F32")
"""The contestants that read the document and save its state; one reading of ours stores every kind."""


def restart(
    shape: str = "demo",
    pages: int = 500,
    tokens_a_page: int = 400,
    answer: int = 32,
    runs: int = 3,
    their_pages: int | None = None,
) -> Figures:
    """Measure every contestant that is installed. `runs`: restarts of each, of which the median counts; transformers is
    restarted once, and reads `their_pages` pages (default: all)."""
    share = min(their_pages or pages, pages) / pages
    names = [name for name in CONTESTANTS if "llama" not in name or (installed("llama_cpp") and installed("gguf"))]
    config = FalconMambaConfig.from_dict(SHAPES[shape])
    numbers = torch.Generator().manual_seed(0)

    def drawn(count: int) -> list[int]:
        return torch.randint(1, config.vocab_size, (count,), generator=numbers).tolist()

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save(random_model(config, "cpu", torch.float32), SHAPES[shape], folder)
        task = {"document": drawn(pages * tokens_a_page), "questions": [drawn(QUESTION) for _ in range(2)]}
        (folder / "task.json").write_text(json.dumps({**task, "answer": answer, "share": share}))
        rows, reads = [], {name: _process(name, "read", folder) for name in names if name in READERS}
        for contestant in names:
            reads_again = contestant.startswith("transformers")
            program, kind = contestant.split()[0].rstrip(","), CONTESTANTS[contestant][1]
            read = next((found for name, found in reads.items() if name.startswith(program)), {})
            asked = [_process(contestant, "ask", folder) for _ in range(1 if reads_again else runs)]
            middle = {step: statistics.median(one[step] for one in asked) for step in STEPS}
            if reads_again:
                middle |= _of_all_pages(middle, share)
            rows.append(
                {
                    "contestant": contestant,
                    "reading, s": read.get("seconds"),
                    "state on disk, MB": read[f"bytes {kind}"] / 1e6 if read else None,
                    "model loaded, s": middle["loaded"],
                    "state there, s": middle["restored"],
                    "first token, s": middle["first"],
                    "last token, s": middle["last"],
                    "second question, s": middle["second"],
                    "logits differ from before the restart by": asked[0].get("own"),
                    "from ours by": asked[0].get("ours"),
                }
            )
    return {
        **surroundings(),
        "shape": f"{shape}: d_model {config.d_model}, {config.n_layers} layers",
        "document": f"{pages} pages, {pages * tokens_a_page:,} tokens",
        "answer": f"question of {QUESTION} tokens, {answer} tokens decoded",
        **({"transformers": f"read {share:.0%} of the document; its reading time is multiplied"} if share < 1 else {}),
        "contestants": rows,
    }


def _of_all_pages(middle: dict[str, float], share: float) -> dict[str, float]:
    """Return the steps with the time of reading all pages instead of `share` of them."""
    more = (middle["restored"] - middle["loaded"]) * (1 / share - 1)
    return {step: middle[step] + more for step in ("restored", "first", "last")}


STEPS = ("loaded", "restored", "first", "last", "second")
"""Steps of an asking process; all but `second` in seconds from the start of the process."""


def _process(contestant: str, phase: str, folder: Path) -> dict[str, float]:
    """Return what a new process of a contestant measured; times are from before its start."""
    started = time.time()
    command = [sys.executable, "-P", "-m", "engine.bench.restart", "--phase", phase, contestant, str(folder)]
    paths = os.pathsep.join([str(source_root()), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": paths}, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise KnownError(f"the process of {contestant} ended with code {done.returncode}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return {name: value - started if name in STEPS[:-1] else value for name, value in found.items()}


def _phase(phase: str, contestant: str, folder: Path) -> None:
    """Run one process of a contestant and print what it measured as a line of JSON."""
    make, kind = CONTESTANTS[contestant]
    task = json.loads((folder / "task.json").read_text())
    document, questions = task["document"], task["questions"]
    one = make(folder, kind)
    noted = folder / ("ours, fp32 state.pt" if isinstance(one, Ours) else f"{contestant}.pt")
    found: dict[str, float] = {"loaded": time.time()}
    if phase == "read":
        started = time.time()
        one.read(document)
        found["seconds"] = time.time() - started
        found |= {f"bytes {name}": size for name, size in one.save(folder, document).items()}
        torch.save(one.first_token(questions[0]), noted)
    else:
        share = task["share"] if isinstance(one, Transformers) else 1
        one.restore(folder, document[: round(len(document) * share)])
        found["restored"] = time.time()
        logits = one.first_token(questions[0])
        found["first"] = time.time()
        one.rest(task["answer"])
        found["last"] = time.time()
        one.first_token(questions[1])
        found["second"] = time.time() - found["last"]
        if noted.exists():
            found["own"] = distance(logits, torch.load(noted))
        if share == 1:
            found["ours"] = distance(logits, torch.load(folder / "ours, fp32 state.pt"))
    print(json.dumps(found))


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="main.py bench restart", description="From a restart to an answer.")
    parser.add_argument("--pages", type=int, default=500)
    parser.add_argument("--tokens-a-page", type=int, default=400)
    parser.add_argument("--shape", choices=list(SHAPES), default="demo")
    parser.add_argument("--answer", type=int, default=32, help="tokens of an answer")
    parser.add_argument("--runs", type=int, default=3, help="restarts, of which the median counts")
    parser.add_argument("--their-pages", type=int, help="pages that transformers reads (default: all)")
    parser.add_argument("--out", type=Path, help="also write the figures here, as JSON")
    parser.add_argument("--phase", nargs=3, metavar=("PHASE", "NAME", "FOLDER"), help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.phase:
        _phase(chosen.phase[0], chosen.phase[1], Path(chosen.phase[2]))
        return
    figures = restart(chosen.shape, chosen.pages, chosen.tokens_a_page, chosen.answer, chosen.runs, chosen.their_pages)
    show("From a restart to an answer", figures)
    write(chosen.out, figures)


if __name__ == "__main__":
    main()
