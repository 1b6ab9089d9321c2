"""Quantised weights: their error, and that every implementation multiplies the same."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import operations_named
from kernels.cpu.llvm import matvec
from kernels.quantisation import GROUP, dequantise_ref, quantise_ref, quantised_linear_ref

SHAPES = [(5, 32), (40, 96), (33, 160), (3, 1056)]


@pytest.fixture
def multiply(implementation_name: str):
    if implementation_name == "cpu":
        return lambda x, weight, scales, bias: matvec.multiply(x, matvec.Rows(weight, scales, bias))
    from kernels.gpu import quantised

    return quantised.quantised_linear


@pytest.fixture
def dequantise(implementation_name: str):
    if implementation_name == "cpu":
        return lambda weight, scales, dtype: matvec.dequantise(matvec.Rows(weight, scales), dtype)
    from kernels.gpu import quantised

    return quantised.dequantise


@pytest.mark.parametrize("bits", [8, 4])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("vectors", [1, 3, 7])
@pytest.mark.parametrize("biased", [True, False])
def test_quantised_linear_equals_reference(multiply, device, bits, shape, vectors, biased):
    weight, scales = quantise_ref(torch.randn(shape).to(device), bits)
    x, bias = torch.randn(vectors, shape[1]).to(device), torch.randn(shape[0]).to(device) if biased else None
    expected = quantised_linear_ref(x, weight, scales, bias)
    torch.testing.assert_close(multiply(x, weight, scales, bias), expected, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("by_bytes", [True, False])
@pytest.mark.parametrize("vectors", [1, 6])
def test_int4_byte_products_are_exact(by_bytes: bool, vectors: int, monkeypatch):
    """Vectors whose groups are of any magnitude; beside the rounding of the terms in float32."""
    if by_bytes and not matvec.BYTE_PRODUCTS:
        pytest.skip("this processor does not sum products of bytes")
    monkeypatch.setattr(matvec, "BYTE_PRODUCTS", by_bytes and matvec.BYTE_PRODUCTS)
    weight, scales = quantise_ref(torch.randn(9, 1056), 4)
    x = torch.randn(vectors, 1056) * torch.logspace(-18, 6, 33).repeat_interleave(GROUP)
    dense = dequantise_ref(weight, scales, torch.float32).double()
    found = matvec.multiply(x, matvec.Rows(weight, scales))
    assert ((found - x.double() @ dense.T).abs() <= 5e-7 * (x.abs().double() @ dense.abs().T)).all()


FREED_MEMORY_IS_GONE = """
import torch
from kernels.cpu.llvm.matvec import Rows, multiply
from kernels.quantisation import dequantise_ref, quantise_ref
torch.manual_seed(0)
for bits in (8, 4):
    weight, scales = quantise_ref(torch.randn(40, 4096), bits)
    x = torch.randn(8, 4096)
    expected = x @ dequantise_ref(weight, scales, torch.float32).T
    torch.testing.assert_close(multiply(x, Rows(weight, scales)), expected, rtol=1e-5, atol=1e-3)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc gives freed memory back at once when asked to")
def test_no_read_of_freed_arrays():
    """numba frees an array after the last use of its name, whoever still holds its address."""
    strict = os.environ | {"MALLOC_MMAP_THRESHOLD_": "4096", "MALLOC_PERTURB_": "165"}
    subprocess.run([sys.executable, "-c", FREED_MEMORY_IS_GONE], env=strict, check=True, timeout=100)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # of Triton's interpreter
@pytest.mark.parametrize("bits", [8, 4])
@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_quantised_linear_keeps_nan_and_infinity(multiply, device, bits, wrong):
    weight, scales = quantise_ref(torch.rand(5, 160).to(device) + 0.5, bits)
    for at in (3, 127, 150):
        x = torch.randn(2, 160).to(device)
        x[0, at] = wrong
        y = multiply(x, weight, scales, None)
        assert not y[0].isfinite().any() and y[1].isfinite().all()
    assert (multiply(torch.zeros(1, 160).to(device), weight, scales, None) == 0).all()


@pytest.mark.parametrize("bits", [8, 4])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_dequantise_equals_reference(dequantise, device, bits, shape, dtype):
    weight, scales = quantise_ref(torch.randn(shape).to(device), bits)
    # Triton's interpreter truncates to bf16 where hardware rounds: one unit.
    tolerance = 0.01 if dtype == torch.bfloat16 else 1e-6
    expected = dequantise_ref(weight, scales, dtype)
    torch.testing.assert_close(dequantise(weight, scales, dtype), expected, rtol=tolerance, atol=0.0)


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("width", [1, 17, 64, 200])
@pytest.mark.parametrize("vectors", [1, 4, 6])
def test_cpu_matvec_of_float_weight(kind, width, vectors):
    weight, x = torch.randn(19, width).to(kind), torch.randn(vectors, width)
    expected = x @ weight.float().T
    torch.testing.assert_close(matvec.multiply(x, matvec.Rows(weight)), expected, rtol=1e-5, atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(
    bits=st.sampled_from([8, 4]),
    groups=st.integers(1, 5),
    seed=st.integers(0, 99),
    scale=st.sampled_from([1e-20, 1e-3, 1.0, 1e4]),
)
def test_quantisation_error_within_one_step(bits: int, groups: int, seed: int, scale: float):
    weight = scale * torch.randn(6, groups * GROUP, generator=torch.Generator().manual_seed(seed))
    weight[0] = 0
    back = dequantise_ref(*quantise_ref(weight, bits), torch.float32)
    largest = weight.reshape(6, -1, weight.shape[1] if bits == 8 else GROUP).abs().amax(2, keepdim=True)
    # int8: half a step of 1/127. int4: half a step of 1/8, or up to a fifth where the farthest values are clipped.
    allowed = largest * (0.51 / 127 if bits == 8 else 0.21) + 1e-30
    assert ((back - weight).reshape(6, largest.shape[1], -1).abs() <= allowed).all()
    assert (back[0] == 0).all()


@pytest.mark.parametrize("bits", [8, 4])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("shape", [(5, 32), (40, 96), (300, 1024)])
def test_cpu_quantises_as_reference(bits: int, dtype: torch.dtype, shape: tuple[int, int]):
    """int8 to the bit; in int4 a group whose candidates are equally good may take another scale."""
    weight = (0.02 * torch.randn(shape)).to(dtype)
    weight[0], weight[1, :5], weight[2, 3], weight[2, 4] = 0, 1e-30, 0.5, -0.5
    (found, scales), (expected, expected_scales) = (
        operations_named("cpu").quantise(weight, bits),
        quantise_ref(weight, bits),
    )
    assert found.dtype == expected.dtype and scales.dtype == expected_scales.dtype
    if bits == 8:
        assert torch.equal(found, expected) and torch.equal(scales, expected_scales)
        return
    assert (scales == expected_scales).float().mean() > 0.999
    errors = [
        (dequantise_ref(*pair, torch.float32) - weight.float()).square().mean()
        for pair in ((found, scales), (expected, expected_scales))
    ]
    torch.testing.assert_close(errors[0], errors[1], rtol=1e-5, atol=0.0)


def test_reference_quantises_in_blocks_of_rows(monkeypatch: pytest.MonkeyPatch):
    weight = torch.randn(33, 64)
    for bits in (8, 4):
        whole = quantise_ref(weight, bits)
        monkeypatch.setattr("kernels.quantisation.BLOCK_WEIGHTS", 64 * 5)
        blocks = quantise_ref(weight, bits)
        monkeypatch.undo()
        assert all(torch.equal(a, b) for a, b in zip(whole, blocks, strict=True))


def test_clipped_scale_reduces_error():
    weight = torch.randn(64, 256, generator=torch.Generator().manual_seed(3))
    back = dequantise_ref(*quantise_ref(weight, 4), torch.float32)
    groups = weight.reshape(64, -1, GROUP)
    step = (groups.gather(2, groups.abs().argmax(2, keepdim=True)) / -8).bfloat16().float()
    plain = ((groups / step).round().clamp(-8, 7) * step).reshape(64, 256)
    assert (back - weight).square().mean() <= (plain - weight).square().mean()


def test_int4_refuses_width_not_divisible_by_group():
    with pytest.raises(ValueError, match="4 bits"):
        quantise_ref(torch.randn(4, 40), 4)
    assert quantise_ref(torch.randn(4, 40), 8)[0].shape == (4, 40)
