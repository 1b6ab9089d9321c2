"""Readthrough's process of `bench restart`; see `engine.bench.restart`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from engine.bench.restart_process import CHUNK, Logits, arguments, run
from engine.errors import KnownError
from engine.library.library import Library
from engine.library.prefix import Identity, hash_tokens
from engine.library.records import NewSnapshot
from engine.network.device import configure_cpu
from engine.network.state import MambaState
from engine.network.weights import load_model

STORED = {"fp32": torch.float32, "bf16": torch.bfloat16, "int8": torch.int8}


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

    def first_token(self, question: list[int]) -> Logits:
        self._asked = self._state.clone()
        self._logits = self._model(torch.tensor([question]), self._asked)
        return self._logits.numpy()

    def rest(self, count: int) -> None:
        logits = self._logits
        for _ in range(count):
            logits = self._model(logits.argmax(-1, keepdim=True), self._asked)


@dataclass(frozen=True)
class StoredFile:
    """The facts of a file that a library row holds."""

    path: Path
    sha256: str = "0" * 64
    title: str | None = "document"
    kind: str = "text"
    size: int = 0
    page_count: int | None = None


if __name__ == "__main__":
    run(Ours, arguments())
