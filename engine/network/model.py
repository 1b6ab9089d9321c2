"""FalconMamba: a Mamba or Falcon Mamba language model that reads a chunk of any length into a state.

Glossary (Mamba: Gu and Dao, arXiv 2312.00752; Falcon Mamba: Zuo et al., arXiv 2410.05355)

    B, T        sequences of a batch; tokens of a chunk, T >= 1
    d_model     width of the residual stream; D in section 3.4 of the paper
    d_inner     channels of a mixer, the paper's E * D
    d_state     N, states per channel
    d_conv      taps of the causal convolution before the scan
    dt_rank     R, rank of the projection that makes dt
    x           a mixer's input after in_proj, the convolution and SiLU     [B, T, d_inner]
    z           its gate, the other half of in_proj                         [B, T, d_inner]
    dt          Delta before bias and softplus: dt_proj(first dt_rank values of x_proj(x))
    A           -exp(A_log), the state matrix, diagonal, a row per channel  [d_inner, d_state], fp32
    B, C        input and output of the state, the rest of x_proj(x)        [B, T, d_state]
    D           skip from x to y                                            [d_inner], fp32
    h           the hidden state, `MambaState.ssm`; equations 2a and 2b with the zero-order hold of A:
                h[t] = exp(Delta[t] A) h[t-1] + Delta[t] B[t] x[t],  y[t] = (C[t] h[t] + D x[t]) SiLU(z[t])

    Falcon Mamba differs in one thing: dt, B and C each pass an RMS norm without weights.

A layer is residual += out_proj(scan(conv(in_proj(norm(residual))))). All tensors are token-major, [.., d_inner] last,
so no transpose is needed between a matmul and the scan, and the kernels take halves of a projection as views.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import partial

import torch
from torch.nn import functional as F

from engine.network.chunk_graphs import ChunkGraphs
from engine.network.config import FalconMambaConfig
from engine.network.cpu_step import cpu_step
from engine.network.decode_step import DecodeStep, Draft
from engine.network.forward_graphs import ForwardGraphs
from engine.network.gpu_step import gpu_step
from engine.network.layer import DtObserver, Layer
from engine.network.linear import Linear
from engine.network.state import MambaState
from kernels import operations
from kernels.operations import Scaled


class FalconMamba:
    """The frozen weights and the forward pass. `engine.network.weights` makes it."""

    def __init__(
        self,
        config: FalconMambaConfig,
        embeddings: torch.Tensor,  # [vocab_size, d_model]
        layers: Sequence[Layer],
        norm_f: torch.Tensor,  # [d_model]
        head: Linear,  # [vocab_size, d_model]; its weight is `embeddings` itself when they are tied
    ) -> None:
        self.config = config
        self.embeddings = embeddings
        self.layers = tuple(layers)
        self.norm_f = norm_f
        self.head = head
        self.graphs_enabled = embeddings.is_cuda
        """True when decode on CUDA replays CUDA graphs."""
        self.tokens_computed = 0
        """Tokens of all forward passes, padding left out; a figure for progress."""
        self._ops = operations(embeddings.device)
        self._forward_graphs = ForwardGraphs()
        self._chunk_graphs = ChunkGraphs()
        parts = config, self.layers, embeddings, norm_f, head
        self._decode_step: DecodeStep | None = cpu_step(*parts) or gpu_step(*parts)

    @property
    def device(self) -> torch.device:
        return self.embeddings.device

    @property
    def dtype(self) -> torch.dtype:
        """The compute dtype, that of the weights, the activations and the convolution's state."""
        return self.embeddings.dtype

    @property
    def nbytes(self) -> int:
        """Bytes of all weights; tied embeddings count once."""
        parts = [self.embeddings, self.norm_f] + [getattr(l, f.name) for l in self.layers for f in fields(Layer)]
        if self.head.weight is not self.embeddings:
            parts.append(self.head)
        return sum(part.nbytes for part in parts if part is not None)

    def new_state(self, batch_size: int = 1) -> MambaState:
        """Return a state that has read nothing, on the model's device."""
        c = self.config
        shape = (c.n_layers, batch_size, c.d_inner)
        return MambaState(
            conv=torch.zeros(*shape, c.d_conv - 1, dtype=self.dtype, device=self.device),
            ssm=torch.zeros(*shape, c.d_state, dtype=torch.float32, device=self.device),
            n_tokens=torch.zeros(batch_size, dtype=torch.int64),
        )

    @torch.inference_mode()
    def __call__(
        self,
        ids: torch.Tensor,
        state: MambaState,
        lengths: torch.Tensor | None = None,
        observer: DtObserver | None = None,
    ) -> torch.Tensor:
        """Read `ids` [B, T] (any integer dtype and device, in the vocabulary) into `state`, in place.

        `lengths` [B], 0 <= length <= T, is for sequences of unequal length, padded on the right with any token: each
        sequence's state stops at its length. `observer` sees dt (`engine.network.layer`). Returns the logits
        [B, vocab_size], fp32, of each sequence's last token, NaN for length 0. Raises ValueError when shapes or devices
        do not go together.
        """
        self._check(ids, state, lengths)
        self.tokens_computed += ids.numel() if lengths is None else int(lengths.sum())
        ids = ids.to(self.device, torch.int64)
        if ids.shape[1] == 1 and lengths is None and observer is None:
            logits = self._step(ids, state)
            state.n_tokens += 1
        else:
            logits = self._chunk(ids, state, lengths, observer)
            state.n_tokens += ids.shape[1] if lengths is None else lengths.to("cpu", torch.int64)
        return logits

    @torch.inference_mode()
    def hidden(self, ids: torch.Tensor, state: MambaState, lengths: torch.Tensor | None = None) -> torch.Tensor:
        """Read `ids` [B, T] into `state`, in place, and return the hidden vectors [B, T, d_model] behind the last norm.

        `lengths` as in a call; vectors at padding mean nothing. `head` gives the logits of a vector.
        """
        self._check(ids, state, lengths)
        self.tokens_computed += ids.numel() if lengths is None else int(lengths.sum())
        on_device = None if lengths is None else lengths.to(self.device, torch.int64)
        out, residual = self._layers(ids.to(self.device, torch.int64), state.conv, state.ssm, on_device)
        state.n_tokens += ids.shape[1] if lengths is None else lengths.to("cpu", torch.int64)
        return self._ops.rms_norm(out, self.norm_f, self.config.norm_eps, residual)

    @torch.inference_mode()
    def argmax(self, token: int, state: MambaState) -> Callable[[], int] | None:
        """Begin to read `token` into `state` of one sequence; the function returned waits for the argmax after it.

        That is -1 if the logits are not numbers. Returns None, and does nothing, where the device does not choose.
        """
        if self._decode_step is None:
            return None
        chosen = self._decode_step.argmax(token, state, self.graphs_enabled)
        if chosen is not None:
            state.n_tokens += 1
            self.tokens_computed += 1
        return chosen

    @torch.inference_mode()
    def draft(self, tokens: Sequence[int], state: MambaState) -> Draft | None:
        """Read a draft of the next tokens at once, from `state` of one sequence, which advances only as far as the
        draft is told to. Returns None, and does nothing, where the device reads no drafts."""
        if self._decode_step is None:
            return None
        return self._decode_step.draft(tokens, state, self.graphs_enabled)

    def _check(self, ids: torch.Tensor, state: MambaState, lengths: torch.Tensor | None) -> None:
        c = self.config
        if ids.ndim != 2 or ids.shape[1] < 1 or ids.shape[0] != state.batch_size:
            raise ValueError(f"ids {tuple(ids.shape)} must be [{state.batch_size}, T] with T >= 1")
        expected = (c.n_layers, state.batch_size, c.d_inner)
        if state.ssm.shape != (*expected, c.d_state) or state.conv.shape != (*expected, c.d_conv - 1):
            raise ValueError("this state belongs to a network of another shape")
        if state.device != self.device or state.conv.dtype != self.dtype:
            raise ValueError(
                f"the state is {state.conv.dtype} on {state.device}, the model {self.dtype} on {self.device}"
            )
        if lengths is not None and (lengths.shape != ids.shape[:1]):
            raise ValueError(f"lengths {tuple(lengths.shape)} must be [{ids.shape[0]}]")

    def _chunk(
        self,
        ids: torch.Tensor,
        state: MambaState,
        lengths: torch.Tensor | None,
        observer: DtObserver | None,
    ) -> torch.Tensor:
        """Read a chunk: as a graph where one is captured for its length, else op by op."""
        if self.graphs_enabled and lengths is None and observer is None:
            logits = self._chunk_graphs.logits(ids, state, self._forward, self.new_state)
            if logits is not None:
                return logits
        on_device = None if lengths is None else lengths.to(self.device, torch.int64)
        return self._forward(ids, state.conv, state.ssm, on_device, observer)

    def _forward(
        self,
        ids: torch.Tensor,
        conv: torch.Tensor,
        ssm: torch.Tensor,
        lengths: torch.Tensor | None = None,
        observer: DtObserver | None = None,
    ) -> torch.Tensor:
        """Run the network on [B, T] ids: advance `conv` and `ssm`, return logits [B, vocab_size]."""
        out, residual = self._layers(ids, conv, ssm, lengths, observer)
        last, residual = _last_token(out, lengths), _last_token(residual, lengths)
        hidden = self._ops.rms_norm(last, self.norm_f, self.config.norm_eps, residual)
        logits = self.head(hidden).float()
        return logits if lengths is None else logits.masked_fill_((lengths == 0)[:, None], float("nan"))

    def _layers(
        self,
        ids: torch.Tensor,
        conv: torch.Tensor,
        ssm: torch.Tensor,
        lengths: torch.Tensor | None = None,
        observer: DtObserver | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the last layer's output and the residual stream before it, both [B, T, d_model]; advance the state."""
        c = self.config
        residual = F.embedding(ids, self.embeddings)  # [B, T, d_model]
        if c.residual_in_fp32:
            residual = residual.float()
        out: torch.Tensor | None = None
        for index, layer in enumerate(self.layers):
            norm = self._ops.scaled_rms_norm if layer.in_proj.takes_fp8(ids.numel()) else self._ops.rms_norm
            if out is None:
                hidden = norm(residual, layer.norm, c.norm_eps)
            else:
                hidden = norm(out, layer.norm, c.norm_eps, residual)  # adds `out` to the residual first
            observe = None if observer is None else partial(observer, index)
            out = self._mixer(layer, hidden, conv[index], ssm[index], lengths, observe)
        assert out is not None
        return out, residual

    def _mixer(
        self,
        layer: Layer,
        hidden: torch.Tensor | Scaled,  # [B, T, d_model]
        conv: torch.Tensor,  # [B, d_inner, d_conv - 1]
        ssm: torch.Tensor,  # [B, d_inner, d_state]
        lengths: torch.Tensor | None,
        observe: Callable[[torch.Tensor], None] | None,
    ) -> torch.Tensor:
        """Return the mixer's output [B, T, d_model] (section 3.4 of the Mamba paper); advance `conv` and `ssm`."""
        c = self.config
        one_token = hidden.shape[1] == 1 and lengths is None
        x, z = torch.split(layer.in_proj(hidden), c.d_inner, dim=-1)
        if one_token:
            x = self._ops.causal_conv_update(x[:, 0], layer.conv, layer.conv_bias, conv)[:, None]
        else:
            x = self._ops.causal_conv(x, layer.conv, layer.conv_bias, conv, lengths)
        parameters = layer.x_proj(x)
        if c.mixer_norm_eps is None:
            dt, B, C = torch.split(parameters, [c.dt_rank, c.d_state, c.d_state], dim=-1)
        else:
            dt, B, C = self._ops.mixer_norms(parameters, c.dt_rank, c.mixer_norm_eps)
        dt = layer.dt_proj(dt)  # its bias is added in fp32, inside the scan
        if observe is not None:
            observe(dt)
        A, D, bias = layer.A, layer.D, layer.dt_bias
        if one_token:
            y = self._ops.selective_update(x[:, 0], dt[:, 0], A, B[:, 0], C[:, 0], D, z[:, 0], bias, ssm)[:, None]
        else:
            y = self._ops.selective_scan(x, dt, A, B, C, D, z, bias, ssm, lengths)
        return layer.out_proj(y)

    def _step(self, ids: torch.Tensor, state: MambaState) -> torch.Tensor:
        """Read one token a sequence: by the decode step if it takes the state, else by the forward pass, as a graph
        on CUDA."""
        if self._decode_step is not None:
            logits = self._decode_step.logits(ids, state, self.graphs_enabled)
            if logits is not None:
                return logits
        if self.graphs_enabled:
            return self._forward_graphs.logits(ids, state, self._forward, self.new_state)
        return self._forward(ids, state.conv, state.ssm)


def _last_token(x: torch.Tensor, lengths: torch.Tensor | None) -> torch.Tensor:
    """Return x [B, T, size] at each sequence's last token within its length, [B, size]; at its first for length 0."""
    if lengths is None:
        return x[:, -1].contiguous()
    rows = torch.arange(x.shape[0], device=x.device)
    return x[rows, (lengths - 1).clamp(min=0)]
