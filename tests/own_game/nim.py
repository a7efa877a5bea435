"""Nim: take any number of sticks from one heap; whoever takes the last stick of all wins, or loses (`misere`).

Heaps        3, 4 and 5 sticks
Action a     take a % 5 + 1 sticks from heap a // 5; written as heap and number, a1 is one stick of the first heap
Observation  [3] uint8: sticks left in each heap; both seats see the same
Rewards      +1 winner, -1 loser
Source       Bouton, "Nim, a game with a complete mathematical theory" (1901)
"""

import numpy as np
from numba import njit

from envs.game import Dynamics, Game, Setting, register, settings_dtype

HEAPS = np.array([3, 4, 5], np.int8)
MOST = 5  # sticks in the largest heap

SETTINGS = (Setting("misere", False, description="whoever takes the last stick loses"),)

STATE = np.dtype([
    ("rng", np.uint64),           # every State has one; Nim has no chance in it
    ("settings", settings_dtype(SETTINGS)),
    ("heaps", np.int8, 3),
    ("current_player", np.int8),  # 0 moves first
    ("nim", np.int8),             # the game's name makes the dtype its own
])  # fmt: skip


@njit(cache=True)
def init(state):
    state.heaps[:] = HEAPS
    state.current_player = 0


@njit(cache=True)
def step(state, action):
    state.heaps[action // MOST] -= action % MOST + 1
    state.current_player = 1 - state.current_player


@njit(cache=True)
def legal_action_mask(state, player, out):
    for action in range(out.shape[0]):
        out[action] = action % MOST < state.heaps[action // MOST]


@njit(cache=True)
def observe(state, player, out):
    for heap in range(3):
        out[heap] = state.heaps[heap]


@njit(cache=True)
def is_terminal(state):
    return state.heaps[0] == 0 and state.heaps[1] == 0 and state.heaps[2] == 0


@njit(cache=True)
def is_truncated(state):
    return False


@njit(cache=True)
def rewards(state, out):
    out[0] = out[1] = 0
    if is_terminal(state):
        took_last = 1 - state.current_player
        winner = state.current_player if state.settings.misere else took_last
        out[winner] = 1
        out[1 - winner] = -1


def action_to_string(state: np.void, action: int) -> str:
    return f"{'abc'[action // MOST]}{action % MOST + 1}"


def state_to_string(state: np.void) -> str:
    return " ".join(f"{name}{sticks}" for name, sticks in zip("abc", state["heaps"], strict=True))


NIM = register(
    Game("nim", STATE, Dynamics.SEQUENTIAL, num_players=2, teams=(0, 1), num_actions=3 * MOST,
         observation_shape=(3,), observation_dtype=np.dtype(np.uint8), observation_range=(0, MOST),
         max_steps=int(HEAPS.sum()), action_to_string=action_to_string, state_to_string=state_to_string,
         schema=SETTINGS),
    init=init, step=step, legal_action_mask=legal_action_mask, observe=observe,
    is_terminal=is_terminal, is_truncated=is_truncated, rewards=rewards)  # fmt: skip
