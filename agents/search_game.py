"""The games of self-play by search, compiled: a move made and written down, and a finished game turned into samples.

Letters    B games, T plies that there is room for, L the most legal actions of a position, A actions
games      [B] GAME
plies      [B, T] PLY, the moves since the opening
policies   [B, T, L] float32, the search's policy over the legal actions, in rising order
starts     [B] States, after the opening: a game is written down as its moves, and played again from here
"""

import numpy as np
from numba import njit

from agents.fast_heads import NO_ACTION
from envs.game import Game, is_terminal, is_truncated, legal_action_mask, observe, rewards, step
from envs.random_moves import begin, draw_action
from envs.random_stream import next_uint64, uniform

GAME = np.dtype([
    ("rng", np.uint64),   # of what is drawn in it and for its searches
    ("plies", np.int32),  # moves made since the opening
])  # fmt: skip

PLY = np.dtype([
    ("action", np.uint16),
    ("player", np.int8),     # who moved
    ("learns", np.bool_),    # the position is a sample: its search was the learning network's
    ("random", np.bool_),    # the move was drawn evenly, whatever the search said
    ("value", np.float32),   # of the position before the move to seat 0, by its search; nan: nobody searched
    ("payment", np.float32), # what the move paid seat 0
])  # fmt: skip

TERMINATED, TRUNCATED = 1, 2
WHOLE = 65535  # probability 1, as samples have it
MANY_ACTIONS, MOST_LEGAL = 1024, 256  # of a game with so many actions no more are kept; chess has 218 legal at most


def most_legal(game: Game) -> int:
    """L: for how many legal actions a sample has room."""
    return game.num_actions if game.num_actions <= MANY_ACTIONS else MOST_LEGAL


@njit(cache=True)
def begin_games(rows, states, starts, games, moves, mask, opening_share, table):
    """New games in rows [n], in a position drawn evenly from table [S], where there is one; else a share of them after
    0 to len(moves) random moves. moves and mask [A] are scratch."""
    for i in range(rows.shape[0]):
        b = rows[i]
        if table.shape[0] > 0:
            stream = next_uint64(games[b])
            states[b] = table[np.int64(next_uint64(games[b]) % np.uint64(table.shape[0]))]
            states[b].rng = stream
        elif uniform(games[b]) < opening_share:
            begin(states[b], moves, mask)
        else:
            begin(states[b], moves[:0], mask)
        starts[b] = states[b]
        games[b].plies = 0


@njit(cache=True)
def streams_of(rows, games, out):
    """A fresh random stream for each of rows [n], out [n] uint64."""
    for i in range(rows.shape[0]):
        out[i] = next_uint64(games[rows[i]])


@njit(cache=True, error_model="numpy")
def play(
    rows, actions, found, values, searched, learns, states, games, plies, policies, returns, steps, paid, mask, over,
    temperature, temperature_plies, random_moves,
):  # fmt: skip
    """A move in each of rows [n]: actions [n], or one drawn from the policies found [n, A] early in a game, or any.

    values [n] are to the seat to move; `searched`: there are policies and values; learns: the positions are samples.
    returns [B, P] and steps [B] go on; over [n] becomes TERMINATED, TRUNCATED or 0. Returns a row with more legal
    actions than there is room for, or -1."""
    num_actions = mask.shape[0]
    for i in range(rows.shape[0]):
        b = rows[i]
        state, game = states[b], games[b]
        t, player, action = game.plies, state.current_player, actions[i]
        ply = plies[b, t]
        ply.player, ply.learns, ply.random = player, learns, False
        ply.value = np.float32(np.nan)
        policies[b, t] = 0
        if searched:
            ply.value = values[i] if player == 0 else -values[i]
            legal_action_mask(state, player, mask)
            count = 0
            for a in range(num_actions):
                if mask[a]:
                    if count == policies.shape[2]:
                        return b
                    policies[b, t, count] = found[i, a]
                    count += 1
            if learns and random_moves > 0 and uniform(game) < random_moves:
                ply.random = True
                own, state.rng = state.rng, next_uint64(game)
                action = draw_action(state, mask)
                state.rng = own
            elif t < temperature_plies:
                action = _draw(game, found[i], temperature)
        ply.action = action
        step(state, np.int32(action))
        rewards(state, paid)
        ply.payment = paid[0]
        for seat in range(returns.shape[1]):
            returns[b, seat] += paid[seat]
        game.plies += 1
        steps[b] += 1
        over[i] = TERMINATED if is_terminal(state) else TRUNCATED if is_truncated(state) else 0
    return -1


@njit(cache=True, error_model="numpy")
def _draw(game, policy, temperature):
    """An action, in proportion to policy [A] to the power 1 / temperature; at 0 the likeliest."""
    best, chosen = np.float32(0), 0
    for a in range(policy.shape[0]):
        if policy[a] > best:
            best, chosen = policy[a], a
    if temperature <= 0:
        return chosen
    power, total = 1 / temperature, 0.0
    for a in range(policy.shape[0]):
        if policy[a] > 0:
            total += (policy[a] / best) ** power
    left = uniform(game) * total
    for a in range(policy.shape[0]):
        if policy[a] > 0:
            chosen = a
            left -= (policy[a] / best) ** power
            if left < 0:
                break
    return chosen


@njit(cache=True)
def count_samples(rows, games, plies):
    count = 0
    for i in range(rows.shape[0]):
        for t in range(games[rows[i]].plies):
            count += plies[rows[i], t].learns
    return count


@njit(cache=True, error_model="numpy")
def write_samples(
    rows, states, starts, games, plies, policies, mask, td_lambda, observations, actions, probabilities, targets
):  # fmt: skip
    """The samples of the games in rows [n], which are over; `states` of these are scratch.

    observations [N, *shape]; actions [N, L] uint16, the legal ones, then NO_ACTION; probabilities [N, L] uint16, of
    WHOLE; targets [N] float32, the return to whoever was to move: the payments that followed or, with td_lambda < 1,
    a mean of that and of what the searches of later positions said, as in TD(lambda) (Sutton 1988). A position before a
    move that was drawn evenly is worth what its search said, for what follows was not its choice."""
    n = 0
    for i in range(rows.shape[0]):
        b = rows[i]
        count, first = games[b].plies, n
        states[b] = starts[b]
        state = states[b]
        for t in range(count):
            ply = plies[b, t]
            if ply.learns:
                observe(state, ply.player, observations[n])
                legal_action_mask(state, ply.player, mask)
                place = 0
                for a in range(mask.shape[0]):
                    if mask[a]:
                        actions[n, place] = a
                        probabilities[n, place] = np.uint16(policies[b, t, place] * np.float32(WHOLE) + np.float32(0.5))
                        place += 1
                for rest in range(place, actions.shape[1]):
                    actions[n, rest] = NO_ACTION
                    probabilities[n, rest] = 0
                n += 1
            step(state, np.int32(ply.action))
        at, ahead = n, np.float32(0)
        for t in range(count - 1, -1, -1):
            ply = plies[b, t]
            worth = ply.payment + ahead
            if ply.random:
                worth = ply.value
            if ply.learns:
                at -= 1
                targets[at] = worth if ply.player == 0 else -worth
            ahead = worth
            if not np.isnan(ply.value):
                ahead = td_lambda * worth + (np.float32(1) - td_lambda) * ply.value
        assert at == first
    return n
