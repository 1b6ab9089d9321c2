"""The network: a Mamba or Falcon Mamba language model that reads a chunk of any length into a state.

Glossary (Mamba: Gu and Dao, arXiv 2312.00752; Falcon Mamba: Zuo et al., arXiv 2410.05355)

    B, T        rows of a batch; tokens of a chunk, T >= 1
    d_model     width of the residual stream; D in section 3.4 of the paper
    d_inner     channels of a mixer, the paper's E * D
    d_state     N, states a channel
    d_conv      taps of the causal convolution before the scan
    dt_rank     R, rank of the projection that makes dt
    x           a mixer's input after in_proj, the convolution and SiLU     [B, T, d_inner]
    z           its gate, the other half of in_proj                         [B, T, d_inner]
    dt          Delta before bias and softplus: dt_proj(first dt_rank values of x_proj(x))
    A           -exp(A_log), the state matrix, diagonal, one row a channel  [d_inner, d_state], fp32
    B, C        input and output of the state, the rest of x_proj(x)        [B, T, d_state]
    D           skip from x to y                                            [d_inner], fp32
    h           the hidden state, `MambaState.ssm`; equations 2a and 2b with the zero-order hold of A:
                h[t] = exp(Delta[t] A) h[t-1] + Delta[t] B[t] x[t],  y[t] = (C[t] h[t] + D x[t]) SiLU(z[t])

    Falcon Mamba differs in one thing: dt, B and C each pass an RMS norm without weights.

A layer is residual += out_proj(scan(conv(in_proj(norm(residual))))). Everything is token-major, [.., d_inner] last, so
no transpose stands between a matrix product and the scan, and the kernels take halves of a projection as views.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import partial

import torch
from torch.nn import functional as F

from engine.network.config import FalconMambaConfig
from engine.network.cpu_step import token_step
from engine.network.gpu_step import row_step
from engine.network.linear import Linear
from engine.network.state import MambaState
from kernels import causal_conv, causal_conv_update, rms_norm, selective_scan, selective_update
from kernels.quantisation import FEW

# A captured step costs a copy of the state into the graph and one out of it: 1 % of a step for one 7B row, a fifth for
# 64, where launching kernels one by one would still take longer; and the whole batch's state again in memory.
GRAPH_MAX_ROWS = 64
# Capturing takes as long as some steps; a batch size seen less often than this runs without.
GRAPH_AFTER_STEPS = 3
GRAPHS_KEPT = 3

Meter = Callable[[int, torch.Tensor], None]
"""Told dt [B, T, d_inner] of every layer, by its number, as the scan gets it: without bias and softplus, padding
included. Not to be changed."""


@dataclass(frozen=True, slots=True)
class Layer:
    """Weights of one layer, in the compute dtype unless a shape says fp32."""

    norm: torch.Tensor  # [d_model]
    in_proj: Linear  # [2 * d_inner, d_model]
    conv: torch.Tensor  # [d_inner, d_conv]
    conv_bias: torch.Tensor | None  # [d_inner]
    x_proj: Linear  # [dt_rank + 2 * d_state, d_inner]
    dt_proj: Linear  # [d_inner, dt_rank], without its bias
    dt_bias: torch.Tensor  # [d_inner], fp32
    A: torch.Tensor  # [d_inner, d_state], fp32
    D: torch.Tensor  # [d_inner], fp32
    out_proj: Linear  # [d_model, d_inner]


class FalconMamba:
    """The weights, frozen, and the one forward pass over them. Make it with `engine.network.weights`."""

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
        """Whether decode on CUDA is replayed as a captured graph."""
        self._graphs: OrderedDict[int, _StepGraph] = OrderedDict()
        self._steps_seen: dict[int, int] = {}
        self._cpu_step = token_step(self)
        self._row_step = row_step(self)

    @property
    def device(self) -> torch.device:
        return self.embeddings.device

    @property
    def dtype(self) -> torch.dtype:
        """The compute dtype: of the weights, the activations and the convolution's state."""
        return self.embeddings.dtype

    @property
    def nbytes(self) -> int:
        """Bytes of all weights; tied embeddings count once."""
        parts = [self.embeddings, self.norm_f] + [getattr(l, f.name) for l in self.layers for f in fields(Layer)]
        if self.head.weight is not self.embeddings:
            parts.append(self.head)
        return sum(part.nbytes for part in parts if part is not None)

    def new_state(self, batch_size: int = 1) -> MambaState:
        """A state that has read nothing, on the model's device."""
        c = self.config
        shape = (c.n_layers, batch_size, c.d_inner)
        return MambaState(
            conv=torch.zeros(*shape, c.d_conv - 1, dtype=self.dtype, device=self.device),
            ssm=torch.zeros(*shape, c.d_state, dtype=torch.float32, device=self.device),
            n_tokens=torch.zeros(batch_size, dtype=torch.int64),
        )

    @torch.inference_mode()
    def __call__(
        self, ids: torch.Tensor, state: MambaState, lengths: torch.Tensor | None = None, meter: Meter | None = None
    ) -> torch.Tensor:
        """Read `ids` [B, T] (any integer dtype and device) into `state`, in place.

        `lengths` [B], 0 <= length <= T, is for rows of unequal length, padded on the right with any token: each row's
        state stops at its length. Returns the logits [B, vocab_size], fp32, of each row's last token; NaN for a row of
        length 0. `meter` watches (engine.reading.retention). Ids must be in the vocabulary; ValueError when shapes or
        devices
        do not go together.
        """
        self._check(ids, state, lengths)
        ids = ids.to(self.device, torch.int64)
        if ids.shape[1] == 1 and lengths is None and meter is None:
            logits = self._step(ids, state)
            state.n_tokens += 1
        else:
            on_device = None if lengths is None else lengths.to(self.device, torch.int64)
            logits = self._forward(ids, state.conv, state.ssm, on_device, meter)
            state.n_tokens += ids.shape[1] if lengths is None else lengths.to("cpu", torch.int64)
        return logits

    @torch.inference_mode()
    def likeliest(self, token: int, state: MambaState) -> Callable[[], int] | None:
        """Begin to read `token` into `state` of one row, and return what waits for the likeliest token after it.

        That is -1 if the logits are not numbers. None, and nothing is done, where the device does not choose.
        """
        if self._row_step is None or not self._row_step.serves(state):
            return None
        chosen = self._row_step.likeliest(token, state, self.graphs_enabled)
        state.n_tokens += 1
        return chosen

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

    def _forward(
        self,
        ids: torch.Tensor,
        conv: torch.Tensor,
        ssm: torch.Tensor,
        lengths: torch.Tensor | None,
        meter: Meter | None = None,
    ) -> torch.Tensor:
        """The network on [B, T] ids; advances `conv` and `ssm`, returns [B, vocab_size]."""
        c = self.config
        residual = F.embedding(ids, self.embeddings)  # [B, T, d_model]
        if c.residual_in_fp32:
            residual = residual.float()
        out: torch.Tensor | None = None
        for index, layer in enumerate(self.layers):
            if out is None:
                hidden = rms_norm(residual, layer.norm, c.norm_eps)
            else:
                hidden = rms_norm(out, layer.norm, c.norm_eps, residual)  # adds `out` to the residual first
            watch = None if meter is None else partial(meter, index)
            out = self._mixer(layer, hidden, conv[index], ssm[index], lengths, watch)
        assert out is not None
        last, residual = _last_token(out, lengths), _last_token(residual, lengths)
        hidden = rms_norm(last, self.norm_f, c.norm_eps, residual)
        logits = self.head(hidden).float()
        return logits if lengths is None else logits.masked_fill_((lengths == 0)[:, None], float("nan"))

    def _mixer(
        self,
        layer: Layer,
        hidden: torch.Tensor,  # [B, T, d_model]
        conv: torch.Tensor,  # [B, d_inner, d_conv - 1]
        ssm: torch.Tensor,  # [B, d_inner, d_state]
        lengths: torch.Tensor | None,
        watch: Callable[[torch.Tensor], None] | None,
    ) -> torch.Tensor:
        """Section 3.4 of the Mamba paper; returns [B, T, d_model]."""
        c = self.config
        one_token = hidden.shape[1] == 1 and lengths is None
        x, z = layer.in_proj(hidden).split(c.d_inner, dim=-1)
        if one_token:
            x = causal_conv_update(x[:, 0], layer.conv, layer.conv_bias, conv)[:, None]
        else:
            x = causal_conv(x, layer.conv, layer.conv_bias, conv, lengths)
        dt, B, C = layer.x_proj(x).split([c.dt_rank, c.d_state, c.d_state], dim=-1)
        if c.mixer_norm_eps is not None:
            dt = rms_norm(dt, None, c.mixer_norm_eps)
            B = rms_norm(B, None, c.mixer_norm_eps)
            C = rms_norm(C, None, c.mixer_norm_eps)
        dt = layer.dt_proj(dt)  # its bias is added in fp32, inside the scan
        if watch is not None:
            watch(dt)
        A, D, bias = layer.A, layer.D, layer.dt_bias
        if one_token:
            y = selective_update(x[:, 0], dt[:, 0], A, B[:, 0], C[:, 0], D, z[:, 0], bias, ssm)[:, None]
        else:
            y = selective_scan(x, dt, A, B, C, D, z, bias, ssm, lengths)
        return layer.out_proj(y)

    def _step(self, ids: torch.Tensor, state: MambaState) -> torch.Tensor:
        """One token a row: the whole network in one call for a few rows on a CPU or one on a GPU, else the forward
        pass, which on CUDA is captured as a graph once this batch size has proved frequent.
        """
        rows = ids.shape[0]
        if self._cpu_step is not None and rows <= FEW and state.conv.is_contiguous() and state.ssm.is_contiguous():
            return self._cpu_step(ids[:, 0], state.conv, state.ssm)
        if self._row_step is not None and self._row_step.serves(state):
            return self._row_step.logits(ids, state, self.graphs_enabled)
        if not self.graphs_enabled or rows > GRAPH_MAX_ROWS:
            return self._forward(ids, state.conv, state.ssm, None)
        graph = self._graphs.get(rows)
        if graph is None:
            seen = self._steps_seen[rows] = self._steps_seen.get(rows, 0) + 1
            if seen <= GRAPH_AFTER_STEPS:  # these steps also compile and warm every kernel that is captured next
                return self._forward(ids, state.conv, state.ssm, None)
            graph = self._graphs[rows] = _StepGraph(self, rows)
            if len(self._graphs) > GRAPHS_KEPT:
                dropped, _ = self._graphs.popitem(last=False)
                del self._steps_seen[dropped]
        self._graphs.move_to_end(rows)
        return graph.replay(ids, state)


class _StepGraph:
    """One-token steps of a fixed number of rows, captured once and replayed.

    A graph reads and writes fixed addresses, so it owns ids, state and logits. The caller's state is copied in before
    and out after each replay: any state may be handed to any step, and none is ever stale.
    """

    def __init__(self, model: FalconMamba, rows: int) -> None:
        self._ids = torch.zeros(rows, 1, dtype=torch.int64, device=model.device)
        self._state = model.new_state(rows)
        conv, ssm = self._state.conv, self._state.ssm
        stream = torch.cuda.Stream(model.device)
        stream.wait_stream(torch.cuda.current_stream(model.device))
        with torch.cuda.stream(stream):  # capture needs every lazy allocation of the side stream done before
            model._forward(self._ids, conv, ssm, None)
        torch.cuda.current_stream(model.device).wait_stream(stream)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph, stream=stream):
            self._logits = model._forward(self._ids, conv, ssm, None)

    def replay(self, ids: torch.Tensor, state: MambaState) -> torch.Tensor:
        """Logits [B, vocab_size] after `ids` [B, 1]; `state` is advanced."""
        self._ids.copy_(ids)
        self._state.conv.copy_(state.conv)
        self._state.ssm.copy_(state.ssm)
        self._graph.replay()
        state.conv.copy_(self._state.conv)
        state.ssm.copy_(self._state.ssm)
        return self._logits.clone()


def _last_token(x: torch.Tensor, lengths: torch.Tensor | None) -> torch.Tensor:
    """[B, T, size] -> [B, size] at each row's last real token (its first where a row has none)."""
    if lengths is None:
        return x[:, -1].contiguous()
    rows = torch.arange(x.shape[0], device=x.device)
    return x[rows, (lengths - 1).clamp(min=0)]
