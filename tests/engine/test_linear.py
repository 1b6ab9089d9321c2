"""A linear layer multiplies the same, whichever layout its weight is kept in."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from engine.linear import Linear


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
