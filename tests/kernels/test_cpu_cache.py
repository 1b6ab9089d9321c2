"""Machine code that numba kept is used for the sources that it was made of, and for no others."""

from __future__ import annotations

from pathlib import Path

import numba
import torch

from kernels import operations
from kernels.cpu.cache import SOURCES, cache_folder, features_of


def test_cache_folder_per_source_version(tmp_path: Path):
    sources, parent = tmp_path / "sources", tmp_path / "cache"
    sources.mkdir()
    for name in ("loops", "vectors"):
        (sources / f"{name}.py").write_text(f"of = {name!r}\n")
    first = cache_folder(sources, parent)
    assert first is not None and first.is_dir() and cache_folder(sources, parent) == first
    (first / "compiled").write_bytes(b"code")
    (parent / "other").mkdir()
    (sources / "vectors.py").write_text("of = 'else'\n")
    second = cache_folder(sources, parent)
    assert second is not None and second != first
    assert sorted(parent.iterdir()) == sorted([parent / "other", second])


def test_unwritable_cache_is_left_to_numba(tmp_path: Path):
    (tmp_path / "file").touch()
    assert cache_folder(SOURCES, tmp_path / "file") is None


def test_compiled_code_is_cached_in_that_folder():
    operations("cpu").rms_norm(torch.randn(3, 8), None, 1e-5)
    folder = Path(numba.config.CACHE_DIR)
    assert folder.name.startswith("readthrough-kernels-")
    assert any("norm_kernel" in file.name for file in folder.rglob("*.nbi"))


def test_wide_vectors_only_where_they_do_not_lower_the_clock():
    assert features_of({"avx2": True, "avx512f": True}) is None
    assert features_of({"avx512fp16": True, "amx-int8": False}) == "-amx-int8,+avx512fp16,-prefer-256-bit"
