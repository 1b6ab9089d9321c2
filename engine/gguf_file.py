"""A GGUF file: its metadata and where its tensors are. The numbers of a file from anywhere are bounded before they are
used. Light: the `gguf` package is imported where blocks are dequantised.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, versions 2 and 3, little-endian.
"""

from __future__ import annotations

import math
import mmap
import struct
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.errors import KnownError
from engine.model_files import ModelFileError, is_there

SUFFIX = ".gguf"
MAGIC = b"GGUF"
MOST_ENTRIES, MOST_TENSORS, MOST_ITEMS, MOST_BYTES = 10_000, 100_000, 1 << 21, 1 << 20
"""Most metadata entries, tensors, items of an array and bytes of a string."""
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_MOST_DIMENSIONS = 4


class GgufError(KnownError):
    """A GGUF file cannot be used; the text is one sentence for the user."""


@dataclass(frozen=True)
class GgufTensor:
    """A tensor of a file."""

    name: str
    shape: tuple[int, ...]
    """Rows first, as torch counts them."""
    kind: int
    """GGMLQuantizationType."""
    offset: int
    """Bytes from the start of the file."""


@dataclass(frozen=True)
class GgufFile:
    """The header of a file."""

    path: Path
    metadata: dict[str, Any]
    tensors: dict[str, GgufTensor]
    size: int

    @property
    def architecture(self) -> str:
        """The name of the architecture, such as "mamba" or "llama"."""
        return str(self.metadata.get("general.architecture", ""))

    def number(self, key: str) -> Any:
        """Return a value of the metadata of this architecture. Raises GgufError where it is missing."""
        value = self.metadata.get(f"{self.architecture}.{key}")
        if value is None:
            raise GgufError(f"{self.path} does not say its {self.architecture}.{key}; convert the model again")
        return value


def gguf_in(path: Path) -> Path | None:
    """Return the GGUF file that `path` means: itself, or the only one in a folder without a config.json; else None.

    Raises GgufError where the folder holds several.
    """
    if path.suffix.lower() == SUFFIX:
        return path
    try:
        if not path.is_dir() or (path / "config.json").exists():
            return None
        found = sorted(file for file in path.iterdir() if file.suffix.lower() == SUFFIX)
    except OSError:
        return None  # who reads its config.json says it
    if len(found) > 1:
        raise GgufError(f"{path} holds {len(found)} .gguf files; give the one to use, such as {found[0].name}")
    return found[0] if found else None


def open_gguf(path: Path) -> GgufFile:
    """Return the header of a GGUF file of a Mamba network. Raises GgufError."""
    try:
        if not is_there(path):
            raise GgufError(f"there is no file {path}; give a .gguf file", "missing")
        status = path.stat()
        found = _open(path, status.st_size, status.st_mtime_ns)
    except ModelFileError as error:
        raise GgufError(str(error)) from error
    if found.architecture != "mamba":
        kind = found.architecture[:40] or "unnamed"
        raise GgufError(f"{path} is a {kind} file, not a Mamba; Readthrough runs Mamba and Falcon Mamba", "unsupported")
    if int(found.metadata.get("split.count", 1) or 1) > 1:
        raise GgufError(f"{path} is one part of several; join them with llama-gguf-split --merge first")
    return found


@lru_cache(maxsize=2)
def _open(path: Path, size: int, _time: int) -> GgufFile:
    if size < 24:
        raise GgufError(f"{path} is not a GGUF file, or is cut short; download it again")
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _Header(path, data, size).read()
    except (struct.error, IndexError, ValueError, UnicodeDecodeError, OverflowError) as error:
        raise GgufError(f"{path} is damaged or cut short ({error}); download it again") from error
    except OSError as error:
        raise GgufError(f"{path} cannot be read: {error.strerror or error}") from error


class _Header:
    """Reads the header from the start."""

    def __init__(self, path: Path, data: mmap.mmap, size: int) -> None:
        self._path, self._data, self._size, self._at = path, data, size, 0

    def read(self) -> GgufFile:
        if self._take(4) != MAGIC:
            raise GgufError(f"{self._path} is not a GGUF file; download it again")
        version = self._number("I")
        if version not in (2, 3):
            raise GgufError(f"{self._path} has the GGUF version {version}; use version 2 or 3, little-endian")
        tensors, entries = self._number("Q"), self._number("Q")
        if tensors > MOST_TENSORS or entries > MOST_ENTRIES:
            raise ValueError(f"{tensors} tensors and {entries} entries")
        metadata = dict(self._entry() for _ in range(entries))
        rows = [self._tensor() for _ in range(tensors)]
        alignment = metadata.get("general.alignment", 32)
        if not isinstance(alignment, int) or not 1 <= alignment <= 1 << 16:
            raise ValueError(f"an alignment of {alignment}")
        start = math.ceil(self._at / alignment) * alignment
        found = {name: GgufTensor(name, shape, kind, start + offset) for name, shape, kind, offset in rows}
        if len(found) < len(rows):
            raise ValueError("two tensors of one name")
        return GgufFile(self._path, metadata, found, self._size)

    def _take(self, count: int) -> bytes:
        if self._at + count > self._size:
            raise ValueError("it ends in its header")
        self._at += count
        return self._data[self._at - count : self._at]

    def _number(self, code: str) -> Any:
        return struct.unpack("<" + code, self._take(struct.calcsize("<" + code)))[0]

    def _text(self) -> str:
        count = self._number("Q")
        if count > MOST_BYTES:
            raise ValueError(f"a text of {count:,} bytes")
        return self._take(count).decode("utf-8", "replace")

    def _entry(self) -> tuple[str, Any]:
        name = self._text()
        return name, self._value(self._number("I"))

    def _value(self, kind: int) -> Any:
        if kind in _SCALARS:
            return self._number(_SCALARS[kind])
        if kind == _STRING:
            return self._text()
        if kind != _ARRAY:
            raise ValueError(f"a value of the kind {kind}")
        item, count = self._number("I"), self._number("Q")
        if count > MOST_ITEMS or item == _ARRAY:
            raise ValueError(f"an array of {count:,} items")
        if item in _SCALARS:
            code = f"<{count}{_SCALARS[item]}"
            return list(struct.unpack(code, self._take(struct.calcsize(code))))
        return [self._value(item) for _ in range(count)]

    def _tensor(self) -> tuple[str, tuple[int, ...], int, int]:
        name = self._text()
        count = self._number("I")
        if count > _MOST_DIMENSIONS:
            raise ValueError(f"a tensor of {count} dimensions")
        shape = tuple(self._number("Q") for _ in range(count))
        return name, shape[::-1], self._number("I"), self._number("Q")
