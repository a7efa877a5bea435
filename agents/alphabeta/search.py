"""Alpha-beta search for two sides, over copies of the State and the verbs of the game, compiled once for all games.

Source    Knuth and Moore, "An analysis of alpha-beta pruning" (1975); fail-soft: Fishburn (1983); iterative deepening:
          Slate and Atkin, "Chess 4.5" (1977); killers: Huberman (1968); history: Schaeffer (1983)
Values    int64, for the seat to move. A game that is over after n plies is worth WIN - n, 0 or n - WIN, so that a win
          is taken as soon as possible and a loss put off; at the full depth a position is worth `evaluate(state)`
Letters   B positions, A actions, D depth + 1
Scratch   stack [D] States, the line that is looked at; plies [D] (heuristics.ply_dtype); actions [D, A] int32 and
          scores [D, A] int64, the actions at each ply and how promising they look; history [2, A] int64 by seat;
          mask [A] bool; paid [2] float32

Every best action is found, not only one, and their value is exact: at the root an action is searched with a window that
begins one below the best so far, so whatever equals the best is told apart from what is worse.
"""

import numpy as np
from numba import njit

from agents.alphabeta.heuristics import evaluate
from envs.bits import lowest, pack
from envs.game import is_terminal, is_truncated, legal_action_mask, rewards, step

WIN = 1_000_000_000
DECIDED = WIN - 1_000_000  # what is worth more than this, or less than the opposite, is won or lost for certain
BEYOND = WIN + 1  # larger than every value
WORD = 64  # actions of a mask that are looked at together
# With more plies than this left, actions are tried in the order of what they are worth at once, which costs a step and
# an evaluation but saves whole subtrees; with fewer, in that of how much they refuted elsewhere.
UNSORTED = 2
KILLER = 1 << 40  # more than any count in `history`


@njit(cache=True)
def search(states, depth, stack, plies, actions, scores, history, mask, paid, values, best):
    """values [B] int64: what states [B] are worth; best [B, A] bool: the actions that are worth as much."""
    # A literal as an argument of `_value_of` has a type of its own: numba would compile two versions of it that call
    # each other, and what it keeps of such a pair on disk cannot be loaded.
    root, most = np.int64(0), np.int64(BEYOND)
    for b in range(states.shape[0]):
        stack[0] = states[b]
        history[:] = 0
        plies.killer[:] = -1
        count = _list_actions(stack, actions, mask, root)
        scores[0, :count] = 0
        for reach in range(1, depth + 1):
            value = -most
            for i in range(count):  # in the order that the search before has found
                _bring_forward(actions[0], scores[0], i, count)
                action = actions[0, i]
                scores[0, i] = found = _value_of(
                    stack, plies, actions, scores, history, mask, paid, root, reach, action, value - 1, most
                )
                value = max(value, found)
            values[b] = value
            if abs(value) > DECIDED:  # a deeper search would find the same
                break
        best[b] = False
        for i in range(count):
            best[b, actions[0, i]] = scores[0, i] == value


@njit(cache=True)
def _value_of(stack, plies, actions, scores, history, mask, paid, ply, depth, action, alpha, beta):
    """What an action in stack[ply] is worth to its mover, looked at `depth` plies deep, the action being the first.

    Exact between alpha and beta; what is at most alpha is no less than the truth, what is at least beta no more.
    """
    mover = stack[ply].current_player
    state = _played(stack, ply, action)
    if is_terminal(state) or is_truncated(state):
        return _outcome(state, mover, paid, ply + 1)
    turned = state.current_player != mover
    if depth == 1:
        value = np.int64(evaluate(state))
        return -value if turned else value
    if turned:
        alpha, beta = -beta, -alpha
    one, value = np.int64(1), np.int64(-BEYOND)
    beta = min(beta, WIN - ply - 2)  # nothing is better than to win with the next move
    count = _list_actions(stack, actions, mask, ply + 1)
    for i in range(count):
        reply = actions[ply + 1, i]
        if depth > UNSORTED:
            scores[ply + 1, i] = _value_of(
                stack, plies, actions, scores, history, mask, paid, ply + 1, one, reply, alpha, beta
            )
        else:
            known = history[state.current_player, reply]
            scores[ply + 1, i] = KILLER if reply == plies[ply + 1].killer else known
    for i in range(count):
        _bring_forward(actions[ply + 1], scores[ply + 1], i, count)
        reply = actions[ply + 1, i]
        found = _value_of(
            stack, plies, actions, scores, history, mask, paid, ply + 1, depth - 1, reply, max(alpha, value), beta
        )
        if found > value:
            value = found
            if value >= beta:
                plies[ply + 1].killer = reply
                history[state.current_player, reply] += depth * depth
                break
    return -value if turned else value


@njit(cache=True)
def _played(stack, ply, action):
    """stack[ply + 1], the position after an action in stack[ply]."""
    stack[ply + 1] = stack[ply]
    step(stack[ply + 1], action)
    return stack[ply + 1]


@njit(cache=True)
def _outcome(state, player, paid, ply):
    """What a game that ended after so many plies is worth to `player`: what the last step paid decides."""
    rewards(state, paid)
    if paid[player] > 0:
        return WIN - ply
    if paid[player] < 0:
        return ply - WIN
    return 0


@njit(cache=True)
def _list_actions(stack, actions, mask, ply):
    """The legal actions of stack[ply] to actions[ply]; how many they are."""
    legal_action_mask(stack[ply], stack[ply].current_player, mask)
    num_actions, listed, count = mask.shape[0], actions[ply], 0
    if num_actions < WORD:
        for action in range(num_actions):
            listed[count] = action
            count += mask[action]
        return count
    for start in range(0, num_actions, WORD):
        first = min(start, num_actions - WORD)
        legal = pack(mask, first) >> np.uint64(start - first) << np.uint64(start - first)  # no action twice
        while legal:
            listed[count] = first + lowest(legal)
            count += 1
            legal &= legal - np.uint64(1)
    return count


@njit(cache=True)
def _bring_forward(actions, scores, place, count):
    """Exchange the most promising of the actions from `place` on with the one at `place`."""
    best = place
    for i in range(place + 1, count):
        if scores[i] > scores[best]:
            best = i
    actions[place], actions[best] = actions[best], actions[place]
    scores[place], scores[best] = scores[best], scores[place]
