"""What a processor does to 64 bits in one instruction or a few: LLVM has names for it, numba has none.

A uint64 is a set of the numbers 0..63, bit i for number i: squares of a board, or actions of a mask.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

instruction: Any = intrinsic  # type checkers miss that numba itself supplies the first argument

_BYTES = ir.VectorType(ir.IntType(8), 64)
_FLAGS = ir.VectorType(ir.IntType(1), 64)


@instruction
def lowest(typingctx, members):
    """int64: the lowest member of a set that is not empty."""

    def codegen(context, builder, signature, args):
        return builder.cttz(args[0], cgutils.true_bit)

    return types.int64(types.uint64), codegen


@instruction
def leading_zeros(typingctx, members):
    """int64: how many numbers lie above the highest member of a set that is not empty."""

    def codegen(context, builder, signature, args):
        return builder.ctlz(args[0], cgutils.true_bit)

    return types.int64(types.uint64), codegen


@instruction
def size(typingctx, members):
    """int64: how many members a set has."""

    def codegen(context, builder, signature, args):
        return builder.ctpop(args[0])

    return types.int64(types.uint64), codegen


@instruction
def reversed_bytes(typingctx, members):
    """uint64: the eight bytes in the opposite order; on a board of 8 x 8, the ranks."""

    def codegen(context, builder, signature, args):
        return builder.bswap(args[0])

    return types.uint64(types.uint64), codegen


@instruction
def unpack(typingctx, members, out):
    """Write 64 bytes, 1 where a number is a member and 0 elsewhere, to the start of `out`, contiguous bytes."""
    _of_bytes(out)

    def codegen(context, builder, signature, args):
        data = context.make_array(signature.args[1])(context, builder, args[1]).data
        flags = builder.zext(builder.bitcast(args[0], _FLAGS), _BYTES)
        builder.store(flags, builder.bitcast(data, _BYTES.as_pointer()), align=1)
        return context.get_dummy_value()

    return types.void(types.uint64, out), codegen


@instruction
def pack(typingctx, flags, start):
    """uint64: those i for which flags[start + i] is true, of 64 that must exist; contiguous, bool."""
    _of_bytes(flags)

    def codegen(context, builder, signature, args):
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        place = builder.bitcast(builder.gep(data, [args[1]]), _BYTES.as_pointer())
        return builder.bitcast(builder.trunc(builder.load(place, align=1), _FLAGS), ir.IntType(64))

    return types.uint64(flags, types.int64), codegen


def _of_bytes(array) -> None:
    contiguous = isinstance(array, types.Array) and array.layout == "C"
    if not contiguous or array.dtype not in (types.uint8, types.int8, types.boolean):
        raise TypeError(f"{array} is no contiguous array of bytes")
