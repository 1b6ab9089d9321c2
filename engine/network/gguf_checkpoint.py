"""The weights of a GGUF file, as a checkpoint: names and shapes mapped back, blocks dequantised some rows at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from engine.gguf_file import GgufFile, GgufTensor, open_gguf
from engine.network.config import FalconMambaConfig
from engine.network.gguf_config import BF16, F16, F32, KINDS, kind_name
from engine.network.shapes import expected_shapes
from engine.network.weight_files import ModelError

BLOCK_WEIGHTS = 1 << 24
"""Weights that are dequantised at once: 64 MB in fp32."""
_ENDS = {
    "embeddings.weight": "token_embd.weight",
    "lm_head.weight": "output.weight",
    "norm_f.weight": "output_norm.weight",
}
_PARTS = {
    "norm.weight": "attn_norm.weight",
    "mixer.in_proj.weight": "ssm_in.weight",
    "mixer.conv1d.weight": "ssm_conv1d.weight",
    "mixer.conv1d.bias": "ssm_conv1d.bias",
    "mixer.x_proj.weight": "ssm_x.weight",
    "mixer.dt_proj.weight": "ssm_dt.weight",
    "mixer.dt_proj.bias": "ssm_dt.bias",
    "mixer.A_log": "ssm_a",
    "mixer.D": "ssm_d",
    "mixer.out_proj.weight": "ssm_out.weight",
}


class GgufCheckpoint:
    """A .gguf file; the interface is that of `engine.network.checkpoint.Checkpoint`."""

    def __init__(self, path: Path) -> None:
        """Open and check the file. Raises ConfigError, GgufError or ModelError, each one sentence."""
        self.folder = path
        self.files = [path]
        self.config = FalconMambaConfig.from_folder(path)
        self._file = open_gguf(path)
        self._shapes = expected_shapes(self.config)
        self._tensors = {name: _located(self._file, name, shape) for name, shape in self._shapes.items()}
        self.sizes = {name: byte_count(tensor) for name, tensor in self._tensors.items()}

    def read(self, name: str) -> torch.Tensor:
        """Return the tensor `name` in its float dtype, or dequantised to fp32. Raises ModelError."""
        parts = list(self.blocks(name))
        tensor = parts[0] if len(parts) == 1 else torch.cat(parts)
        if name.endswith("A_log"):
            if not bool((tensor < 0).all()):
                raise ModelError(f"{self._file.path} holds an A that is not negative; download it again")
            tensor = tensor.neg().log()  # the format stores A = -exp(A_log)
        return tensor.reshape(self._shapes[name])

    def blocks(self, name: str) -> Iterator[torch.Tensor]:
        """Yield some rows after the other of a tensor, in its float dtype or dequantised to fp32."""
        tensor = self._tensors[name]
        width = tensor.shape[-1]
        rows = math.prod(tensor.shape[:-1])
        n_bytes = byte_count(tensor) // rows
        data = np.memmap(self._file.path, np.uint8, "r", tensor.offset, (rows, n_bytes))
        at_once = max(1, BLOCK_WEIGHTS // width)
        for first in range(0, rows, at_once):
            yield _floats(np.array(data[first : first + at_once]), tensor.kind)


def byte_count(tensor: GgufTensor) -> int:
    """Return the bytes of a tensor in its file. Raises ModelError where its rows are not whole blocks."""
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

    block, size = GGML_QUANT_SIZES[GGMLQuantizationType(tensor.kind)]
    if not tensor.shape or tensor.shape[-1] % block:
        raise ModelError(
            f"{tensor.name} of the shape {list(tensor.shape)} cannot be stored as {kind_name(tensor.kind)}; "
            "download it again"
        )
    return math.prod(tensor.shape) // block * size


def _floats(data: np.ndarray, kind: int) -> torch.Tensor:
    """Return rows of bytes as floats."""
    if kind == F32:
        return torch.from_numpy(data.view(np.float32))
    if kind == F16:
        return torch.from_numpy(data.view(np.float16))
    if kind == BF16:
        return torch.from_numpy(data.view(np.int16)).view(torch.bfloat16)
    from gguf import GGMLQuantizationType
    from gguf.quants import dequantize

    return torch.from_numpy(np.ascontiguousarray(dequantize(data, GGMLQuantizationType(kind))))


def stored_name(name: str) -> str:
    """Return the name in a GGUF file of the tensor `name`, such as layers.3.norm.weight. Raises KeyError."""
    if name in _ENDS:
        return _ENDS[name]
    _, index, part = name.split(".", 2)
    return f"blk.{index}.{_PARTS[part]}"


def _located(file: GgufFile, name: str, shape: tuple[int, ...]) -> GgufTensor:
    """Return where a tensor is. Raises ModelError where it is missing, of another shape, or beyond the end."""
    stored = stored_name(name)
    tensor = file.tensors.get(stored)
    if tensor is None:
        raise ModelError(f"{file.path} lacks {stored}; download it again")
    wanted = tuple(size for size in shape if size != 1)
    if tuple(size for size in tensor.shape if size != 1) != wanted:
        raise ModelError(f"{stored} has the shape {list(tensor.shape)} where {list(wanted)} belongs; convert it again")
    if tensor.kind not in KINDS:
        raise ModelError(f"{stored} is stored as {kind_name(tensor.kind)}, which is not supported; use another file")
    if tensor.offset + byte_count(tensor) > file.size:
        raise ModelError(f"{file.path} is cut short within {stored}; download it again")
    return tensor
