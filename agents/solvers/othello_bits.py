"""Discs, moves and turned discs on Othello's board, for the endgame solver, whose time all goes here.

Sets of cells are uint64, cell = 8 * row + column. A board of 6 x 6 lies in the middle of the 8 x 8: its border holds no
discs, so nothing is enclosed through it, and it is not among the empty cells. The rules are in envs/board/othello.py; the
tests hold the two against each other.
"""

import numpy as np
from numba import njit

from envs.bits import leading_zeros

ZERO, ONE, TOP = np.uint64(0), np.uint64(1), np.uint64(1) << np.uint64(63)
_1, _7, _8, _9 = np.uint64(1), np.uint64(7), np.uint64(8), np.uint64(9)
_2, _14, _16, _18 = np.uint64(2), np.uint64(14), np.uint64(16), np.uint64(18)
_WITHIN = np.uint64(0x7E7E7E7E7E7E7E7E)  # all but the first and last column

UPWARDS = ((0, 1), (1, -1), (1, 0), (1, 1))  # (down, right): directions in which cells' numbers grow

RAYS = np.zeros((64, 8), np.uint64)  # cells in a line from a cell: in the four directions upwards, then the opposite
NEIGHBOURS = np.zeros(64, np.uint64)
for _cell in range(64):
    for _number, (_down, _right) in enumerate([*UPWARDS, *((-down, -right) for down, right in UPWARDS)]):
        _row, _column = _cell // 8 + _down, _cell % 8 + _right
        while 0 <= _row < 8 and 0 <= _column < 8:
            RAYS[_cell, _number] |= _1 << np.uint64(8 * _row + _column)
            if max(abs(_row - _cell // 8), abs(_column - _cell % 8)) == 1:
                NEIGHBOURS[_cell] |= _1 << np.uint64(8 * _row + _column)
            _row, _column = _row + _down, _column + _right


@njit(cache=True)
def turned(mine, theirs, cell):
    """The discs of `theirs` that a disc of mine on an empty cell turns."""
    found = ZERO
    for direction in range(4):
        # Adding one to all cells but the ray's that are not theirs carries through theirs to the first other cell.
        ray = RAYS[cell, direction]
        end = ((theirs | ~ray) + ONE) & ray & mine
        if end:
            found |= (end - ONE) & ray
        ray = RAYS[cell, direction + 4]
        end = (TOP >> np.uint64(leading_zeros((ray & ~theirs) | ONE))) & ray & mine
        if end:
            found |= ray & ~(end | (end - ONE))
    return found


@njit(cache=True)
def moves(mine, theirs, empty):
    """The empty cells where a disc of mine turns others (Kogge and Stone's parallel prefix, in each direction)."""
    within = theirs & _WITHIN
    ends = _ends(mine, within, _1, _2) | _ends(mine, theirs, _8, _16)
    ends |= _ends(mine, within, _7, _14) | _ends(mine, within, _9, _18)
    return ends & empty


@njit(cache=True)
def _ends(mine, through, by, two):
    """Cells just behind the runs of `through` that begin beside `mine`, `by` apart; six discs at most."""
    up, down = through & (mine << by), through & (mine >> by)
    up |= through & (up << by)
    down |= through & (down >> by)
    pairs = through & (through << by)
    up |= pairs & (up << two)
    up |= pairs & (up << two)
    pairs >>= by
    down |= pairs & (down >> two)
    down |= pairs & (down >> two)
    return (up << by) | (down >> by)
