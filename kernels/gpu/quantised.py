"""Matmuls of a few vectors with an int8, fp8 or int4 weight in Triton, the dequantised weight for many, and the matmul
of many vectors in fp8, which is PyTorch's.

A program takes BLOCK_N rows of the weight and one vector, and walks along the rows; the programs of the other vectors
are its neighbours, so that the weight comes once from memory and then from the L2 cache. `kernels.quantisation` has the
layout and the formulas.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.operations import Scaled
from kernels.quantisation import GROUP
from kernels.reference import scaled_linear_ref

INT8_BLOCK, INT4_BLOCK = 1024, 512
"""Bytes of a row that a program reads per turn: one weight a byte for int8, two for int4."""


@triton.jit
def int8_kernel(
    x, weight, scales, bias, y, out, WIDTH: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr,
    HAS_BIAS: tl.constexpr,
):  # fmt: skip
    """y[vector, row] = (weight[row] . x[vector]) * scales[row] + bias[row], for int8 and for fp8."""
    vector = tl.program_id(0)
    row = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)
    inside = row < out
    total = tl.zeros([BLOCK_N, BLOCK_K], dtype=tl.float32)
    at = weight + row.to(tl.int64)[:, None] * WIDTH
    for start in range(0, WIDTH, BLOCK_K):
        k = start + tl.arange(0, BLOCK_K)
        value = tl.load(x + vector * WIDTH + k, mask=k < WIDTH, other=0.0).to(tl.float32)
        level = tl.load(at + k[None, :], mask=inside[:, None] & (k < WIDTH)[None, :], other=0.0)
        total += level.to(tl.float32) * value[None, :]
    result = tl.sum(total, axis=1) * tl.load(scales + row, mask=inside, other=0.0)
    if HAS_BIAS:
        result += tl.load(bias + row, mask=inside, other=0.0).to(tl.float32)
    tl.store(y + vector * out + row, result.to(y.dtype.element_ty), mask=inside)


@triton.jit
def int4_kernel(
    x, weight, scales, bias, y, out, WIDTH: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_B: tl.constexpr,
    HALF: tl.constexpr, HAS_BIAS: tl.constexpr,
):  # fmt: skip
    """Do the same for packed levels: WIDTH weights a row in WIDTH / 2 bytes, HALF bytes a group."""
    vector = tl.program_id(0)
    row = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)
    inside = row < out
    GROUPS: tl.constexpr = BLOCK_B // HALF
    total = tl.zeros([BLOCK_N, GROUPS], dtype=tl.float32)
    at = weight + row.to(tl.int64)[:, None] * (WIDTH // 2)
    scale_at = scales + row.to(tl.int64)[:, None] * (WIDTH // (2 * HALF))
    for start in range(0, WIDTH // 2, BLOCK_B):
        byte = start + tl.arange(0, BLOCK_B)
        here = byte < WIDTH // 2
        k = (byte // HALF) * (2 * HALF) + byte % HALF
        first = tl.load(x + vector * WIDTH + k, mask=here, other=0.0).to(tl.float32)
        second = tl.load(x + vector * WIDTH + k + HALF, mask=here, other=0.0).to(tl.float32)
        packed = tl.load(at + byte[None, :], mask=inside[:, None] & here[None, :], other=0).to(tl.int32)
        low, high = ((packed & 15) - 8).to(tl.float32), ((packed >> 4) - 8).to(tl.float32)
        part = low * first[None, :] + high * second[None, :]
        group = start // HALF + tl.arange(0, GROUPS)
        known = inside[:, None] & (group < WIDTH // (2 * HALF))[None, :]
        scale = tl.load(scale_at + group[None, :], mask=known, other=0.0).to(tl.float32)
        total += tl.sum(tl.reshape(part, [BLOCK_N, GROUPS, HALF]), axis=2) * scale
    result = tl.sum(total, axis=1)
    if HAS_BIAS:
        result += tl.load(bias + row, mask=inside, other=0.0).to(tl.float32)
    tl.store(y + vector * out + row, result.to(y.dtype.element_ty), mask=inside)


@triton.jit
def dequantise_kernel(
    weight, scales, y, WIDTH: tl.constexpr, BLOCK: tl.constexpr, HALF: tl.constexpr, PACKED: tl.constexpr
):
    """Store BLOCK bytes of one row as floats: neighbours for int8, both halves of each group for int4."""
    row = tl.program_id(0).to(tl.int64)
    byte = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    if PACKED:
        here = byte < WIDTH // 2
        level = tl.load(weight + row * (WIDTH // 2) + byte, mask=here, other=0).to(tl.int32)
        scale = tl.load(scales + row * (WIDTH // (2 * HALF)) + byte // HALF, mask=here, other=0.0).to(tl.float32)
        at = y + row * WIDTH + (byte // HALF) * (2 * HALF) + byte % HALF
        tl.store(at, (((level & 15) - 8).to(tl.float32) * scale).to(y.dtype.element_ty), mask=here)
        tl.store(at + HALF, (((level >> 4) - 8).to(tl.float32) * scale).to(y.dtype.element_ty), mask=here)
    else:
        here = byte < WIDTH
        level = tl.load(weight + row * WIDTH + byte, mask=here, other=0.0).to(tl.float32)
        tl.store(y + row * WIDTH + byte, (level * tl.load(scales + row)).to(y.dtype.element_ty), mask=here)


def quantised_linear(x: Tensor, weight: Tensor, scales: Tensor, bias: Tensor | None = None) -> Tensor:
    """Implement `kernels.operations.QuantisedLinear`."""
    x, (out, stored) = x.contiguous(), weight.shape
    y = torch.empty(len(x), out, dtype=x.dtype, device=x.device)
    packed = weight.dtype == torch.uint8
    rows = 4 if out < 2048 else 8
    grid = (len(x), triton.cdiv(out, rows))
    block = min(INT4_BLOCK if packed else INT8_BLOCK, triton.next_power_of_2(stored))
    if packed:
        int4_kernel[grid](
            x, weight, scales, bias, y, out, WIDTH=2 * stored, BLOCK_N=rows, BLOCK_B=block, HALF=GROUP // 2,
            HAS_BIAS=bias is not None, num_warps=4,
        )  # fmt: skip
    else:
        int8_kernel[grid](
            x, weight, scales, bias, y, out, WIDTH=stored, BLOCK_N=rows, BLOCK_K=block, HAS_BIAS=bias is not None,
            num_warps=4,
        )  # fmt: skip
    return y


def dequantise(weight: Tensor, scales: Tensor, dtype: torch.dtype, out: Tensor | None = None) -> Tensor:
    """Implement `kernels.operations.Dequantise`."""
    rows, stored = weight.shape
    packed = weight.dtype == torch.uint8
    width = 2 * stored if packed else stored
    dense = torch.empty(rows, width, dtype=dtype, device=weight.device) if out is None else out
    block = min(4096, triton.next_power_of_2(stored))
    dequantise_kernel[(rows, triton.cdiv(stored, block))](
        weight, scales, dense, WIDTH=dense.shape[1], BLOCK=block, HALF=GROUP // 2, PACKED=packed, num_warps=4
    )
    return dense


def scaled_linear(x: Scaled, weight: Tensor, scales: Tensor, dtype: torch.dtype) -> Tensor:
    """Implement `kernels.operations.ScaledLinear`: in and out are multiples of 16, dtype is bf16.

    The tensor cores add up with fewer bits than fp32 has. Of a product of 4,096 random numbers the error is 3.75 %
    either way, nearly all of it from the rounding to fp8, and 15 % of the rate is saved.
    """
    if not weight.is_cuda:
        return scaled_linear_ref(x, weight, scales, dtype)  # Triton's interpreter
    from torch.nn.functional import ScalingType, scaled_mm

    return scaled_mm(
        x.values, weight.t(), x.scales[:, None], ScalingType.RowWise, scales[None], ScalingType.RowWise,
        output_dtype=dtype, use_fast_accum=True,
    )  # fmt: skip
