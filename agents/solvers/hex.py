"""Exact Hex on 3 x 3 and 5 x 5, with the swap or without: who wins, for every move.

    HexSolver(make("hex_5")).move_values(states)        # [B, 26] int16: 1 wins, -1 loses, ILLEGAL

There are no draws, and all wins count the same: whoever keeps to winning moves wins, for the board fills up.

Bits      the board has a margin: cell (row, column) of the true board is bit 8 * (row + 1) + column + 1. Of the margin
          a seat owns what lies along its two edges, so that an edge is joined like a stone; seat 0 joins top to bottom.
          Shifts lead to neighbours, from the margin to the outside of it, and to nothing else
Bridge    two stones with two empty neighbours in common, next to each other: the other cannot cut both
Carrier   with who wins comes a set of empty cells in which the winner wins, even if the loser may have all others.
          So when a move is refuted, moves outside the refutation's carrier are refuted with it: only those inside of
          all carriers so far may still win (the "must-play region"), and once none is left the position is lost.
          Hayward, Björnsson, Johanson, Kan, Po, van Rijswijck, "Solving 7x7 Hex with domination, fill-in, and virtual
          connections" (2005)
Table     [2^b, 3] uint64: stones of seat 0 and the mover, stones of seat 1, answer; the newest replaces the older
"""

from collections.abc import Callable

import numpy as np
from numba import njit

from agents.solvers import ILLEGAL
from envs.batch import mask_rows
from envs.bits import lowest
from envs.bits import size as count
from envs.game import Game

SIZES = (3, 5)  # with the margin, seven rows at most; 7 x 7 needs stronger theory than bridges
TABLE_BITS = 20  # 2^20 entries of 24 bytes, 24 MiB once all of it has been written
ONE, NOTHING = np.uint64(1), np.uint64(0)
WON = np.uint64(1 << 63)  # set in an answer if the mover wins; the other bits are the carrier
WIDTH = 8  # of the board with its margin
BRIDGES = (  # from a stone to the other one, and to the two cells between them
    (-2 * WIDTH + 1, -WIDTH, -WIDTH + 1), (-WIDTH + 2, 1, -WIDTH + 1), (WIDTH + 1, 1, WIDTH),
    (2 * WIDTH - 1, WIDTH, WIDTH - 1), (WIDTH - 2, -1, WIDTH - 1), (-WIDTH - 1, -WIDTH, -1),
)  # fmt: skip
UNREACHED, LAST_RANK = 20, 127  # steps to an edge that cannot be reached; above every sum of four
FIRST_RANKS = 4  # rows of the scratch before those of the positions on the way
SCATTER, TO_SLOT = np.uint64(0x9E3779B97F4A7C15), np.uint64(64 - TABLE_BITS)  # 2^64 / golden ratio, made odd


class HexSolver:
    """Knows who wins. Raises ValueError for a board that is not one of SIZES."""

    scale = "1 won, -1 lost"
    first_ply = 0

    def __init__(self, game: Game):
        self.size = round((game.num_actions - 1) ** 0.5)
        if self.size not in SIZES:
            solved = ", ".join(f"hex_{size}" for size in SIZES)
            raise ValueError(f"{game.id} is too large to be solved; {solved} are not")
        self.game = game
        self._table = np.zeros((1 << TABLE_BITS, 3), np.uint64)
        self._ranks = np.zeros((FIRST_RANKS + self.size**2 + 1, 64), np.int8)

    def solvable(self, states: np.ndarray) -> np.ndarray:
        """[B] bool: every position is."""
        return np.ones(len(states), np.bool_)

    def values(self, states: np.ndarray) -> np.ndarray:
        """int16 [B]: 1 where whoever is to move wins, -1 where not. Raises ValueError for a position that is over."""
        return self.move_values(states).max(axis=1, initial=ILLEGAL)

    def move_values(self, states: np.ndarray) -> np.ndarray:
        """int16 [B, A]: 1 for the actions that win, -1 for those that lose, ILLEGAL. Raises ValueError for a position
        that is over."""
        over = states["winner"] >= 0
        if over.any():
            row = int(np.flatnonzero(over)[0])
            raise ValueError(f"{self.game.id}: position {row} is over, so there is no move to be judged")
        legal = mask_rows(self.game, states, states["current_player"].astype(np.int64))
        out = np.full(legal.shape, ILLEGAL, np.int16)
        swap = bool(self.game.settings["swap"])
        _judge(np.ascontiguousarray(states), legal, swap, self._table, self._ranks, out)
        return out


@njit(cache=True)
def _judge(states, legal, swap, table, ranks, out):
    board = states[0].board
    size = board.shape[1]
    cells = size * size
    for b in range(states.shape[0]):
        state = states[b]
        player = np.int64(state.current_player)
        stones = (NOTHING, NOTHING)
        for row in range(size):
            for column in range(size):
                owner = state.board[0, row, column]
                stones = _with(stones, np.int64(owner - 1), _bit(row, column)) if owner else stones
        for action in range(cells + 1):
            if not legal[b, action]:
                continue
            if action == cells:  # the stone turns into one's own, mirrored; then the other moves
                taken = _mirrored(stones[0])
                after = (NOTHING, taken)
            else:
                first, second = action // size, action % size
                move = _bit(first, second) if player == 0 else _bit(second, first)
                after = _with(stones, player, move)
            if _joined(size, after[player], player):
                out[b, action] = 1
            elif swap and state.num_moves == 0:
                # whoever may swap wins: what it would lose by a move, the other loses after the swap, mirrored
                out[b, action] = -1
            else:
                won = _search(after, 1 - player, size, table, ranks) & WON
                out[b, action] = -1 if won else 1


@njit(cache=True, inline="always")
def _bit(row, column):
    return ONE << np.uint64(WIDTH * (row + 1) + column + 1)


@njit(cache=True, inline="always")
def _with(stones, player, bit):
    """The stones of both seats with one more."""
    return (stones[0] | bit, stones[1]) if player == 0 else (stones[0], stones[1] | bit)


@njit(cache=True)
def _mirrored(bits):
    """At the main diagonal."""
    out = NOTHING
    for row in range(-1, WIDTH - 1):
        for column in range(-1, WIDTH - 1):
            if bits & _bit(row, column):
                out |= _bit(column, row)
    return out


@njit(cache=True)
def _cells(size):
    out = NOTHING
    for row in range(size):
        for column in range(size):
            out |= _bit(row, column)
    return out


@njit(cache=True)
def _edge(size, player, far):
    """The margin along one of a seat's two edges."""
    out, at = NOTHING, size if far else -1
    for i in range(size + 1):
        along = i if not far else i - 1  # it reaches as far as cells that touch the edge have neighbours there
        out |= _bit(at, along) if player == 0 else _bit(along, at)
    return out


@njit(cache=True, inline="always")
def _shifted(bits, by):
    return bits << np.uint64(by) if by >= 0 else bits >> np.uint64(-by)


@njit(cache=True, inline="always")
def _around(bits):
    """These cells and their neighbours."""
    up, aslant = np.uint64(WIDTH), np.uint64(WIDTH - 1)
    return bits | (bits << ONE) | (bits >> ONE) | (bits << up) | (bits >> up) | (bits << aslant) | (bits >> aslant)


@njit(cache=True)
def _chain(own, start):
    """All of `own` that hangs together with `start`, a part of it."""
    reached = start
    while True:
        more = _around(reached) & own
        if more == reached:
            return reached
        reached = more


@njit(cache=True)
def _bridged(own, free, start):
    """All of `own` that cannot be cut off from `start`: by chains and by bridges over cells of `free`, of which none is
    used twice; and the cells so used."""
    group, used = _chain(own, start), NOTHING
    while True:
        grown = False
        for leap, first, second in BRIDGES:
            left = free & ~used
            source = group & _shifted(left, -first) & _shifted(left, -second)
            target = _shifted(source, leap) & own & ~group
            if target:
                target &= ~target + ONE
                source = _shifted(target, -leap)
                used |= _shifted(source, first) | _shifted(source, second)
                group = _chain(own, group | target)
                grown = True
        if not grown:
            return group, used


@njit(cache=True)
def _connection(size, own, empty, player):
    """How far the seat is: (2, carrier) if it has joined its edges whoever moves, (1, carrier) if it has with one more
    stone, which is in the carrier; else (0, 0). A third number holds the stones, each of which would do."""
    near, far = _edge(size, player, 0), _edge(size, player, 1)
    own = own | near | far
    group, used = _bridged(own, empty, near)
    if group & far:
        return 2, used, NOTHING
    opposite, also_used = _bridged(own, empty & ~used, far)
    used |= also_used
    links = _around(group) & _around(opposite) & empty & ~used
    if links:
        return 1, used, links
    return 0, NOTHING, NOTHING


@njit(cache=True)
def _joined(size, own, player):
    near, far = _edge(size, player, 0), _edge(size, player, 1)
    return _chain(own | near | far, near) & far != NOTHING


@njit(cache=True)
def _rank(size, own, other, empty, player, moves, reached, rank):
    """Write to rank [64] of each of the moves how long the shortest ways of both seats through it are together, bridges
    counting as one step: the shortest is tried first. reached [4, 64] is scratch."""
    for side in range(2):
        seat = player if side == 0 else 1 - player
        stones = own if side == 0 else other
        for far in range(2):
            steps = reached[2 * side + far]
            steps[:] = UNREACHED
            start = _edge(size, seat, far)
            group = _chain(stones | start, start)
            for distance in range(1, UNREACHED):
                next_to = _around(group)
                for leap, first, second in BRIDGES:
                    next_to |= _shifted(group & _shifted(empty, -first) & _shifted(empty, -second), leap)
                new = next_to & empty & ~group
                group = _chain(group | new | stones, group | new)
                if not new:
                    break
                while new:
                    steps[lowest(new)] = distance
                    new &= new - ONE
    while moves:
        cell = lowest(moves)
        rank[cell] = reached[0, cell] + reached[1, cell] + reached[2, cell] + reached[3, cell]
        moves &= moves - ONE


@njit(cache=True)
def _search(stones, player, size, table, ranks):
    """WON or not, and the carrier. The game is not over. ranks [.., 64] int8 is scratch."""
    own, other = (stones[0], stones[1]) if player == 0 else (stones[1], stones[0])
    empty = _cells(size) & ~(own | other)
    state, carrier, links = _connection(size, own, empty, player)
    if state == 2:
        return WON | carrier
    if state == 1:
        return WON | carrier | (links & (~links + ONE))
    state, carrier, links = _connection(size, other, empty, 1 - player)
    if state == 2:
        return carrier
    must = empty
    if state == 1:
        second = links & (links - ONE)
        if second:
            links &= ~second | (second & (~second + ONE))  # two of them will do, for only one can be taken
            must = carrier
        else:
            must = carrier | links
        carrier |= links
        if not must:
            return carrier
    key = stones[0] | np.uint64(player)
    slot = np.int64(((key * SCATTER) ^ stones[1]) * SCATTER >> TO_SLOT)
    if table[slot, 0] == key and table[slot, 1] == stones[1] and table[slot, 2]:
        return table[slot, 2]
    answer, rank = NOTHING, ranks[FIRST_RANKS + count(empty)]
    _rank(size, own, other, empty, player, must, ranks[:FIRST_RANKS], rank)
    while must:
        move, best, left = NOTHING, LAST_RANK, must
        while left:
            bit = left & (~left + ONE)
            left ^= bit
            if rank[lowest(bit)] < best:
                move, best = bit, rank[lowest(bit)]
        after = _search(_with(stones, player, move), 1 - player, size, table, ranks)
        if not after & WON:
            answer = WON | move | after
            break
        carrier |= after & ~WON
        must &= after
        must &= ~move
    if not answer & WON:
        answer = carrier
    table[slot, 0], table[slot, 1], table[slot, 2] = key, stones[1], answer
    return answer


def solver_for(game: Game, tell: Callable[[int, int], None] | None = None) -> HexSolver:
    """It takes a second at most, so there is nothing to tell."""
    return HexSolver(game)
