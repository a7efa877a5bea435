"""What a simulation leaves behind: visits and values along its line, and what is proven by it.

Proofs: Winands, Björnsson and Saito, "Monte-Carlo tree search solver" (2008). A seat that can step to a won position
has won; where every action is proven, the best of them decides. A win is what pays `most` (Game.largest_reward).
"""

import numpy as np
from numba import njit

from agents.search.tree import OPEN, SETTLED


@njit(cache=True, error_model="numpy", forceinline=True)
def back_up(nodes, b, paths, payments, depth, value, exact, most):
    """One more visit for every node of paths[b] up to number `depth`. From there on the game is worth `value` to seat
    0; `exact`: for certain."""
    for d in range(depth, -1, -1):
        node = nodes[b, paths[b, d]]
        if d > 0:
            value += payments[b, d]
        node.visits += 1
        if exact:
            node.proven = 1 if value >= most else -1 if value <= -most else SETTLED
            node.value = value * np.float32(node.visits)
        else:
            node.value += value
        if exact and d > 0:
            exact, value = _decides(nodes, b, paths[b, d - 1], paths[b, d], value)


@njit(cache=True, error_model="numpy", forceinline=True)
def _decides(nodes, b, parent, child, value):
    """Whether the parent is proven, now that a child is, and what it is worth then, else what the child is."""
    above = nodes[b, parent]
    side = 1 - 2 * above.seat
    if nodes[b, child].proven == side:
        return True, value
    if above.num_tried < above.num_children:
        return False, value
    best = np.float32(-np.inf)
    for i in range(above.first_child, above.first_child + above.num_children):
        other = nodes[b, i]
        if other.proven == OPEN:
            return False, value
        best = max(best, np.float32(side) * other.value / np.float32(other.visits))
    return True, np.float32(side) * best
