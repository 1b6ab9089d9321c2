"""A linear layer multiplies the same, whichever layout its weight is kept in."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from engine.network.linear import Linear, matmul_in_parts


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shape", [(33, 17), (80, 64), (7, 2), (1, 5)])
@pytest.mark.parametrize("tokens", [1, 3, 40])
def test_every_layout_gives_what_f_linear_gives(dtype: torch.dtype, shape: tuple[int, int], tokens: int):
    generator = torch.Generator().manual_seed(tokens)
    weight = torch.randn(shape, generator=generator).to(dtype)
    bias = torch.randn(shape[0], generator=generator).to(dtype)
    x = torch.randn(2, tokens, shape[1], generator=generator).to(dtype)
    tolerance = {"rtol": 1e-5, "atol": 1e-5} if dtype == torch.float32 else {"rtol": 0.02, "atol": 0.05}
    for pack in (True, False):
        torch.testing.assert_close(Linear(weight, bias, pack)(x), F.linear(x, weight, bias), **tolerance)
        torch.testing.assert_close(Linear(weight, None, pack)(x), F.linear(x, weight), **tolerance)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_part_of_a_projection_is_multiplied_without_a_copy_of_ones_own(dtype: torch.dtype):
    whole = torch.randn(2, 9, 50, generator=torch.Generator().manual_seed(0)).to(dtype)
    weight = torch.randn(21, 12, generator=torch.Generator().manual_seed(1)).to(dtype)
    part = whole[..., 5:17]
    for pack in (True, False):
        torch.testing.assert_close(Linear(weight, pack=pack)(part), Linear(weight, pack=pack)(part.contiguous()))


def test_a_weight_that_others_look_into_stays_the_same_tensor():
    weight = torch.randn(4, 3)
    assert Linear(weight).weight is weight
    assert Linear(weight).nbytes == Linear(weight, pack=True).nbytes == 48


@pytest.mark.parametrize("shape", [(1024, 48), (700, 16), (256, 8)])
@pytest.mark.parametrize("l2", [1 << 8, 1 << 12, 1 << 16])
def test_a_matmul_in_parts_is_the_product(shape: tuple[int, int], l2: int):
    generator = torch.Generator().manual_seed(l2)
    x, weight = torch.randn(2, 5, shape[1], generator=generator), torch.randn(shape, generator=generator)
    torch.testing.assert_close(matmul_in_parts(x, weight, l2), F.linear(x, weight))
    part = torch.randn(1, 9, 3 * shape[1], generator=generator)[..., : shape[1]]  # of rows that lie further apart
    torch.testing.assert_close(matmul_in_parts(part, weight, l2), F.linear(part, weight))


@pytest.mark.parametrize(("vectors", "l2", "expected"), [(512, 1 << 14, 4), (512, 1 << 20, 0), (2, 1 << 14, 0)])
def test_only_what_would_not_stay_in_the_cache_is_cut(
    vectors: int, l2: int, expected: int, monkeypatch: pytest.MonkeyPatch
):
    """1,024 outputs of 8 inputs are 32 KB, a part of 256 is 8, and 512 vectors are 16."""
    products = []
    plain = torch.mm
    monkeypatch.setattr(torch, "mm", lambda *args, **options: products.append(plain(*args, **options)))
    matmul_in_parts(torch.randn(vectors, 8), torch.randn(1024, 8), l2)
    assert len(products) == expected


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_the_large_products_of_a_gpu_are_the_product():
    x = torch.randn(1, 5000, 4096, device="cuda", dtype=torch.bfloat16)
    weight = torch.randn(16_384, 4096, device="cuda", dtype=torch.bfloat16)
    torch.testing.assert_close(Linear(weight)(x), F.linear(x, weight))
