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

# What a window with 1, 2, 3 and 4 stones is worth
CONNECT_FOUR_WEIGHTS = np.array([1, 5, 10, 0])
WON = 10_000  # with the next move, or because the other cannot stop two lines
# A cell of Connect Four that completes a line, once the cells below are filled. At the end seat 0 comes to fill cells
# of rows 1, 3 and 5, seat 1 those of 2, 4 and 6 (Allis's odd and even threats), so there it is worth more.
THREAT, OWN_ROW = 15, 40
FOUR = 1 << 20  # more than all windows together with fewer stones, so that the fours can be read off a sum
GOMOKU_WEIGHTS = np.array([[1, 6, 40, FOUR], [1, 5, 30, FOUR]])  # of the seat to move, and of the other
BLOCKED = 300  # what it costs to have to stop a four

_0, _1 = np.uint64(0), np.uint64(1)


@njit(cache=True)
def evaluate_connect_four(state):
    rows, columns = state.board.shape
    pitch, mover = columns + 1, state.current_player
    held = _held(state.board, mover, pitch)
    empty = held[2, 0]
    playable = empty & ((~empty << np.uint64(pitch)) | ((_1 << np.uint64(columns)) - _1))
    mine, theirs = _completing(held[0, 0], empty, pitch), _completing(held[1, 0], empty, pitch)
    if mine & playable:
        return WON
    if size(theirs & playable) > 1:
        return -WON
    value = _count(held[0], held[2], pitch, connect_four.LINE, CONNECT_FOUR_WEIGHTS)
    value -= _count(held[1], held[2], pitch, connect_four.LINE, CONNECT_FOUR_WEIGHTS)
    for row in range(rows):
        cells = ((_1 << np.uint64(columns)) - _1) << np.uint64(pitch * row)
        value += (OWN_ROW if row & 1 == mover else THREAT) * size(mine & cells)
        value -= (THREAT if row & 1 == mover else OWN_ROW) * size(theirs & cells)
    return value


@njit(cache=True)
def _completing(own, empty, pitch):
    """The empty cells of Connect Four, one word, that complete a line of `own`."""
    found = _0
    for by in (1, pitch - 1, pitch, pitch + 1):
        for hole in range(connect_four.LINE):
            begins = ~_0
            for cell in range(connect_four.LINE):
                begins &= (empty if cell == hole else own) >> np.uint64(cell * by)
            found |= begins << np.uint64(hole * by)
    return found


@njit(cache=True)
def evaluate_gomoku(state):
    pitch = state.board.shape[0] + 1
    held = _held(state.board, state.current_player, pitch)
    mine = _count(held[0], held[2], pitch, gomoku.LINE, GOMOKU_WEIGHTS[0])
    theirs = _count(held[1], held[2], pitch, gomoku.LINE, GOMOKU_WEIGHTS[1])
    if mine >= FOUR:
        return WON
    if theirs >= 2 * FOUR and _count_completing(held[1], held[2], pitch, gomoku.LINE) > 1:
        return -WON  # not where all fours wait for the same cell, as in XX.XXX
    if theirs >= FOUR:
        theirs = theirs % FOUR + BLOCKED
    return mine - theirs


@njit(cache=True)
def _count_completing(own, empty, pitch, length):
    """How many empty cells complete a line of `own`."""
    found = np.zeros_like(own)
    for by in (1, pitch - 1, pitch, pitch + 1):
        for word in range(own.shape[0] - 2):
            for hole in range(length):
                begins = ~_0
                for cell in range(length):
                    begins &= _from(empty if cell == hole else own, word, cell * by)
                at, shift = word + (hole * by >> 6), np.uint64(hole * by & 63)
                found[at] |= begins << shift
                found[at + 1] |= begins >> _1 >> (np.uint64(63) - shift)
    count = 0
    for word in range(found.shape[0]):
        count += size(found[word])
    return count


@njit(cache=True)
def _from(cells, word, by):
    """The word of the cells that lie `by` further than those of that word."""
    at, shift = word + (by >> 6), np.uint64(by & 63)
    return (cells[at] >> shift) | (cells[at + 1] << _1 << (np.uint64(63) - shift))  # twice: a shift by 64 is none


@njit(cache=True)
def _held(board, mover, pitch):
    """[3, words] uint64: the cells of the mover, of the other, and the empty ones; two words of nothing at the end."""
    rows, columns = board.shape
    held = np.zeros((3, (pitch * rows + 63) // 64 + 2), np.uint64)
    for row in range(rows):
        for column in range(columns):
            owner, bit = board[row, column], pitch * row + column
            whose = 2 if owner == 0 else np.int64(owner != mover + 1)
            held[whose, bit >> 6] |= _1 << np.uint64(bit & 63)
    return held


@njit(cache=True)
def _count(own, empty, pitch, length, weights):
    """What all windows of one side are worth."""
    value = 0
    for by in (1, pitch - 1, pitch, pitch + 1):
        for word in range(own.shape[0] - 2):
            value += _windows(own, empty, word, by, length, weights)
    return value


@njit(cache=True)
def _windows(own, empty, word, by, length, weights):
    """What the windows are worth that begin in that word, of cells `by` apart, and hold stones of one side alone.

    Where a window begins, three bits of a number are kept that counts its stones: an adder for 64 at once.
    """
    whole = ~_0
    ones = twos = fours = _0
    for cell in range(length):
        stone = _from(own, word, cell * by)
        whole &= stone | _from(empty, word, cell * by)
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
