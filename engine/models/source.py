"""What a folder or file of a model holds: its config and its size. Light: no torch."""

from __future__ import annotations

from pathlib import Path

from engine.network.config import FalconMambaConfig
from engine.network.weight_files import weight_files


def config_of(path: Path) -> FalconMambaConfig:
    """Return the config of a model folder or a GGUF file. Raises ConfigError and ModelError."""
    return FalconMambaConfig.from_folder(path)


def size_of(path: Path) -> int:
    """Return the bytes of the weight files of a model; all of them must be there. Raises ModelError."""
    return sum(file.stat().st_size for file in weight_files(path))


def is_reader(path: Path) -> bool:
    """Return whether the model chooses sentences and does not write."""
    return path.is_dir() and (path / "heads.safetensors").is_file()
