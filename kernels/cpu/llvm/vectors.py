"""Vector instructions of LLVM, LANES wide, for the products on the CPU.

An inner loop written in them does not depend on the loop vectoriser, and LLVM splits the vectors to the width of the
machine. llvmlite appends instructions to a `builder`; addresses are int64 values.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils

LANES = 16
AHEAD = 8192
"""Bytes between a load and its prefetch: the processor's own prefetching ends with a page of 4096."""
F, I8, I16, I32, I64 = ir.FloatType(), ir.IntType(8), ir.IntType(16), ir.IntType(32), ir.IntType(64)
FLOATS, INTS = ir.VectorType(F, LANES), ir.VectorType(I32, LANES)


def splat(builder: Any, value: Any, kind: Any) -> Any:
    """Return a vector of the same scalar."""
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), value, ir.Constant(I32, 0))
    mask = ir.Constant(ir.VectorType(I32, kind.count), [0] * kind.count)
    return builder.shuffle_vector(one, ir.Constant(kind, ir.Undefined), mask)


def constant(value: int, kind: Any = INTS) -> Any:
    return ir.Constant(kind, [value] * kind.count)


def call(builder: Any, name: str, kind: Any, *values: Any) -> Any:
    """Return the result, of type `kind`, of one of LLVM's functions."""
    function = ir.FunctionType(kind, [value.type for value in values])
    return builder.call(cgutils.get_or_insert_function(builder.module, function, name), values)


def load_lanes(builder: Any, element: Any, address: Any, bytes_on: Any, count: int = LANES) -> Any:
    """Load `count` elements from `bytes_on` behind `address`, of any alignment."""
    pointer = builder.inttoptr(builder.add(address, bytes_on), ir.VectorType(element, count).as_pointer())
    loaded = builder.load(pointer)
    loaded.align = 1
    return loaded


def store_lanes(builder: Any, vector: Any, address: Any, bytes_on: int) -> None:
    """Store a vector at `bytes_on` behind `address`, of any alignment."""
    pointer = builder.inttoptr(builder.add(address, ir.Constant(I64, bytes_on)), vector.type.as_pointer())
    builder.store(vector, pointer).align = 1


def prefetch(builder: Any, address: Any, bytes_on: Any) -> None:
    """Prefetch the cache line AHEAD bytes behind that of a load; no address is an error."""
    pointer = builder.inttoptr(builder.add(builder.add(address, ir.Constant(I64, AHEAD)), bytes_on), I8.as_pointer())
    read, keep, data = ir.Constant(I32, 0), ir.Constant(I32, 3), ir.Constant(I32, 1)
    call(builder, "llvm.prefetch.p0", ir.VoidType(), pointer, read, keep, data)


def fold(builder: Any, vector: Any, size: int) -> Any:
    """Add the halves of a vector until `size` lanes are left."""
    add = builder.fadd if vector.type.element == F else builder.add
    while vector.type.count > size:
        half = vector.type.count // 2
        undefined = ir.Constant(vector.type, ir.Undefined)
        low, high = (ir.Constant(ir.VectorType(I32, half), list(range(k, k + half))) for k in (0, half))
        vector = add(builder.shuffle_vector(vector, undefined, low), builder.shuffle_vector(vector, undefined, high))
    return vector


def multiply_add(builder: Any, a: Any, b: Any, c: Any) -> Any:
    return call(builder, f"llvm.fma.v{LANES}f32", FLOATS, a, b, c)


def loop(builder: Any, start: Any, stop: Any, step: int, values: list[Any], body: Any) -> list[Any]:
    """Return `values` after values = body(index, values) for index = start, start + step, .. below `stop`."""
    entry = builder.block
    turn, done = builder.append_basic_block("loop"), builder.append_basic_block("done")
    builder.cbranch(builder.icmp_signed("<", start, stop), turn, done)
    builder.position_at_end(turn)
    index = builder.phi(I64)
    index.add_incoming(start, entry)
    carried = [builder.phi(value.type) for value in values]
    results = body(index, list(carried))
    following = builder.add(index, ir.Constant(I64, step))
    index.add_incoming(following, turn)
    builder.cbranch(builder.icmp_signed("<", following, stop), turn, done)
    builder.position_at_end(done)
    finals = [builder.phi(value.type) for value in values]
    for phi, final, value, result in zip(carried, finals, values, results, strict=True):
        phi.add_incoming(value, entry)
        phi.add_incoming(result, turn)
        final.add_incoming(value, entry)
        final.add_incoming(result, turn)
    return finals
