"""Race: seats throw a die in turn and move on by its pips, or stand; whoever stands on field 20 or beyond first wins.

Action a     0 stand, 1 throw
Observation  [2] uint8: my field, theirs
Rewards      +1 winner, -1 loser, 0 after 40 moves
"""

import numpy as np
from numba import njit

from envs.game import Dynamics, Game, register
from envs.random_stream import randint

END, PIPS, MOST_MOVES = 20, 6, 40

STATE = np.dtype([
    ("rng", np.uint64),
    ("fields", np.int64, 2),
    ("current_player", np.int8),
    ("num_moves", np.int8),
    ("race", np.int8),  # the game's name makes the dtype its own
])  # fmt: skip


@njit(cache=True)
def init(state):
    state.fields[:] = 0
    state.current_player = 0
    state.num_moves = 0


@njit(cache=True)
def step(state, action):
    if action:
        state.fields[state.current_player] += 1 + randint(state, PIPS)
    state.current_player = 1 - state.current_player
    state.num_moves += 1


@njit(cache=True)
def legal_action_mask(state, player, out):
    out[:] = True


@njit(cache=True)
def observe(state, player, out):
    for i in range(2):
        out[i] = state.fields[player if i == 0 else 1 - player]


@njit(cache=True)
def is_terminal(state):
    return max(state.fields[0], state.fields[1]) >= END


@njit(cache=True)
def is_truncated(state):
    return state.num_moves >= MOST_MOVES


@njit(cache=True)
def rewards(state, out):
    out[0] = out[1] = 0
    if is_terminal(state):
        winner = 1 - state.current_player
        out[winner], out[1 - winner] = 1, -1


RACE = register(
    Game("race", STATE, Dynamics.SEQUENTIAL, num_players=2, teams=(0, 1), num_actions=2, observation_shape=(2,),
         observation_dtype=np.dtype(np.uint8), observation_range=(0, END + PIPS), max_steps=MOST_MOVES,
         action_to_string=lambda state, action: ("stand", "throw")[action],
         state_to_string=lambda state: " ".join(map(str, state["fields"]))),
    init=init, step=step, legal_action_mask=legal_action_mask, observe=observe,
    is_terminal=is_terminal, is_truncated=is_truncated, rewards=rewards)  # fmt: skip
