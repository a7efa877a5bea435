"""Comparing arrays to the last bit."""

import numpy as np


def bits(array: np.ndarray) -> list:
    """Type and content, field by field: between the fields of a record lie bytes that mean nothing."""
    if array.dtype.names:
        return [bits(array[name]) for name in array.dtype.names]
    return [array.dtype, array.tobytes()]
