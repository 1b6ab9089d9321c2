"""The network as it is trained: falcon_mamba with differentiable states that one read document hands to many questions.

Parameters of all layers are stacked, so that the optimizer sees a dozen tensors. Products run in `compute_dtype`, the
residual stream, norms, states and losses in fp32. On CUDA all layers are `engine.training.stack`; on the CPU the scan
is numba's (`engine.training.kernels.cpu_scan_backward`), the rest plain torch, for tests and for tuning on short rows.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.training.kernels.causal_conv import causal_conv_train_ref
from engine.training.kernels.cpu_scan_backward import selective_scan_train_cpu
from engine.training.stack import PARAMETERS, Norms, layers, next_token_losses

_NAMES = {  # stacked parameter -> name in a Hugging Face checkpoint
    "norm": "norm.weight",
    "in_proj": "mixer.in_proj.weight",
    "conv": "mixer.conv1d.weight",
    "conv_bias": "mixer.conv1d.bias",
    "x_proj": "mixer.x_proj.weight",
    "dt_proj": "mixer.dt_proj.weight",
    "dt_bias": "mixer.dt_proj.bias",
    "A_log": "mixer.A_log",
    "D": "mixer.D",
    "out_proj": "mixer.out_proj.weight",
}


@dataclass(frozen=True)
class Shape:
    """Sizes of the network; field names as in the Mamba paper."""

    vocab_size: int = 3072
    d_model: int = 512
    n_layers: int = 8
    d_inner: int = 1024
    d_state: int = 16
    d_conv: int = 4
    dt_rank: int = 32
    norm_eps: float = 1e-5
    mixer_norm_eps: float = 1e-6

    def config(self, trained_context: int) -> dict[str, Any]:
        """config.json for transformers and for engine.network.config; `readthrough` marks the demonstration model."""
        return {
            "architectures": ["FalconMambaForCausalLM"],
            "model_type": "falcon_mamba",
            "vocab_size": self.vocab_size,
            "hidden_size": self.d_model,
            "num_hidden_layers": self.n_layers,
            "intermediate_size": self.d_inner,
            "expand": self.d_inner // self.d_model,
            "state_size": self.d_state,
            "conv_kernel": self.d_conv,
            "time_step_rank": self.dt_rank,
            "layer_norm_epsilon": self.norm_eps,
            "mixer_rms_eps": self.mixer_norm_eps,
            "hidden_act": "silu",
            "use_bias": False,
            "use_conv_bias": True,
            "residual_in_fp32": True,
            "tie_word_embeddings": True,
            "dtype": "bfloat16",
            "bos_token_id": 0,
            "eos_token_id": 2,
            "pad_token_id": 3,
            "max_position_embeddings": trained_context,
            "readthrough": {"demo": True},
        }


class Network(nn.Module):
    """Stacked parameters; `read` runs tokens through them."""

    def __init__(self, shape: Shape, seed: int = 0) -> None:
        super().__init__()
        self.shape = shape
        L, d, D, N, R = shape.n_layers, shape.d_model, shape.d_inner, shape.d_state, shape.dt_rank
        rng = torch.Generator().manual_seed(seed)

        def uniform(bound: float, *size: int) -> nn.Parameter:
            return nn.Parameter((torch.rand(*size, generator=rng) * 2 - 1) * bound)

        self.embeddings = nn.Parameter(torch.randn(shape.vocab_size, d, generator=rng) * 0.05)
        self.norm_f = nn.Parameter(torch.ones(d))
        self.norm = nn.Parameter(torch.ones(L, d))
        self.in_proj = uniform(d**-0.5, L, 2 * D, d)
        self.conv = uniform(shape.d_conv**-0.5, L, D, shape.d_conv)
        self.conv_bias = nn.Parameter(torch.zeros(L, D))
        self.x_proj = uniform(D**-0.5, L, R + 2 * N, D)
        self.dt_proj = uniform(R**-0.5, L, D, R)
        # Time steps of 0.001 to 0.1, as the Mamba paper; softplus(dt_bias) gives them.
        dt = torch.exp(torch.rand(L, D, generator=rng) * math.log(100) + math.log(0.001))
        self.dt_bias = nn.Parameter(dt + torch.log(-torch.expm1(-dt)))
        # Decay rates from 0.1 to 16 instead of 1 to 16: records need memories longer than a thousand tokens.
        rates = torch.linspace(math.log(0.1), math.log(16.0), N)
        self.A_log = nn.Parameter(rates.expand(L, D, N).clone())
        self.D = nn.Parameter(torch.ones(L, D))
        self.out_proj = uniform(D**-0.5 / math.sqrt(L), L, d, D)

    def read(
        self, ids: Tensor, mask: Tensor, states: list[tuple[Tensor, Tensor]] | None, compute_dtype: torch.dtype
    ) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
        """Residual stream [B, T, d_model] after the last layer, and every layer's tail and state.

        A tail is [B, d_conv - 1, d_inner], a state [B, d_inner, d_state]; `states` continues from such pairs.
        `mask` [B, T] is 0 where a row is padded on the left; there the states stand still. T >= d_conv - 1.
        """
        residual = F.embedding(ids, self.embeddings)
        if ids.is_cuda:
            return self._read_cuda(residual, mask, states, compute_dtype)
        s, mask, final = self.shape, mask.to(compute_dtype), []
        by_layer = zip(*(getattr(self, name).unbind(0) for name in _NAMES), strict=True)
        for i, (norm, w_in, conv, conv_bias, w_x, w_dt, dt_bias, A_log, D, w_out) in enumerate(by_layer):
            if states is None:
                tail = torch.zeros(len(ids), s.d_conv - 1, s.d_inner, dtype=compute_dtype)
                h = torch.zeros(len(ids), s.d_inner, s.d_state)
            else:
                tail, h = states[i]
            x, z = _enter(residual, norm, w_in, s.norm_eps, compute_dtype)
            x, tail = causal_conv_train_ref(x, mask, tail, conv, conv_bias)
            delta, B, C = _select(x, mask, w_x, w_dt, dt_bias, s.mixer_norm_eps)
            y, h = selective_scan_train_cpu(x, delta, -torch.exp(A_log), B, C, h)
            residual = _after(residual, y, x, z, D, w_out)
            final.append((tail, h))
        return residual, final

    def _read_cuda(
        self, residual: Tensor, mask: Tensor, states: list[tuple[Tensor, Tensor]] | None, dtype: torch.dtype
    ) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
        s, rows, device = self.shape, len(residual), residual.device
        if states is None:
            tails = torch.zeros(s.n_layers, rows, s.d_conv - 1, s.d_inner, dtype=dtype, device=device)
            hs = torch.zeros(s.n_layers, rows, s.d_inner, s.d_state, device=device)
        else:
            tails, hs = (torch.stack(parts) for parts in zip(*states, strict=True))
        parameters = tuple(getattr(self, name) for name in PARAMETERS)
        norms = Norms(s.norm_eps, s.mixer_norm_eps)
        residual, tails, hs = layers(residual, mask, tails, hs, dtype, norms, parameters)
        return residual, list(zip(tails.unbind(0), hs.unbind(0), strict=True))

    def losses(self, residual: Tensor, targets: Tensor, compute_dtype: torch.dtype) -> Tensor:
        """Negative log likelihood [B * T], fp32, of `targets` [B, T]."""
        flat = residual.reshape(-1, self.shape.d_model)
        head = next_token_losses if flat.is_cuda else _head
        return head(flat, self.norm_f, self.embeddings, targets.reshape(-1), self.shape.norm_eps, compute_dtype)

    @torch.no_grad()
    def logits(self, residual: Tensor, compute_dtype: torch.dtype) -> Tensor:
        hidden = _rms(residual, self.shape.norm_eps) * self.norm_f
        return F.linear(hidden.to(compute_dtype), self.embeddings.to(compute_dtype)).float()

    def save(self, folder: Path, trained_context: int) -> None:
        """Write config.json, generation_config.json and model.safetensors (bf16) into a Hugging Face folder."""
        from safetensors.torch import save_file

        folder.mkdir(parents=True, exist_ok=True)
        bf16 = lambda tensor: tensor.detach().to("cpu", torch.bfloat16).contiguous()  # noqa: E731
        tensors = {"backbone.embeddings.weight": bf16(self.embeddings), "backbone.norm_f.weight": bf16(self.norm_f)}
        for name, theirs in _NAMES.items():
            for i, weight in enumerate(getattr(self, name).unbind(0)):
                weight = weight[:, None, :] if name == "conv" else weight
                tensors[f"backbone.layers.{i}.{theirs}"] = bf16(weight)
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
        config = self.shape.config(trained_context)
        (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
        generation = {"bos_token_id": 0, "eos_token_id": [2, 0], "pad_token_id": 3, "do_sample": False}
        (folder / "generation_config.json").write_text(json.dumps(generation, indent=2) + "\n")

    @torch.no_grad()
    def fill(self, folder: Path) -> None:
        """Take the weights of a folder that `save` wrote. Raises KeyError or RuntimeError if it has another shape."""
        from safetensors.torch import load_file

        stored = load_file(folder / "model.safetensors")
        self.embeddings.copy_(stored["backbone.embeddings.weight"])
        self.norm_f.copy_(stored["backbone.norm_f.weight"])
        for name, theirs in _NAMES.items():
            mine = getattr(self, name)
            layers = [stored[f"backbone.layers.{i}.{theirs}"] for i in range(self.shape.n_layers)]
            mine.copy_(torch.stack(layers).reshape(mine.shape))

    def description(self) -> dict[str, Any]:
        return asdict(self.shape)


def _rms(x: Tensor, eps: float) -> Tensor:
    x = x.float()
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps)


def _enter(residual: Tensor, norm: Tensor, w_in: Tensor, eps: float, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Return the halves [B, T, d_inner] of the first projection: the convolution's input, and the gate."""
    hidden = (_rms(residual, eps) * norm).to(dtype)
    x, z = F.linear(hidden, w_in.to(dtype)).chunk(2, dim=-1)
    return x, z


def _select(
    x: Tensor, mask: Tensor, w_x: Tensor, w_dt: Tensor, dt_bias: Tensor, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """delta [B, T, d_inner] and B, C [B, T, d_state] from the convolution's output; delta is 0 at padding."""
    dtype = x.dtype
    d_state = (w_x.shape[0] - w_dt.shape[1]) // 2
    dt, B, C = F.linear(x, w_x.to(dtype)).split([w_dt.shape[1], d_state, d_state], dim=-1)
    dt = F.linear(_rms(dt, eps).to(dtype), w_dt.to(dtype))
    delta = (F.softplus(dt.float() + dt_bias) * mask[..., None]).to(dtype)
    return delta, _rms(B, eps).to(dtype), _rms(C, eps).to(dtype)


def _after(residual: Tensor, y: Tensor, x: Tensor, z: Tensor, D: Tensor, w_out: Tensor) -> Tensor:
    """Skip, gate, projection and residual."""
    gated = (y.float() + D * x.float()) * F.silu(z.float())
    return residual + F.linear(gated.to(x.dtype), w_out.to(x.dtype)).float()


def _head(flat: Tensor, norm_f: Tensor, embeddings: Tensor, targets: Tensor, eps: float, dtype: torch.dtype) -> Tensor:
    hidden = (_rms(flat, eps) * norm_f).to(dtype)
    return F.cross_entropy(F.linear(hidden, embeddings.to(dtype)).float(), targets, reduction="none")
