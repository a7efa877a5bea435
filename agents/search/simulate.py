"""The compiled loops of a search: simulations of every game until each waits for the network, or whole searches by
random play. Arrays as in tree.py.

settings      SETTINGS, one record for all games
waiting       [B] int64, the games whose leaf waits for its evaluation; in the same order stand
observations  [B, *shape], which `seen` [B, bytes] uint8 is another view of, and
waiting_keys  [B] uint64, by which their evaluation is remembered (cache.py has `keys` and `cached`)
"""

import numpy as np
from numba import njit

from agents.search.backup import back_up
from agents.search.borrowed import borrowed
from agents.search.cache import hashed, place_of, remember
from agents.search.noise import gumbel, mix_dirichlet
from agents.search.selection import halving, order_by_score, puct, ucb
from agents.search.tree import OPEN, add_children, bring_forward, set_priors
from envs.game import is_terminal, is_truncated, observe, rewards, step
from envs.random_moves import random_legal_action
from envs.random_stream import next_uint64

SETTINGS = np.dtype([
    ("simulations", np.int32),     # that a search makes
    ("halving", np.bool_),         # at the root, and a policy improved by completed values; else PUCT there too
    ("exploration", np.float32),   # of PUCT or UCB1, per unit of value
    ("most", np.float32),          # that a game pays: Game.largest_reward
    ("visit_offset", np.float32),  # selection.value_weight
    ("value_scale", np.float32),   # the same, per unit of value
    ("gumbel_scale", np.float32),  # 0: no chance at the root
    ("noise_share", np.float32),   # of Dirichlet noise in the root's priors, with PUCT
    ("noise_total", np.float32),   # the sum of its parameters
])  # fmt: skip


@njit(cache=True)
def first_over(rows, roots):
    """The first of rows [n] in which nobody is to move, or -1."""
    for i in range(rows.shape[0]):
        if is_terminal(roots[rows[i]]) or is_truncated(roots[rows[i]]):
            return rows[i]
    return -1


@njit(cache=True, error_model="numpy")
def begin(
    rows, kept, num_waiting, num_over, searches, nodes, leaves, roots, paths, payments, settings, scores, schedule,
    paid, mask, waiting, observations, seen, waiting_keys, keys, cached, over,
):  # fmt: skip
    """Searches of rows [n], whose roots have children where `kept` [n] says so, until each waits or is over; how many
    do now, and are."""
    searches, nodes, leaves, roots = borrowed(searches), borrowed(nodes), borrowed(leaves), borrowed(roots)
    paths, payments, paid, mask = borrowed(paths), borrowed(payments), borrowed(paid), borrowed(mask)
    settings, scores, schedule = borrowed(settings), borrowed(scores), borrowed(schedule)
    observations, seen = borrowed(observations), borrowed(seen)
    waiting_keys, keys, cached = borrowed(waiting_keys), borrowed(keys), borrowed(cached)
    for i in range(rows.shape[0]):
        b = rows[i]
        if kept[i]:
            prepare_root(searches[b], nodes, b, settings[0], scores)
        else:
            leaves[b] = roots[b]
            paths[b, 0] = 0
            searches[b].depth = 0
        if _go_on(
            b, not kept[i], searches, nodes, leaves, roots, paths, payments, settings[0], scores, schedule, paid, mask,
            num_waiting, observations, seen, waiting_keys, keys, cached,
        ):  # fmt: skip
            waiting[num_waiting] = b
            num_waiting += 1
        else:
            over[num_over] = b
            num_over += 1
    return num_waiting, num_over


@njit(cache=True, error_model="numpy")
def tick(
    heads, num_over, searches, nodes, leaves, roots, paths, payments, settings, scores, schedule, paid, mask, waiting,
    observations, seen, waiting_keys, keys, cached, over,
):  # fmt: skip
    """Take in heads [n, A + 1] of those that wait, and go on with each until it waits again or is over; how many do,
    and are, and the most nodes that one has."""
    heads, searches, nodes, leaves = borrowed(heads), borrowed(searches), borrowed(nodes), borrowed(leaves)
    roots, paths, payments, paid = borrowed(roots), borrowed(paths), borrowed(payments), borrowed(paid)
    settings, scores, schedule, mask = borrowed(settings), borrowed(scores), borrowed(schedule), borrowed(mask)
    observations, seen = borrowed(observations), borrowed(seen)
    waiting_keys, keys, cached = borrowed(waiting_keys), borrowed(keys), borrowed(cached)
    num_waiting, most_nodes = 0, 0
    for i in range(heads.shape[0]):
        b = waiting[i]
        if keys.shape[0] > 0:
            remember(waiting_keys[i], keys, cached, heads, i)
        _take_in(searches[b], nodes, leaves[b], paths, payments, settings[0], scores, heads, i, mask, b)
        if _go_on(
            b, False, searches, nodes, leaves, roots, paths, payments, settings[0], scores, schedule, paid, mask,
            num_waiting, observations, seen, waiting_keys, keys, cached,
        ):  # fmt: skip
            waiting[num_waiting] = b
            num_waiting += 1
        else:
            over[num_over] = b
            num_over += 1
        most_nodes = max(most_nodes, searches[b].num_nodes)
    return num_waiting, num_over, most_nodes


@njit(cache=True, error_model="numpy", forceinline=True)
def _go_on(
    b, at_leaf, searches, nodes, leaves, roots, paths, payments, settings, scores, schedule, paid, mask, place,
    observations, seen, waiting_keys, keys, cached,
):  # fmt: skip
    """Simulations of game b until one ends at a leaf that the network must look at (True; its observation is at
    `place`), or the search is over (False)."""
    while at_leaf or _to_leaf(searches, nodes, leaves, roots, paths, payments, settings, scores, schedule, paid, b):
        at_leaf = False
        leaf, search = leaves[b], searches[b]
        observe(leaf, leaf.current_player, observations[place])
        if keys.shape[0] == 0:
            return True
        key = hashed(seen, place)
        known = place_of(key, keys)
        # Without room for two nodes' children it waits all the same: trees get more between ticks.
        if keys[known] != key or search.num_nodes + 2 * mask.shape[0] > nodes.shape[1]:
            waiting_keys[place] = key
            return True
        _take_in(search, nodes, leaf, paths, payments, settings, scores, cached, known, mask, b)
    return False


@njit(cache=True, error_model="numpy", forceinline=True)
def _take_in(search, nodes, leaf, paths, payments, settings, scores, heads, i, mask, b):
    """The evaluation of the leaf, row i of heads: its children get their priors, its line the value."""
    at = paths[b, search.depth]
    add_children(search, nodes, b, at, leaf, mask)
    set_priors(nodes, b, at, heads, i)
    value = min(max(heads[i, mask.shape[0]], -settings.most), settings.most)
    if leaf.current_player == 1:
        value = -value
    if search.depth == 0:
        search.root_value = value
        prepare_root(search, nodes, b, settings, scores)
    back_up(nodes, b, paths, payments, search.depth, value, False, settings.most)


@njit(cache=True, error_model="numpy", forceinline=True)
def prepare_root(search, nodes, b, settings, scores):
    """What chance does to the root, and the order in which its children, not yet tried, will be."""
    first, count = nodes[b, 0].first_child, np.int64(nodes[b, 0].num_children)
    if settings.halving:
        for i in range(count):
            scores[b, i] = log_prior(nodes[b, first + i])
            if settings.gumbel_scale > 0:
                scores[b, i] += settings.gumbel_scale * gumbel(search)
        order_by_score(nodes, b, scores, count)
    elif settings.noise_share > 0:
        mix_dirichlet(search, nodes, b, settings.noise_share, settings.noise_total)
        untried = first + nodes[b, 0].num_tried
        if untried < first + count:
            bring_forward(nodes, b, untried, first + count)


@njit(cache=True, error_model="numpy", forceinline=True)
def log_prior(node):
    """The logit, up to a constant; what is too unlikely for a float32 keeps a finite one."""
    return np.log(max(node.prior, np.float32(1e-30)))


@njit(cache=True, error_model="numpy", forceinline=True)
def _to_leaf(searches, nodes, leaves, roots, paths, payments, settings, scores, schedule, paid, b):
    """Simulations of game b until one ends where the network must say what the position is worth (True), or the search
    is over (False): all are made, the root is proven, or there is nothing to choose."""
    search, root = searches[b], nodes[b, 0]
    while search.simulations < settings.simulations and root.proven == OPEN and root.num_children > 1:
        leaves[b] = roots[b]
        leaf = leaves[b]
        at, depth = 0, 0
        while True:
            if depth == 0 and settings.halving:
                at = halving(search, nodes, b, scores, schedule, settings.visit_offset, settings.value_scale)
            else:
                at = puct(nodes, b, at, settings.exploration)
            depth += 1
            paths[b, depth] = at
            node = nodes[b, at]
            if node.proven != OPEN:
                break
            step(leaf, np.int32(node.action))
            rewards(leaf, paid)
            payments[b, depth] = paid[0]
            if node.num_children == 0:
                break
        search.simulations += 1
        search.depth = depth
        if node.proven != OPEN:
            payments[b, depth] = 0  # is in the value
            value = node.value / np.float32(node.visits)
            back_up(nodes, b, paths, payments, depth, value, True, settings.most)
        elif is_terminal(leaf) or is_truncated(leaf):
            back_up(nodes, b, paths, payments, depth, np.float32(0), True, settings.most)
        else:
            return True
    return False


@njit(cache=True, error_model="numpy")
def search_by_rollouts(rows, begun, paid, mask, searches, nodes, leaves, roots, paths, payments, settings):
    """The whole searches of rows [n] from number `begun` on, which can have been begun. Returns n, or the number of the
    row at which more room for nodes is needed."""
    paid, mask, searches, nodes = borrowed(paid), borrowed(mask), borrowed(searches), borrowed(nodes)
    leaves, roots, paths, payments = borrowed(leaves), borrowed(roots), borrowed(paths), borrowed(payments)
    settings = borrowed(settings)
    exploration, most = settings[0].exploration, settings[0].most
    for i in range(begun, rows.shape[0]):
        b = rows[i]
        search, root, leaf = searches[b], nodes[b, 0], leaves[b]
        if root.num_children == 0:
            add_children(search, nodes, b, 0, roots[b], mask)
        while search.simulations < settings[0].simulations and root.proven == OPEN and root.num_children > 1:
            if search.num_nodes + mask.shape[0] > nodes.shape[1]:
                return i
            leaves[b] = roots[b]
            at, depth = 0, 0
            exact, value = False, np.float32(0)
            while True:
                at = ucb(search, nodes, b, at, exploration)
                depth += 1
                paths[b, depth] = at
                node = nodes[b, at]
                if node.proven != OPEN:
                    exact, value = True, node.value / np.float32(node.visits)
                    payments[b, depth] = 0  # is in the value
                    break
                step(leaf, np.int32(node.action))
                rewards(leaf, paid)
                payments[b, depth] = paid[0]
                if node.visits == 0:
                    exact = is_terminal(leaf) or is_truncated(leaf)
                    if not exact:
                        leaf.rng = next_uint64(search)  # so that no two rollouts are alike
                        value = rollout(leaf, paid, mask)
                    break
                if node.num_children == 0:
                    add_children(search, nodes, b, at, leaf, mask)
            search.simulations += 1
            back_up(nodes, b, paths, payments, depth, value, exact, most)
    return rows.shape[0]


@njit(cache=True, error_model="numpy", forceinline=True)
def rollout(state, paid, mask):
    """What seat 0 is paid by a game played to its end at random; the State is changed. paid [2], mask [A] scratch."""
    total = np.float32(0)
    while not (is_terminal(state) or is_truncated(state)):
        step(state, np.int32(random_legal_action(state, mask)))
        rewards(state, paid)
        total += paid[0]
    return total
