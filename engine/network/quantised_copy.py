"""A copy on disk of a model's quantised weights, so that the next start reads a third of the bytes and quantises none.

The file is a safetensors file in the user's cache folder, named by the fingerprint of the weights, the bits and the
version of the quantisation. It is written beside its final name and renamed, so a file of that name is whole. Nothing
is kept where the disk is nearly full, or with READTHROUGH_QUANTISED_COPIES=0.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import torch
from safetensors import SafetensorError, safe_open

from engine.network.linear import SCHEME
from kernels.cpu.memory import copied

SWITCH = "READTHROUGH_QUANTISED_COPIES"
SMALLEST = 256 << 20
"""Bytes of quantised weights below which quantising again is as fast as reading a copy."""
LEFT_FREE = 2 << 30
"""Bytes that a copy leaves free on its disk."""
MOST = 16 << 30
"""Bytes of all copies; the least recently used ones are removed."""

_DTYPES = {torch.int8: "I8", torch.uint8: "U8", torch.float32: "F32", torch.bfloat16: "BF16"}
_log = logging.getLogger(__name__)

Quantised = tuple[torch.Tensor, torch.Tensor]
"""Integers and scales of a weight (`kernels.quantisation`)."""


def default_folder() -> Path | None:
    """Return the folder of the copies in the user's cache, or None if the environment switches them off."""
    if os.environ.get(SWITCH) == "0":
        return None
    import platformdirs

    return Path(platformdirs.user_cache_dir("Readthrough", appauthor=False)) / "quantised"


def copy_file(folder: Path, fingerprint: str, bits: int) -> Path:
    """Return the path of the copy of the weights `fingerprint` in `bits` bits."""
    return folder / f"{fingerprint[:32]}-int{bits}-{SCHEME}.safetensors"


class QuantisedCopy:
    """A copy, open for reading. `get` returns tensors with memory of their own."""

    def __init__(self, path: Path) -> None:
        """Open `path`. Raises SafetensorError or OSError if it cannot be read."""
        self._path = path
        with safe_open(path, framework="pt") as file:
            self._names = frozenset(file.keys())
        with suppress(OSError):  # recently used
            os.utime(path)

    def get(self, name: str, rows: int, bits: int) -> Quantised | None:
        """Return the weight `name` of `rows` rows in `bits` bits, or None if the copy does not have it so."""
        if f"{name}.integers" not in self._names or f"{name}.scales" not in self._names:
            return None
        with safe_open(self._path, framework="pt") as file:
            integers, scales = (copied(file.get_tensor(f"{name}.{part}")) for part in ("integers", "scales"))
        fits = len(integers) == len(scales) == rows and integers.dtype == (torch.int8 if bits == 8 else torch.uint8)
        return (integers, scales) if fits else None


def open_copy(path: Path) -> QuantisedCopy | None:
    """Return the copy at `path`, or None if there is none; a damaged one is removed."""
    if not path.is_file():
        return None
    try:
        return QuantisedCopy(path)
    except (SafetensorError, OSError) as error:
        _log.warning("%s is damaged and removed: %s", path, error)
        with suppress(OSError):
            path.unlink()
        return None


def keep_copy(path: Path, weights: Mapping[str, Quantised]) -> bool:
    """Write `weights` to `path`; return whether it was done. A full disk is no error."""
    tensors = {
        f"{name}.{part}": tensor
        for name, pair in weights.items()
        for part, tensor in zip(("integers", "scales"), pair, strict=True)
    }
    size = sum(tensor.nbytes for tensor in tensors.values())
    if size < SMALLEST:
        return False
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(path.parent).free
        if free < size + LEFT_FREE:
            _log.info("no quantised copy is kept: it takes %d bytes, and %d are free", size, free)
            return False
        with part.open("xb") as file:
            _write(file, tensors)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        _log.warning("no quantised copy is kept: %s", error)
        with suppress(OSError):
            part.unlink()
        return False
    _remove_old(path)
    return True


def _write(file: BinaryIO, tensors: Mapping[str, torch.Tensor]) -> None:
    """Write tensors in the safetensors format, one after the other; the library would copy all of them first."""
    header: dict[str, object] = {}
    end = 0
    for name, tensor in tensors.items():
        start, end = end, end + tensor.nbytes
        header[name] = {"dtype": _DTYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    file.write(len(text).to_bytes(8, "little") + text)
    for tensor in tensors.values():
        file.write(tensor.contiguous().view(-1).view(torch.uint8).numpy().data)


def _remove_old(kept: Path) -> None:
    """Remove the least recently used copies beyond MOST bytes, and parts of writers that no longer run."""
    total = 0
    for path in sorted(_files(kept.parent), key=lambda path: path.stat().st_mtime, reverse=True):
        total += path.stat().st_size
        if path != kept and (total > MOST or path.suffix == ".part"):
            with suppress(OSError):
                path.unlink()


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.suffix == ".safetensors" or (path.suffix == ".part" and not _is_running(path)):
            yield path


def _is_running(part: Path) -> bool:
    """Return whether the process that writes `part` runs."""
    import psutil

    number = part.name.split(".")[-2]
    return not number.isdigit() or psutil.pid_exists(int(number))
