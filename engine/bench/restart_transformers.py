"""transformers' process of `bench restart`; see `engine.bench.restart`."""

from __future__ import annotations

import copy
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

from engine.bench.restart_process import CHUNK, Logits, arguments, run
from engine.errors import KnownError


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

    def first_token(self, question: list[int]) -> Logits:
        self._asked = copy.deepcopy(self._cache)
        for token in question:
            self._logits, self._asked = self._feed([token], self._asked)
        return self._logits.numpy()

    def rest(self, count: int) -> None:
        for _ in range(count):
            self._logits, self._asked = self._feed([int(self._logits.argmax())], self._asked)

    @torch.inference_mode()
    def _feed(self, ids: list[int], cache: Any) -> tuple[torch.Tensor, Any]:
        out = self._model(torch.tensor([ids]), cache_params=cache, use_cache=True, logits_to_keep=1)
        return out.logits[:, -1].float(), out.cache_params


if __name__ == "__main__":
    import_module("transformers")
    run(Transformers, arguments())
