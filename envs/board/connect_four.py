"""Connect Four: discs fall into seven columns of six; four in a line, in any direction, win. Also on other boards.

Board        board[row, column], row 0 at the bottom; 0 empty, else 1 + the seat that owns the disc
                 5 . . . . . . .
                 ...                      height[column] discs lie in a column
                 0 . . . x . . .
                   0 1 2 3 4 5 6
Action a     drop a disc into column a, 0..6; written as the column's number, 1..7
Observation  [2, 6, 7] uint8: mine, theirs
Other sizes  connect_four_5x4 has five columns of four; the rules read the size from the State's arrays
Rewards      +1 winner, -1 loser, 0 draw, 0 before the end
Source       Allis, "A knowledge-based approach of Connect-Four" (1988): the first player wins with perfect play
"""

import numpy as np
from numba import njit

from envs.board.grid import TURNS
from envs.game import Dynamics, Game, Symmetry, register
from envs.random_stream import randint

LINE = 4


def state_dtype(name: str, rows: int, columns: int) -> np.dtype:
    return np.dtype([
        ("rng", np.uint64),           # unused by the rules; openings draw from it
        ("board", np.int8, (rows, columns)),
        ("height", np.int8, columns),
        ("current_player", np.int8),  # 0 moves first
        ("winner", np.int8),          # -1 while nobody has won
        ("num_moves", np.int8),
        (name, np.int8),              # the game's name makes the dtype its own
    ])  # fmt: skip


@njit(cache=True)
def init(state):
    state.board[:] = 0
    state.height[:] = 0
    state.current_player = 0
    state.winner = -1
    state.num_moves = 0


@njit(cache=True)
def step(state, column):
    player = state.current_player
    row = state.height[column]
    state.board[row, column] = player + 1
    state.height[column] = row + 1
    state.num_moves += 1
    state.current_player = 1 - player
    if _completes_line(state.board, row, column):
        state.winner = player


@njit(cache=True)
def _completes_line(board, row, column):
    """Whether the disc at (row, column) is part of a line. Only lines through the last disc can be new."""
    rows, columns = board.shape
    disc = board[row, column]
    below = row >= LINE - 1  # nothing lies above the last disc
    if below and board[row - 1, column] == disc and board[row - 2, column] == disc and board[row - 3, column] == disc:
        return True
    for slope in (-1, 0, 1):
        length = 1
        r, c = row + slope, column + 1
        while c < columns and 0 <= r < rows and board[r, c] == disc:
            length += 1
            r, c = r + slope, c + 1
        r, c = row - slope, column - 1
        while c >= 0 and 0 <= r < rows and board[r, c] == disc:
            length += 1
            r, c = r - slope, c - 1
        if length >= LINE:
            return True
    return False


@njit(cache=True)
def legal_action_mask(state, player, out):
    rows, columns = state.board.shape
    for column in range(columns):
        out[column] = state.height[column] < rows


@njit(cache=True)
def random_legal_action(state):
    rows, columns = state.board.shape
    while True:
        column = randint(state, columns)
        if state.height[column] < rows:
            return column


@njit(cache=True)
def observe(state, player, out):
    rows, columns = state.board.shape
    mine, theirs = player + 1, 2 - player
    for row in range(rows):
        for column in range(columns):
            owner = state.board[row, column]
            out[0, row, column] = owner == mine
            out[1, row, column] = owner == theirs


@njit(cache=True)
def is_terminal(state):
    rows, columns = state.board.shape
    return state.winner >= 0 or state.num_moves == rows * columns


@njit(cache=True)
def is_truncated(state):
    return False


@njit(cache=True)
def rewards(state, out):
    out[0] = out[1] = 0
    if state.winner >= 0:
        out[state.winner] = 1
        out[1 - state.winner] = -1


def action_to_string(state: np.void, column: int) -> str:
    return str(column + 1)


def state_to_string(state: np.void) -> str:
    return "\n".join("".join(".xo"[disc] for disc in row) for row in state["board"][::-1])


def _mirror(rows: int, columns: int) -> Symmetry:
    cells = np.arange(2 * rows * columns, dtype=np.int32).reshape(2 * rows, columns)
    turn = TURNS["left to right"]
    actions = np.arange(columns, dtype=np.int32)
    return Symmetry("left to right", actions[::-1].copy(), turn(cells).ravel())


def _register(name: str, columns: int, rows: int) -> Game:
    return register(
        Game(name, state_dtype(name, rows, columns), Dynamics.SEQUENTIAL, num_players=2, teams=(0, 1),
             num_actions=columns, observation_shape=(2, rows, columns), observation_dtype=np.dtype(np.uint8),
             max_steps=rows * columns, action_to_string=action_to_string, state_to_string=state_to_string,
             symmetries=(_mirror(rows, columns),)),
        init=init, step=step, legal_action_mask=legal_action_mask, observe=observe,
        is_terminal=is_terminal, is_truncated=is_truncated, rewards=rewards,
        random_legal_action=random_legal_action)  # fmt: skip


CONNECT_FOUR = _register("connect_four", 7, 6)
CONNECT_FOUR_5X4 = _register("connect_four_5x4", 5, 4)
CONNECT_FOUR_6X5 = _register("connect_four_6x5", 6, 5)
CONNECT_FOUR_8X7 = _register("connect_four_8x7", 8, 7)
