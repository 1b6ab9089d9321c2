"""Starting quickly: imports and loading without the garbage collector. Light."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_M_ARENA_MAX, _ARENAS = -8, 2
"""mallopt(3)"""


def prepare_environment() -> None:
    """Set the environment variables that torch reads when it is imported.

    OpenMP threads do not spin while they wait: spinning would take a processor from the compiled kernels' threads, and
    from other programs. oneDNN caches its preparation of few shapes of matrices instead of a thousand: sections have
    all lengths, so that a worker would grow with every document that it reads (I2). One forward pass needs about ten.
    The C library's allocator keeps two arenas, not eight a processor: each reading has threads of its own, and every
    arena keeps what was freed in it.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "32")
    os.environ.setdefault("LRU_CACHE_CAPACITY", "32")
    if "MALLOC_ARENA_MAX" not in os.environ:  # read before main: too late for this process
        _call_allocator("mallopt", _M_ARENA_MAX, _ARENAS)


def give_back_memory() -> None:
    """Give freed memory back to the system, where the C library is glibc; a few milliseconds."""
    _call_allocator("malloc_trim", 0)


def _call_allocator(name: str, *arguments: int) -> None:
    if not sys.platform.startswith("linux"):
        return
    with suppress(OSError, AttributeError):
        getattr(ctypes.CDLL(None), name)(*arguments)


@contextmanager
def without_collection() -> Iterator[None]:
    """Disable garbage collection inside the block, and exempt the objects made inside from later collections.

    Importing torch and numba makes hundreds of thousands of permanent objects; the collector scans them repeatedly
    during the import, and once more at exit: a quarter of a second of a start, and half a second of an end.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()
