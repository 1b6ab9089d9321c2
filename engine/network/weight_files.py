"""The weight files of a model folder: which they are, and whether all are there. Light: no torch."""

from __future__ import annotations

from pathlib import Path

from engine.errors import KnownError
from engine.model_files import INDEX_BYTES, ModelFileError, is_there, read_json

INDEX = "model.safetensors.index.json"
SINGLE = "model.safetensors"
MOST_FILES = 4096
_PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt")


class ModelError(KnownError):
    """A model folder cannot be loaded; the text is one sentence for the user."""


def weight_files(folder: Path) -> list[Path]:
    """Return the safetensors files of the checkpoint in `folder`, regular ones. Raises ModelError."""
    try:
        files = _named_files(folder)
        for file in files:
            is_there(file)
    except ModelFileError as error:
        raise ModelError(str(error)) from error
    return files


def _named_files(folder: Path) -> list[Path]:
    index = folder / INDEX
    if is_there(index):
        names = _names_in(index)
        if any(Path(name).name != name for name in names):
            raise ModelError(f"{index} names files outside its folder; download the checkpoint again")
        missing = [name for name in names if not is_there(folder / name)]
        if missing:
            raise ModelError(
                f"{folder} lacks {missing[0]} ({len(missing)} of {len(names)} weight files); download it again"
            )
        return [folder / name for name in names]
    if is_there(folder / SINGLE):
        return [folder / SINGLE]
    found = sorted(folder.glob("*.safetensors"))
    if len(found) == 1:
        return found
    if found:
        raise ModelError(f"{folder} has {len(found)} weight files but no {INDEX} to say how they belong together")
    pickled = sorted(
        path.name for pattern in _PICKLED for path in folder.glob(pattern) if path.name != "training_args.bin"
    )
    if pickled:
        raise ModelError(
            f"{folder} has its weights only as {pickled[0]}, a pickle, which can run any code when it is opened; where "
            "you trust it, load it once with transformers and save it with save_pretrained, which writes safetensors"
        )
    raise ModelError(f"{folder} has no weights; it must hold {SINGLE} or shards with {INDEX}")


def _names_in(index: Path) -> list[str]:
    """Return the names of the files that an index lists. Raises ModelError."""
    weight_map = (read_json(index, INDEX_BYTES) or {}).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map or not all(isinstance(f, str) for f in weight_map.values()):
        raise ModelError(f"{index} is damaged; download the file again")
    names = sorted(set(weight_map.values()))
    if len(names) > MOST_FILES:
        raise ModelError(f"{index} names {len(names):,} files, more than a checkpoint has; download it again")
    return names
