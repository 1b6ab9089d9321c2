"""Products with a large quantised weight on a CPU, in blocks of its rows that threads take in turn.

A thread dequantises a block and multiplies it by itself, while its L2 cache holds it: the whole weight in floats would
go through memory twice, and oneDNN's threads, which meet within every product, wait where another program keeps one of
them from running. The blocks depend on the shape of the weight alone, so the number of threads changes no bit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import torch

from engine.network.footprint import BLOCK_BYTES

FEWEST_BLOCKS = 4
"""Blocks of a weight at least, so that threads have equal shares."""
FEWEST_ROWS = 64
"""Rows of a block at least: fewer use the matrix units badly."""
LARGE = 16 << 20
"""Bytes of a weight in the compute dtype from which it is multiplied in blocks."""

Rows = Callable[[slice], torch.Tensor]
"""Returns rows of a weight as floats; the next call in the same thread may overwrite them."""
Multiply = Callable[[torch.Tensor, torch.Tensor, torch.Tensor | None], torch.Tensor]
"""(vectors, rows, bias) to vectors @ rows.T + bias."""


def block_rows(out: int, width: int, item_bytes: int) -> int:
    """Return the rows of a block of a weight [out, width]."""
    rows = min(BLOCK_BYTES // (width * item_bytes), -(-out // FEWEST_BLOCKS))
    return min(out, max(FEWEST_ROWS, rows // 32 * 32))


def multiply_blocks(
    vectors: torch.Tensor, out: int, rows_of: Rows, bias: torch.Tensor | None, multiply: Multiply
) -> torch.Tensor:
    """Return vectors [N, width] @ weight.T + bias, [N, out], by `multiply` a block of rows at a time."""
    size = block_rows(out, vectors.shape[1], vectors.element_size())
    y = vectors.new_empty(len(vectors), out)
    starts = iter(range(0, out, size))
    turn = threading.Lock()

    def work() -> None:
        with torch.inference_mode():
            while True:
                with turn:
                    start = next(starts, None)
                if start is None:
                    return
                rows = slice(start, min(start + size, out))
                y[:, rows] = multiply(vectors, rows_of(rows), None if bias is None else bias[rows])

    threads = min(torch.get_num_threads(), -(-out // size))
    if threads < 2:
        work()
        return y
    for done in [_pool(threads).submit(work) for _ in range(threads)]:
        done.result()
    return y


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """Return `threads` threads in which torch computes without further ones."""
    pool = ThreadPoolExecutor(threads, thread_name_prefix="readthrough-products")
    all_begun = threading.Barrier(threads + 1, timeout=60)

    def begin() -> None:
        torch.get_num_threads()  # the first call in a thread takes the number of the process
        torch.set_num_threads(1)
        all_begun.wait()

    before = torch.get_num_threads()
    begun = [pool.submit(begin) for _ in range(threads)]
    all_begun.wait()
    for one in begun:
        one.result()
    torch.set_num_threads(before)  # the calls above were for later threads too
    return pool
