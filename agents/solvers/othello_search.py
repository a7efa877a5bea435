"""The search of the Othello endgame solver: how many discs more than the other the mover ends up with.

All compiled code of the solver is in this file, or in envs/, so that none of it can be left over from before an edit.

Source    Fastest-first ordering (the reply with the least mobility first) and parity: Andersson, "Writing an Othello
          program", part on the endgame; the table, and principal variation search: Marsland and Campbell (1982)
Position  mine, theirs, empty: uint64 sets of cells, cell = 8 * row + column, `mine` being the mover's. A board of 6 x 6
          lies in the middle of the 8 x 8: its border holds no discs, so nothing is enclosed through it, and it is not
          among the empty cells. Where discs may go is asked of the rules, envs/board/othello.py; what they turn is
          found along rays here, for one cell at a time, and held against the rules by the tests.
          odd: the quadrants of the board in which an odd number of cells is empty; whoever moves into one usually moves
          there last
Values    discs of the mover less the other's when neither can move; with `winner_takes` the cells that are then empty
          count as the winner's. Searches are fail-soft: at most alpha is an upper bound, at least beta a lower one
Scratch   table [N] of ENTRY, N a power of two; lists [65, MOST_MOVES] of MOVE, a row for each number of empty cells
"""

import numpy as np
from numba import njit

from envs.bits import leading_zeros, lowest, size
from envs.board.othello import placements

BEYOND = 100  # larger than every value
MOST_MOVES = 64
SIDE = 8
# Measured on positions with 14 empty cells (tests/agents/solvers/test_othello.py names the collection).
SORTED_FROM = 6  # empty cells from which on moves are tried by the mobility that they leave; below, by parity alone
STORED_FROM = 8  # empty cells from which on values are kept in the table

ZERO, ONE, TOP = np.uint64(0), np.uint64(1), np.uint64(1) << np.uint64(63)
_32 = np.uint64(32)

UPWARDS = ((0, 1), (1, -1), (1, 0), (1, 1))  # (down, right): directions in which cells' numbers grow

RAYS = np.zeros((64, 8), np.uint64)  # cells in a line from a cell: in the four directions upwards, then the opposite
NEIGHBOURS = np.zeros(64, np.uint64)
for _cell in range(64):
    for _number, (_down, _right) in enumerate([*UPWARDS, *((-down, -right) for down, right in UPWARDS)]):
        _row, _column = _cell // 8 + _down, _cell % 8 + _right
        while 0 <= _row < 8 and 0 <= _column < 8:
            RAYS[_cell, _number] |= ONE << np.uint64(8 * _row + _column)
            if max(abs(_row - _cell // 8), abs(_column - _cell % 8)) == 1:
                NEIGHBOURS[_cell] |= ONE << np.uint64(8 * _row + _column)
            _row, _column = _row + _down, _column + _right

QUADRANTS = np.zeros(64, np.uint64)  # by cell: all cells of its quarter of the board
for _cell in range(64):
    for _other in range(64):
        if _cell // 32 == _other // 32 and _cell % 8 // 4 == _other % 8 // 4:
            QUADRANTS[_cell] |= ONE << np.uint64(_other)

# Worth of moving to a cell beyond the replies that it leaves: corners first, cells aslant of them last.
CORNERS = np.uint64(0x8100000000000081)
ASLANT = np.uint64(0x0042000000004200)

ENTRY = np.dtype([
    ("mine", np.uint64), ("theirs", np.uint64),  # the position; both 0 in an entry that holds nothing
    ("low", np.int8), ("high", np.int8),         # bounds of its value
    ("cell", np.int8),                           # the best move found, or -1
], align=True)  # fmt: skip
MOVE = np.dtype([("turned", np.uint64), ("cell", np.int64), ("cost", np.int64)])  # cost: the least is tried first

_HASH_MINE, _HASH_THEIRS = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)


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
    """The empty cells where a disc of mine turns others."""
    return placements(mine, theirs, SIDE) & empty


@njit(cache=True)
def odd_quadrants(empty):
    """The cells of all quadrants with an odd number of these."""
    odd = ZERO
    for corner in (0, 7, 56, 63):
        if size(empty & QUADRANTS[corner]) & 1:
            odd |= QUADRANTS[corner]
    return odd


@njit(cache=True)
def final(mine, theirs, empty, winner_takes):
    """The value of a game that is over."""
    lead = size(mine) - size(theirs)
    if winner_takes:
        if lead > 0:
            lead += size(empty)
        elif lead < 0:
            lead -= size(empty)
    return lead


@njit(cache=True)
def _last(mine, theirs, empty, winner_takes):
    """With one empty cell."""
    cell = lowest(empty)
    lead = size(mine) - size(theirs)
    gained = size(turned(mine, theirs, cell))
    if gained:
        return lead + 2 * gained + 1
    lost = size(turned(theirs, mine, cell))
    if lost:
        return lead - 2 * lost - 1
    return final(mine, theirs, empty, winner_takes)


@njit(cache=True)
def search_few(mine, theirs, empty, odd, alpha, beta, winner_takes):
    """With so few empty cells that listing and sorting moves costs more than it saves; at least one."""
    if empty & (empty - ONE) == ZERO:
        return _last(mine, theirs, empty, winner_takes)
    best = -BEYOND
    for cells in (empty & odd, empty & ~odd):
        while cells:
            cell = lowest(cells)
            bit = cells & (~cells + ONE)
            cells ^= bit
            if NEIGHBOURS[cell] & theirs == ZERO:
                continue
            flipped = turned(mine, theirs, cell)
            if flipped == ZERO:
                continue
            value = -search_few(
                theirs ^ flipped, mine ^ flipped ^ bit, empty ^ bit, odd ^ QUADRANTS[cell], -beta, -max(alpha, best),
                winner_takes,
            )  # fmt: skip
            if value > best:
                best = value
                if value >= beta:
                    return best
    if best > -BEYOND:
        return best
    if moves(theirs, mine, empty) == ZERO:
        return final(mine, theirs, empty, winner_takes)
    return -search_few(theirs, mine, empty, odd, -beta, -alpha, winner_takes)


@njit(cache=True)
def search(mine, theirs, empty, alpha, beta, winner_takes, table, lists):
    """The value; alpha < beta.

    Bounds must not be literals: their type is another one, numba then compiles two versions that call each other, and
    what it keeps of such a pair on disk cannot be loaded.
    """
    number = size(empty)
    if number < SORTED_FROM:
        if number == 0:
            return final(mine, theirs, empty, winner_takes)
        return search_few(mine, theirs, empty, odd_quadrants(empty), alpha, beta, winner_takes)
    available = moves(mine, theirs, empty)
    if available == ZERO:
        if moves(theirs, mine, empty) == ZERO:
            return final(mine, theirs, empty, winner_takes)
        return -search(theirs, mine, empty, -beta, -alpha, winner_takes, table, lists)

    low, high, known, slot = -BEYOND, BEYOND, -1, 0
    if number >= STORED_FROM:
        slot = _slot(mine, theirs, table.shape[0])
        entry = table[slot]
        if entry.mine == mine and entry.theirs == theirs:
            low, high, known = int(entry.low), int(entry.high), int(entry.cell)
            if low >= beta or low == high:
                return low
            if high <= alpha:
                return high
            alpha, beta = max(alpha, low), min(beta, high)

    count = _list_moves(mine, theirs, empty, available, known, lists[number])
    best, best_cell, floor = -BEYOND, -1, alpha
    for i in range(count):
        move = _bring_forward(lists[number], i, count)
        bit = ONE << np.uint64(move.cell)
        after_mine, after_theirs, left = theirs ^ move.turned, mine ^ move.turned ^ bit, empty ^ bit
        cell = move.cell
        if i == 0 or beta - floor == 1:
            value = -search(after_mine, after_theirs, left, -beta, -floor, winner_takes, table, lists)
        else:
            value = -search(after_mine, after_theirs, left, -floor - 1, -floor, winner_takes, table, lists)
            if floor < value < beta:
                value = -search(after_mine, after_theirs, left, -beta, -value, winner_takes, table, lists)
        if value > best:
            best, best_cell = value, cell
            if value >= beta:
                break
            floor = max(floor, value)
    if number >= STORED_FROM:
        if best < beta:
            high = min(high, best)
        if best > alpha:
            low = max(low, best)
        _store(table, slot, mine, theirs, low, high, best_cell)
    return best


@njit(cache=True)
def _slot(mine, theirs, slots):
    mixed = (mine * _HASH_MINE) ^ ((theirs + _HASH_THEIRS) * _HASH_THEIRS)
    mixed ^= mixed >> _32
    return np.int64((mixed * _HASH_MINE) >> _32) & (slots - 1)


@njit(cache=True)
def _store(table, slot, mine, theirs, low, high, cell):
    entry = table[slot]
    entry.mine, entry.theirs, entry.low, entry.high, entry.cell = mine, theirs, low, high, cell


@njit(cache=True)
def _list_moves(mine, theirs, empty, available, known, listed):
    """All moves, with what trying each costs; `known` is the best one of an earlier search, or -1. How many."""
    odd = odd_quadrants(empty)
    count = 0
    while available:
        cell = lowest(available)
        bit = ONE << np.uint64(cell)
        available ^= bit
        flipped = turned(mine, theirs, cell)
        replies = moves(theirs ^ flipped, mine ^ flipped ^ bit, empty ^ bit)
        cost = 4 * (size(replies) + size(replies & CORNERS))
        if bit & CORNERS:
            cost -= 8
        if bit & ASLANT:
            cost += 4
        if bit & odd:
            cost -= 2
        if cell == known:
            cost = -1000
        move = listed[count]
        move.turned, move.cell, move.cost = flipped, cell, cost
        count += 1
    return count


@njit(cache=True)
def _bring_forward(listed, place, count):
    """Exchange the cheapest move from `place` on with the one at `place`, and return it."""
    best = place
    for i in range(place + 1, count):
        if listed[i].cost < listed[best].cost:
            best = i
    a, b = listed[place], listed[best]
    a.turned, b.turned = b.turned, a.turned
    a.cell, b.cell = b.cell, a.cell
    a.cost, b.cost = b.cost, a.cost
    return listed[place]


@njit(cache=True)
def solve(mine, theirs, empty, winner_takes, table, lists, out):
    """out [B] int16: the values of positions [B]."""
    least, most = np.int64(-BEYOND), np.int64(BEYOND)  # no literals, see `search`
    for b in range(out.shape[0]):
        out[b] = search(mine[b], theirs[b], empty[b], least, most, winner_takes, table, lists)


@njit(cache=True)
def solve_moves(mine, theirs, empty, winner_takes, table, lists, out):
    """out [B, 65] int16: the value of each move, by cell, and of passing; nothing is written where one is illegal."""
    least, most = np.int64(-BEYOND), np.int64(BEYOND)
    for b in range(out.shape[0]):
        available = moves(mine[b], theirs[b], empty[b])
        if available == ZERO:
            out[b, 64] = -search(theirs[b], mine[b], empty[b], least, most, winner_takes, table, lists)
        while available:
            cell = lowest(available)
            bit = ONE << np.uint64(cell)
            available ^= bit
            flipped = turned(mine[b], theirs[b], cell)
            after_mine, after_theirs = theirs[b] ^ flipped, mine[b] ^ flipped ^ bit
            out[b, cell] = -search(after_mine, after_theirs, empty[b] ^ bit, least, most, winner_takes, table, lists)
