"""Positions to search: random games stopped at random plies, through the shipped driver."""

import numpy as np

from envs.batch import Batch
from envs.game import Game


def random_positions(game: Game, count: int, seed: int, plies: int | None = None) -> np.ndarray:
    """States [count] in which somebody is to move, after 0 to so many random moves (None: half the longest game)."""
    longest = game.max_steps // 2 if plies is None else plies
    batch = Batch(game, count, seed, autoreset=False)
    stop = np.random.default_rng(seed).integers(0, longest + 1, count)
    kept = batch.states.copy()
    for ply in range(longest):
        batch.step(batch.random_actions())
        going_on = (ply < stop) & ~(batch.terminated | batch.truncated)
        kept[going_on] = batch.states[going_on]
    return kept
