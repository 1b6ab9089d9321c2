"""The tensors of a checkpoint: their names and shapes. Light: no torch."""

from __future__ import annotations

from functools import cache

from engine.network.config import FalconMambaConfig


@cache
def expected_shapes(config: FalconMambaConfig) -> dict[str, tuple[int, ...]]:
    """Return the shapes of all tensors of such a checkpoint by their names, without the `backbone.` prefix."""
    c = config
    shapes: dict[str, tuple[int, ...]] = {"embeddings.weight": (c.vocab_size, c.d_model)}
    for index in range(c.n_layers):
        mixer = f"layers.{index}.mixer."
        shapes[f"layers.{index}.norm.weight"] = (c.d_model,)
        shapes[mixer + "in_proj.weight"] = (2 * c.d_inner, c.d_model)
        shapes[mixer + "conv1d.weight"] = (c.d_inner, 1, c.d_conv)
        shapes[mixer + "x_proj.weight"] = (c.dt_rank + 2 * c.d_state, c.d_inner)
        shapes[mixer + "dt_proj.weight"] = (c.d_inner, c.dt_rank)
        shapes[mixer + "dt_proj.bias"] = (c.d_inner,)
        shapes[mixer + "A_log"] = (c.d_inner, c.d_state)
        shapes[mixer + "D"] = (c.d_inner,)
        shapes[mixer + "out_proj.weight"] = (c.d_model, c.d_inner)
        if c.use_conv_bias:
            shapes[mixer + "conv1d.bias"] = (c.d_inner,)
        if c.use_bias:
            shapes[mixer + "in_proj.bias"] = (2 * c.d_inner,)
            shapes[mixer + "out_proj.bias"] = (c.d_model,)
    shapes["norm_f.weight"] = (c.d_model,)
    if not c.tie_word_embeddings:
        shapes["lm_head.weight"] = (c.vocab_size, c.d_model)
    return shapes
