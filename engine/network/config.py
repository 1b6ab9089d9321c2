"""FalconMambaConfig: the shape of a `mamba` or `falcon_mamba` checkpoint, read from its config.json.

Values are read, never derived: Falcon-Mamba-7B says `expand: 16` and means d_inner 8192, and its two end tokens
are in two files. A missing key of the network's shape is an error. Two keys have a default, because published
checkpoints leave them out and their format defines it: `tie_word_embeddings` (true) and `mixer_rms_eps` (1e-6).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import KnownError
from engine.gguf_file import gguf_in, open_gguf
from engine.model_files import ModelFileError, read_json
from engine.network.gguf_config import config_values
from engine.network.published import published, repository_of

MODEL_TYPES = ("mamba", "falcon_mamba")
MAX_D_STATE = 256
MAX_D_CONV = 4
MAX_LAYERS = 4096
MAX_COUNT = 1 << 24
"""Largest width or vocabulary: with more, sizes would be computed for hours before a file is looked at."""

# A tokenizer without a limit writes 1e30.
_NO_LIMIT = 10_000_000


class ConfigError(KnownError):
    """A config.json cannot be used; the text is one sentence for the user."""


@dataclass(frozen=True)
class FalconMambaConfig:
    """Shape and constants of one network; the names are those of the Mamba paper (arXiv 2312.00752)."""

    model_type: str
    vocab_size: int
    d_model: int
    n_layers: int
    d_inner: int
    """Channels of the mixer; `intermediate_size` in config.json."""
    d_state: int
    """States per channel; `state_size`."""
    d_conv: int
    """Taps of the causal convolution; `conv_kernel`."""
    dt_rank: int
    """Rank of the time-step projection; `time_step_rank`."""
    norm_eps: float
    """`layer_norm_epsilon`."""
    mixer_norm_eps: float | None
    """`mixer_rms_eps` of the weightless norms over dt, B and C; None for `mamba`, which has no such norms."""
    use_bias: bool
    use_conv_bias: bool
    residual_in_fp32: bool
    tie_word_embeddings: bool
    eos_ids: tuple[int, ...] = ()
    """Every token that ends an answer, from generation_config.json and config.json together."""
    bos_id: int | None = None
    pad_id: int | None = None
    trained_context: int | None = None
    """Tokens of the longest sequences in training, or None if unknown."""
    checkpoint_dtype: str | None = None
    """Dtype of the stored weights as config.json names it ("bfloat16"), or None."""

    @classmethod
    def from_folder(cls, folder: str | Path) -> FalconMambaConfig:
        """Read `folder`/config.json and, if present, generation_config.json and tokenizer_config.json; or the header of
        a .gguf file.

        Raises GgufError, and ConfigError when the file is missing, is not JSON, lacks a key, or describes an
        unsupported network.
        """
        folder = Path(folder)
        file = gguf_in(folder)
        if file is not None:
            return cls.from_dict(config_values(open_gguf(file)))
        if not folder.is_dir():
            what = f"{folder} is not a model" if folder.exists() else f"there is no model folder {folder}"
            raise ConfigError(f"{what}; give a .gguf file, or a folder with config.json and *.safetensors")
        values = _read_json(folder / "config.json")
        if values is None:
            raise ConfigError(f"{folder} has no config.json; give the folder of a Hugging Face checkpoint")
        return cls.from_dict(
            values,
            generation=_read_json(folder / "generation_config.json") or {},
            tokenizer=_read_json(folder / "tokenizer_config.json") or {},
            name=repository_of(folder.resolve()),
        )

    @classmethod
    def from_dict(
        cls,
        values: dict[str, Any],
        generation: dict[str, Any] | None = None,
        tokenizer: dict[str, Any] | None = None,
        name: str = "",
    ) -> FalconMambaConfig:
        """Read the parsed config.json, generation_config.json and tokenizer_config.json. Raises ConfigError.

        `name`: the repository, where it is known.
        """
        model_type = values.get("model_type")
        if not isinstance(model_type, str) or model_type not in MODEL_TYPES:
            found = f"model_type {_shown(model_type)}" if model_type else "no model_type"
            raise ConfigError(
                f"config.json has {found}; Readthrough runs mamba and falcon_mamba checkpoints saved by transformers"
            )
        if values.get("quantization_config"):
            raise ConfigError(
                "config.json says that the weights are quantised; use the checkpoint in bf16, fp16 or fp32"
            )
        activation = _value(values, "hidden_act", str)
        if activation not in ("silu", "swish"):
            raise ConfigError(f"config.json has hidden_act {_shown(activation)}; Readthrough runs silu only")

        shape = {
            name: _count(values, key)
            for name, key in (
                ("vocab_size", "vocab_size"),
                ("d_model", "hidden_size"),
                ("n_layers", "num_hidden_layers"),
                ("d_inner", "intermediate_size"),
                ("d_state", "state_size"),
                ("d_conv", "conv_kernel"),
                ("dt_rank", "time_step_rank"),
            )
        }
        if shape["d_state"] > MAX_D_STATE or not 2 <= shape["d_conv"] <= MAX_D_CONV:
            raise ConfigError(
                f"config.json has state_size {shape['d_state']} and conv_kernel {shape['d_conv']}; "
                f"Readthrough runs up to {MAX_D_STATE} states and 2 to {MAX_D_CONV} taps"
            )
        origin = values.get("_name_or_path")
        row = published(*([origin] if isinstance(origin, str) else []), name)
        mixer_norm_eps = None
        if model_type == "falcon_mamba":
            mixer_norm_eps = _epsilon({"mixer_rms_eps": 1e-6, **values}, "mixer_rms_eps")
        return cls(
            model_type=model_type,
            **shape,
            norm_eps=_epsilon(values, "layer_norm_epsilon"),
            mixer_norm_eps=mixer_norm_eps,
            use_bias=_value(values, "use_bias", bool),
            use_conv_bias=_value(values, "use_conv_bias", bool),
            residual_in_fp32=_value(values, "residual_in_fp32", bool),
            tie_word_embeddings=_value({"tie_word_embeddings": True, **values}, "tie_word_embeddings", bool),
            eos_ids=_token_ids(
                (generation or {}).get("eos_token_id"), values.get("eos_token_id"), row["stop_ids"] if row else None
            ),
            bos_id=next(iter(_token_ids(values.get("bos_token_id"))), None),
            pad_id=next(iter(_token_ids(values.get("pad_token_id"))), None),
            trained_context=_trained_context(values, tokenizer or {}, row),
            checkpoint_dtype=_checkpoint_dtype(values),
        )


def _read_json(path: Path) -> dict[str, Any] | None:
    """Return the object in a JSON file, or None if there is no such file. Raises ConfigError."""
    try:
        return read_json(path)
    except ModelFileError as error:
        raise ConfigError(str(error)) from error


def _value(values: dict[str, Any], key: str, kind: type) -> Any:
    if key not in values or values[key] is None:
        raise ConfigError(f'config.json has no "{key}"; the checkpoint is incomplete, save it again with transformers')
    value = values[key]
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value) if abs(value) < MAX_COUNT else math.inf
    if not isinstance(value, kind):
        raise ConfigError(f'config.json has "{key}": {_shown(value)}; it must be of the kind {kind.__name__}')
    return value


def _epsilon(values: dict[str, Any], key: str) -> float:
    value: float = _value(values, key, float)
    if not 0 <= value < 1:  # false for NaN too
        raise ConfigError(f'config.json has "{key}": {_shown(value)}; it must be a number from 0 to 1')
    return value


def _count(values: dict[str, Any], key: str) -> int:
    value = _value(values, key, object)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ConfigError(f'config.json has "{key}": {_shown(value)}; it must be a whole number above zero')
    most = MAX_LAYERS if key == "num_hidden_layers" else MAX_COUNT
    if value > most:
        raise ConfigError(f'config.json has "{key}": {_shown(value)}, more than {most:,}, which no such network has')
    return value


def _shown(value: Any) -> str:
    """Return a value as an error quotes it."""
    try:
        text = f'"{value}"' if isinstance(value, str) else repr(value)
    except ValueError:  # a number of thousands of digits
        return "a number of thousands of digits"
    return text if len(text) <= 60 else text[:57] + "..."


def _token_ids(*sources: Any) -> tuple[int, ...]:
    """Return the token ids of all sources, each a number or a list, in order and without repeats."""
    ids: dict[int, None] = {}
    for source in sources:
        for token in source if isinstance(source, list) else [source]:
            if isinstance(token, int) and not isinstance(token, bool) and 0 <= token < MAX_COUNT:
                ids[token] = None
    return tuple(ids)


def _trained_context(values: dict[str, Any], tokenizer: dict[str, Any], row: dict[str, Any] | None) -> int | None:
    """Return the trained context of the catalogue's `row`, else that of config.json, else the tokenizer's limit.

    The tokenizer comes last: it is often inherited from another model together with that model's limit.
    """
    if row is not None:
        return int(row["context"])
    stated = values.get("max_position_embeddings")
    if isinstance(stated, int) and 0 < stated < _NO_LIMIT:
        return stated
    limit = tokenizer.get("model_max_length")
    return int(limit) if isinstance(limit, (int, float)) and 0 < limit < _NO_LIMIT else None


def _checkpoint_dtype(values: dict[str, Any]) -> str | None:
    dtype = values.get("dtype", values.get("torch_dtype"))  # transformers 5 renamed the key
    return dtype if isinstance(dtype, str) else None
