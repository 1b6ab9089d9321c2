"""Launch plans of the matrix-vector kernels: the words of a weight, and the programs that read them."""

from __future__ import annotations

from typing import Protocol

import torch
import triton
from torch import Tensor

from kernels.quantisation import FP8

PROGRAMS = {
    (16, False): (2, 4), (16, True): (2, 4),
    (8, False): (4, 4), (8, True): (4, 8),
    (4, False): (4, 4), (4, True): (8, 8),
}  # fmt: skip
"""Rows and warps of a program by the bits of the weight and whether its rows are longer than 4,096."""
FP8_PROGRAMS = {False: (4, 4), True: (4, 4)}
"""The same for a weight in fp8, by its width alone."""
FEW = 1024
FEW_ROWS = (1, 8)
"""The same for a weight of less than FEW rows."""
RESIDENT = 4
"""Programs per multiprocessor where they walk (`walk`)."""


class Matrix(Protocol):
    """A weight [out, in] as the engine's linear layers hold it; `scales` if it is quantised."""

    weight: Tensor
    scales: Tensor | None
    bias: Tensor | None


def words(matrix: Matrix) -> tuple[Tensor, int, int]:
    """Return a weight as it is read (32-bit words if quantised), its bits (16 for floats) and its width."""
    weight = matrix.weight
    if weight.dtype in (torch.int8, FP8):
        return (weight.view(torch.int32) if weight.shape[1] % 4 == 0 else weight), 8, weight.shape[1]
    if weight.dtype == torch.uint8:
        return weight.view(torch.int32), 4, 2 * weight.shape[1]
    return weight, 16, weight.shape[1]


def order(matrix: Matrix) -> int:
    """Return the ORDER of a vector for this weight (`kernels.gpu.dot.place`)."""
    bits = words(matrix)[1]
    return 1 if bits == 16 else 32 // bits


def program(matrix: Matrix) -> tuple[int, int]:
    """Return the rows and warps of a program."""
    weight, bits, size = words(matrix)
    if len(weight) < FEW:
        return FEW_ROWS
    return FP8_PROGRAMS[size > 4096] if matrix.weight.dtype == FP8 else PROGRAMS[bits, size > 4096]


def takes_integers(matrix: Matrix, x: Tensor) -> bool:
    """Return whether a product converts the vector x to integers (`kernels.gpu.dot`).

    They take a program some 250 instructions: too many for one row. For fp32 they are not exact enough.
    """
    return matrix.weight.dtype in (torch.int8, torch.uint8) and program(matrix)[0] > 1 and x.dtype == torch.bfloat16


def walk(matrix: Matrix, device: torch.device) -> tuple[int, int]:
    """Return the programs of a product and the turns of two blocks of rows that each walks, 0 for a program a block.

    Walking is faster for int4 in short rows, where the vector and two blocks fit in registers; int8 gains 1 %, floats
    lose.
    """
    weight, bits, size = words(matrix)
    blocks = triton.cdiv(len(weight), program(matrix)[0])
    if bits != 4 or size > 4096 or len(weight) < FEW:
        return blocks, 0
    resident = RESIDENT * multiprocessors(device)
    if blocks <= resident:
        return blocks, 0
    turns = triton.cdiv(blocks, 2 * resident)
    return triton.cdiv(blocks, 2 * turns), turns


def registers(warps: int) -> int:
    """Return the most registers that a thread of a walking program may have, so that RESIDENT programs fit."""
    return 65_536 // (RESIDENT * 32 * warps)


def is_nvidia(device: torch.device) -> bool:
    return device.type == "cuda" and torch.version.hip is None


def multiprocessors(device: torch.device) -> int:
    return torch.cuda.get_device_properties(device).multi_processor_count if device.type == "cuda" else 1
