"""Positions for the tests of solvers: reached by moves, or by random play."""

import numpy as np

from envs.batch import Batch
from envs.game import Game


def after(game: Game, moves: str) -> np.ndarray:
    """[1]: after moves given as columns, 1 being the first."""
    batch = Batch(game, 1, autoreset=False)
    for move in moves:
        batch.step(np.array([int(move) - 1], np.int32))
    return batch.states.copy()


def random_positions(game: Game, plies: int, seed: int, count: int = 40) -> np.ndarray:
    """[n], n at most `count`: what games of random moves are like after so many, but for those that are over."""
    batch = Batch(game, count, seed, autoreset=False)
    for _ in range(plies):
        batch.step(batch.random_actions())
    return np.take(batch.states, np.flatnonzero(~(batch.terminated | batch.truncated)))
