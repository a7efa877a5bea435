"""Exact players: the value of every move where a game, or its end, can be solved.

    solver = make_solver(make("connect_four"))
    solver.move_values(states)          # [B, A] int16, ILLEGAL where a move is

tic_tac_toe, and games of your own that are as small: every position that can follow (exhaustive.py)
connect_four and its other boards: connect_four.py                  hex_3, hex_5: hex.py
othello, othello_6x6, the last 16 and 18 empty cells: othello.py

A value is the mover's: above 0 it has won, 0 is a draw, below it has lost, if both play as well as can be. The larger,
the better; how much a point is, `scale` says. Nothing here is imported before a solver is made.
"""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np

    from envs.game import Game

ILLEGAL = -32768  # in place of the value of an illegal move; no value is as low

# Who solves a game: a module of this folder, which has `solver_for(game, tell)`.
SOLVED = {
    "tic_tac_toe": "exhaustive",
    "connect_four": "connect_four",
    "connect_four_5x4": "connect_four",
    "connect_four_6x5": "connect_four",
    "connect_four_8x7": "connect_four",
    "hex_3": "hex",
    "hex_5": "hex",
    "othello": "othello",
    "othello_6x6": "othello",
}
ENDS = ("othello", "othello_6x6")  # of which only the end can be solved: the solver judges, and does not play


class Solver(Protocol):
    """Knows positions of one game exactly. All are asked about positions that are not over."""

    game: "Game"
    scale: str  # what a point is, for people
    first_ply: int  # from here on a position takes less than a few seconds

    def solvable(self, states: "np.ndarray") -> "np.ndarray":
        """bool [B]: which of the states [B] it can be asked about."""

    def values(self, states: "np.ndarray") -> "np.ndarray":
        """int16 [B]: what each position is worth to whoever is to move. Raises ValueError where it is not solvable."""

    def move_values(self, states: "np.ndarray") -> "np.ndarray":
        """int16 [B, A]: what each action is worth to whoever is to move, ILLEGAL where it is not legal. Raises
        ValueError where the position is not solvable."""


def make_solver(game: "Game", tell: Callable[[int, int], None] | None = None) -> Solver:
    """The solver of that game; `tell` hears of positions that take long, (done, of how many in this call).

    Raises ValueError for a game without one, naming those that have one.
    """
    from envs.game import Dynamics
    from envs.ids import GAMES

    known = SOLVED.get(game.id)
    if known is None and game.id not in GAMES and game.dynamics is Dynamics.SEQUENTIAL:
        known = "exhaustive"  # a game of one's own: it says itself if there are too many positions
    if known is None:
        raise ValueError(f"{game.id} has no exact solver; these have one: {', '.join(SOLVED)}")
    solver: Solver = import_module(f"agents.solvers.{known}").solver_for(game, tell)
    return solver


def move_results(solver: Solver, states: "np.ndarray") -> "np.ndarray":
    """int16 [B, A]: what each action comes to for whoever is to move, 1, 0 or -1, ILLEGAL where it is not legal; by the
    solver's own short way, if it has one. Raises ValueError where a position is not solvable."""
    import numpy as np

    own = getattr(solver, "move_results", None)
    if own is not None:
        return own(states)
    values = solver.move_values(states)
    return np.where(values == ILLEGAL, ILLEGAL, np.sign(values)).astype(np.int16)
