"""Arrays that compiled code does not count the users of.

Numba counts an array's users by atomic additions, in each function that it is handed to and for each row taken of it;
of a search's small functions on many arrays that was a third of all time. Whoever is called from Python holds its
arguments for as long as the call lasts, so what it calls in turn may do without.
"""

from typing import Any

from numba import types
from numba.core import cgutils
from numba.core.imputils import impl_ret_untracked
from numba.extending import intrinsic


@intrinsic
def _borrowed(typing_context: Any, array: Any) -> Any:
    """The same memory as an array that has no owner: for use only while the caller holds `array`."""
    if not isinstance(array, types.Array):
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        view = cgutils.create_struct_proxy(array)(context, builder, arguments[0])
        view.meminfo = cgutils.get_null_value(view.meminfo.type)
        view.parent = cgutils.get_null_value(view.parent.type)
        return impl_ret_untracked(context, builder, array, view._getvalue())

    return array(array), generate


borrowed: Any = _borrowed  # called as it is in compiled code, with the array alone
