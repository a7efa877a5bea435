"""Tic-Tac-Toe: three in a line on a board of three by three. The smallest game of the contract: read it first.

Board        board[cell], 0 empty, else 1 + the seat that owns the mark (seat 0 is X and moves first)
                 0 1 2
                 3 4 5
                 6 7 8
Action a     put a mark on cell a, 0..8; written as column and row, a1 at the bottom left: a = 0 is a3
Observation  [2, 3, 3] uint8: mine, theirs
Rewards      +1 winner, -1 loser, 0 draw, 0 before the end
Source       Gardner, "Mathematical Games", Scientific American, March 1957; drawn with perfect play
"""

import numpy as np
from numba import njit

from envs.board.grid import DIHEDRAL, symmetries
from envs.game import Dynamics, Game, register

SIDE = 3
CELLS = SIDE * SIDE

STATE = np.dtype([
    ("rng", np.uint64),           # unused by the rules; openings draw from it
    ("board", np.int8, CELLS),
    ("current_player", np.int8),  # 0 moves first
    ("winner", np.int8),          # -1 while nobody has won
    ("num_moves", np.int8),
    ("tic_tac_toe", np.int8),     # the game's name makes the dtype its own
])  # fmt: skip


@njit(cache=True)
def init(state):
    state.board[:] = 0
    state.current_player = 0
    state.winner = -1
    state.num_moves = 0


@njit(cache=True)
def step(state, cell):
    player = state.current_player
    state.board[cell] = player + 1
    state.num_moves += 1
    state.current_player = 1 - player
    if _completes_line(state.board, cell):
        state.winner = player


@njit(cache=True)
def _completes_line(board, cell):
    """Whether the mark on `cell` is part of a line. Only lines through the last mark can be new."""
    row, column, mark = cell // SIDE, cell % SIDE, board[cell]
    across = (board[SIDE * row] == mark) & (board[SIDE * row + 1] == mark) & (board[SIDE * row + 2] == mark)
    down = (board[column] == mark) & (board[column + SIDE] == mark) & (board[column + 2 * SIDE] == mark)
    falling = (board[0] == mark) & (board[4] == mark) & (board[8] == mark)
    rising = (board[2] == mark) & (board[4] == mark) & (board[6] == mark)
    return across | down | falling | rising  # all are looked at: cheaper than a branch that is often mispredicted


@njit(cache=True)
def legal_action_mask(state, player, out):
    for cell in range(CELLS):
        out[cell] = state.board[cell] == 0


@njit(cache=True)
def observe(state, player, out):
    mine, theirs = player + 1, 2 - player
    for cell in range(CELLS):
        out[0, cell // SIDE, cell % SIDE] = state.board[cell] == mine
        out[1, cell // SIDE, cell % SIDE] = state.board[cell] == theirs


@njit(cache=True)
def is_terminal(state):
    return state.winner >= 0 or state.num_moves == CELLS


@njit(cache=True)
def is_truncated(state):
    return False


@njit(cache=True)
def rewards(state, out):
    out[0] = out[1] = 0
    if state.winner >= 0:
        out[state.winner] = 1
        out[1 - state.winner] = -1


def action_to_string(state: np.void, cell: int) -> str:
    return f"{'abc'[cell % SIDE]}{SIDE - cell // SIDE}"


def state_to_string(state: np.void) -> str:
    rows = ("".join(".xo"[mark] for mark in row) for row in state["board"].reshape(SIDE, SIDE))
    return "\n".join(rows)


TIC_TAC_TOE = register(
    Game("tic_tac_toe", STATE, Dynamics.SEQUENTIAL, num_players=2, teams=(0, 1), num_actions=CELLS,
         observation_shape=(2, SIDE, SIDE), observation_dtype=np.dtype(np.uint8), max_steps=CELLS,
         action_to_string=action_to_string, state_to_string=state_to_string,
         symmetries=symmetries(2, SIDE, SIDE, DIHEDRAL)),
    init=init, step=step, legal_action_mask=legal_action_mask, observe=observe,
    is_terminal=is_terminal, is_truncated=is_truncated, rewards=rewards)  # fmt: skip
