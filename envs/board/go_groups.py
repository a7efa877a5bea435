"""Stones, groups and liberties of Go, kept up move by move; no turns, no history but of what was captured where.

Spots        a board of N x N points has a border of spots around it, so that every point has four neighbours:
             spot = (row + 1) * (N + 1) + column; one column of border serves both sides
             N + 1 to the next row, 1 to the next column
Bits         of a bitboard, uint64 words: bit = spot - (N + 1), bit i of word w being bit 64 w + i
Groups       stones of one colour that hang together: a ring through `links`, named after one of them, its head
Liberties    of a group, counted once for every stone beside them, with the sum of their spots and that of the squares:
             n * squares = sum * sum only where all are the same spot, so that one-liberty groups are known exactly
Atari        bitboard of all stones whose group has one liberty

A move is legal, superko apart, where an empty neighbour, a group of one's own with another liberty or a group of
theirs in atari is beside it: one spreading of bits for the whole board.
"""

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

from envs.random_stream import GOLDEN_GAMMA, seed_streams

EMPTY, BORDER = 0, 3  # a colour is 1 + the seat
HEAD, NEXT = 0, 1  # columns of `links`
COUNT, SUM, SQUARES, SIZE = 0, 1, 2, 3  # columns of `groups`
BLANK = GOLDEN_GAMMA  # the hash of the empty board, not 0
MOST = 19
KEYS = seed_streams(19, 2 * MOST * MOST).reshape(2, MOST * MOST)  # [seat, point] uint64, Zobrist's

_ONE, _TOP, _64, _63 = np.uint64(1), np.uint64(63), np.uint64(64), np.uint64(63)


def fields(size: int) -> list[tuple]:
    """The part of a State that the functions below keep."""
    spots = (size + 2) * (size + 1)
    words = -(-size * (size + 1) // 64)
    return [
        ("hash", np.uint64),                  # BLANK ^ KEYS of all stones
        ("empty", np.uint64, words),          # bitboards
        ("stones", np.uint64, (2, words)),    # by seat
        ("atari", np.uint64, words),
        ("captured", np.uint64, (2, words)),  # where stones of each seat were ever captured
        ("groups", np.uint32, (spots, 4)),    # by head: COUNT, SUM, SQUARES of the liberties, SIZE in stones
        ("links", np.int16, (spots, 2)),      # by spot of a stone: HEAD of its group, NEXT stone of the ring
        ("colours", np.int8, spots),          # EMPTY, 1, 2, BORDER
        ("board", np.int8, (size, size)),     # EMPTY, 1 black, 2 white; row 0 is row 1 of people, at the bottom
    ]  # fmt: skip


@intrinsic
def lowest(typing_context, word):
    """The number of the lowest bit set in a uint64 that is not 0."""

    def code(context, builder, signature, arguments):
        return builder.cttz(arguments[0], context.get_constant(types.boolean, True))

    return types.uint64(types.uint64), code


@njit(cache=True)
def clear(state):
    """The empty board."""
    size = state.board.shape[0]
    state.hash = BLANK
    state.board[:] = EMPTY
    state.colours[:] = BORDER
    state.empty[:] = 0
    state.stones[:] = 0
    state.atari[:] = 0
    state.captured[:] = 0
    for row in range(size):
        for column in range(size):
            spot = (row + 1) * (size + 1) + column
            state.colours[spot] = EMPTY
            _flip(state.empty, spot - size - 1)


@njit(cache=True)
def _flip(words, bit):
    words[bit >> 6] ^= _ONE << np.uint64(bit & 63)


@njit(cache=True)
def _has(words, bit):
    return words[bit >> 6] >> np.uint64(bit & 63) & _ONE


@njit(cache=True)
def spread(words, k, width):
    """Word k of all neighbours of the bits in `words`, bits of the border perhaps among them."""
    here = words[k]
    below = words[k - 1] if k > 0 else np.uint64(0)
    above = words[k + 1] if k + 1 < words.shape[0] else np.uint64(0)
    up = np.uint64(width)
    down = np.uint64(64 - width)
    return (
        (here << _ONE) | (below >> _63) | (here >> _ONE) | (above << _63)
        | (here << up) | (below >> down) | (here >> up) | (above << down)
    )  # fmt: skip


@njit(cache=True)
def in_atari(state, head):
    """Whether the group has one liberty."""
    count, total = np.uint64(state.groups[head, COUNT]), np.uint64(state.groups[head, SUM])
    return count != 0 and count * np.uint64(state.groups[head, SQUARES]) == total * total


@njit(cache=True)
def _flip_atari(state, head):
    """Every stone of the group into `atari`, or out of it."""
    width = state.board.shape[0] + 1
    spot = head
    while True:
        _flip(state.atari, spot - width)
        spot = np.int64(state.links[spot, NEXT])
        if spot == head:
            break


@njit(cache=True)
def place(state, point, seat):
    """Put a stone on an empty point; take away what it captures. It must be left with a liberty."""
    size = state.board.shape[0]
    width = size + 1
    mine, theirs = seat + 1, 2 - seat
    spot = point + point // size + width
    groups, links, colours = state.groups, state.links, state.colours
    colours[spot] = mine
    state.board[point // size, point % size] = mine
    _flip(state.empty, spot - width)
    _flip(state.stones[seat], spot - width)
    state.hash ^= KEYS[seat, point]

    links[spot, HEAD] = links[spot, NEXT] = spot
    groups[spot] = 0
    groups[spot, SIZE] = 1
    for side in (-width, -1, 1, width):
        beside = spot + side
        colour = colours[beside]
        if colour == EMPTY:
            _add_liberty(groups, spot, beside)
        elif colour != BORDER:
            head = np.int64(links[beside, HEAD])
            groups[head, COUNT] -= 1
            groups[head, SUM] -= spot
            groups[head, SQUARES] -= spot * spot
    for side in (-width, -1, 1, width):
        beside = spot + side
        if colours[beside] == mine:
            _join(state, np.int64(links[spot, HEAD]), np.int64(links[beside, HEAD]))
    for side in (-width, -1, 1, width):
        beside = spot + side
        if colours[beside] == theirs:
            head = np.int64(links[beside, HEAD])
            if groups[head, COUNT] == 0:
                _capture(state, head, 1 - seat)
            elif not _has(state.atari, head - width) and in_atari(state, head):
                _flip_atari(state, head)
    head = np.int64(links[spot, HEAD])
    if in_atari(state, head) != _has(state.atari, head - width):
        _flip_atari(state, head)


@njit(cache=True)
def _add_liberty(groups, head, spot):
    groups[head, COUNT] += 1
    groups[head, SUM] += spot
    groups[head, SQUARES] += spot * spot


@njit(cache=True)
def _join(state, one, other):
    """Make one group of two, or of one with itself; it is out of `atari`, to be judged anew."""
    if one == other:
        return
    width = state.board.shape[0] + 1
    groups, links = state.groups, state.links
    for head in (one, other):
        if _has(state.atari, head - width):
            _flip_atari(state, head)
    if groups[one, SIZE] < groups[other, SIZE]:
        one, other = other, one
    for column in range(4):
        groups[one, column] += groups[other, column]
    spot = other
    while True:
        links[spot, HEAD] = one
        spot = np.int64(links[spot, NEXT])
        if spot == other:
            break
    links[one, NEXT], links[other, NEXT] = links[other, NEXT], links[one, NEXT]


@njit(cache=True)
def _capture(state, head, seat):
    """Take away a group without liberties."""
    size = state.board.shape[0]
    width = size + 1
    links, colours = state.links, state.colours
    if _has(state.atari, head - width):
        _flip_atari(state, head)
    spot = head
    while True:
        bit = spot - width
        point = bit - bit // width
        colours[spot] = EMPTY
        state.board[point // size, point % size] = EMPTY
        _flip(state.empty, bit)
        _flip(state.stones[seat], bit)
        state.captured[seat, bit >> 6] |= _ONE << np.uint64(bit & 63)
        state.hash ^= KEYS[seat, point]
        for side in (-width, -1, 1, width):
            if colours[spot + side] == 2 - seat:  # the others: nothing else is beside a group without liberties
                _add_liberty(state.groups, np.int64(links[spot + side, HEAD]), spot)
        spot = np.int64(links[spot, NEXT])
        if spot == head:
            break
    while True:
        for side in (-width, -1, 1, width):
            if colours[spot + side] == 2 - seat and _has(state.atari, spot + side - width):
                other = np.int64(links[spot + side, HEAD])
                if not in_atari(state, other):
                    _flip_atari(state, other)
        spot = np.int64(links[spot, NEXT])
        if spot == head:
            break


@njit(cache=True)
def hash_without(state, hashed, spot, seat):
    """`hashed` less the keys of the group at that spot, which is that seat's."""
    width = state.board.shape[0] + 1
    start = spot
    while True:
        bit = spot - width
        hashed ^= KEYS[seat, bit - bit // width]
        spot = np.int64(state.links[spot, NEXT])
        if spot == start:
            return hashed
