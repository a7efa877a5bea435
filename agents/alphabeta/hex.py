"""Hex: how many stones each side still needs to join its edges, if every bridge holds, and in how many ways.

    . b .        two stones and the two empty cells c between them make a bridge: if the other takes one, the other is
     c c         left. A stone in the second row with two empty cells below it is joined to the edge likewise
      b

Layers     of a side, counted from either of its edges: the empty cells that k of its own stones reach, the last on the
           cell itself. Cells with as much from both edges together as the shortest way needs lie on such ways
Cells      as bits in three words, pitch * row + column, with a column of nothing beside the board, in the side's view
Source     Anshelevich, "A hierarchical approach to computer Hex" (2002), for bridges as links; the weights are ours
"""

import numpy as np
from numba import njit

from agents.alphabeta.heuristics import register
from envs import make
from envs.bits import size
from envs.board.hex import SIZES

STEP, WAYS, MOST_LAYERS = 100, 3, max(SIZES) + 1
_0 = np.uint64(0)


@njit(cache=True)
def evaluate_hex(state):
    mover = state.current_player
    layers = np.empty((2, MOST_LAYERS + 1, 3), np.uint64)
    needed, ways = _needed(state.board[mover], layers)
    their_needed, their_ways = _needed(state.board[1 - mover], layers)
    return STEP * (their_needed - needed) + WAYS * (ways - their_ways)


@njit(cache=True)
def _needed(board, layers):
    """(stones that join the edges, empty cells that lie on a shortest way)."""
    pitch = board.shape[0] + 1
    own, empty = _cells(board, 1), _cells(board, 0)
    top, bottom = _beside_top(board, empty), _beside_bottom(board, empty)
    needed = _count_layers(own, empty, top, bottom, pitch, layers[0])
    if needed == MOST_LAYERS:  # no way through
        return needed, 0
    _count_layers(own, empty, bottom, top, pitch, layers[1])
    ways = 0
    for k in range(1, needed + 1):
        for word in range(3):
            ways += size(layers[0, k, word] & layers[1, needed + 1 - k, word])
    return needed, ways


@njit(cache=True)
def _count_layers(own, empty, start, goal, pitch, layers):
    """How many stones lead from the start to the goal. layers [., 3]: number k for the cells that k stones reach."""
    stones = _joined(_and(own, start), own, empty, pitch)
    reached = stones
    layer = (_0, _0, _0)
    for k in range(MOST_LAYERS):
        if _any(_and(reached, goal)):
            return k
        near = _near(_or(stones, layer), empty, pitch)
        if k == 0:
            near = _or(near, start)
        layer = _without(_and(near, empty), reached)
        if not _any(layer):
            return MOST_LAYERS
        layers[k + 1, 0], layers[k + 1, 1], layers[k + 1, 2] = layer
        stones = _without(_and(_near(layer, empty, pitch), own), reached)
        stones = _without(_joined(stones, own, empty, pitch), reached)
        reached = _or(reached, _or(layer, stones))
    return MOST_LAYERS


@njit(cache=True)
def _joined(stones, own, empty, pitch):
    """These, and all of the side's own that hang together with them, by bridges too."""
    while True:
        more = _or(stones, _and(_near(stones, empty, pitch), own))
        if not _any(_without(more, stones)):
            return stones
        stones = more


@njit(cache=True)
def _near(cells, empty, pitch):
    """All cells beside these, or at the other end of a bridge from them."""
    p = pitch
    near = _or(_or(_moved(cells, p), _moved(cells, p - 1)), _moved(cells, 1))
    near = _or(near, _or(_or(_moved(cells, -p), _moved(cells, 1 - p)), _moved(cells, -1)))
    right, left, down, up = _moved(empty, 1), _moved(empty, -1), _moved(empty, p), _moved(empty, -p)
    down_left, up_right = _moved(empty, p - 1), _moved(empty, 1 - p)
    # From a cell to where two steps lead, both cells between being empty: seen from the end, one step back each way
    near = _or(near, _and(_moved(cells, p + 1), _and(right, down)))
    near = _or(near, _and(_moved(cells, -p - 1), _and(left, up)))
    near = _or(near, _and(_moved(cells, 2 * p - 1), _and(down, down_left)))
    near = _or(near, _and(_moved(cells, 1 - 2 * p), _and(up, up_right)))
    near = _or(near, _and(_moved(cells, p - 2), _and(left, down_left)))
    return _or(near, _and(_moved(cells, 2 - p), _and(right, up_right)))


@njit(cache=True)
def _cells(board, content):
    a = b = c = _0
    side = board.shape[0]
    for row in range(side):
        bits = _0
        for column in range(side):
            bits |= np.uint64(board[row, column] == content) << np.uint64(column)
        first, second, third = _row(bits, (side + 1) * row)
        a, b, c = a | first, b | second, c | third
    return a, b, c


@njit(cache=True)
def _row(bits, at):
    """Less than 64 bits, moved to place `at` of three words."""
    word, shift = at >> 6, np.uint64(at & 63)
    low = bits << shift
    high = bits >> (np.uint64(64) - shift) if shift else _0
    if word == 0:
        return low, high, _0
    if word == 1:
        return _0, low, high
    return _0, _0, low


@njit(cache=True)
def _beside_top(board, empty):
    """The first row, and of the second the cells with two empty ones towards the edge."""
    side = board.shape[0]
    row = (np.uint64(1) << np.uint64(side)) - np.uint64(1)
    above = _and(empty, _row(row, 0))
    return _or(_row(row, 0), _and(_moved(above, side + 1), _moved(above, side)))


@njit(cache=True)
def _beside_bottom(board, empty):
    side = board.shape[0]
    row = (np.uint64(1) << np.uint64(side)) - np.uint64(1)
    last = _row(row, (side + 1) * (side - 1))
    below = _and(empty, last)
    return _or(last, _and(_moved(below, -side - 1), _moved(below, -side)))


@njit(cache=True)
def _moved(cells, by):
    """Each cell's number grows by so many, less than 64."""
    a, b, c = cells
    if by > 0:
        up, down = np.uint64(by), np.uint64(64 - by)
        return a << up, (b << up) | (a >> down), (c << up) | (b >> down)
    down, up = np.uint64(-by), np.uint64(64 + by)
    return (a >> down) | (b << up), (b >> down) | (c << up), c >> down


@njit(cache=True)
def _and(x, y):
    return x[0] & y[0], x[1] & y[1], x[2] & y[2]


@njit(cache=True)
def _or(x, y):
    return x[0] | y[0], x[1] | y[1], x[2] | y[2]


@njit(cache=True)
def _without(x, y):
    return x[0] & ~y[0], x[1] & ~y[1], x[2] & ~y[2]


@njit(cache=True)
def _any(x):
    return x[0] | x[1] | x[2] != _0


for _size in SIZES:
    register(make(f"hex_{_size}"), evaluate_hex)
