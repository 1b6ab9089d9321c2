"""Trained contexts that are published for checkpoints whose files do not state them. Light: no torch.

By the name of the repository, never by the shape: Falcon3-Mamba has the shape of Falcon Mamba and four times its
context. Sources: model cards of Falcon3-Mamba (32K) and of Falcon Mamba (arXiv 2410.05355: up to 8,192); Mamba was
trained on The Pile in sequences of 2,048 (arXiv 2312.00752, appendix E.2).
"""

from __future__ import annotations

from pathlib import Path

_CONTEXTS = {
    "falcon3-mamba-7b-base": 32_768,
    "falcon3-mamba-7b-instruct": 32_768,
    "falcon-mamba-7b": 8_192,
    "falcon-mamba-7b-instruct": 8_192,
    "falcon-mamba-7b-pre-decay": 8_192,
    "mamba-130m-hf": 2_048,
    "mamba-370m-hf": 2_048,
    "mamba-790m-hf": 2_048,
    "mamba-1.4b-hf": 2_048,
    "mamba-2.8b-hf": 2_048,
}
_CACHE = "models--"


def published_context(*names: str) -> int | None:
    """Return the trained context published for the first known repository of `names`: "owner/name" or "name"."""
    for name in names:
        if (known := _CONTEXTS.get(name.rstrip("/").rpartition("/")[2].casefold())) is not None:
            return known
    return None


def repository_of(folder: Path) -> str:
    """Return the name of the repository that a folder was downloaded from: the folder's own name, or the name in the
    huggingface_hub cache that contains it."""
    for part in reversed(folder.parts):
        if part.startswith(_CACHE):
            return part.removeprefix(_CACHE).replace("--", "/")
    return folder.name
