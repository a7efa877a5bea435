"""bfloat16 in compiled loops: the upper half of a float32, as uint16, for numpy has no such type.

8 significant bits, so that a number is rounded by up to 2^-9 of itself, and the exponents of float32.

Loops are written for both: they read a number by `widen`, and write it by `narrow`, whatever the array holds.
"""

from typing import Any

import numpy as np
import torch
from numba import njit, types
from numba.extending import overload

from envs import compile_cache  # noqa: F401  decides where numba keeps compiled code


def array_of(tensor: torch.Tensor) -> np.ndarray:
    """The memory of a tensor in CPU memory, float32 or bfloat16, as loops want it: float32 or uint16."""
    return (tensor.view(torch.uint16) if tensor.dtype == torch.bfloat16 else tensor).numpy()


def widen(x: Any) -> Any:
    """float32, of a float32 or of a bfloat16 as uint16."""


def narrow(x: Any, like: Any) -> Any:
    """A float32 as the type of `like`: itself, or rounded to the nearest bfloat16 (to even), as uint16."""


@overload(widen)
def _widen(x):
    if isinstance(x, types.Float):
        return lambda x: x
    return lambda x: np.uint32(np.uint32(x) << np.uint32(16)).view(np.float32)


@overload(narrow)
def _narrow(x, like):
    if isinstance(like, types.Float):
        return lambda x, like: x
    return lambda x, like: _rounded(x)


@njit(cache=True, nogil=True, error_model="numpy")
def _rounded(x):
    bits = np.float32(x).view(np.uint32)
    up = np.uint32(np.uint32(bits >> np.uint32(16)) & np.uint32(1))
    rounded = np.uint16(np.uint32(bits + np.uint32(0x7FFF) + up) >> np.uint32(16))
    return rounded if x == x else np.uint16(0x7FC0)  # NaN: its bits might be carried over into a number
