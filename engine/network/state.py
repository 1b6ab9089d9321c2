"""MambaState: the recurrent state of a Mamba network, of a fixed size.

It holds for each layer the last d_conv - 1 inputs of the convolution, in the compute dtype, and the hidden state h of
the scan, always fp32: rounded to bf16 at every token, h drifts off within some ten thousand tokens.

The bytes of `to_bytes` are a safetensors file with a format name and version in its metadata; nothing is pickled. The
scan state in them is fp32, which is exact, or rounded: bf16, fp16, or blocks of int8 (engine.network.state_blocks).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from engine.errors import KnownError
from engine.network.state_blocks import from_blocks, to_blocks

FORMAT = "readthrough-state"
FORMAT_VERSION = 1
_BLOCK_VERSION = 2
"""Version of a blob in blocks of int8, which programs of version 1 do not read; they read the document again."""
_TENSORS = ("conv", "ssm", "n_tokens")
_SCALES = "ssm_scales"
_SSM_DTYPES = (torch.float32, torch.bfloat16, torch.float16)


class StateError(KnownError):
    """A stored state is damaged, foreign or newer than this program; the text is one sentence."""


@dataclass
class MambaState:
    """State of B independent sequences. The model advances all three tensors in place.

    conv      [n_layers, B, d_inner, d_conv - 1], oldest input first, compute dtype
    ssm       [n_layers, B, d_inner, d_state], fp32
    n_tokens  [B], int64, on the CPU: tokens that each sequence has consumed
    """

    conv: torch.Tensor
    ssm: torch.Tensor
    n_tokens: torch.Tensor

    @property
    def batch_size(self) -> int:
        return self.ssm.shape[1]

    @property
    def device(self) -> torch.device:
        return self.ssm.device

    @property
    def nbytes(self) -> int:
        return sum(t.numel() * t.element_size() for t in (self.conv, self.ssm, self.n_tokens))

    def clone(self) -> MambaState:
        """Return an independent copy on the same device."""
        return MambaState(self.conv.clone(), self.ssm.clone(), self.n_tokens.clone())

    def to(self, device: torch.device | str) -> MambaState:
        """Return the same state on `device`; it shares memory when it is there already."""
        return MambaState(self.conv.to(device), self.ssm.to(device), self.n_tokens)

    def select(self, indices: Sequence[int]) -> MambaState:
        """Return a copy of the sequences `indices`, in that order; a repeated index forks a sequence."""
        index = torch.as_tensor(list(indices), dtype=torch.int64)
        on_device = index.to(self.device)
        return MambaState(
            self.conv.index_select(1, on_device), self.ssm.index_select(1, on_device), self.n_tokens[index]
        )

    @staticmethod
    def stack(states: Sequence[MambaState]) -> MambaState:
        """Return one state with the sequences of all `states`, in order."""
        return MambaState(
            torch.cat([s.conv for s in states], dim=1),
            torch.cat([s.ssm for s in states], dim=1),
            torch.cat([s.n_tokens for s in states]),
        )

    @torch.inference_mode()
    def copy_(self, other: MambaState) -> MambaState:
        """Copy the content of `other`, which has the same shape, from any device. Returns self."""
        self.conv.copy_(other.conv)
        self.ssm.copy_(other.ssm)
        self.n_tokens.copy_(other.n_tokens)
        return self

    @torch.inference_mode()
    def assign(self, indices: Sequence[int], other: MambaState) -> None:
        """Overwrite the sequences `indices` with those of `other`, in order."""
        index = torch.as_tensor(list(indices), dtype=torch.int64)
        on_device = index.to(self.device)
        self.conv.index_copy_(1, on_device, other.conv.to(self.device))
        self.ssm.index_copy_(1, on_device, other.ssm.to(self.device))
        self.n_tokens.index_copy_(0, index, other.n_tokens)

    def to_bytes(self, ssm_dtype: torch.dtype | None = None) -> bytes:
        """Return the state as a self-describing blob; exact unless `ssm_dtype` rounds the scan state."""
        ssm_dtype = ssm_dtype or torch.float32
        if ssm_dtype not in (*_SSM_DTYPES, torch.int8):
            raise ValueError(f"a state is stored in fp32, bf16, fp16 or int8, not {ssm_dtype}")
        tensors = {"conv": self.conv.cpu().contiguous(), "n_tokens": self.n_tokens.contiguous()}
        if ssm_dtype == torch.int8:
            tensors["ssm"], tensors[_SCALES] = to_blocks(self.ssm.cpu())
        else:
            tensors["ssm"] = self.ssm.cpu().to(ssm_dtype).contiguous()
        version = _BLOCK_VERSION if ssm_dtype == torch.int8 else FORMAT_VERSION
        header = {"version": version, "n_tokens": self.n_tokens.tolist()}
        # One entry only: safetensors writes several in no fixed order, and the same state should give the same bytes.
        return save(tensors, metadata={FORMAT: json.dumps(header)})

    @staticmethod
    def from_bytes(data: bytes, device: torch.device | str = "cpu") -> MambaState:
        """Return the state that `to_bytes` stored, on `device`, with its scan state in fp32.

        Raises StateError for a truncated blob, a blob of another kind, or one of a newer version.
        """
        version = _version(data)
        if version not in (FORMAT_VERSION, _BLOCK_VERSION):
            raise StateError(
                f"this state has format version {version}, and this program reads up to {_BLOCK_VERSION}; update "
                "Readthrough or read the document again"
            )
        try:
            tensors = load(data)
        except (SafetensorError, ValueError, KeyError) as error:
            raise StateError(f"the stored state is damaged ({error}); read the document again") from error
        in_blocks = version == _BLOCK_VERSION
        if sorted(tensors) != sorted((*_TENSORS, _SCALES) if in_blocks else _TENSORS):
            raise StateError("the stored state is incomplete; read the document again")
        if in_blocks:
            tensors["ssm"] = _from_blocks(tensors["ssm"], tensors[_SCALES])
        conv, ssm, n_tokens = (tensors[name] for name in _TENSORS)
        fits = (
            conv.ndim == ssm.ndim == 4
            and conv.shape[:3] == ssm.shape[:3]
            and n_tokens.shape == ssm.shape[1:2]
            and n_tokens.dtype == torch.int64
            and ssm.dtype in _SSM_DTYPES
            and conv.is_floating_point()
        )
        if not fits:
            raise StateError("the parts of the stored state do not fit together; read the document again")
        return MambaState(conv.to(device, copy=True), ssm.to(device, torch.float32, copy=True), n_tokens.clone())


def _from_blocks(numbers: torch.Tensor, scales: torch.Tensor) -> torch.Tensor:
    fits = numbers.ndim == 4 and scales.shape == (*numbers.shape[:3], 1)
    if not fits or numbers.dtype != torch.int8 or scales.dtype != torch.bfloat16:
        raise StateError("the parts of the stored state do not fit together; read the document again")
    return from_blocks(numbers, scales)


def _version(data: bytes) -> object:
    """Return the format version in a blob's header: eight bytes of little-endian length, then JSON."""
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or not 2 <= length <= len(data) - 8:
        raise StateError("the stored state is cut short or is not a state; read the document again")
    try:
        metadata = json.loads(data[8 : 8 + length])["__metadata__"]
        return json.loads(metadata[FORMAT])["version"]
    except (ValueError, KeyError, TypeError) as error:
        raise StateError("this is not a Readthrough state; read the document again") from error
