"""The layers of the network for training on a GPU: forward and backward by hand, as one autograd function of them all.

What plain autograd would add is left out: softplus, skip and gate are computed in the scan, sums of gradients in the
kernel that reads them, and every gradient is written where it is wanted (both halves of that of in_proj, each layer's
part of a stacked parameter). Kept for the backward are, for each token and layer, 5 d_inner + 1.5 d_model numbers in
the compute dtype, the residual in fp32 and every eighth state.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from engine.training.kernels.causal_conv import causal_conv_backward, causal_conv_forward
from engine.training.kernels.cross_entropy import cross_entropy, cross_entropy_backward
from engine.training.kernels.norms import add_norm, mixer_norms, mixer_norms_backward, norm_backward
from engine.training.kernels.scan import Scanned, scan_backward, scan_forward

PARAMETERS = (
    "norm", "in_proj", "conv", "conv_bias", "x_proj", "dt_proj", "dt_bias", "A_log", "D", "out_proj"
)  # fmt: skip
"""The stacked parameters, in the order in which `layers` takes them."""
_MATRICES = ("in_proj", "x_proj", "dt_proj", "out_proj")


class Norms(NamedTuple):
    """What the norms add under the root: `outer` before in_proj, `mixer` those of dt, B and C."""

    outer: float
    mixer: float


class _Kept(NamedTuple):
    """What one layer's backward takes; tokens of all rows in one dimension unless it says [rows, T]."""

    residual: Tensor
    hidden: Tensor
    both: Tensor
    tail: Tensor
    x: Tensor  # [rows, T, d_inner]
    p: Tensor
    dt_low: Tensor
    bc: Tensor
    dt: Tensor  # [rows, T, d_inner]
    scanned: Scanned


class _Layers(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, residual: Tensor, mask: Tensor, tails: Tensor, states: Tensor, dtype: torch.dtype, norms: Norms,
        *parameters: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
        stacked = dict(zip(PARAMETERS, parameters, strict=True))
        short = {name: stacked[name].to(dtype) for name in _MATRICES}
        A = -torch.exp(stacked["A_log"])
        rows, T, d_model = residual.shape
        n_layers, d_inner, rank = len(A), A.shape[1], short["dt_proj"].shape[2]
        first = (mask == 0).sum(1, dtype=torch.int32)
        tails, states = tails.contiguous(), states.contiguous()
        out_tails, out_states = torch.empty_like(tails), torch.empty_like(states)
        ctx.kept, ctx.short, ctx.stacked, ctx.A, ctx.norms = [], short, stacked, A, norms
        ctx.first = first
        stream, added = residual.reshape(-1, d_model), None
        by_row = lambda flat: flat.view(rows, T, -1)  # noqa: E731
        for i in range(n_layers):
            stream, hidden = add_norm(stream, added, stacked["norm"][i], norms.outer, dtype)
            both = hidden @ short["in_proj"][i].t()
            half, z = by_row(both).split(d_inner, dim=2)
            x, out_tails[i] = causal_conv_forward(half, first, tails[i], stacked["conv"][i], stacked["conv_bias"][i])
            p = x.view(-1, d_inner) @ short["x_proj"][i].t()
            dt_low, bc = mixer_norms(p, rank, norms.mixer)
            dt = by_row(dt_low @ short["dt_proj"][i].t())
            scanned = scan_forward(x, dt, z, bc, A[i], stacked["D"][i], stacked["dt_bias"][i], states[i], first)
            out_states[i] = scanned.ht
            added = scanned.out.view(-1, d_inner) @ short["out_proj"][i].t()
            ctx.kept.append(_Kept(stream, hidden, both, tails[i], x, p, dt_low, bc, dt, scanned))
        return stream.view_as(residual) + by_row(added), out_tails, out_states

    @staticmethod
    def backward(ctx: Any, dresidual: Tensor, dtails: Tensor, dstates: Tensor) -> tuple[Tensor | None, ...]:
        stacked, short, norms = ctx.stacked, ctx.short, ctx.norms
        rows, T, d_model = dresidual.shape
        d_inner, rank = ctx.A.shape[1], short["dt_proj"].shape[2]
        dtails, dstates = dtails.contiguous(), dstates.contiguous()
        found = {name: torch.empty_like(parameter) for name, parameter in stacked.items()}
        before_tails, before_states = torch.empty_like(dtails), torch.empty_like(dstates)
        stream = dresidual.reshape(-1, d_model).contiguous()
        dout = stream.to(short["in_proj"].dtype)
        flat = lambda by_row: by_row.reshape(rows * T, -1)  # noqa: E731
        for i in reversed(range(len(ctx.A))):
            kept: _Kept = ctx.kept.pop()
            A, scanned = ctx.A[i], kept.scanned
            half, z = kept.both.view(rows, T, -1).split(d_inner, dim=2)
            dboth = torch.empty_like(kept.both)
            dhalf, dz = dboth.view(rows, T, -1).split(d_inner, dim=2)
            dgated = (dout @ short["out_proj"][i]).view(rows, T, d_inner)
            found["out_proj"][i] = dout.t() @ flat(scanned.out)
            slopes = scan_backward(
                kept.x, kept.dt, z, kept.bc, A, stacked["D"][i], stacked["dt_bias"][i], ctx.first, scanned, dgated,
                dstates[i], dz,
            )  # fmt: skip
            found["A_log"][i] = slopes.dA * A
            found["D"][i], found["dt_bias"][i], before_states[i] = slopes.dD, slopes.dbias, slopes.dh0
            ddt = flat(slopes.ddt)
            found["dt_proj"][i] = ddt.t() @ kept.dt_low
            dp = mixer_norms_backward(kept.p, rank, norms.mixer, ddt @ short["dt_proj"][i], slopes.partial)
            found["x_proj"][i] = dp.t() @ flat(kept.x)
            through = (dp @ short["x_proj"][i]).view(rows, T, d_inner)
            before_tails[i], found["conv"][i], found["conv_bias"][i] = causal_conv_backward(
                half, ctx.first, kept.tail, stacked["conv"][i], stacked["conv_bias"][i], slopes.dx, through, dtails[i],
                dhalf,
            )  # fmt: skip
            found["in_proj"][i] = dboth.t() @ kept.hidden
            stream, dout, found["norm"][i] = norm_backward(
                kept.residual, stacked["norm"][i], dboth @ short["in_proj"][i], stream, norms.outer
            )
        return (
            stream.view(rows, T, d_model), None, before_tails, before_states, None, None,
            *(found[name] for name in PARAMETERS),
        )  # fmt: skip


class _Head(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, flat: Tensor, norm: Tensor, embeddings: Tensor, targets: Tensor, eps: float, dtype: torch.dtype
    ) -> Tensor:
        flat, short = flat.contiguous(), embeddings.to(dtype)
        _, hidden = add_norm(flat, None, norm, eps, dtype)
        logits = hidden @ short.t()
        nll, log_sum = cross_entropy(logits, targets)
        ctx.kept, ctx.eps = [flat, norm, short, hidden, logits, targets, log_sum], eps
        return nll

    @staticmethod
    def backward(ctx: Any, dnll: Tensor) -> tuple[Tensor | None, ...]:
        flat, norm, short, hidden, logits, targets, log_sum = ctx.kept
        ctx.kept = None  # the logits become their gradient
        cross_entropy_backward(logits, targets, log_sum, dnll.contiguous())
        dflat, _, dnorm = norm_backward(flat, norm, logits @ short, None, ctx.eps)
        return dflat, dnorm, (logits.t() @ hidden).to(norm.dtype), None, None, None


def layers(
    residual: Tensor, mask: Tensor, tails: Tensor, states: Tensor, dtype: torch.dtype, norms: Norms,
    parameters: tuple[Tensor, ...],
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """Return the residual stream [rows, T, d_model] after the last layer, and every layer's tail and state.

    residual [rows, T, d_model] and states [layers, rows, d_inner, 16] are fp32, tails [layers, rows, 3, d_inner] in
    `dtype`; `parameters` as PARAMETERS names them, fp32. mask [rows, T] is 0 where a row is padded on the left.
    """
    return _Layers.apply(residual, mask, tails, states, dtype, norms, *parameters)


def next_token_losses(
    flat: Tensor, norm: Tensor, embeddings: Tensor, targets: Tensor, eps: float, dtype: torch.dtype
) -> Tensor:
    """Return the negative log likelihood [rows], fp32, of `targets` [rows]; flat [rows, d_model] is fp32.

    Its gradient can be asked for once.
    """
    return _Head.apply(flat, norm, embeddings, targets, eps, dtype)
