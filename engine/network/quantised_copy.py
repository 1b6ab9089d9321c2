"""A copy on disk of a model's quantised weights, so that the next start reads a third of the bytes and quantises none.

The file is a safetensors file in the user's cache folder, named by the fingerprint of the weights, the bits and the
version of the quantisation. It is written beside its final name and renamed, so a file of that name is whole. Nothing
is kept where the disk is nearly full, or with READTHROUGH_QUANTISED_COPIES=0.
"""

from __future__ import annotations

import json
import logging
import math
import os
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import BinaryIO

import torch

from engine.network.linear import SCHEME
from kernels.cpu.memory import empty

SWITCH = "READTHROUGH_QUANTISED_COPIES"
SMALLEST = 256 << 20
"""Bytes of quantised weights below which quantising again is as fast as reading a copy."""
LEFT_FREE = 2 << 30
"""Bytes that a copy leaves free on its disk."""
MOST = 16 << 30
"""Bytes of all copies; the least recently used ones are removed."""

_READ_BYTES, _READERS = 16 << 20, 2
_LONGEST_HEADER = 16 << 20
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
    """A copy, open for reading. `get` returns tensors with memory of their own.

    They are read into that memory: through a mapped file, every 4 KiB would cost a page fault.
    """

    def __init__(self, path: Path) -> None:
        """Open `path`. Raises ValueError or OSError if it cannot be read."""
        self._path = path
        with path.open("rb", buffering=0) as file:
            self._start, self._places = _header(file)
        self._readers = ThreadPoolExecutor(_READERS, "read-copy")
        with suppress(OSError):  # recently used
            os.utime(path)

    def get(self, name: str, rows: int, bits: int) -> Quantised | None:
        """Return the weight `name` of `rows` rows in `bits` bits, or None if the copy does not have it so."""
        integers, scales = (self._read(f"{name}.{part}") for part in ("integers", "scales"))
        if integers is None or scales is None:
            return None
        fits = len(integers) == len(scales) == rows and integers.dtype == (torch.int8 if bits == 8 else torch.uint8)
        return (integers, scales) if fits else None

    def close(self) -> None:
        """End the threads that read."""
        self._readers.shutdown()

    def _read(self, name: str) -> torch.Tensor | None:
        place = self._places.get(name)
        if place is None:
            return None
        tensor = empty(place.shape, place.dtype)
        view: memoryview = tensor.view(-1).view(torch.uint8).numpy().data
        start = self._start + place.begin
        pieces = range(0, len(view), _READ_BYTES)
        # In several threads: half of the time goes into the pages that the kernel makes for the memory.
        filled = self._readers.map(lambda at: self._fill(view[at : at + _READ_BYTES], start + at), pieces)
        return tensor if all(filled) else None

    def _fill(self, view: memoryview, position: int) -> bool:
        """Read the bytes from `position` into `view`; return False where the file has become shorter."""
        with self._path.open("rb", buffering=0) as file:
            file.seek(position)
            while view:
                got = file.readinto(view)
                if not got:
                    return False
                view = view[got:]
        return True


@dataclass(frozen=True)
class _Place:
    """A tensor of a copy: `begin` is its first byte behind the header."""

    dtype: torch.dtype
    shape: tuple[int, ...]
    begin: int


def _header(file: FileIO) -> tuple[int, dict[str, _Place]]:
    """Return where the tensors begin, and their places. Raises ValueError if the file is no whole safetensors file."""
    size = os.fstat(file.fileno()).st_size
    length = int.from_bytes(file.read(8), "little")
    if not 0 < length <= min(_LONGEST_HEADER, size - 8):
        raise ValueError("its header is damaged")
    start = 8 + length
    dtypes = {name: dtype for dtype, name in _DTYPES.items()}
    places = {}
    try:
        for name, each in json.loads(file.read(length)).items():
            dtype, shape, (begin, end) = dtypes[each["dtype"]], tuple(map(int, each["shape"])), each["data_offsets"]
            if min(shape, default=1) < 1 or not 0 <= begin <= end <= size - start:
                raise ValueError("its header is damaged")
            if end - begin != math.prod(shape) * dtype.itemsize:
                raise ValueError("its header is damaged")
            places[str(name)] = _Place(dtype, shape, begin)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("its header is damaged") from error
    return start, places


def open_copy(path: Path) -> QuantisedCopy | None:
    """Return the copy at `path`, or None if there is none; a damaged one is removed."""
    if not path.is_file():
        return None
    try:
        return QuantisedCopy(path)
    except (ValueError, OSError) as error:
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
