"""The configuration of a network too small for anything but tests."""

from __future__ import annotations

LITTLE_MAMBA = {
    "model_type": "mamba",
    "hidden_act": "silu",
    "vocab_size": 64,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "intermediate_size": 64,
    "state_size": 8,
    "conv_kernel": 4,
    "time_step_rank": 2,
    "layer_norm_epsilon": 1e-5,
    "use_bias": False,
    "use_conv_bias": True,
    "residual_in_fp32": True,
}
