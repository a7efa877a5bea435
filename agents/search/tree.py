"""The trees: one record a node, those of a game in one row, children side by side.

Letters       B games, N nodes that there is room for in a game, A actions, D the longest line
nodes         [B, N] NODE, node 0 is the root. A node and the edge that leads to it are one record of 24 bytes: what
              selection looks at in a node's children lies in one place, and a batch of small trees stays in the cache
searches      [B] SEARCH
paths         [B, D] int32, the nodes of the line that a simulation goes down, the root first; the last waits for its
              evaluation if the game does
payments      [B, D] float32, what seat 0 was paid by the step into each
roots, leaves [B] States: where each search began, and the position at the end of the line

Values are returns of seat 0, whoever is to move: a seat may move twice in a row. There are two seats, and what one wins
the other loses.
"""

from pathlib import Path

import numpy as np
from numba import njit

from envs import compile_cache
from envs.bits import lowest, pack
from envs.game import legal_action_mask

OPEN, SETTLED = 0, 2  # `proven`; 1 and -1 are a win of seat 0 and of seat 1
WORD = 64  # actions of a mask that are looked at together

NODE = np.dtype([
    ("value", np.float32),        # the sum over its visits of the returns from the step into it on
    ("visits", np.int32),
    ("prior", np.float32),        # the network's probability, with the root's noise in it; 0 in a search without one
    ("first_child", np.int32),
    ("action", np.uint16),        # that leads to it
    ("num_children", np.uint16),  # 0 until it is expanded: all legal actions, from `first_child` on
    ("num_tried", np.uint16),     # those that were visited come first, then the one that is tried next
    ("seat", np.int8),            # who is to move, once it was visited
    ("proven", np.int8),          # OPEN, or `value` is exact: 1 seat 0 wins, -1 seat 1 does, SETTLED anything else
])  # fmt: skip

# Numba notices an edit of the file that a cached function stands in, not of those that it calls into. A field named
# after the sources of this package makes another type of SEARCH, so that nothing compiled before an edit is found.
_SOURCES = compile_cache.fingerprint(sorted(Path(__file__).parent.glob("*.py")))

SEARCH = np.dtype([
    ("rng", np.uint64),
    ("num_nodes", np.int32),
    ("simulations", np.int32),  # made so far
    ("depth", np.int32),        # of the last node of the line
    ("root_value", np.float32), # what the network says of the root, for seat 0
    (f"sources_{_SOURCES}", np.int8),
])  # fmt: skip


@njit(cache=True, error_model="numpy", forceinline=True)
def plant(search, nodes, b):
    """A tree of nothing but a root that was not visited."""
    search.num_nodes = 1
    search.simulations = 0
    search.depth = 0
    search.root_value = 0
    _clear(nodes[b, 0])


@njit(cache=True, error_model="numpy")
def plant_rows(rows, searches, nodes):
    for i in range(rows.shape[0]):
        plant(searches[rows[i]], nodes, rows[i])


@njit(cache=True, error_model="numpy")
def replant_rows(rows, actions, searches, nodes, kept):
    """For rows [n] and actions [n] of their roots; kept [n] bool: whether there was anything to keep."""
    spare = np.empty(nodes.shape[1], NODE)
    for i in range(rows.shape[0]):
        kept[i] = replant(searches[rows[i]], nodes, rows[i], actions[i], spare)


@njit(cache=True, error_model="numpy", forceinline=True)
def _clear(node):
    node.value = 0
    node.visits = 0
    node.prior = 0
    node.first_child = 0
    node.action = 0
    node.num_children = 0
    node.num_tried = 0
    node.proven = OPEN


@njit(cache=True, error_model="numpy", forceinline=True)
def add_children(search, nodes, b, at, state, mask):
    """Every legal action of `state` becomes a child of node `at`; there is room. mask [A] is scratch."""
    node, num_actions = nodes[b, at], mask.shape[0]
    node.seat = state.current_player
    node.first_child = search.num_nodes
    node.num_tried = 0
    legal_action_mask(state, state.current_player, mask)
    last = search.num_nodes
    if num_actions < WORD:
        for action in range(num_actions):
            if mask[action]:
                _clear(nodes[b, last])
                nodes[b, last].action = action
                last += 1
    else:
        for start in range(0, num_actions, WORD):
            first = min(start, num_actions - WORD)
            legal = pack(mask, first) >> np.uint64(start - first) << np.uint64(start - first)  # no action twice
            while legal:
                _clear(nodes[b, last])
                nodes[b, last].action = first + lowest(legal)
                last += 1
                legal &= legal - np.uint64(1)
    node.num_children = last - search.num_nodes
    search.num_nodes = last


@njit(cache=True, error_model="numpy", forceinline=True)
def set_priors(nodes, b, at, heads, row):
    """The softmax over the legal of the logits heads[row, :A], and the likeliest child is tried first."""
    node = nodes[b, at]
    first, last = node.first_child, node.first_child + node.num_children
    highest = np.float32(-np.inf)
    for i in range(first, last):
        highest = max(highest, heads[row, nodes[b, i].action])
    total = np.float32(0)
    for i in range(first, last):
        child = nodes[b, i]
        child.prior = np.exp(heads[row, child.action] - highest)
        total += child.prior
    scale = np.float32(1) / total
    for i in range(first, last):
        nodes[b, i].prior *= scale
    bring_forward(nodes, b, first, last)


@njit(cache=True, error_model="numpy", forceinline=True)
def bring_forward(nodes, b, place, end):
    """The likeliest of the untried children from `place` to `end` comes to `place`."""
    best = place
    for i in range(place + 1, end):
        if nodes[b, i].prior > nodes[b, best].prior:
            best = i
    exchange(nodes, b, place, best)


@njit(cache=True, error_model="numpy", forceinline=True)
def exchange(nodes, b, i, j):
    """Of two children that were not tried: there is no more to them."""
    one, other = nodes[b, i], nodes[b, j]
    one.action, other.action = other.action, one.action
    one.prior, other.prior = other.prior, one.prior


@njit(cache=True, error_model="numpy", forceinline=True)
def replant(search, nodes, b, action, spare):
    """The subtree behind an action of the root becomes the tree: whether there was one. spare [N] NODE is scratch.

    A node's children are copied when its turn comes, so that they lie side by side again."""
    root = nodes[b, 0]
    kept = -1
    for i in range(root.first_child, root.first_child + root.num_children):
        if nodes[b, i].action == action and nodes[b, i].num_children > 0:
            kept = i
    if kept < 0:
        plant(search, nodes, b)
        return False
    spare[0] = nodes[b, kept]
    count, at = 1, 0
    while at < count:
        node = spare[at]
        first = node.first_child
        if node.num_children > 0:
            node.first_child = count
        for i in range(first, first + node.num_children):
            spare[count] = nodes[b, i]
            count += 1
        at += 1
    for i in range(count):
        nodes[b, i] = spare[i]
    search.num_nodes = count
    search.depth = 0
    root = nodes[b, 0]
    search.root_value = root.value / np.float32(root.visits)
    # visits are the children's and one for the root's own evaluation
    search.simulations = 0
    for i in range(root.first_child, root.first_child + root.num_children):
        search.simulations += nodes[b, i].visits
    return True
