"""llama.cpp as a contestant of `bench peers` and `bench restart`: a GGUF file, read and continued through llama_cpp.

Light: no torch, which llama.cpp's own processes do not load either.
"""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Logits = NDArray[np.float32]


class LlamaPeer:
    """A llama.cpp context on the CPU."""

    def __init__(self, model: Path, context: int, threads: int, *, mapped: bool = True) -> None:
        """Load the GGUF file `model`; `context`: tokens of one contest; `mapped`: the weights stay in the file."""
        import llama_cpp

        self._api: Any = llama_cpp
        quiet = llama_cpp.llama_log_callback(lambda *_: None)
        self._quiet = quiet  # llama.cpp keeps the pointer only
        llama_cpp.llama_log_set(quiet, None)
        llama_cpp.llama_backend_init()
        options = llama_cpp.llama_model_default_params()
        options.use_mmap = mapped
        self._model = llama_cpp.llama_model_load_from_file(str(model).encode(), options)
        if not self._model:
            raise RuntimeError("llama.cpp did not take the GGUF file")
        options = llama_cpp.llama_context_default_params()
        options.n_ctx, options.n_batch, options.n_ubatch = context, 512, 512
        options.n_threads = options.n_threads_batch = threads
        self._context = llama_cpp.llama_init_from_model(self._model, options)
        self._vocab_size = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(self._model))

    def read(self, ids: list[int]) -> Logits:
        """Return the logits [1, vocab_size] after `ids`, read from an empty state."""
        self._api.llama_memory_clear(self._api.llama_get_memory(self._context), True)
        for start in range(0, len(ids), 512):
            self._feed(ids[start : start + 512])
        return self._logits()

    def write(self, count: int) -> None:
        """Continue greedily by `count` tokens."""
        for _ in range(count):
            self._feed([int(self._logits().argmax())])

    def feed(self, ids: list[int]) -> Logits:
        """Read `ids` on; return the logits [1, vocab_size] after them."""
        self._feed(ids)
        return self._logits()

    def save(self, file: Path) -> int:
        """Save the state of the sequence to a file; return its bytes."""
        written = self._api.llama_state_seq_save_file(self._context, str(file).encode(), 0, None, 0)
        if not written:
            raise RuntimeError("llama.cpp could not save its state")
        return int(written)

    def restore(self, file: Path) -> None:
        """Restore the state that `save` wrote."""
        self._api.llama_memory_clear(self._api.llama_get_memory(self._context), True)
        count = ctypes.c_size_t(0)
        tokens = (self._api.llama_token * 1)()
        if not self._api.llama_state_seq_load_file(
            self._context, str(file).encode(), 0, tokens, 1, ctypes.byref(count)
        ):
            raise RuntimeError("llama.cpp could not restore its state")

    def _feed(self, ids: list[int]) -> None:
        tokens = (self._api.llama_token * len(ids))(*ids)
        if self._api.llama_decode(self._context, self._api.llama_batch_get_one(tokens, len(ids))):
            raise RuntimeError("llama.cpp could not decode")

    def _logits(self) -> Logits:
        pointer = self._api.llama_get_logits_ith(self._context, -1)
        return np.ctypeslib.as_array(pointer, (self._vocab_size,)).copy()[None]
