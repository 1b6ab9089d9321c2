"""Write a checkpoint folder as a GGUF file, as the converter of llama.cpp does."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from gguf import GGMLQuantizationType, GGUFWriter, TokenType
from gguf.quants import dequantize, quantize

from engine.network.checkpoint import Checkpoint

NAMES = {
    "norm.weight": "attn_norm.weight",
    "mixer.in_proj.weight": "ssm_in.weight",
    "mixer.conv1d.weight": "ssm_conv1d.weight",
    "mixer.conv1d.bias": "ssm_conv1d.bias",
    "mixer.x_proj.weight": "ssm_x.weight",
    "mixer.dt_proj.weight": "ssm_dt.weight",
    "mixer.dt_proj.bias": "ssm_dt.bias",
    "mixer.A_log": "ssm_a",
    "mixer.D": "ssm_d",
    "mixer.out_proj.weight": "ssm_out.weight",
    "embeddings.weight": "token_embd.weight",
    "lm_head.weight": "output.weight",
    "norm_f.weight": "output_norm.weight",
}
Q = GGMLQuantizationType
SCALES = {Q.Q4_K: ((0, 4),), Q.Q5_K: ((0, 4),), Q.Q6_K: ((208, 210),)}
"""Where a block has its fp16 scales, bytes from and to."""


def write_gguf(
    folder: Path,
    path: Path,
    kind: GGMLQuantizationType,
    tokenizer: bool = False,
    architecture: str = "mamba",
) -> dict[str, torch.Tensor]:
    """Write the checkpoint in `folder` with matrices in `kind`; return its weights as the file states them."""
    checkpoint = Checkpoint(folder)
    c = checkpoint.config
    writer = GGUFWriter(path, architecture)
    writer.add_context_length(2**20)
    writer.add_embedding_length(c.d_model)
    writer.add_block_count(c.n_layers)
    writer.add_ssm_conv_kernel(c.d_conv)
    writer.add_ssm_inner_size(c.d_inner)
    writer.add_ssm_state_size(c.d_state)
    writer.add_ssm_time_step_rank(c.dt_rank)
    writer.add_layer_norm_rms_eps(c.norm_eps)
    writer.add_ssm_dt_b_c_rms(c.model_type == "falcon_mamba")
    if tokenizer:
        add_tokenizer(writer, folder)
    stated: dict[str, torch.Tensor] = {}
    draw = np.random.default_rng(0)
    for name in checkpoint.sizes:
        weight = checkpoint.read(name).float()
        layer = name.split(".")
        stored = f"blk.{layer[1]}.{NAMES['.'.join(layer[2:])]}" if layer[0] == "layers" else NAMES[name]
        if name.endswith("A_log"):
            weight = -weight.exp()
        values = weight.squeeze(1).numpy() if "conv1d.weight" in name else weight.numpy()
        values, stated[name] = _add(writer, stored, values, kind if _is_matrix(name, values, kind) else Q.F32, draw)
        stated[name] = stated[name].reshape(checkpoint.read(name).shape)
        if name.endswith("A_log"):
            stated[name] = stated[name].neg().log()
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return stated


def _is_matrix(name: str, values: np.ndarray, kind: GGMLQuantizationType) -> bool:
    block = 256 if kind in SCALES else 32
    matrix = name.endswith("proj.weight") or name in ("embeddings.weight", "lm_head.weight")
    return matrix and values.shape[-1] % block == 0


def _add(
    writer: GGUFWriter, name: str, values: np.ndarray, kind: GGMLQuantizationType, draw: np.random.Generator
) -> tuple[np.ndarray, torch.Tensor]:
    """Add a tensor; return its bytes and the floats that they state."""
    if kind == Q.F32:
        writer.add_tensor(name, np.ascontiguousarray(values))
        return values, torch.from_numpy(np.array(values))
    if kind in SCALES:  # the package does not quantise to these: random blocks with small scales
        size = {Q.Q4_K: 144, Q.Q5_K: 176, Q.Q6_K: 210}[kind]
        blocks = draw.integers(0, 256, (values.size // 256, size), dtype=np.uint8)
        for start, end in SCALES[kind]:
            scale = draw.uniform(2e-5, 8e-5, (len(blocks), (end - start) // 2)).astype(np.float16)
            blocks[:, start:end] = scale.view(np.uint8)
        data = blocks.reshape(values.shape[0], -1)
    else:
        data = quantize(np.ascontiguousarray(values), kind)
    writer.add_tensor(name, data, raw_dtype=kind)
    return data, torch.from_numpy(np.array(dequantize(data, kind), dtype=np.float32))


def add_tokenizer(writer: GGUFWriter, folder: Path, rule: str = "gpt-neox") -> None:
    """Add the byte-level BPE of a folder's tokenizer.json, and its chat template."""
    values = json.loads((folder / "tokenizer.json").read_text())
    config = json.loads((folder / "tokenizer_config.json").read_text())
    tokens = {index: token for token, index in values["model"]["vocab"].items()}
    special = {added["id"]: added for added in values["added_tokens"]}
    tokens |= {index: added["content"] for index, added in special.items()}
    kinds = [
        TokenType.NORMAL if i not in special else TokenType.CONTROL if special[i]["special"] else TokenType.USER_DEFINED
        for i in sorted(tokens)
    ]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(rule)
    writer.add_token_list([tokens[i] for i in sorted(tokens)])
    writer.add_token_types(kinds)
    writer.add_token_merges([" ".join(m) if isinstance(m, list) else m for m in values["model"]["merges"]])
    names = {token: index for index, token in tokens.items()}
    if config.get("eos_token") in names:
        writer.add_eos_token_id(names[config["eos_token"]])
    if config.get("chat_template"):
        writer.add_chat_template(config["chat_template"])
