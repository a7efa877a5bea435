"""Stones, groups and liberties of Go, kept up move by move; turns, superko and the count are in go.py.

Spots     a board of N x N points with a border around it, so that every point has four neighbours:
          spot = (row + 1) * (N + 1) + column; one column of border serves both sides
          N + 1 to the next row, 1 to the next column
Bits      of a bitboard, uint64 words: bit = spot - (N + 1), bit i of word w being bit 64 w + i
Groups    stones of one colour that hang together: a number, and a ring of stones each of which knows the next
Liberties of a group, counted once for every stone beside them, with the sum of their spots and of the squares:
          count * squares = sum * sum only where all are the same spot (Cauchy and Schwarz)
Atari     bitboard of all stones whose group has one liberty

A move is legal, superko apart, where a point without a stone, a group of one's own with another liberty or a group of
theirs in atari is beside it: one spreading of bits for the whole board.
"""

import numpy as np
from numba import njit

from envs.bits import lowest
from envs.random_stream import seed_streams

EMPTY, BORDER = 0, 3  # a colour is 1 + the seat
COLOUR, GROUP, NEXT = 0, 1, 2  # columns of `spots`
COUNT, SUM, SQUARES, FIRST = 0, 1, 2, 3  # columns of `groups`
LARGEST = 19
KEYS = seed_streams(19, 2 * LARGEST * LARGEST).reshape(2, LARGEST * LARGEST)  # [seat, point] uint64, Zobrist's

_0, _1, _63 = np.uint64(0), np.uint64(1), np.uint64(63)


def words_of(size: int) -> int:
    return -(-size * (size + 1) // 64)


def fields(size: int) -> list[tuple]:
    """The part of a State that the functions below keep."""
    spots, words = (size + 2) * (size + 1), words_of(size)
    return [
        ("hash", np.uint64),                   # of the board: KEYS of its stones
        ("num_stones", np.int16, 2),           # on the board, by seat
        ("empty", np.uint64, words),           # bitboards
        ("stones", np.uint64, (2, words)),     # by seat
        ("atari", np.uint64, words),
        ("captured", np.uint64, (2, words)),   # where stones of each seat were ever captured
        ("unused", np.uint64, words),          # numbers that no group has, bit i for number i
        ("groups", np.uint32, (size * size, 4)),  # by number: liberties' COUNT, SUM, SQUARES; FIRST, any stone of it
        ("spots", np.uint8 if spots < 256 else np.uint16, (spots, 3)),  # COLOUR, GROUP, NEXT of the ring
        ("board", np.int8, (size, size)),      # EMPTY, 1 black, 2 white; row 0 is row 1 of people, at the bottom
    ]  # fmt: skip


@njit(cache=True)
def clear(state):
    """The empty board, nothing left of an earlier game."""
    size = state.board.shape[0]
    state.hash = 0
    for seat in range(2):
        state.num_stones[seat] = 0
        for k in range(state.empty.shape[0]):
            state.stones[seat, k] = state.captured[seat, k] = 0
    for k in range(state.empty.shape[0]):
        state.empty[k] = state.atari[k] = state.unused[k] = 0
    for spot in range(state.spots.shape[0]):
        state.spots[spot, COLOUR] = BORDER
        state.spots[spot, GROUP] = state.spots[spot, NEXT] = 0
    for group in range(state.groups.shape[0]):
        for column in range(4):
            state.groups[group, column] = 0
    for row in range(size):
        for column in range(size):
            spot = (row + 1) * (size + 1) + column
            state.spots[spot, COLOUR] = EMPTY
            state.board[row, column] = EMPTY
            _flip(state.empty, spot - size - 1)
            _flip(state.unused, row * size + column)


@njit(cache=True)
def _flip(words, bit):
    words[bit >> 6] ^= _1 << np.uint64(bit & 63)


@njit(cache=True)
def has(words, bit):
    return words[bit >> 6] >> np.uint64(bit & 63) & _1 != 0


@njit(cache=True)
def spread(words, k, width):
    """Word k of all neighbours of the bits in `words`, bits of the border perhaps among them."""
    here = words[k]
    below = words[k - 1] if k > 0 else _0
    above = words[k + 1] if k + 1 < words.shape[0] else _0
    up = np.uint64(width)
    down = np.uint64(64 - width)
    return (
        (here << _1) | (below >> _63) | (here >> _1) | (above << _63)
        | (here << up) | (below >> down) | (here >> up) | (above << down)
    )  # fmt: skip


@njit(cache=True)
def _in_atari(state, group):
    count, total = np.uint64(state.groups[group, COUNT]), np.uint64(state.groups[group, SUM])
    return count != 0 and count * np.uint64(state.groups[group, SQUARES]) == total * total


@njit(cache=True)
def _flip_atari(state, stone):
    """Every stone of this one's group into `atari`, or out of it."""
    width = state.board.shape[0] + 1
    spot = stone
    while True:
        _flip(state.atari, spot - width)
        spot = np.int64(state.spots[spot, NEXT])
        if spot == stone:
            break


@njit(cache=True)
def _add_liberty(state, group, spot):
    state.groups[group, COUNT] += 1
    state.groups[group, SUM] += spot
    state.groups[group, SQUARES] += spot * spot


@njit(cache=True)
def _lose_liberty(state, group, spot):
    state.groups[group, COUNT] -= 1
    state.groups[group, SUM] -= spot
    state.groups[group, SQUARES] -= spot * spot


@njit(cache=True)
def place(state, point, seat):
    """Put a stone on an empty point and take away what it captures. It must then have a liberty."""
    size = state.board.shape[0]
    width = size + 1
    mine, theirs = seat + 1, 2 - seat
    row = point // size
    spot = point + row + width
    spots = state.spots
    state.board[row, point - row * size] = mine
    state.num_stones[seat] += 1
    state.hash ^= KEYS[seat, point]
    _flip(state.empty, spot - width)
    _flip(state.stones[seat], spot - width)
    spots[spot, COLOUR] = mine

    home = -1  # the stone's group
    count = total = squares = 0
    for side in (-width, -1, 1, width):
        beside = spot + side
        colour = spots[beside, COLOUR]
        if colour == EMPTY:
            count += 1
            total += beside
            squares += beside * beside
        elif colour != BORDER:
            group = np.int64(spots[beside, GROUP])
            _lose_liberty(state, group, spot)
            if colour == mine:
                home = _join(state, home, group, spot, beside)
    if home < 0:
        home = _new_group(state, spot)
    state.groups[home, COUNT] += count
    state.groups[home, SUM] += total
    state.groups[home, SQUARES] += squares

    for side in (-width, -1, 1, width):
        beside = spot + side
        if spots[beside, COLOUR] == theirs:
            group = np.int64(spots[beside, GROUP])
            if state.groups[group, COUNT] == 0:
                _capture(state, beside, 1 - seat)
            elif not has(state.atari, beside - width) and _in_atari(state, group):
                _flip_atari(state, beside)
    if _in_atari(state, home):
        _flip_atari(state, spot)


@njit(cache=True)
def _new_group(state, spot):
    """A group of this one stone, without liberties as yet. Returns its number."""
    k = 0
    while state.unused[k] == 0:
        k += 1
    group = 64 * k + lowest(state.unused[k])
    _flip(state.unused, group)
    state.groups[group, COUNT] = state.groups[group, SUM] = state.groups[group, SQUARES] = 0
    state.groups[group, FIRST] = state.spots[spot, NEXT] = spot
    state.spots[spot, GROUP] = group
    return group


@njit(cache=True)
def _join(state, home, group, spot, beside):
    """Put the new stone on this spot, of the group `home` if not -1, into the group of its neighbour, or the two
    groups into one, which is out of `atari`, to be judged anew. Returns the number."""
    if group == home:
        return home
    spots, groups = state.spots, state.groups
    if has(state.atari, beside - state.board.shape[0] - 1):
        _flip_atari(state, beside)
    if home < 0:
        spots[spot, GROUP] = group
        spots[spot, NEXT], spots[beside, NEXT] = spots[beside, NEXT], spot
        return group
    if groups[home, COUNT] < groups[group, COUNT]:  # the larger keeps its number, most often
        home, group = group, home
    for column in range(3):
        groups[home, column] += groups[group, column]
    start, kept = np.int64(groups[group, FIRST]), np.int64(groups[home, FIRST])
    stone = start
    while True:
        spots[stone, GROUP] = home
        stone = np.int64(spots[stone, NEXT])
        if stone == start:
            break
    spots[start, NEXT], spots[kept, NEXT] = spots[kept, NEXT], spots[start, NEXT]
    _flip(state.unused, group)
    return home


@njit(cache=True)
def _capture(state, stone, seat):
    """Take away the group of this stone, which has no liberties."""
    size = state.board.shape[0]
    width = size + 1
    spots, theirs = state.spots, 2 - seat  # nothing but theirs is beside a group without liberties
    _flip(state.unused, np.int64(spots[stone, GROUP]))
    freed = has(state.atari, stone - width)
    spot = stone
    while True:
        bit = spot - width
        row = bit // width
        point = bit - row
        spots[spot, COLOUR] = EMPTY
        state.board[row, point - row * size] = EMPTY
        state.num_stones[seat] -= 1
        state.hash ^= KEYS[seat, point]
        _flip(state.empty, bit)
        _flip(state.stones[seat], bit)
        if freed:
            _flip(state.atari, bit)
        state.captured[seat, bit >> 6] |= _1 << np.uint64(bit & 63)
        for side in (-width, -1, 1, width):
            if spots[spot + side, COLOUR] == theirs:
                _add_liberty(state, np.int64(spots[spot + side, GROUP]), spot)
        spot = np.int64(spots[spot, NEXT])
        if spot == stone:
            break
    while True:
        for side in (-width, -1, 1, width):
            beside = spot + side
            still = spots[beside, COLOUR] == theirs and has(state.atari, beside - width)
            if still and not _in_atari(state, np.int64(spots[beside, GROUP])):
                _flip_atari(state, beside)
        spot = np.int64(spots[spot, NEXT])
        if spot == stone:
            break
