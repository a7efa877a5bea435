"""Gomoku on 9 x 9 and 15 x 15: stones are put on the crossings of lines; five or more in a row, in any direction, win.

Board        board[row, column], row 0 at the bottom; 0 empty, else 1 + the seat that owns the stone
                 9 . . . . . . . . .     row 8
                 ...
                 2 . . . . . . . . .     row 1
                 1 . x . . . . . . .     row 0, x on b1
                   a b c d e f g h i
Action a     put a stone on the crossing (a // side, a % side); written a1..i9 or a1..o15
Observation  [2, side, side] uint8: mine, theirs
Rewards      +1 winner, -1 loser, 0 draw (the board is full), 0 before the end
Source       Allis, van den Herik and Huntjens, "Go-Moku Solved by New Search Techniques" (1996): the free-style game,
             in which more than five also win and nothing is forbidden; on 15 x 15 the first player wins
"""

import numpy as np
from numba import njit

from envs.board.grid import DIHEDRAL, cell_name, symmetries
from envs.game import Dynamics, Game, register

LINE = 5


def state_dtype(name: str, side: int) -> np.dtype:
    return np.dtype([
        ("rng", np.uint64),           # unused by the rules; openings draw from it
        ("board", np.int8, (side, side)),
        ("current_player", np.int8),  # 0 moves first
        ("winner", np.int8),          # -1 while nobody has won
        ("num_moves", np.int16),
        (name, np.int8),              # the game's name makes the dtype its own
    ])  # fmt: skip


@njit(cache=True)
def init(state):
    state.board[:] = 0
    state.current_player = 0
    state.winner = -1
    state.num_moves = 0


@njit(cache=True)
def step(state, action):
    player, side = state.current_player, state.board.shape[0]
    row = action // side
    column = action - side * row
    state.board[row, column] = player + 1
    state.num_moves += 1
    state.current_player = 1 - player
    if _completes_line(state.board, row, column):
        state.winner = player


@njit(cache=True)
def _completes_line(board, row, column):
    """Whether the stone at (row, column) is part of a line. Only lines through the last stone can be new."""
    return (
        _run(board, row, column, 0, 1) >= LINE
        or _run(board, row, column, 1, 0) >= LINE
        or _run(board, row, column, 1, 1) >= LINE
        or _run(board, row, column, 1, -1) >= LINE
    )


@njit(cache=True)
def _run(board, row, column, up, right):
    """Stones of one owner in a row, through (row, column), in a direction and the opposite one."""
    side = board.shape[0]
    stone = board[row, column]
    length = 1
    r, c = row + up, column + right
    while 0 <= r < side and 0 <= c < side and board[r, c] == stone:
        length += 1
        r, c = r + up, c + right
    r, c = row - up, column - right
    while 0 <= r < side and 0 <= c < side and board[r, c] == stone:
        length += 1
        r, c = r - up, c - right
    return length


@njit(cache=True)
def legal_action_mask(state, player, out):
    stones = state.board.reshape(state.board.size)
    for cell in range(state.board.size):
        out[cell] = stones[cell] == 0


@njit(cache=True)
def observe(state, player, out):
    """Over all cells at once: a loop of known length over neighbouring bytes, which the compiler vectorises."""
    cells = state.board.size
    stones, planes = state.board.reshape(cells), out.reshape(2 * cells)
    mine, theirs = np.int8(player + 1), np.int8(2 - player)
    for cell in range(cells):
        planes[cell] = stones[cell] == mine
    for cell in range(cells):
        planes[cells + cell] = stones[cell] == theirs


@njit(cache=True)
def is_terminal(state):
    side = state.board.shape[0]
    return state.winner >= 0 or state.num_moves == side * side


@njit(cache=True)
def is_truncated(state):
    return False


@njit(cache=True)
def rewards(state, out):
    out[0] = out[1] = 0
    if state.winner >= 0:
        out[state.winner] = 1
        out[1 - state.winner] = -1


def action_to_string(state: np.void, action: int) -> str:
    return cell_name(*divmod(action, len(state["board"])))


def state_to_string(state: np.void) -> str:
    return "\n".join("".join(".xo"[stone] for stone in row) for row in state["board"][::-1])


def _register(name: str, side: int) -> Game:
    return register(
        Game(name, state_dtype(name, side), Dynamics.SEQUENTIAL, num_players=2, teams=(0, 1), num_actions=side * side,
             observation_shape=(2, side, side), observation_dtype=np.dtype(np.uint8), max_steps=side * side,
             action_to_string=action_to_string, state_to_string=state_to_string,
             symmetries=symmetries(2, side, side, DIHEDRAL)),
        init=init, step=step, legal_action_mask=legal_action_mask, observe=observe,
        is_terminal=is_terminal, is_truncated=is_truncated, rewards=rewards)  # fmt: skip


GOMOKU_9 = _register("gomoku_9", 9)
GOMOKU_15 = _register("gomoku_15", 15)
