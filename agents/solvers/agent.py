"""The player `solver`: one of the best moves, by exact play."""

import sys

import numpy as np

from agents.agent import evenly
from agents.solvers import make_solver
from envs.batch import Batch
from envs.game import Game


class SolverAgent:
    """Draws evenly among the moves of the highest value, so where the solver's points tell, it wins as soon as it can
    and loses as late as it can. Positions before `solver.first_ply` can take minutes, the first time.

    Raises ValueError for a game without a solver, or with one for its end alone."""

    name = "solver"

    def __init__(self, game: Game):
        self.game, self.solver = game, make_solver(game, tell)
        if not self.solver.solvable(Batch(game, 1).states).all():
            raise ValueError(f"'solver' cannot play {game.id}: only its end can be solved, so it judges but plays none")

    def act(self, states: np.ndarray, players: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        best = self._best(states)
        return np.where(best, rng.random(best.shape), -1).argmax(axis=1).astype(np.int32)

    def probabilities(self, states: np.ndarray, players: np.ndarray) -> np.ndarray:
        return evenly(self._best(states))

    def _best(self, states: np.ndarray) -> np.ndarray:
        values = self.solver.move_values(states)
        return values == values.max(axis=1, keepdims=True)

    def reset(self, rows: np.ndarray) -> None:
        pass


def tell(done: int, total: int) -> None:
    """A line for whoever waits, apart from the results."""
    print(progress(done, total), file=sys.stderr, flush=True)


def progress(done: int, total: int) -> str:
    return f"solving positions, {done} of {total} done; the first moves take minutes, but are kept for the next time"
