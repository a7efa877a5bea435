"""Hex on a rhombus of 3 x 3 to 13 x 13 cells: join your two edges by a chain of stones. One of the two always does.

Board        each cell touches up to six others; seat 0 joins top and bottom, seat 1 left and right
                     a b c
                   1 . . .              row 0
                    2 . . .             row 1: b2 touches b1, c1, a2, c2, a3, b3
                     3 . . .            row 2
             board[seat, row, column] is the board as that seat sees it: 0 empty, 1 mine, 2 theirs. Seat 0 sees it as
             above; seat 1 sees it mirrored at the main diagonal, so that either joins the first row to the last
Action a     put a stone on cell a = size * row + column of the mover's own view; written as the true cell, a1 at the
             top left: in hex_3, action 1 is b1 for seat 0 and a2 for seat 1
Action size^2  swap, with `settings.swap` the second move of the game alone: the first stone becomes one of seat 1's
             and goes to the mirrored cell, so that it stands for seat 1 as it stood for seat 0 (LittleGolem's rule;
             "swap-pieces" elsewhere). Seats keep their edges; seat 0 moves next
Observation  [3, size, size] uint8 in the view of whoever looks: mine, theirs, 1 everywhere while a swap is on offer
Rewards      +1 whoever has joined the edges, -1 the other, 0 before the end; there are no draws
Source       Gardner, "Mathematical Games", Scientific American, July 1957; Browne, "Hex Strategy" (2000), for the swap

Whether a chain has joined is known from labels that spread: links[seat, place] says of each of a seat's stones which of
its edges the stone is joined to. A new stone takes on its neighbours' labels; if it has any, it hands them on to all
stones joined to it that had less. Both on one stone is a win. A stone is labelled three times at most in a game.
"""

from typing import Any

import numpy as np
from numba import njit

from envs.board.grid import TURNS, cell_name, symmetries
from envs.game import Dynamics, Game, Setting, register, settings_dtype
from envs.random_stream import randint

SIZES = (3, 5, 7, 9, 11, 13)
NEIGHBOURS = ((-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0))  # (down, right); the same in either view
STONE, TOP, BOTTOM = 1, 2, 4  # what a place in `links` holds, added up

# On by default: clubs and servers play with it, and without it whoever moves first has won before the first move.
SETTINGS = (Setting("swap", True, description="the second player may take over the first stone, mirrored"),)


def _state_dtype(name: str, size: int) -> np.dtype:
    # `links` is as wide as the board and one column of nothing, with a row for either edge above and below.
    return np.dtype([
        ("rng", np.uint64),           # unused by the rules; openings draw from it
        ("settings", settings_dtype(SETTINGS)),
        ("board", np.int8, (2, size, size)),
        ("links", np.uint8, (2, (size + 2) * (size + 1))),
        ("current_player", np.int8),  # 0 moves first
        ("winner", np.int8),          # -1 while nobody has won
        ("num_moves", np.int16),      # a swap is one
        (name, np.int8),              # the game's name makes the dtype its own
    ])  # fmt: skip


@njit(cache=True)
def init(state):
    size = state.board.shape[1]
    state.board[:] = 0
    state.links[:] = 0
    for seat in range(2):
        for column in range(size):
            state.links[seat, column] = TOP
            state.links[seat, (size + 1) * (size + 1) + column] = BOTTOM
    state.current_player = 0
    state.winner = -1
    state.num_moves = 0


@njit(cache=True)
def step(state, action):
    size = state.board.shape[1]
    player = state.current_player
    if action == size * size:
        _place(state, player, _take_away_first(state))
    else:
        _place(state, player, action)
    state.num_moves += 1
    state.current_player = 1 - player


@njit(cache=True)
def _take_away_first(state):
    """Clear the board of the only stone; the cell it stood on, as seat 0 sees it."""
    size = state.board.shape[1]
    for row in range(size):
        for column in range(size):
            if state.board[0, row, column]:
                state.board[0, row, column] = 0
                state.board[1, column, row] = 0
                state.links[0, (row + 1) * (size + 1) + column] = 0
                return size * row + column
    return -1


@njit(cache=True)
def _place(state, player, cell):
    size = state.board.shape[1]
    width = size + 1
    row = cell // size
    column = cell - row * size
    state.board[player, row, column] = 1
    state.board[1 - player, column, row] = 2
    links, at, label = state.links[player], (row + 1) * width + column, STONE
    for down, right in NEIGHBOURS:
        label |= links[at + down * width + right]
    links[at] = label
    if label == STONE | TOP | BOTTOM:
        state.winner = player
    if label != STONE:
        _spread(links, width, at, label)


@njit(cache=True)
def _spread(links, width, at, label):
    """Give every stone joined to the one at `at` its label."""
    for down, right in NEIGHBOURS:
        near = at + down * width + right
        if links[near] & STONE and links[near] != label:
            links[near] = label
            _spread(links, width, near, label)


@njit(cache=True)
def _may_swap(state):
    return state.settings.swap != 0 and state.num_moves == 1


@njit(cache=True)
def legal_action_mask(state, player, out):
    cells = state.board.shape[1] * state.board.shape[2]
    seen = state.board[player].flat  # one straight loop over the cells: a row alone is too short to vectorise
    for cell in range(cells):
        out[cell] = seen[cell] == 0
    out[cells] = _may_swap(state)


@njit(cache=True)
def random_legal_action(state):
    """Drawn until a cell is empty: a game is over before few are left."""
    cells = state.board.shape[1] * state.board.shape[2]
    seen, count = state.board[state.current_player].flat, cells + _may_swap(state)
    while True:
        action = randint(state, count)
        if action == cells or seen[action] == 0:
            return action


@njit(cache=True)
def observe(state, player, out):
    cells = state.board.shape[1] * state.board.shape[2]
    seen, planes, swap = state.board[player].flat, out.flat, _may_swap(state)
    for cell in range(cells):
        planes[cell] = seen[cell] == 1
        planes[cells + cell] = seen[cell] == 2
    for cell in range(cells):
        planes[2 * cells + cell] = swap


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


def true_cell(size: int, seat: int, action: int) -> tuple[int, int]:
    """(row, column) on the board of a cell in that seat's view; seen the other way it is the same."""
    row, column = divmod(action, size)
    return (row, column) if seat == 0 else (column, row)


def action_to_string(state: np.void, action: int) -> str:
    size = state["board"].shape[1]
    return "swap" if action == size * size else cell_name(*true_cell(size, int(state["current_player"]), action))


def state_to_string(state: np.void) -> str:
    """x is seat 0, who joins top and bottom."""
    return "\n".join(" " * row + " ".join(".xo"[cell] for cell in cells) for row, cells in enumerate(state["board"][0]))


def _register(size: int) -> Game:
    name, cells = f"hex_{size}", size * size

    def configure(settings: dict[str, Any]) -> dict[str, Any]:
        return {"max_steps": cells + int(settings["swap"])}  # a swap fills no cell

    return register(
        Game(name, _state_dtype(name, size), Dynamics.SEQUENTIAL, num_players=2, teams=(0, 1), num_actions=cells + 1,
             observation_shape=(3, size, size), observation_dtype=np.dtype(np.uint8), max_steps=cells + 1,
             action_to_string=action_to_string, state_to_string=state_to_string, schema=SETTINGS,
             symmetries=symmetries(3, size, size, {"half turn": TURNS["half turn"]}, passes=1)),
        configure=configure, init=init, step=step, legal_action_mask=legal_action_mask, observe=observe,
        is_terminal=is_terminal, is_truncated=is_truncated, rewards=rewards,
        random_legal_action=random_legal_action)  # fmt: skip


for _size in SIZES:
    _register(_size)
