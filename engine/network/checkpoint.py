"""Checkpoint: the safetensors files of a model folder, single or sharded, and their fingerprint.

All names and shapes are checked when a checkpoint is opened, before a tensor is read. Pickled checkpoints are refused.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open

from engine.gguf_file import gguf_in
from engine.network.config import FalconMambaConfig
from engine.network.gguf_checkpoint import GgufCheckpoint
from engine.network.packed_exponents import EXPONENTS, unpacked
from engine.network.shapes import expected_shapes
from engine.network.weight_files import ModelError, weight_files
from engine.network.weights_digest import file_digest

_FLOATING = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}
"""Bytes of a number by its dtype in a safetensors header."""


@dataclass(frozen=True)
class _Stored:
    """The file of a tensor and its name in that file."""

    path: Path
    name: str
    packed: bool = False
    """True for bf16 whose exponents stand apart (`engine.network.packed_exponents`)."""


class Checkpoint:
    """A Hugging Face folder (config.json, *.safetensors) of model_type `mamba` or `falcon_mamba`."""

    def __init__(self, folder: str | Path) -> None:
        """Open and check `folder`. Raises ConfigError or ModelError, each one sentence."""
        self.folder = Path(folder)
        self.config = FalconMambaConfig.from_folder(self.folder)
        self._tensors = _locate(self.folder)
        self.sizes = _check(self.config, self._tensors)
        """Bytes of every tensor of `expected_shapes` in its file."""
        self.files = sorted({stored.path for stored in self._tensors.values()})

    def read(self, name: str) -> torch.Tensor:
        """Return the tensor `name` as it is stored, a view of the mapped file. Raises ModelError."""
        stored = self._tensors[name]
        try:
            with safe_open(stored.path, framework="pt") as file:
                tensor: torch.Tensor = file.get_tensor(stored.name)
                if stored.packed:
                    tensor = unpacked(tensor, file.get_tensor(stored.name + EXPONENTS))
        except (SafetensorError, OSError, ValueError) as error:
            raise _damaged(stored.path, error) from error
        return tensor

    def blocks(self, name: str) -> Iterator[torch.Tensor]:
        """Yield the tensor `name`; a GGUF file yields some rows at a time."""
        yield self.read(name)


AnyCheckpoint = Checkpoint | GgufCheckpoint


def open_checkpoint(path: str | Path) -> AnyCheckpoint:
    """Open a model folder or a .gguf file. Raises ConfigError, GgufError or ModelError, each one sentence."""
    file = gguf_in(Path(path))
    return Checkpoint(path) if file is None else GgufCheckpoint(file)


def weights_fingerprint(folder: str | Path) -> str:
    """Return 64 hex digits that identify a set of weights.

    They cover the network's shape and constants, and the name and every byte of each weight file, but not the path of
    the folder. Raises ConfigError or ModelError.
    """
    folder = Path(folder)
    config = asdict(FalconMambaConfig.from_folder(folder))
    for key in ("eos_ids", "bos_id", "pad_id", "trained_context", "checkpoint_dtype"):
        del config[key]  # these change no logits
    digest = hashlib.sha256(json.dumps(config, sort_keys=True).encode())
    file = gguf_in(folder)
    paths = sorted({stored.path for stored in _locate(folder).values()}) if file is None else [file]
    for path in paths:
        name = path.name if file is None else "gguf"
        try:
            digest.update(f"{name} {file_digest(path)} ".encode())
        except OSError as error:
            raise _damaged(path, error) from error
    return digest.hexdigest()


def _locate(folder: Path) -> dict[str, _Stored]:
    """Return all tensors in the folder's safetensors files by canonical name. Raises ModelError."""
    tensors: dict[str, _Stored] = {}
    for path in weight_files(folder):
        try:
            with safe_open(path, framework="pt") as file:
                names = set(file.keys())
        except (SafetensorError, OSError) as error:
            raise _damaged(path, error) from error
        for name in sorted(names):
            if name.endswith(EXPONENTS) and name.removesuffix(EXPONENTS) in names:
                continue
            canonical = name.removeprefix("backbone.").replace("embedding.weight", "embeddings.weight")
            if canonical in tensors:
                raise ModelError(f"{folder} holds {name} twice; keep one copy of the weights in the folder")
            tensors[canonical] = _Stored(path, name, name + EXPONENTS in names)
    return tensors


def _check(config: FalconMambaConfig, tensors: dict[str, _Stored]) -> dict[str, int]:
    """Compare names, shapes and dtypes with config.json, and return the bytes of each tensor.

    Raises ModelError with the first difference.
    """
    expected = expected_shapes(config)
    missing = [name for name in expected if name not in tensors]
    if missing:
        raise ModelError(f"the weights lack {missing[0]} ({len(missing)} of {len(expected)} tensors); download them")
    # A tied checkpoint may carry its head too: older versions of transformers wrote both names.
    unexpected = [name for name in tensors if name not in expected and name != "lm_head.weight"]
    if unexpected:
        raise ModelError(
            f"the weights hold {len(unexpected)} tensors that this config.json has no place for ({unexpected[0]}); "
            "use the config.json that belongs to the weights"
        )
    sizes: dict[str, int] = {}
    by_file: dict[Path, list[str]] = {}
    for name in expected:
        by_file.setdefault(tensors[name].path, []).append(name)
    for path, inside in by_file.items():
        with safe_open(path, framework="pt") as file:
            for name in inside:
                part = file.get_slice(tensors[name].name)
                shape, kind = tuple(part.get_shape()), part.get_dtype()
                if tensors[name].packed and kind == "U8":
                    kind = "BF16"
                if shape != expected[name]:
                    raise ModelError(
                        f"{name} has the shape {list(shape)} where config.json asks for {list(expected[name])}; "
                        "use the config.json that belongs to the weights"
                    )
                if kind not in _FLOATING:
                    raise ModelError(f"{name} is stored as {kind}; use the checkpoint in bf16, fp16 or fp32")
                sizes[name] = math.prod(shape) * _FLOATING[kind]
    return sizes


def _damaged(path: Path, error: Exception) -> ModelError:
    return ModelError(f"{path} is damaged or cut short ({error}); download it again")
