"""Twice: seats pick up coins; whoever takes an even coin moves again. For a search that must not take the seat that
moves next for granted, nor that a game pays at its end alone.

Coins        worth 1, 2, ..., 6 eighths; each can be taken once
Action a     take coin a + 1
Rewards      what the coin is worth at once, the other pays it; 1 / 8 more for the last coin
"""

import numpy as np
from numba import njit

from envs.game import Dynamics, Game, register

COINS = 6

STATE = np.dtype([
    ("rng", np.uint64),
    ("taken", np.int8, COINS),
    ("current_player", np.int8),
    ("num_moves", np.int8),
    ("paid", np.float32),  # by the last step, to seat 0
    ("twice", np.int8),    # the game's name makes the dtype its own
])  # fmt: skip


@njit(cache=True)
def init(state):
    state.taken[:] = 0
    state.current_player = 0
    state.num_moves = 0
    state.paid = 0


@njit(cache=True)
def step(state, action):
    state.taken[action] = 1
    state.num_moves += 1
    worth = np.float32(action + 1 + (state.num_moves == COINS)) / np.float32(8)
    state.paid = worth if state.current_player == 0 else -worth
    if action % 2 == 0:
        state.current_player = 1 - state.current_player


@njit(cache=True)
def legal_action_mask(state, player, out):
    for coin in range(COINS):
        out[coin] = state.taken[coin] == 0


@njit(cache=True)
def observe(state, player, out):
    for coin in range(COINS):
        out[coin] = state.taken[coin]
    out[COINS] = player


@njit(cache=True)
def is_terminal(state):
    return state.num_moves == COINS


@njit(cache=True)
def is_truncated(state):
    return False


@njit(cache=True)
def rewards(state, out):
    out[0] = state.paid
    out[1] = -state.paid


TWICE = register(
    Game("twice", STATE, Dynamics.SEQUENTIAL, num_players=2, teams=(0, 1), num_actions=COINS,
         observation_shape=(COINS + 1,), observation_dtype=np.dtype(np.uint8), max_steps=COINS, largest_reward=3,
         action_to_string=lambda state, action: str(action + 1), state_to_string=lambda state: str(state["taken"])),
    init=init, step=step, legal_action_mask=legal_action_mask, observe=observe, is_terminal=is_terminal,
    is_truncated=is_truncated, rewards=rewards)  # fmt: skip
