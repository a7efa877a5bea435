"""What the network said of observations that it has seen: games of a batch meet in the same positions, and every root
but the first was a node of the search before.

Keys are 64-bit hashes of the observation's bytes: two observations are taken for the same once in 10^9 searches of a
million positions. Each key has one place; the newest takes it.

keys    [C] uint64, 0: empty. C is a power of two, or 0: no cache
heads   [C, A + 1] float32
"""

import numpy as np
from numba import njit

_FACTOR, _S29, _S32 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(29), np.uint64(32)  # as in envs/random_stream.py


@njit(cache=True, error_model="numpy", forceinline=True)
def hashed(seen, row):
    """Of the bytes seen[row] uint8, eight at a time; never 0."""
    size = seen.shape[1]
    bits = np.uint64(size)
    for start in range(0, size - 7, 8):
        word = np.uint64(0)
        for i in range(8):
            word |= np.uint64(seen[row, start + i]) << np.uint64(8 * i)
        bits = (bits ^ word) * _FACTOR
        bits ^= bits >> _S29
    for i in range(size - size % 8, size):
        bits = (bits ^ np.uint64(seen[row, i])) * _FACTOR
        bits ^= bits >> _S32
    return max(bits ^ (bits >> _S32), np.uint64(1))


@njit(cache=True, error_model="numpy", forceinline=True)
def place_of(key, keys):
    return np.int64(key & np.uint64(keys.shape[0] - 1))


@njit(cache=True, error_model="numpy", forceinline=True)
def remember(key, keys, cached, heads, row):
    place = place_of(key, keys)
    keys[place] = key
    for i in range(heads.shape[1]):
        cached[place, i] = heads[row, i]
