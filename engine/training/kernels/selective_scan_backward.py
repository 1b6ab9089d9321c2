"""The selective scan for training: a forward that keeps states, and its backward.

    h[t] = exp(delta[t] A) h[t-1] + delta[t] B[t] x[t],   y[t] = sum over n of C[t] h[t]     (arXiv 2312.00752, eq. 2)

`delta` is after bias and softplus; the skip D x and the gate are the caller's, since they are pointwise. The initial
state comes in and the final state goes out, both with gradients, so that training can fork many questions from one
read document. The forward stores the state before every fourth step; the backward recomputes the three in between:

    dh[t] = C[t] dy[t] + exp(delta[t+1] A) dh[t+1]
    g[t] = exp(delta[t] A) h[t-1] dh[t]
    dx = delta sum_n(B dh),   ddelta = x sum_n(B dh) + sum_n(A g),   dA = sum_t(delta g)
    dB = sum_d(delta x dh),   dC = sum_d(h dy)

A warp holds 16 channels with the states of each spread over four lanes, the layout that Triton derives from the loads
of A; sums over n and over d are then two or three shuffles long. With 32 channels a warp Triton moves every loaded
value through shared memory behind a barrier, which no other warp can hide at 255 registers.
"""

import torch
import triton
import triton.language as tl

SAVED_EVERY = 4
"""Steps between stored states: with eight, the states in between leave too few registers for a second warp."""
_BLOCK_D = 16
_LOG2E = tl.constexpr(1.4426950408889634)


@triton.jit
def selective_scan_train_kernel(
    x_ptr, delta_ptr, A_ptr, B_ptr, C_ptr, h0_ptr, y_ptr, ht_ptr, saved_ptr,
    T, d_inner, stride_xb, stride_xt, stride_db, stride_dt, stride_Bb, stride_Bt, stride_Cb, stride_Ct, n_saved,
    N: tl.constexpr, BLOCK_D: tl.constexpr, STEPS: tl.constexpr,
):  # fmt: skip
    row = tl.program_id(1).to(tl.int64)
    d = tl.program_id(0) * BLOCK_D + tl.arange(0, BLOCK_D)
    n = tl.arange(0, N)
    keep = d < d_inner
    grid = d[:, None] * N + n[None, :]
    keep_2d = keep[:, None] & (n[None, :] < N)
    A = tl.load(A_ptr + grid, mask=keep_2d, other=0.0) * _LOG2E
    h = tl.load(h0_ptr + row * d_inner * N + grid, mask=keep_2d, other=0.0)
    x_ptr += row * stride_xb
    delta_ptr += row * stride_db
    B_ptr += row * stride_Bb
    C_ptr += row * stride_Cb
    y_ptr += row * T * d_inner
    saved_ptr += row * n_saved * d_inner * N
    for chunk in range(0, n_saved):
        tl.store(saved_ptr + chunk * d_inner * N + grid, h, mask=keep_2d)
        for i in tl.static_range(STEPS):
            t = chunk * STEPS + i
            real = keep & (t < T)
            delta = tl.load(delta_ptr + t * stride_dt + d, mask=real, other=0.0).to(tl.float32)
            x = tl.load(x_ptr + t * stride_xt + d, mask=real, other=0.0).to(tl.float32)
            B = tl.load(B_ptr + t * stride_Bt + n, mask=t < T, other=0.0).to(tl.float32)
            C = tl.load(C_ptr + t * stride_Ct + n, mask=t < T, other=0.0).to(tl.float32)
            h = tl.exp2(delta[:, None] * A) * h + (delta * x)[:, None] * B[None, :]
            y = tl.sum(h * C[None, :], axis=1)
            tl.store(y_ptr + t * d_inner + d, y.to(y_ptr.dtype.element_ty), mask=keep & (t < T))
    tl.store(ht_ptr + row * d_inner * N + grid, h, mask=keep_2d)


@triton.jit
def selective_scan_backward_kernel(
    x_ptr, delta_ptr, A_ptr, B_ptr, C_ptr, dy_ptr, dht_ptr, saved_ptr,
    dx_ptr, ddelta_ptr, dA_ptr, dB_ptr, dC_ptr, dh0_ptr,
    T, d_inner, stride_xb, stride_xt, stride_db, stride_dt, stride_Bb, stride_Bt, stride_Cb, stride_Ct,
    n_saved, n_blocks, N: tl.constexpr, BLOCK_D: tl.constexpr, STEPS: tl.constexpr,
):  # fmt: skip
    block = tl.program_id(0)
    row = tl.program_id(1).to(tl.int64)
    d = block * BLOCK_D + tl.arange(0, BLOCK_D)
    n = tl.arange(0, N)
    keep = d < d_inner
    grid = d[:, None] * N + n[None, :]
    keep_2d = keep[:, None] & (n[None, :] < N)
    A = tl.load(A_ptr + grid, mask=keep_2d, other=0.0) * _LOG2E
    dh = tl.load(dht_ptr + row * d_inner * N + grid, mask=keep_2d, other=0.0)
    dA = tl.zeros([BLOCK_D, N], tl.float32)
    x_ptr += row * stride_xb
    delta_ptr += row * stride_db
    B_ptr += row * stride_Bb
    C_ptr += row * stride_Cb
    dy_ptr += row * T * d_inner
    dx_ptr += row * T * d_inner
    ddelta_ptr += row * T * d_inner
    saved_ptr += row * n_saved * d_inner * N
    # Sums over the channels of this block; the caller adds up the blocks. [row, T, block, N]
    dB_ptr += (row * T * n_blocks + block) * N
    dC_ptr += (row * T * n_blocks + block) * N
    for back in range(0, n_saved):
        chunk = n_saved - 1 - back
        h = tl.load(saved_ptr + chunk * d_inner * N + grid, mask=keep_2d, other=0.0)
        states = (h,)
        for i in tl.static_range(STEPS - 1):
            t = chunk * STEPS + i
            real = keep & (t < T)
            delta = tl.load(delta_ptr + t * stride_dt + d, mask=real, other=0.0).to(tl.float32)
            x = tl.load(x_ptr + t * stride_xt + d, mask=real, other=0.0).to(tl.float32)
            B = tl.load(B_ptr + t * stride_Bt + n, mask=t < T, other=0.0).to(tl.float32)
            h = tl.exp2(delta[:, None] * A) * h + (delta * x)[:, None] * B[None, :]
            states = states + (h,)  # type: ignore[assignment]  # noqa: RUF005  Triton knows no starred tuples
        for i in tl.static_range(STEPS - 1, -1, -1):
            t = chunk * STEPS + i
            inside = t < T
            real = keep & inside
            delta = tl.load(delta_ptr + t * stride_dt + d, mask=real, other=0.0).to(tl.float32)
            x = tl.load(x_ptr + t * stride_xt + d, mask=real, other=0.0).to(tl.float32)
            dy = tl.load(dy_ptr + t * d_inner + d, mask=real, other=0.0).to(tl.float32)
            B = tl.load(B_ptr + t * stride_Bt + n, mask=inside, other=0.0).to(tl.float32)
            C = tl.load(C_ptr + t * stride_Ct + n, mask=inside, other=0.0).to(tl.float32)
            decay = tl.exp2(delta[:, None] * A)
            carried = decay * states[i]
            fed = delta * x
            now = carried + fed[:, None] * B[None, :]
            out = t * n_blocks * N + n
            tl.store(dC_ptr + out, tl.sum(now * dy[:, None], axis=0), mask=(n < N) & (t < T))
            dh += C[None, :] * dy[:, None]
            tl.store(dB_ptr + out, tl.sum(dh * fed[:, None], axis=0), mask=(n < N) & (t < T))
            through_B = tl.sum(dh * B[None, :], axis=1)
            dlog = dh * carried
            # A was scaled for exp2: its true value is A / log2(e).
            through_A = tl.sum(dlog * A, axis=1) * (1.0 / _LOG2E)
            dA += dlog * delta[:, None]
            tl.store(dx_ptr + t * d_inner + d, (delta * through_B).to(dx_ptr.dtype.element_ty), mask=keep & (t < T))
            tl.store(
                ddelta_ptr + t * d_inner + d,
                (x * through_B + through_A).to(ddelta_ptr.dtype.element_ty),
                mask=keep & (t < T),
            )
            dh *= decay
    tl.store(dA_ptr + row * d_inner * N + grid, dA, mask=keep_2d)
    tl.store(dh0_ptr + row * d_inner * N + grid, dh, mask=keep_2d)


def _strides(x, delta, B, C):
    for tensor in (x, delta, B, C):
        if tensor.stride(-1) != 1:
            raise ValueError("the last dimension of the scan's inputs must be contiguous")
    return [s for tensor in (x, delta, B, C) for s in (tensor.stride(0), tensor.stride(1))]


class _SelectiveScan(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, delta, A, B, C, h0):
        rows, T, d_inner = x.shape
        N = A.shape[1]
        if N & (N - 1):
            raise ValueError(f"d_state must be a power of two in training, not {N}")
        n_saved = triton.cdiv(T, SAVED_EVERY)
        A, h0 = A.contiguous(), h0.contiguous()
        y = torch.empty(rows, T, d_inner, dtype=x.dtype, device=x.device)
        ht = torch.empty_like(h0)
        saved = torch.empty(rows, n_saved, d_inner, N, dtype=torch.float32, device=x.device)
        grid = (triton.cdiv(d_inner, _BLOCK_D), rows)
        selective_scan_train_kernel[grid](
            x, delta, A, B, C, h0, y, ht, saved, T, d_inner, *_strides(x, delta, B, C), n_saved,
            N=N, BLOCK_D=_BLOCK_D, STEPS=SAVED_EVERY, num_warps=1,
        )  # fmt: skip
        ctx.save_for_backward(x, delta, A, B, C, saved)
        return y, ht

    @staticmethod
    def backward(ctx, dy, dht):
        x, delta, A, B, C, saved = ctx.saved_tensors
        rows, T, d_inner = x.shape
        N, n_saved = A.shape[1], saved.shape[1]
        n_blocks = triton.cdiv(d_inner, _BLOCK_D)
        new = lambda *shape: torch.empty(*shape, dtype=torch.float32, device=x.device)  # noqa: E731
        dx = torch.empty(rows, T, d_inner, dtype=x.dtype, device=x.device)
        ddelta = torch.empty(rows, T, d_inner, dtype=delta.dtype, device=x.device)
        dA, dh0 = new(rows, d_inner, N), new(rows, d_inner, N)
        dB, dC = new(rows, T, n_blocks, N), new(rows, T, n_blocks, N)
        selective_scan_backward_kernel[(n_blocks, rows)](
            x, delta, A, B, C, dy.contiguous(), dht.contiguous(), saved, dx, ddelta, dA, dB, dC, dh0,
            T, d_inner, *_strides(x, delta, B, C), n_saved, n_blocks,
            N=N, BLOCK_D=_BLOCK_D, STEPS=SAVED_EVERY, num_warps=1,
        )  # fmt: skip
        return dx, ddelta, dA.sum(0), dB.sum(2).to(B.dtype), dC.sum(2).to(C.dtype), dh0


def selective_scan_train(x, delta, A, B, C, h0):
    """Differentiable scan from `h0` [rows, d_inner, d_state], fp32.

    x, delta [rows, T, d_inner]; A [d_inner, d_state], fp32; B, C [rows, T, d_state]; d_state a power of two. Where
    delta is 0 the state stands still, which is how padding is left out. Returns y [rows, T, d_inner] in x's dtype and
    the final state [rows, d_inner, d_state], fp32. CUDA, or Triton's interpreter.
    """
    return _SelectiveScan.apply(x, delta, A, B, C, h0)


def selective_scan_train_ref(x, delta, A, B, C, h0):
    """Compute the same as a plain loop in fp32, differentiated by autograd."""
    h, ys = h0.float(), []
    delta = delta.float()
    for t in range(x.shape[1]):
        fed = (delta[:, t] * x[:, t].float())[..., None] * B[:, t, None, :].float()
        h = torch.exp(delta[:, t, :, None] * A) * h + fed
        ys.append((h * C[:, t, None, :].float()).sum(-1))
    return torch.stack(ys, 1).to(x.dtype), h
