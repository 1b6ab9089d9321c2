"""Products without vector code: plain torch on every machine where `kernels.cpu.llvm` is off or does not compile."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from kernels import operations_named
from kernels.cpu import products
from kernels.cpu.llvm import matvec
from kernels.quantisation import dequantise_ref, quantise_ref, quantised_linear_ref


@pytest.fixture(params=["switched off", "does not compile"])
def plain(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if request.param == "switched off":
        monkeypatch.setenv(products.SWITCH, "0")
    else:
        monkeypatch.setattr(matvec, "rows_kernel", None)
    products.vector_code.cache_clear()
    yield
    products.vector_code.cache_clear()


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("bits", [8, 4])
def test_plain_products_equal_reference(bits: int):
    weight, scales = quantise_ref(torch.randn(24, 96), bits)
    x, bias = torch.randn(3, 96), torch.randn(24)
    ops = operations_named("cpu")
    assert not products.vector_code()
    torch.testing.assert_close(
        ops.quantised_linear(x, weight, scales, bias), quantised_linear_ref(x, weight, scales, bias)
    )
    for dtype in (torch.float32, torch.bfloat16):
        into = torch.empty(24, 96, dtype=dtype)
        assert ops.dequantise(weight, scales, dtype, into) is into
        assert torch.equal(into, dequantise_ref(weight, scales, dtype))


def test_vector_code_compiles_here():
    assert products.vector_code()
