"""The config of a GGUF file of a Mamba or Falcon Mamba network. Light: no torch."""

from __future__ import annotations

import re
from typing import Any

from engine.gguf_file import GgufError, GgufFile

# GGMLQuantizationType by number: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
F32, F16, Q4_0, Q4_1, Q8_0, Q4_K, Q5_K, Q6_K, BF16 = 0, 1, 2, 3, 8, 12, 13, 14, 30
KINDS = {
    F32: "float32", F16: "float16", BF16: "bfloat16", Q8_0: "int8", Q6_K: "int8", Q5_K: "int8", Q4_K: "int4",
    Q4_0: "int4", Q4_1: "int4",
}  # fmt: skip
"""Kinds of blocks that are read, and the precision nearest to each."""
EPSILON = 1e-6
"""Falcon Mamba's `mixer_rms_eps`, which the format does not store."""
_END_KEYS = ("eos_token_id", "eot_token_id", "eom_token_id")
_FORMAT = re.compile(r"[-._](i?q\d\w*|f16|f32|bf16|gguf)$", re.IGNORECASE)


def config_values(file: GgufFile) -> dict[str, Any]:
    """Return the content of a config.json for the file. Raises GgufError."""
    embeddings = file.tensors.get("token_embd.weight")
    in_proj = file.tensors.get("blk.0.ssm_in.weight")
    if embeddings is None or in_proj is None or len(embeddings.shape) != 2:
        raise GgufError(f"{file.path} lacks the embeddings or the first layer; download it again")
    unread = next((tensor for tensor in file.tensors.values() if tensor.kind not in KINDS), None)
    if unread is not None:
        raise GgufError(
            f"{file.path} stores {unread.name} as {kind_name(unread.kind)}, which is not supported; use a file in "
            "F32, F16, BF16, Q8_0, Q6_K, Q5_K, Q4_K, Q4_1 or Q4_0"
        )
    if any(name.endswith(("ssm_in.bias", "ssm_out.bias")) for name in file.tensors):
        raise GgufError(
            f"{file.path} has biases in its projections, which a Mamba does not have in this format; use another file"
        )
    values: dict[str, Any] = {
        "model_type": "falcon_mamba" if file.metadata.get("mamba.ssm.dt_b_c_rms") else "mamba",
        "hidden_act": "silu",
        "vocab_size": embeddings.shape[0],
        "hidden_size": file.number("embedding_length"),
        "num_hidden_layers": file.number("block_count"),
        "intermediate_size": file.number("ssm.inner_size"),
        "state_size": file.number("ssm.state_size"),
        "conv_kernel": file.number("ssm.conv_kernel"),
        "time_step_rank": file.number("ssm.time_step_rank"),
        "layer_norm_epsilon": file.number("attention.layer_norm_rms_epsilon"),
        "use_bias": False,
        "use_conv_bias": "blk.0.ssm_conv1d.bias" in file.tensors,
        "residual_in_fp32": True,
        "tie_word_embeddings": "output.weight" not in file.tensors,
        "torch_dtype": KINDS[in_proj.kind],
        "eos_token_id": [
            token
            for key in _END_KEYS
            if isinstance(token := file.metadata.get(f"tokenizer.ggml.{key}"), int) and token < embeddings.shape[0]
        ],
        "bos_token_id": file.metadata.get("tokenizer.ggml.bos_token_id"),
        "pad_token_id": file.metadata.get("tokenizer.ggml.padding_token_id"),
        "_name_or_path": repository_name(file),
    }
    return values


def repository_name(file: GgufFile) -> str:
    """Return the name of the repository that the file was made from, as far as its name or its metadata says so."""
    stem = file.path.stem
    while (shorter := _FORMAT.sub("", stem)) != stem:
        stem = shorter
    return stem


def kind_name(kind: int) -> str:
    """Return the name of a kind of blocks."""
    from gguf import GGMLQuantizationType

    try:
        return GGMLQuantizationType(kind).name
    except ValueError:
        return f"an unknown kind ({kind})"
