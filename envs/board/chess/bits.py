"""Sets of squares are uint64, bit 0 = a1, bit 7 = h1, bit 63 = h8; here is what a processor does to one in an instruction.

Numba has no names for these, LLVM has.
"""

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


@intrinsic
def lowest(typingctx, squares):
    """int64: the number of the lowest square of a set that is not empty."""

    def codegen(context, builder, signature, args):
        return builder.cttz(args[0], cgutils.true_bit)

    return types.int64(types.uint64), codegen


@intrinsic
def leading_zeros(typingctx, squares):
    """int64: how many squares lie above the highest of a set that is not empty."""

    def codegen(context, builder, signature, args):
        return builder.ctlz(args[0], cgutils.true_bit)

    return types.int64(types.uint64), codegen


@intrinsic
def count(typingctx, squares):
    """int64: how many squares there are in a set."""

    def codegen(context, builder, signature, args):
        return builder.ctpop(args[0])

    return types.int64(types.uint64), codegen


@intrinsic
def mirrored(typingctx, squares):
    """uint64: rank 1 changed with rank 8, 2 with 7, ...: the board as the other side sees it."""

    def codegen(context, builder, signature, args):
        return builder.bswap(args[0])

    return types.uint64(types.uint64), codegen
