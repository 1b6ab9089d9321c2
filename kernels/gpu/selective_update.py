"""The scan of one token in Triton: the state is read, advanced and written in one pass (not autotuned: it is in place).

`kernels.reference` has the formulas.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.gpu.math import LOG2E, silu, softplus


@triton.jit
def selective_update_kernel(
    x, dt, z, B, C, A, D, dt_bias, state, y, d_inner, x_row, dt_row, z_row, B_row, C_row,
    N: tl.constexpr, PADDED_N: tl.constexpr, BLOCK_D: tl.constexpr,
):  # fmt: skip
    row = tl.program_id(1).to(tl.int64)
    d = tl.program_id(0) * BLOCK_D + tl.arange(0, BLOCK_D)
    n = tl.arange(0, PADDED_N)
    alive, real = d < d_inner, n < N
    inside = alive[:, None] & real[None, :]
    u = tl.load(x + row * x_row + d, mask=alive, other=0.0).to(tl.float32)
    raw = tl.load(dt + row * dt_row + d, mask=alive, other=0.0).to(tl.float32)
    gate = tl.load(z + row * z_row + d, mask=alive, other=0.0).to(tl.float32)
    b = tl.load(B + row * B_row + n, mask=real, other=0.0).to(tl.float32)
    c = tl.load(C + row * C_row + n, mask=real, other=0.0).to(tl.float32)
    a = tl.load(A + d[:, None] * N + n[None, :], mask=inside, other=0.0) * LOG2E
    h_at = state + (row * d_inner + d)[:, None] * N + n[None, :]
    h = tl.load(h_at, mask=inside, other=0.0)
    skip = tl.load(D + d, mask=alive, other=0.0).to(tl.float32)
    delta = softplus(raw + tl.load(dt_bias + d, mask=alive, other=0.0).to(tl.float32))
    h = tl.exp2(delta[:, None] * a) * h + (delta * u)[:, None] * b[None, :]
    tl.store(h_at, h, mask=inside)
    out = (tl.sum(h * c[None, :], axis=1) + skip * u) * silu(gate)
    tl.store(y + row * d_inner + d, out.to(y.dtype.element_ty), mask=alive)


def selective_update(
    x: Tensor, dt: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, z: Tensor, dt_bias: Tensor, state: Tensor
) -> Tensor:
    """Implement `kernels.operations.SelectiveUpdate`."""
    batch, d_inner = x.shape
    d_state = A.shape[1]
    y = torch.empty(x.shape, dtype=x.dtype, device=x.device)
    padded_n = triton.next_power_of_2(d_state)
    block_d = max(1, 1024 // padded_n)
    selective_update_kernel[(triton.cdiv(d_inner, block_d), batch)](
        x, dt, z, B, C, A, D, dt_bias, state, y, d_inner,
        x.stride(0), dt.stride(0), z.stride(0), B.stride(0), C.stride(0),
        N=d_state, PADDED_N=padded_n, BLOCK_D=block_d, num_warps=4,
    )  # fmt: skip
    return y
