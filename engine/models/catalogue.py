"""The catalogue: models that can be downloaded and work here, from resources/catalogue.json. Light: no torch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from engine.network.config import FalconMambaConfig
from engine.network.footprint import parameter_count
from engine.network.published import catalogue_data

ITEM_BYTES = {"bfloat16": 2, "float16": 2, "float32": 4}
"""Bytes of a stored weight by its dtype."""


@dataclass(frozen=True)
class Licence:
    """The licence of a model."""

    name: str
    url: str
    free: bool
    """Whether it is a common open-source licence, which needs no consent before a download."""


@dataclass(frozen=True)
class CatalogueEntry:
    """A model that can be downloaded."""

    name: str
    """The name for `models get` and `--model`."""
    title: str
    repository: str
    revision: str | None
    """The pinned commit; None where the first download pins it."""
    kind: str
    """"instruct", or "base" for a model that was not trained to follow instructions."""
    licence: Licence
    context: int
    """Trained context in tokens."""
    languages: tuple[str, ...]
    stop_ids: tuple[int, ...]
    config: FalconMambaConfig
    """Its shape, for estimates of memory and speed before anything is downloaded."""

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return parameter_count(self.config)

    @property
    def download_bytes(self) -> int:
        """Bytes of its weight files, headers left out."""
        return self.parameters * ITEM_BYTES[self.config.checkpoint_dtype or "float32"]


@cache
def catalogue() -> tuple[CatalogueEntry, ...]:
    """Return all entries, the recommended ones first."""
    data = catalogue_data()
    licences = {key: Licence(**value) for key, value in data["licences"].items()}
    return tuple(_entry(row, data["shapes"][row["shape"]], licences) for row in data["models"])


def find(name: str) -> CatalogueEntry | None:
    """Return the entry with the name or the repository `name`, whatever its case; None if there is none."""
    wanted = name.strip().casefold()
    for entry in catalogue():
        if wanted in (entry.name, entry.repository.casefold()):
            return entry
    return None


def _entry(row: dict[str, Any], shape: dict[str, Any], licences: dict[str, Licence]) -> CatalogueEntry:
    falcon = row["model_type"] == "falcon_mamba"
    config = FalconMambaConfig.from_dict(
        {
            "model_type": row["model_type"],
            "hidden_act": "silu",
            "layer_norm_epsilon": 1e-5,
            "use_bias": False,
            "use_conv_bias": True,
            "residual_in_fp32": True,
            **({"mixer_rms_eps": 1e-6} if falcon else {}),
            **shape,
            "eos_token_id": row["stop_ids"],
            "torch_dtype": row["dtype"],
        },
        name=row["repository"],
    )
    return CatalogueEntry(
        name=row["name"],
        title=row["title"],
        repository=row["repository"],
        revision=row["revision"],
        kind=row["kind"],
        licence=licences[row["licence"]],
        context=row["context"],
        languages=tuple(row["languages"]),
        stop_ids=tuple(row["stop_ids"]),
        config=config,
    )
