"""The end of Othello, solved: by how many discs the mover wins or loses if both play as well as can be.

    solver = OthelloSolver(OTHELLO, most_empty=16)
    solver.values(states)          # [B] int16
    solver.move_values(states)     # [B, A] int16, ILLEGAL where a move is

Values    discs of the seat to move less the other's at the end, -64..64 (6 x 6: -36..36). By default the cells that
          nobody could fill belong to the winner, as tournaments and WTHOR count; with winner_takes_empty=False they are
          nobody's. The sign, which is all that the game's rewards tell, is the same either way; the best move by discs
          may not be
Time      with 14 empty cells 3 ms, 16 about 15 ms, 18 about 80 ms, medians of tournament endgames; the values of all
          moves take three times as long as the best one's. What was found is kept for later calls
"""

from collections.abc import Callable

import numpy as np

from agents.solvers import ILLEGAL
from agents.solvers.othello_search import ENTRY, MOST_MOVES, MOVE, solve, solve_moves
from envs.game import Game

SIDES = {"othello": 8, "othello_6x6": 6}
MOST_EMPTY = 16  # solved in well under a second
SLOTS = 1 << 19  # entries of the table: 12 MB


class OthelloSolver:
    """Exact values of positions with at most `most_empty` empty cells. Raises ValueError for another game."""

    scale = "discs"

    def __init__(self, game: Game, most_empty: int = MOST_EMPTY, *, winner_takes_empty: bool = True):
        if game.id not in SIDES:
            raise ValueError(f"the Othello solver plays {' and '.join(SIDES)}, not {game.id}")
        self.game, self.side, self.winner_takes_empty = game, SIDES[game.id], winner_takes_empty
        self.most_empty = most_empty
        if not 0 <= self.most_empty <= self.side**2:
            raise ValueError(f"most_empty is {most_empty}; a board of {game.id} has {self.side**2} cells")
        self.first_ply = max(0, self.side**2 - 4 - self.most_empty)
        self._scratch = np.zeros(SLOTS, ENTRY), np.zeros((65, MOST_MOVES), MOVE)

    def solvable(self, states: np.ndarray) -> np.ndarray:
        """bool [B]: which of states [B] are not over and have few enough empty cells."""
        empty = self.side**2 - np.bitwise_count(states["discs"]).sum(axis=1, dtype=np.int64)
        return (empty <= self.most_empty) & ~states["over"]

    def values(self, states: np.ndarray) -> np.ndarray:
        """int16 [B]: what each position is worth to the seat to move. Raises ValueError where it is not solvable."""
        out = np.zeros(len(states), np.int16)
        solve(*self._sets(states), self.winner_takes_empty, *self._scratch, out)
        return out

    def move_values(self, states: np.ndarray) -> np.ndarray:
        """int16 [B, A]: what each action is worth to the seat to move, passing too; ILLEGAL where it is illegal.

        Raises ValueError where a position is not solvable."""
        out = np.full((len(states), 65), ILLEGAL, np.int16)
        solve_moves(*self._sets(states), self.winner_takes_empty, *self._scratch, out)
        return out[:, _actions(self.side)]

    def _sets(self, states: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(mine, theirs, empty), uint64 [B] each, as cells of 8 x 8."""
        solvable = self.solvable(states)
        if not solvable.all():
            row = int(np.flatnonzero(~solvable)[0])
            why = "is over" if states["over"][row] else f"has more than {self.most_empty} empty cells"
            raise ValueError(f"{self.game.id}: position {row} {why}; ask only about solvable ones")
        rows, movers = np.arange(len(states)), states["current_player"].astype(np.int64)
        mine, theirs = (_widened(states["discs"][rows, seat], self.side) for seat in (movers, 1 - movers))
        return mine, theirs, ~(mine | theirs) & _board(self.side)


def solver_for(game: Game, tell: Callable[[int, int], None] | None = None) -> OthelloSolver:
    return OthelloSolver(game)


def _widened(cells: np.ndarray, side: int) -> np.ndarray:
    """Sets of cells uint64 [B] of the board in the middle of 8 x 8."""
    if side == 8:
        return cells
    wide, row_of_ones, margin = np.zeros_like(cells), np.uint64((1 << side) - 1), (8 - side) // 2
    for row in range(side):
        wide |= (cells >> np.uint64(side * row) & row_of_ones) << np.uint64(8 * (row + margin) + margin)
    return wide


def _board(side: int) -> np.uint64:
    return _widened(np.array([(1 << side * side) - 1], np.uint64), side)[0]


def _actions(side: int) -> np.ndarray:
    """[A]: the cell of 8 x 8 that each action is, 64 for passing."""
    margin = (8 - side) // 2
    cells = np.arange(64).reshape(8, 8)[margin : 8 - margin, margin : 8 - margin]
    return np.append(cells.ravel(), 64)
