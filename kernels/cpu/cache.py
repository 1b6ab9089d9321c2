"""How numba compiles: into which folder, one for each version of these sources, and with which vectors.

numba compares cached machine code with the kernel's own file only. The kernels here take constants and functions from
other files, which an update may change while the cached code goes on running.
"""

from __future__ import annotations

import os
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

import llvmlite.binding
import numba

SOURCES = Path(__file__).parents[1]
"""The package `kernels`: code in `cpu/` takes constants from the files above it."""


def cache_folder(sources: Path, parent: Path) -> Path | None:
    """Return the folder in `parent` for the code compiled from `sources`, and remove those of other versions.

    Returns None where nothing can be written: numba then uses its default folder.
    """
    digest = sha256()
    for file in sorted(sources.rglob("*.py")):
        digest.update(file.relative_to(sources).as_posix().encode() + b"\0" + file.read_bytes())
    folder = parent / f"readthrough-kernels-{digest.hexdigest()[:16]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    if not os.access(folder, os.W_OK):
        return None
    for other in parent.glob("readthrough-kernels-*"):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
    return folder


def features_of(host: dict[str, bool]) -> str | None:
    """Return the features to compile for on a processor with the features `host`; None for numba's choice.

    LLVM keeps to vectors of 256 bits on Intel's server processors, since the first with AVX-512 lowered their clock
    for 512. Those from Sapphire Rapids on, told by AVX512-FP16, do not: the scan takes 2.9 ms there instead of 4.2.
    """
    if not host.get("avx512fp16"):
        return None
    named = [("+" if there else "-") + feature for feature, there in sorted(host.items())]
    return ",".join([*named, "-prefer-256-bit"])


def configure() -> None:
    """Set the folder and the features before anything is compiled. NUMBA_CACHE_DIR names another parent than
    __pycache__, NUMBA_CPU_FEATURES other features."""
    config: Any = numba.config  # numba sets its variables there by name
    folder = cache_folder(SOURCES, Path(config.CACHE_DIR or SOURCES / "__pycache__"))
    if folder is not None:
        config.CACHE_DIR = str(folder)
    if config.CPU_FEATURES is None and config.CPU_NAME is None:
        config.CPU_FEATURES = features_of(dict(llvmlite.binding.get_host_cpu_features()))
