"""llama.cpp as a contestant of `bench peers`: the checkpoint as a GGUF file, read and continued through llama_cpp.

Needs the packages gguf and llama_cpp. Only model_type `mamba`: llama.cpp's Falcon Mamba wants a tokenizer of its own.
"""

from __future__ import annotations

import ctypes
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file

from engine.network.config import FalconMambaConfig
from engine.network.gguf_checkpoint import stored_name

_MATRICES = ("ssm_in.weight", "ssm_out.weight", "token_embd.weight", "output.weight")
"""Tensors that stay F32 in a file of another precision, as in llama.cpp's own tool."""
PRECISIONS = ("F32", "BF16", "Q8_0", "Q4_0")


class LlamaPeer:
    """A llama.cpp context on the CPU."""

    def __init__(self, folder: Path, precision: str, context: int, threads: int) -> None:
        """`precision` is one of PRECISIONS; `context` the tokens of one contest."""
        import llama_cpp

        self._api: Any = llama_cpp
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / "model.gguf"
            write_gguf(folder, path, precision)
            quiet = llama_cpp.llama_log_callback(lambda *_: None)
            self._quiet = quiet  # llama.cpp keeps the pointer only
            llama_cpp.llama_log_set(quiet, None)
            llama_cpp.llama_backend_init()
            options = llama_cpp.llama_model_default_params()
            options.use_mmap = False
            self._model = llama_cpp.llama_model_load_from_file(str(path).encode(), options)
        if not self._model:
            raise RuntimeError("llama.cpp did not take the GGUF file")
        options = llama_cpp.llama_context_default_params()
        options.n_ctx, options.n_batch, options.n_ubatch = context, 512, 512
        options.n_threads = options.n_threads_batch = threads
        self._context = llama_cpp.llama_init_from_model(self._model, options)
        self._vocab_size = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(self._model))

    def read(self, ids: list[int]) -> torch.Tensor:
        """Return the logits [1, vocab_size] after `ids`, read from an empty state."""
        self._api.llama_memory_clear(self._api.llama_get_memory(self._context), True)
        for start in range(0, len(ids), 512):
            self._feed(ids[start : start + 512])
        return self._logits()

    def write(self, count: int) -> None:
        """Continue greedily by `count` tokens."""
        for _ in range(count):
            self._feed([int(self._logits().argmax())])

    def feed(self, ids: list[int]) -> torch.Tensor:
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

    def _logits(self) -> torch.Tensor:
        pointer = self._api.llama_get_logits_ith(self._context, -1)
        return torch.from_numpy(np.ctypeslib.as_array(pointer, (self._vocab_size,)).copy())[None]


def write_gguf(folder: Path, target: Path, precision: str) -> None:
    """Write the checkpoint in `folder` as a GGUF file without a vocabulary."""
    import gguf

    values = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config = FalconMambaConfig.from_dict(values)
    writer = gguf.GGUFWriter(str(target), "mamba")
    writer.add_context_length(1 << 20)
    writer.add_embedding_length(config.d_model)
    writer.add_feed_forward_length(0)
    writer.add_head_count(0)
    writer.add_block_count(config.n_layers)
    writer.add_ssm_conv_kernel(config.d_conv)
    writer.add_ssm_inner_size(config.d_inner)
    writer.add_ssm_state_size(config.d_state)
    writer.add_ssm_time_step_rank(config.dt_rank)
    writer.add_layer_norm_rms_eps(config.norm_eps)
    writer.add_tokenizer_model("no_vocab")
    writer.add_vocab_size(config.vocab_size)
    for shard in sorted(folder.glob("*.safetensors")):
        for name, tensor in load_file(shard).items():
            new = stored_name(name.removeprefix("backbone."))
            tensor = -tensor.float().exp() if new.endswith("ssm_a") else tensor.float()
            array = (tensor.squeeze(1) if new.endswith("ssm_conv1d.weight") else tensor).contiguous().numpy()
            if precision != "F32" and new.endswith(_MATRICES):
                kind = gguf.GGMLQuantizationType[precision]
                writer.add_tensor(new, gguf.quants.quantize(array, kind), raw_dtype=kind)
            else:
                writer.add_tensor(new, array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
