"""FalconMambaConfig: values as the files say them, and one sentence for every file that cannot be used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.network.config import ConfigError, FalconMambaConfig
from engine.network.published import repository_of

# The published config.json of Falcon-Mamba-7B: note `expand`, and that it has no mixer_rms_eps.
FALCON_MAMBA_7B: dict[str, Any] = {
    "architectures": ["FalconMambaForCausalLM"],
    "bos_token_id": 0,
    "conv_kernel": 4,
    "eos_token_id": 11,
    "expand": 16,
    "hidden_act": "silu",
    "hidden_size": 4096,
    "intermediate_size": 8192,
    "layer_norm_epsilon": 1e-05,
    "model_type": "falcon_mamba",
    "num_hidden_layers": 64,
    "pad_token_id": 11,
    "residual_in_fp32": True,
    "state_size": 16,
    "tie_word_embeddings": False,
    "time_step_rank": 256,
    "torch_dtype": "bfloat16",
    "use_bias": False,
    "use_conv_bias": True,
    "vocab_size": 65024,
}
# That of mamba-130m-hf, as far as it matters: no tie_word_embeddings.
MAMBA_130M: dict[str, Any] = {
    **{k: v for k, v in FALCON_MAMBA_7B.items() if k != "tie_word_embeddings"},
    "model_type": "mamba",
    "hidden_size": 768,
    "num_hidden_layers": 24,
    "intermediate_size": 1536,
    "time_step_rank": 48,
    "vocab_size": 50280,
    "torch_dtype": "float32",
    "eos_token_id": 0,
}


def write(folder: Path, config: dict[str, Any], **others: dict[str, Any]) -> Path:
    (folder / "config.json").write_text(json.dumps(config))
    for name, values in others.items():
        (folder / f"{name}.json").write_text(json.dumps(values))
    return folder


def test_falcon_mamba_7b_shape_ignores_expand():
    config = FalconMambaConfig.from_dict(FALCON_MAMBA_7B)
    assert (config.d_model, config.d_inner, config.dt_rank, config.d_state, config.d_conv) == (4096, 8192, 256, 16, 4)
    assert config.mixer_norm_eps == 1e-6
    assert config.checkpoint_dtype == "bfloat16"
    assert not config.tie_word_embeddings


def test_mamba_130m_shape():
    config = FalconMambaConfig.from_dict(MAMBA_130M)
    assert config.tie_word_embeddings
    assert config.mixer_norm_eps is None


def test_eos_ids_of_both_files(tmp_path: Path):
    folder = write(tmp_path, FALCON_MAMBA_7B, generation_config={"eos_token_id": [10, 11]})
    assert set(FalconMambaConfig.from_folder(folder).eos_ids) == {10, 11}


def test_trained_context_precedence():
    """R14: by the catalogue's name, then config.json, then the tokenizer; never by the shape."""

    def context(config: dict[str, Any], limit: float = 1e30, name: str = "") -> int | None:
        return FalconMambaConfig.from_dict(config, tokenizer={"model_max_length": limit}, name=name).trained_context

    stated = {**FALCON_MAMBA_7B, "max_position_embeddings": 4096}
    assert context(stated, 2048) == 4096
    assert context(stated, 2048, "tiiuae/Falcon3-Mamba-7B-Instruct") == 32_768
    assert context(FALCON_MAMBA_7B, 32_768) == 32_768
    assert context(FALCON_MAMBA_7B) is None
    assert context(FALCON_MAMBA_7B, 32_768, "falcon-mamba-7b-instruct") == 8192
    assert context(FALCON_MAMBA_7B | {"_name_or_path": "tiiuae/falcon-mamba-7b"}, name="my model") == 8192
    assert context(MAMBA_130M, name="mamba-130m-hf") == 2048


def test_repository_of_a_cache_folder(tmp_path: Path):
    cached = tmp_path / "models--tiiuae--Falcon3-Mamba-7B-Instruct" / "snapshots" / "0f0f"
    assert repository_of(cached) == "tiiuae/Falcon3-Mamba-7B-Instruct"
    assert repository_of(tmp_path / "mamba-130m-hf") == "mamba-130m-hf"
    cached.mkdir(parents=True)
    assert FalconMambaConfig.from_folder(write(cached, FALCON_MAMBA_7B)).trained_context == 32_768


REQUIRED = sorted(
    set(FALCON_MAMBA_7B)
    - {"architectures", "bos_token_id", "eos_token_id", "pad_token_id", "expand", "torch_dtype", "tie_word_embeddings"}
    - {"model_type"}
)


@pytest.mark.parametrize("key", REQUIRED)
def test_missing_key_is_named(key: str):
    values = {k: v for k, v in FALCON_MAMBA_7B.items() if k != key}
    with pytest.raises(ConfigError, match=f'has no "{key}"'):
        FalconMambaConfig.from_dict(values)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model_type": "llama"}, 'model_type "llama"'),
        ({"model_type": None}, "no model_type"),
        ({"model_type": ["mamba"]}, "model_type"),
        ({"hidden_act": "gelu"}, 'hidden_act "gelu"'),
        ({"quantization_config": {"bits": 4}}, "quantised"),
        ({"time_step_rank": "auto"}, "time_step_rank"),
        ({"hidden_size": True}, "hidden_size"),
        ({"num_hidden_layers": 0}, "num_hidden_layers"),
        ({"state_size": 512}, "state_size 512"),
        ({"conv_kernel": 8}, "conv_kernel 8"),
        ({"use_bias": "no"}, "use_bias"),
    ],
)
def test_unsupported_network_is_one_sentence(change: dict[str, Any], words: str):
    with pytest.raises(ConfigError) as caught:
        FalconMambaConfig.from_dict({**FALCON_MAMBA_7B, **change})
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_folder_missing_file_broken_json(tmp_path: Path):
    with pytest.raises(ConfigError, match="no model folder"):
        FalconMambaConfig.from_folder(tmp_path / "nowhere")
    with pytest.raises(ConfigError, match=r"no config\.json"):
        FalconMambaConfig.from_folder(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ConfigError, match="cannot be read as JSON"):
        FalconMambaConfig.from_folder(tmp_path)
    (tmp_path / "config.json").write_text("[]")
    with pytest.raises(ConfigError, match="not a JSON object"):
        FalconMambaConfig.from_folder(tmp_path)


def test_config_saved_by_transformers(checkpoints: dict[str, Path]):
    for model_type, folder in checkpoints.items():
        config = FalconMambaConfig.from_folder(folder)
        assert config.model_type == model_type
        assert (config.d_model, config.d_inner, config.dt_rank) == (32, 64, 2)
        assert config.checkpoint_dtype == "float32"
        assert config.eos_ids == (0,)
