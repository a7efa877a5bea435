"""Random numbers from a stream that is one uint64 field of a State, so that a copied game has a copied future.

SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (OOPSLA 2014): the state advances by
the golden gamma, and a mix of it is the output. Period 2^64, one addition and three multiplications a draw.
"""

import numpy as np
from numba import njit

GOLDEN_GAMMA = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio, made odd
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_S32, _LOW32 = np.uint64(32), np.uint64(0xFFFFFFFF)


@njit(cache=True)
def _mix(z):
    z = (z ^ (z >> _S30)) * _MIX_1
    z = (z ^ (z >> _S27)) * _MIX_2
    return z ^ (z >> _S31)


@njit(cache=True)
def next_uint64(state):
    """The next 64 random bits of `state.rng`, which advances."""
    state.rng = np.uint64(state.rng + GOLDEN_GAMMA)
    return _mix(state.rng)


@njit(cache=True)
def uniform(state):
    """A float64 in [0, 1) with 53 random bits."""
    return np.float64(next_uint64(state) >> _S11) * (1.0 / 9007199254740992.0)  # 2^-53


@njit(cache=True)
def randint(state, n):
    """An int64 in [0, n), 0 < n < 2^32 (Lemire's multiplication; its bias, under n / 2^32, is left in)."""
    return np.int64(((next_uint64(state) >> _S32) * np.uint64(n)) >> _S32)


@njit(cache=True)
def hashed(bits, index):
    """64 random bits that belong to (bits, index): as if drawn from a stream that stood at `bits` and stays there."""
    return _mix(np.uint64(bits + np.uint64(index + 1) * GOLDEN_GAMMA))


def seed_streams(seed: int, count: int) -> np.ndarray:
    """`count` independent streams [count] uint64 for one seed; stream i does not depend on `count`."""
    return np.random.SeedSequence(seed).generate_state(2, np.uint64)[0] + _spread(np.arange(count, dtype=np.uint64))


def _spread(index: np.ndarray) -> np.ndarray:
    """Offsets that put neighbouring streams far apart: the mix of index + 1, computed with numpy."""
    with np.errstate(over="ignore"):
        z = (index + np.uint64(1)) * GOLDEN_GAMMA
        z = (z ^ (z >> _S30)) * _MIX_1
        z = (z ^ (z >> _S27)) * _MIX_2
        return z ^ (z >> _S31)
