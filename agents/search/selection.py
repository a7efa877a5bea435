"""Which child a simulation goes to, and the order in which children are tried.

UCB1          Kocsis and Szepesvári, "Bandit based Monte-Carlo planning" (2006); first the untried, in random order
PUCT          Rosin (2011), as in AlphaZero: value + exploration prior sqrt(visits of the parent) / (1 + visits). A
              child without visits counts as worth what its parent is; so only the likeliest of those is looked at
Halving       Danihelka et al., "Policy improvement by planning with Gumbel" (2022), section 3: at the root, sequential
              halving (Karnin, Koren and Somekh 2013) among the actions of the highest logit + Gumbel number

A child that is lost for whoever moves is passed by. One that is settled otherwise may be visited, which costs nothing.
"""

from math import ceil, log2

import numpy as np
from numba import njit

from agents.search.tree import bring_forward, exchange
from envs.random_stream import randint


@njit(cache=True, error_model="numpy", forceinline=True)
def ucb(search, nodes, b, at, exploration):
    node = nodes[b, at]
    first = node.first_child
    if node.num_tried < node.num_children:
        place = first + node.num_tried
        exchange(nodes, b, place, place + randint(search, node.num_children - node.num_tried))
        node.num_tried += 1
        return place
    side = 1 - 2 * node.seat
    sign, scale = np.float32(side), exploration * np.sqrt(np.log(np.float32(node.visits)))
    best, chosen = np.float32(-np.inf), first
    for i in range(first, first + node.num_children):
        child = nodes[b, i]
        visits = np.float32(child.visits)
        score = sign * child.value / visits + scale / np.sqrt(visits)
        if score > best and child.proven != -side:
            best, chosen = score, i
    return chosen


@njit(cache=True, error_model="numpy", forceinline=True)
def puct(nodes, b, at, exploration):
    node = nodes[b, at]
    first, untried = node.first_child, node.first_child + node.num_tried
    side = 1 - 2 * node.seat
    sign, scale = np.float32(side), exploration * np.sqrt(np.float32(node.visits))
    best, chosen = np.float32(-np.inf), -1
    for i in range(first, untried):
        child = nodes[b, i]
        visits = np.float32(child.visits)
        score = sign * child.value / visits + scale * child.prior / (np.float32(1) + visits)
        if score > best and child.proven != -side:
            best, chosen = score, i
    end = first + node.num_children
    if untried < end:
        score = sign * node.value / np.float32(node.visits) + scale * nodes[b, untried].prior
        if score > best:
            chosen = untried
            node.num_tried += 1
            bring_forward(nodes, b, untried + 1, end)
    return chosen


@njit(cache=True, error_model="numpy", forceinline=True)
def halving(search, nodes, b, scores, schedule, visit_offset, value_scale):
    """At the root. scores [B, A]: logit + Gumbel number of each child, the highest first; schedule [considered + 1,
    simulations] is that of `halving_schedules`."""
    root = nodes[b, 0]
    first = root.first_child
    considered = min(schedule.shape[0] - 1, np.int64(root.num_children))
    wanted = schedule[considered, search.simulations]
    if wanted == 0:  # all are worth as much as far as is known, and lie in the order of their scores
        root.num_tried += 1
        return first + root.num_tried - 1
    sign = np.float32(1 - 2 * root.seat)
    most = 0
    for i in range(first, first + considered):
        most = max(most, nodes[b, i].visits)
    scale = value_weight(most, visit_offset, value_scale)
    best, chosen = np.float32(-np.inf), -1
    for i in range(considered):
        child = nodes[b, first + i]
        if child.visits == wanted:
            score = scores[b, i] + scale * (sign * child.value / np.float32(child.visits))
            if score > best:
                best, chosen = score, first + i
    return chosen


@njit(cache=True, error_model="numpy", forceinline=True)
def value_weight(most_visits, visit_offset, value_scale):
    """What a value is multiplied by when it is added to a logit; `most_visits` of a child of the root."""
    return value_scale * (visit_offset + np.float32(most_visits))


@njit(cache=True, error_model="numpy", forceinline=True)
def order_by_score(nodes, b, scores, considered):
    """The root's children of the highest scores come first, as many as are considered; the scores go with them."""
    first, count = nodes[b, 0].first_child, np.int64(nodes[b, 0].num_children)
    for place in range(min(considered, count)):
        best = place
        for i in range(place + 1, count):
            if scores[b, i] > scores[b, best]:
                best = i
        exchange(nodes, b, first + place, first + best)
        scores[b, place], scores[b, best] = scores[b, best], scores[b, place]


def halving_schedules(most_considered: int, simulations: int) -> np.ndarray:
    """[most considered + 1, simulations] int32: with so many actions considered, how many visits the action has had
    that simulation t goes to. Those considered are visited in rounds, and after each phase the better half is left."""
    schedules = np.zeros((most_considered + 1, simulations), np.int32)
    for considered in range(1, most_considered + 1):
        phases, left, rounds = max(1, ceil(log2(considered))), considered, 0
        wanted: list[int] = []
        while len(wanted) < simulations:
            for _ in range(max(1, simulations // (phases * left))):
                wanted += [rounds] * left
                rounds += 1
            left = max(2, left // 2)
        schedules[considered] = wanted[:simulations]
    return schedules
