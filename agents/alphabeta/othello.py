"""Othello: who can move where, who holds the corners, whose discs lie open. Discs themselves count at the end alone.

Source    Rosenbloom, "A world-championship-level Othello program" (1982), for the features; the weights are ours
"""

import numpy as np
from numba import njit

from agents.alphabeta.heuristics import register
from envs.bits import size
from envs.board.othello import BOARD, OTHELLO, OTHELLO_6X6, SIDES, WITHIN, placements

MOVE, FRONTIER, CORNER, ASLANT, BESIDE = 10, 3, 100, 40, 15

# By side: all cells but those at the edge
INNER = np.zeros(9, np.uint64)
# By side and corner, sets of cells: the corner, the cell aslant of it, the two beside it on the edges
CORNERS = np.zeros((9, 4, 3), np.uint64)
for _side in SIDES:
    for _row in range(1, _side - 1):
        INNER[_side] |= WITHIN[_side] & (np.uint64((1 << _side) - 1) << np.uint64(_side * _row))
    for _number, (_row, _column) in enumerate(((0, 0), (0, _side - 1), (_side - 1, 0), (_side - 1, _side - 1))):
        _inner_row, _inner_column = min(max(_row, 1), _side - 2), min(max(_column, 1), _side - 2)
        for _kind, _cells in enumerate((
            [(_row, _column)],
            [(_inner_row, _inner_column)],
            [(_row, _inner_column), (_inner_row, _column)],
        )):  # fmt: skip
            for _r, _c in _cells:
                CORNERS[_side, _number, _kind] |= np.uint64(1) << np.uint64(_side * _r + _c)


@njit(cache=True)
def evaluate_othello(state):
    side = state.side.shape[0]
    mover = state.current_player
    mine, theirs = state.discs[mover], state.discs[1 - mover]
    empty = BOARD[side] & ~(mine | theirs)
    value = MOVE * (size(state.moves) - size(placements(theirs, mine, side)))
    beside_empty = _inner_neighbours(empty, side)
    value += FRONTIER * (size(theirs & beside_empty) - size(mine & beside_empty))
    for number in range(4):
        corner, aslant, beside = CORNERS[side, number, 0], CORNERS[side, number, 1], CORNERS[side, number, 2]
        value += CORNER * (size(mine & corner) - size(theirs & corner))
        if empty & corner:  # whoever stands next to it may give it away
            value += ASLANT * (size(theirs & aslant) - size(mine & aslant))
            value += BESIDE * (size(theirs & beside) - size(mine & beside))
    return value


@njit(cache=True)
def _inner_neighbours(cells, side):
    """All cells beside these but those at the edge, to which steps across it would lead."""
    one, by = np.uint64(1), np.uint64(side)
    row = cells | (cells << one) | (cells >> one)
    return (row | (row << by) | (row >> by)) & INNER[side]


for _game in (OTHELLO, OTHELLO_6X6):
    register(_game, evaluate_othello)
