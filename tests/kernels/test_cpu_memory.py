"""Large tensors of weights hold what was copied into them, whatever pages the system gives."""

from __future__ import annotations

import pytest
import torch

from kernels.cpu.memory import LARGE, copied, empty


@pytest.mark.parametrize("size", [0, 3, LARGE // 4, LARGE // 2 + 5])
def test_copy_has_the_values_and_memory_of_its_own(size: int):
    source = torch.arange(size, dtype=torch.int32)
    found = copied(source)
    assert torch.equal(found, source) and (not size or found.data_ptr() != source.data_ptr())
    assert torch.equal(copied(source, torch.float32), source.float())


def test_empty_has_shape_and_dtype():
    tensor = empty((7, LARGE // 7), torch.int8)
    assert tensor.shape == (7, LARGE // 7) and tensor.dtype == torch.int8 and tensor.is_contiguous()
