"""Connect Four on 64 bits: the search that finds the exact score of a position. Compiled; connect_four.py is its face.

Bits         column by column from the bottom, with one bit above each column that stays empty, so that a shift never
             carries a line into the next column. On the usual board (stride 7)
                  6 13 20 27 34 41 48     stays empty
                  5 12 19 26 33 40 47     row 5
                  ...
                  0  7 14 21 28 35 42     row 0
             `mine` are the mover's discs, `discs` everybody's. Eight columns of seven take all 64.
Score        for the mover, John Tromp's and Pascal Pons' scale: a win counts 1 more than the discs that the winner has
             then left, a draw 0, a loss the negative of what the other's win counts. So with perfect play
             score = (cells + 2 - p) // 2, p being the number of discs on the board with the winning one
Key          `mine` + `discs` (uint64): a column of k discs adds 2^k - 1 to 2^(k+1) - 2, so no two positions agree
Table        [2^b] uint64, each the best known bound of one position: 8 bits of bound, 56 of a key that multiplication
             by an odd number has scattered; the b bits that say where it lies are the rest of it, so a hit is never
             another position (b is 8 or more). A newer entry replaces an older one
Search       negamax with null windows; only moves that do not lose at once; those that threaten most first; bounds
             from the discs left, and from the table. Knuth and Moore (1975); Allis (1988); Pons, "Solving Connect 4:
             how to build a perfect AI" (2015), for the score and the two windows' order
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from envs.bits import size

ONE, NOTHING = np.uint64(1), np.uint64(0)
TWO, THREE, EIGHT, BOUND_BITS = np.uint64(2), np.uint64(3), np.uint64(8), np.uint64(0xFF)
SCATTER = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio, made odd
LOWER = 128  # a stored bound is LOWER + MIDDLE + score if the score is at least that, MIDDLE + score if at most that
MIDDLE = 64
# Discs: up to here a position and its mirror image share an entry. Images are met early on, but looked for always.
MIRRORED_UNTIL = 12


class Shape(NamedTuple):
    """A board, as the search wants it."""

    rows: int
    columns: int
    stride: np.uint64  # bits of a column
    bottom: np.uint64  # bits of row 0
    board: np.uint64  # bits of all cells
    shift: np.uint64  # 64 - b, of the table


@njit(cache=True)
def open_wins(stones, discs, shape):
    """uint64: the empty cells that would complete a line for whoever owns `stones`, reachable or not."""
    cells = (stones << ONE) & (stones << TWO) & (stones << THREE)
    for slope in range(3):
        d = shape.stride - ONE + np.uint64(slope)
        pair = (stones << d) & (stones << (TWO * d))
        cells |= pair & ((stones << (THREE * d)) | (stones >> d))
        pair = (stones >> d) & (stones >> (TWO * d))
        cells |= pair & ((stones >> (THREE * d)) | (stones << d))
    return cells & (shape.board ^ discs)


@njit(cache=True, inline="always")
def reachable(discs, shape):
    """uint64: the lowest empty cell of each column that has one."""
    return (discs + shape.bottom) & shape.board


@njit(cache=True)
def _mirrored(bits, shape):
    column = (ONE << shape.stride) - ONE if shape.stride < 64 else ~NOTHING
    out = NOTHING
    for _ in range(shape.columns):
        out = (out << shape.stride) | (bits & column)
        bits >>= shape.stride
    return out


@njit(cache=True)
def _scattered(mine, discs, placed, shape):
    key = mine + discs
    if placed <= MIRRORED_UNTIL:
        key = min(key, _mirrored(key, shape))
    return key * SCATTER


@njit(cache=True)
def _search(mine, discs, placed, alpha, beta, shape, table, moves, counters):
    """The score, or a bound of it beyond alpha or beta. The mover has no win in one move.

    placed    discs on the board
    moves     [cells, columns] uint64 scratch
    counters  [1] int64, positions searched
    """
    counters[0] += 1
    cells = shape.rows * shape.columns
    theirs = mine ^ discs
    candidates = reachable(discs, shape)
    danger = open_wins(theirs, discs, shape)
    forced = candidates & danger
    if forced:
        if forced & (forced - ONE):
            return -((cells - placed) // 2)  # two wins cannot both be stopped
        candidates = forced
    candidates &= ~(danger >> ONE)  # never below a cell that wins for the other
    if not candidates:
        return -((cells - placed) // 2)
    if placed >= cells - 2:
        return 0
    low, high = -((cells - 2 - placed) // 2), (cells - 1 - placed) // 2
    if alpha < low:
        alpha = low
        if alpha >= beta:
            return alpha
    if beta > high:
        beta = high
        if alpha >= beta:
            return beta
    scattered = _scattered(mine, discs, placed, shape)
    slot = np.int64(scattered >> shape.shift)
    known = scattered << EIGHT
    entry = table[slot]
    if entry & ~BOUND_BITS == known and entry & BOUND_BITS:
        bound = np.int64(entry & BOUND_BITS)
        if bound >= LOWER:
            bound -= LOWER + MIDDLE
            if alpha < bound:
                alpha = bound
        else:
            bound -= MIDDLE
            if beta > bound:
                beta = bound
        if alpha >= beta:
            return bound
    ordered = moves[placed]
    count = _order(mine, discs, candidates, shape, ordered)
    for i in range(count):
        move = ordered[i]
        score = -_search(theirs, discs | move, placed + 1, -beta, -alpha, shape, table, moves, counters)
        if score >= beta:
            table[slot] = known | np.uint64(score + LOWER + MIDDLE)
            return score
        if score > alpha:
            alpha = score
    table[slot] = known | np.uint64(alpha + MIDDLE)
    return alpha


@njit(cache=True)
def _order(mine, discs, candidates, shape, ordered):
    """Write the candidates, most open wins made first, among equals those nearer to the middle; return how many."""
    worth = np.int64(0)  # six bits a move in the order written; up to eight moves
    count = 0
    column = (ONE << (shape.stride - ONE)) - ONE
    for i in range(shape.columns):
        at = (shape.columns - 1) // 2 + ((i + 1) // 2 if i & 1 else -(i // 2))  # from the middle: 3 4 2 5 1 6 0
        move = candidates & (column << (np.uint64(at) * shape.stride))
        if not move:
            continue
        own = size(open_wins(mine | move, discs, shape))
        place = count
        while place > 0 and (worth >> (6 * (place - 1))) & 63 < own:
            ordered[place] = ordered[place - 1]
            place -= 1
        ordered[place] = move
        below = worth & ((1 << (6 * place)) - 1)
        worth = below | (own << (6 * place)) | ((worth >> (6 * place)) << (6 * (place + 1)))
        count += 1
    return count


@njit(cache=True)
def solve(mine, discs, placed, low, high, shape, table, moves, counters):
    """The score of a position that is not over, known to lie in [low, high] (they narrow the search).

    If the score lies outside, the nearer end is given.
    """
    cells = shape.rows * shape.columns
    if open_wins(mine, discs, shape) & reachable(discs, shape):
        return min(max((cells + 1 - placed) // 2, low), high)
    low = max(low, -((cells - placed) // 2))
    high = end = max(low, min(high, (cells - 1 - placed) // 2))
    while low < high:
        middle = low + (high - low) // 2
        # from the outside in: that it does not end soon is found quickly, and then known when the middle is asked
        middle = min(middle, -(-low // 2)) if middle <= 0 else max(middle, high // 2)
        found = _search(mine, discs, placed, middle, middle + 1, shape, table, moves, counters)
        if found <= middle:
            high = found
        else:
            low = found
    return min(low, end)  # what is found may lie beyond what was asked


@njit(cache=True)
def move_scores(mine, discs, placed, low, high, shape, table, moves, counters, illegal, out):
    """Write the score of each column's move to out [columns], `illegal` where the column is full; of a score outside of
    [low, high] the nearer end."""
    cells = shape.rows * shape.columns
    open_cells, wins = reachable(discs, shape), open_wins(mine, discs, shape)
    column = (ONE << (shape.stride - ONE)) - ONE
    for c in range(shape.columns):
        move = open_cells & (column << (np.uint64(c) * shape.stride))
        if not move:
            out[c] = illegal
        elif move & wins:
            out[c] = min((cells + 1 - placed) // 2, high)
        elif placed + 1 == cells:
            out[c] = 0
        else:
            theirs = mine ^ discs
            out[c] = -solve(theirs, discs | move, placed + 1, -high, -low, shape, table, moves, counters)
