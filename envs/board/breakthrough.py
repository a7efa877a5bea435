"""Breakthrough on 6 x 6 and 8 x 8: pawns step forward; whoever first brings one to the other's home row wins.

Board        board[seat, row, column] is the board as that seat sees it: 0 empty, 1 mine, 2 theirs. Row 0 is its own
             home row, and it moves towards higher rows; the columns are the same for both
                 6 o o o o o o       row 5 for seat 0 (x), row 0 for seat 1 (o)
                 5 o o o o o o
                 4 . . . . . .
                 3 . . . . . .
                 2 x x x x x x
                 1 x x x x x x       row 0 for seat 0, row 5 for seat 1
                   a b c d e f
Action a     the pawn on cell a % cells of the mover's own view, cell = columns * row + column, steps one row forward
                 0 * cells + cell    and one column to the left (towards a): to an empty cell, or it takes a pawn there
                 1 * cells + cell    straight: to an empty cell alone
                 2 * cells + cell    and one column to the right: as to the left
             so that a policy or mask may be read as planes [3, rows, columns]. Written as from and to, a2a3, a capture
             likewise, a2b3. No pawn starts from the last row, and none leaves the board: those are never legal
Observation  [2, rows, columns] uint8 in the view of whoever looks: mine, theirs
Rewards      +1 for a pawn on the last row, or when the other has no pawn left, -1 the other, 0 before the end. There
             are no draws, for there is always a move: no pawn of one's own stands aslant before the foremost one
Length       Until the last move all pawns stay within the first rows - 1: two rows of them make at most
             columns * (2 * rows - 5) steps a side
Source       Dan Troyka's game, winner of the 8 x 8 Game Design Competition 2001; Handscomb, Abstract Games 7 (2001)
"""

import numpy as np
from numba import njit

from envs.board.grid import cell_name
from envs.game import Dynamics, Game, Symmetry, register

SIDES = (6, 8)
LEFT, STRAIGHT, RIGHT = 0, 1, 2


def _state_dtype(name: str, rows: int, columns: int) -> np.dtype:
    return np.dtype([
        ("rng", np.uint64),           # unused by the rules; openings draw from it
        ("board", np.int8, (2, rows, columns)),
        ("pawns", np.int8, 2),        # that each seat has left
        ("current_player", np.int8),  # 0 moves first
        ("winner", np.int8),          # -1 while nobody has won
        ("num_moves", np.int16),
        (name, np.int8),              # the game's name makes the dtype its own
    ])  # fmt: skip


@njit(cache=True)
def init(state):
    _, rows, columns = state.board.shape
    state.board[:] = 0
    state.board[:, :2] = 1
    state.board[:, rows - 2 :] = 2
    state.pawns[:] = 2 * columns
    state.current_player = 0
    state.winner = -1
    state.num_moves = 0


@njit(cache=True)
def step(state, action):
    _, rows, columns = state.board.shape
    cells = rows * columns
    player = state.current_player
    other = 1 - player
    direction = (action >= cells) + (action >= 2 * cells)
    cell = action - direction * cells
    row = cell // columns
    column = cell - row * columns
    end = column + direction - STRAIGHT
    if state.board[player, row + 1, end]:
        state.pawns[other] -= 1
    state.board[player, row, column] = 0
    state.board[other, rows - 1 - row, column] = 0
    state.board[player, row + 1, end] = 1
    state.board[other, rows - 2 - row, end] = 2
    if row == rows - 2 or state.pawns[other] == 0:
        state.winner = player
    state.num_moves += 1
    state.current_player = other


@njit(cache=True)
def legal_action_mask(state, player, out):
    """Straight loops over the cells vectorise, rows alone are too short; what leaves the board is taken out after."""
    _, rows, columns = state.board.shape
    cells = rows * columns
    seen = state.board[player].flat
    for cell in range(cells - columns):
        out[LEFT * cells + cell] = (seen[cell] == 1) & (seen[cell + columns - 1] != 1)
    for cell in range(cells - columns):
        out[STRAIGHT * cells + cell] = (seen[cell] == 1) & (seen[cell + columns] == 0)
    for cell in range(cells - columns - 1):  # one more would look beyond the board
        out[RIGHT * cells + cell] = (seen[cell] == 1) & (seen[cell + columns + 1] != 1)
    for row in range(rows - 1):
        out[LEFT * cells + row * columns] = False
        out[RIGHT * cells + row * columns + columns - 1] = False
    for cell in range(cells - columns, cells):  # nothing starts from the last row
        out[LEFT * cells + cell] = False
        out[STRAIGHT * cells + cell] = False
        out[RIGHT * cells + cell] = False


@njit(cache=True)
def observe(state, player, out):
    cells = state.board.shape[1] * state.board.shape[2]
    seen, planes = state.board[player].flat, out.flat
    for cell in range(cells):
        planes[cell] = seen[cell] == 1
        planes[cells + cell] = seen[cell] == 2


@njit(cache=True)
def is_terminal(state):
    return state.winner >= 0


@njit(cache=True)
def is_truncated(state):
    return False


@njit(cache=True)
def rewards(state, out):
    out[0] = out[1] = 0
    if state.winner >= 0:
        out[state.winner] = 1
        out[1 - state.winner] = -1


def ends(shape: tuple[int, int], seat: int, action: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """From which cell to which a seat's action moves, each (row, column) with row 0 at the bottom, seat 0's home."""
    rows, columns = shape
    direction, cell = divmod(action, rows * columns)
    row, column = divmod(cell, columns)
    end = column + direction - STRAIGHT
    return ((row, column), (row + 1, end)) if seat == 0 else ((rows - 1 - row, column), (rows - 2 - row, end))


def action_to_string(state: np.void, action: int) -> str:
    """Steps that lead off the board are named too, as the cell and where to: a2-left."""
    rows, columns = state["board"].shape[1:]
    start, end = ends((rows, columns), int(state["current_player"]), action)
    if 0 <= end[0] < rows and 0 <= end[1] < columns:
        return cell_name(*start) + cell_name(*end)
    return f"{cell_name(*start)}-{('left', 'straight', 'right')[action // (rows * columns)]}"


def state_to_string(state: np.void) -> str:
    """x is seat 0, who moves up."""
    return "\n".join("".join(".xo"[cell] for cell in cells) for cells in state["board"][0][::-1])


def _mirror(rows: int, columns: int) -> Symmetry:
    cells = np.arange(rows * columns, dtype=np.int32).reshape(rows, columns)[:, ::-1].ravel()
    actions = np.concatenate([direction * len(cells) + cells for direction in (RIGHT, STRAIGHT, LEFT)])
    return Symmetry("left to right", actions, np.concatenate([cells, len(cells) + cells]))


def _register(side: int) -> Game:
    name = f"breakthrough_{side}"
    return register(
        Game(name, _state_dtype(name, side, side), Dynamics.SEQUENTIAL, num_players=2, teams=(0, 1),
             num_actions=3 * side * side, observation_shape=(2, side, side), observation_dtype=np.dtype(np.uint8),
             max_steps=2 * side * (2 * side - 5) + 1, action_to_string=action_to_string,
             state_to_string=state_to_string, symmetries=(_mirror(side, side),)),
        init=init, step=step, legal_action_mask=legal_action_mask, observe=observe,
        is_terminal=is_terminal, is_truncated=is_truncated, rewards=rewards)  # fmt: skip


for _side in SIDES:
    _register(_side)
