"""Exact Connect Four: the score of every move, on every board of the project.

    solver = ConnectFourSolver(make("connect_four"))
    solver.move_values(states)        # [B, 7] int16, ILLEGAL where the column is full

The score is John Tromp's and Pascal Pons' (connect_four_search.py, which does the work): won positions count 1 or more,
a quicker win more; draws 0; lost ones less, a later loss more. On the usual board the median of Pons' easy test
positions takes 5 us near its end, 11 us in its middle and 40 us at its beginning; but all moves with 8 discs half a
second, now and then ten, and with fewer discs minutes. So what took long is kept on disk (book.py) and is there at once
the next time.
"""

import time
from collections.abc import Callable

import numpy as np
from numba import njit

from agents.solvers import ILLEGAL
from agents.solvers.book import Book
from agents.solvers.connect_four_search import ONE, Shape, move_scores, solve
from envs.game import Game

TABLE_BITS = 23  # 2^23 positions of 8 bytes, 64 MiB once all of it has been written
TELL_SECONDS = 5.0
KEPT = 200_000  # a position that took so many others (about 30 ms) is written to the book
FIRST_PLIES = {"connect_four": 8, "connect_four_5x4": 0, "connect_four_6x5": 4, "connect_four_8x7": 20}


class ConnectFourSolver:
    """Scores of positions that are not over. `book`: where those that took long are kept, None for nowhere; `tell`
    hears (positions done, of how many) before the first that may take minutes, and then every few seconds."""

    scale = "1 more than the winner's discs left, negative for the loser, 0 drawn"

    def __init__(self, game: Game, book: Book | None = None, tell: Callable[[int, int], None] | None = None):
        columns = game.num_actions
        rows = game.max_steps // columns
        bottom = sum(1 << (column * (rows + 1)) for column in range(columns))
        self.game, self.book, self.tell = game, book, tell
        self.first_ply = FIRST_PLIES[game.id]
        self._shape = Shape(
            rows, columns, np.uint64(rows + 1), np.uint64(bottom), np.uint64(bottom * ((1 << rows) - 1)),
            np.uint64(64 - TABLE_BITS),
        )  # fmt: skip
        self._table = np.zeros(1 << TABLE_BITS, np.uint64)
        self._moves = np.zeros((game.max_steps, columns), np.uint64)

    def solvable(self, states: np.ndarray) -> np.ndarray:
        """[B] bool: every position is."""
        return np.ones(len(states), np.bool_)

    def values(self, states: np.ndarray) -> np.ndarray:
        """The mover's score in each of states [B]: int16 [B]. Raises ValueError for a position that is over."""
        bits = self._bits(states)
        out = np.empty(len(states), np.int16)
        counters = np.zeros(1, np.int64)
        limit = self.game.max_steps
        for b, (mine, discs, placed) in enumerate(bits):
            known = self.book.get(mine + discs) if self.book is not None else None
            if known is None:
                out[b] = solve(mine, discs, int(placed), -limit, limit, self._shape, self._table, self._moves, counters)
            else:
                out[b] = known.max()
        return out

    def move_values(self, states: np.ndarray) -> np.ndarray:
        """The mover's score after each action in states [B]: int16 [B, A], ILLEGAL where the column is full.

        Raises ValueError for a position that is over."""
        bits = self._bits(states)
        out = np.empty((len(states), self.game.num_actions), np.int16)
        try:
            self._fill(bits, out)
        finally:
            if self.book is not None:
                self.book.save()
        return out

    def move_results(self, states: np.ndarray) -> np.ndarray:
        """What `move_values` comes to, 1, 0 or -1, ILLEGAL where the column is full: some times as fast, for how soon
        a game ends is not asked. int16 [B, A]. Raises ValueError for a position that is over."""
        out = np.empty((len(states), self.game.num_actions), np.int16)
        counters = np.zeros(1, np.int64)
        for b, (mine, discs, placed) in enumerate(self._bits(states)):
            known = self.book.get(mine + discs) if self.book is not None else None
            if known is None:
                move_scores(
                    mine, discs, int(placed), -1, 1, self._shape, self._table, self._moves, counters,
                    np.int16(ILLEGAL), out[b],
                )  # fmt: skip
            else:
                out[b] = np.where(known == ILLEGAL, ILLEGAL, np.sign(known))
        return out

    def _fill(self, bits: np.ndarray, out: np.ndarray) -> None:
        """Write the scores out [B, A] of positions [B, 3]."""
        told, warned = time.monotonic(), False
        counters = np.zeros(1, np.int64)
        for b, (mine, discs, placed) in enumerate(bits):
            key = mine + discs
            known = self.book.get(key) if self.book is not None else None
            if known is not None:
                out[b] = known
                continue
            if self.tell and not warned and placed < self.first_ply:
                self.tell(b, len(bits))
                told, warned = time.monotonic(), True
            counters[0] = 0
            limit = self.game.max_steps
            move_scores(
                mine, discs, int(placed), -limit, limit, self._shape, self._table, self._moves, counters,
                np.int16(ILLEGAL), out[b],
            )  # fmt: skip
            if self.book is not None and counters[0] >= KEPT:
                self.book.add(key, out[b])
            if self.tell and time.monotonic() - told > TELL_SECONDS:
                if self.book is not None:
                    self.book.save()  # whoever is told stops in good faith
                self.tell(b + 1, len(bits))
                told = time.monotonic()

    def _bits(self, states: np.ndarray) -> np.ndarray:
        """uint64 [B, 3]: the mover's discs, all discs, their number."""
        over = (states["winner"] >= 0) | (states["num_moves"] == self.game.max_steps)
        if over.any():
            row = int(np.flatnonzero(over)[0])
            raise ValueError(f"{self.game.id}: position {row} is over, so there is no move to be judged")
        out = np.empty((len(states), 3), np.uint64)
        _pack(np.ascontiguousarray(states), out)
        return out


@njit(cache=True)
def _pack(states, out):
    rows, columns = states[0].board.shape
    for b in range(states.shape[0]):
        state = states[b]
        mine = discs = np.uint64(0)
        for column in range(columns):
            for row in range(rows):
                owner = state.board[row, column]
                bit = ONE << np.uint64(column * (rows + 1) + row)
                if owner:
                    discs |= bit
                    if owner == state.current_player + 1:
                        mine |= bit
        out[b, 0], out[b, 1], out[b, 2] = mine, discs, state.num_moves


def solver_for(game: Game, tell: Callable[[int, int], None] | None = None) -> ConnectFourSolver:
    """With the book of that board."""
    return ConnectFourSolver(game, Book(game.id, game.num_actions), tell)
