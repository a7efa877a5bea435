"""Moves left to chance: one drawn evenly, and the random opening that a game can begin with.

streams, moves, counts = openings(game, seed_streams(seed, 64), plies=8)     # what Batch(opening_plies=8) played
"""

import numpy as np
from numba import njit
from numba.extending import overload

from envs.bits import lowest, pack, size
from envs.game import DRAW, Game, find_rule, init, is_terminal, is_truncated, legal_action_mask, step
from envs.random_stream import next_uint64, randint, seed_streams

WORD = 64  # actions counted at a time


def openings(game: Game, streams: np.ndarray, plies: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How the games on these streams [B] begin: the streams [B] uint64 that their first positions are made from, moves
    [B, plies] int32, and how many of them [B] int64."""
    first, counts = streams.copy(), np.zeros(len(streams), np.int64)
    moves = np.zeros((len(streams), plies), np.int32)
    if not plies:
        return first, moves, counts
    _openings(game.new_states(len(streams), streams), moves, np.zeros(game.num_actions, np.bool_), first, counts)
    return first, moves, counts


@njit(cache=True)
def _openings(states, moves, scratch, first, counts):
    for b in range(states.shape[0]):
        first[b], counts[b] = begin(states[b], moves[b], scratch)


@njit(cache=True)
def begin(state, moves, scratch):
    """A fresh game, after 0 to len(moves) random moves, drawn evenly; drawn again if those ended it.

    The moves go to `moves` int32; scratch [A] bool. Returns the stream that the game began on, and how many moves. They
    are drawn from a stream of their own, so that whoever plays them from that stream reaches the same State, chance
    included."""
    draws, count = state.rng, 0
    if moves.shape[0] > 0:
        draws = next_uint64(state)
    stream = state.rng
    init(state)
    while moves.shape[0] > 0:
        own, state.rng = state.rng, draws
        count = randint(state, moves.shape[0] + 1)
        draws, state.rng = state.rng, own
        for ply in range(count):
            legal_action_mask(state, state.current_player, scratch)
            own, state.rng = state.rng, draws
            moves[ply] = draw_action(state, scratch)
            draws, state.rng = state.rng, own
            step(state, moves[ply])
            if is_terminal(state) or is_truncated(state):
                break
        if not (is_terminal(state) or is_truncated(state)):
            break
        stream = state.rng
        init(state)
    return stream, count


def random_legal_action(state, scratch):
    """A legal action of the seat to move, each as likely, drawn with the State's stream: the game's own way, or from
    the mask. Compiled code alone calls it; scratch [A] bool."""
    raise NotImplementedError("random_legal_action is called from compiled code")


@overload(random_legal_action, inline="always")
def _(state, scratch):
    rule, has_rules = find_rule(state, DRAW), find_rule(state, "step")
    if rule:
        return lambda state, scratch: rule(state)
    return has_rules and _from_mask


def _from_mask(state, scratch):
    legal_action_mask(state, state.current_player, scratch)
    return draw_action(state, scratch)


def most_legal(game: Game, games: int = 4) -> int:
    """How many legal actions a game with turns has at a time, at most, as far as a few random games show."""
    states = game.new_states(games, seed_streams(0, games))
    return _most_legal(states, np.zeros(game.num_actions, np.bool_))


@njit(cache=True)
def _most_legal(states, mask):
    most = 0
    for b in range(states.shape[0]):
        state = states[b]
        init(state)
        while not (is_terminal(state) or is_truncated(state)):
            legal_action_mask(state, state.current_player, mask)
            most = max(most, mask.sum())
            step(state, np.int32(draw_action(state, mask)))
    return most


@njit(cache=True)
def draw_action(state, mask):
    """A legal action, each as likely; 0 if there is none. Without a branch to mispredict for each action."""
    num_actions = mask.shape[0]
    count = 0
    if num_actions < WORD:
        for action in range(num_actions):
            count += mask[action]
        if count == 0:
            return 0
        left = randint(state, count)
        action, passed = 0, 0  # the first action that more than `left` legal ones lie up to
        for a in range(num_actions):
            passed += mask[a]
            action += passed <= left
        return action
    for start in range(0, num_actions, WORD):
        count += size(_word(mask, start))
    if count == 0:
        return 0
    left = randint(state, count)
    start = 0
    legal = _word(mask, 0)
    while size(legal) <= left:
        left -= size(legal)
        start += WORD
        legal = _word(mask, start)
    for _ in range(left):
        legal &= legal - np.uint64(1)
    return start + lowest(legal)


@njit(cache=True, inline="always")
def _word(mask, start):
    """The legal ones of the actions from `start` on, WORD or as many as there are, as a set of bits."""
    beyond = max(0, start + WORD - mask.shape[0])
    return pack(mask, start - beyond) >> np.uint64(beyond)
