"""Threads for the compiled loops: a pool of our own, as large as torch's.

numba's threading layers are not used: `omp` brings a second OpenMP pool whose threads and torch's spin against each
other, `workqueue` breaks under concurrent calls.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import torch

PARALLEL_WORK = 1 << 19
"""Multiply-adds below which waking a thread (about 50 us) costs more than it saves."""


@cache
def threads(count: int) -> ThreadPoolExecutor:
    """Return the pool of `count` threads beside the caller's."""
    return ThreadPoolExecutor(count, thread_name_prefix="readthrough-kernels")


def parallel_for(kernel: Any, items: int, work: int, *args: Any) -> None:
    """Run kernel(first, last, *args) over all items, in as many threads as torch uses.

    Less than PARALLEL_WORK multiply-adds (`work`) run in the caller's thread.
    """
    workers = min(torch.get_num_threads(), items)
    if workers < 2 or work < PARALLEL_WORK:
        kernel(0, items, *args)
        return
    cuts = [items * k // workers for k in range(workers + 1)]
    pool = threads(workers - 1)
    others = [pool.submit(kernel, cuts[k], cuts[k + 1], *args) for k in range(1, workers)]
    kernel(cuts[0], cuts[1], *args)
    for other in others:
        other.result()
