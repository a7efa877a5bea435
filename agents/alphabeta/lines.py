"""Connect Four and Gomoku: lines that can still be completed, counted by how many stones they hold.

A window is as many cells in a row as win, in one of four directions. One that holds stones of one side alone may yet
become that side's; the more stones it holds, the more it is worth. Windows are counted 64 at a time, on sets of cells:
bit pitch * row + column of a few words, pitch being so wide that there is a column of nothing beside the board.
"""

import numpy as np
from numba import njit

from agents.alphabeta.heuristics import register
from envs.bits import size
from envs.board import connect_four, gomoku

# What a window with 1, 2, 3 and 4 stones is worth, to the seat to move and to the other
CONNECT_FOUR_WEIGHTS = np.array([[1, 6, 30, 0], [1, 5, 25, 0]])
GOMOKU_WEIGHTS = np.array([[1, 6, 40, 5000], [1, 5, 30, 500]])  # four, and it is my turn: won

_0, _1 = np.uint64(0), np.uint64(1)


@njit(cache=True)
def evaluate_connect_four(state):
    rows, columns = state.board.shape
    return _count(state, rows, columns, columns + 1, connect_four.LINE, CONNECT_FOUR_WEIGHTS)


@njit(cache=True)
def evaluate_gomoku(state):
    side = state.board.shape[0]
    return _count(state, side, side, side + 1, gomoku.LINE, GOMOKU_WEIGHTS)


@njit(cache=True)
def _count(state, rows, columns, pitch, length, weights):
    mover, words = state.current_player, (pitch * rows + 63) // 64
    held = np.zeros((3, words + 2), np.uint64)  # cells of the mover, of the other, empty; and words of nothing
    for row in range(rows):
        for column in range(columns):
            owner, bit = state.board[row, column], pitch * row + column
            whose = 2 if owner == 0 else np.int64(owner != mover + 1)
            held[whose, bit >> 6] |= _1 << np.uint64(bit & 63)
    value = 0
    for by in (1, pitch - 1, pitch, pitch + 1):
        for word in range(words):
            value += _windows(held[0], held[2], word, by, length, weights[0])
            value -= _windows(held[1], held[2], word, by, length, weights[1])
    return value


@njit(cache=True)
def _windows(own, empty, word, by, length, weights):
    """What the windows are worth that begin in that word, of cells `by` apart, and hold stones of one side alone.

    Where a window begins, three bits of a number are kept that counts its stones: an adder for 64 at once.
    """
    whole = ~_0
    ones = twos = fours = _0
    for cell in range(length):
        at, shift = word + (cell * by >> 6), np.uint64(cell * by & 63)
        above = np.uint64(63) - shift  # twice, for a shift by 64 is none
        stone = (own[at] >> shift) | (own[at + 1] << _1 << above)
        whole &= stone | (empty[at] >> shift) | (empty[at + 1] << _1 << above)
        carry = ones & stone
        ones ^= stone
        fours |= twos & carry
        twos ^= carry
    few = whole & ~fours
    return (
        weights[0] * size(few & ones & ~twos)
        + weights[1] * size(few & twos & ~ones)
        + weights[2] * size(few & ones & twos)
        + weights[3] * size(whole & fours & ~ones)
    )


for _game in (
    connect_four.CONNECT_FOUR, connect_four.CONNECT_FOUR_5X4, connect_four.CONNECT_FOUR_6X5,
    connect_four.CONNECT_FOUR_8X7,
):  # fmt: skip
    register(_game, evaluate_connect_four)
for _game in (gomoku.GOMOKU_9, gomoku.GOMOKU_15):
    register(_game, evaluate_gomoku)
