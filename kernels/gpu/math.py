"""Softplus and SiLU in Triton."""

import triton
import triton.language as tl

LOG2E = tl.constexpr(1.4426950408889634)


@triton.jit
def softplus(v):
    """log(1 + e^v) = max(v, 0) + log1p(u), u = e^-|v|, with log1p(u) / u on [0, 1] as a polynomial.

    Relative error 3e-8 before rounding, also where it is tiny, as log(1 + u) is not, and cheaper than a logarithm.
    """
    u = tl.exp2(tl.abs(v) * -LOG2E)
    p = -0.029505226761102676 + u * 0.005232691299170256
    p = -0.13663244247436523 + u * (0.07822593301534653 + u * p)
    p = -0.2484298199415207 + u * (0.19106006622314453 + u * p)
    p = -0.4999949336051941 + u * (0.3331909775733948 + u * p)
    return tl.maximum(v, 0.0) + u * (0.9999999403953552 + u * p)


@triton.jit
def silu(v):
    return v / (1.0 + tl.exp2(-v * LOG2E))


@triton.jit
def quick_silu(v, PTX: tl.constexpr):
    """SiLU, with PTX by the hardware's reciprocal alone, which is within one unit in the last place."""
    if PTX:
        e = 1.0 + tl.exp2(v * -LOG2E)
        return v * tl.inline_asm_elementwise(
            "rcp.approx.ftz.f32 $0, $1;", "=f,f", [e], dtype=tl.float32, is_pure=True, pack=1
        )
    else:
        return silu(v)
