"""What a search has found at the root: the move, the policy to learn, the value.

Completed values (Danihelka et al. 2022, section 4, appendix D): an action that was not visited counts as worth a mean
of the network's value and the values of those visited, weighted by their priors. The improved policy is the softmax
over logit + value_weight * completed value. What is proven overrules both: a winning action is played where there is
one, and a losing one never while there is another.
"""

import numpy as np
from numba import njit

from agents.search.selection import value_weight
from agents.search.simulate import log_prior
from agents.search.tree import OPEN


@njit(cache=True, error_model="numpy")
def read(rows, searches, nodes, settings, scores, actions, policies, values, visits):
    """Of the searches of rows [n], for the seat to move: actions [n] int32, policies [n, A] float32, values [n] float32
    and visits [n, A] int32."""
    policies[:] = 0
    visits[:] = 0
    for k in range(rows.shape[0]):
        b = rows[k]
        root = nodes[b, 0]
        first, count = root.first_child, np.int64(root.num_children)
        completed = np.empty(count, np.float32)
        most = _complete(searches[b], nodes, b, completed)
        scale = value_weight(most, settings[0].visit_offset, settings[0].value_scale)
        allowed = _allowed(nodes, b)
        weights = np.empty(count, np.float32)
        _weigh(nodes, b, settings[0].halving, scale, completed, allowed, weights)
        best = _choose(nodes, b, settings[0].halving, scale, completed, allowed, scores)
        actions[k] = nodes[b, first + best].action
        value = np.float32(0)
        for i in range(count):
            child = nodes[b, first + i]
            policies[k, child.action] = weights[i]
            visits[k, child.action] = child.visits
            if weights[i] > 0:
                value += weights[i] * completed[i]
        if root.proven != OPEN:
            value = np.float32(1 - 2 * root.seat) * root.value / np.float32(root.visits)
        values[k] = value


@njit(cache=True, error_model="numpy")
def _complete(search, nodes, b, completed):
    """What each child is worth to the seat to move; the most visits that one has."""
    root = nodes[b, 0]
    first, sign = root.first_child, np.float32(1 - 2 * root.seat)
    most, visits = np.int32(0), np.float32(0)
    likely, expected = np.float32(0), np.float32(0)
    for i in range(completed.shape[0]):
        child = nodes[b, first + i]
        if child.visits > 0:
            completed[i] = sign * child.value / np.float32(child.visits)
            most = max(most, child.visits)
            visits += np.float32(child.visits)
            likely += child.prior
            expected += child.prior * completed[i]
    mixed = sign * search.root_value
    if likely > 0:
        mixed = (mixed + visits * expected / likely) / (np.float32(1) + visits)
    for i in range(completed.shape[0]):
        if nodes[b, first + i].visits == 0:
            completed[i] = mixed
    return most


@njit(cache=True, error_model="numpy")
def _allowed(nodes, b):
    """[children] bool: those that win, if any is known to; else those that do not lose, unless all do."""
    root = nodes[b, 0]
    first, count = root.first_child, np.int64(root.num_children)
    side, won, lost = 1 - 2 * root.seat, 0, 0
    for i in range(count):
        won += nodes[b, first + i].proven == side
        lost += nodes[b, first + i].proven == -side
    allowed = np.ones(count, np.bool_)
    for i in range(count):
        proven = nodes[b, first + i].proven
        if won > 0:
            allowed[i] = proven == side
        elif lost < count:
            allowed[i] = proven != -side
    return allowed


@njit(cache=True, error_model="numpy")
def _weigh(nodes, b, improved, scale, completed, allowed, weights):
    """The policy: improved by values, or in proportion to visits (to the priors, if there were none)."""
    first, count = nodes[b, 0].first_child, completed.shape[0]
    visits = 0
    for i in range(count):
        if allowed[i]:
            visits += nodes[b, first + i].visits
    highest = np.float32(-np.inf)
    for i in range(count):
        child = nodes[b, first + i]
        if improved or visits == 0:
            weights[i] = log_prior(child) + (scale * completed[i] if improved else np.float32(0))
        else:
            weights[i] = child.visits
        if allowed[i]:
            highest = max(highest, weights[i])
    total = np.float32(0)
    for i in range(count):
        if not allowed[i]:
            weights[i] = 0
        elif improved or visits == 0:
            weights[i] = np.exp(weights[i] - highest)
        total += weights[i]
    for i in range(count):
        weights[i] /= total


@njit(cache=True, error_model="numpy")
def _choose(nodes, b, improved, scale, completed, allowed, scores):
    """The child to play: of those visited most the best by score and value; where the root is proven, the best."""
    root = nodes[b, 0]
    first, best = root.first_child, -1
    most, highest = -1, np.float32(-np.inf)
    for i in range(completed.shape[0]):
        if not allowed[i]:
            continue
        child = nodes[b, first + i]
        visits = 0 if root.proven != OPEN else child.visits
        score = completed[i]
        if improved and root.proven == OPEN:
            score = scores[b, i] + scale * completed[i]
        elif child.visits == 0:
            score = child.prior
        if visits > most or (visits == most and score > highest):
            most, highest, best = visits, score, i
    return best
