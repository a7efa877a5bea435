"""Random numbers for the root, from a search's own stream.

Gumbel: Danihelka et al., "Policy improvement by planning with Gumbel" (2022). Dirichlet: Silver et al., "Mastering
chess and shogi by self-play with a general reinforcement learning algorithm" (2017), by gamma numbers of Marsaglia and
Tsang, "A simple method for generating gamma variables" (2000).
"""

import numpy as np
from numba import njit

from envs.random_stream import uniform


@njit(cache=True, error_model="numpy", forceinline=True)
def gumbel(search):
    """A number of the standard Gumbel distribution."""
    return np.float32(-np.log(-np.log(_positive(search))))


@njit(cache=True, error_model="numpy", forceinline=True)
def gamma(search, shape):
    """A number of the Gamma distribution of that shape, below 1 or above, and scale 1."""
    boosted = shape + 1.0 if shape < 1.0 else shape
    d = boosted - 1.0 / 3.0
    c = 1.0 / np.sqrt(9.0 * d)
    while True:
        x = np.sqrt(-2.0 * np.log(_positive(search))) * np.cos(2.0 * np.pi * uniform(search))
        v = (1.0 + c * x) ** 3
        if v > 0 and np.log(_positive(search)) < 0.5 * x * x + d - d * v + d * np.log(v):
            break
    return d * v * (_positive(search) ** (1.0 / shape) if shape < 1.0 else 1.0)


@njit(cache=True, error_model="numpy", forceinline=True)
def _positive(search):
    return 1.0 - uniform(search)


@njit(cache=True, error_model="numpy", forceinline=True)
def mix_dirichlet(search, nodes, b, share, total):
    """The root's priors p become (1 - share) p + share x, where x is drawn from the Dirichlet distribution whose
    parameters are all the same and sum to `total`."""
    root = nodes[b, 0]
    first, count = root.first_child, np.int64(root.num_children)
    drawn, most = np.empty(count, np.float64), 0.0
    for i in range(count):
        drawn[i] = gamma(search, total / count)
        most += drawn[i]
    for i in range(count):
        child = nodes[b, first + i]
        child.prior = np.float32((1.0 - share) * child.prior + share * drawn[i] / most)
