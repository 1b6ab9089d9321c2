"""A checkpoint as a GGUF file for llama.cpp. Needs the package gguf.

Only model_type `mamba`: llama.cpp's Falcon Mamba wants a tokenizer of its own.
"""

from __future__ import annotations

import json
from pathlib import Path

from safetensors.torch import load_file

from engine.network.config import FalconMambaConfig
from engine.network.gguf_checkpoint import stored_name

_MATRICES = ("ssm_in.weight", "ssm_out.weight", "token_embd.weight", "output.weight")
"""Tensors that stay F32 in a file of another precision, as in llama.cpp's own tool."""
PRECISIONS = ("F32", "BF16", "Q8_0", "Q4_0")


def write_gguf(folder: Path, target: Path, precision: str) -> None:
    """Write the checkpoint in `folder` as a GGUF file without a vocabulary; `precision` is one of PRECISIONS."""
    import gguf

    values = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config = FalconMambaConfig.from_dict(values)
    writer = gguf.GGUFWriter(str(target), "mamba")
    writer.add_context_length(1 << 20)
    writer.add_embedding_length(config.d_model)
    writer.add_feed_forward_length(0)
    writer.add_head_count(0)
    writer.add_block_count(config.n_layers)
    writer.add_ssm_conv_kernel(config.d_conv)
    writer.add_ssm_inner_size(config.d_inner)
    writer.add_ssm_state_size(config.d_state)
    writer.add_ssm_time_step_rank(config.dt_rank)
    writer.add_layer_norm_rms_eps(config.norm_eps)
    writer.add_tokenizer_model("no_vocab")
    writer.add_vocab_size(config.vocab_size)
    for shard in sorted(folder.glob("*.safetensors")):
        for name, tensor in load_file(shard).items():
            new = stored_name(name.removeprefix("backbone."))
            tensor = -tensor.float().exp() if new.endswith("ssm_a") else tensor.float()
            array = (tensor.squeeze(1) if new.endswith("ssm_conv1d.weight") else tensor).contiguous().numpy()
            if precision != "F32" and new.endswith(_MATRICES):
                kind = gguf.GGMLQuantizationType[precision]
                writer.add_tensor(new, gguf.quants.quantize(array, kind), raw_dtype=kind)
            else:
                writer.add_tensor(new, array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
