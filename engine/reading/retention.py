"""Retention: how much of the pages read earlier can still be in a state.

A contribution to the hidden state h decays by a factor that does not depend on its value. With the recurrence of Mamba
(Gu and Dao, arXiv 2312.00752, equation 2a, zero-order hold),

    h[t] = exp(Delta[t] A) h[t-1] + Delta[t] B[t] x[t],    Delta = softplus(dt + dt_bias),    A diagonal, below zero,

the contribution of token s to one element of h has been multiplied, by token t, with

    exp(A (S[t] - S[s])),    S[t] = Delta[1] + ... + Delta[t] of the element's channel.

So one running sum per channel is enough beside the state: the decay sums. `DecayMeter` adds them up for CHANNELS
channels of every layer while the document is read. Retention is the mean of the factor over these channels, all their
states and all layers, from the end of a section (its best preserved token) to the end of the reading. It is an upper
bound on the share of a section that is left: 1 is all of it, 0 nothing. It does not measure the model's recall.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch.nn import functional as F

from engine.library.records import Retention, Section
from engine.network.model import FalconMamba
from engine.protocol.wire import RetentionMeasured

CHANNELS = 64
"""Channels sampled per layer, at a fixed stride: their mean is within 0.02 of that of all (see the tests)."""
FADED = 0.01
"""Retention in [0, 1] below which the state holds almost nothing of a section."""


class DecayMeter:
    """The decay sums of one reading: an observer of the model, passed with every chunk after `expect`."""

    def __init__(self, model: FalconMamba) -> None:
        stride = max(1, model.config.d_inner // CHANNELS)
        self._channels = slice(0, stride * min(CHANNELS, model.config.d_inner), stride)
        self._biases = [layer.dt_bias[self._channels].float() for layer in model.layers]
        self._A = [layer.A[self._channels] for layer in model.layers]
        shape = (model.config.n_layers, self._biases[0].shape[0])
        self._sums = torch.zeros(shape, dtype=torch.float64, device=model.device)  # [n_layers, channels]
        self._position = 0
        self._ends: list[int] = []
        self._found: list[torch.Tensor] = []
        self.marks: dict[int, bytes] = {}
        """Position -> `to_bytes` there, for every expected position."""

    @property
    def n_channels(self) -> int:
        """Channels sampled per layer."""
        return self._sums.shape[1]

    def expect(self, position: int, ends: Sequence[int]) -> None:
        """Prepare for a chunk that begins after `position` tokens: note the sums at `ends`, ascending positions within
        it or at its end."""
        self._position, self._ends, self._found = position, list(ends), []

    def __call__(self, index: int, dt: torch.Tensor) -> None:
        """Add dt [1, T, d_inner] of layer `index` to its sums. Raises ValueError for more than one sequence."""
        if dt.shape[0] != 1:
            raise ValueError("decay is measured for one sequence")
        delta = F.softplus(dt[0, :, self._channels].float() + self._biases[index])
        sums, start = self._sums[index], self._position
        at_ends = []
        for end in self._ends:
            sums = sums + delta[start - self._position : end - self._position].sum(dim=0, dtype=torch.float64)
            at_ends.append(sums)
            start = end
        self._sums[index] = sums + delta[start - self._position :].sum(dim=0, dtype=torch.float64)
        if at_ends:
            self._found.append(torch.stack(at_ends))

    def keep(self) -> None:
        """Put the sums of the last chunk at the expected positions into `marks`."""
        if self._ends:
            for end, sums in zip(self._ends, torch.stack(self._found, dim=1).cpu().numpy(), strict=True):
                self.marks[end] = sums.tobytes()
        self._ends, self._found = [], []

    def forget(self, position: int) -> None:
        """Drop the marks up to `position`."""
        for end in [end for end in self.marks if end <= position]:
            del self.marks[end]

    def to_bytes(self) -> bytes:
        """Return the sums so far: float64, little-endian, layer by layer."""
        return self._sums.cpu().numpy().astype("<f8").tobytes()

    def restore(self, data: bytes) -> bool:
        """Go on from sums that `to_bytes` gave; return False where they are those of another network."""
        found = np.frombuffer(data, dtype="<f8")
        if found.size != self._sums.numel():
            return False
        self._sums.copy_(torch.from_numpy(found.copy()).view_as(self._sums))
        return True

    def retained(self, since: Sequence[bytes]) -> list[float]:
        """Return the retention since each of the earlier sums `since`, in [0, 1]."""
        A = torch.stack(self._A).double()  # [n_layers, channels, d_state]
        shares = []
        for data in since:
            then = torch.from_numpy(np.frombuffer(data, dtype="<f8").copy()).to(self._sums.device).view_as(self._sums)
            shares.append(float(torch.exp(A * (self._sums - then)[:, :, None]).mean()))
        return shares


def measure(
    meter: DecayMeter, tokens: int, sections: Sequence[Section], marks: Mapping[int, bytes]
) -> Retention | None:
    """Return the retention of `sections` in a state that has read `tokens` tokens of the document.

    `marks`: tokens read -> the decay sums there. Sections without sums at their end are left out; None where none has
    any.
    """
    known = [section for section in sections if section.first_token + section.n_tokens in marks]
    if not known:
        return None
    retained = meter.retained([marks[section.first_token + section.n_tokens] for section in known])
    faded = 0
    for section, share in zip(known, retained, strict=True):
        if share >= FADED:
            break
        faded = section.last_page
    return Retention(
        tokens, [section.first_page for section in known], [section.last_page for section in known], retained, faded
    )


def event(job_id: str, document: int, found: Retention) -> RetentionMeasured:
    """Return the event that reports `found`."""
    return RetentionMeasured(job_id=job_id, document_id=document, **dataclasses.asdict(found))
