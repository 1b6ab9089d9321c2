"""llama.cpp's process of `bench restart`; see `engine.bench.restart`. Light: no torch."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

from engine.bench.llama_peer import LlamaPeer
from engine.bench.restart_process import CHUNK, Logits, arguments, run
from engine.errors import KnownError

GGUF = "model.gguf"


class LlamaCpp:
    """llama.cpp; its state is a file of its sequence."""

    def __init__(self, folder: Path, kind: str) -> None:
        self._peer = LlamaPeer(folder / GGUF, 4 * CHUNK, json.loads((folder / "task.json").read_text())["threads"])
        self._file: Path | None = None

    def read(self, ids: list[int]) -> None:
        self._peer.read(ids)

    def save(self, folder: Path, ids: list[int]) -> dict[str, int]:
        self._file = folder / "slot.bin"
        return {"F32": self._peer.save(self._file)}

    def restore(self, folder: Path, ids: list[int]) -> None:
        self._file = folder / "slot.bin"

    def first_token(self, question: list[int]) -> Logits:
        if self._file is None:
            raise KnownError("llama.cpp has no state to restore")
        self._peer.restore(self._file)
        return self._peer.feed(question)

    def rest(self, count: int) -> None:
        self._peer.write(count)


if __name__ == "__main__":
    import_module("llama_cpp")
    run(LlamaCpp, arguments())
