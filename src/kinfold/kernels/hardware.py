"""What numba has no word for: asking for memory ahead of time, and threads that wait for one another.

The threads of a kernel meet many thousand times a second. Python's own barrier takes longer than the work between two
meetings, so each thread writes how far it has come and watches what the others write.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from kinfold.types import Array

#: Looks before a waiting thread offers its processor to others.
_PATIENCE = 4000
#: Between the places two threads write to, in int64: they must not share a cache line.
STRIDE = 16
_BYTE = ir.IntType(8).as_pointer()
_INT = ir.IntType(32)

_sched_yield = types.ExternalFunction("sched_yield", types.int32())


def _address(context: Any, builder: Any, kind: Any, array: Any, row: Any, row_type: Any, column: int = 0) -> Any:
    """Return the address of ``array[row, column]`` of a C-contiguous array."""
    made = context.make_array(kind)(context, builder, array)
    stride = cgutils.unpack_tuple(builder, made.strides)[0]
    wide = context.cast(builder, row, row_type, types.int64)
    start = builder.bitcast(made.data, _BYTE)
    return builder.gep(start, [builder.add(builder.mul(wide, stride), ir.Constant(ir.IntType(64), column))])


@intrinsic
def _prefetch_line(_: Any, array: Any, row: Any, line: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        address = _address(context, builder, signature.args[0], given[0], given[1], signature.args[1])
        wide = context.cast(builder, given[2], signature.args[2], types.int64)
        address = builder.gep(address, [builder.mul(wide, ir.Constant(ir.IntType(64), 64))])
        kind = ir.FunctionType(ir.VoidType(), [_BYTE, _INT, _INT, _INT])
        call = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(call, [address, ir.Constant(_INT, 1), ir.Constant(_INT, 3), ir.Constant(_INT, 1)])
        return context.get_dummy_value()

    return types.void(array, row, line), generate


@intrinsic
def _store(_: Any, array: Any, row: Any, value: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        address = _address(context, builder, signature.args[0], given[0], given[1], signature.args[1])
        value = context.cast(builder, given[2], signature.args[2], types.int64)
        builder.store_atomic(value, builder.bitcast(address, ir.IntType(64).as_pointer()), "release", 8)
        return context.get_dummy_value()

    return types.void(array, row, value), generate


@intrinsic
def _load(_: Any, array: Any, row: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        address = _address(context, builder, signature.args[0], given[0], given[1], signature.args[1])
        return builder.load_atomic(builder.bitcast(address, ir.IntType(64).as_pointer()), "acquire", 8)

    return types.int64(array, row), generate


@njit(cache=True, nogil=True)
def prefetch(table: Array, row: int) -> None:
    """Ask for row `row` of a contiguous float32 `table` (V, D), so that it has come when it is needed."""
    for line in range((table.shape[1] + 15) // 16):
        _prefetch_line(table, row, line)  # type: ignore[call-arg]


@njit(cache=True, nogil=True)
def meet(progress: Array, thread: int, step: int) -> None:
    """Wait until every thread has come to `step`, a number that grows from meeting to meeting.

    Parameters
    ----------
    progress
        (threads, `STRIDE`) int64, zeros before the first meeting.
    thread
        The one that calls.
    """
    _store(progress, thread, step)  # type: ignore[call-arg]
    for other in range(progress.shape[0]):
        looks = 0
        while _load(progress, other) < step:  # type: ignore[call-arg]
            looks += 1
            if looks > _PATIENCE:
                _sched_yield()
