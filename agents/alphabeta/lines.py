"""Connect Four and Gomoku: lines that can still be completed, counted by how many stones they hold.

A window is as many cells in a row as win, in one of four directions. One that holds stones of one side alone may yet
become that side's; the more stones it holds, the more it is worth. Windows are counted 64 at a time, on sets of cells:
bit pitch * row + column of four words, pitch being so wide that there is a column of nothing beside the board.
"""

import numpy as np
from numba import njit

from agents.alphabeta.heuristics import register
from envs.bits import size
from envs.board import connect_four, gomoku

# What a window with 1, 2, 3 and 4 stones is worth, to the seat to move and to the other
CONNECT_FOUR_WEIGHTS = np.array([[1, 6, 30, 0], [1, 5, 25, 0]])
GOMOKU_WEIGHTS = np.array([[1, 6, 40, 5000], [1, 5, 30, 500]])  # four, and it is my turn: won
GOMOKU_PITCH = 16  # so that no row lies in two words

_0, _1 = np.uint64(0), np.uint64(1)


@njit(cache=True)
def evaluate_connect_four(state):
    rows, columns = state.board.shape
    return _count(state, rows, columns, columns + 1, connect_four.LINE, CONNECT_FOUR_WEIGHTS)


@njit(cache=True)
def evaluate_gomoku(state):
    side = state.board.shape[0]
    return _count(state, side, side, GOMOKU_PITCH, gomoku.LINE, GOMOKU_WEIGHTS)


@njit(cache=True)
def _count(state, rows, columns, pitch, length, weights):
    mover = state.current_player
    mine = _cells(state.board, rows, columns, pitch, mover + 1)
    theirs = _cells(state.board, rows, columns, pitch, 2 - mover)
    empty = _cells(state.board, rows, columns, pitch, 0)
    value = 0
    for by in (1, pitch - 1, pitch, pitch + 1):
        value += _windows(mine, empty, np.uint64(by), length, weights[0])
        value -= _windows(theirs, empty, np.uint64(by), length, weights[1])
    return value


@njit(cache=True)
def _cells(board, rows, columns, pitch, owner):
    """The set of cells that hold `owner`, four words."""
    return (
        _word(board, rows, columns, pitch, owner, 0),
        _word(board, rows, columns, pitch, owner, 1),
        _word(board, rows, columns, pitch, owner, 2),
        _word(board, rows, columns, pitch, owner, 3),
    )


@njit(cache=True)
def _word(board, rows, columns, pitch, owner, word):
    held = 64 // pitch  # rows in a word
    cells = _0
    for row in range(word * held, min(rows, (word + 1) * held)):
        first = pitch * (row - word * held)
        for column in range(columns):
            cells |= np.uint64(board[row, column] == owner) << np.uint64(first + column)
    return cells


@njit(cache=True)
def _windows(own, empty, by, length, weights):
    """What the windows are worth, of cells `by` apart, that hold nothing but stones of one side and empty cells.

    Where a window begins, three bits of a number are kept that counts its stones: an adder for all at once.
    """
    whole = free = _or(own, empty)
    ones, stone = own, own
    twos = fours = (_0, _0, _0, _0)
    for _ in range(length - 1):
        stone, free = _moved(stone, by), _moved(free, by)
        whole = _and(whole, free)
        carry = _and(ones, stone)
        ones = _xor(ones, stone)
        fours = _or(fours, _and(twos, carry))
        twos = _xor(twos, carry)
    value = 0
    for stones in range(1, 5):
        value += weights[stones - 1] * _size_where(whole, ones, twos, fours, stones)
    return value


@njit(cache=True)
def _size_where(whole, ones, twos, fours, number):
    """How many of `whole` have that number in the three bits."""
    if not number & 1:
        ones = _not(ones)
    if not number & 2:
        twos = _not(twos)
    if not number & 4:
        fours = _not(fours)
    a, b, c, d = _and(_and(whole, ones), _and(twos, fours))
    return size(a) + size(b) + size(c) + size(d)


@njit(cache=True)
def _moved(cells, by):
    """Each cell to where the one `by` below it was."""
    a, b, c, d = cells
    up = np.uint64(64) - by
    return (a >> by) | (b << up), (b >> by) | (c << up), (c >> by) | (d << up), d >> by


@njit(cache=True)
def _and(x, y):
    return x[0] & y[0], x[1] & y[1], x[2] & y[2], x[3] & y[3]


@njit(cache=True)
def _or(x, y):
    return x[0] | y[0], x[1] | y[1], x[2] | y[2], x[3] | y[3]


@njit(cache=True)
def _xor(x, y):
    return x[0] ^ y[0], x[1] ^ y[1], x[2] ^ y[2], x[3] ^ y[3]


@njit(cache=True)
def _not(x):
    return ~x[0], ~x[1], ~x[2], ~x[3]


for _game in (
    connect_four.CONNECT_FOUR, connect_four.CONNECT_FOUR_5X4, connect_four.CONNECT_FOUR_6X5,
    connect_four.CONNECT_FOUR_8X7,
):  # fmt: skip
    register(_game, evaluate_connect_four)
for _game in (gomoku.GOMOKU_9, gomoku.GOMOKU_15):
    register(_game, evaluate_gomoku)
