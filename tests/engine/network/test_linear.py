"""Linear layers equal F.linear; quantised ones equal their dequantised weights, in any number of blocks."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from engine.network.linear import Linear, QuantisedLinear, _buffer, _buffers, matmul_in_parts
from engine.network.row_blocks import block_rows
from kernels.quantisation import dequantise_ref


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shape", [(33, 17), (80, 64), (7, 2), (1, 5)])
@pytest.mark.parametrize("tokens", [1, 3, 40])
def test_linear_equals_f_linear(dtype: torch.dtype, shape: tuple[int, int], tokens: int):
    generator = torch.Generator().manual_seed(tokens)
    weight = torch.randn(shape, generator=generator).to(dtype)
    bias = torch.randn(shape[0], generator=generator).to(dtype)
    x = torch.randn(2, tokens, shape[1], generator=generator).to(dtype)
    tolerance = {"rtol": 1e-5, "atol": 1e-5} if dtype == torch.float32 else {"rtol": 0.02, "atol": 0.05}
    torch.testing.assert_close(Linear(weight, bias)(x), F.linear(x, weight, bias), **tolerance)
    torch.testing.assert_close(Linear(weight)(x), F.linear(x, weight), **tolerance)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_linear_takes_part_of_a_projection(dtype: torch.dtype):
    whole = torch.randn(2, 9, 50, generator=torch.Generator().manual_seed(0)).to(dtype)
    weight = torch.randn(21, 12, generator=torch.Generator().manual_seed(1)).to(dtype)
    part = whole[..., 5:17]
    torch.testing.assert_close(Linear(weight)(part), Linear(weight)(part.contiguous()))


def test_linear_keeps_the_weight_tensor():
    weight = torch.randn(4, 3)
    assert Linear(weight).weight is weight
    assert Linear(weight).nbytes == 48


@pytest.mark.parametrize("bits", [8, 4])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("block_rows", [1, 7, 24, 100])
@pytest.mark.parametrize("biased", [True, False])
def test_quantised_linear_equals_dequantised_weight(
    bits: int, dtype: torch.dtype, block_rows: int, biased: bool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("engine.network.linear.LARGE", 0)
    monkeypatch.setattr("engine.network.row_blocks.block_rows", lambda *shape: block_rows)
    generator = torch.Generator().manual_seed(bits)
    x = torch.randn(2, 20, 64, generator=generator).to(dtype)
    bias = torch.randn(24, generator=generator).to(dtype) if biased else None
    linear = QuantisedLinear.from_floats(torch.randn(24, 64, generator=generator), bias, bits, dtype)
    assert linear.scales is not None
    expected = F.linear(x, dequantise_ref(linear.weight, linear.scales, dtype), bias)
    tolerance = {"rtol": 1e-5, "atol": 1e-5} if dtype == torch.float32 else {"rtol": 0.02, "atol": 0.1}
    found = linear(x)
    again = linear(-x)  # in the same buffer
    torch.testing.assert_close(found, expected, **tolerance)
    assert (again + found).abs().max() < 4 * (0.05 if bias is None else bias.abs().max() + 0.05)


@pytest.mark.parametrize("bits", [8, 4])
def test_blocks_give_the_same_bits_for_any_number_of_threads(bits: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("engine.network.linear.LARGE", 0)
    generator = torch.Generator().manual_seed(bits)
    linear = QuantisedLinear.from_floats(torch.randn(300, 64, generator=generator), None, bits, torch.float32)
    x = torch.randn(40, 64, generator=generator)
    before = torch.get_num_threads()
    try:
        found = []
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            found.append(linear(x))
            assert torch.get_num_threads() == threads  # the pool's own setting stays in its threads
    finally:
        torch.set_num_threads(before)
    assert torch.equal(found[0], found[1]) and torch.equal(found[0], found[2])


@pytest.mark.parametrize(("out", "width", "rows"), [(16_384, 4_096, 512), (4_096, 8_192, 256), (288, 8_192, 64)])
def test_blocks_fit_an_l2_cache(out: int, width: int, rows: int):
    assert block_rows(out, width, 2) == rows


def test_dequantisation_buffer_is_reused_and_grows():
    first = _buffer(1 << 20, torch.float32)
    assert _buffer(60, torch.float32).data_ptr() == first.data_ptr()
    assert len(_buffer(len(first) + 1, torch.float32)) == len(first) + 1
    assert _buffer(10, torch.bfloat16).dtype == torch.bfloat16


def test_dequantisation_buffer_serves_both_inference_modes(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(_buffers, "kept", None, raising=False)
    linear = QuantisedLinear.from_floats(torch.randn(24, 64), None, 8, torch.float16)  # which plain torch dequantises
    x = torch.randn(20, 64).half()
    with torch.inference_mode():
        inside = linear(x)
    assert torch.equal(linear(x), inside)


@pytest.mark.parametrize("shape", [(1024, 48), (700, 16), (256, 8)])
@pytest.mark.parametrize("l2", [1 << 8, 1 << 12, 1 << 16])
def test_matmul_in_parts_equals_matmul(shape: tuple[int, int], l2: int):
    generator = torch.Generator().manual_seed(l2)
    x, weight = torch.randn(2, 5, shape[1], generator=generator), torch.randn(shape, generator=generator)
    torch.testing.assert_close(matmul_in_parts(x, weight, l2), F.linear(x, weight))
    part = torch.randn(1, 9, 3 * shape[1], generator=generator)[..., : shape[1]]  # of rows that lie further apart
    torch.testing.assert_close(matmul_in_parts(part, weight, l2), F.linear(part, weight))


@pytest.mark.parametrize(("vectors", "l2", "expected"), [(512, 1 << 14, 4), (512, 1 << 20, 0), (2, 1 << 14, 0)])
def test_matmul_is_cut_only_beyond_l2(vectors: int, l2: int, expected: int, monkeypatch: pytest.MonkeyPatch):
    """1,024 outputs of 8 inputs are 32 KB, a part of 256 is 8, and 512 vectors are 16."""
    products = []
    plain = torch.mm
    monkeypatch.setattr(torch, "mm", lambda *args, **options: products.append(plain(*args, **options)))
    matmul_in_parts(torch.randn(vectors, 8), torch.randn(1024, 8), l2)
    assert len(products) == expected


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_large_matmul_on_gpu_equals_f_linear():
    x = torch.randn(1, 5000, 4096, device="cuda", dtype=torch.bfloat16)
    weight = torch.randn(16_384, 4096, device="cuda", dtype=torch.bfloat16)
    torch.testing.assert_close(Linear(weight)(x), F.linear(x, weight))
