"""What a folder or file of a model holds: its config and its size. Light: no torch."""

from __future__ import annotations

from pathlib import Path

from engine.gguf_file import gguf_in
from engine.network.config import FalconMambaConfig
from engine.network.weight_files import weight_files
from engine.prompting.prompts import Wording
from engine.prompting.tokenizer import Tokenizer


def tokenizer_of(path: Path, wording: Wording | None = None) -> Tokenizer:
    """Return the tokenizer of a model. Raises TokenizerError and GgufError."""
    return Tokenizer.from_folder(path, wording)


def config_of(path: Path) -> FalconMambaConfig:
    """Return the config of a model folder or a GGUF file. Raises ConfigError and ModelError."""
    return FalconMambaConfig.from_folder(path)


def size_of(path: Path) -> int:
    """Return the bytes of the weight files of a model; all of them must be there. Raises ModelError."""
    file = gguf_in(path)
    return sum(each.stat().st_size for each in (weight_files(path) if file is None else [file]))


def is_reader(path: Path) -> bool:
    """Return whether the model chooses sentences and does not write."""
    return path.is_dir() and (path / "heads.safetensors").is_file()
