"""Tensors as the compiled loops take them: addresses, kinds and strides in elements.

float32 and bf16 tensors are read as they are, others are converted to float32.
"""

from __future__ import annotations

import torch
from torch import Tensor

from kernels.cpu.loops import BF16, F32

KINDS = {torch.float32: F32, torch.bfloat16: BF16}


def address(tensor: Tensor | None) -> int:
    """Return the address of a tensor's first element, or 0 for None."""
    return 0 if tensor is None else tensor.data_ptr()


def readable(tensor: Tensor) -> Tensor:
    """Return the tensor itself if the loops can read it (float32 or bf16, last dimension contiguous), else a copy."""
    if tensor.dtype not in KINDS:
        tensor = tensor.float()
    return tensor if tensor.stride(-1) == 1 or tensor.shape[-1] == 1 else tensor.contiguous()


def parameter(tensor: Tensor) -> Tensor:
    """Return the tensor in contiguous float32."""
    return tensor if tensor.dtype == torch.float32 and tensor.is_contiguous() else tensor.float().contiguous()


def writable(tensor: Tensor) -> Tensor:
    """Return what a loop may write in place of `tensor`: itself or a copy, which `write_back` copies over it."""
    return tensor if tensor.dtype in KINDS and tensor.is_contiguous() else tensor.float().contiguous()


def write_back(tensor: Tensor, written: Tensor) -> None:
    """Copy what `writable` gave into `tensor`, unless it is that tensor."""
    if written is not tensor:
        tensor.copy_(written)


def output(like: Tensor, dtype: torch.dtype) -> Tensor:
    """Return an empty tensor of the shape of `like`, in `dtype` if the loops write it, else in float32."""
    return torch.empty(like.shape, dtype=dtype if dtype in KINDS else torch.float32)


def sequence_args(tensor: Tensor) -> tuple[int, int, int, int]:
    """Return address, kind, and strides of sequence and token of a tensor [B, T, ..]."""
    return tensor.data_ptr(), KINDS[tensor.dtype], tensor.stride(0), tensor.stride(1)


def token_args(tensor: Tensor) -> tuple[int, int, int]:
    """Return address, kind and stride of a sequence of a tensor [B, ..]."""
    return tensor.data_ptr(), KINDS[tensor.dtype], tensor.stride(0)


def length_array(lengths: Tensor | None) -> Tensor | None:
    """Return the lengths as contiguous int64."""
    return None if lengths is None else lengths.to(torch.int64).contiguous()
